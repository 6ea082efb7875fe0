//! Notes and tags that a user sets at a moment.
//!
//! A tag is a note with a name: `seq` 0 means the exchange as a whole.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{Note, schema::Migration};

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE notes (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            exchange INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            tag TEXT NOT NULL,
            text TEXT NOT NULL,
            made_at_us INTEGER NOT NULL
          ) STRICT;
          CREATE INDEX notes_by_exchange ON notes (exchange, seq);",
}];

pub(crate) fn add(conn: &Connection, note: &Note) -> rusqlite::Result<i64> {
    conn.query_row(
        "INSERT INTO notes (exchange, seq, tag, text, made_at_us) VALUES (?, ?, ?, ?, ?) RETURNING id",
        params![note.exchange, note.seq, note.tag, note.text, note.made_at_us],
        |row| row.get(0),
    )
}

/// Removes a note; gives the exchange it belonged to.
pub(crate) fn remove(conn: &Connection, id: i64) -> rusqlite::Result<Option<i64>> {
    conn.query_row("DELETE FROM notes WHERE id = ? RETURNING exchange", [id], |row| {
        row.get(0)
    })
    .optional()
}

pub(crate) fn read(conn: &Connection, exchange: i64) -> rusqlite::Result<Vec<Note>> {
    conn.prepare_cached(
        "SELECT id, exchange, seq, tag, text, made_at_us FROM notes WHERE exchange = ? ORDER BY seq, id",
    )?
    .query_map([exchange], |row| {
        Ok(Note {
            id: row.get(0)?,
            exchange: row.get(1)?,
            seq: row.get(2)?,
            tag: row.get(3)?,
            text: row.get(4)?,
            made_at_us: row.get(5)?,
        })
    })?
    .collect()
}

pub(crate) fn delete(conn: &Connection, exchange: i64) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM notes WHERE exchange = ?", [exchange])
        .map(drop)
}
