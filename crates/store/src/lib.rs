//! The store: everything captured, in one SQLite file.
// Skeleton of the public API; the bodies follow.
#![allow(
    missing_docs,
    unused_variables,
    clippy::unimplemented,
    clippy::unnecessary_wraps,
    clippy::needless_pass_by_value,
    reason = "skeleton, replaced within the hour"
)]

mod error;
mod library;

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

pub use error::StoreError;
pub use library::{Listing, Query, Row, RunRow, Sort, Verdict};
use scrubjay_session::{
    exchange::{Chunk, Ending, Exchange, Headers, RequestHead, ResponseHead},
    shelf::{PageKind, Shelf, Watermark},
};

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Make it if absent; read and write. For whoever records, imports, or runs the window.
    Create,
    /// It must exist. Written to where possible (spools of crashed recorders are absorbed), else read only. For reading commands.
    Existing,
    /// It must exist and is not touched.
    ReadOnly,
}

/// A store. Cheap to clone; may be used from any thread. Calls block: keep them off async threads.
#[derive(Clone, Debug)]
pub struct Store {
    _p: (),
}

/// A source as kept in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub name: String,
    pub listen: String,
    pub upstream: String,
    pub keep_secrets: bool,
    pub keep_host: bool,
    pub drain: bool,
    pub wanted: Wanted,
}
/// What a source is meant to do when a window starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    #[default]
    Recording,
    Paused,
    Stopped,
}

/// Proof that this process runs a source; dropped or killed, the source is free again.
#[derive(Debug)]
pub struct Claim {
    _p: (),
}

/// An exchange that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub exchange: i64,
    pub source: String,
    pub began: bool,
    pub ending: Ending,
    pub body_len: u64,
    pub last_at_us: u64,
    pub derived_frames: u32,
}

/// Follows what changes, whoever changes it (this process or another). One per follower.
#[derive(Debug)]
pub struct Changes {
    _p: (),
}
impl Changes {
    /// Cheap (2 µs) when nothing changed; call it 20 times a second.
    /// `None`: nothing changed at all. `Some(list)`: something did; the list may be empty (labels, sources).
    pub fn poll(&mut self) -> Result<Option<Vec<Changed>>, StoreError> {
        unimplemented!()
    }
}

/// How the store is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    pub store_bytes: u64,
    pub free_bytes: u64,
    pub low_disk: bool,
    pub backlog_bytes: u64,
    pub trouble: Option<String>,
}

/// A place found by text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub exchange: i64,
    pub seq: u32,
}

impl Store {
    pub fn open(path: &Path, access: Access) -> Result<Self, StoreError> {
        unimplemented!()
    }
    pub fn default_path() -> Result<PathBuf, StoreError> {
        unimplemented!()
    }
    /// Told apart by content: an SQLite file with our application id.
    pub fn is_store(path: &Path) -> Result<bool, StoreError> {
        unimplemented!()
    }
    pub fn path(&self) -> &Path {
        unimplemented!()
    }
    pub fn read_only(&self) -> bool {
        unimplemented!()
    }

    /// Starts recording: makes a spool and the writer's thread. Once per process is enough.
    pub fn record(&self) -> Result<Spool, StoreError> {
        unimplemented!()
    }
    /// Starts deriving in the background (one process at a time derives; the others stand by).
    pub fn derive(&self) -> Result<Deriving, StoreError> {
        unimplemented!()
    }
    /// Derives everything that has ended and is not derived yet, here and now (for `list` of the CLI).
    pub fn derive_now(&self) -> Result<(), StoreError> {
        unimplemented!()
    }
    /// Forgets everything derived and derives it again, here and now. Returns how many exchanges.
    pub fn reindex(&self) -> Result<u64, StoreError> {
        unimplemented!()
    }

    /// Numbers of all exchanges that are not hidden, in order.
    pub fn indexes(&self) -> Result<Vec<i64>, StoreError> {
        unimplemented!()
    }
    pub fn exchange(&self, index: i64) -> Result<Exchange, StoreError> {
        unimplemented!()
    }
    pub fn shelf(&self, index: i64) -> StoreShelf {
        unimplemented!()
    }
    pub fn list(&self, query: &Query) -> Result<Listing, StoreError> {
        unimplemented!()
    }
    pub fn search(&self, text: &str, count: u32) -> Result<Vec<Hit>, StoreError> {
        unimplemented!()
    }
    pub fn changes(&self) -> Result<Changes, StoreError> {
        unimplemented!()
    }

    pub fn sources(&self) -> Result<Vec<Source>, StoreError> {
        unimplemented!()
    }
    pub fn add_source(&self, source: &Source) -> Result<(), StoreError> {
        unimplemented!()
    }
    pub fn edit_source(&self, name: &str, source: &Source) -> Result<(), StoreError> {
        unimplemented!()
    }
    pub fn remove_source(&self, name: &str) -> Result<(), StoreError> {
        unimplemented!()
    }
    /// `None` while another process runs it.
    pub fn claim_source(&self, name: &str) -> Result<Option<Claim>, StoreError> {
        unimplemented!()
    }
    pub fn source_is_claimed(&self, name: &str) -> Result<bool, StoreError> {
        unimplemented!()
    }

