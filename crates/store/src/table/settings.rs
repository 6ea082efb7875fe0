//! Single values: the fingerprint key, the revision counter, what is muted and paired.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::schema::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE settings (name TEXT PRIMARY KEY NOT NULL, value ANY) WITHOUT ROWID, STRICT;
          INSERT INTO settings VALUES ('revision', 0), ('fingerprint_key', randomblob(32));",
}];

/// The first program version that understands this store.
pub(crate) const NEEDS: &str = "needs";
/// The key under which secrets are fingerprinted.
pub(crate) const FINGERPRINT_KEY: &str = "fingerprint_key";

/// The version under which exchanges are marked as derived.
pub(crate) const DERIVE_VERSION: &str = "derive_version";

/// Which rules are muted, as text that the caller understands.
pub(crate) const MUTED: &str = "muted";
/// Which spans the user paired, as text that the caller understands.
pub(crate) const PAIRED: &str = "paired";

pub(crate) fn text(conn: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    conn.query_row("SELECT value FROM settings WHERE name = ?", [name], |row| row.get(0))
        .optional()
}

pub(crate) fn put_text(conn: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    conn.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", [name, value])
        .map(drop)
}

pub(crate) fn number(conn: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    conn.query_row("SELECT value FROM settings WHERE name = ?", [name], |row| row.get(0))
        .optional()
}

pub(crate) fn put_number(conn: &Connection, name: &str, value: i64) -> rusqlite::Result<()> {
    conn.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", params![name, value])
        .map(drop)
}

pub(crate) fn bytes(conn: &Connection, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    conn.query_row("SELECT value FROM settings WHERE name = ?", [name], |row| row.get(0))
        .optional()
}

/// A number greater than all given before; exchanges that change carry it.
pub(crate) fn next_revision(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("UPDATE settings SET value = value + 1 WHERE name = 'revision' RETURNING value")?
        .query_row([], |row| row.get(0))
}

/// Revisions go on after this one.
pub(crate) fn set_revision(conn: &Connection, revision: i64) -> rusqlite::Result<()> {
    put_number(conn, "revision", revision)
}

/// The newest revision given.
pub(crate) fn revision(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("SELECT value FROM settings WHERE name = 'revision'", [], |row| {
        row.get(0)
    })
}
