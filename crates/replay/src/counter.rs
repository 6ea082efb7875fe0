//! A count that clones share.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// A count that copies share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counter(Arc<AtomicU64>);

impl Counter {
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    pub(crate) fn times(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// What came to pass is no part of what was asked for.
impl PartialEq for Counter {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for Counter {}
