//! What clients were given so far.

use std::collections::{BTreeMap, VecDeque};

use super::{
    compare,
    digest::RequestDigest,
    request::{Kind, Reading},
    route,
};
use crate::adapt::IdMap;

/// Requests that something was chosen for, at most.
const CHOSEN: usize = 100;

/// Requests that share their place in the recording.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// By live thread id.
    pub(super) threads: BTreeMap<String, Thread>,
    /// How often each recorded exchange answered.
    pub(super) given: BTreeMap<usize, u32>,
    /// How often a fault answered in the place of each.
    pub(super) refused: BTreeMap<usize, u32>,
    /// Requests for which the user chose an exchange, newest first.
    chosen: VecDeque<(Reading, usize)>,
}

/// A thread of a client.
#[derive(Clone, Debug, Default)]
pub(super) struct Thread {
    /// The recorded thread whose answers it gets: itself, if it was recorded,
    /// else the one that its first run was answered from.
    pub(super) recorded: Option<String>,
    /// It is a recorded thread itself.
    pub(super) is_itself: bool,
    /// Recorded threads that it followed before, each of which the next one went on with.
    pub(super) earlier: Vec<String>,
    /// Place in that thread of the run that comes next.
    pub(super) next: usize,
    /// Runs answered.
    pub(super) runs: usize,
    /// How often each recorded exchange answered in it.
    pub(super) given: BTreeMap<usize, u32>,
    /// Recorded ids and those that this thread's client knows for them.
    pub(super) ids: IdMap,
}

impl Session {
    pub(super) fn given(&self, place: usize) -> u32 {
        self.given.get(&place).copied().unwrap_or_default()
    }

    pub(super) fn refused(&self, place: usize) -> u32 {
        self.refused.get(&place).copied().unwrap_or_default()
    }

    /// Notes which exchange answers a request that was a miss.
    pub(super) fn choose(&mut self, request: Reading, place: usize) {
        self.chosen.push_front((request, place));
        self.chosen.truncate(CHOSEN);
    }

    /// The exchange that was chosen for this request; ids do not count.
    pub(super) fn chosen(&self, live: &Reading) -> Option<usize> {
        let found = self.chosen.iter().find(|(known, _)| is_same(known, live));
        found.map(|(_, place)| *place)
    }

    /// Whether another live thread than `thread_id` follows this recorded one, or is it.
    pub(super) fn is_taken(&self, recorded: &str, thread_id: Option<&str>) -> bool {
        let mut others = self.threads.iter().filter(|(id, _)| Some(id.as_str()) != thread_id);
        others.any(|(_, thread)| thread.follows(recorded))
    }

    /// Remembers an answer to a request of this thread, if it is of one.
    pub(super) fn give(&mut self, place: usize, thread_id: Option<&str>, digest: &RequestDigest, ids: &IdMap) {
        *self.given.entry(place).or_default() += 1;
        if let Some(id) = thread_id {
            self.threads
                .entry(id.to_owned())
                .or_default()
                .follow(place, digest, ids);
        }
    }

    /// Forgets an answer that was refused: its thread is as it was before.
    pub(super) fn take_back(&mut self, place: usize, thread: Option<&(String, Option<Thread>)>) {
        *self.refused.entry(place).or_default() += 1;
        if let Some(given) = self.given.get_mut(&place) {
            *given = given.saturating_sub(1);
        }
        match thread {
            Some((id, Some(thread))) => {
                self.threads.insert(id.clone(), thread.clone());
            }
            Some((id, None)) => {
                self.threads.remove(id);
            }
            None => {}
        }
    }
}

/// Whether a request is another one over again.
fn is_same(known: &Reading, live: &Reading) -> bool {
    let is_thread = |id: &str| known.thread_id() == Some(id);
    route::ids(known, live, is_thread, &IdMap::default())
        .is_some_and(|ids| compare::compare(known, live, &ids).hard.is_empty())
}

impl Thread {
    /// Remembers what answered. A run decides which recorded thread is
    /// followed; that stays so.
    pub(super) fn follow(&mut self, place: usize, digest: &RequestDigest, ids: &IdMap) {
        *self.given.entry(place).or_default() += 1;
        if digest.reading.kind == Kind::Run {
            self.go_on_in(digest);
            self.runs += 1;
        }
        // An empty history of another thread holds no names of this one.
        if digest.thread_id.as_deref().is_none_or(|of| self.follows(of)) {
            self.ids = ids.clone();
        }
    }

    pub(super) fn given(&self, place: usize) -> u32 {
        self.given.get(&place).copied().unwrap_or_default()
    }

    fn go_on_in(&mut self, digest: &RequestDigest) {
        let Some(of) = &digest.thread_id else { return };
        if self.earlier.contains(of) {
            return;
        }
        if let Some(before) = self.recorded.replace(of.clone()).filter(|before| before != of) {
            self.earlier.push(before);
        }
        self.next = digest.place + 1;
    }

    /// Whether it follows this recorded thread, or did before.
    pub(super) fn follows(&self, recorded: &str) -> bool {
        self.recorded.as_deref() == Some(recorded) || self.earlier.iter().any(|earlier| earlier == recorded)
    }
}
