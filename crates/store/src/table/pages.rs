//! Pages that `session` derived and only `session` can read.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};
use scrubjay_session::shelf::{Page, PageKind};

use super::nat;
use crate::schema::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE pages (
            exchange INTEGER NOT NULL,
            kind INTEGER NOT NULL,
            number INTEGER NOT NULL,
            bytes BLOB NOT NULL,
            PRIMARY KEY (exchange, kind, number)
          ) WITHOUT ROWID, STRICT;",
}];

/// Numbers use all 64 bits, and SQLite's are signed: the order is kept.
pub(crate) fn key(number: u64) -> i64 {
    (number ^ (1 << 63)).cast_signed()
}

fn number(key: i64) -> u64 {
    key.cast_unsigned() ^ (1 << 63)
}

pub(crate) fn put(conn: &Connection, exchange: i64, page: &Page) -> rusqlite::Result<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?)")?
        .execute(params![exchange, page.kind as u8, key(page.number), &*page.bytes])
        .map(drop)
}

pub(crate) fn read(
    conn: &Connection,
    exchange: i64,
    kind: PageKind,
    number: u64,
) -> rusqlite::Result<Option<Arc<[u8]>>> {
    conn.prepare_cached("SELECT bytes FROM pages WHERE exchange = ? AND kind = ? AND number = ?")?
        .query_row(params![exchange, kind as u8, key(number)], |row| {
            Ok(row.get_ref(0)?.as_blob()?.into())
        })
        .optional()
}

pub(crate) fn read_at_or_before(
    conn: &Connection,
    exchange: i64,
    kind: PageKind,
    at: u64,
) -> rusqlite::Result<Option<(u64, Arc<[u8]>)>> {
    conn.prepare_cached(
        "SELECT number, bytes FROM pages WHERE exchange = ? AND kind = ? AND number <= ? ORDER BY number DESC LIMIT 1",
    )?
    .query_row(params![exchange, kind as u8, key(at)], |row| {
        Ok((number(row.get(0)?), row.get_ref(1)?.as_blob()?.into()))
    })
    .optional()
}

/// Deletes an exchange's pages, some at a time; gives how many.
pub(crate) fn delete_some(conn: &Connection, exchange: i64, count: u32) -> rusqlite::Result<usize> {
    conn.execute(
        "DELETE FROM pages WHERE (exchange, kind, number) IN
           (SELECT exchange, kind, number FROM pages WHERE exchange = ? LIMIT ?)",
        params![exchange, count],
    )
}

/// Bytes that are stored of an exchange.
pub(crate) fn stored_bytes(conn: &Connection, exchange: i64) -> rusqlite::Result<u64> {
    conn.prepare_cached("SELECT coalesce(sum(length(bytes)), 0) FROM pages WHERE exchange = ?")?
        .query_row([exchange], |row| row.get(0).map(nat))
}
