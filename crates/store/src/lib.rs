//! The store: the spool that a recorder appends to, the SQLite file, and what is derived from it.
//!
//! ```
//! use scrubjay_session::{exchange::{Ending, RequestHead, ResponseHead}, shelf::Shelf as _};
//! use scrubjay_store::{Access, Store};
//! use std::time::Duration;
//!
//! let folder = tempfile::tempdir()?;
//! let store = Store::open(&folder.path().join("demo.db"), Access::Create)?;
//! let spool = store.record()?;
//! let mut sink = spool.begin("main", "http://127.0.0.1:8000/", &RequestHead::default(), &[], 0);
//! sink.response(&ResponseHead { status: 200, ..ResponseHead::default() }, 900);
//! sink.chunk(b"data: {}\n\n", 1000); // recorded: now it may be forwarded
//! sink.end(Ending::Complete, 1200);
//! assert!(spool.finish(Duration::from_secs(30)));
//!
//! let index = store.indexes()?[0];
//! assert_eq!(store.exchange(index)?.ending, Ending::Complete);
//! assert_eq!(store.shelf(index).body(0..u64::MAX)?, b"data: {}\n\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Map
//!
//! - [`Spool`] and [`SpoolSink`] (`spool`): what a recorder appends before it forwards; one `write(2)`.
//! - `secrets`: values that are replaced by fingerprints before that.
//! - `writer`, with `follow` and `absorb`: the thread that moves a spool into the tables, each record once.
//! - `segment`: how bodies lie in the tables.
//! - `schema` and `table`: the tables, each with its migrations.
//! - [`Store`] (`store`), with `library`, `overview`, `sources`, `keeping`, `import`, `prune` and [`Changes`]: what callers ask and change; `types`: their answers.
//! - [`StoreShelf`] (`shelf`): one exchange, read by ranges.
//! - [`Deriving`] (`deriver`): pages made after the bytes.
//! - `conn`, `place`, `os`: connections, the path of the store, and what differs between platforms.
//!
//! # Invariants
//!
//! - What [`SpoolSink::chunk`] has returned from is in the store after the next opening, even if the
//!   process is killed.
//! - Each record of a spool is absorbed once: the position moves in the transaction that holds its content.
//! - Appending never waits for SQLite, and holds its lock for one `write(2)`.
//! - Bytes of bodies are never changed; pages can be forgotten at any time and made again.
//! - Nothing grows in memory with the length of an exchange or of the library.
//!
//! # Without a reader yet
//!
//! Stored for questions that no other crate asks so far:
//!
//! - The text index ([`Store::search`], `table::texts`): the deriver adds each assembled span, and erasing
//!   and `reindex` remove it again.
//! - Notes, tags and pins ([`Store::add_note`], [`Store::pin`]), and labels that change after recording
//!   ([`Store::label`]): they can be set and read here, and pruning already spares what is pinned.
//!
//! # Not here
//!
//! Sockets (`proxy`), what pages mean (`session`), files to share (`recording`), and any clock but the one
//! that bounds waiting: times come from the recorder.

mod absorb;
mod changes;
mod conn;
#[cfg(test)]
mod damage_tests;
mod deriver;
mod error;
mod follow;
mod import;
mod keeping;
mod library;
#[cfg(test)]
mod model_tests;
mod os;
mod overview;
mod place;
mod prune;
mod schema;
mod secrets;
mod segment;
mod shelf;
mod sources;
mod spool;
mod store;
mod table;
mod types;
mod writer;

pub use changes::{Changed, Changes};
pub(crate) use deriver::DERIVE_VERSION;
pub use deriver::{Derived, Deriving};
pub use error::StoreError;
pub use library::{Listing, Query, Row, RunRow, Sort};
pub use os::{Unfit, create_private_file, open_file};
pub use overview::{Edge, Overview, Tally, Window};
pub use shelf::StoreShelf;
pub use sources::Claim;
pub use spool::{Spool, SpoolSink};
pub use store::{Access, Store};
pub use types::{Excess, Gap, Health, Hit, Incident, Note, Pruned, SizeCap, Source, Wanted};
