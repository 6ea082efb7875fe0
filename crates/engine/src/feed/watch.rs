//! The thread that notices what changed, for the listeners.
//!
//! It runs only while there are listeners. It wakes when the capture path raises its signal,
//! and four times a second to see what other processes wrote; a look that
//! finds nothing costs microseconds, so an idle window costs next to nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    thread,
    time::Duration,
};

use scrubjay_ipc::{HealthView, News, SourceList};
use scrubjay_session::exchange::Ending;
use scrubjay_store::{Changed, Changes};

use super::{Hub, Rates, Signal};
use crate::{EngineError, capture::Capture, clock::Mark, health::Health, readers::Readers, storage::Storage};

/// How long the watch sleeps when nothing happens.
const IDLE: Duration = Duration::from_millis(250);
/// From the signal to a look: what was captured needs as long to reach the store.
const SETTLING: Duration = Duration::from_millis(30);
/// From a look to the next one.
const PACE: Duration = Duration::from_millis(20);
/// News of lists and counters is published this often at most.
const LISTS: Duration = Duration::from_millis(250);
/// Sentences that count seconds, and the disk, are looked at this often.
const SLOW: Duration = Duration::from_secs(1);

/// What the thread looks at, and for whom.
pub(super) struct Watched {
    pub(super) storage: Storage,
    pub(super) readers: Arc<Readers>,
    pub(super) capture: Arc<Capture>,
    pub(super) health: Health,
    pub(super) hub: Arc<Hub>,
    pub(super) signal: Arc<Signal>,
    pub(super) rates: Arc<Rates>,
    pub(super) has_thread: Mutex<bool>,
}

impl Watched {
    /// Whether no listener is left; then the thread counts as ended.
    fn is_over(&self) -> bool {
        let mut has_thread = self.has_thread.lock().unwrap_or_else(PoisonError::into_inner);
        *has_thread = self.hub.has_listeners();
        !*has_thread
    }
}

/// Starts the thread, which ends when the listeners or the engine are gone.
///
/// # Errors
/// When the system gives no thread.
pub(super) fn start(watched: &Arc<Watched>, changes: Changes) -> Result<(), EngineError> {
    let weak = Arc::downgrade(watched);
    let handle = thread::Builder::new()
        .name("news".into())
        .spawn(move || Watch::new(changes).run(&weak))
        .map_err(|source| EngineError::Threads { source })?;
    watched.signal.belongs_to(handle.thread().clone());
    Ok(())
}

/// Lets something happen no more often than its pace.
struct Throttle {
    every: Duration,
    last: Option<Mark>,
    due: bool,
}

impl Throttle {
    fn every(every: Duration) -> Self {
        Self {
            every,
            last: None,
            due: true,
        }
    }

    /// Whether it happens now; what came too early stays due.
    fn passes(&mut self) -> bool {
        let passes = self.due && self.last.is_none_or(|last| last.age() >= self.every);
        if passes {
            self.due = false;
            self.last = Some(Mark::now());
        }
        passes
    }

    /// Makes it due when its pace is over, whether or not anything changed.
    fn repeat(&mut self) {
        self.due |= self.last.is_none_or(|last| last.age() >= SLOW);
    }
}

/// What was last published of an exchange.
#[derive(Clone, Copy, Default)]
struct Published {
    frames: u32,
    derived: u32,
    last_at_us: u64,
    live: bool,
    /// It began while there were listeners, and its answer has not shown yet what it is.
    may_begin: bool,
}

struct Watch {
    changes: Changes,
    published: BTreeMap<i64, Published>,
    library: Throttle,
    sources: Throttle,
    health: Throttle,
    last_sources: Option<SourceList>,
    last_health: Option<HealthView>,
}

impl Watch {
    fn new(changes: Changes) -> Self {
        Self {
            changes,
            published: BTreeMap::new(),
            library: Throttle {
                due: false,
                ..Throttle::every(LISTS)
            },
            sources: Throttle::every(LISTS),
            health: Throttle::every(SLOW),
            last_sources: None,
            last_health: None,
        }
    }

    fn run(mut self, watched: &Weak<Watched>) {
        loop {
            thread::park_timeout(IDLE);
            let Some(watched) = watched.upgrade() else { return };
            if watched.is_over() {
                return;
            }
            if watched.signal.take() {
                thread::sleep(SETTLING);
                self.sources.due = true;
            }
            self.look(&watched);
            thread::sleep(PACE);
        }
    }

    fn look(&mut self, watched: &Watched) {
        // A store that cannot be read just now (locked, disk gone) is looked at again.
        if let Ok(Some(changed)) = self.changes.poll() {
            self.library.due = true;
            self.sources.due = true;
            for changed in changed {
                self.exchange(watched, &changed);
            }
        }
        if self.library.passes() {
            watched.hub.publish(&News::Library);
        }
        self.look_at_sources(watched);
        self.look_at_health(watched);
    }

    fn exchange(&mut self, watched: &Watched, changed: &Changed) {
        let known = self.published.get(&changed.exchange).copied();
        let mut now = known.unwrap_or(Published {
            // What was there before the first listener is no news of this second.
            derived: if changed.began { 0 } else { changed.derived_frames },
            live: true,
            may_begin: changed.began,
            ..Published::default()
        });
        let gained = changed.derived_frames.saturating_sub(now.derived);
        if gained > 0 {
            watched.rates.add(&changed.source, gained);
        }
        now.derived = changed.derived_frames;
        let (frames, last_at_us) = watched
            .readers
            .extent_now(changed.exchange)
            .unwrap_or((changed.derived_frames.max(now.frames), changed.last_at_us));
        let live = changed.ending == Ending::Open;
        if now.may_begin && watched.storage.is_stream(changed.exchange) {
            now.may_begin = false;
            watched.hub.publish(&News::Began {
                exchange: changed.exchange,
            });
        }
        now.may_begin &= live;
        let last_at_us = last_at_us.max(changed.last_at_us);
        if (frames, last_at_us, live) != (now.frames, now.last_at_us, now.live) || known.is_none() {
            (now.frames, now.last_at_us, now.live) = (frames, last_at_us, live);
            watched.hub.publish(&News::Grown {
                exchange: changed.exchange,
                frames,
                duration_us: last_at_us,
                live,
            });
        }
        self.published.insert(changed.exchange, now);
        // Only the newest matter; an old one that changes again is just published again.
        while self.published.len() > 1_000 {
            self.published.pop_first();
        }
    }

    fn look_at_sources(&mut self, watched: &Watched) {
        self.sources.repeat();
        if !self.sources.passes() {
            return;
        }
        let Ok(list) = watched.capture.list() else { return };
        if self.last_sources.as_ref() != Some(&list) {
            let is_first = self.last_sources.is_none();
            self.last_sources = Some(list);
            if !is_first {
                watched.hub.publish(&News::Sources);
            }
        }
    }

    fn look_at_health(&mut self, watched: &Watched) {
        self.health.repeat();
        if !self.health.passes() {
            return;
        }
        let Ok(health) = watched.health.view() else { return };
        let is_news = self.last_health.as_ref().is_none_or(|last| {
            // Free space moves all the time on a machine in use.
            let moved = last
                .free_bytes
                .zip(health.free_bytes)
                .is_some_and(|(one, other)| one.abs_diff(other) > 16 << 20);
            let same = HealthView {
                free_bytes: health.free_bytes,
                passing_bytes: health.passing_bytes,
                ..last.clone()
            };
            moved || same != health
        });
        if is_news {
            self.last_health = Some(health.clone());
            watched.hub.publish(&News::Health(health));
        }
    }
}
