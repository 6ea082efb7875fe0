//! What was answered, and why.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::matching::Difference;

/// Answers that are remembered.
const KEPT: usize = 10_000;

/// An answer that was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// The request's number, from 1.
    pub request: u64,
    /// Wall clock, microseconds since 1970.
    pub at_us: i64,
    pub method: String,
    /// Path and query of the request.
    pub target: String,
    /// What it asks of CopilotKit's single endpoint; empty for another one.
    pub endpoint_method: String,
    /// Status sent; 0 when the connection was broken off without one.
    pub status: u16,
    /// The exchange it was answered with; absent for a miss and for the replay's own answers.
    pub exchange: Option<i64>,
    /// Nothing recorded answers it.
    pub is_miss: bool,
    /// The exchanges that come closest to a miss, closest first.
    pub nearest: Vec<i64>,
    /// Why that one, or why none, as a sentence without a full stop.
    pub why: String,
    /// Where the request differs from the recorded one.
    pub differences: Vec<Difference>,
    /// Names of recorded fields that were left out of the answer.
    pub omitted: Vec<String>,
}

#[derive(Default)]
struct Pages {
    answers: VecDeque<Answered>,
    total: u64,
}

/// All answers, as far as they are remembered.
#[derive(Default)]
pub(crate) struct AnswerLog {
    pages: Mutex<Pages>,
}

impl AnswerLog {
    pub(crate) fn write(&self, answered: Answered) {
        let mut pages = self.pages();
        pages.total += 1;
        if pages.answers.len() == KEPT {
            pages.answers.pop_front();
        }
        pages.answers.push_back(answered);
    }

    /// In the order in which they were given. Numbers of requests may swap
    /// places there, so what counts is the place: `seen` answers are left out.
    pub(crate) fn after(&self, seen: u64) -> Vec<Answered> {
        let pages = self.pages();
        let gone = pages.total - pages.answers.len() as u64;
        let skip = usize::try_from(seen.saturating_sub(gone)).unwrap_or(usize::MAX);
        pages.answers.iter().skip(skip).cloned().collect()
    }

    pub(crate) fn total(&self) -> u64 {
        self.pages().total
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_answers_are_remembered() {
        let log = AnswerLog::default();
        for request in 1..=KEPT as u64 + 5 {
            log.write(Answered {
                request,
                ..Answered::default()
            });
        }
        assert_eq!(log.after(0).first().map(|answered| answered.request), Some(6));
        assert_eq!(log.after(KEPT as u64 + 4).len(), 1);
        assert_eq!(log.after(log.total()), []);
    }
}
