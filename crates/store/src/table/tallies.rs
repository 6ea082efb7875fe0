//! How many exchanges there are that are derived and not hidden: by source, and
//! by whether lists of runs show them. Triggers keep the numbers, so that
//! nothing has to be counted however many there are.

use rusqlite::Connection;

use super::nat;
use crate::{overview::Tally, schema::Migration};

/// After the other tables' migrations of its version: what is there is counted here.
pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 3,
    sql: "CREATE TABLE tallies (
            source TEXT NOT NULL,
            is_run INTEGER NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (source, is_run)
          ) WITHOUT ROWID, STRICT;
          CREATE TRIGGER tallies_after_update AFTER UPDATE OF derived, is_run, hidden ON exchanges
            WHEN (OLD.derived <> 0 AND OLD.hidden = 0) <> (NEW.derived <> 0 AND NEW.hidden = 0)
              OR OLD.is_run <> NEW.is_run
          BEGIN
            UPDATE tallies SET count = count - 1
              WHERE source = OLD.source AND is_run = OLD.is_run AND OLD.derived <> 0 AND OLD.hidden = 0;
            INSERT INTO tallies SELECT NEW.source, NEW.is_run, 1 WHERE NEW.derived <> 0 AND NEW.hidden = 0
              ON CONFLICT DO UPDATE SET count = count + 1;
          END;
          CREATE TRIGGER tallies_after_delete AFTER DELETE ON exchanges WHEN OLD.derived <> 0 AND OLD.hidden = 0
          BEGIN
            UPDATE tallies SET count = count - 1 WHERE source = OLD.source AND is_run = OLD.is_run;
          END;
          UPDATE exchanges SET
            derived = coalesce((SELECT version FROM derivations d WHERE d.exchange = exchanges.id AND d.finished), 0),
            is_run = EXISTS (SELECT 1 FROM runs r WHERE r.exchange = exchanges.id AND coalesce(r.verdict, 5) <> 6);",
}];

pub(crate) fn read(conn: &Connection) -> rusqlite::Result<Vec<Tally>> {
    conn.prepare_cached("SELECT source, is_run, count FROM tallies WHERE count > 0 ORDER BY source, is_run")?
        .query_map([], |row| {
            Ok(Tally {
                source: row.get(0)?,
                is_run: row.get(1)?,
                count: nat(row.get(2)?),
            })
        })?
        .collect()
}
