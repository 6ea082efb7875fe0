//! Making room: erasing exchanges, and the cap on the store's size.
//!
//! Erasing goes in steps of a few megabytes, each its own transaction, so
//! that a recorder which writes to the same store never waits long. The row
//! of an exchange goes last: a process that dies in between leaves an exchange that
//! is hidden, and can be erased again.

use std::collections::VecDeque;

use rusqlite::{Connection, TransactionBehavior};

use crate::{
    Excess, Pruned,
    table::{derivations, exchanges, heads, holes, labels, nat, notes, pages, runs, segments, settings, texts},
};

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
        // A deriver may have added some meanwhile; after this row it cannot.
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

/// Which exchanges may go to keep a store below its cap.
pub(crate) enum Candidates<'a> {
    /// All that have ended and are not pinned, oldest first.
    Any,
    /// Of these only, in this order; what is not there any more is taken out.
    Only(&'a mut VecDeque<i64>),
}

/// What keeping to a cap came to.
#[derive(Debug, Default)]
pub(crate) struct Trimmed {
    pub(crate) pruned: Option<Pruned>,
    /// Bytes in use, when they are more than the cap and nothing more may go.
    pub(crate) stuck_at: Option<u64>,
}

/// Erases exchanges that may go until the store is no larger than its cap.
pub(crate) fn to_cap(
    conn: &mut Connection,
    max_bytes: u64,
    candidates: &mut Candidates<'_>,
) -> rusqlite::Result<Trimmed> {
    let mut trimmed = Trimmed::default();
    let mut used = used_bytes(conn)?;
    let before = used;
    while used > max_bytes {
        let Some((id, started_at_us)) = next_candidate(conn, candidates)? else {
            trimmed.stuck_at = Some(used);
            break;
        };
        match erase(conn, id) {
            Ok(_) => {}
            Err(error) if trimmed.pruned.is_none() => return Err(error),
            // The exchanges that went before are reported all the same.
            Err(_) => break,
        }
        if let Candidates::Only(own) = candidates {
            own.pop_front();
        }
        trimmed.pruned.get_or_insert_default().add(id, started_at_us);
        used = used_bytes(conn).unwrap_or(0);
    }
    if let Some(pruned) = &mut trimmed.pruned {
        pruned.bytes = before.saturating_sub(used);
        // Pages that are not given back now are used for what comes.
        give_back(conn).ok();
    }
    Ok(trimmed)
}

/// Number and start of the exchange that goes next.
fn next_candidate(conn: &Connection, candidates: &mut Candidates<'_>) -> rusqlite::Result<Option<(i64, i64)>> {
    let own = match candidates {
        Candidates::Any => return exchanges::oldest_to_prune(conn),
        Candidates::Only(own) => own,
    };
    while let Some(id) = own.front() {
        if let Some(started_at_us) = exchanges::start_if_prunable(conn, *id)? {
            return Ok(Some((*id, started_at_us)));
        }
        own.pop_front();
    }
    Ok(None)
}

/// What a cap would take of what is there, as far as the lengths of what is
/// stored tell; `None` when the store is not larger.
pub(crate) fn excess(conn: &Connection, max_bytes: u64) -> rusqlite::Result<Option<Excess>> {
    let used_bytes = used_bytes(conn)?;
    let Some(mut too_much) = used_bytes.checked_sub(max_bytes).filter(|bytes| *bytes > 0) else {
        return Ok(None);
    };
    let mut excess = Excess {
        used_bytes,
        ..Excess::default()
    };
    for (id, started_at_us) in exchanges::all_to_prune(conn)? {
        if too_much == 0 {
            break;
        }
        excess.would_go.add(id, started_at_us);
        let len = stored_bytes(conn, id)?;
        excess.would_go.bytes += len;
        too_much = too_much.saturating_sub(len);
    }
    Ok(Some(excess))
}

/// Bytes of what is stored of an exchange, without what SQLite puts around it.
fn stored_bytes(conn: &Connection, id: i64) -> rusqlite::Result<u64> {
    Ok(segments::stored_bytes(conn, id)? + pages::stored_bytes(conn, id)?)
}
