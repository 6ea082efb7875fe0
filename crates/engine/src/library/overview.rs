//! What lists and checks say of many exchanges, a window at a time.

use scrubjay_session::{
    exchange::Exchange as Facts,
    query::{FindingEntry, Summary, stored_findings},
};
use scrubjay_store::{Edge, Tally, Window};

use crate::{EngineError, Exchange, in_thread, library::Library, storage::Storage};

/// An exchange as lists show it.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Its facts; of a store without header fields, trailers and holes.
    pub exchange: Facts,
    /// What was derived of it.
    pub summary: Summary,
    /// It stands in the store's pages; else it was derived now.
    is_stored: bool,
}

/// How many exchanges there are that need not be looked at to be counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tallies {
    /// By source and kind.
    pub tallies: Vec<Tally>,
    /// Those that are counted only by looking at them, in order.
    pub uncounted: Vec<i64>,
}

impl Library {
    /// A window of what lists show; empty after the last.
    pub(crate) fn overviews(&self, window: Window) -> Result<Vec<Overview>, EngineError> {
        match &self.storage {
            Storage::Store(store) => {
                let rows = store.overviews(window)?.into_iter();
                rows.filter_map(|row| match row.summary {
                    Some(summary) => Some(Ok(Overview::stored(row.exchange, summary))),
                    None => self.derived_now(row.exchange.index).transpose(),
                })
                .collect()
            }
            Storage::File(file) => {
                let indexes = file.indexes();
                let count = window.count as usize;
                let wanted: Vec<i64> = match window.from {
                    Edge::After(edge) => indexes.filter(|index| *index > edge).take(count).collect(),
                    Edge::Before(edge) => indexes.rev().filter(|index| *index < edge).take(count).collect(),
                };
                let overviews = wanted.into_iter();
                overviews
                    .filter_map(|index| self.derived_now(index).transpose())
                    .collect()
            }
        }
    }

    /// One exchange as lists show it; `None` if it is gone.
    pub(crate) fn overview(&self, exchange: i64) -> Result<Option<Overview>, EngineError> {
        if let Storage::Store(store) = &self.storage {
            let from = Edge::After(exchange.saturating_sub(1));
            let found = store.overviews(Window { from, count: 1 })?.into_iter().next();
            let Some(found) = found.filter(|found| found.exchange.index == exchange) else {
                return Ok(None);
            };
            if let Some(summary) = found.summary {
                return Ok(Some(Overview::stored(found.exchange, summary)));
            }
        }
        // Mostly the same exchange is asked for again: the reader is kept for a while.
        unless_gone(self.readers.with(exchange, |reader| Ok(Overview::of(reader))))
    }

    /// The numbers of exchanges, as far as they are known without looking at each; `None` for a file.
    pub(crate) fn tallies(&self) -> Result<Option<Tallies>, EngineError> {
        match &self.storage {
            Storage::Store(store) => {
                let (tallies, uncounted) = store.counted()?;
                Ok(Some(Tallies { tallies, uncounted }))
            }
            Storage::File(_) => Ok(None),
        }
    }

    /// What only the thread of an exchange shows of it.
    pub(crate) fn about_thread(&self, overview: &Overview) -> Result<Vec<FindingEntry>, EngineError> {
        let index = overview.exchange.index;
        in_thread::about(&self.storage, index, &overview.exchange, &overview.summary)
    }

    /// What was found in an exchange, in the order of frames.
    pub(crate) fn findings(&self, overview: &Overview) -> Result<Vec<FindingEntry>, EngineError> {
        if overview.summary.findings == [0; 3] {
            return Ok(Vec::new());
        }
        let shelf = self.storage.shelf(overview.exchange.index)?;
        if overview.is_stored
            && let Some(findings) = stored_findings(&shelf, &overview.summary)?
        {
            return Ok(findings);
        }
        Ok(Exchange::open(shelf)?.findings(0..u32::MAX, usize::MAX)?)
    }

    /// An exchange that is derived for this answer; `None` if it is gone.
    fn derived_now(&self, exchange: i64) -> Result<Option<Overview>, EngineError> {
        let reader = self
            .storage
            .shelf(exchange)
            .and_then(|shelf| Ok(Exchange::open(shelf)?));
        unless_gone(reader.map(|reader| Overview::of(&reader)))
    }
}

fn unless_gone(found: Result<Overview, EngineError>) -> Result<Option<Overview>, EngineError> {
    match found {
        Err(error) if error.is_gone() => Ok(None),
        found => found.map(Some),
    }
}

impl Overview {
    fn stored(exchange: Facts, summary: Summary) -> Self {
        Self {
            exchange,
            summary,
            is_stored: true,
        }
    }

    fn of(reader: &Exchange) -> Self {
        Self {
            exchange: reader.exchange().clone(),
            summary: reader.summary().clone(),
            is_stored: false,
        }
    }
}
