//! How do bytes get from an agent to a frontend unchanged, and into the record
//! before that?
//!
//! A source listens on an address and forwards every request to its upstream.
//! What passes is told to a [`Recorder`](recorder::Recorder) chunk by chunk,
//! each *before* it is forwarded, so that whatever a client has seen is in the
//! recording.
//!
//! ```
//! use scrubjay_proxy::{Listener, Source, Upstream, recorder::Discard, serve};
//! # let runtime = tokio::runtime::Runtime::new()?;
//! # runtime.block_on(async {
//! let listener = Listener::bind("127.0.0.1:0".parse()?)?;
//! let source = Source::new("agent", Upstream::parse("localhost:8000")?);
//! let running = serve(listener, source, std::sync::Arc::new(Discard))?;
//! assert_eq!(running.counts().open, 0);
//! running.stop(std::time::Duration::ZERO).await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In reading order:
//!
//! - [`recorder`]: what is asked of whoever records; the seam to the store
//! - `upstream`, `listener`: addresses as people give them, and why they fail; `holder`: which of our processes has a port
//! - [`front`]: accepting and stopping, for whoever answers; the replay server stands on it too
//! - `serve`: a front that forwards; `station`: what all its connections share
//! - `answer`: one request, from its head to the head of its answer
//! - `hosts`: which names are answered to; `guard`: what is not let through; `patience`: how long a head may take
//! - `headers`: the few fields that change; `framing`: lengths that are said twice; `refusal`: answers that are ours
//! - `exit`: the way to the upstream; `tls`: whom to trust on it
//! - `reel`: one exchange's tape and clock; `body`: the two bodies that feed it
//! - `intake`: how chunks that come together are taken together
//! - [`post`]: a client of our own, for checking an agent
//! - `upgrade`: the way out for a connection that changes its protocol; `relay`: its bytes, both ways
//! - `wire`: the client's socket; `facts`: what is told about it all
//! - [`clock`]: the time of day; [`descriptors`]: how many connections may be open
//!
//! # Invariants
//!
//! - A chunk is recorded before it is forwarded, and nothing waits for the
//!   recorder beyond the call. A slow recorder delays its own exchange only.
//! - Bytes, splits, status and end-to-end fields are the upstream's. Nothing is
//!   decompressed, re-serialised, added or dropped. The exceptions: fields that
//!   belong to one connection, `Host`, `x-scrubjay-label`, cookies of ours, a
//!   `Location` that points at the upstream, and a `Content-Length` beside
//!   `Transfer-Encoding`; each is recorded as sent and as delivered.
//! - A body that breaks off breaks off for the client too, after its last bytes;
//!   so does one whose head contradicts itself about its length.
//! - A connection that changes its protocol (status 101) is relayed: bytes,
//!   back-pressure, ends and resets. Its bytes are counted and not recorded.
//! - No limits of ours: no total time-out, no buffering beyond what came
//!   together (64 KB). Only connecting is timed (10 s), the head of a request
//!   (30 s), and a connection on which nothing is asked (10 minutes).
//! - One source forwards to one upstream. It is never an open proxy, and on
//!   loopback it answers only to names that mean this machine.
//!
//! # What a client can notice
//!
//! Names of fields are lower case on HTTP/1, as both HTTP libraries write them.
//! A client that closes its sending half counts as gone: on a silent stream
//! nothing tells the two apart, and leaving must cancel the agent's work.
//! Trailers reach HTTP/1 clients that said `TE: trailers` and were told their
//! names in `Trailer`. Interim answers other than `100 Continue` stop here.
//!
//! # Not here
//!
//! Framing, events, storage and secrets: the proxy moves bytes and knows no
//! AG-UI. Which sources exist, and which names and ports are taken, is the
//! engine's.
#![warn(missing_docs)]

mod answer;
mod body;
pub mod clock;
pub mod descriptors;
mod exit;
mod facts;
mod framing;
pub mod front;
mod guard;
mod headers;
mod holder;
mod hosts;
mod intake;
mod listener;
mod patience;
pub mod post;
pub mod recorder;
mod reel;
mod refusal;
mod relay;
mod serve;
mod station;
mod tls;
mod upgrade;
mod upstream;
mod wire;

pub use exit::{BoxError, ExitError};
pub use facts::{Counts, Sightings};
pub use holder::Holder;
pub use hosts::{BadHost, Hosts};
pub use listener::{BindError, Listener};
pub use serve::{Forwarder, Running, ServeError, Source, serve};
pub use tls::{Identity, Tls, TlsFileError};
pub use upstream::{Upstream, UpstreamError};
pub use wire::Wire;
