//! Which runs of a thread belong together: found by ids in the exchanges around one of them.

use scrubjay_ipc::{RunLinks, answer};
use scrubjay_session::links::{self, Member};
use scrubjay_store::{Edge, Window};

use super::{Library, overview::Overview};
use crate::EngineError;

/// Exchanges of the thread that are looked at, on each side.
const AROUND: usize = 100;

impl Library {
    /// How the runs of an exchange hang together with others of its thread.
    pub(super) fn links(&self, exchange: i64) -> Result<RunLinks, EngineError> {
        let Some(own) = self.overview(exchange)? else {
            return Err(EngineError::NoSuchExchange { index: exchange });
        };
        let mut thread: Vec<(i64, Overview)> = Vec::new();
        for number in self.around(exchange, &own.summary.thread_id)? {
            if number == exchange {
                thread.push((number, own.clone()));
            } else {
                // Readers that are kept stay: what is looked at is one of them.
                let from = Edge::After(number.saturating_sub(1));
                let found = self.overviews(Window { from, count: 1 })?.into_iter();
                thread.extend(found.map(|found| (found.exchange.index, found)));
            }
        }
        let members = thread.iter().map(|(number, overview)| Member {
            exchange: *number,
            source: &overview.exchange.source,
            summary: &overview.summary,
        });
        Ok(answer::links(links::links(exchange, members)))
    }

    /// Exchanges of the thread around one of them, in their order.
    fn around(&self, exchange: i64, thread: &str) -> Result<Vec<i64>, EngineError> {
        let mut numbers = vec![exchange];
        if !thread.is_empty() {
            match self.storage.thread(thread) {
                Err(EngineError::NoSuchThread { .. }) => {}
                found => numbers.extend(found?),
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        let here = numbers.partition_point(|number| *number < exchange);
        let end = (here + AROUND + 1).min(numbers.len());
        Ok(numbers[here.saturating_sub(AROUND)..end].to_vec())
    }
}
