//! What a recording process appends before it forwards.
//!
//! Appending is one `write(2)` to an append-only file (about 2 µs), under a
//! lock that is held for that long, for one chunk or for all that came
//! together; a chunk counts as recorded once it returned. Nothing here waits for SQLite: the [`writer`](crate::writer)
//! follows the files. When a write fails, traffic goes on: later records say
//! at which byte they stand, so the stretch in between is known to be missing.
//!
//! Files are turned over and removed once absorbed, never cut, so there is
//! nothing for an appender to race with.

mod folder;
pub(crate) mod outage;
pub(crate) mod record;
mod sink;
pub(crate) mod tip;

use std::{
    collections::BTreeMap,
    fs::File,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

pub(crate) use folder::{SpoolFolder, SpoolLock};
use outage::Outages;
use record::Begin;
use scrubjay_session::exchange::RequestHead;
pub use sink::SpoolSink;
use tip::Tip;

use crate::{Incident, SizeCap, StoreError, os, secrets::Secrets, writer::WriterThread};

/// What a recording process appends to. Cheap to clone; may be used from any
/// thread. When the last clone is dropped, recording ends as by
/// [`Spool::finish`].
#[derive(Clone, Debug)]
pub struct Spool {
    writer: Arc<WriterThread>,
}

/// What sinks share with the writer.
pub(crate) struct Shared {
    folder: Mutex<SpoolFolder>,
    pub(crate) id: String,
    pub(crate) tip: Tip,
    pub(crate) outages: Outages,
    secrets: Secrets,
    next_exchange: AtomicU32,
    open: Mutex<BTreeMap<u32, Vec<u8>>>,
    switches: Mutex<BTreeMap<String, Arc<Switches>>>,
}

/// What can be switched for a source while it runs.
#[derive(Debug, Default)]
struct Switches {
    paused: AtomicBool,
    keep_secrets: AtomicBool,
}

impl Shared {
    pub(crate) fn new(folder: SpoolFolder, id: String, secrets: Secrets, file: Box<dyn tip::AppendFile>) -> Self {
        Self {
            folder: Mutex::new(folder),
            id,
            tip: Tip::new(file),
            outages: Outages::default(),
            secrets,
            next_exchange: AtomicU32::new(0),
            open: Mutex::default(),
            switches: Mutex::default(),
        }
    }

    /// Where its files are made.
    pub(crate) fn folder(&self) -> SpoolFolder {
        self.folder.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_folder(&self, folder: SpoolFolder) {
        *self.folder.lock().unwrap_or_else(PoisonError::into_inner) = folder;
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<u32, Vec<u8>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an encoded record that an open exchange cannot be understood without.
    fn keep_head(&self, number: u32, record: &[u8]) {
        self.open().entry(number).or_default().extend_from_slice(record);
    }

    /// An exchange ends: its records need not be kept any more.
    fn drop_heads(&self, number: u32) {
        self.open().remove(&number);
    }

    /// The records that the open exchanges cannot be understood without.
    pub(crate) fn heads(&self) -> Vec<u8> {
        self.open().values().flatten().copied().collect()
    }

    fn switches(&self, source: &str) -> Arc<Switches> {
        let mut switches = self.switches.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(switches.entry(source.to_owned()).or_default())
    }
}

/// Makes one of a spool's files.
pub(crate) fn create_piece(folder: &SpoolFolder, id: &str, number: u32) -> Result<File, StoreError> {
    let path = folder.piece_path(id, number);
    let file = os::private_file().create_new(true).append(true).open(&path);
    file.map_err(|source| folder.trouble(&path, source))
}

impl Spool {
    pub(crate) fn new(writer: WriterThread) -> Self {
        Self {
            writer: Arc::new(writer),
        }
    }

    fn shared(&self) -> &Arc<Shared> {
        self.writer.shared()
    }

    /// Begins an exchange. Labels are kept in their order; secrets are
    /// replaced here, before anything is written. `started_at_us` is wall
    /// clock, microseconds since 1970.
    pub fn begin(
        &self,
        source: &str,
        upstream: &str,
        head: &RequestHead,
        labels: &[(String, String)],
        started_at_us: i64,
    ) -> SpoolSink {
        Self::begin_on(self.shared(), source, upstream, head, labels, started_at_us)
    }

    pub(crate) fn begin_on(
        shared: &Arc<Shared>,
        source: &str,
        upstream: &str,
        head: &RequestHead,
        labels: &[(String, String)],
        started_at_us: i64,
    ) -> SpoolSink {
        let switches = shared.switches(source);
        if switches.paused.load(Relaxed) {
            return SpoolSink::blank();
        }
        let keep = switches.keep_secrets.load(Relaxed);
        let (head, upstream) = if keep {
            (head.clone(), upstream.to_owned())
        } else {
            (shared.secrets.cover_request(head), shared.secrets.cover_url(upstream))
        };
        let begin = Begin {
            source: source.to_owned(),
            upstream,
            head,
            labels: labels.to_vec(),
            started_at_us,
        };
        SpoolSink::begin(Arc::clone(shared), switches, begin)
    }

    /// Pauses or resumes a source. What passes an open exchange meanwhile
    /// becomes a hole; exchanges that begin meanwhile are not recorded.
    pub fn set_recording(&self, source: &str, recording: bool) {
        self.shared().switches(source).paused.store(!recording, Relaxed);
    }

    /// Keeps the values of secret fields of a source from now on.
    pub fn set_keep_secrets(&self, source: &str, keep: bool) {
        self.shared().switches(source).keep_secrets.store(keep, Relaxed);
    }

    /// Bytes appended that are not in the store yet.
    pub fn backlog_bytes(&self) -> u64 {
        self.shared().tip.backlog()
    }

    /// Bytes appended that have come into the store.
    pub fn absorbed_bytes(&self) -> u64 {
        self.shared().tip.absorbed()
    }

    /// Keeps the store below a size from now on; once at most, before anything
    /// is recorded.
    pub fn set_cap(&self, cap: SizeCap) {
        self.writer.set_cap(cap);
    }

    /// What happened since this was last asked. Of more than a few hundred
    /// only the latest are kept.
    pub fn incidents(&self) -> Vec<Incident> {
        self.writer.incidents()
    }

    /// Why what passes is not recorded now, in words; absent when it is.
    pub fn outage(&self) -> Option<String> {
        self.shared().outages.why()
    }

    /// Why the writer is not getting on, in words; absent when all is well.
    pub fn trouble(&self) -> Option<String> {
        self.writer.trouble()
    }

    /// Waits until everything appended so far is in the store; false if that
    /// took longer than `patience`.
    pub fn settle(&self, patience: Duration) -> bool {
        self.writer.settle(patience)
    }

    /// Ends open exchanges as `recorder_stopped`, moves everything into the
    /// store and ends the writer. False if it did not get on for `patience`, or
    /// took far too long: then the spool stays, and the next to open the store
    /// absorbs it.
    pub fn finish(&self, patience: Duration) -> bool {
        self.writer.finish(patience)
    }
}
