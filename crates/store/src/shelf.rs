//! One exchange of a store, read by ranges.

use std::{
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;
use scrubjay_session::{
    exchange::{Chunk, Exchange},
    shelf::{PageKind, Shelf, Watermark},
};

use crate::{
    StoreError,
    conn::Pool,
    segment,
    table::{
        derivations, exchanges, heads, holes, labels, pages,
        segments::{self, SegmentRow, Side},
    },
};

/// Segments looked up at once.
const STRIDE: u32 = 64;

/// One exchange, live or ended. Cheap to clone; may be used from any thread.
///
/// What it gives is what is in the store, which is at most 20 ms behind what
/// a recorder has. It keeps the last segment that it unpacked, because bodies
/// are read in order.
#[derive(Clone, Debug)]
pub struct StoreShelf {
    pool: Arc<Pool>,
    index: i64,
    unpacked: Arc<Mutex<Option<Unpacked>>>,
}

#[derive(Clone, Debug)]
struct Unpacked {
    id: i64,
    bytes: Arc<[u8]>,
}

impl StoreShelf {
    pub(crate) fn new(pool: Arc<Pool>, index: i64) -> Self {
        Self {
            pool,
            index,
            unpacked: Arc::default(),
        }
    }

    pub fn index(&self) -> i64 {
        self.index
    }

    fn damaged(&self, what: &'static str) -> StoreError {
        StoreError::Unreadable {
            what,
            path: self.pool.path().to_owned(),
        }
    }

    fn missing(&self) -> StoreError {
        StoreError::NoSuchExchange { index: self.index }
    }

    /// Bytes of a body; those inside holes are zero. All is read in one
    /// transaction, because loose segments may be rewritten at any time.
    fn range(&self, side: Side, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        self.pool.read("a body", |conn| {
            let tx = conn.unchecked_transaction()?;
            let len = match side {
                Side::Request => exchanges::request_len(&tx, self.index)?,
                Side::Response => exchanges::body_len(&tx, self.index)?,
            };
            let Some(len) = len else { return Ok(Err(self.missing())) };
            self.gather(&tx, side, range.start..range.end.min(len))
        })?
    }

    fn gather(
        &self,
        conn: &Connection,
        side: Side,
        range: Range<u64>,
    ) -> rusqlite::Result<Result<Vec<u8>, StoreError>> {
        let len = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
        let mut out = vec![0; len];
        let mut next = range.start;
        while next < range.end {
            let found = segments::from_offset(conn, self.index, side, next, STRIDE)?;
            for segment in found
                .iter()
                .filter(|found| found.offset < range.end && found.offset + found.len > next)
            {
                match self.segment_bytes(conn, segment)? {
                    Some(bytes) => copy(segment.offset, &bytes, &mut out, &range),
                    None => return Ok(Err(self.damaged("bytes of a body"))),
                }
            }
            let reached = found.last().map_or(next, |last| last.offset + last.len);
            if found.len() < STRIDE as usize || reached <= next {
                break;
            }
            next = reached;
        }
        Ok(Ok(out))
    }

    /// The bytes of a segment; absent if they are damaged.
    fn segment_bytes(&self, conn: &Connection, found: &SegmentRow) -> rusqlite::Result<Option<Arc<[u8]>>> {
        if let Some(kept) = self.unpacked().as_ref().filter(|kept| kept.id == found.id) {
            return Ok(Some(Arc::clone(&kept.bytes)));
        }
        let Some(bytes) = segments::bytes(conn, found.id)? else {
            return Ok(None);
        };
        let bytes: Arc<[u8]> = bytes.into();
        if found.sealed {
            *self.unpacked() = Some(Unpacked {
                id: found.id,
                bytes: Arc::clone(&bytes),
            });
        }
        Ok(Some(bytes))
    }

    fn unpacked(&self) -> std::sync::MutexGuard<'_, Option<Unpacked>> {
        self.unpacked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Copies what a segment has of a range to where it belongs.
fn copy(offset: u64, bytes: &[u8], out: &mut [u8], range: &Range<u64>) {
    let from = range.start.max(offset);
    let to = range.end.min(offset + bytes.len() as u64);
    if from < to {
        let place = |at: u64, start: u64| usize::try_from(at - start).expect("it lies in memory");
        out[place(from, range.start)..place(to, range.start)]
            .copy_from_slice(&bytes[place(from, offset)..place(to, offset)]);
    }
}

/// All facts of an exchange; the inner `None` means that its heads are damaged.
pub(crate) fn read_exchange(conn: &Connection, index: i64) -> rusqlite::Result<Option<Option<Exchange>>> {
    // One transaction, so that the parts belong together.
    let tx = conn.unchecked_transaction()?;
    let Some(mut exchange) = exchanges::read(&tx, index)? else {
        return Ok(None);
    };
    if heads::fill(&tx, &mut exchange)?.is_none() {
        return Ok(Some(None));
    }
    exchange.holes = holes::read(&tx, index)?;
    exchange.labels = labels::read(&tx, index)?;
    Ok(Some(Some(exchange)))
}

impl Shelf for StoreShelf {
    type Error = StoreError;

    fn exchange(&self) -> Result<Exchange, StoreError> {
        self.pool
            .read("an exchange", |conn| read_exchange(conn, self.index))?
            .ok_or_else(|| self.missing())?
            .ok_or_else(|| self.damaged("header fields"))
    }

    fn request_body(&self) -> Result<Vec<u8>, StoreError> {
        self.range(Side::Request, 0..u64::MAX)
    }

    fn body(&self, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        self.range(Side::Response, range)
    }

    fn chunks(&self, numbers: Range<u64>) -> Result<Vec<Chunk>, StoreError> {
        self.pool.read("chunks", |conn| {
            let tx = conn.unchecked_transaction()?;
            let mut chunks = Vec::new();
            let mut next = numbers.start;
            while next < numbers.end {
                let Some(map) = segments::with_chunk(&tx, self.index, Side::Response, next)? else {
                    break;
                };
                let skip = usize::try_from(next - map.first_chunk).unwrap_or(usize::MAX);
                let wanted = usize::try_from(numbers.end - next).unwrap_or(usize::MAX);
                let before = chunks.len();
                chunks.extend(
                    segment::place_chunks(map.offset, map.lead, &map.chunks)
                        .skip(skip)
                        .take(wanted),
                );
                if chunks.len() == before {
                    break;
                }
                next += (chunks.len() - before) as u64;
            }
            Ok(chunks)
        })
    }

    fn chunk_at(&self, offset: u64) -> Result<Option<u64>, StoreError> {
        let map = self.pool.read("chunks", |conn| {
            segments::with_chunk_at(conn, self.index, Side::Response, offset)
        })?;
        Ok(map.and_then(|map| {
            segment::place_chunks(map.offset, map.lead, &map.chunks)
                .zip(map.first_chunk..)
                .find(|(chunk, _)| chunk.offset <= offset && offset - chunk.offset < chunk.len)
                .map(|(_, number)| number)
        }))
    }

    fn watermark(&self) -> Result<Watermark, StoreError> {
        let read = self
            .pool
            .read("the watermark", |conn| derivations::read(conn, self.index))?;
        Ok(read
            .filter(|(version, _)| *version == crate::DERIVE_VERSION)
            .map(|(_, mark)| mark)
            .unwrap_or_default())
    }

    fn page(&self, kind: PageKind, number: u64) -> Result<Option<Arc<[u8]>>, StoreError> {
        self.pool
            .read("a page", |conn| pages::read(conn, self.index, kind, number))
    }

    fn page_at_or_before(&self, kind: PageKind, number: u64) -> Result<Option<(u64, Arc<[u8]>)>, StoreError> {
        self.pool.read("a page", |conn| {
            pages::read_at_or_before(conn, self.index, kind, number)
        })
    }
}
