//! The end of a spool, where records are appended.

use std::{
    fs::File,
    io::{self, Write as _},
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread::Thread,
};

use super::record;

/// Bytes of overdue records kept in memory at most: heads and endings of
/// exchanges that ended while the disk was full.
const OVERDUE_LIMIT: usize = 8 << 20;

/// A file that is appended to. The one in production is a [`File`]; tests put
/// a full disk in its place.
pub(crate) trait AppendFile: Send {
    /// Appends all of it, with one `write(2)` where the system is willing.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Cuts the file back to a length.
    fn cut(&mut self, len: u64) -> io::Result<()>;
}

impl AppendFile for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }
}

/// The end of a spool; appending is safe from any thread.
pub(crate) struct Tip {
    inner: Mutex<Inner>,
    appended: AtomicU64,
    absorbed: AtomicU64,
    bell: Bell,
}

struct Inner {
    file: Box<dyn AppendFile>,
    number: u32,
    /// Place in the spool's life at which this file begins.
    start: u64,
    /// Bytes of whole records in this file.
    len: u64,
    /// There may be part of a record after `len`.
    torn: bool,
    closed: bool,
    overdue: Vec<u8>,
    /// Why the last write failed.
    refusal: Option<String>,
}

/// A file of the spool that nothing more is appended to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    pub(crate) number: u32,
    pub(crate) end: u64,
}

/// What the writer asks about the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SpoolEnd {
    pub(crate) number: u32,
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl Tip {
    pub(crate) fn new(file: Box<dyn AppendFile>) -> Self {
        Self {
            inner: Mutex::new(Inner {
                file,
                number: 0,
                start: 0,
                len: 0,
                torn: false,
                closed: false,
                overdue: Vec::new(),
                refusal: None,
            }),
            appended: AtomicU64::new(0),
            absorbed: AtomicU64::new(0),
            bell: Bell::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends encoded records; false if nothing of them was written.
    pub(crate) fn append(&self, records: &mut [u8]) -> bool {
        let mut inner = self.lock();
        let written = inner.append(records);
        self.appended.store(inner.start + inner.len, SeqCst);
        drop(inner);
        if written {
            self.bell.ring(self.backlog());
        }
        written
    }

    /// Why the disk takes nothing; absent when it is not the disk's fault.
    pub(crate) fn refusal(&self) -> Option<String> {
        let inner = self.lock();
        inner.refusal.clone().filter(|_| !inner.closed)
    }

    /// Whether something waits for the disk to take it.
    pub(crate) fn has_overdue(&self) -> bool {
        !self.lock().overdue.is_empty()
    }

    /// Keeps records that must not get lost until the disk takes them.
    pub(crate) fn keep_for_later(&self, records: &[u8]) {
        let mut inner = self.lock();
        if !inner.closed && inner.overdue.len() + records.len() <= OVERDUE_LIMIT {
            inner.overdue.extend_from_slice(records);
        }
    }

    /// Tries to append what is overdue; gives whether something was.
    pub(crate) fn append_overdue(&self) -> bool {
        let mut inner = self.lock();
        if inner.overdue.is_empty() {
            return false;
        }
        let mut overdue = std::mem::take(&mut inner.overdue);
        let written = inner.append(&mut overdue);
        if !written {
            inner.overdue = overdue;
        }
        self.appended.store(inner.start + inner.len, SeqCst);
        written
    }

    /// Appends to another file from now on.
    pub(crate) fn turn_over(&self, file: Box<dyn AppendFile>) -> Closed {
        let mut inner = self.lock();
        let closed = Closed {
            number: inner.number,
            end: inner.start + inner.len,
        };
        let old = std::mem::replace(&mut inner.file, file);
        inner.number += 1;
        inner.start = closed.end;
        inner.len = 0;
        inner.torn = false;
        drop(inner);
        // Closing a file can take a while; outside of the lock it delays no appender.
        drop(old);
        closed
    }

    /// Refuses everything from now on.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
    }

    pub(crate) fn place(&self) -> SpoolEnd {
        let inner = self.lock();
        SpoolEnd {
            number: inner.number,
            start: inner.start,
            end: inner.start + inner.len,
        }
    }

    pub(crate) fn appended(&self) -> u64 {
        self.appended.load(SeqCst)
    }

    pub(crate) fn absorbed(&self) -> u64 {
        self.absorbed.load(SeqCst)
    }

    pub(crate) fn set_absorbed(&self, pos: u64) {
        self.absorbed.store(pos, SeqCst);
    }

    pub(crate) fn backlog(&self) -> u64 {
        self.appended().saturating_sub(self.absorbed())
    }

    pub(crate) fn bell(&self) -> &Bell {
        &self.bell
    }
}

impl Inner {
    fn append(&mut self, records: &mut [u8]) -> bool {
        if self.closed || !self.mend() {
            return false;
        }
        record::place(records, self.start + self.len);
        match self.file.append(records) {
            Ok(()) => {
                self.len += records.len() as u64;
                self.refusal = None;
                return true;
            }
            Err(error) => self.refusal = Some(error.to_string()),
        }
        self.torn = true;
        self.mend();
        record::unplace(records);
        false
    }

    /// Cuts off part of a record that a failed write may have left.
    fn mend(&mut self) -> bool {
        if self.torn && self.file.cut(self.len).is_ok() {
            self.torn = false;
        }
        !self.torn
    }
}

/// Wakes the writer, at the cost of one load while it is awake anyway.
#[derive(Default)]
pub(crate) struct Bell {
    sleeper: OnceLock<Thread>,
    /// Backlog at which the writer wants to be woken; zero while it is awake.
    wanted: AtomicU64,
}

impl Bell {
    pub(crate) fn set_sleeper(&self, thread: Thread) {
        self.sleeper.get_or_init(|| thread);
    }

    /// The backlog in bytes at which the sleeper is woken.
    pub(crate) fn want(&self, backlog: u64) {
        self.wanted.store(backlog, SeqCst);
    }

    pub(crate) fn wake(&self) {
        if let Some(thread) = self.sleeper.get() {
            thread.unpark();
        }
    }

    fn ring(&self, backlog: u64) {
        let wanted = self.wanted.load(SeqCst);
        if wanted > 0 && backlog >= wanted && self.wanted.swap(0, SeqCst) > 0 {
            self.wake();
        }
    }
}
