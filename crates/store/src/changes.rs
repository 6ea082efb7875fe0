//! Noticing what changed, whoever changed it.

use rusqlite::Connection;
use scrubjay_session::exchange::Ending;

use crate::{
    StoreError, conn,
    table::{exchanges, settings},
};

/// An exchange that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Which.
    pub exchange: i64,
    /// Source it came through.
    pub source: String,
    /// It was not there at the last poll.
    pub began: bool,
    /// How it ended.
    pub ending: Ending,
    /// Bytes of the response body so far.
    pub body_len: u64,
    /// When the last thing happened, microseconds since the request head was read.
    pub last_at_us: u64,
    /// Frames known to the deriver so far.
    pub derived_frames: u32,
    /// It is in no list.
    pub hidden: bool,
}

/// Follows a store. One for each follower; polling costs some microseconds
/// while nothing changes, so 20 times a second is fine.
#[derive(Debug)]
pub struct Changes {
    conn: Connection,
    path: std::path::PathBuf,
    data_version: i64,
    revision: i64,
    last_id: i64,
}

impl Changes {
    pub(crate) fn open(path: &std::path::Path) -> Result<Self, StoreError> {
        let conn = conn::open_reader(path)?;
        let failed = |source| StoreError::from_read(path, "what changed", source);
        // The version first: what comes between is then seen twice, not missed.
        let data_version = data_version(&conn).map_err(failed)?;
        let revision = settings::revision(&conn).map_err(failed)?;
        let last_id = exchanges::last_id(&conn).map_err(failed)?;
        Ok(Self {
            conn,
            path: path.to_owned(),
            data_version,
            revision,
            last_id,
        })
    }

    /// What changed since the last poll, or since this was made. `None`:
    /// nothing at all. An empty list: something beside the exchanges changed
    /// (sources, settings), or exchanges were erased.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn poll(&mut self) -> Result<Option<Vec<Changed>>, StoreError> {
        self.look()
            .map_err(|source| StoreError::from_read(&self.path, "what changed", source))
    }

    fn look(&mut self) -> rusqlite::Result<Option<Vec<Changed>>> {
        let data_version = data_version(&self.conn)?;
        if data_version == self.data_version {
            return Ok(None);
        }
        let rows = exchanges::changed_since(&self.conn, self.revision)?;
        self.data_version = data_version;
        self.revision = rows
            .iter()
            .map(|(revision, _)| *revision)
            .max()
            .unwrap_or(self.revision);
        let known = self.last_id;
        let mut changed: Vec<Changed> = rows.into_iter().map(|(_, changed)| changed).collect();
        for one in &mut changed {
            one.began = one.exchange > known;
            self.last_id = self.last_id.max(one.exchange);
        }
        Ok(Some(changed))
    }
}

fn data_version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("PRAGMA data_version")?
        .query_row([], |row| row.get(0))
}
