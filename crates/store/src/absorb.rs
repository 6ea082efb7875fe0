//! Copies the records of a spool, the append-only log of a recorder, into the
//! tables, each exactly once.
//!
//! The position of a spool moves in the same transaction as what was
//! absorbed. What this remembers of open exchanges is a copy of the tables,
//! thrown away whenever a transaction fails.

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use scrubjay_session::exchange::{Ending, Headers, Hole, ResponseHead};

use crate::{
    segment::{Cutter, SEGMENT_CHUNKS, SEGMENT_LEN},
    spool::record::{self, Begin, Next, Placed, Record},
    table::{
        exchanges::{self, Growth, NewExchange},
        heads::{self, Part},
        holes, labels,
        segments::{self, Side},
        settings, spools,
    },
};

/// Absorbs one spool.
#[derive(Debug)]
pub(crate) struct Absorber {
    /// Row of the spool.
    key: i64,
    /// Place in the spool up to which all is in the store.
    absorbed: u64,
    /// By their numbers in the spool.
    open: BTreeMap<u32, OpenExchange>,
}

/// An open exchange, as the tables have it.
#[derive(Clone, Debug)]
struct OpenExchange {
    /// Row in the store.
    id: i64,
    growth: Growth,
    request_loose: (u64, u64),
    response_loose: (u64, u64),
    hole_at: Option<u64>,
}

/// An exchange with what a batch adds to it.
struct Draft<'a> {
    open: OpenExchange,
    request: Vec<(u64, u64, &'a [u8])>,
    response: Vec<(u64, u64, &'a [u8])>,
    ending: Option<Ending>,
}

/// The outcome of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Absorbed {
    /// Bytes of whole records, from the beginning of what was given.
    pub(crate) bytes: usize,
    /// Bytes that are needed to read the next record, when none was whole.
    pub(crate) wants: usize,
    /// Exchanges that ended, by their rows in the store.
    pub(crate) ended: Vec<i64>,
    /// What follows is not a record.
    pub(crate) broken: bool,
}

impl Absorber {
    /// Goes on with a spool, which is entered if need be.
    pub(crate) fn new(conn: &Connection, id: &str) -> rusqlite::Result<Self> {
        let (key, absorbed) = spools::enter(conn, id)?;
        Ok(Self {
            key,
            absorbed,
            open: BTreeMap::new(),
        })
    }

    /// Begins in a new store in the middle of a spool, whose records before `start`
    /// are lost. `open_records`, encoded, create the exchanges that are open there.
    pub(crate) fn begin_anew(
        conn: &mut Connection,
        id: &str,
        open_records: &mut [u8],
        start: u64,
    ) -> rusqlite::Result<Self> {
        let mut absorber = Self::new(conn, id)?;
        record::place(open_records, 0);
        let (records, _) = read_records(open_records);
        absorber.guarded(conn, |absorber, tx| {
            absorber.apply(tx, &records)?;
            spools::set_absorbed(tx, absorber.key, start)
        })?;
        absorber.absorbed = start;
        Ok(absorber)
    }

    /// Place in the life of the spool up to which all is in the store.
    pub(crate) fn absorbed(&self) -> u64 {
        self.absorbed
    }

    /// The number that the store gave to an exchange of the spool, while it is open.
    pub(crate) fn index_of(&self, conn: &Connection, number: u32) -> rusqlite::Result<Option<i64>> {
        match self.open.get(&number) {
            Some(open) => Ok(Some(open.id)),
            None => Ok(exchanges::of_spool(conn, self.key, number)?.map(|(id, _)| id)),
        }
    }

    /// Absorbs the whole records of `bytes`, in one transaction.
    pub(crate) fn absorb(&mut self, conn: &mut Connection, bytes: &[u8]) -> rusqlite::Result<Absorbed> {
        let (records, mut outcome) = read_records(bytes);
        let Some(end_pos) = records.last().map(|record| record.end_pos) else {
            return Ok(outcome);
        };
        if end_pos <= self.absorbed {
            return Ok(outcome);
        }
        outcome.ended = self.guarded(conn, |absorber, tx| {
            let ended = absorber.apply(tx, &records)?;
            spools::set_absorbed(tx, absorber.key, end_pos)?;
            Ok(ended)
        })?;
        self.absorbed = end_pos;
        Ok(outcome)
    }

    /// Gives every open exchange a hole without an end: what follows in it is lost.
    pub(crate) fn mark_rest_lost(&mut self, conn: &mut Connection) -> rusqlite::Result<()> {
        self.guarded(conn, |absorber, tx| {
            for number in exchanges::open_of_spool(tx, absorber.key)? {
                let Some(draft) = absorber.draft(tx, number)? else {
                    continue;
                };
                if draft.open.hole_at.is_none() {
                    let offset = draft.open.growth.body_len;
                    holes::put(tx, draft.open.id, Hole { offset, len: None })?;
                }
            }
            Ok(())
        })
    }

