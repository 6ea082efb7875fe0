//! The capture path: bytes pass from an agent to a frontend unchanged, and are
//! recorded before that.
//!
//! A source listens on an address and forwards every request to its upstream.
//! Every chunk is recorded by a [`Recorder`](recorder::Recorder) *before* it is
//! forwarded, so that all that a client has seen is in the recording.
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
//! - [`recorder`]: the trait that a recorder implements; the seam to the store
//! - `upstream`, `listener`: addresses as people give them, and why they fail; `holder`: which of our processes has a port
//! - [`http_server`]: accepting and stopping, for any handler; the replay server is one, too
//! - `serve`: a server that forwards; `source_state`: what all its connections share
//! - `answer`: one request, from its head to the head of its answer
//! - `hosts`: hosts and ports, and which names are answered; `guard`: rejected requests; `timeouts`: how long a head may take
//! - `headers`: the few fields that change; `framing`: contradictory lengths; `refusal`: answers that are ours
//! - `upstream_client`: requests to the upstream; `tls`: which certificates are trusted for it
//! - `capture`: one exchange's sink and clock; `body`: the two bodies that feed it
//! - `intake`: how chunks that come together are taken together
//! - [`post`]: an HTTP client for checking an agent
//! - `upgrade`: requests that change the protocol of their connection; `relay`: its bytes, both ways
//! - `connection`: the client's socket; `stats`: counts and sightings
//! - [`clock`]: the time of day; [`descriptors`]: how many connections may be open
//!
//! # Invariants
//!
//! - A chunk is recorded before it is forwarded, and nothing waits for the
//!   recorder beyond the call. A slow recorder delays its own exchange only.
//! - Bytes, splits, status and end-to-end fields are the upstream's. Nothing is
//!   decompressed, re-serialised, added or dropped. The exceptions: fields that
//!   belong to one connection, `Host`, `x-scrubjay-label`, Scrubjay's cookies, a
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
//! the two look alike, and leaving must cancel the agent's work. Trailers reach
//! HTTP/1 clients that sent `TE: trailers` when `Trailer` names them. Interim answers other than `100 Continue` stop here.
//!
//! # Not here
//!
//! Framing, events, storage and secrets: the proxy moves bytes and knows no
//! AG-UI. The engine keeps the list of sources, their names and ports.

mod answer;
mod body;
mod capture;
pub mod clock;
mod connection;
pub mod descriptors;
mod framing;
mod guard;
mod headers;
mod holder;
mod hosts;
pub mod http_server;
mod intake;
mod listener;
pub mod post;
pub mod recorder;
mod refusal;
mod relay;
mod serve;
mod source_state;
mod stats;
mod timeouts;
mod tls;
mod upgrade;
mod upstream;
mod upstream_client;

pub use connection::Connection;
pub use headers::{fields, target, upgrade_protocol};
pub use holder::Holder;
pub use hosts::{BadHost, HostPort, Hosts};
pub use listener::{BindError, Listener, bind_socket};
pub use serve::{Forwarder, Running, ServeError, Source, serve};
pub use stats::{Counts, Sightings};
pub use tls::{Identity, Tls, TlsFileError};
pub use upstream::{Upstream, UpstreamError};
pub use upstream_client::{BoxError, ClientError};
