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
//! - [`Engine`] (`engine`): opening, closing, and the facade of the departments.
//! - `storage`: what is open, a store or a recording file; one interface over both
//!   (`file`: such a file; `file_kind`: which of them lies at a path; [`AnyShelf`]: one exchange of either).
//! - `ask`: from a question to the department that answers it.
//!
//! A department is a struct that is given what it needs, and answers one group of questions:
//!
//! - `library`: lists over all exchanges, mutes, import, export, erasing.
//! - `readers`: one exchange; which questions supersede which.
//! - `capture`: sources, and from the proxy to the spool; the first-run checklist.
//! - `health`: room, backlog, trouble.
//! - `comparisons`: two sides beside each other, on threads of their own.
//! - `replays`: recordings served as the agent.
//! - `feed`: news of what changed.
//!
//! On top of an engine with a store of its own (`temporary`): `live`, a run that is asked for now; `rerecord`,
//! recorded threads that are asked again.
//! Below: `in_thread`, what only the thread of an exchange shows; `clock`, marks and dates; `threads`, for what serves
//! sockets.
//!
//! # Invariants
//!
//! - Nothing on the capture path waits for a question, and no question waits for a chunk.
//! - Memory does not grow with the store: few readers are kept, and bodies go through in pieces.
//! - Nothing runs while no source records and no page listens.
//! - Every failure has a stable [`Code`](scrubjay_ipc::Code), a sentence and a hint.
//!
//! # What is not here
//!
//! No SQL (`store`), no sockets (`proxy`, `replay`), no folding (`session`), no
//! transport of questions (`door`, the desktop). No threads of others: the
//! capture path has its own, and calls run on the caller's.

mod ask;
mod capture;
pub mod clock;
mod comparisons;
mod engine;
mod error;
mod feed;
mod file;
mod file_kind;
mod health;
mod in_thread;
mod library;
mod live;
mod readers;
mod replays;
mod rerecord;
mod shelf;
mod storage;
mod temporary;
mod threads;
mod tls;

pub use scrubjay_proxy::{
    Holder as PortHolder, HostPort, Hosts, bind_socket, descriptors::raise_limit as raise_descriptor_limit,
};
pub use scrubjay_recording::Limits;
pub use scrubjay_redaction::{
    Finding as RedactionFinding, Hit as LeftSecret, Manifest as RedactionManifest, Plan as RedactionPlan,
    Profile as RedactionProfile, Report as RedactionReport,
};
pub use scrubjay_store::{
    Derived, Edge, Excess, Gap, Incident, Pruned, SizeCap, Tally, Window, create_private_file, open_file,
};

pub use self::{
    capture::{BoundSource, PathFilter, SourceConfig},
    engine::{Engine, Opening, Options},
    error::EngineError,
    feed::NewsFeed,
    library::{
        body::BodyOf,
        format::ExportFormat,
        import::{Imported, Incoming},
        overview::{Overview, Tallies},
        share::{Outgoing, Scope},
    },
    live::LiveRun,
    readers::Asker,
    replays::{HitCounts, ReplayConfig},
    rerecord::{Ended, RerecordConfig, Rerecording, Rerun, asked_thread},
    shelf::AnyShelf,
    tls::TlsConfig,
};

/// The reader of one exchange.
pub type Exchange = scrubjay_session::query::Reader<AnyShelf>;
