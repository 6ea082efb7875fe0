//! Making room: erasing exchanges, and the cap on the store's size.
//!
//! Erasing goes in steps of a few megabytes, each its own transaction, so
//! that a recorder which writes to the same store never waits long. The row
//! of an exchange goes last: whoever dies in between leaves an exchange that
//! is hidden, and can be erased again.

use rusqlite::{Connection, TransactionBehavior};

use crate::table::{derivations, exchanges, heads, holes, labels, nat, notes, pages, runs, segments, settings, texts};

const SEGMENTS_A_STEP: u32 = 32;
const PAGES_A_STEP: u32 = 500;
const TEXTS_A_STEP: u32 = 500;
/// Pages given back to the file system in one step: 16 MB.
const VACUUM_STEP: u32 = 2048;

/// Erases an exchange that has ended; false if there is none or it is open.
pub(crate) fn erase(conn: &mut Connection, id: i64) -> rusqlite::Result<bool> {
    if exchanges::has_ended(conn, id)? != Some(true) {
        return Ok(false);
    }
    step(conn, |conn| {
        let revision = settings::next_revision(conn)?;
        exchanges::set_hidden(conn, id, true, revision)
    })?;
    while step(conn, |conn| segments::delete_some(conn, id, SEGMENTS_A_STEP))? > 0 {}
    while step(conn, |conn| pages::delete_some(conn, id, PAGES_A_STEP))? > 0 {}
    while step(conn, |conn| texts::delete_some(conn, id, TEXTS_A_STEP))? > 0 {}
    step(conn, |conn| {
        settings::next_revision(conn)?;
        // A deriver may have added some meanwhile; behind this row it cannot.
        pages::delete_some(conn, id, u32::MAX)?;
        texts::delete_some(conn, id, u32::MAX)?;
        heads::delete(conn, id)?;
        holes::delete(conn, id)?;
        labels::delete(conn, id)?;
        notes::delete(conn, id)?;
        runs::delete(conn, id)?;
        derivations::delete(conn, id)?;
        exchanges::delete(conn, id)
    })?;
    Ok(true)
}

fn step<T>(conn: &mut Connection, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = work(&tx)?;
    tx.commit()?;
    Ok(done)
}

/// Gives free pages back to the file system.
pub(crate) fn give_back(conn: &Connection) -> rusqlite::Result<()> {
    while free_pages(conn)? > 0 {
        let before = free_pages(conn)?;
        let mut statement = conn.prepare(&format!("PRAGMA incremental_vacuum({VACUUM_STEP})"))?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        if free_pages(conn)? >= before {
            break;
        }
    }
    Ok(())
}

fn free_pages(conn: &Connection) -> rusqlite::Result<u64> {
    conn.query_row("PRAGMA freelist_count", [], |row| row.get(0)).map(nat)
}

/// Bytes of the database that are in use.
pub(crate) fn used_bytes(conn: &Connection) -> rusqlite::Result<u64> {
    let pages: i64 = conn.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    let page_len: i64 = conn.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    Ok(nat(pages).saturating_sub(free_pages(conn)?) * nat(page_len))
}

/// Erases the oldest exchanges that are not pinned until the store is no
/// larger than its cap, if it has one. Gives how many went.
pub(crate) fn to_cap(conn: &mut Connection) -> rusqlite::Result<u64> {
    let Some(cap) = settings::number(conn, settings::MAX_BYTES)? else {
        return Ok(0);
    };
    let mut erased = 0;
    while used_bytes(conn)? > nat(cap) {
        let Some(id) = exchanges::oldest_to_prune(conn)? else {
            break;
        };
        erase(conn, id)?;
        erased += 1;
    }
    if erased > 0 {
        give_back(conn)?;
    }
    Ok(erased)
}
