//! The deriver: pages are made after the bytes.
//!
//! A follower reads what the store has of an exchange beyond its watermark,
//! lets `session` derive it, and stores each commit in a transaction of its
//! own, on condition that the watermark is still the one it started from. So
//! two processes that derive the same exchange cost time, and nothing else;
//! a lock file sees to it that this is rare. What a commit does not hold yet,
//! readers fold themselves: only the library's rows are written in between.

mod follower;
mod queue;

use std::{
    fs::File,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rusqlite::Connection;
use scrubjay_session::derive;

use self::{
    follower::{Follower, Progress},
    queue::Queue,
};
use crate::{
    Changes, Store, StoreError, os,
    table::{
        derivations,
        exchanges::{self, Known},
        pages, runs, settings, texts,
    },
};

/// Version of the pages that this program makes and reads.
pub(crate) const DERIVE_VERSION: u32 = derive::VERSION;

const NAME: &str = "scrubjay-deriver";
/// How far it steps back for the threads that capture: readers fold what it has not come to.
const NICENESS: i32 = 5;
/// Held by the process that derives in the background.
const LOCK: &str = "deriver.lock";
/// Between looks at what changed.
const PACE: Duration = Duration::from_millis(40);
/// Between attempts to become the one that derives.
const STAND_BY: Duration = Duration::from_millis(500);
/// The library's rows of an open exchange are written this often at most.
const ROW_PACE: Duration = Duration::from_millis(200);
/// Between looks at whether it has ended.
const LOOK_AT_THREAD: Duration = Duration::from_millis(2);
/// Bytes of a body derived before others have their turn.
const BYTES: u64 = 1 << 20;
/// Exchanges that have their turn in one round. Each that is not through with
/// it is kept in memory.
const ROUND: usize = 64;
/// Short exchanges whose pages are stored in one transaction, at most, and the
/// bytes of those pages, about.
const TOGETHER: usize = 64;
const TOGETHER_BYTES: usize = 1 << 20;
/// Exchanges looked up at once of those that are behind.
const BEHIND: u32 = 1_000;

/// How far deriving has come, in bytes of bodies on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    /// Derived so far.
    pub bytes: u64,
    /// Of so many.
    pub total: u64,
}

/// The deriver's thread; ends when dropped.
#[derive(Debug)]
pub struct Deriving {
    stop: Arc<AtomicBool>,
    handle: Option<JoinHandle<()>>,
}

impl Deriving {
    /// Ends it; after `patience` it is left to end by itself, as when another
    /// program keeps the store locked.
    pub fn stop(mut self, patience: Duration) {
        self.ask_to_stop();
        let deadline = Instant::now() + patience;
        let Some(handle) = self.handle.take() else { return };
        while !handle.is_finished() {
            if Instant::now() >= deadline {
                return;
            }
            thread::sleep(LOOK_AT_THREAD);
        }
        handle.join().ok();
    }

    fn ask_to_stop(&self) {
        self.stop.store(true, SeqCst);
        if let Some(handle) = &self.handle {
            handle.thread().unpark();
        }
    }
}

impl Drop for Deriving {
    fn drop(&mut self) {
        self.ask_to_stop();
        if let Some(handle) = self.handle.take() {
            // What it did not get to is done by the next.
            handle.join().ok();
        }
    }
}

impl Store {
    /// Derives in the background for as long as the value lives. One process
    /// at a time does; the others stand by.
    ///
    /// # Errors
    /// When the store is read-only, cannot be followed, or the thread cannot be started.
    pub fn derive(&self) -> Result<Deriving, StoreError> {
        if self.read_only() {
            return Err(StoreError::ReadOnly {
                path: self.path().to_owned(),
            });
        }
        let stop = Arc::new(AtomicBool::new(false));
        let worker = Worker {
            follower: Follower::new(self.clone()),
            changes: self.changes()?,
            moves: self.moves(),
            queue: Queue::default(),
            lock: None,
            stop: Arc::clone(&stop),
        };
        let handle = thread::Builder::new()
            .name(NAME.to_owned())
            .spawn(move || worker.run())
            .map_err(|source| StoreError::StartThread { name: NAME, source })?;
        Ok(Deriving {
            stop,
            handle: Some(handle),
        })
    }

