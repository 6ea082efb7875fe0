//! What lists show of many exchanges, read from the tables a window at a time.
//!
//! Nothing is folded for it: of what is not derived yet the summary is absent,
//! and the caller opens what it lists.

use std::collections::BTreeMap;

use rusqlite::Connection;
use scrubjay_session::{derive::summary::Summary, exchange::Exchange};

use crate::{
    DERIVE_VERSION, Store, StoreError,
    table::{exchanges, labels, tallies},
};

/// From where a window reaches, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Exchanges of greater numbers, in order.
    After(i64),
    /// Exchanges of smaller numbers, the greatest first.
    Before(i64),
}

/// A window of the exchanges that are not hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: Edge,
    pub count: u32,
}

/// An exchange as lists show it.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Its facts, without header fields, trailers and holes.
    pub exchange: Exchange,
    /// What was derived of it; absent until all of it is.
    pub summary: Option<Summary>,
}

/// How many exchanges of a kind are derived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    pub source: String,
    /// Whether lists of runs show them.
    pub is_run: bool,
    pub count: u64,
}

impl Store {
    /// A window of what lists show.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn overviews(&self, window: Window) -> Result<Vec<Overview>, StoreError> {
        self.read("the exchanges", |conn| overviews(conn, &window))
    }

    /// Exchanges of a source and a thread before one, the latest first, without their labels. Those before an exchange
    /// that may belong to the thread and is not derived yet are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn earlier_in_thread(
        &self,
        exchange: i64,
        source: &str,
        thread_id: &str,
        count: u32,
    ) -> Result<Vec<Overview>, StoreError> {
        let of = (exchange, source, thread_id);
        self.read("the exchanges of a thread", |conn| {
            let tx = conn.unchecked_transaction()?;
            let rows = exchanges::earlier_in_thread(&tx, of, count, DERIVE_VERSION)?;
            let behind = match rows.is_empty() {
                true => None,
                false => exchanges::last_behind(&tx, source, exchange)?,
            };
            let overviews = rows.into_iter().map(Overview::of);
            Ok(overviews
                .take_while(|known| behind.is_none_or(|behind| known.exchange.index >= behind))
                .collect())
        })
    }

    /// How many exchanges are derived, by kind. Those that are not are in [`Store::behind`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn tallies(&self) -> Result<Vec<Tally>, StoreError> {
        self.read("the numbers of exchanges", tallies::read)
    }

    /// As [`Store::tallies`], with the numbers of all that are not derived, as
    /// of one moment: together each exchange is counted once.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn counted(&self) -> Result<(Vec<Tally>, Vec<i64>), StoreError> {
        self.read("the numbers of exchanges", |conn| {
            let tx = conn.unchecked_transaction()?;
            Ok((tallies::read(&tx)?, exchanges::behind(&tx, 0, u32::MAX)?))
        })
    }

    /// Exchanges that are not wholly derived, from a number on, in order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn behind(&self, from: i64, count: u32) -> Result<Vec<i64>, StoreError> {
        self.read("the watermarks", |conn| exchanges::behind(conn, from, count))
    }

    /// The greatest number that was given; zero while there is none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_index(&self) -> Result<i64, StoreError> {
        self.read("the exchanges", exchanges::last_id)
    }

    /// As [`Store::indexes`], of those after a number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn indexes_after(&self, after: i64) -> Result<Vec<i64>, StoreError> {
        self.read("the exchanges", |conn| exchanges::indexes_after(conn, after))
    }
}

fn overviews(conn: &Connection, window: &Window) -> rusqlite::Result<Vec<Overview>> {
    // One transaction, so that the parts belong together.
    let tx = conn.unchecked_transaction()?;
    let rows = exchanges::overviews(&tx, window, DERIVE_VERSION)?;
    let indexes = || rows.iter().map(|(exchange, _)| exchange.index);
    let Some(range) = indexes().min().zip(indexes().max()) else {
        return Ok(Vec::new());
    };
    let mut labelled: BTreeMap<i64, Vec<(String, String)>> = BTreeMap::new();
    for (exchange, label) in labels::read_range(&tx, range)? {
        labelled.entry(exchange).or_default().push(label);
    }
    let overviews = rows.into_iter().map(|(mut exchange, page)| {
        exchange.labels = labelled.remove(&exchange.index).unwrap_or_default();
        Overview::of((exchange, page))
    });
    Ok(overviews.collect())
}

impl Overview {
    fn of((exchange, page): exchanges::Overviewed) -> Self {
        Self {
            exchange,
            // A page that is damaged is made again when the exchange is opened.
            summary: page.and_then(|page| Summary::from_page(&page).ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicBool, Ordering::SeqCst},
        thread,
    };

    use tempfile::TempDir;

    use super::*;
    use crate::Access;

    #[test]
    fn an_exchange_that_becomes_derived_meanwhile_is_counted_once() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("s.db");
        let store = Store::open(&path, Access::Create).unwrap();
        let writer = Connection::open(&path).unwrap();
        let row = "INSERT INTO exchanges (source, upstream, method, target, version, started_at_us, revision) \
                   VALUES ('agent', '', 'GET', '/', '1.1', 1, 1)";
        writer.execute(row, []).unwrap();
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let writer = Connection::open(&path).unwrap();
                writer.execute_batch("PRAGMA synchronous = OFF").unwrap();
                while !is_over.load(SeqCst) {
                    for derived in [DERIVE_VERSION, 0] {
                        writer.execute("UPDATE exchanges SET derived = ?", [derived]).unwrap();
                    }
                }
            });
            let counts: Result<Vec<u64>, StoreError> = (0..2_000)
                .map(|_| {
                    let (tallies, behind) = store.counted()?;
                    Ok(tallies.iter().map(|tally| tally.count).sum::<u64>() + behind.len() as u64)
                })
                .collect();
            is_over.store(true, SeqCst);
            let wrong = counts.unwrap().into_iter().find(|count| *count != 1);
            assert_eq!(wrong, None);
        });
    }
}
