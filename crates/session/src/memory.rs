//! An exchange in memory, derived: what a recording file opens as.

use std::{collections::BTreeMap, convert::Infallible, ops::Range, sync::Arc};

use crate::{
    derive::{self, Commit, Deriver, Purpose},
    exchange::{Chunk, Ending, Exchange},
    shelf::{Page, PageKind, Shelf, Watermark},
};

/// One exchange with its bytes and its pages.
///
/// ```
/// use scrubjay_session::{exchange::*, memory::MemoryShelf, query::Reader};
///
/// let body = b"data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n".to_vec();
/// let head = ResponseHead { status: 200, headers: vec![("content-type".into(), b"text/event-stream".to_vec())], ..ResponseHead::default() };
/// let exchange = Exchange { response: Some(head), ending: Ending::Complete, ..Exchange::default() };
/// let chunks = vec![Chunk { offset: 0, len: body.len() as u64, at_us: 1_000 }];
/// let reader = Reader::open(MemoryShelf::new(exchange, b"{}".to_vec(), chunks, body)).unwrap();
/// assert_eq!(reader.summary().runs[0].run_id, "r");
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryShelf {
    exchange: Exchange,
    request_body: Vec<u8>,
    chunks: Vec<Chunk>,
    /// Where each chunk's bytes begin in `bytes`.
    places: Vec<usize>,
    /// The chunks' bytes, one after the other, without what holes lack.
    bytes: Vec<u8>,
    pages: BTreeMap<(PageKind, u64), Arc<[u8]>>,
    watermark: Watermark,
}

impl MemoryShelf {
    /// An exchange from its parts. `bytes` are the chunks' bytes, one after
    /// the other. What follows from them (`body_len`, `chunk_count`,
    /// `request_len`) is set, and its pages are derived.
    pub fn new(exchange: Exchange, request_body: Vec<u8>, chunks: Vec<Chunk>, bytes: Vec<u8>) -> Self {
        let mut shelf = Self::bare(exchange, request_body, chunks, bytes);
        let mut deriver = Deriver::new(&shelf.exchange, &shelf.request_body, Purpose::Store);
        while deriver.next_chunk() < shelf.exchange.chunk_count {
            let Ok(commits) = derive::catch_up(&mut deriver, &shelf, shelf.exchange.chunk_count, u64::MAX);
            commits.into_iter().for_each(|commit| shelf.commit(commit));
        }
        if let Some(last) = derive::end(&mut deriver, &shelf, shelf.exchange.ending) {
            shelf.commit(last);
        }
        shelf
    }

    /// The same without pages: a reader derives them itself.
    pub fn bare(mut exchange: Exchange, request_body: Vec<u8>, chunks: Vec<Chunk>, bytes: Vec<u8>) -> Self {
        exchange.request_len = request_body.len() as u64;
        exchange.chunk_count = chunks.len() as u64;
        exchange.body_len = chunks.last().map_or(0, |chunk| chunk.offset + chunk.len);
        exchange.last_at_us = exchange.last_at_us.max(chunks.last().map_or(0, |chunk| chunk.at_us));
        let mut places = Vec::with_capacity(chunks.len());
        let mut place = 0;
        for chunk in &chunks {
            places.push(place);
            place += chunk.len as usize;
        }
        Self {
            exchange,
            request_body,
            places,
            chunks,
            bytes,
            pages: BTreeMap::new(),
            watermark: Watermark::default(),
        }
    }

    pub fn facts(&self) -> &Exchange {
        &self.exchange
    }

    /// Adds what came since.
    pub fn grow(&mut self, chunk: Chunk, bytes: &[u8]) {
        self.places.push(self.bytes.len());
        self.bytes.extend_from_slice(bytes);
        self.chunks.push(chunk);
        self.exchange.chunk_count += 1;
        self.exchange.body_len = chunk.offset + chunk.len;
        self.exchange.last_at_us = self.exchange.last_at_us.max(chunk.at_us);
    }

    /// Ends it.
    pub fn end(&mut self, ending: Ending, at_us: u64) {
        self.exchange.ending = ending;
        self.exchange.last_at_us = self.exchange.last_at_us.max(at_us);
    }

    /// Stores a commit's pages.
    pub fn commit(&mut self, commit: Commit) {
        for Page { kind, number, bytes } in commit.pages {
            self.pages.insert((kind, number), bytes);
        }
        self.watermark = commit.watermark;
    }

    /// Every page, in order.
    pub fn pages(&self) -> impl Iterator<Item = (PageKind, u64, &Arc<[u8]>)> {
        self.pages.iter().map(|((kind, number), bytes)| (*kind, *number, bytes))
    }
}

impl Shelf for MemoryShelf {
    type Error = Infallible;

    fn exchange(&self) -> Result<Exchange, Infallible> {
        Ok(self.exchange.clone())
    }

    fn request_body(&self) -> Result<Vec<u8>, Infallible> {
        Ok(self.request_body.clone())
    }

    fn body(&self, range: Range<u64>) -> Result<Vec<u8>, Infallible> {
        let end = range.end.min(self.exchange.body_len);
        let mut body = Vec::new();
        let first = self
            .chunks
            .partition_point(|chunk| chunk.offset + chunk.len <= range.start);
        for (chunk, place) in self.chunks.iter().zip(&self.places).skip(first) {
            let (from, to) = (chunk.offset.max(range.start), (chunk.offset + chunk.len).min(end));
            if from >= to {
                break;
            }
            // A hole before the chunk reads as zero.
            body.resize((from - range.start) as usize, 0);
            let inside = place + (from - chunk.offset) as usize;
            body.extend_from_slice(
                self.bytes
                    .get(inside..inside + (to - from) as usize)
                    .unwrap_or_default(),
            );
        }
        Ok(body)
    }

    fn chunks(&self, numbers: Range<u64>) -> Result<Vec<Chunk>, Infallible> {
        let clamp = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).min(self.chunks.len());
        let (from, to) = (clamp(numbers.start), clamp(numbers.end));
        Ok(self.chunks.get(from..to).unwrap_or_default().to_vec())
    }

    fn chunk_at(&self, offset: u64) -> Result<Option<u64>, Infallible> {
        let idx = self.chunks.partition_point(|chunk| chunk.offset + chunk.len <= offset);
        let found = self.chunks.get(idx).filter(|chunk| chunk.offset <= offset);
        Ok(found.map(|_| idx as u64))
    }

    fn watermark(&self) -> Result<Watermark, Infallible> {
        Ok(self.watermark)
    }

    fn page(&self, kind: PageKind, number: u64) -> Result<Option<Arc<[u8]>>, Infallible> {
        Ok(self.pages.get(&(kind, number)).cloned())
    }

    fn page_at_or_before(&self, kind: PageKind, number: u64) -> Result<Option<(u64, Arc<[u8]>)>, Infallible> {
        let found = self.pages.range((kind, 0)..=(kind, number)).next_back();
        Ok(found.map(|((_, number), bytes)| (*number, Arc::clone(bytes))))
    }
}