    /// Ends all that is open, because its recorder is gone.
    pub(crate) fn end_open(&mut self, conn: &mut Connection) -> rusqlite::Result<()> {
        self.guarded(conn, |absorber, tx| {
            let revision = settings::next_revision(tx)?;
            for number in exchanges::open_of_spool(tx, absorber.key)? {
                if let Some(mut draft) = absorber.draft(tx, number)? {
                    draft.ending = Some(Ending::RecorderStopped);
                    absorber.settle(tx, number, draft, revision)?;
                }
            }
            Ok(())
        })
    }

    /// Runs a transaction; if it fails, what is remembered is forgotten.
    fn guarded<T>(
        &mut self,
        conn: &mut Connection,
        work: impl FnOnce(&mut Self, &Transaction<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(self, &tx).and_then(|value| tx.commit().map(|()| value));
        if done.is_err() {
            self.open.clear();
        }
        done
    }

    fn apply(&mut self, tx: &Transaction<'_>, records: &[Placed<'_>]) -> rusqlite::Result<Vec<i64>> {
        let revision = settings::next_revision(tx)?;
        let mut drafts: BTreeMap<u32, Draft<'_>> = BTreeMap::new();
        let absorbed = self.absorbed;
        for placed in records.iter().filter(|placed| placed.end_pos > absorbed) {
            let Some(record) = &placed.record else { continue };
            if let Record::Begin(begin) = record {
                self.begin(tx, placed.exchange, begin, revision)?;
            }
            let draft = match drafts.remove(&placed.exchange) {
                Some(draft) => Some(draft),
                None => self.draft(tx, placed.exchange)?,
            };
            // Records of an exchange that has no beginning have nowhere to go.
            if let Some(mut draft) = draft {
                draft.take(tx, record)?;
                drafts.insert(placed.exchange, draft);
            }
        }
        let has_ended = |draft: &&Draft<'_>| draft.ending.is_some();
        let ended = drafts.values().filter(has_ended).map(|draft| draft.open.id).collect();
        for (number, draft) in drafts {
            self.settle(tx, number, draft, revision)?;
        }
        Ok(ended)
    }

    fn begin(&mut self, tx: &Transaction<'_>, number: u32, begin: &Begin, revision: i64) -> rusqlite::Result<()> {
        if exchanges::of_spool(tx, self.key, number)?.is_some() {
            return Ok(());
        }
        let new = NewExchange {
            id: None,
            spool: Some((self.key, number)),
            source: &begin.source,
            upstream: &begin.upstream,
            head: &begin.head,
            started_at_us: begin.started_at_us,
            revision,
        };
        let id = exchanges::insert(tx, &new)?;
        heads::put(tx, id, Part::Request, &begin.head.headers)?;
        if let Some(delivered) = &begin.head.delivered_headers {
            heads::put(tx, id, Part::RequestDelivered, delivered)?;
        }
        for (key, value) in &begin.labels {
            labels::add(tx, id, key, value)?;
        }
        Ok(())
    }

    /// The exchange as it is, to be added to.
    fn draft<'a>(&mut self, tx: &Transaction<'_>, number: u32) -> rusqlite::Result<Option<Draft<'a>>> {
        let open = match self.open.remove(&number) {
            Some(open) => Some(open),
            None => OpenExchange::read(tx, self.key, number)?,
        };
        Ok(open.map(|open| Draft {
            open,
            request: Vec::new(),
            response: Vec::new(),
            ending: None,
        }))
    }

    /// Writes what a draft gathered.
    fn settle(&mut self, tx: &Transaction<'_>, number: u32, draft: Draft<'_>, revision: i64) -> rusqlite::Result<()> {
        let Draft {
            mut open,
            request,
            response,
            ending,
        } = draft;
        let ended = ending.is_some();
        let growth = &mut open.growth;
        open.request_loose = lay(
            tx,
            open.id,
            Side::Request,
            &request,
            open.request_loose,
            growth.request_chunks,
            ended,
        )?;
        growth.request_chunks += request.len() as u64;
        open.response_loose = lay(
            tx,
            open.id,
            Side::Response,
            &response,
            open.response_loose,
            growth.chunks,
            ended,
        )?;
        growth.chunks += response.len() as u64;
        exchanges::grow(tx, open.id, growth, revision)?;
        match ending {
            Some(ending) => exchanges::end(tx, open.id, ending, revision)?,
            None => {
                self.open.insert(number, open);
            }
        }
        Ok(())
    }
}

