//! How far each exchange has been derived.

use rusqlite::{Connection, OptionalExtension as _, params};
use scrubjay_session::shelf::Watermark;

use super::{int, nat, small};
use crate::schema::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE derivations (
            exchange INTEGER PRIMARY KEY,
            version INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            offset INTEGER NOT NULL,
            finished INTEGER NOT NULL
          ) STRICT;",
}];

/// The version under which it was derived, and the watermark.
pub(crate) fn read(conn: &Connection, exchange: i64) -> rusqlite::Result<Option<(u32, Watermark)>> {
    conn.prepare_cached("SELECT version, seq, offset, finished FROM derivations WHERE exchange = ?")?
        .query_row([exchange], |row| {
            let mark = Watermark {
                seq: small(row.get(1)?),
                offset: nat(row.get(2)?),
                finished: row.get(3)?,
            };
            Ok((row.get(0)?, mark))
        })
        .optional()
}

pub(crate) fn put(conn: &Connection, exchange: i64, version: u32, mark: Watermark) -> rusqlite::Result<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO derivations VALUES (?, ?, ?, ?, ?)")?
        .execute(params![exchange, version, mark.seq, int(mark.offset), mark.finished])
        .map(drop)
}

pub(crate) fn delete(conn: &Connection, exchange: i64) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM derivations WHERE exchange = ?", [exchange])
        .map(drop)
}
