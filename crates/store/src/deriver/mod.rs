//! Pages made behind the bytes.
//!
//! A follower reads what the store has of an exchange beyond its watermark,
//! lets `session` derive it, and stores each commit in a transaction of its
//! own, on condition that the watermark is still the one it started from. So
//! two processes that derive the same exchange cost time, and nothing else;
//! a lock file sees to it that this is rare. What a commit does not hold yet,
//! readers fold themselves: only the library's rows are told in between.

mod rows;

pub use self::rows::run_rows;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rusqlite::Connection;
use scrubjay_session::{
    derive::{self, Commit, Deriver, Purpose, summary::Summary},
    exchange::{Ending, Exchange},
    shelf::{Shelf as _, Watermark},
};

use crate::{
    Changes, Store, StoreError, StoreShelf, os,
    table::{derivations, exchanges, pages, runs, settings, texts},
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
/// The library's rows of an open exchange are told this often at most.
const TELL: Duration = Duration::from_millis(200);
/// Between looks at whether it has ended.
const LOOK_AT_THREAD: Duration = Duration::from_millis(2);
/// Bytes of a body derived before others have their turn.
const BYTES: u64 = 1 << 20;

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
        drop(handle.join());
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
            drop(handle.join());
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
            queue: BTreeSet::new(),
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

    /// As [`Store::derive_now`], and says how far it has come, about once a
    /// megabyte. Goes on for as long as `goes_on` says so; gives whether it
    /// came to the end. What was derived until then stays, and the next one
    /// derives the rest.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn derive_watched(&self, goes_on: &mut dyn FnMut(Derived) -> bool) -> Result<bool, StoreError> {
        if self.read_only() {
            return Ok(true);
        }
        let behind = self.behind()?;
        let mut lens = Vec::new();
        for index in behind {
            lens.push((index, self.shelf(index).exchange()?.body_len));
        }
        let mut derived = Derived {
            bytes: 0,
            total: lens.iter().map(|(_, len)| len).sum(),
        };
        let mut follower = Follower::new(self.clone());
        for (index, len) in lens {
            while follower.step(index)? == Progress::More {
                let bytes = derived.bytes + follower.share_done(index, len);
                if !goes_on(Derived { bytes, ..derived }) {
                    return Ok(false);
                }
            }
            follower.live.remove(&index);
            derived.bytes += len;
            if !goes_on(derived) && derived.bytes < derived.total {
                return Ok(false);
            }
        }
        self.fold_wal();
        Ok(true)
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
        self.fold_wal();
        Ok(all.len() as u64)
    }

    fn behind(&self) -> Result<Vec<i64>, StoreError> {
        self.read("the watermarks", |conn| derivations::behind(conn, DERIVE_VERSION))
    }
}

/// Removes everything derived of an exchange.
fn forget(conn: &Connection, index: i64) -> rusqlite::Result<()> {
    pages::delete_some(conn, index, u32::MAX)?;
    texts::delete_some(conn, index, u32::MAX)?;
    runs::delete(conn, index)?;
    derivations::delete(conn, index)?;
    let revision = settings::next_revision(conn)?;
    exchanges::set_frames(conn, index, 0, revision)
}

/// The thread's own.
struct Worker {
    follower: Follower,
    changes: Changes,
    queue: BTreeSet<i64>,
    lock: Option<File>,
    stop: Arc<AtomicBool>,
}

impl Worker {
    fn run(mut self) {
        os::step_back(NICENESS);
        while !self.stop.load(SeqCst) {
            let pause = match self.look() {
                Ok(pause) => pause,
                // A lock or a full disk passes; anything else is told to
                // those who read the exchange.
                Err(_) => Some(STAND_BY),
            };
            if let Some(pause) = pause {
                thread::park_timeout(pause);
            }
        }
    }

    /// One round; gives how long to rest before the next.
    fn look(&mut self) -> Result<Option<Duration>, StoreError> {
        if self.lock.is_none() {
            self.lock = self.follower.store.folder().hold(LOCK)?;
            if self.lock.is_none() {
                return Ok(Some(STAND_BY));
            }
            self.queue.extend(self.follower.store.behind()?);
        }
        let changed = self.changes.poll()?.unwrap_or_default();
        self.queue.extend(changed.iter().map(|changed| changed.exchange));
        // The newest first: that is the one somebody is looking at.
        let round: Vec<i64> = self.queue.iter().rev().copied().collect();
        let mut busy = false;
        for index in round {
            if self.stop.load(SeqCst) {
                break;
            }
            busy |= self.step(index)?;
        }
        Ok((!busy).then_some(PACE))
    }

