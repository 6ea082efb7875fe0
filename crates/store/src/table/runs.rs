//! Derived rows of the library: one for each run of an exchange,
//! or a single one with run -1.

use rusqlite::{Connection, params};

use super::int;
use crate::{RunRow, schema::Migration};

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE runs (
            exchange INTEGER NOT NULL,
            run INTEGER NOT NULL,
            run_id TEXT NOT NULL,
            thread_id TEXT NOT NULL,
            title TEXT NOT NULL,
            verdict INTEGER,
            first_at_us INTEGER NOT NULL,
            last_at_us INTEGER NOT NULL,
            ttft_us INTEGER,
            frames INTEGER NOT NULL,
            tools INTEGER NOT NULL,
            errors INTEGER NOT NULL,
            warnings INTEGER NOT NULL,
            notes INTEGER NOT NULL,
            first_seq INTEGER NOT NULL,
            last_seq INTEGER NOT NULL,
            PRIMARY KEY (exchange, run)
          ) WITHOUT ROWID, STRICT;",
}];

/// Replaces the rows of an exchange.
pub(crate) fn replace(conn: &Connection, exchange: i64, runs: &[RunRow]) -> rusqlite::Result<()> {
    delete(conn, exchange)?;
    let mut statement =
        conn.prepare_cached("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    for run in runs {
        statement.execute(params![
            exchange,
            run.run.map_or(-1, i64::from),
            run.run_id,
            run.thread_id,
            run.title,
            run.verdict.map(|verdict| verdict as u8),
            int(run.first_at_us),
            int(run.last_at_us),
            run.ttft_us.map(int),
            int(run.frames),
            run.tools,
            run.errors,
            run.warnings,
            run.notes,
            run.first_seq,
            run.last_seq,
        ])?;
    }
    Ok(())
}

pub(crate) fn delete(conn: &Connection, exchange: i64) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM runs WHERE exchange = ?")?
        .execute([exchange])
        .map(drop)
}
