//! The list over exchanges that lie elsewhere: those of a recording file.
//!
//! Their facts stand in the tables of a store that is in memory, so that a file
//! and a store have one list, one search and one verdict of a run.

use std::{
    fmt,
    path::Path,
    sync::{Mutex, PoisonError},
};

use rusqlite::Connection;
use scrubjay_session::{derive::summary::Summary, exchange::Exchange, verdict};

use crate::{
    Listing, Query, StoreError, deriver, library, schema,
    table::{
        exchanges::{self, Growth, Known, NewExchange},
        labels, runs,
    },
};

/// Stands in messages for a path.
const IN_MEMORY: &str = "in memory";

/// Rows of exchanges, without their bytes and pages.
pub struct Catalogue {
    conn: Mutex<Connection>,
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalogue").finish_non_exhaustive()
    }
}

impl Catalogue {
    /// The list over these exchanges, which keep their numbers.
    ///
    /// # Errors
    /// When SQLite has no room.
    pub fn of(exchanges: &[(Exchange, Summary)]) -> Result<Self, StoreError> {
        let path = Path::new(IN_MEMORY);
        let mut conn = Connection::open_in_memory().map_err(|source| StoreError::from_open(path, source))?;
        schema::migrate(&mut conn, path)?;
        let put = || {
            let tx = conn.unchecked_transaction()?;
            for (exchange, summary) in exchanges {
                put(&tx, exchange, summary)?;
            }
            tx.commit()
        };
        put().map_err(|source| StoreError::from_write(path, "the exchanges", source))?;
        Ok(Self { conn: Mutex::new(conn) })
    }

    /// A window of the list, as [`Store::list`](crate::Store::list) gives it.
    ///
    /// # Errors
    /// When SQLite has no room.
    pub fn list(&self, query: &Query) -> Result<Listing, StoreError> {
        let conn = self.conn.lock().unwrap_or_else(PoisonError::into_inner);
        let listing = library::list(&conn, query);
        listing.map_err(|source| StoreError::from_read(Path::new(IN_MEMORY), "the library", source))
    }
}

fn put(conn: &Connection, exchange: &Exchange, summary: &Summary) -> rusqlite::Result<()> {
    let id = exchange.index;
    let new = NewExchange {
        id: Some(id),
        spool: None,
        source: &exchange.source,
        upstream: &exchange.upstream,
        head: &exchange.request,
        started_at_us: exchange.started_at_us,
        revision: 0,
    };
    exchanges::insert(conn, &new)?;
    if let Some(response) = &exchange.response {
        exchanges::set_response(conn, id, response, exchange.response_at_us)?;
    }
    for (key, value) in &exchange.labels {
        labels::add(conn, id, key, value)?;
    }
    let growth = Growth {
        request_len: exchange.request_len,
        request_chunks: 0,
        body_len: exchange.body_len,
        chunks: exchange.chunk_count,
        last_at_us: exchange.last_at_us,
    };
    exchanges::grow(conn, id, &growth, 0)?;
    exchanges::end(conn, id, exchange.ending, 0)?;
    let known = Known {
        frames: summary.frames,
        is_run: verdict::is_run(exchange, summary),
        derived: 0,
    };
    exchanges::set_known(conn, id, known, 0)?;
    runs::replace(conn, id, &deriver::run_rows(exchange, summary))
}