impl OpenExchange {
    fn read(conn: &Connection, spool: i64, number: u32) -> rusqlite::Result<Option<Self>> {
        let Some((id, growth)) = exchanges::of_spool(conn, spool, number)? else {
            return Ok(None);
        };
        let hole_at = holes::read(conn, id)?
            .last()
            .filter(|hole| hole.len.is_none())
            .map(|hole| hole.offset);
        Ok(Some(Self {
            id,
            growth,
            request_loose: segments::loose_len(conn, id, Side::Request)?,
            response_loose: segments::loose_len(conn, id, Side::Response)?,
            hole_at,
        }))
    }
}

impl<'a> Draft<'a> {
    fn take(&mut self, tx: &Transaction<'_>, record: &Record<'a>) -> rusqlite::Result<()> {
        let at_us = match record {
            Record::Begin(_) => return Ok(()),
            Record::Request { at_us, offset, bytes } => self.take_request(*offset, *at_us, bytes),
            Record::Response { at_us, head } => self.take_response(tx, *at_us, head)?,
            Record::Chunk { at_us, offset, bytes } => self.take_chunk(tx, *offset, *at_us, bytes)?,
            Record::Trailers { at_us, fields } => self.take_trailers(tx, *at_us, fields)?,
            Record::Hole { at_us, offset } => self.take_hole(tx, *offset, *at_us)?,
            Record::Relayed { at_us, relayed } => {
                exchanges::set_relayed(tx, self.open.id, *relayed)?;
                *at_us
            }
            Record::Unverified { at_us } => {
                exchanges::set_unverified(tx, self.open.id)?;
                *at_us
            }
            Record::End {
                at_us,
                ending,
                body_len,
            } => {
                self.close_hole(tx, *body_len)?;
                self.ending = Some(*ending);
                *at_us
            }
        };
        self.open.growth.last_at_us = self.open.growth.last_at_us.max(at_us);
        Ok(())
    }

    fn take_request(&mut self, offset: u64, at_us: u64, bytes: &'a [u8]) -> u64 {
        if offset >= self.open.growth.request_len {
            self.open.growth.request_len = offset + bytes.len() as u64;
            // One without bytes says where the request ended.
            if !bytes.is_empty() {
                self.request.push((offset, at_us, bytes));
            }
        }
        at_us
    }

    fn take_chunk(&mut self, tx: &Transaction<'_>, offset: u64, at_us: u64, bytes: &'a [u8]) -> rusqlite::Result<u64> {
        if offset >= self.open.growth.body_len {
            self.close_hole(tx, offset)?;
            self.open.growth.body_len = offset + bytes.len() as u64;
            self.response.push((offset, at_us, bytes));
        }
        Ok(at_us)
    }

    fn take_response(&self, tx: &Transaction<'_>, at_us: u64, head: &ResponseHead) -> rusqlite::Result<u64> {
        put_response(tx, self.open.id, head, Some(at_us))?;
        Ok(at_us)
    }

    fn take_trailers(&self, tx: &Transaction<'_>, at_us: u64, fields: &Headers) -> rusqlite::Result<u64> {
        heads::put(tx, self.open.id, Part::Trailers, fields)?;
        Ok(at_us)
    }

    fn take_hole(&mut self, tx: &Transaction<'_>, offset: u64, at_us: u64) -> rusqlite::Result<u64> {
        self.close_hole(tx, offset)?;
        holes::put(tx, self.open.id, Hole { offset, len: None })?;
        self.open.hole_at = Some(offset);
        Ok(at_us)
    }

    /// What is known to be missing reaches up to `offset`, where the body goes on.
    fn close_hole(&mut self, tx: &Transaction<'_>, offset: u64) -> rusqlite::Result<()> {
        let growth = &mut self.open.growth;
        if offset > growth.body_len {
            let hole = Hole {
                offset: growth.body_len,
                len: Some(offset - growth.body_len),
            };
            holes::put(tx, self.open.id, hole)?;
            growth.body_len = offset;
        } else if let Some(at) = self.open.hole_at {
            holes::remove_at(tx, self.open.id, at)?;
        }
        self.open.hole_at = None;
        Ok(())
    }
}

/// Writes a response's head.
pub(crate) fn put_response(
    conn: &Connection,
    id: i64,
    head: &ResponseHead,
    at_us: Option<u64>,
) -> rusqlite::Result<()> {
    exchanges::set_response(conn, id, head, at_us)?;
    heads::put(conn, id, Part::Response, &head.headers)?;
    match &head.delivered_headers {
        Some(delivered) => heads::put(conn, id, Part::ResponseDelivered, delivered),
        None => Ok(()),
    }
}

