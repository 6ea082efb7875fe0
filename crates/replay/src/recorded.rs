//! One recorded exchange, and where its bytes lie.
//!
//! A recording may be larger than memory and is served to many clients at
//! once, so a body is not held here: it is read piece by piece as it is sent,
//! from wherever it lies. Everything that implements
//! [`Shelf`] can be read from: a store's exchange, or a file's in memory.

use std::{error::Error, fmt, ops::Range, sync::Arc};

use scrubjay_session::{
    exchange::{Chunk, Exchange},
    shelf::Shelf,
};

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
}

impl fmt::Debug for Recorded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Recorded")
            .field("exchange", &self.exchange)
            .finish_non_exhaustive()
    }
}
