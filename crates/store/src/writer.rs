//! The thread that moves a spool into the store.
//!
//! It follows the spool's files by offset, so what it holds in memory does
//! not depend on how far it is behind. Batches are at most 20 ms or 1 MB. A
//! database that is locked, full or slow makes it try again, for as long as
//! it takes, while the spool grows; appenders never notice.

mod dead;
mod holds;
mod moving;

use std::{
    collections::VecDeque,
    fs::File,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rusqlite::Connection;

use self::{
    dead::remove_files,
    moving::{LastGiven, Moving},
};
pub(crate) use self::{
    dead::{DeadSpoolError, absorb_dead},
    holds::{Holds, Piece},
};
use crate::{
    Gap, Incident, SizeCap, StoreError,
    absorb::Absorber,
    conn,
    follow::{BATCH_LEN, Step, StepError},
    prune::{self, Candidates},
    spool::{
        Shared,
        outage::{FirstLoss, OutageChange},
        tip::Closed,
    },
};

const NAME: &str = "scrubjay-writer";
/// Records are gathered for so long before they are absorbed together: with
/// the commit that makes less than 20 ms.
const GATHER: Duration = Duration::from_millis(15);
/// Without work it looks up so often, for what a full disk kept back.
const IDLE: Duration = Duration::from_millis(500);
/// Between attempts after a failure that is not a lock.
const RETRY: Duration = Duration::from_millis(250);
/// Size at which a file of the spool is turned over.
const PIECE_LEN: u64 = 8 << 20;
/// Between looks for spools whose process has died.
const LOOK_FOR_DEAD: Duration = Duration::from_secs(3);
/// How long the last handle waits when it is dropped.
const DROP_PATIENCE: Duration = Duration::from_secs(10);
/// Finishing takes so long at most, or as long as the caller's patience, even
/// while it gets on.
const LONGEST_FINISH: Duration = Duration::from_secs(10);
/// Between looks at a thread that is ending.
const LOOK_AT_THREAD: Duration = Duration::from_millis(5);
/// How long the thread may take to notice that it is late.
const NOTICING: Duration = Duration::from_millis(300);
/// Incidents that are kept until the command asks, at most.
const INCIDENTS: usize = 256;

/// The writer's thread, as others hold it.
pub(crate) struct WriterThread {
    shared: Arc<Shared>,
    control: Arc<Control>,
    handle: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for WriterThread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WriterThread")
            .field("spool", &self.shared.id)
            .finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Control {
    stopping: AtomicBool,
    all_in: AtomicBool,
    limits: Mutex<Option<Limits>>,
    cap: Mutex<Option<SizeCap>>,
    incidents: Mutex<VecDeque<Incident>>,
    trouble: Mutex<Option<String>>,
    progress: (Mutex<()>, Condvar),
}

/// How long finishing may take.
#[derive(Clone, Copy, Debug)]
struct Limits {
    patience: Duration,
    /// When it last got on.
    moved: Instant,
    /// When it gives up in any case.
    end: Instant,
}

impl Limits {
    fn new(patience: Duration) -> Self {
        let now = Instant::now();
        Self {
            patience,
            moved: now,
            end: now + patience.max(LONGEST_FINISH),
        }
    }

    /// Whether the time is up by so much.
    fn are_over_by(&self, more: Duration) -> bool {
        let now = Instant::now();
        now >= self.end + more || now.duration_since(self.moved) >= self.patience + more
    }
}

impl Control {
    fn limits(&self) -> MutexGuard<'_, Option<Limits>> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_late(&self) -> bool {
        self.is_late_by(Duration::ZERO)
    }

    fn is_late_by(&self, more: Duration) -> bool {
        self.limits().is_some_and(|limits| limits.are_over_by(more))
    }

    /// It got on.
    fn moved(&self) {
        if let Some(limits) = &mut *self.limits() {
            limits.moved = Instant::now();
        }
    }

    fn put(&self, incident: Incident) {
        let mut incidents = self.incidents.lock().unwrap_or_else(PoisonError::into_inner);
        if incidents.len() >= INCIDENTS {
            incidents.pop_front();
        }
        incidents.push_back(incident);
    }

    fn cap(&self) -> Option<SizeCap> {
        *self.cap.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    fn announce(&self) {
        // A waiter between its check and its wait holds the lock.
        drop(self.progress.0.lock().unwrap_or_else(PoisonError::into_inner));
        self.progress.1.notify_all();
    }
}

impl WriterThread {
    /// Starts the thread; it owns the spool's lock and a connection.
    pub(crate) fn start(shared: Arc<Shared>, holds: Holds, conn: Connection) -> Result<Self, StoreError> {
        let control = Arc::new(Control::default());
        let writer = Writer {
            shared: Arc::clone(&shared),
            control: Arc::clone(&control),
            conn,
            holds,
            absorber: None,
            moving: None,
            last_given: LastGiven::default(),
            is_unspooled: false,
            closed: VecDeque::new(),
            ended: VecDeque::new(),
            has_ended: false,
            is_over_cap: false,
        };
        let handle = thread::Builder::new()
            .name(NAME.to_owned())
            .spawn(move || writer.run())
            .map_err(|source| StoreError::StartThread { name: NAME, source })?;
        shared.tip.bell().set_sleeper(handle.thread().clone());
        Ok(Self {
            shared,
            control,
            handle: Mutex::new(Some(handle)),
        })
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) fn trouble(&self) -> Option<String> {
        self.control
            .trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn settle(&self, patience: Duration) -> bool {
        let target = self.shared.tip.appended();
        let (lock, progress) = &self.control.progress;
        let guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let behind = |(): &mut ()| self.shared.tip.absorbed() < target;
        let (_guard, waited) = progress
            .wait_timeout_while(guard, patience, behind)
            .unwrap_or_else(PoisonError::into_inner);
        !waited.timed_out()
    }

    pub(crate) fn finish(&self, patience: Duration) -> bool {
        let mut handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = handle.take() {
            self.append_last_records();
            self.shared.tip.close();
            *self.control.limits() = Some(Limits::new(patience));
            self.control.stopping.store(true, SeqCst);
            self.shared.tip.bell().wake();
            self.join(handle);
        }
        self.control.all_in.load(SeqCst)
    }

    /// Appends what a full disk kept back, with the room that was kept for it.
    fn append_last_records(&self) {
        self.shared.tip.append_overdue();
        self.shared.folder().give_reserve(&self.shared.id);
        if self.shared.tip.append_overdue() {
            self.shared.outages.wrote();
        }
    }

    /// Waits for the thread, unless it hangs: in a system call that does not
    /// come back there is nothing to wait for.
    fn join(&self, handle: JoinHandle<()>) {
        let (lock, progress) = &self.control.progress;
        let mut guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
        while !handle.is_finished() && !self.control.is_late_by(NOTICING) {
            let waited = progress.wait_timeout(guard, LOOK_AT_THREAD);
            guard = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(guard);
        if handle.is_finished() {
            // A panic of the thread has been reported by the panic hook; the spool stays for the next start.
            handle.join().ok();
        }
    }

    pub(crate) fn set_cap(&self, cap: SizeCap) {
        *self.control.cap.lock().unwrap_or_else(PoisonError::into_inner) = Some(cap);
    }

    pub(crate) fn incidents(&self) -> Vec<Incident> {
        let mut incidents = self.control.incidents.lock().unwrap_or_else(PoisonError::into_inner);
        incidents.drain(..).collect()
    }
}

impl Drop for WriterThread {
    fn drop(&mut self) {
        self.finish(DROP_PATIENCE);
    }
}

/// What the thread works with.
struct Writer {
    shared: Arc<Shared>,
    control: Arc<Control>,
    conn: Connection,
    holds: Holds,
    absorber: Option<Absorber>,
    /// A move of the store that was begun.
    moving: Option<Moving>,
    /// What the store gave last, should it be lost.
    last_given: LastGiven,
    /// It was reported that the spool's files are gone and cannot be made again.
    is_unspooled: bool,
    /// Files that others follow, oldest first.
    closed: VecDeque<Closed>,
    /// Exchanges that ended, oldest first, as far as a cap may take them.
    ended: VecDeque<i64>,
    /// Some ended since the store was last pruned.
    has_ended: bool,
    /// It was reported that nothing more may go.
    is_over_cap: bool,
}

impl Writer {
    fn run(mut self) {
        let mut looked: Option<Instant> = None;
        loop {
            let stopping = self.control.stopping.load(SeqCst);
            if !stopping {
                self.wait_for_work();
            }
            if self.shared.tip.has_overdue() && self.shared.tip.append_overdue() {
                self.shared.outages.wrote();
            }
            self.look_after_files(stopping);
            let caught_up = self.absorb_all();
            self.report_outage(false);
            if caught_up && !stopping && looked.is_none_or(|at| at.elapsed() >= LOOK_FOR_DEAD) {
                self.absorb_others();
                looked = Some(Instant::now());
            }
            self.prune();
            self.control.announce();
            if stopping && (caught_up || self.control.is_late()) {
                return self.close(caught_up);
            }
        }
    }

    /// Absorbs what other processes left behind when they died.
    fn absorb_others(&mut self) {
        let mut damaged = Vec::new();
        // If it fails now, then it is tried again.
        absorb_dead(&mut self.conn, &self.shared.folder(), &mut damaged).ok();
        for path in damaged {
            self.control.put(Incident::Damaged { path });
        }
    }

    /// Sleeps so that more comes together; if nothing did, until something
    /// was appended and a little longer. While a stream flows, an appender
    /// need not wake the thread.
    fn wait_for_work(&self) {
        self.sleep(BATCH_LEN as u64, GATHER);
        if self.shared.tip.backlog() == 0 {
            self.sleep(1, IDLE);
            self.sleep(BATCH_LEN as u64, GATHER);
        }
    }

    /// Sleeps until so many bytes wait to be absorbed, or for so long.
    fn sleep(&self, backlog: u64, at_most: Duration) {
        let tip = &self.shared.tip;
        tip.bell().want(backlog);
        if tip.backlog() < backlog && !self.control.stopping.load(SeqCst) {
            thread::park_timeout(at_most);
        }
        tip.bell().want(0);
    }

    /// Absorbs until nothing is left; false if it has to give up.
    fn absorb_all(&mut self) -> bool {
        loop {
            self.turn_over();
            match self.absorb_some() {
                Ok(true) => self.control.set_trouble(None),
                Ok(false) => {
                    self.control.set_trouble(None);
                    return true;
                }
                Err(error) => {
                    self.note_trouble(&error);
                    self.look_after_files(false);
                    if self.control.is_late() {
                        return false;
                    }
                    self.report_outage(false);
                    if !error.is_busy() {
                        thread::park_timeout(self.pause());
                    }
                    // What waits for room must not wait for the store as well.
                    if self.shared.tip.has_overdue() && self.shared.tip.append_overdue() {
                        self.shared.outages.wrote();
                    }
                }
            }
            self.control.announce();
        }
    }

    /// Between attempts; a writer that is to end does not sleep long.
    fn pause(&self) -> Duration {
        match self.control.stopping.load(SeqCst) {
            true => RETRY / 5,
            false => RETRY,
        }
    }

    /// Reports where recording stopped, and that it goes on.
    fn report_outage(&self, is_end: bool) {
        while let Some(turn) = self.shared.outages.turn(is_end) {
            self.control.put(match turn {
                OutageChange::Began(first) => Incident::Stopped(self.gap(first)),
                OutageChange::Ended { lost_bytes, exchanges } if is_end => {
                    Incident::EndedStopped { lost_bytes, exchanges }
                }
                OutageChange::Ended { lost_bytes, exchanges } => Incident::GoesOn { lost_bytes, exchanges },
            });
        }
        if let Some((lost_bytes, exchanges)) = self.shared.outages.so_far().filter(|_| is_end) {
            self.control.put(Incident::EndedStopped { lost_bytes, exchanges });
        }
    }

    fn gap(&self, first: FirstLoss) -> Gap {
        let absorber = self.absorber.as_ref();
        let exchange = absorber.and_then(|absorber| absorber.index_of(&self.conn, first.number).ok().flatten());
        Gap {
            why: first.why,
            exchange,
            request: first.request,
            offset: first.offset,
            in_request: first.in_request,
        }
    }

    fn note_trouble(&self, error: &StepError) {
        let sentence = match error {
            error if error.is_busy() => "the store is locked by another program".to_owned(),
            StepError::Write(error) => format!("the store cannot be written: {error}"),
            StepError::Read(error) => format!("the spool cannot be read: {error}"),
        };
        self.control.set_trouble(Some(sentence));
    }

    /// One batch; false if there was nothing to do.
    fn absorb_some(&mut self) -> Result<bool, StepError> {
        let place = self.shared.tip.place();
        let (number, limit, is_closed) = match self.closed.front() {
            Some(closed) => (closed.number, closed.end, true),
            None => (place.number, place.end, false),
        };
        if self.absorber.is_none() {
            self.absorber = Some(Absorber::new(&self.conn, &self.shared.id)?);
        }
        let absorber = self.absorber.as_mut().expect("it was just made");
        let piece = self.holds.pieces.front_mut().filter(|piece| piece.number == number);
        if let Some(piece) = piece.filter(|_| absorber.absorbed() < limit) {
            let end_in_file = piece.offset_of(limit);
            let step = piece.reader.step(absorber, &mut self.conn, end_in_file)?;
            self.shared.tip.set_absorbed(absorber.absorbed());
            if let Step::Moved { ended } = step {
                self.has_ended |= !ended.is_empty();
                if self.control.cap().is_some_and(|cap| !cap.takes_any) {
                    self.ended.extend(ended);
                }
                self.last_given.note(&self.conn);
                self.control.moved();
                return Ok(true);
            }
        }
        if is_closed {
            self.closed.pop_front();
            self.holds.drop_oldest();
            return Ok(true);
        }
        Ok(false)
    }

    /// Lets appenders go on in a new file once this one is large.
    fn turn_over(&mut self) {
        let place = self.shared.tip.place();
        if place.end - place.start < PIECE_LEN {
            return;
        }
        // Without a new file (full disk) the old one just grows.
        if let Ok((file, piece)) = Piece::create(&self.shared.folder(), &self.shared.id, place.number + 1) {
            self.go_on_in(file, piece);
        }
    }

    /// Appends to another file from now on.
    fn go_on_in(&mut self, file: File, piece: Piece) {
        let closed = self.shared.tip.turn_over(Box::new(file));
        self.holds.push(piece, closed.end);
        self.closed.push_back(closed);
    }

    /// Keeps the store below its cap; a store that cannot be written is tried
    /// again when the next exchange ends.
    fn prune(&mut self) {
        let Some(cap) = self.control.cap().filter(|_| self.has_ended) else {
            return;
        };
        self.has_ended = false;
        let mut candidates = match cap.takes_any {
            true => Candidates::Any,
            false => Candidates::Only(&mut self.ended),
        };
        let Ok(trimmed) = prune::to_cap(&mut self.conn, cap.max_bytes, &mut candidates) else {
            return;
        };
        if let Some(pruned) = trimmed.pruned {
            self.control.put(Incident::Pruned(pruned));
        }
        if let Some(used_bytes) = trimmed.stuck_at.filter(|_| !self.is_over_cap) {
            self.control.put(Incident::OverCap { used_bytes });
        }
        self.is_over_cap = trimmed.stuck_at.is_some();
    }

    /// Ends what is open; when all is in the store, nothing of the spool stays.
    fn close(mut self, caught_up: bool) {
        let Some(lock) = self.holds.lock.take() else { return };
        self.report_outage(true);
        let ended = caught_up && self.end_open();
        if ended && remove_files(&self.conn, &self.shared.folder(), &self.shared.id).is_ok() {
            self.holds.let_go_of_left();
            lock.remove();
            self.control.all_in.store(true, SeqCst);
        }
        if !self.control.is_late() {
            // Failing to move the WAL into the file costs nothing but its size.
            self.conn
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
                .ok();
        }
        self.control.announce();
    }

    fn end_open(&mut self) -> bool {
        let Some(absorber) = &mut self.absorber else {
            return true;
        };
        loop {
            match absorber.end_open(&mut self.conn) {
                Ok(()) => return true,
                Err(error) if conn::is_busy(&error) && !self.control.is_late() => {}
                Err(_) => return false,
            }
        }
    }
}
