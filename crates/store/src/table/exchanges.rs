//! One row an exchange: its facts without heads and bytes.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use scrubjay_session::{
    exchange::{Ending, Exchange, HttpVersion, Relayed, RequestHead, ResponseHead},
    listing::content_type,
    shelf::PageKind,
};

use super::{int, nat, pages};
use crate::{
    Changed,
    overview::{Edge, Window},
    schema::Migration,
};

/// `AUTOINCREMENT`, because an index is permanent: the number of an erased
/// exchange is never given to another.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sql: "CREATE TABLE exchanges (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            spool INTEGER,
            spool_number INTEGER,
            source TEXT NOT NULL,
            upstream TEXT NOT NULL,
            method TEXT NOT NULL,
            target TEXT NOT NULL,
            version TEXT NOT NULL,
            started_at_us INTEGER NOT NULL,
            request_len INTEGER NOT NULL DEFAULT 0,
            status INTEGER,
            response_version TEXT,
            content_type TEXT NOT NULL DEFAULT '',
            response_at_us INTEGER,
            last_at_us INTEGER NOT NULL DEFAULT 0,
            ending INTEGER NOT NULL DEFAULT 0,
            body_len INTEGER NOT NULL DEFAULT 0,
            chunk_count INTEGER NOT NULL DEFAULT 0,
            request_chunk_count INTEGER NOT NULL DEFAULT 0,
            frames INTEGER NOT NULL DEFAULT 0,
            pinned INTEGER NOT NULL DEFAULT 0,
            hidden INTEGER NOT NULL DEFAULT 0,
            revision INTEGER NOT NULL
          ) STRICT;
          CREATE INDEX exchanges_by_start ON exchanges (started_at_us);
          CREATE INDEX exchanges_by_revision ON exchanges (revision);
          CREATE UNIQUE INDEX exchanges_by_spool ON exchanges (spool, spool_number) WHERE spool IS NOT NULL;",
    },
    Migration {
        version: 2,
        sql: "ALTER TABLE exchanges ADD COLUMN relay_sent_len INTEGER;
          ALTER TABLE exchanges ADD COLUMN relay_received_len INTEGER;
          ALTER TABLE exchanges ADD COLUMN unverified INTEGER NOT NULL DEFAULT 0;",
    },
    // So that lists need not look into pages, and what is behind is found without looking at all.
    Migration {
        version: 3,
        sql: "ALTER TABLE exchanges ADD COLUMN derived INTEGER NOT NULL DEFAULT 0;
          ALTER TABLE exchanges ADD COLUMN is_run INTEGER NOT NULL DEFAULT 0;
          CREATE INDEX exchanges_behind ON exchanges (id) WHERE derived = 0;",
    },
    // So that the exchanges of a thread before one are found without looking at all.
    Migration {
        version: 4,
        sql: "ALTER TABLE exchanges ADD COLUMN thread_id TEXT NOT NULL DEFAULT '';
          CREATE INDEX exchanges_by_thread ON exchanges (thread_id, source, id) WHERE thread_id <> '';",
    },
];

/// By the number that stands in the table: new ones go to the end.
const ENDINGS: [Ending; 7] = [
    Ending::Open,
    Ending::Complete,
    Ending::UpstreamReset,
    Ending::NoAnswer,
    Ending::ClientLeft,
    Ending::RecorderStopped,
    Ending::UpstreamClosed,
];

pub(crate) fn ending_number(ending: Ending) -> i64 {
    ENDINGS
        .iter()
        .zip(0..)
        .find(|(known, _)| **known == ending)
        .map_or(0, |(_, number)| number)
}

pub(crate) fn ending_of(number: i64) -> Ending {
    usize::try_from(number)
        .ok()
        .and_then(|number| ENDINGS.get(number))
        .copied()
        .unwrap_or_default()
}

/// Facts with which a row is made.
pub(crate) struct NewExchange<'a> {
    /// Absent means the next one.
    pub(crate) id: Option<i64>,
    pub(crate) spool: Option<(i64, u32)>,
    pub(crate) source: &'a str,
    pub(crate) upstream: &'a str,
    pub(crate) head: &'a RequestHead,
    pub(crate) started_at_us: i64,
    pub(crate) revision: i64,
}

