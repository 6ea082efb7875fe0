//! What lists and checks say of many exchanges, a window at a time.

use scrubjay_session::{
    exchange::Exchange as Facts,
    query::{FindingEntry, Summary, stored_findings},
};
use scrubjay_store::{Edge, Tally, Window};

use crate::{
    Engine, EngineError, Exchange,
    engine::{Home, Inner},
};

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

impl Engine {
    /// A window of what lists show; empty behind the last.
    ///
    /// # Errors
    /// When the recordings cannot be read.
    pub fn overviews(&self, window: Window) -> Result<Vec<Overview>, EngineError> {
        match self.inner().home() {
            Home::Store(home) => {
                let rows = home.store.overviews(window)?.into_iter();
                rows.filter_map(|row| match row.summary {
                    Some(summary) => Some(Ok(Overview {
                        exchange: row.exchange,
                        summary,
                        is_stored: true,
                    })),
                    None => self.inner().derived_now(row.exchange.index).transpose(),
                })
                .collect()
            }
            Home::File(home) => {
                let indexes = home.indexes().into_iter();
                let wanted: Vec<i64> = match window.from {
                    Edge::After(edge) => indexes
                        .filter(|index| *index > edge)
                        .take(window.count as usize)
                        .collect(),
                    Edge::Before(edge) => {
                        let before = indexes.rev().filter(|index| *index < edge);
                        before.take(window.count as usize).collect()
                    }
                };
                let overviews = wanted
                    .into_iter()
                    .filter_map(|index| self.inner().derived_now(index).transpose());
                overviews.collect()
            }
        }
    }

    /// One exchange as lists show it; `None` if it is gone.
    ///
    /// # Errors
    /// When the recordings cannot be read.
    pub fn overview(&self, exchange: i64) -> Result<Option<Overview>, EngineError> {
        if let Home::Store(home) = self.inner().home() {
            let from = Edge::After(exchange.saturating_sub(1));
            let found = home.store.overviews(Window { from, count: 1 })?.into_iter().next();
            match found.filter(|found| found.exchange.index == exchange) {
                None => return Ok(None),
                Some(found) => {
                    if let Some(summary) = found.summary {
                        return Ok(Some(Overview {
                            exchange: found.exchange,
                            summary,
                            is_stored: true,
                        }));
                    }
                }
            }
        }
        // Mostly the same exchange is asked for again: the reader is kept for a while.
        let derived = self.with(exchange, |reader| Ok(Overview::of(reader)));
        match derived {
            Err(error) if error.is_gone() => Ok(None),
            derived => Ok(Some(derived?)),
        }
    }

    /// The numbers of exchanges, as far as they are known without looking at each; `None` for a file.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn tallies(&self) -> Result<Option<Tallies>, EngineError> {
        match self.inner().home() {
            Home::Store(home) => {
                let (tallies, uncounted) = home.store.counted()?;
                Ok(Some(Tallies { tallies, uncounted }))
            }
            Home::File(_) => Ok(None),
        }
    }

    /// What was found in an exchange, in the order of frames.
    ///
    /// # Errors
    /// When the recordings cannot be read.
    pub fn findings(&self, overview: &Overview) -> Result<Vec<FindingEntry>, EngineError> {
        if overview.summary.findings == [0; 3] {
            return Ok(Vec::new());
        }
        let shelf = self.shelf(overview.exchange.index)?;
        if overview.is_stored
            && let Some(findings) = stored_findings(&shelf, &overview.summary)?
        {
            return Ok(findings);
        }
        Ok(Exchange::open(shelf)?.findings(0..u32::MAX, usize::MAX)?)
    }

    /// The greatest number of an exchange; `None` while there is none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_exchange(&self) -> Result<Option<i64>, EngineError> {
        match self.inner().home() {
            Home::Store(home) => Ok(Some(home.store.last_index()?).filter(|index| *index > 0)),
            Home::File(home) => Ok(home.indexes().last().copied()),
        }
    }

    /// Numbers of the exchanges behind one, in order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn exchanges_after(&self, exchange: i64) -> Result<Vec<i64>, EngineError> {
        match self.inner().home() {
            Home::Store(home) => Ok(home.store.indexes_after(exchange)?),
            Home::File(home) => Ok(home.indexes().into_iter().filter(|index| *index > exchange).collect()),
        }
    }
}

impl Inner {
    /// An exchange that is derived for this answer; `None` if it is gone.
    fn derived_now(&self, exchange: i64) -> Result<Option<Overview>, EngineError> {
        match self.shelf(exchange).and_then(|shelf| Ok(Exchange::open(shelf)?)) {
            Ok(reader) => Ok(Some(Overview::of(&reader))),
            Err(error) if error.is_gone() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Overview {
    fn of(reader: &Exchange) -> Self {
        Self {
            exchange: reader.exchange().clone(),
            summary: reader.summary().clone(),
            is_stored: false,
        }
    }
}
