//! How far each spool has been absorbed.
//!
//! The row moves in the same transaction as what was absorbed, so however a
//! process dies, each record is in the store once.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{int, nat};
use crate::schema::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE spools (
            key INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            absorbed INTEGER NOT NULL
          ) STRICT;",
}];

/// Key and absorbed position of a spool, which is entered if need be.
pub(crate) fn enter(conn: &Connection, id: &str) -> rusqlite::Result<(i64, u64)> {
    let known = conn
        .query_row("SELECT key, absorbed FROM spools WHERE id = ?", [id], |row| {
            Ok((row.get(0)?, nat(row.get(1)?)))
        })
        .optional()?;
    match known {
        Some(known) => Ok(known),
        None => conn.query_row(
            "INSERT INTO spools (id, absorbed) VALUES (?, 0) RETURNING key",
            [id],
            |row| Ok((row.get(0)?, 0)),
        ),
    }
}

pub(crate) fn set_absorbed(conn: &Connection, key: i64, absorbed: u64) -> rusqlite::Result<()> {
    conn.prepare_cached("UPDATE spools SET absorbed = ? WHERE key = ?")?
        .execute(params![int(absorbed), key])
        .map(drop)
}

pub(crate) fn forget(conn: &Connection, id: &str) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM spools WHERE id = ?", [id]).map(drop)
}

pub(crate) fn ids(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    conn.prepare("SELECT id FROM spools")?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// How far a spool has been absorbed; nothing of one that is not entered.
pub(crate) fn absorbed(conn: &Connection, id: &str) -> rusqlite::Result<u64> {
    let absorbed = conn
        .query_row("SELECT absorbed FROM spools WHERE id = ?", [id], |row| {
            row.get(0).map(nat)
        })
        .optional()?;
    Ok(absorbed.unwrap_or(0))
}