    /// A step of one exchange; gives whether there is more to do at once.
    fn step(&mut self, index: i64) -> Result<bool, StoreError> {
        match self.follower.step(index) {
            Ok(Progress::More) => return Ok(true),
            Ok(Progress::Later) => return Ok(false),
            Err(error @ StoreError::Locked { .. }) => return Err(error),
            Ok(Progress::Done) | Err(_) => {}
        }
        self.queue.remove(&index);
        Ok(false)
    }
}

/// Follows exchanges.
struct Follower {
    store: Store,
    live: BTreeMap<i64, Live>,
    /// Exchanges without an answer yet, of which the library knows what they
    /// ask for, and the length of the request it was read from.
    asked: BTreeMap<i64, u64>,
}

/// An exchange that is being followed.
struct Live {
    shelf: StoreShelf,
    deriver: Deriver,
    /// The watermark that the store has, as far as is known here.
    stored: Option<(u32, Watermark)>,
    told: Option<(u32, Instant)>,
    /// Chunks of the body when it was last looked at.
    chunks: u64,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// There is more.
    More,
    /// There is something to tell, but not yet.
    Later,
    /// All that is there has been seen.
    Done,
}

/// How an exchange goes on after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Followed {
    /// It is followed further.
    On(Progress),
    /// Another process has derived it meanwhile, or it was erased: look again.
    ByOthers,
    /// It has ended and is derived.
    ToTheEnd,
}

impl Follower {
    fn new(store: Store) -> Self {
        Self {
            store,
            live: BTreeMap::new(),
            asked: BTreeMap::new(),
        }
    }

    /// Bytes of a body of this length that are derived, about.
    fn share_done(&self, index: i64, len: u64) -> u64 {
        let Some(live) = self.live.get(&index) else { return 0 };
        let (done, chunks) = (live.deriver.next_chunk(), live.chunks.max(1));
        (u128::from(len) * u128::from(done.min(chunks)) / u128::from(chunks)) as u64
    }

    /// Follows an exchange to what is there of it.
    fn finish(&mut self, index: i64) -> Result<(), StoreError> {
        while self.step(index)? == Progress::More {}
        self.live.remove(&index);
        Ok(())
    }

    fn step(&mut self, index: i64) -> Result<Progress, StoreError> {
        let followed = match self.live.remove(&index) {
            Some(live) => Some((live.shelf.exchange(), live)),
            None => self.open(index)?.map(|(exchange, live)| (Ok(exchange), live)),
        };
        let Some((exchange, mut live)) = followed else {
            return Ok(Progress::Done);
        };
        match self.follow(index, &exchange?, &mut live)? {
            Followed::On(progress) => {
                self.live.insert(index, live);
                Ok(progress)
            }
            Followed::ByOthers => Ok(Progress::More),
            Followed::ToTheEnd => Ok(Progress::Done),
        }
    }

    /// Begins to follow an exchange; `None` if there is nothing to do.
    fn open(&mut self, index: i64) -> Result<Option<(Exchange, Live)>, StoreError> {
        let shelf = self.store.shelf(index);
        let exchange = match shelf.exchange() {
            Err(StoreError::NoSuchExchange { .. }) => return Ok(None),
            exchange => exchange?,
        };
        let mut stored = self
            .store
            .read("the watermark", |conn| derivations::read(conn, index))?;
        if stored.is_some_and(|(version, _)| version != DERIVE_VERSION) {
            self.store.write("pages", |tx| forget(tx, index))?;
            stored = None;
        }
        // Only the head of the response says what the body is to be read as.
        let unknown = exchange.response.is_none() && exchange.ending == Ending::Open;
        if unknown {
            self.tell_request(index, &shelf, &exchange)?;
            return Ok(None);
        }
        self.asked.remove(&index);
        if stored.is_some_and(|(_, mark)| mark.finished) {
            return Ok(None);
        }
        let deriver = Deriver::resume(&shelf, Purpose::Store)?;
        Ok(Some((
            exchange,
            Live {
                shelf,
                deriver,
                stored,
                told: None,
                chunks: 0,
            },
        )))
    }

