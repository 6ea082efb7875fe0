//! Listen addresses and the upstreams they forward to.

use rusqlite::{Connection, params};

use crate::{Source, Wanted, schema::Migration};

/// Until version 2 the path of an upstream was kept and not forwarded to: it is
/// taken away, so that these sources go on as they did.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sql: "CREATE TABLE sources (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            listen TEXT NOT NULL,
            upstream TEXT NOT NULL,
            keep_secrets INTEGER NOT NULL,
            keep_host INTEGER NOT NULL,
            drain INTEGER NOT NULL,
            wanted INTEGER NOT NULL
          ) STRICT;",
    },
    Migration {
        version: 2,
        sql: "UPDATE sources SET upstream = substr(upstream, 1,
                instr(upstream, '://') + 1 + instr(substr(upstream, instr(upstream, '://') + 3), '/'))
              WHERE instr(upstream, '://') > 0 AND instr(substr(upstream, instr(upstream, '://') + 3), '/') > 0;",
    },
];

const WANTED: [Wanted; 3] = [Wanted::Recording, Wanted::Paused, Wanted::Stopped];

pub(crate) fn read(conn: &Connection) -> rusqlite::Result<Vec<Source>> {
    conn.prepare_cached(
        "SELECT name, listen, upstream, keep_secrets, keep_host, drain, wanted FROM sources ORDER BY id",
    )?
    .query_map([], |row| {
        Ok(Source {
            name: row.get(0)?,
            listen: row.get(1)?,
            upstream: row.get(2)?,
            keep_secrets: row.get(3)?,
            keep_host: row.get(4)?,
            drain: row.get(5)?,
            wanted: WANTED
                .get(usize::from(row.get::<_, u8>(6)?))
                .copied()
                .unwrap_or_default(),
        })
    })?
    .collect()
}

/// Adds a source; false if the name is taken.
pub(crate) fn insert(conn: &Connection, source: &Source) -> rusqlite::Result<bool> {
    let added = conn.execute(
        "INSERT OR IGNORE INTO sources (name, listen, upstream, keep_secrets, keep_host, drain, wanted)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
        params![
            source.name,
            source.listen,
            source.upstream,
            source.keep_secrets,
            source.keep_host,
            source.drain,
            source.wanted as u8
        ],
    )?;
    Ok(added > 0)
}

/// Changes a source; false if there is none of that name.
pub(crate) fn update(conn: &Connection, name: &str, source: &Source) -> rusqlite::Result<bool> {
    let changed = conn.execute(
        "UPDATE sources SET name = ?, listen = ?, upstream = ?, keep_secrets = ?, keep_host = ?, drain = ?, wanted = ?
         WHERE name = ?",
        params![
            source.name,
            source.listen,
            source.upstream,
            source.keep_secrets,
            source.keep_host,
            source.drain,
            source.wanted as u8,
            name
        ],
    )?;
    Ok(changed > 0)
}

/// Whether there is a source of that name.
pub(crate) fn exists(conn: &Connection, name: &str) -> rusqlite::Result<bool> {
    conn.query_row("SELECT count(*) FROM sources WHERE name = ?", [name], |row| {
        row.get::<_, i64>(0)
    })
    .map(|n| n > 0)
}

/// Removes a source; false if there is none of that name.
pub(crate) fn delete(conn: &Connection, name: &str) -> rusqlite::Result<bool> {
    Ok(conn.execute("DELETE FROM sources WHERE name = ?", [name])? > 0)
}
