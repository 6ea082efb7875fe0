//! One recorded exchange, and where its bytes lie.
//!
//! A recording may be larger than memory and is served to many clients at
//! once, so a body is not held here: it is read piece by piece as it is sent,
//! from wherever it lies. Everything that implements
//! [`Shelf`] can be read from: a store's exchange, or a file's in memory.

use std::{collections::VecDeque, error::Error, fmt, ops::Range, sync::Arc};

use bytes::Bytes;
use scrubjay_protocol::media::{Media, Recogniser, START_LIMIT_BYTES};
use scrubjay_session::{
    exchange::{Chunk, Exchange, field},
    shelf::Shelf,
};

/// Bytes read at once, unless a chunk has more.
const BLOCK_LEN: u64 = 256 * 1024;
/// Chunks looked up at once.
const LOOKED_UP: u64 = 1024;

/// A recorded response body could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the recorded body could not be read: {cause}")]
pub struct Unread {
    /// Why, from where the body lies.
    #[source]
    pub cause: Box<dyn Error + Send + Sync>,
}

impl Unread {
    fn new(cause: impl Error + Send + Sync + 'static) -> Self {
        Self { cause: Box::new(cause) }
    }
}

/// Where a recorded response body lies, as it was on the wire.
pub trait Body: Send + Sync {
    /// Chunks by number, from 0, in order; fewer when there are no more.
    ///
    /// # Errors
    /// When they cannot be read.
    fn chunks(&self, numbers: Range<u64>) -> Result<Vec<Chunk>, Unread>;

    /// Bytes by their place in the body on the wire.
    ///
    /// # Errors
    /// When they cannot be read.
    fn bytes(&self, range: Range<u64>) -> Result<Vec<u8>, Unread>;
}

impl<S: Shelf + Send + Sync> Body for S {
    fn chunks(&self, numbers: Range<u64>) -> Result<Vec<Chunk>, Unread> {
        Shelf::chunks(self, numbers).map_err(Unread::new)
    }

    fn bytes(&self, range: Range<u64>) -> Result<Vec<u8>, Unread> {
        self.body(range).map_err(Unread::new)
    }
}

/// One recorded exchange: what was asked, and where the answer lies. Cheap to clone.
#[derive(Clone)]
pub struct Recorded {
    /// The facts.
    pub exchange: Arc<Exchange>,
    /// The request's body, as it was sent.
    pub request_body: Arc<[u8]>,
    /// The response's body.
    pub body: Arc<dyn Body>,
}

impl Recorded {
    /// Reads facts and request of an exchange, and leaves its body where it lies.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    pub fn open<S: Shelf + Send + Sync + 'static>(shelf: Arc<S>) -> Result<Self, Unread> {
        Ok(Self {
            exchange: Arc::new(shelf.exchange().map_err(Unread::new)?),
            request_body: shelf.request_body().map_err(Unread::new)?.into(),
            body: shelf,
        })
    }

    /// What the response body is, by its head and its first bytes; `None`
    /// when they are too few.
    ///
    /// # Errors
    /// When the body cannot be read.
    pub fn media(&self) -> Result<Option<Media>, Unread> {
        let Some(head) = &self.exchange.response else {
            return Ok(None);
        };
        let mut recogniser = Recogniser::new(
            Some(&field(&head.headers, "content-type")),
            &field(&head.headers, "content-encoding"),
        );
        let mut number = 0;
        while recogniser.media().is_none() {
            let Some(chunk) = self.body.chunks(number..number + 1)?.first().copied() else {
                break;
            };
            let len = chunk.len.min(START_LIMIT_BYTES as u64);
            recogniser.push(&self.body.bytes(chunk.offset..chunk.offset + len)?);
            number += 1;
        }
        Ok(recogniser.media())
    }
}

/// The chunks of a body in order, read as they are asked for.
pub(crate) struct Chunks {
    body: Arc<dyn Body>,
    count: u64,
    /// Chunks that were looked up, from the next one on.
    known: VecDeque<Chunk>,
    taken: u64,
    /// Bytes that were read, from the start of the first chunk in `known`.
    block: Bytes,
}

impl Chunks {
    pub(crate) fn of(recorded: &Recorded) -> Self {
        Self {
            body: Arc::clone(&recorded.body),
            count: recorded.exchange.chunk_count,
            known: VecDeque::new(),
            taken: 0,
            block: Bytes::new(),
        }
    }

    /// How many were given.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    /// The next chunk, its number and its bytes; nothing after the last.
    pub(crate) fn next(&mut self) -> Result<Option<(Chunk, u64, Bytes)>, Unread> {
        let Some((chunk, ahead)) = self.ahead()? else {
            return Ok(None);
        };
        let len = usize::try_from(chunk.len).unwrap_or(usize::MAX).min(ahead.len());
        self.known.pop_front();
        self.taken += 1;
        let bytes = self.block.split_to(len);
        Ok(Some((chunk, self.taken - 1, bytes)))
    }

    /// The next chunk, and what was read from its start on; nothing after the last.
    pub(crate) fn ahead(&mut self) -> Result<Option<(Chunk, &Bytes)>, Unread> {
        if self.known.is_empty() && self.taken < self.count {
            let until = self.count.min(self.taken + LOOKED_UP);
            self.known = self.body.chunks(self.taken..until)?.into();
        }
        let Some(chunk) = self.known.front().copied() else {
            return Ok(None);
        };
        if self.block.is_empty() {
            let until = self.block_end();
            self.block = self.body.bytes(chunk.offset..until)?.into();
        }
        Ok(Some((chunk, &self.block)))
    }

    /// The end of the chunks that are read with the first one: those that
    /// follow without a hole.
    fn block_end(&self) -> u64 {
        let mut until: Option<(u64, u64)> = None;
        for chunk in &self.known {
            let end = chunk.offset + chunk.len;
            match until {
                None => until = Some((chunk.offset, end)),
                Some((from, to)) if chunk.offset == to && end - from <= BLOCK_LEN => until = Some((from, end)),
                Some(_) => break,
            }
        }
        until.map_or(0, |(_, to)| to)
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Recorded")
            .field("exchange", &self.exchange)
            .finish_non_exhaustive()
    }
}
