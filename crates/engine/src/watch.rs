//! The thread that notices what changed and tells the listeners.
//!
//! It runs only while somebody listens. It wakes when the capture path rings,
//! and four times a second to see what other processes wrote; a look that
//! finds nothing costs microseconds, so an idle window costs nothing to speak of.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError, Weak},
    thread,
    time::Duration,
};

use scrubjay_ipc::News;
use scrubjay_session::exchange::Ending;
use scrubjay_store::{Changed, Changes};

use crate::{EngineError, clock::Mark, engine::Inner};

/// How long the watch sleeps when nothing rings.
const IDLE: Duration = Duration::from_millis(250);
/// From a ring to a look: what was captured needs as long to reach the store.
const SETTLING: Duration = Duration::from_millis(30);
/// From a look to the next one.
const PACE: Duration = Duration::from_millis(20);
/// Lists and counters are told this often at most.
const CALM: Duration = Duration::from_millis(250);
/// Sentences that count seconds, and the disk, are looked at this often.
const SLOW: Duration = Duration::from_secs(1);

/// Frames derived per source within the last second.
#[derive(Default)]
pub(crate) struct Rates {
    recent: Mutex<VecDeque<(Mark, String, u32)>>,
}

impl Rates {
    fn add(&self, source: &str, frames: u32) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.push_back((Mark::now(), source.to_owned(), frames));
        while recent.front().is_some_and(|(at, ..)| at.age() > SLOW) {
            recent.pop_front();
        }
    }

    /// Frames of a source in the last second.
    pub(crate) fn of(&self, source: &str) -> u32 {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent
            .iter()
            .filter(|(at, name, _)| name == source && at.age() <= SLOW)
            .map(|(.., frames)| frames)
            .sum()
    }
}

/// Starts the thread.
///
/// # Errors
/// When the store cannot be followed or the system gives no thread.
pub(crate) fn start(inner: &std::sync::Arc<Inner>, changes: Changes) -> Result<(), EngineError> {
    let weak = std::sync::Arc::downgrade(inner);
    let handle = thread::Builder::new()
        .name("news".into())
        .spawn(move || Watch::new(changes).run(&weak))
        .map_err(|source| EngineError::Threads { source })?;
    inner.bell.belongs_to(handle.thread().clone());
    Ok(())
}

/// Something that is told now and then, never more often than its pace.
struct Calm {
    every: Duration,
    last: Option<Mark>,
    due: bool,
}

impl Calm {
    fn every(every: Duration) -> Self {
        Self {
            every,
            last: None,
            due: true,
        }
    }

    /// Whether to tell now; what came too early stays due.
    fn ripe(&mut self) -> bool {
        let ripe = self.due && self.last.is_none_or(|last| last.age() >= self.every);
        if ripe {
            self.due = false;
            self.last = Some(Mark::now());
        }
        ripe
    }
}

/// What was last told of an exchange.
#[derive(Clone, Copy, Default)]
struct Told {
    frames: u32,
    derived: u32,
    last_at_us: u64,
    live: bool,
    /// It began while we listened, and its answer has not shown yet what it is.
    may_begin: bool,
}

struct Watch {
    changes: Changes,
    told: BTreeMap<i64, Told>,
    library: Calm,
    sources: Calm,
    health: Calm,
    last_sources: Option<scrubjay_ipc::SourceList>,
    last_health: Option<scrubjay_ipc::HealthView>,
}

impl Watch {
    fn new(changes: Changes) -> Self {
        Self {
            changes,
            told: BTreeMap::new(),
            library: Calm {
                due: false,
                ..Calm::every(CALM)
            },
            sources: Calm::every(CALM),
            health: Calm::every(SLOW),
            last_sources: None,
            last_health: None,
        }
    }

    fn run(mut self, inner: &Weak<Inner>) {
        loop {
            thread::park_timeout(IDLE);
            let Some(inner) = inner.upgrade() else { return };
            if inner.watch_may_end() {
                return;
            }
            if inner.bell.look() {
                thread::sleep(SETTLING);
                self.sources.due = true;
            }
            self.look(&inner);
            thread::sleep(PACE);
        }
    }

    fn look(&mut self, inner: &Inner) {
        // A store that cannot be read just now (locked, disk gone) is looked at again.
        if let Ok(Some(changed)) = self.changes.poll() {
            self.library.due = true;
            self.sources.due = true;
            for changed in changed {
                self.exchange(inner, &changed);
            }
        }
        if self.library.ripe() {
            inner.hub.tell(&News::Library);
        }
        self.tell_sources(inner);
        self.tell_health(inner);
    }

    fn exchange(&mut self, inner: &Inner, changed: &Changed) {
        let known = self.told.get(&changed.exchange).copied();
        let mut told = known.unwrap_or(Told {
            // What was there before anybody listened is no news of this second.
            derived: if changed.began { 0 } else { changed.derived_frames },
            live: true,
            may_begin: changed.began,
            ..Told::default()
        });
        let gained = changed.derived_frames.saturating_sub(told.derived);
        if gained > 0 {
            inner.rates.add(&changed.source, gained);
        }
        told.derived = changed.derived_frames;
        let (frames, last_at_us) = inner
            .open
            .peek(changed.exchange)
            .and_then(|slot| slot.extent_now())
            .unwrap_or((changed.derived_frames.max(told.frames), changed.last_at_us));
        let live = changed.ending == Ending::Open;
        if told.may_begin && inner.is_stream(changed.exchange) {
            told.may_begin = false;
            inner.hub.tell(&News::Began {
                exchange: changed.exchange,
            });
        }
        told.may_begin &= live;
        let last_at_us = last_at_us.max(changed.last_at_us);
        if (frames, last_at_us, live) != (told.frames, told.last_at_us, told.live) || known.is_none() {
            (told.frames, told.last_at_us, told.live) = (frames, last_at_us, live);
            inner.hub.tell(&News::Grown {
                exchange: changed.exchange,
                frames,
                duration_us: last_at_us,
                live,
            });
        }
        self.told.insert(changed.exchange, told);
        // Only the newest matter; an old one that changes again is just told again.
        while self.told.len() > 1_000 {
            self.told.pop_first();
        }
    }

    fn tell_sources(&mut self, inner: &Inner) {
        self.sources.due |= self.sources.last.is_none_or(|last| last.age() >= SLOW);
        if !self.sources.ripe() {
            return;
        }
        let Ok(list) = inner.source_list() else { return };
        if self.last_sources.as_ref() != Some(&list) {
            let is_first = self.last_sources.is_none();
            self.last_sources = Some(list);
            if !is_first {
                inner.hub.tell(&News::Sources);
            }
        }
    }

    fn tell_health(&mut self, inner: &Inner) {
        self.health.due |= self.health.last.is_none_or(|last| last.age() >= SLOW);
        if !self.health.ripe() {
            return;
        }
        let Ok(health) = inner.health() else { return };
        let is_news = self.last_health.as_ref().is_none_or(|last| {
            // Free space moves all the time on a machine in use.
            let moved = last
                .free_bytes
                .zip(health.free_bytes)
                .is_some_and(|(one, other)| one.abs_diff(other) > 16 << 20);
            let same = scrubjay_ipc::HealthView {
                free_bytes: health.free_bytes,
                passing_bytes: health.passing_bytes,
                ..last.clone()
            };
            moved || same != health
        });
        if is_news {
            self.last_health = Some(health.clone());
            inner.hub.tell(&News::Health(health));
        }
    }
}