    /// Derives everything that has ended and is behind, here and now. Does
    /// nothing in a store that can only be read: its readers fold for themselves.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn derive_now(&self) -> Result<(), StoreError> {
        self.derive_watched(&mut |_| true).map(drop)
    }

    /// As [`Store::derive_now`], and reports how far it has come, about once a
    /// megabyte. Goes on for as long as `goes_on` is true; gives whether it
    /// came to the end. What was derived until then stays, and the next one
    /// derives the rest.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn derive_watched(&self, goes_on: &mut dyn FnMut(Derived) -> bool) -> Result<bool, StoreError> {
        if self.read_only() {
            return Ok(true);
        }
        let mut derived = Derived {
            bytes: 0,
            total: self.read("the watermarks", exchanges::bytes_behind)?,
        };
        let mut follower = Follower::new(self.clone());
        let mut from = 0;
        loop {
            let behind = self.behind(from, BEHIND)?;
            let Some(last) = behind.last() else { break };
            from = last + 1;
            for index in behind {
                if !self.derive_one(&mut follower, index, &mut derived, goes_on)? {
                    follower.store_together()?;
                    return Ok(false);
                }
            }
        }
        follower.store_together()?;
        self.fold_wal();
        Ok(true)
    }

    /// Derives an exchange to what is there of it; false if that was not wanted to the end.
    fn derive_one(
        &self,
        follower: &mut Follower,
        index: i64,
        derived: &mut Derived,
        goes_on: &mut dyn FnMut(Derived) -> bool,
    ) -> Result<bool, StoreError> {
        let len = self.read("a watermark", |conn| exchanges::body_len(conn, index))?;
        let len = len.unwrap_or_default();
        while follower.step(index)? == Progress::More {
            let bytes = derived.bytes + follower.share_done(index, len);
            if !goes_on(Derived { bytes, ..*derived }) {
                return Ok(false);
            }
        }
        follower.live.remove(&index);
        derived.bytes += len;
        Ok(goes_on(*derived) || derived.bytes >= derived.total)
    }

    /// Forgets everything derived, and derives it again. Gives how many
    /// exchanges were derived.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn reindex(&self) -> Result<u64, StoreError> {
        let all = self.read("the exchanges", exchanges::all_indexes)?;
        let mut follower = Follower::new(self.clone());
        for &index in &all {
            self.write("pages", |tx| forget(tx, index))?;
            follower.finish(index)?;
        }
        follower.store_together()?;
        self.fold_wal();
        Ok(all.len() as u64)
    }
}

/// Removes everything derived of an exchange.
fn forget(conn: &Connection, index: i64) -> rusqlite::Result<()> {
    pages::delete_some(conn, index, u32::MAX)?;
    texts::delete_some(conn, index, u32::MAX)?;
    runs::delete(conn, index)?;
    derivations::delete(conn, index)?;
    let revision = settings::next_revision(conn)?;
    exchanges::set_known(conn, index, Known::default(), revision)
}

/// The thread's own.
struct Worker {
    follower: Follower,
    changes: Changes,
    /// Moves of the store that were followed.
    moves: usize,
    queue: Queue,
    lock: Option<File>,
    stop: Arc<AtomicBool>,
}

impl Worker {
    fn run(mut self) {
        os::step_back(NICENESS);
        while !self.stop.load(SeqCst) {
            let pause = match self.look() {
                Ok(pause) => pause,
                // A lock or a full disk passes; the reader of the
                // exchange meets anything else itself.
                Err(_) => Some(STAND_BY),
            };
            if let Some(pause) = pause {
                thread::park_timeout(pause);
            }
        }
    }

    /// One round; gives how long to rest before the next.
    fn look(&mut self) -> Result<Option<Duration>, StoreError> {
        self.follow_moves();
        if self.lock.is_none() {
            self.lock = self.follower.store.folder().hold(LOCK)?;
            if self.lock.is_none() {
                return Ok(Some(STAND_BY));
            }
            self.queue.forget_from(0);
        }
        if let Some(from) = self.queue.take_forgotten() {
            self.look_up(from)?;
        }
        let changed = self.changes.poll()?.unwrap_or_default();
        let to_do = changed.iter().filter(|changed| !changed.is_derived);
        self.queue.extend(to_do.map(|changed| changed.exchange));
        let mut busy = false;
        for index in self.queue.round(ROUND) {
            if self.stop.load(SeqCst) {
                break;
            }
            busy |= self.step(index)?;
        }
        let stored = self.follower.store_together();
        if std::mem::take(&mut self.follower.left_behind) {
            self.queue.forget_from(0);
        }
        stored?;
        Ok((!busy || self.queue.is_empty()).then_some(PACE))
    }

    /// Begins anew in a store that lies elsewhere: there a number may be that of another exchange.
    fn follow_moves(&mut self) {
        let moves = self.follower.store.moves();
        if self.moves != moves {
            self.moves = moves;
            self.follower.forget_all();
            self.lock = None;
        }
    }

    /// Fills the queue with what is behind.
    fn look_up(&mut self, from: i64) -> Result<(), StoreError> {
        let behind = match self.follower.store.behind(from, BEHIND) {
            Ok(behind) => behind,
            Err(error) => {
                self.queue.forget_from(from);
                return Err(error);
            }
        };
        if behind.len() == BEHIND as usize
            && let Some(last) = behind.last()
        {
            self.queue.forget_from(last + 1);
        }
        self.queue.extend(behind);
        Ok(())
    }

    /// A step of one exchange; gives whether that got on.
    fn step(&mut self, index: i64) -> Result<bool, StoreError> {
        match self.follower.step(index) {
            Ok(Progress::More) => return Ok(true),
            Ok(Progress::Later) => return Ok(false),
            Err(error @ StoreError::Locked { .. }) => return Err(error),
            Ok(Progress::Done) | Err(_) => {}
        }
        self.queue.remove(index);
        Ok(true)
    }
}
