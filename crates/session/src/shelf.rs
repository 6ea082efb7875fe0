//! Where one exchange lies: its bytes, and the pages derived from them.
//!
//! The truth is the request, the chunks and the body. Everything else is a
//! *page*: bytes that only `session` can read, made by [`crate::derive`] and
//! kept by whoever implements [`Shelf`] (the store, or a recording in memory)
//! under a kind and a number. A shelf never looks inside a page, so a new
//! version of the derivation needs no migration: the pages are made again.

use std::{ops::Range, sync::Arc};

use crate::exchange::{Chunk, Exchange};

/// Families of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum PageKind {
    /// One page (number 0): counts, runs, worst findings; what a list shows.
    Summary = 0,
    /// The index of frames; numbered by block of frames.
    Frames = 1,
    /// Spans in the order of their first frames; numbered by block.
    Spans = 2,
    /// Findings in the order of frames; numbered by block.
    Findings = 3,
    /// Everything needed to go on after a frame; numbered by `seq`.
    Checkpoint = 4,
    /// Parts that checkpoints share (sealed messages, long texts); numbered by `seq` of sealing and a counter.
    Piece = 5,
    /// The bucket pyramid for lanes; numbered by lane, level and block.
    Buckets = 6,
    /// Small sorted lists: jump targets, gaps, ids seen; numbered by list and block.
    Marks = 7,
}

/// A page on its way to a shelf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub kind: PageKind,
    /// Its number within the family.
    pub number: u64,
    /// Its bytes; a page written again replaces the one before.
    pub bytes: Arc<[u8]>,
}

/// How far the derivation of an exchange has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watermark {
    /// Frames derived.
    pub seq: u32,
    /// Bytes of the decoded body covered by them.
    pub offset: u64,
    /// The exchange had ended, and nothing is left to derive.
    pub finished: bool,
}

/// A page and its number.
pub type Numbered = (u64, Arc<[u8]>);

/// Where one exchange lies.
///
/// Reading costs what is asked for, not what there is: a shelf must not read
/// a whole body to give a range of it.
pub trait Shelf {
    /// Why reading failed.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The facts, as of now.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    fn exchange(&self) -> Result<Exchange, Self::Error>;

    /// The request's body.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    fn request_body(&self) -> Result<Vec<u8>, Self::Error>;

    /// Bytes of the response body as they were on the wire. Shorter than
    /// asked when the range reaches past what there is (yet). Holes count as
    /// absent: offsets go on after them, and the bytes inside read as zero.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    fn body(&self, range: Range<u64>) -> Result<Vec<u8>, Self::Error>;

    /// Chunks by number, from 0, in order.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    fn chunks(&self, numbers: Range<u64>) -> Result<Vec<Chunk>, Self::Error>;

    /// Number of the chunk that holds the byte at `offset` of the wire body.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    fn chunk_at(&self, offset: u64) -> Result<Option<u64>, Self::Error>;

    /// How far the pages reach.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    fn watermark(&self) -> Result<Watermark, Self::Error>;

    /// A page.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    fn page(&self, kind: PageKind, number: u64) -> Result<Option<Arc<[u8]>>, Self::Error>;

    /// The page with the largest number at or below `number`.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    fn page_at_or_before(&self, kind: PageKind, number: u64) -> Result<Option<Numbered>, Self::Error>;
}

/// A shelf that several hold.
impl<S: Shelf> Shelf for Arc<S> {
    type Error = S::Error;

    fn exchange(&self) -> Result<Exchange, S::Error> {
        S::exchange(self)
    }

    fn request_body(&self) -> Result<Vec<u8>, S::Error> {
        S::request_body(self)
    }

    fn body(&self, range: Range<u64>) -> Result<Vec<u8>, S::Error> {
        S::body(self, range)
    }

    fn chunks(&self, numbers: Range<u64>) -> Result<Vec<Chunk>, S::Error> {
        S::chunks(self, numbers)
    }

    fn chunk_at(&self, offset: u64) -> Result<Option<u64>, S::Error> {
        S::chunk_at(self, offset)
    }

    fn watermark(&self) -> Result<Watermark, S::Error> {
        S::watermark(self)
    }

    fn page(&self, kind: PageKind, number: u64) -> Result<Option<Arc<[u8]>>, S::Error> {
        S::page(self, kind, number)
    }

    fn page_at_or_before(&self, kind: PageKind, number: u64) -> Result<Option<Numbered>, S::Error> {
        S::page_at_or_before(self, kind, number)
    }
}