pub(crate) fn insert(conn: &Connection, new: &NewExchange<'_>) -> rusqlite::Result<i64> {
    conn.prepare_cached(
        "INSERT INTO exchanges
           (id, spool, spool_number, source, upstream, method, target, version, started_at_us, revision)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .insert(params![
        new.id,
        new.spool.map(|(key, _)| key),
        new.spool.map(|(_, number)| number),
        new.source,
        new.upstream,
        new.head.method,
        new.head.target,
        new.head.version.as_str(),
        new.started_at_us,
        new.revision,
    ])
}

pub(crate) fn set_response(
    conn: &Connection,
    id: i64,
    head: &ResponseHead,
    at_us: Option<u64>,
) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "UPDATE exchanges SET status = ?, response_version = ?, content_type = ?, response_at_us = ? WHERE id = ?",
    )?
    .execute(params![
        head.status,
        head.version.as_str(),
        content_type(head),
        at_us.map(int),
        id
    ])
    .map(drop)
}

pub(crate) fn set_relayed(conn: &Connection, id: i64, relayed: Relayed) -> rusqlite::Result<()> {
    conn.prepare_cached("UPDATE exchanges SET relay_sent_len = ?, relay_received_len = ? WHERE id = ?")?
        .execute(params![int(relayed.sent_len), int(relayed.received_len), id])
        .map(drop)
}

pub(crate) fn set_unverified(conn: &Connection, id: i64) -> rusqlite::Result<()> {
    conn.prepare_cached("UPDATE exchanges SET unverified = 1 WHERE id = ?")?
        .execute([id])
        .map(drop)
}

/// What grows while an exchange is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Growth {
    pub(crate) request_len: u64,
    pub(crate) request_chunks: u64,
    pub(crate) body_len: u64,
    pub(crate) chunks: u64,
    pub(crate) last_at_us: u64,
}

pub(crate) fn grow(conn: &Connection, id: i64, growth: &Growth, revision: i64) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "UPDATE exchanges SET request_len = ?, request_chunk_count = ?, body_len = ?, chunk_count = ?, last_at_us = ?,
           revision = ? WHERE id = ?",
    )?
    .execute(params![
        int(growth.request_len),
        int(growth.request_chunks),
        int(growth.body_len),
        int(growth.chunks),
        int(growth.last_at_us),
        revision,
        id
    ])
    .map(drop)
}

/// Ends an exchange and cuts its tie to the spool.
pub(crate) fn end(conn: &Connection, id: i64, ending: Ending, revision: i64) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "UPDATE exchanges SET ending = ?, spool = NULL, spool_number = NULL, revision = ? WHERE id = ?",
    )?
    .execute(params![ending_number(ending), revision, id])
    .map(drop)
}

/// The exchange that a spool knows by a number, while it is open.
pub(crate) fn of_spool(conn: &Connection, spool: i64, number: u32) -> rusqlite::Result<Option<(i64, Growth)>> {
    conn.prepare_cached(
        "SELECT id, request_len, request_chunk_count, body_len, chunk_count, last_at_us
         FROM exchanges WHERE spool = ? AND spool_number = ?",
    )?
    .query_row(params![spool, number], |row| {
        let growth = Growth {
            request_len: nat(row.get(1)?),
            request_chunks: nat(row.get(2)?),
            body_len: nat(row.get(3)?),
            chunks: nat(row.get(4)?),
            last_at_us: nat(row.get(5)?),
        };
        Ok((row.get(0)?, growth))
    })
    .optional()
}

/// Numbers, within the spool, of its exchanges that are open.
pub(crate) fn open_of_spool(conn: &Connection, spool: i64) -> rusqlite::Result<Vec<u32>> {
    conn.prepare_cached("SELECT spool_number FROM exchanges WHERE spool = ? ORDER BY spool_number")?
        .query_map([spool], |row| row.get(0))?
        .collect()
}

/// The facts in this table; heads, holes and labels are filled in by their own tables.
pub(crate) fn read(conn: &Connection, id: i64) -> rusqlite::Result<Option<Exchange>> {
    conn.prepare_cached(
        "SELECT id, source, upstream, method, target, version, started_at_us, request_len, status, response_version,
           response_at_us, last_at_us, ending, body_len, chunk_count, relay_sent_len, relay_received_len, unverified
         FROM exchanges WHERE id = ?",
    )?
    .query_row([id], from_row)
    .optional()
}

/// An exchange without heads, holes and labels, with the page of what is derived of it, if that is current.
pub(crate) type Overviewed = (Exchange, Option<Vec<u8>>);

