//! Stretches of response bodies for which nothing was recorded.

use rusqlite::{Connection, params};
use scrubjay_session::exchange::Hole;

use super::{int, nat};
use crate::schema::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE holes (
            exchange INTEGER NOT NULL,
            offset INTEGER NOT NULL,
            len INTEGER,
            PRIMARY KEY (exchange, offset)
          ) WITHOUT ROWID, STRICT;",
}];

/// Enters a hole, or gives the one at that offset its length.
pub(crate) fn put(conn: &Connection, exchange: i64, hole: Hole) -> rusqlite::Result<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO holes VALUES (?, ?, ?)")?
        .execute(params![exchange, int(hole.offset), hole.len.map(int)])
        .map(drop)
}

/// Removes a hole that turned out to have no length.
pub(crate) fn remove_at(conn: &Connection, exchange: i64, offset: u64) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM holes WHERE exchange = ? AND offset = ? AND len IS NULL")?
        .execute(params![exchange, int(offset)])
        .map(drop)
}

pub(crate) fn read(conn: &Connection, exchange: i64) -> rusqlite::Result<Vec<Hole>> {
    conn.prepare_cached("SELECT offset, len FROM holes WHERE exchange = ? ORDER BY offset")?
        .query_map([exchange], |row| {
            Ok(Hole {
                offset: nat(row.get(0)?),
                len: row.get::<_, Option<i64>>(1)?.map(nat),
            })
        })?
        .collect()
}

pub(crate) fn delete(conn: &Connection, exchange: i64) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM holes WHERE exchange = ?", [exchange])
        .map(drop)
}