/// Lays chunks down as loose segments, or seals them together with the loose
/// ones when there is enough, or the body has ended. Gives what is loose then.
fn lay(
    conn: &Connection,
    id: i64,
    side: Side,
    chunks: &[(u64, u64, &[u8])],
    loose: (u64, u64),
    first_chunk: u64,
    ended: bool,
) -> rusqlite::Result<(u64, u64)> {
    let len: u64 = chunks.iter().map(|(_, _, bytes)| bytes.len() as u64).sum();
    let grown = (loose.0 + len, loose.1 + chunks.len() as u64);
    let full = grown.0 >= SEGMENT_LEN as u64 || grown.1 >= SEGMENT_CHUNKS as u64;
    if !full && !ended {
        let mut cutter = Cutter::new(first_chunk);
        chunks
            .iter()
            .for_each(|(offset, at_us, bytes)| cutter.push_chunk(*offset, *at_us, bytes));
        cutter
            .finish()
            .iter()
            .try_for_each(|segment| segments::insert_loose(conn, id, side, segment))?;
        return Ok(grown);
    }
    let before = if loose == (0, 0) {
        Vec::new()
    } else {
        segments::take_loose(conn, id, side)?
    };
    let mut cutter = Cutter::new(before.first().map_or(first_chunk, |segment| segment.first_chunk));
    before.iter().for_each(|segment| cutter.push_segment(segment));
    chunks
        .iter()
        .for_each(|(offset, at_us, bytes)| cutter.push_chunk(*offset, *at_us, bytes));
    let mut cut = cutter.finish();
    let last = if ended { None } else { cut.pop() };
    cut.iter()
        .try_for_each(|segment| segments::insert_sealed(conn, id, side, segment))?;
    match last {
        Some(last) => {
            segments::insert_loose(conn, id, side, &last)?;
            Ok((last.bytes.len() as u64, last.chunks.len() as u64))
        }
        None => Ok((0, 0)),
    }
}

fn read_records(bytes: &[u8]) -> (Vec<Placed<'_>>, Absorbed) {
    let mut records = Vec::new();
    let mut outcome = Absorbed::default();
    loop {
        match record::decode(&bytes[outcome.bytes..]) {
            Next::Record(placed, len) => {
                records.push(placed);
                outcome.bytes += len;
            }
            Next::Short(wants) => {
                outcome.wants = wants;
                return (records, outcome);
            }
            Next::Broken => {
                outcome.broken = true;
                return (records, outcome);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, Store, conn};

    const ID: &str = "0123456789abcdef";

    fn encoded(records: &[(u32, Record<'_>)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (number, record) in records {
            record::encode(*number, record, &mut bytes);
        }
        bytes
    }

    /// What came before is missing, and the recording is marked so.
    #[test]
    fn an_exchange_goes_on_in_a_new_store_with_a_hole_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let store = Store::open(&path, Access::Create).unwrap();
        let mut conn = conn::open_writer(&path).unwrap();
        let begin = Begin {
            source: "a".to_owned(),
            upstream: "http://up".to_owned(),
            ..Begin::default()
        };
        let head = ResponseHead {
            status: 200,
            ..ResponseHead::default()
        };
        let mut heads = encoded(&[
            (7, Record::Begin(Box::new(begin))),
            (7, Record::Response { at_us: 3, head }),
        ]);
        let start = 1_000_000;
        let mut absorber = Absorber::begin_anew(&mut conn, ID, &mut heads, start).unwrap();
        assert_eq!(absorber.absorbed(), start);

        let chunk = |number, offset| {
            let bytes = &b"rest"[..];
            (
                number,
                Record::Chunk {
                    at_us: 5,
                    offset,
                    bytes,
                },
            )
        };
        let mut rest = encoded(&[chunk(3, 9), chunk(7, 600)]);
        record::place(&mut rest, start);
        assert_eq!(absorber.absorb(&mut conn, &rest).unwrap().bytes, rest.len());
        assert_eq!(absorber.absorbed(), start + rest.len() as u64);
        assert_eq!(Absorber::new(&conn, ID).unwrap().absorbed(), absorber.absorbed());

        assert_eq!(store.indexes().unwrap(), [1], "what has no beginning has no row");
        let exchange = store.exchange(1).unwrap();
        assert_eq!(exchange.response.map(|head| head.status), Some(200));
        let hole = Hole {
            offset: 0,
            len: Some(600),
        };
        assert_eq!((exchange.body_len, exchange.holes), (604, vec![hole]));
    }
}
