//! Taking exchanges in from elsewhere: a recording file, another store.

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction};
use scrubjay_session::{
    exchange::{Chunk, Ending, Exchange},
    shelf::Shelf,
};

use crate::{
    Store, StoreError, absorb,
    secrets::Secrets,
    segment::Cutter,
    table::{
        exchanges::{self, Growth, NewExchange},
        heads::{self, Part},
        holes, int, labels,
        segments::{self, Side},
        settings,
    },
};

/// Bytes of a body read and written at once.
const STRIDE: u64 = 4 << 20;
/// Chunks read at once.
const CHUNKS: u64 = 4096;

impl Store {
    /// Exchanges that are here already and look the same from outside as one
    /// of these: same start to the microsecond, request line and lengths.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn twins<'a>(&self, exchanges: impl IntoIterator<Item = &'a Exchange>) -> Result<Vec<i64>, StoreError> {
        let secrets = self.secrets()?;
        let mut places: BTreeMap<i64, Vec<&Exchange>> = BTreeMap::new();
        for exchange in exchanges {
            places.entry(exchange.started_at_us).or_default().push(exchange);
        }
        let mut twins = Vec::new();
        for (started_at_us, alike) in places {
            let begun = self.read("the exchanges", |conn| exchanges::begun_at(conn, started_at_us))?;
            if begun.is_empty() {
                continue;
            }
            for exchange in alike {
                let request = &exchange.request;
                let as_covered = secrets.cover_url(&request.target);
                twins.extend([request.target.clone(), as_covered].into_iter().find_map(|target| {
                    let (request_len, body_len) = (int(exchange.request_len), int(exchange.body_len));
                    begun
                        .get(&(request.method.clone(), target, request_len, body_len))
                        .copied()
                }));
            }
        }
        Ok(twins)
    }

    /// Takes exchanges in, all or none; gives their new numbers in the same
    /// order. What is secret in their heads is stored as fingerprints, as if
    /// they had been recorded here; what is one already stays. An exchange that
    /// was open where it came from has ended here as `recorder_stopped`.
    ///
    /// # Errors
    /// When one cannot be read, or the store cannot be written.
    pub fn import<'a, S: Shelf + 'a>(&self, shelves: impl IntoIterator<Item = &'a S>) -> Result<Vec<i64>, StoreError> {
        let secrets = self.secrets()?;
        let mut failure = None;
        let written = self.write("imported exchanges", |tx| {
            let mut indexes = Vec::new();
            for shelf in shelves {
                match import_one(tx, shelf, &secrets) {
                    Ok(index) => indexes.push(index),
                    Err(ImportError::Write(error)) => return Err(error),
                    Err(ImportError::Read(error)) => {
                        failure = Some(error);
                        // Any error rolls the transaction back; the caller gets which one.
                        return Err(rusqlite::Error::ExecuteReturnedResults);
                    }
                }
            }
            Ok(indexes)
        });
        match failure {
            Some(source) => Err(StoreError::Import { source }),
            None => written,
        }
    }
}

enum ImportError {
    Read(Box<dyn std::error::Error + Send + Sync>),
    Write(rusqlite::Error),
}

impl From<rusqlite::Error> for ImportError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Write(error)
    }
}

fn reading<E: std::error::Error + Send + Sync + 'static>(error: E) -> ImportError {
    ImportError::Read(Box::new(error))
}

fn import_one<S: Shelf>(tx: &Transaction<'_>, shelf: &S, secrets: &Secrets) -> Result<i64, ImportError> {
    let exchange = secrets.cover_exchange(shelf.exchange().map_err(reading)?);
    let request = shelf.request_body().map_err(reading)?;
    let revision = settings::next_revision(tx)?;
    let id = import_facts(tx, &exchange, revision)?;
    let request_chunks = u64::from(!request.is_empty());
    if !request.is_empty() {
        let mut cutter = Cutter::new(0);
        cutter.push_chunk(0, 0, &request);
        seal(tx, id, Side::Request, cutter)?;
    }
    let chunks = import_body(tx, id, shelf)?;
    let growth = Growth {
        request_len: exchange.request_len.max(request.len() as u64),
        request_chunks,
        body_len: exchange.body_len,
        chunks,
        last_at_us: exchange.last_at_us,
    };
    exchanges::grow(tx, id, &growth, revision)?;
    let ending = if exchange.ending == Ending::Open {
        Ending::RecorderStopped
    } else {
        exchange.ending
    };
    exchanges::end(tx, id, ending, revision)?;
    Ok(id)
}

