//! The shape of the database, and how an older one is brought to it.
//!
//! Each table keeps its own migrations beside its code; here they are run in
//! the order of their versions, all in one transaction or not at all. A
//! migration is never edited once released. `application_id` marks a
//! database as a store, `user_version` holds its shape.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::{StoreError, table};

/// "SCJY".
pub(crate) const APPLICATION_ID: i32 = 0x5343_4a59;

/// The shape that this program knows.
pub(crate) const VERSION: i32 = 4;

/// The first program that knows that shape.
const NEEDS: &str = env!("CARGO_PKG_VERSION");

/// One step of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Migration {
    /// The shape it leads to.
    pub(crate) version: i32,
    pub(crate) sql: &'static str,
}

/// What is known of a database before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DatabaseKind {
    Empty,
    /// A store of a shape.
    Store(i32),
    Foreign,
}

/// Whether the database can be used as it is, or has to be migrated.
///
/// # Errors
/// When it is not a store, or of a newer shape.
pub(crate) fn needs_migration(conn: &Connection, path: &Path) -> Result<bool, StoreError> {
    let found = look(conn).map_err(|source| StoreError::from_open(path, source))?;
    match found {
        DatabaseKind::Foreign => Err(StoreError::NotAStore { path: path.to_owned() }),
        DatabaseKind::Empty => Ok(true),
        DatabaseKind::Store(version) if version > VERSION => Err(newer(conn, path)),
        DatabaseKind::Store(version) => Ok(version < VERSION),
    }
}

/// Brings the database to the shape of this program.
pub(crate) fn migrate(conn: &mut Connection, path: &Path) -> Result<(), StoreError> {
    migrate_to(conn, path, VERSION, &table::migrations().collect::<Vec<_>>())
}

fn migrate_to(conn: &mut Connection, path: &Path, to: i32, migrations: &[Migration]) -> Result<(), StoreError> {
    let failed = |source| StoreError::Migrate {
        path: path.to_owned(),
        source,
    };
    let tx = conn
        .transaction_with_behavior(TransactionBehavior::Exclusive)
        .map_err(failed)?;
    // Another process may have been quicker.
    let from = match found(&tx).map_err(failed)? {
        DatabaseKind::Empty => 0,
        DatabaseKind::Store(version) if version >= to => return Ok(()),
        DatabaseKind::Store(version) => version,
        DatabaseKind::Foreign => return Err(StoreError::NotAStore { path: path.to_owned() }),
    };
    for version in from + 1..=to {
        for migration in migrations.iter().filter(|migration| migration.version == version) {
            tx.execute_batch(migration.sql).map_err(failed)?;
        }
    }
    table::settings::put_text(&tx, table::settings::NEEDS, NEEDS).map_err(failed)?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(failed)?;
    tx.pragma_update(None, "user_version", to).map_err(failed)?;
    tx.commit().map_err(failed)?;
    // So that the file itself, not only its WAL, holds the application id.
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .map_err(failed)
}

/// What holds for the file as a whole: it has to be set before the first
/// table, and changes nothing in a store that has tables.
pub(crate) fn prepare(conn: &Connection) -> rusqlite::Result<()> {
    if look(conn)? == DatabaseKind::Empty {
        conn.execute_batch("PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL;")?;
        conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    }
    Ok(())
}

/// Whether a file with these first bytes is a store; `None` if only SQLite can decide.
pub(crate) fn is_store_by_header(head: &[u8]) -> Option<bool> {
    if head.len() < 72 || !head.starts_with(b"SQLite format 3\0") {
        return Some(false);
    }
    match i32::from_be_bytes(head[68..72].try_into().expect("four bytes")) {
        APPLICATION_ID => Some(true),
        0 => None,
        _ => Some(false),
    }
}

/// Whether SQLite finds a store.
pub(crate) fn is_store(conn: &Connection) -> bool {
    matches!(look(conn), Ok(DatabaseKind::Store(_)))
}

/// In one transaction: between two of the readings another process may make
/// the store, and half of it would be another program's database.
fn look(conn: &Connection) -> rusqlite::Result<DatabaseKind> {
    let reading = conn.unchecked_transaction()?;
    found(&reading)
}

fn found(conn: &Connection) -> rusqlite::Result<DatabaseKind> {
    let id: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i32 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (id, tables) {
        (APPLICATION_ID, _) => DatabaseKind::Store(version),
        (0, 0) => DatabaseKind::Empty,
        _ => DatabaseKind::Foreign,
    })
}