    /// Tells the library what a request asks for that has no answer yet, so
    /// that a run is listed as one from its beginning.
    fn tell_request(&mut self, index: i64, shelf: &StoreShelf, exchange: &Exchange) -> Result<(), StoreError> {
        if self.asked.insert(index, exchange.request_len) == Some(exchange.request_len) {
            return Ok(());
        }
        let deriver = Deriver::new(exchange, &shelf.request_body()?, Purpose::Store);
        self.tell_rows(index, exchange, deriver.summary())
    }

    /// Derives some of what is there.
    fn follow(&self, index: i64, exchange: &Exchange, live: &mut Live) -> Result<Followed, StoreError> {
        live.deriver.set_holes(&exchange.holes);
        live.chunks = exchange.chunk_count;
        if live.deriver.next_chunk() < exchange.chunk_count {
            let commits = derive::catch_up(&mut live.deriver, &live.shelf, exchange.chunk_count, BYTES)?;
            let kept = self.store_commits(index, exchange, live, commits)?;
            return Ok(if kept {
                Followed::On(Progress::More)
            } else {
                Followed::ByOthers
            });
        }
        if exchange.ending != Ending::Open {
            let commits = derive::end(&mut live.deriver, &live.shelf, exchange.ending)
                .into_iter()
                .collect();
            let kept = self.store_commits(index, exchange, live, commits)?;
            return Ok(if kept { Followed::ToTheEnd } else { Followed::ByOthers });
        }
        self.tell(index, exchange, live).map(Followed::On)
    }

    /// Stores commits, each on condition that nobody else has been here;
    /// false if somebody has.
    fn store_commits(
        &self,
        index: i64,
        exchange: &Exchange,
        live: &mut Live,
        commits: Vec<Commit>,
    ) -> Result<bool, StoreError> {
        for commit in commits {
            let expected = live.stored;
            let stored = self.store.write("pages", |tx| {
                if exchanges::has_ended(tx, index)?.is_none() || derivations::read(tx, index)? != expected {
                    return Ok(false);
                }
                write_commit(tx, index, exchange, &commit).map(|()| true)
            })?;
            if !stored {
                return Ok(false);
            }
            live.stored = Some((DERIVE_VERSION, commit.watermark));
            live.told = Some((commit.summary.frames, Instant::now()));
        }
        Ok(true)
    }

    /// Tells the library what is known of an open exchange.
    fn tell(&self, index: i64, exchange: &Exchange, live: &mut Live) -> Result<Progress, StoreError> {
        let summary = live.deriver.summary();
        match live.told {
            Some((frames, _)) if frames == summary.frames => return Ok(Progress::Done),
            Some((_, at)) if at.elapsed() < TELL => return Ok(Progress::Later),
            _ => {}
        }
        self.tell_rows(index, exchange, summary)?;
        live.told = Some((summary.frames, Instant::now()));
        Ok(Progress::Done)
    }

    fn tell_rows(&self, index: i64, exchange: &Exchange, summary: &Summary) -> Result<(), StoreError> {
        let rows = run_rows(exchange, summary);
        self.store.write("rows of the library", |tx| {
            runs::replace(tx, index, &rows)?;
            let revision = settings::next_revision(tx)?;
            exchanges::set_frames(tx, index, summary.frames, revision)
        })
    }
}

fn write_commit(conn: &Connection, index: i64, exchange: &Exchange, commit: &Commit) -> rusqlite::Result<()> {
    for page in &commit.pages {
        pages::put(conn, index, page)?;
    }
    for (span, _, text) in &commit.span_texts {
        texts::add(conn, index, *span, text)?;
    }
    runs::replace(conn, index, &run_rows(exchange, &commit.summary))?;
    derivations::put(conn, index, DERIVE_VERSION, commit.watermark)?;
    let revision = settings::next_revision(conn)?;
    exchanges::set_frames(conn, index, commit.summary.frames, revision)
}
