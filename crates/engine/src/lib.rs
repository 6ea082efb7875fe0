//! The engine: opens the store, runs sources, answers the ipc vocabulary.
//!
//! Window, `serve` and command line all stand on an [`Engine`]. It is given a
//! store or a recording file and from then on asked: questions of the page as
//! bytes, everything else as calls.
//!
//! ```
//! use scrubjay_engine::{Asker, Engine, Opening, Options};
//! use scrubjay_ipc::{AnyAsk, Health, HealthView};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("store.db");
//! let engine = Engine::open(&Options { path: Some(path), opening: Opening::Writing })?;
//! let answer = engine.ask(Asker::default(), &AnyAsk::from(Health {})).map_err(|report| report.message)?;
//! let health: HealthView = serde_json::from_slice(&answer)?;
//! assert!(!health.read_only);
//! assert!(engine.exchanges()?.is_empty());
//! assert!(engine.close());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Map
//!
//! - [`Engine`]: opening, asking, closing; `import` and `export` add files to it.
//! - `ask`: from a question to whoever answers it.
//! - `library`, `file`: rows of the library, from a store and from a file.
//! - `open`: readers of the exchanges that are looked at; which questions supersede which.
//! - `sources`: listen addresses and their upstreams; the first-run checklist.
//! - `replay`: recordings served as the agent.
//! - `check`: what is muted; a run that is asked for now. `rerecord`: recorded threads that are asked again.
//! - `recorder`: from the capture path to the spool.
//! - `overview`: what lists and checks say of many exchanges, a window at a time.
//! - `compare`: two sides beside each other, on threads of their own.
//! - `news`, `watch`: what changed, told to whoever listens.
//! - `bytes`: bodies piece by piece. `clock`: the only clock. `threads`: for what serves sockets.
//!
//! # Invariants
//!
//! - Nothing on the capture path waits for a question, and no question waits for a chunk.
//! - Memory does not grow with the store: few readers are kept, and bodies go through in pieces.
//! - Nothing runs while nobody records and nobody listens.
//! - Every failure has a stable [`Code`](scrubjay_ipc::Code), a sentence and a hint.
//!
//! # What is not here
//!
//! No SQL (`store`), no sockets (`proxy`, `replay`), no folding (`session`), no
//! transport of questions (`door`, the desktop). No threads of others: the
//! capture path has its own, and calls run on the caller's.

#![warn(missing_docs)]

mod ask;
mod bytes;
mod check;
pub mod clock;
mod compare;
mod engine;
mod error;
mod export;
mod file;
mod import;
mod library;
mod news;
mod open;
mod overview;
mod recorder;
mod replay;
mod rerecord;
mod shelf;
mod sources;
mod threads;
mod tls;
mod watch;

pub use scrubjay_proxy::{Holder as PortHolder, Hosts, descriptors::raise_limit as raise_descriptor_limit};
pub use scrubjay_recording::{Limits, Packing};
pub use scrubjay_store::{
    Derived, Edge, Excess, Gap, Incident, Pruned, SizeCap, Tally, Window, create_private_file, open_file,
};

pub use self::{
    bytes::BodyOf,
    check::LiveRun,
    engine::{Engine, Opening, Options},
    error::EngineError,
    import::{Imported, Incoming},
    news::NewsFeed,
    open::Asker,
    overview::{Overview, Tallies},
    replay::{ReplayPlan, Struck},
    rerecord::{Ended, RerecordPlan, Rerecording, Rerun, asked_thread},
    shelf::AnyShelf,
    sources::{BoundSource, Choice, SourcePlan},
    tls::TlsPlan,
};

/// The reader of one exchange.
pub type Exchange = scrubjay_session::query::Reader<AnyShelf>;