fn newer(conn: &Connection, path: &Path) -> StoreError {
    let needs = table::settings::text(conn, table::settings::NEEDS).ok().flatten();
    StoreError::Newer {
        path: path.to_owned(),
        needs: needs.unwrap_or_else(|| "a later one".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, Store, conn};

    const BROKEN: Migration = Migration {
        version: VERSION + 1,
        sql: "CREATE TABLE extra (a); INSERT INTO nothing_of_the_kind VALUES (1);",
    };
    const SOUND: Migration = Migration {
        version: VERSION + 1,
        sql: "CREATE TABLE extra (a);",
    };

    #[test]
    fn a_migration_happens_whole_or_not_at_all_and_older_programs_then_refuse() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        drop(Store::open(&path, Access::Create).unwrap());
        let mut conn = conn::open_writer(&path).unwrap();
        assert!(!needs_migration(&conn, &path).unwrap());

        let failed = migrate_to(&mut conn, &path, VERSION + 1, &[BROKEN]);
        assert!(matches!(failed, Err(StoreError::Migrate { .. })), "{failed:?}");
        assert_eq!(look(&conn).unwrap(), DatabaseKind::Store(VERSION));
        assert!(conn.prepare("SELECT a FROM extra").is_err());
        drop(Store::open(&path, Access::Create).unwrap());

        migrate_to(&mut conn, &path, VERSION + 1, &[SOUND]).unwrap();
        assert!(conn.prepare("SELECT a FROM extra").is_ok());
        for access in [Access::Create, Access::Existing, Access::ReadOnly] {
            let refused = Store::open(&path, access).unwrap_err();
            assert!(
                matches!(&refused, StoreError::Newer { needs, .. } if needs == NEEDS),
                "{refused:?}"
            );
        }
        assert_eq!(
            look(&conn).unwrap(),
            DatabaseKind::Store(VERSION + 1),
            "and it is left as it was"
        );
    }

    /// Sources used to keep a path that they did not forward to.
    #[test]
    fn a_store_of_the_first_shape_goes_on_as_it_did() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        std::fs::File::create(&path).unwrap();
        let mut conn = conn::open_writer(&path).unwrap();
        prepare(&conn).unwrap();
        let first: Vec<_> = table::migrations().filter(|migration| migration.version == 1).collect();
        migrate_to(&mut conn, &path, 1, &first).unwrap();
        conn.execute_batch(
            "INSERT INTO sources (name, listen, upstream, keep_secrets, keep_host, drain, wanted) VALUES
               ('a', '127.0.0.1:5290', 'http://localhost:8000/agent/x', 0, 0, 0, 2),
               ('b', '127.0.0.1:5291', 'https://agent.example', 0, 0, 0, 2);
             INSERT INTO exchanges (source, upstream, method, target, version, started_at_us, ending, revision)
               VALUES ('a', 'http://localhost:8000', 'POST', '/', 'HTTP/1.1', 1, 2, 1);",
        )
        .unwrap();
        drop(conn);
        let store = Store::open(&path, Access::Create).unwrap();
        let upstreams: Vec<String> = store
            .sources()
            .unwrap()
            .into_iter()
            .map(|source| source.upstream)
            .collect();
        assert_eq!(upstreams, ["http://localhost:8000", "https://agent.example"]);
        let exchange = store.exchange(1).unwrap();
        assert_eq!(exchange.ending, scrubjay_session::exchange::Ending::UpstreamReset);
        assert_eq!((exchange.relayed, exchange.is_unverified), (None, false));
    }

    /// Whether an exchange is derived, and is a run, was found by looking into other tables.
    #[test]
    fn a_store_of_the_second_shape_knows_what_is_derived_and_what_is_a_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        std::fs::File::create(&path).unwrap();
        let mut conn = conn::open_writer(&path).unwrap();
        prepare(&conn).unwrap();
        let before: Vec<_> = table::migrations().filter(|migration| migration.version <= 2).collect();
        migrate_to(&mut conn, &path, 2, &before).unwrap();
        let ours = crate::DERIVE_VERSION;
        let (success, no_run, other) = (1, 6, ours + 1);
        conn.execute_batch(&format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 7)
             INSERT INTO exchanges (source, upstream, method, target, version, started_at_us, ending, hidden, revision)
               SELECT iif(n = 7, 'b', 'a'), '', 'POST', '/', 'HTTP/1.1', n, n <> 4, n = 6, n FROM numbers;
             INSERT INTO derivations VALUES
               (1, {ours}, 1, 1, 1), (2, {ours}, 1, 1, 1), (3, {other}, 1, 1, 1), (4, {ours}, 1, 1, 0),
               (6, {ours}, 1, 1, 1), (7, {ours}, 1, 1, 1);
             INSERT INTO runs SELECT exchange, run, '', '', '', verdict, 0, 0, NULL, 0, 0, 0, 0, 0, 0, 0 FROM (
               SELECT 1 exchange, 0 run, {success} verdict UNION ALL SELECT 1, 1, NULL UNION ALL
               SELECT 2, -1, {no_run} UNION ALL SELECT 3, 0, {success} UNION ALL SELECT 4, -1, NULL UNION ALL
               SELECT 6, 0, {success} UNION ALL SELECT 7, -1, {no_run});",
        ))
        .unwrap();
        drop(conn);
        let store = Store::open(&path, Access::Create).unwrap();
        let rows: Vec<(i64, bool)> = store
            .read("the rows", |conn| {
                conn.prepare("SELECT derived, is_run FROM exchanges ORDER BY id")?
                    .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect()
            })
            .unwrap();
        let derived = i64::from(ours);
        let expected = [
            (derived, true),
            (derived, false),
            (0, true),
            (0, true),
            (0, false),
            (derived, true),
            (derived, false),
        ];
        assert_eq!(rows, expected);
        assert_eq!(store.behind(0, 10).unwrap(), [3, 4, 5]);
        let tallies = store.tallies().unwrap();
        let tallies: Vec<_> = tallies
            .iter()
            .map(|tally| (tally.source.as_str(), tally.is_run, tally.count))
            .collect();
        assert_eq!(tallies, [("a", false, 1), ("a", true, 1), ("b", false, 1)]);
    }

    #[test]
    fn every_version_up_to_this_has_a_migration() {
        for version in 1..=VERSION {
            assert!(
                table::migrations().any(|migration| migration.version == version),
                "{version}"
            );
        }
        assert!(table::migrations().all(|migration| migration.version <= VERSION));
    }
}