/// What [`from_row`] reads, and the page of kind `?2` and number `?3` where the version of what is derived is `?1`.
const OVERVIEWED: &str = "e.id, e.source, e.upstream, e.method, e.target, e.version, e.started_at_us, e.request_len,
    e.status, e.response_version, e.response_at_us, e.last_at_us, e.ending, e.body_len, e.chunk_count, e.relay_sent_len,
    e.relay_received_len, e.unverified, p.bytes
  FROM exchanges e LEFT JOIN pages p ON e.derived = ?1 AND p.exchange = e.id AND p.kind = ?2 AND p.number = ?3";

/// A window of the exchanges that are not hidden.
pub(crate) fn overviews(conn: &Connection, window: &Window, derived: u32) -> rusqlite::Result<Vec<Overviewed>> {
    let (condition, order) = match window.from {
        Edge::After(_) => (">", "ASC"),
        Edge::Before(_) => ("<", "DESC"),
    };
    let (Edge::After(edge) | Edge::Before(edge)) = window.from;
    conn.prepare_cached(&format!(
        "SELECT {OVERVIEWED} WHERE e.hidden = 0 AND e.id {condition} ?4 ORDER BY e.id {order} LIMIT ?5"
    ))?
    .query_map(
        params![derived, PageKind::Summary as u8, pages::key(0), edge, window.count],
        |row| Ok((from_row(row)?, row.get(18)?)),
    )?
    .collect()
}

/// Exchanges of a source and a thread before one that are not hidden, the latest first.
pub(crate) fn earlier_in_thread(
    conn: &Connection,
    (exchange, source, thread_id): (i64, &str, &str),
    count: u32,
    derived: u32,
) -> rusqlite::Result<Vec<Overviewed>> {
    conn.prepare_cached(&format!(
        "SELECT {OVERVIEWED} WHERE e.thread_id <> '' AND e.thread_id = ?4 AND e.source = ?5 AND e.id < ?6
           AND e.hidden = 0 ORDER BY e.id DESC LIMIT ?7"
    ))?
    .query_map(
        params![
            derived,
            PageKind::Summary as u8,
            pages::key(0),
            thread_id,
            source,
            exchange,
            count
        ],
        |row| Ok((from_row(row)?, row.get(18)?)),
    )?
    .collect()
}

/// The last exchange of a source before one that is not wholly derived, of which it may not be known to which thread
/// it belongs.
pub(crate) fn last_behind(conn: &Connection, source: &str, before: i64) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached(
        "SELECT id FROM exchanges WHERE derived = 0 AND source = ? AND id < ? AND hidden = 0 ORDER BY id DESC LIMIT 1",
    )?
    .query_row(params![source, before], |row| row.get(0))
    .optional()
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Exchange> {
    let version = |text: Option<String>| text.and_then(|text| HttpVersion::parse(&text)).unwrap_or_default();
    let status: Option<u16> = row.get(8)?;
    let response_version = version(row.get(9)?);
    let sent_len: Option<i64> = row.get(15)?;
    let received_len: Option<i64> = row.get(16)?;
    Ok(Exchange {
        index: row.get(0)?,
        source: row.get(1)?,
        upstream: row.get(2)?,
        request: RequestHead {
            method: row.get(3)?,
            target: row.get(4)?,
            version: version(Some(row.get(5)?)),
            ..RequestHead::default()
        },
        started_at_us: row.get(6)?,
        request_len: nat(row.get(7)?),
        response: status.map(|status| ResponseHead {
            status,
            version: response_version,
            ..ResponseHead::default()
        }),
        response_at_us: row.get::<_, Option<i64>>(10)?.map(nat),
        last_at_us: nat(row.get(11)?),
        ending: ending_of(row.get(12)?),
        body_len: nat(row.get(13)?),
        chunk_count: nat(row.get(14)?),
        relayed: sent_len.zip(received_len).map(|(sent, received)| Relayed {
            sent_len: nat(sent),
            received_len: nat(received),
        }),
        is_unverified: row.get(17)?,
        ..Exchange::default()
    })
}

/// Whether the number is in use, and whether the exchange has ended.
pub(crate) fn has_ended(conn: &Connection, id: i64) -> rusqlite::Result<Option<bool>> {
    conn.prepare_cached("SELECT ending <> 0 FROM exchanges WHERE id = ?")?
        .query_row([id], |row| row.get(0))
        .optional()
}

pub(crate) fn request_len(conn: &Connection, id: i64) -> rusqlite::Result<Option<u64>> {
    conn.prepare_cached("SELECT request_len FROM exchanges WHERE id = ?")?
        .query_row([id], |row| row.get(0).map(nat))
        .optional()
}

