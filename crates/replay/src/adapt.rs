//! The ids of a request in place of the recorded ones.
//!
//! An id is put in where the recorded one is the whole value of a string:
//! in an event, an echoed input, a snapshot, a provider's own event, and in
//! JSON text that stands inside a string (a tool's result, say); and where it
//! is the whole value of a header field. Names of members and everything else
//! stay byte for byte: what is new is spliced in. In the binary transport the
//! lengths around it are mended. An encoded body is decoded first, and loses
//! its `content-encoding`; `content-length` goes, because lengths change.
//!
//! Some ids could be ordinary words: a thread called `1`, a message called
//! `user`. Such a *plain* id, of fewer than eight characters or without a
//! digit, is put in only where the member's name speaks of ids (`threadId`,
//! `run_id`, `ids`, `thread`), so that a text `1` stays one.
//!
//! When an answer is given again in the same thread, the ids that the agent
//! made must not be given again, or the client would take the new message for
//! the old one: they become [`IdMap::again`] of themselves.
//!
//! A chunk that ended at some place of a frame ends at the same place of the
//! adapted one, and inside an id at the same distance from its start.

mod adapter;
pub(crate) mod names;
mod put;
mod splice;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use self::{adapter::Adapter, put::Putter};

/// What stands between an id and how often it was given.
const AGAIN: char = '~';

/// Recorded ids and what stands for them now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdMap {
    /// By recorded id. One id may name several things: a client may call a
    /// thread and its first run alike.
    pairs: BTreeMap<String, Vec<(IdKind, String)>>,
    live: BTreeSet<String>,
    turn: Option<u32>,
}

/// What an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdKind {
    Thread,
    Run,
    /// Anything else: a message, a tool call, an interrupt.
    Other,
}

impl IdMap {
    /// Puts `live` in the place of `recorded`, unless something stands for
    /// that already.
    pub fn insert(&mut self, kind: IdKind, recorded: &str, live: &str) {
        let pairs = self.pairs.entry(recorded.to_owned()).or_default();
        if pairs.iter().all(|(known, _)| *known != kind) {
            pairs.push((kind, live.to_owned()));
            self.live.insert(live.to_owned());
        }
    }

    /// Puts `live` in the place of `recorded`, replacing an earlier entry.
    pub fn set(&mut self, kind: IdKind, recorded: &str, live: &str) {
        let pairs = self.pairs.entry(recorded.to_owned()).or_default();
        pairs.retain(|(known, _)| *known != kind);
        pairs.push((kind, live.to_owned()));
        self.live.insert(live.to_owned());
    }

    /// Says that this is the answer's `turn`-th time in its thread, from 2:
    /// ids that the agent made get a mark.
    pub fn set_turn(&mut self, turn: u32) {
        self.turn = (turn > 1).then_some(turn);
    }

    /// What stands for a recorded id of this kind; for want of that, what
    /// stands for it as anything else.
    pub fn get(&self, kind: IdKind, recorded: &str) -> Option<&str> {
        let pairs = self.pairs.get(recorded)?;
        let exact = pairs.iter().find(|(known, _)| *known == kind);
        exact.or_else(|| pairs.first()).map(|(_, live)| live.as_str())
    }

    /// Whether a request's id is what stands for a recorded one: by this map,
    /// or because it is the same, or the same given again.
    pub fn stands_for(&self, kind: IdKind, recorded: &str, live: &str) -> bool {
        self.get(kind, recorded) == Some(live) || without_turn(live) == recorded
    }

    /// A recorded id on the answer's `turn`-th time: the id, `~` and the number.
    pub fn again(recorded: &str, turn: u32) -> String {
        format!("{recorded}{AGAIN}{turn}")
    }

    /// Recorded ids and what stands for each.
    pub fn iter(&self) -> impl Iterator<Item = (IdKind, &str, &str)> {
        self.pairs.iter().flat_map(|(recorded, pairs)| {
            pairs
                .iter()
                .map(move |(kind, live)| (*kind, recorded.as_str(), live.as_str()))
        })
    }

    /// The map from live ids back to the recorded ones.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let mut inverse = Self::default();
        for (kind, recorded, live) in self.iter() {
            inverse.insert(kind, live, recorded);
        }
        inverse
    }

    /// Whether something stands for a recorded id of just this kind.
    pub(crate) fn has(&self, kind: IdKind, recorded: &str) -> bool {
        let pairs = self.pairs.get(recorded);
        pairs.is_some_and(|pairs| pairs.iter().any(|(known, _)| *known == kind))
    }

    fn knows(&self, id: &str) -> bool {
        self.pairs.contains_key(id) || self.live.contains(id)
    }
}

/// An id without the mark of [`IdMap::again`].
fn without_turn(id: &str) -> &str {
    match id.rsplit_once(AGAIN) {
        Some((recorded, turn)) if !turn.is_empty() && turn.bytes().all(|byte| byte.is_ascii_digit()) => recorded,
        Some(_) | None => id,
    }
}
