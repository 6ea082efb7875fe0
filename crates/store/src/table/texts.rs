//! The text index over assembled spans.
//!
//! Trigrams, because searches are for parts of words, ids and text
//! without spaces as often as words. The index keeps neither the text (it is
//! in the bytes) nor where in a text a trigram stands: with places it was
//! twice as large as the text. So it gives candidates: a span that holds all
//! trigrams of a word nearly always holds the word.

use rusqlite::{Connection, params};

use crate::{Hit, schema::Migration};

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE texts (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            exchange INTEGER NOT NULL,
            span INTEGER NOT NULL
          ) STRICT;
          CREATE INDEX texts_by_exchange ON texts (exchange);
          CREATE VIRTUAL TABLE texts_index USING fts5
            (text, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram');",
}];

pub(crate) fn add(conn: &Connection, exchange: i64, span: u32, text: &str) -> rusqlite::Result<()> {
    let id = conn
        .prepare_cached("INSERT INTO texts (exchange, span) VALUES (?, ?)")?
        .insert(params![exchange, span])?;
    conn.prepare_cached("INSERT INTO texts_index (rowid, text) VALUES (?, ?)")?
        .execute(params![id, text])
        .map(drop)
}

/// Spans that may contain every word of three characters or more, newest exchange first.
pub(crate) fn search(conn: &Connection, text: &str, count: u32) -> rusqlite::Result<Vec<Hit>> {
    let trigrams: Vec<String> = text.split_whitespace().flat_map(trigrams).collect();
    if trigrams.is_empty() {
        return Ok(Vec::new());
    }
    conn.prepare_cached(
        "SELECT DISTINCT t.exchange, t.span FROM texts_index i JOIN texts t ON t.id = i.rowid
           JOIN exchanges e ON e.id = t.exchange
         WHERE texts_index MATCH ? AND e.hidden = 0 ORDER BY t.exchange DESC, t.span LIMIT ?",
    )?
    .query_map(params![trigrams.join(" AND "), count], |row| {
        Ok(Hit {
            exchange: row.get(0)?,
            span: row.get(1)?,
        })
    })?
    .collect()
}

/// The trigrams of a word, quoted as the index wants them; none of a shorter word.
fn trigrams(word: &str) -> Vec<String> {
    let chars: Vec<char> = word.chars().collect();
    chars
        .windows(3)
        .map(|three| format!("\"{}\"", three.iter().collect::<String>().replace('"', "\"\"")))
        .collect()
}

/// Deletes an exchange's texts, some at a time; gives how many.
pub(crate) fn delete_some(conn: &Connection, exchange: i64, count: u32) -> rusqlite::Result<usize> {
    let ids: Vec<i64> = conn
        .prepare_cached("SELECT id FROM texts WHERE exchange = ? LIMIT ?")?
        .query_map(params![exchange, count], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for id in &ids {
        conn.prepare_cached("DELETE FROM texts_index WHERE rowid = ?")?
            .execute([id])?;
        conn.prepare_cached("DELETE FROM texts WHERE id = ?")?.execute([id])?;
    }
    Ok(ids.len())
}