pub(crate) fn body_len(conn: &Connection, id: i64) -> rusqlite::Result<Option<u64>> {
    conn.prepare_cached("SELECT body_len FROM exchanges WHERE id = ?")?
        .query_row([id], |row| row.get(0).map(nat))
        .optional()
}

/// What makes two exchanges look the same from outside, beside their start:
/// method, target, and the lengths of both bodies.
pub(crate) type Looks = (String, String, i64, i64);

/// The exchanges that are not hidden and began then, by how they look; of
/// several that look the same the first.
pub(crate) fn begun_at(conn: &Connection, started_at_us: i64) -> rusqlite::Result<HashMap<Looks, i64>> {
    let mut begun = HashMap::new();
    let mut query = conn.prepare_cached(
        "SELECT id, method, target, request_len, body_len FROM exchanges
           WHERE started_at_us = ? AND hidden = 0 ORDER BY id",
    )?;
    let mut rows = query.query([started_at_us])?;
    while let Some(row) = rows.next()? {
        let looks = (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
        begun.entry(looks).or_insert(row.get(0)?);
    }
    Ok(begun)
}

/// Numbers of exchanges that are not hidden.
pub(crate) fn indexes(conn: &Connection) -> rusqlite::Result<Vec<i64>> {
    conn.prepare("SELECT id FROM exchanges WHERE hidden = 0 ORDER BY id")?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// As [`indexes`], of those after a number.
pub(crate) fn indexes_after(conn: &Connection, after: i64) -> rusqlite::Result<Vec<i64>> {
    conn.prepare("SELECT id FROM exchanges WHERE hidden = 0 AND id > ? ORDER BY id")?
        .query_map([after], |row| row.get(0))?
        .collect()
}

/// Numbers of all exchanges.
pub(crate) fn all_indexes(conn: &Connection) -> rusqlite::Result<Vec<i64>> {
    conn.prepare("SELECT id FROM exchanges ORDER BY id")?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// Sets a flag; gives whether that changed anything.
pub(crate) fn set_hidden(conn: &Connection, id: i64, hidden: bool, revision: i64) -> rusqlite::Result<bool> {
    let changed = conn
        .prepare_cached("UPDATE exchanges SET hidden = ?, revision = ? WHERE id = ? AND hidden <> ?")?
        .execute(params![hidden, revision, id, hidden])?;
    Ok(changed > 0)
}

/// Sets or removes the pin; gives whether there is such an exchange.
pub(crate) fn set_pinned(conn: &Connection, id: i64, pinned: bool, revision: i64) -> rusqlite::Result<bool> {
    let changed = conn
        .prepare_cached("UPDATE exchanges SET pinned = ?, revision = ? WHERE id = ?")?
        .execute(params![pinned, revision, id])?;
    Ok(changed > 0)
}

/// Notes that something beside the row changed; gives whether there is such an exchange.
pub(crate) fn touch(conn: &Connection, id: i64, revision: i64) -> rusqlite::Result<bool> {
    let changed = conn
        .prepare_cached("UPDATE exchanges SET revision = ? WHERE id = ?")?
        .execute(params![revision, id])?;
    Ok(changed > 0)
}

/// What is derived of an exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known<'a> {
    /// Frames known so far.
    pub(crate) frames: u32,
    /// Lists of runs show it.
    pub(crate) is_run: bool,
    /// The version under which all of it was derived; zero until it is.
    pub(crate) derived: u32,
    /// Empty for none.
    pub(crate) thread_id: &'a str,
}

/// Stores what is derived.
pub(crate) fn set_known(conn: &Connection, id: i64, known: Known<'_>, revision: i64) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "UPDATE exchanges SET frames = ?, is_run = ?, derived = ?, thread_id = ?, revision = ? WHERE id = ?",
    )?
    .execute(params![
        known.frames,
        known.is_run,
        known.derived,
        known.thread_id,
        revision,
        id
    ])
    .map(drop)
}

/// Whether all of it is derived, or there is none.
pub(crate) fn is_derived(conn: &Connection, id: i64) -> rusqlite::Result<bool> {
    let derived = conn
        .prepare_cached("SELECT derived <> 0 FROM exchanges WHERE id = ?")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(derived.unwrap_or(true))
}

/// Exchanges from a number on that are not wholly derived, in order.
pub(crate) fn behind(conn: &Connection, from: i64, count: u32) -> rusqlite::Result<Vec<i64>> {
    conn.prepare_cached("SELECT id FROM exchanges WHERE derived = 0 AND id >= ? ORDER BY id LIMIT ?")?
        .query_map(params![from, count], |row| row.get(0))?
        .collect()
}

/// Bytes of the bodies that are not wholly derived.
pub(crate) fn bytes_behind(conn: &Connection) -> rusqlite::Result<u64> {
    conn.query_row(
        "SELECT coalesce(sum(body_len), 0) FROM exchanges WHERE derived = 0",
        [],
        |row| row.get(0).map(nat),
    )
}

/// Calls for a new derivation of all that was derived under another version.
pub(crate) fn outdate(conn: &Connection, version: u32) -> rusqlite::Result<()> {
    conn.execute(
        "UPDATE exchanges SET derived = 0 WHERE derived NOT IN (0, ?)",
        [version],
    )
    .map(drop)
}

/// A place in the order of changes: revision and exchange.
pub(crate) type ChangePlace = (i64, i64);

/// What changed after a place, at most so much, in the order of changes.
pub(crate) fn changed_since(
    conn: &Connection,
    place: ChangePlace,
    count: u32,
) -> rusqlite::Result<Vec<(ChangePlace, Changed)>> {
    conn.prepare_cached(
        "SELECT id, source, ending, body_len, last_at_us, frames, hidden, revision, derived <> 0 FROM exchanges
         WHERE (revision, id) > (?, ?) ORDER BY revision, id LIMIT ?",
    )?
    .query_map(params![place.0, place.1, count], |row| {
        let changed = Changed {
            exchange: row.get(0)?,
            source: row.get(1)?,
            began: false,
            ending: ending_of(row.get(2)?),
            body_len: nat(row.get(3)?),
            last_at_us: nat(row.get(4)?),
            derived_frames: row.get(5)?,
            is_derived: row.get(8)?,
            hidden: row.get(6)?,
        };
        Ok(((row.get(7)?, changed.exchange), changed))
    })?
    .collect()
}

/// The greatest number given so far.
pub(crate) fn last_id(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("SELECT coalesce(max(id), 0) FROM exchanges", [], |row| row.get(0))
}

/// The greatest number that was ever given; zero while there is none.
pub(crate) fn last_given(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'exchanges'")?
        .query_row([], |row| row.get(0))
}

/// Numbers go on after this one, in a store that has given none.
pub(crate) fn number_after(conn: &Connection, last: i64) -> rusqlite::Result<()> {
    conn.execute("INSERT INTO sqlite_sequence VALUES ('exchanges', ?)", [last])
        .map(drop)
}

pub(crate) fn delete(conn: &Connection, id: i64) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM exchanges WHERE id = ?", [id]).map(drop)
}

