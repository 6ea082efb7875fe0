//! Which exchanges to look at next.

use std::collections::BTreeSet;

/// Exchanges remembered at most.
pub(super) const LIMIT: usize = 4_096;

/// Exchanges to look at, the newest first. Of more than it holds the oldest
/// are forgotten; then it only knows from which number on there are some.
#[derive(Debug, Default)]
pub(super) struct Queue {
    known: BTreeSet<i64>,
    /// The smallest that was forgotten.
    forgotten_from: Option<i64>,
}

impl Queue {
    pub(super) fn extend(&mut self, indexes: impl IntoIterator<Item = i64>) {
        for index in indexes {
            self.known.insert(index);
            if self.known.len() > LIMIT
                && let Some(oldest) = self.known.pop_first()
            {
                self.forget_from(oldest);
            }
        }
    }

    /// From here on there may be some that are not in the queue.
    pub(super) fn forget_from(&mut self, index: i64) {
        let from = self.forgotten_from.map_or(index, |from| from.min(index));
        self.forgotten_from = Some(from);
    }

    /// Where to look for what was forgotten, once there is room for it.
    pub(super) fn take_forgotten(&mut self) -> Option<i64> {
        match self.known.len() < LIMIT / 2 {
            true => self.forgotten_from.take(),
            false => None,
        }
    }

    pub(super) fn remove(&mut self, index: i64) {
        self.known.remove(&index);
    }

    /// So many to look at now: the newest first, because those are looked at
    /// most, and some of the oldest, so that none waits for ever.
    pub(super) fn round(&self, count: usize) -> Vec<i64> {
        let old = count / 4;
        let newest = self.known.iter().rev().take(count - old);
        let beginning = newest.clone().next_back().copied();
        let oldest = self.known.iter().take(old);
        let oldest = oldest.take_while(|index| beginning.is_some_and(|beginning| **index < beginning));
        newest.chain(oldest).copied().collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_names_each_once() {
        let mut queue = Queue::default();
        assert!(queue.round(4).is_empty());
        queue.extend([1, 2, 3]);
        assert_eq!(queue.round(4), [3, 2, 1]);
        queue.extend([4, 5]);
        assert_eq!(queue.round(4), [5, 4, 3, 1]);
        assert_eq!(queue.round(100), [5, 4, 3, 2, 1]);
    }

    #[test]
    fn what_does_not_fit_is_found_again() {
        let mut queue = Queue::default();
        queue.extend(1..=LIMIT as i64 + 3);
        assert_eq!(
            queue.round(4),
            [LIMIT as i64 + 3, LIMIT as i64 + 2, LIMIT as i64 + 1, 4]
        );
        assert_eq!(queue.take_forgotten(), None, "there is no room yet");
        for index in 4..=LIMIT as i64 + 3 {
            assert!(!queue.is_empty());
            queue.remove(index);
        }
        assert!(queue.is_empty());
        assert_eq!(queue.take_forgotten(), Some(1));
        assert_eq!(queue.take_forgotten(), None);
    }
}
