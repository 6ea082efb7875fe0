//! Noticing what changed, in this process and in others.

use std::sync::Arc;

use rusqlite::Connection;
use scrubjay_session::exchange::Ending;

use crate::{
    StoreError, conn,
    place::Place,
    table::{
        exchanges::{self, ChangePlace},
        settings,
    },
};

/// An exchange that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub exchange: i64,
    pub source: String,
    /// It was not there at the last poll that gave all there was.
    pub began: bool,
    pub ending: Ending,
    /// Bytes of the response body so far.
    pub body_len: u64,
    /// When the last thing happened, microseconds since the request head was read.
    pub last_at_us: u64,
    /// Frames known to the deriver so far.
    pub derived_frames: u32,
    pub is_derived: bool,
    pub hidden: bool,
}

/// Exchanges that one poll gives at most; the next one gives the rest.
const AT_ONCE: u32 = 1_000;

/// Follows a store. One for each follower; polling costs some microseconds
/// while nothing changes, so 20 times a second is fine.
#[derive(Debug)]
pub struct Changes {
    conn: Connection,
    place: Arc<Place>,
    /// Moves of the store when the connection was opened.
    moves: usize,
    data_version: i64,
    last: ChangePlace,
    /// The last poll did not give all.
    has_more: bool,
    /// Exchanges up to here were there when all had been given.
    known_id: i64,
    /// The greatest number given since.
    last_id: i64,
}

impl Changes {
    pub(crate) fn open(place: &Arc<Place>) -> Result<Self, StoreError> {
        let moves = place.moves();
        let path = place.path();
        let conn = conn::open_reader(path)?;
        let failed = |source| StoreError::from_read(path, "what changed", source);
        // The version first: what comes between is then seen twice, not missed.
        let data_version = data_version(&conn).map_err(failed)?;
        let revision = settings::revision(&conn).map_err(failed)?;
        let last_id = exchanges::last_id(&conn).map_err(failed)?;
        Ok(Self {
            conn,
            place: Arc::clone(place),
            moves,
            data_version,
            last: (revision, i64::MAX),
            has_more: false,
            known_id: last_id,
            last_id,
        })
    }

    /// What changed since the last poll, or since this was made; of much only
    /// the first, and the next poll goes on. `None`:
    /// nothing at all. An empty list: something beside the exchanges changed
    /// (sources, settings), or exchanges were erased.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn poll(&mut self) -> Result<Option<Vec<Changed>>, StoreError> {
        if self.place.moves() != self.moves {
            self.follow()?;
        }
        self.look()
            .map_err(|source| StoreError::from_read(self.place.path(), "what changed", source))
    }

    /// Goes on where the store lies now. There revisions are older than those of
    /// before if it is another store.
    fn follow(&mut self) -> Result<(), StoreError> {
        let now = Self::open(&self.place)?;
        let begins_anew = now.last.0 < self.last.0;
        (self.conn, self.moves) = (now.conn, now.moves);
        self.has_more = true;
        if begins_anew {
            (self.last, self.known_id, self.last_id) = ((0, 0), 0, 0);
        }
        Ok(())
    }

    fn look(&mut self) -> rusqlite::Result<Option<Vec<Changed>>> {
        let data_version = data_version(&self.conn)?;
        if data_version == self.data_version && !self.has_more {
            return Ok(None);
        }
        let rows = exchanges::changed_since(&self.conn, self.last, AT_ONCE)?;
        self.data_version = data_version;
        self.has_more = rows.len() == AT_ONCE as usize;
        self.last = rows.last().map_or(self.last, |(place, _)| *place);
        let mut changed: Vec<Changed> = rows.into_iter().map(|(_, changed)| changed).collect();
        changed.sort_by_key(|changed| changed.exchange);
        for one in &mut changed {
            one.began = one.exchange > self.known_id;
            self.last_id = self.last_id.max(one.exchange);
        }
        // In the order of changes a later exchange may come first: what began is
        // given as such until all was given.
        if !self.has_more {
            self.known_id = self.last_id;
        }
        Ok(Some(changed))
    }
}

fn data_version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("PRAGMA data_version")?
        .query_row([], |row| row.get(0))
}
