//! The spans that may still go on, by every name they are looked for.

use std::collections::{BTreeMap, BTreeSet};

use super::{Key, Slot};

/// Open items and the span of each. A span may be open under several names: a
/// reasoning message inside of a reasoning span, an item and its lane.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenSpans {
    by_key: BTreeMap<Key, u32>,
    by_span: BTreeSet<(u32, Key)>,
    by_slot: BTreeSet<(Slot, u32, String)>,
    counts: [usize; Slot::ALL.len()],
}

impl OpenSpans {
    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(super) fn get(&self, key: &Key) -> Option<u32> {
        self.by_key.get(key).copied()
    }

    pub(super) fn insert(&mut self, key: Key, ordinal: u32) {
        self.remove(&key);
        self.counts[key.0 as usize] += 1;
        self.by_slot.insert((key.0, ordinal, key.1.clone()));
        self.by_span.insert((ordinal, key.clone()));
        self.by_key.insert(key, ordinal);
    }

    pub(super) fn remove(&mut self, key: &Key) -> Option<u32> {
        let ordinal = self.by_key.remove(key)?;
        self.counts[key.0 as usize] -= 1;
        self.by_slot.remove(&(key.0, ordinal, key.1.clone()));
        self.by_span.remove(&(ordinal, key.clone()));
        Some(ordinal)
    }

    /// Names of a span, in their order.
    pub(super) fn names_of(&self, ordinal: u32) -> impl Iterator<Item = &Key> {
        let first = (ordinal, (Slot::ALL[0], String::new()));
        let names = self.by_span.range(first..);
        names.take_while(move |(open, _)| *open == ordinal).map(|(_, key)| key)
    }

    pub(super) fn is_open(&self, ordinal: u32) -> bool {
        self.names_of(ordinal).next().is_some()
    }

    /// The name and the span that have been open for longest.
    pub(super) fn oldest(&self) -> Option<(Key, u32)> {
        let (ordinal, key) = self.by_span.first()?;
        Some((key.clone(), *ordinal))
    }

    /// The spans that have been open for longest, at most so many.
    pub(super) fn first(&self, count: usize) -> Vec<u32> {
        let mut spans = Vec::new();
        for (ordinal, _) in &self.by_span {
            crate::steps::tick();
            if spans.last() == Some(ordinal) {
                continue;
            }
            if spans.len() == count {
                break;
            }
            spans.push(*ordinal);
        }
        spans
    }

    /// The span that was opened last in a slot.
    pub(super) fn last(&self, slot: Slot) -> Option<u32> {
        // The slots are few and in order, so the end of one is where the next begins.
        let last = match Slot::ALL.get(slot as usize + 1) {
            Some(next) => self.by_slot.range(..(*next, 0, String::new())).next_back(),
            None => self.by_slot.last(),
        };
        let (_, ordinal, _) = last.filter(|(other, ..)| *other == slot)?;
        Some(*ordinal)
    }

    pub(super) fn count(&self, slot: Slot) -> usize {
        self.counts[slot as usize]
    }

    /// Names and spans of a slot, in the order of the names.
    pub(super) fn slot(&self, slot: Slot) -> impl Iterator<Item = (&Key, u32)> {
        let from = (slot, String::new());
        let of_slot = self.by_key.range(from..).take_while(move |(key, _)| key.0 == slot);
        of_slot.map(|(key, ordinal)| (key, *ordinal))
    }

    /// All names and spans, in the order of the names.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Key, u32)> {
        self.by_key.iter().map(|(key, ordinal)| (key, *ordinal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_found_by_each_name() {
        let key = |slot, id: &str| (slot, id.to_owned());
        let mut open = OpenSpans::default();
        open.insert(key(Slot::Tool, "b"), 4);
        open.insert(key(Slot::ChunkLane, ""), 4);
        open.insert(key(Slot::Step, "z"), 1);
        open.insert(key(Slot::Step, "a"), 7);
        assert_eq!((open.last(Slot::Step), open.last(Slot::ChunkLane)), (Some(7), Some(4)));
        assert_eq!((open.last(Slot::Run), open.count(Slot::Step)), (None, 2));
        assert_eq!(open.oldest(), Some((key(Slot::Step, "z"), 1)));
        assert_eq!(open.first(2), [1, 4]);
        assert_eq!(
            open.names_of(4).map(|key| key.0).collect::<Vec<_>>(),
            [Slot::Tool, Slot::ChunkLane]
        );
        open.insert(key(Slot::Tool, "b"), 9);
        assert_eq!(open.remove(&key(Slot::ChunkLane, "")), Some(4));
        assert!(!open.is_open(4) && open.is_open(9) && open.len() == 3);
    }
}