    pub fn label(&self, index: i64, key: &str, value: &str) -> Result<(), StoreError> {
        unimplemented!()
    }
    pub fn unlabel(&self, index: i64, key: &str) -> Result<(), StoreError> {
        unimplemented!()
    }
    pub fn pin(&self, index: i64, pinned: bool) -> Result<(), StoreError> {
        unimplemented!()
    }
    /// Hidden exchanges are in no list, until unhidden or erased. Gives those that were hidden.
    pub fn hide(&self, indexes: &[i64]) -> Result<Vec<i64>, StoreError> {
        unimplemented!()
    }
    pub fn unhide(&self, indexes: &[i64]) -> Result<Vec<i64>, StoreError> {
        unimplemented!()
    }
    /// Removes for good, hidden or not; open ones are left alone. Gives those that were erased.
    pub fn erase(&self, indexes: &[i64]) -> Result<Vec<i64>, StoreError> {
        unimplemented!()
    }
    /// Removes what is hidden: the window does this when it starts.
    pub fn erase_hidden(&self) -> Result<Vec<i64>, StoreError> {
        unimplemented!()
    }
    /// Removes ended exchanges that started before (microseconds since 1970).
    pub fn erase_before(&self, started_at_us: i64) -> Result<Vec<i64>, StoreError> {
        unimplemented!()
    }
    /// Takes exchanges in, all or none; gives their new numbers.
    pub fn import<'a, S: Shelf + 'a>(&self, shelves: impl IntoIterator<Item = &'a S>) -> Result<Vec<i64>, StoreError> {
        unimplemented!()
    }

    /// The size above which the oldest unpinned exchanges go; absent by default.
    pub fn max_bytes(&self) -> Result<Option<u64>, StoreError> {
        unimplemented!()
    }
    pub fn set_max_bytes(&self, bytes: Option<u64>) -> Result<(), StoreError> {
        unimplemented!()
    }
    pub fn health(&self) -> Result<Health, StoreError> {
        unimplemented!()
    }
    /// What SQLite's integrity check says; empty when all is well.
    pub fn check(&self) -> Result<Vec<String>, StoreError> {
        unimplemented!()
    }
}

/// What recording processes append to. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Spool {
    _p: (),
}
impl Spool {
    /// Same arguments as `proxy::Recorder::begin`. Secrets are replaced here, before anything is written.
    pub fn begin(
        &self,
        source: &str,
        upstream: &str,
        head: &RequestHead,
        labels: &[(String, String)],
        started_at_us: i64,
    ) -> SpoolTape {
        unimplemented!()
    }
    /// Pauses or resumes a source. What passes an open exchange meanwhile becomes a hole; exchanges that begin meanwhile are not recorded.
    pub fn set_recording(&self, source: &str, recording: bool) {
        unimplemented!()
    }
    /// Keeps the values of secret headers of a source from now on.
    pub fn set_keep_secrets(&self, source: &str, keep: bool) {
        unimplemented!()
    }
    /// Bytes appended that are not in the store yet.
    pub fn backlog_bytes(&self) -> u64 {
        unimplemented!()
    }
    /// Waits until everything appended so far is in the store; false if that took longer.
    pub fn settle(&self, patience: Duration) -> bool {
        unimplemented!()
    }
    /// Ends open exchanges as `recorder_stopped`, moves everything into the store, ends the writer.
    pub fn finish(&self, patience: Duration) -> bool {
        unimplemented!()
    }
}
/// Records one exchange; the methods of `proxy::Tape`.
#[derive(Debug)]
pub struct SpoolTape {
    _p: (),
}
impl SpoolTape {
    pub fn request_body(&mut self, bytes: &[u8], at_us: u64) {
        unimplemented!()
    }
    pub fn response(&mut self, head: &ResponseHead, at_us: u64) {
        unimplemented!()
    }
    pub fn chunk(&mut self, bytes: &[u8], at_us: u64) {
        unimplemented!()
    }
    pub fn trailers(&mut self, trailers: &Headers, at_us: u64) {
        unimplemented!()
    }
    /// Consumes it; dropping without it is `RecorderStopped`.
    pub fn end(self, ending: Ending, at_us: u64) {
        unimplemented!()
    }
}

/// The deriver's thread; ends when dropped.
#[derive(Debug)]
pub struct Deriving {
    _p: (),
}

/// One exchange of a store. Cheap to clone; may be used from any thread.
#[derive(Clone, Debug)]
pub struct StoreShelf {
    _p: (),
}
impl Shelf for StoreShelf {
    type Error = StoreError;
    fn exchange(&self) -> Result<Exchange, StoreError> {
        unimplemented!()
    }
    fn request_body(&self) -> Result<Vec<u8>, StoreError> {
        unimplemented!()
    }
    fn body(&self, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        unimplemented!()
    }
    fn chunks(&self, numbers: Range<u64>) -> Result<Vec<Chunk>, StoreError> {
        unimplemented!()
    }
    fn chunk_at(&self, offset: u64) -> Result<Option<u64>, StoreError> {
        unimplemented!()
    }
    fn watermark(&self) -> Result<Watermark, StoreError> {
        unimplemented!()
    }
    fn page(&self, kind: PageKind, number: u64) -> Result<Option<Arc<[u8]>>, StoreError> {
        unimplemented!()
    }
    fn page_at_or_before(&self, kind: PageKind, number: u64) -> Result<Option<(u64, Arc<[u8]>)>, StoreError> {
        unimplemented!()
    }
}
