//! Connections: how they are opened, and what SQLite's errors mean here.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::{StoreError, os, place::Place};

/// How long a statement waits for another process's lock before it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Ten seconds: for what a user asked for.
    Long,
    /// A fifth of a second: for a thread that looks around and tries again.
    Short,
}

/// Between looks at a lock. SQLite's own handler soon sleeps for 100 ms, and
/// misses the moments in which a busy process lets go.
const LOOK_AGAIN: Duration = Duration::from_millis(4);

/// Sets how long statements wait.
pub(crate) fn set_patience(conn: &mut Connection, patience: Patience) -> rusqlite::Result<()> {
    fn wait(tries: i32, limit: i32) -> bool {
        std::thread::sleep(LOOK_AGAIN);
        tries < limit
    }
    conn.busy_handler(Some(match patience {
        Patience::Long => |tries| wait(tries, 2500),
        Patience::Short => |tries| wait(tries, 50),
    }))
}

/// Readers kept for later use at most.
const POOL_LEN: usize = 8;

impl StoreError {
    /// What an error on opening means.
    pub(crate) fn from_open(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotAStore { path },
            _ => Self::classified(&path.clone(), source, |source| Self::Open { path, source }),
        }
    }

    /// What an error on reading means.
    pub(crate) fn from_read(path: &Path, what: &'static str, source: rusqlite::Error) -> Self {
        Self::classified(path, source, |source| Self::Read {
            what,
            path: path.to_owned(),
            source,
        })
    }

    /// What an error on writing means.
    pub(crate) fn from_write(path: &Path, what: &'static str, source: rusqlite::Error) -> Self {
        Self::classified(path, source, |source| Self::Write {
            what,
            path: path.to_owned(),
            source,
        })
    }

    fn classified(path: &Path, source: rusqlite::Error, otherwise: impl FnOnce(rusqlite::Error) -> Self) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged {
                path,
                detail: source.to_string(),
            },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            _ => otherwise(source),
        }
    }
}

/// Whether trying again may help without anything else changing.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// Opens for writing. The file exists.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::from_open(path, source);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(path, flags).map_err(failed)?;
    set_patience(&mut conn, Patience::Long).map_err(failed)?;
    conn.execute_batch(
        "PRAGMA synchronous = NORMAL;
         PRAGMA journal_size_limit = 16777216;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -4000;",
    )
    .map_err(failed)?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

/// Opens for reading.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(|source| StoreError::from_open(path, source))?;
    prepare_reader(conn, path).or_else(|failure| match failure {
        // A store in a folder that cannot be written to, or on a full disk, has
        // no room for the shared memory of a WAL; no process can be writing it, either.
        StoreError::Open { .. } | StoreError::ReadOnly { .. } => open_frozen(path),
        other => Err(other),
    })
}

/// Opens a store that cannot change.
fn open_frozen(path: &Path) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::from_open(path, source);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    // A process that was killed, or had no disk left, leaves exchanges in the WAL. SQLite reads
    // one without shared memory only where it alone may have the file, which
    // takes a lock that a file for reading does not give: so without locks.
    let has_wal = cfg!(unix) && os::file_bytes(&os::beside(path, "-wal")) > 0;
    let how = if has_wal { "vfs=unix-none" } else { "immutable=1" };
    let conn = Connection::open_with_flags(uri(path, how), flags).map_err(failed)?;
    if has_wal {
        conn.query_row("PRAGMA locking_mode = EXCLUSIVE", [], |_| Ok(()))
            .map_err(failed)?;
    }
    prepare_reader(conn, path)
}

fn uri(path: &Path, how: &str) -> String {
    let mut uri = String::from("file:");
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02x}")),
        }
    }
    uri.push('?');
    uri.push_str(how);
    uri
}

fn prepare_reader(mut conn: Connection, path: &Path) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::from_open(path, source);
    set_patience(&mut conn, Patience::Long).map_err(failed)?;
    conn.execute_batch("PRAGMA cache_size = -4000; SELECT count(*) FROM sqlite_schema;")
        .map_err(failed)?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

/// Connections for readers, made when needed and kept for the next.
#[derive(Debug)]
pub(crate) struct Pool {
    place: Arc<Place>,
    idle: Mutex<Idle>,
}

#[derive(Debug, Default)]
struct Idle {
    conns: Vec<Connection>,
    /// Moves of the place when they were opened.
    moves: usize,
}

impl Pool {
    pub(crate) fn new(place: Arc<Place>) -> Self {
        Self {
            place,
            idle: Mutex::default(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.place.path()
    }

    pub(crate) fn place(&self) -> &Arc<Place> {
        &self.place
    }

    /// Runs a reading with a connection of its own.
    pub(crate) fn read<T>(
        &self,
        what: &'static str,
        reading: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let moves = self.place.moves();
        let idle = self.idle(moves).conns.pop();
        let conn = match idle {
            Some(conn) => conn,
            None => open_reader(self.path())?,
        };
        let answer = reading(&conn).map_err(|source| StoreError::from_read(self.path(), what, source));
        let mut idle = self.idle(moves);
        if idle.conns.len() < POOL_LEN && idle.moves == moves {
            idle.conns.push(conn);
        }
        answer
    }

    /// The idle connections, without those to where the store was before.
    fn idle(&self, moves: usize) -> MutexGuard<'_, Idle> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.moves < moves {
            idle.conns.clear();
            idle.moves = moves;
        }
        idle
    }
}
