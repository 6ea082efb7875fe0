//! Bodies, as [`crate::segment`] describes them.
//!
//! Ids only grow (`AUTOINCREMENT`), so among segments that begin at one place
//! the later comes later, and an id names the same bytes for good.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{int, nat};
use crate::{
    schema::Migration,
    segment::{self, PLAIN, Segment},
};

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE segments (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            exchange INTEGER NOT NULL,
            side INTEGER NOT NULL,
            sealed INTEGER NOT NULL,
            offset INTEGER NOT NULL,
            len INTEGER NOT NULL,
            first_chunk INTEGER NOT NULL,
            chunks INTEGER NOT NULL,
            codec INTEGER NOT NULL,
            map BLOB NOT NULL,
            bytes BLOB NOT NULL
          ) STRICT;
          CREATE INDEX segments_by_offset ON segments (exchange, side, offset);
          CREATE INDEX segments_by_chunk ON segments (exchange, side, first_chunk);
          CREATE INDEX segments_loose ON segments (exchange, side) WHERE sealed = 0;",
}];

/// Which body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Side {
    Request = 0,
    Response = 1,
}

/// A segment's row, with what was asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentRow {
    pub(crate) id: i64,
    pub(crate) sealed: bool,
    pub(crate) offset: u64,
    pub(crate) len: u64,
    pub(crate) first_chunk: u64,
}

/// Adds a segment as it is; more may be joined to it.
pub(crate) fn insert_loose(conn: &Connection, exchange: i64, side: Side, segment: &Segment) -> rusqlite::Result<()> {
    insert(conn, exchange, side, segment, 0, (PLAIN, None))
}

/// Adds a segment for good.
pub(crate) fn insert_sealed(conn: &Connection, exchange: i64, side: Side, segment: &Segment) -> rusqlite::Result<()> {
    insert(conn, exchange, side, segment, 1, segment::pack(&segment.bytes))
}

fn insert(
    conn: &Connection,
    exchange: i64,
    side: Side,
    segment: &Segment,
    sealed: u8,
    (codec, packed): (i64, Option<Vec<u8>>),
) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "INSERT INTO segments (exchange, side, sealed, offset, len, first_chunk, chunks, codec, map, bytes)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        exchange,
        side as u8,
        sealed,
        int(segment.offset),
        int(segment.bytes.len() as u64),
        int(segment.first_chunk),
        int(segment.chunks.len() as u64),
        codec,
        segment.map(),
        packed.as_deref().unwrap_or(&segment.bytes),
    ])
    .map(drop)
}

/// Bytes and chunks that are not sealed.
pub(crate) fn loose_len(conn: &Connection, exchange: i64, side: Side) -> rusqlite::Result<(u64, u64)> {
    conn.prepare_cached(
        "SELECT coalesce(sum(len), 0), coalesce(sum(chunks), 0) FROM segments
         WHERE exchange = ? AND side = ? AND sealed = 0",
    )?
    .query_row(params![exchange, side as u8], |row| {
        Ok((nat(row.get(0)?), nat(row.get(1)?)))
    })
}

