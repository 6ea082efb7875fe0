//! Labels of exchanges, in the order in which they were given.

use rusqlite::{Connection, params};

use crate::schema::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE labels (
            id INTEGER PRIMARY KEY,
            exchange INTEGER NOT NULL,
            key TEXT NOT NULL,
            value TEXT NOT NULL
          ) STRICT;
          CREATE INDEX labels_by_exchange ON labels (exchange);",
}];

pub(crate) fn add(conn: &Connection, exchange: i64, key: &str, value: &str) -> rusqlite::Result<()> {
    conn.prepare_cached("INSERT INTO labels (exchange, key, value) VALUES (?, ?, ?)")?
        .execute(params![exchange, key, value])
        .map(drop)
}

/// Gives a label a value, in its place if it is there, else at the end.
pub(crate) fn set(conn: &Connection, exchange: i64, key: &str, value: &str) -> rusqlite::Result<()> {
    let changed = conn
        .prepare_cached("UPDATE labels SET value = ? WHERE exchange = ? AND key = ?")?
        .execute(params![value, exchange, key])?;
    if changed == 0 {
        add(conn, exchange, key, value)
    } else {
        Ok(())
    }
}

pub(crate) fn remove(conn: &Connection, exchange: i64, key: &str) -> rusqlite::Result<()> {
    conn.execute(
        "DELETE FROM labels WHERE exchange = ? AND key = ?",
        params![exchange, key],
    )
    .map(drop)
}

pub(crate) fn read(conn: &Connection, exchange: i64) -> rusqlite::Result<Vec<(String, String)>> {
    conn.prepare_cached("SELECT key, value FROM labels WHERE exchange = ? ORDER BY id")?
        .query_map([exchange], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Those of all exchanges in a range of numbers: exchange, key and value.
pub(crate) fn read_range(conn: &Connection, range: (i64, i64)) -> rusqlite::Result<Vec<(i64, (String, String))>> {
    conn.prepare_cached("SELECT exchange, key, value FROM labels WHERE exchange BETWEEN ? AND ? ORDER BY exchange, id")?
        .query_map([range.0, range.1], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?
        .collect()
}

pub(crate) fn delete(conn: &Connection, exchange: i64) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM labels WHERE exchange = ?", [exchange])
        .map(drop)
}
