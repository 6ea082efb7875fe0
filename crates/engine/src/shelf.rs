//! One exchange, wherever it lies: in a store, or in a file that was read.

use std::{ops::Range, sync::Arc};

use scrubjay_session::{
    exchange::{Chunk, Exchange},
    memory::MemoryShelf,
    shelf::{PageKind, Shelf, Watermark},
};
use scrubjay_store::{StoreError, StoreShelf};

/// One exchange of a store or of a recording file.
#[derive(Clone, Debug)]
pub enum AnyShelf {
    /// In a store.
    Store(StoreShelf),
    /// In memory.
    Memory(Arc<MemoryShelf>),
}

macro_rules! either {
    ($self:ident, $shelf:ident => $call:expr) => {
        match $self {
            AnyShelf::Store($shelf) => $call,
            AnyShelf::Memory($shelf) => match $call {
                Ok(answer) => Ok(answer),
                Err(never) => match never {},
            },
        }
    };
}

impl Shelf for AnyShelf {
    type Error = StoreError;

    fn exchange(&self) -> Result<Exchange, StoreError> {
        either!(self, shelf => shelf.exchange())
    }

    fn request_body(&self) -> Result<Vec<u8>, StoreError> {
        either!(self, shelf => shelf.request_body())
    }

    fn body(&self, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        either!(self, shelf => shelf.body(range))
    }

    fn chunks(&self, numbers: Range<u64>) -> Result<Vec<Chunk>, StoreError> {
        either!(self, shelf => shelf.chunks(numbers))
    }

    fn chunk_at(&self, offset: u64) -> Result<Option<u64>, StoreError> {
        either!(self, shelf => shelf.chunk_at(offset))
    }

    fn watermark(&self) -> Result<Watermark, StoreError> {
        either!(self, shelf => shelf.watermark())
    }

    fn page(&self, kind: PageKind, number: u64) -> Result<Option<Arc<[u8]>>, StoreError> {
        either!(self, shelf => shelf.page(kind, number))
    }

    fn page_at_or_before(&self, kind: PageKind, number: u64) -> Result<Option<(u64, Arc<[u8]>)>, StoreError> {
        either!(self, shelf => shelf.page_at_or_before(kind, number))
    }
}
