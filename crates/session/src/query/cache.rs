//! A bounded cache: what was used longest ago goes first.

use std::{collections::BTreeMap, sync::Arc};

/// Values by key, up to a number of them.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    entries: BTreeMap<K, (u64, Arc<V>)>,
    capacity: usize,
    clock: u64,
}

impl<K: Ord + Copy, V> Cache<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            entries: BTreeMap::new(),
            capacity,
            clock: 0,
        }
    }

    pub(crate) fn get(&mut self, key: K) -> Option<Arc<V>> {
        self.clock += 1;
        let (used, value) = self.entries.get_mut(&key)?;
        *used = self.clock;
        Some(Arc::clone(value))
    }

    pub(crate) fn insert(&mut self, key: K, value: Arc<V>) {
        if self.entries.len() >= self.capacity {
            self.shrink();
        }
        self.entries.insert(key, (self.clock, value));
    }

    pub(crate) fn remove(&mut self, key: K) {
        self.entries.remove(&key);
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    /// Lets go of the older half at once, so that it is rarely needed.
    fn shrink(&mut self) {
        let mut used: Vec<u64> = self.entries.values().map(|(used, _)| *used).collect();
        used.sort_unstable();
        let bar = used[used.len() / 2];
        self.entries.retain(|_, (used, _)| *used > bar);
    }
}
