//! What clients were given so far.

use std::collections::BTreeMap;

use super::{card::Card, choose::Turn, request::Kind};
use crate::adapt::IdMap;

/// Requests that share their place in the recording.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// By live thread id.
    pub(super) threads: BTreeMap<String, Thread>,
    /// How often each recorded exchange answered.
    pub(super) given: BTreeMap<usize, u32>,
    /// How often a fault answered in the place of each.
    pub(super) refused: BTreeMap<usize, u32>,
}

/// A thread of a client.
#[derive(Clone, Debug, Default)]
pub(super) struct Thread {
    /// The recorded thread whose answers it gets.
    pub(super) recorded: Option<String>,
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

    /// Remembers an answer to a request of this thread, if it is of one.
    pub(super) fn give(&mut self, place: usize, thread_id: Option<&str>, card: &Card, turn: Turn, ids: &IdMap) {
        *self.given.entry(place).or_default() += 1;
        if let Some(id) = thread_id {
            self.threads
                .entry(id.to_owned())
                .or_default()
                .follow(place, card, turn, ids);
        }
    }

    /// Forgets an answer that was refused: its thread is as it was before.
    pub(super) fn take_back(&mut self, place: usize, thread: Option<&(String, Option<Thread>)>) {
        *self.refused.entry(place).or_default() += 1;
        if let Some(given) = self.given.get_mut(&place) {
            *given = given.saturating_sub(1);
        }
        match thread {
            Some((id, Some(thread))) => drop(self.threads.insert(id.clone(), thread.clone())),
            Some((id, None)) => drop(self.threads.remove(id)),
            None => {}
        }
    }
}

impl Thread {
    /// Remembers what answered, and follows its thread.
    pub(super) fn follow(&mut self, place: usize, card: &Card, turn: Turn, ids: &IdMap) {
        *self.given.entry(place).or_default() += 1;
        self.ids = ids.clone();
        match card.reading.kind {
            Kind::Run => {
                self.recorded.clone_from(&card.thread_id);
                self.next = card.place + 1;
                self.runs += 1;
            }
            // Where nobody was before it is the beginning of that thread.
            Kind::Connect if self.recorded.is_none() && turn == Turn::New => {
                self.recorded.clone_from(&card.thread_id);
            }
            Kind::Connect | Kind::Other => {}
        }
    }

    pub(super) fn given(&self, place: usize) -> u32 {
        self.given.get(&place).copied().unwrap_or_default()
    }
}