/// Takes the loose segments out, in order.
pub(crate) fn take_loose(conn: &Connection, exchange: i64, side: Side) -> rusqlite::Result<Vec<Segment>> {
    let segments = conn
        .prepare_cached(
            "SELECT offset, first_chunk, map, bytes FROM segments
             WHERE exchange = ? AND side = ? AND sealed = 0 ORDER BY id",
        )?
        .query_map(params![exchange, side as u8], |row| {
            let (lead, chunks) = segment::read_map(row.get_ref(2)?.as_blob()?);
            Ok(Segment {
                offset: nat(row.get(0)?),
                lead,
                first_chunk: nat(row.get(1)?),
                chunks,
                bytes: row.get(3)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    conn.prepare_cached("DELETE FROM segments WHERE exchange = ? AND side = ? AND sealed = 0")?
        .execute(params![exchange, side as u8])?;
    Ok(segments)
}

fn found(row: &Row<'_>) -> rusqlite::Result<SegmentRow> {
    Ok(SegmentRow {
        id: row.get(0)?,
        sealed: row.get(1)?,
        offset: nat(row.get(2)?),
        len: nat(row.get(3)?),
        first_chunk: nat(row.get(4)?),
    })
}

/// The first segments that reach past `offset`, at most `count`, in order.
pub(crate) fn from_offset(
    conn: &Connection,
    exchange: i64,
    side: Side,
    offset: u64,
    count: u32,
) -> rusqlite::Result<Vec<SegmentRow>> {
    conn.prepare_cached(
        "SELECT id, sealed, offset, len, first_chunk FROM segments
         WHERE exchange = ?1 AND side = ?2 AND offset >= coalesce(
           (SELECT max(offset) FROM segments WHERE exchange = ?1 AND side = ?2 AND offset <= ?3), 0)
         ORDER BY offset, id LIMIT ?4",
    )?
    .query_map(params![exchange, side as u8, int(offset), count], found)?
    .collect()
}

/// The bytes of a segment; `None` if they are damaged.
pub(crate) fn bytes(conn: &Connection, id: i64) -> rusqlite::Result<Option<Vec<u8>>> {
    conn.prepare_cached("SELECT codec, len, bytes FROM segments WHERE id = ?")?
        .query_row([id], |row| {
            Ok(segment::unpack(
                row.get(0)?,
                row.get_ref(2)?.as_blob()?,
                nat(row.get(1)?),
            ))
        })
}

/// The last segment in which a chunk at or before `chunk` starts, and its chunks.
pub(crate) fn with_chunk(conn: &Connection, exchange: i64, side: Side, chunk: u64) -> rusqlite::Result<Option<MapRow>> {
    conn.prepare_cached(
        "SELECT offset, first_chunk, map FROM segments
         WHERE exchange = ? AND side = ? AND first_chunk <= ? AND chunks > 0 ORDER BY first_chunk DESC, id DESC LIMIT 1",
    )?
    .query_row(params![exchange, side as u8, int(chunk)], map_row)
    .optional()
}

/// The segment in which the chunk that holds `offset` starts, if there is one at or before it.
pub(crate) fn with_chunk_at(
    conn: &Connection,
    exchange: i64,
    side: Side,
    offset: u64,
) -> rusqlite::Result<Option<MapRow>> {
    conn.prepare_cached(
        "SELECT offset, first_chunk, map FROM segments
         WHERE exchange = ? AND side = ? AND offset <= ? AND chunks > 0 ORDER BY offset DESC, id DESC LIMIT 2",
    )?
    .query_map(params![exchange, side as u8, int(offset)], map_row)?
    // The nearest may begin with the rest of the chunk that is looked for.
    .find(|row| row.as_ref().map_or(true, |row| row.offset + row.lead <= offset))
    .transpose()
}

/// A segment's map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MapRow {
    pub(crate) offset: u64,
    pub(crate) first_chunk: u64,
    pub(crate) lead: u64,
    pub(crate) chunks: Vec<(u64, u64)>,
}

fn map_row(row: &Row<'_>) -> rusqlite::Result<MapRow> {
    let (lead, chunks) = segment::read_map(row.get_ref(2)?.as_blob()?);
    Ok(MapRow {
        offset: nat(row.get(0)?),
        first_chunk: nat(row.get(1)?),
        lead,
        chunks,
    })
}

/// Deletes some of an exchange's segments; gives how many, so that long
/// bodies can go in several transactions.
pub(crate) fn delete_some(conn: &Connection, exchange: i64, count: u32) -> rusqlite::Result<usize> {
    conn.execute(
        "DELETE FROM segments WHERE id IN (SELECT id FROM segments WHERE exchange = ? LIMIT ?)",
        params![exchange, count],
    )
}

/// Bytes that are stored of an exchange.
pub(crate) fn stored_bytes(conn: &Connection, exchange: i64) -> rusqlite::Result<u64> {
    conn.prepare_cached("SELECT coalesce(sum(length(bytes) + length(map)), 0) FROM segments WHERE exchange = ?")?
        .query_row([exchange], |row| row.get(0).map(nat))
}