/// Ended exchanges that are hidden.
pub(crate) fn hidden(conn: &Connection) -> rusqlite::Result<Vec<i64>> {
    conn.prepare("SELECT id FROM exchanges WHERE hidden = 1 AND ending <> 0 ORDER BY id")?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// Ended exchanges that started before.
pub(crate) fn started_before(conn: &Connection, started_at_us: i64) -> rusqlite::Result<Vec<i64>> {
    conn.prepare("SELECT id FROM exchanges WHERE started_at_us < ? AND ending <> 0 ORDER BY id")?
        .query_map([started_at_us], |row| row.get(0))?
        .collect()
}

/// Number and start of the oldest exchange that may be pruned.
pub(crate) fn oldest_to_prune(conn: &Connection) -> rusqlite::Result<Option<(i64, i64)>> {
    conn.query_row(
        "SELECT id, started_at_us FROM exchanges WHERE pinned = 0 AND ending <> 0 ORDER BY started_at_us, id LIMIT 1",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
    .optional()
}

/// Numbers and starts of all that may be pruned, oldest first.
pub(crate) fn all_to_prune(conn: &Connection) -> rusqlite::Result<Vec<(i64, i64)>> {
    conn.prepare("SELECT id, started_at_us FROM exchanges WHERE pinned = 0 AND ending <> 0 ORDER BY started_at_us, id")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// When an exchange started, if it may be pruned.
pub(crate) fn start_if_prunable(conn: &Connection, id: i64) -> rusqlite::Result<Option<i64>> {
    conn.query_row(
        "SELECT started_at_us FROM exchanges WHERE id = ? AND pinned = 0 AND ending <> 0",
        [id],
        |row| row.get(0),
    )
    .optional()
}
