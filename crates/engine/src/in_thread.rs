//! What only the thread of an exchange shows of it.
//!
//! A store gives the exchanges before it in its thread through an index, and few are read; a recording file is read
//! once from its start.

use std::collections::VecDeque;

use scrubjay_session::{
    exchange::Exchange as Facts,
    query::{FindingEntry, Summary},
    threads,
};
use scrubjay_store::{Edge, Store, Window};

use crate::{EngineError, Exchange, storage::Storage};

/// Exchanges of a thread that are read at once.
const AT_ONCE: u32 = 4;

/// What the request of an exchange says wrongly of what its thread has left open.
pub(crate) fn about(
    storage: &Storage,
    index: i64,
    exchange: &Facts,
    summary: &Summary,
) -> Result<Vec<FindingEntry>, EngineError> {
    let store = match storage {
        Storage::Store(store) => store,
        Storage::File(file) => return file.about_thread(index),
    };
    let mut earlier = Earlier {
        store,
        storage,
        source: &exchange.source,
        thread_id: &summary.thread_id,
        before: index,
        read: VecDeque::new(),
    };
    threads::about(exchange, summary, || earlier.next())
}

/// The same of an exchange that a list shows.
pub(crate) fn about_listed(storage: &Storage, index: i64) -> Result<Vec<FindingEntry>, EngineError> {
    let store = match storage {
        Storage::Store(store) => store,
        Storage::File(file) => return file.about_thread(index),
    };
    let from = Edge::After(index.saturating_sub(1));
    let known = store.overviews(Window { from, count: 1 })?.into_iter().next();
    match known.filter(|known| known.exchange.index == index) {
        // What is not derived yet is counted when it is.
        Some(known) => match known.summary {
            Some(summary) => about(storage, index, &known.exchange, &summary),
            None => Ok(Vec::new()),
        },
        None => Ok(Vec::new()),
    }
}

/// The exchanges before one in its thread, the latest first.
struct Earlier<'a> {
    store: &'a Store,
    storage: &'a Storage,
    source: &'a str,
    thread_id: &'a str,
    before: i64,
    read: VecDeque<scrubjay_store::Overview>,
}

impl Earlier<'_> {
    fn next(&mut self) -> Result<Option<(Facts, Summary)>, EngineError> {
        if self.read.is_empty() {
            let read = self
                .store
                .earlier_in_thread(self.before, self.source, self.thread_id, AT_ONCE)?;
            self.read = read.into();
        }
        let Some(known) = self.read.pop_front() else {
            return Ok(None);
        };
        self.before = known.exchange.index;
        if let Some(summary) = known.summary {
            return Ok(Some((known.exchange, summary)));
        }
        let reader = self
            .storage
            .shelf(self.before)
            .and_then(|shelf| Ok(Exchange::open(shelf)?));
        match reader {
            Err(error) if error.is_gone() => self.next(),
            reader => {
                let reader = reader?;
                Ok(Some((reader.exchange().clone(), reader.summary().clone())))
            }
        }
    }
}