fn import_facts(tx: &Connection, exchange: &Exchange, revision: i64) -> rusqlite::Result<i64> {
    let new = NewExchange {
        id: None,
        spool: None,
        source: &exchange.source,
        upstream: &exchange.upstream,
        head: &exchange.request,
        started_at_us: exchange.started_at_us,
        revision,
    };
    let id = exchanges::insert(tx, &new)?;
    heads::put(tx, id, Part::Request, &exchange.request.headers)?;
    if let Some(delivered) = &exchange.request.delivered_headers {
        heads::put(tx, id, Part::RequestDelivered, delivered)?;
    }
    if let Some(response) = &exchange.response {
        absorb::put_response(tx, id, response, exchange.response_at_us)?;
    }
    if !exchange.trailers.is_empty() {
        heads::put(tx, id, Part::Trailers, &exchange.trailers)?;
    }
    if let Some(relayed) = exchange.relayed {
        exchanges::set_relayed(tx, id, relayed)?;
    }
    if exchange.is_unverified {
        exchanges::set_unverified(tx, id)?;
    }
    for hole in &exchange.holes {
        holes::put(tx, id, *hole)?;
    }
    for (key, value) in &exchange.labels {
        labels::add(tx, id, key, value)?;
    }
    Ok(id)
}

/// Copies chunks with their bytes, some megabytes at a time; gives how many chunks.
fn import_body<S: Shelf>(tx: &Connection, id: i64, shelf: &S) -> Result<u64, ImportError> {
    let mut next = 0;
    loop {
        let chunks = shelf.chunks(next..next + CHUNKS).map_err(reading)?;
        if chunks.is_empty() {
            return Ok(next);
        }
        let mut rest = chunks.as_slice();
        while !rest.is_empty() {
            let (batch, after) = rest.split_at(batch_len(rest));
            import_batch(tx, id, shelf, next, batch)?;
            next += batch.len() as u64;
            rest = after;
        }
    }
}

/// How many chunks come to about a stride; at least one.
fn batch_len(chunks: &[Chunk]) -> usize {
    let start = chunks.first().map_or(0, |chunk| chunk.offset);
    chunks
        .iter()
        .take_while(|chunk| chunk.offset.saturating_add(chunk.len).saturating_sub(start) <= STRIDE)
        .count()
        .max(1)
}

fn import_batch<S: Shelf>(
    tx: &Connection,
    id: i64,
    shelf: &S,
    first_chunk: u64,
    batch: &[Chunk],
) -> Result<(), ImportError> {
    let start = batch.first().map_or(0, |chunk| chunk.offset);
    let end = batch
        .iter()
        .map(|chunk| chunk.offset.saturating_add(chunk.len))
        .max()
        .unwrap_or(start);
    let bytes = shelf.body(start..end).map_err(reading)?;
    let place = |at: u64| {
        usize::try_from(at.saturating_sub(start))
            .unwrap_or(usize::MAX)
            .min(bytes.len())
    };
    let mut cutter = Cutter::new(first_chunk);
    for chunk in batch {
        let (from, to) = (place(chunk.offset), place(chunk.offset.saturating_add(chunk.len)));
        let part = bytes.get(from..to).unwrap_or_default();
        cutter.push_chunk(chunk.offset, chunk.at_us, part);
    }
    Ok(seal(tx, id, Side::Response, cutter)?)
}

fn seal(tx: &Connection, id: i64, side: Side, cutter: Cutter) -> rusqlite::Result<()> {
    cutter
        .finish()
        .iter()
        .try_for_each(|segment| segments::insert_sealed(tx, id, side, segment))
}
