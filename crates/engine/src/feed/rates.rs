//! How many frames pass at each source.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::clock::Mark;

/// Frames count for so long.
const WINDOW: Duration = Duration::from_secs(1);

/// Frames derived per source within the last second.
#[derive(Default)]
pub(crate) struct Rates {
    recent: Mutex<VecDeque<(Mark, String, u32)>>,
}

impl Rates {
    pub(super) fn add(&self, source: &str, frames: u32) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.push_back((Mark::now(), source.to_owned(), frames));
        while recent.front().is_some_and(|(at, ..)| at.age() > WINDOW) {
            recent.pop_front();
        }
    }

    /// Frames of a source in the last second.
    pub(crate) fn of(&self, source: &str) -> u32 {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent
            .iter()
            .filter(|(at, name, _)| name == source && at.age() <= WINDOW)
            .map(|(.., frames)| frames)
            .sum()
    }
}
