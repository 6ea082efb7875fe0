//! Every question about one exchange, answered from a [`Shelf`].
//!
//! A [`Reader`] looks at the pages that a [`Deriver`](crate::derive::Deriver)
//! made. What the pages do not cover yet (the tail of a live exchange, the
//! whole of a small one) it derives itself into pages in memory, so a live
//! exchange is never behind, and there is one way of reading, not two.
//!
//! Nothing here grows with the number of frames except what is asked for:
//! answers are windows, and decoded pages and folds are kept in bounded caches.
//!
//! # Map
//!
//! - [`answer`]: what comes back.
//! - `pages`: pages by number, decoded and cached.
//! - `axis`: clock, collapsed, index; frames ↔ places.
//! - `frames`, `rows`, `spans`, `jump`, `detail`: windows and single frames; `calls`: names of calls that came with the request.
//! - `lanes`: the decimated picture.
//! - `seek`, `state`, `tree`, `chat`: the fold as of a frame and what is read from it.
//!
//! # Questions
//!
//! ```text
//! Reader::open(shelf) -> Result<Reader<S>, Failed<S::Error>>
//! reader.refresh() -> bool                     something changed since the last time
//! reader.exchange() -> &Exchange               as of the last refresh
//! reader.shelf() -> &S
//! reader.summary() -> &Summary                 counts, runs, ttft, stop, title
//! reader.progress() -> f32                     part of the body that is derived
//! reader.extent() -> Extent
//!
//! reader.frames(first_seq..end_seq) -> Vec<FrameEntry>
//! reader.frame_text(seq, limit) -> FrameText
//! reader.events(first_seq..=last_seq) -> impl Iterator<Item = Result<EventLine, _>>   constant memory
//! reader.findings(first_seq..end_seq, limit) -> Vec<FindingEntry>
//!
//! reader.fold_at(seq) -> (Fold, Explain)
//! reader.moment_at(seq) -> Moment              what is held, to be written out
//! reader.state_at(seq) -> StateAt              messages and state as JSON text
//! reader.states(first_seq..=last_seq) -> impl Iterator<Item = Result<StateAt, _>>    for `state --all`
//! reader.blame_at(seq) -> (Vec<(String, u32)>, bool)   pointer → frame that set it; whether there are more
//! reader.state_patch(from, at, limit) -> json_patch::Patch   from the state at one frame to that at another
//!
//! reader.spans(first_ordinal..end_ordinal) -> Vec<Span>
//! reader.span_text(ordinal, limit) -> SpanText
//!
//! reader.rows(view, &expanded, first, count) -> RowWindow<Row>
//! reader.row_of(view, &expanded, seq) -> u64
//! reader.locate(axis, target) -> Place
//! reader.place(axis, seq) -> Place
//! reader.jump(axis, from, JumpTo, Direction) -> Option<Place>
//! reader.detail(seq, limit) -> FrameDetail
//! reader.lanes(axis, from, to, width_px) -> LanePicture
//! ```
//!
//! All of them answer `Result<_, Failed<S::Error>>`. A reader is used by one
//! thread at a time (`&mut self`); keep one behind a mutex for each exchange.

pub mod answer;
mod axis;
mod cache;
mod calls;
mod chat;
pub(crate) mod describe;
mod detail;
mod frames;
mod jump;
mod lanes;
mod pages;
mod reader;
mod rows;
mod seek;
mod span_events;
mod spans;
pub(crate) mod state;
pub(crate) mod tree;
mod writes;

use thiserror::Error;

pub(crate) use self::spans::clip;
pub use self::{
    answer::*,
    chat::{ChatMessage, ChatWindow, Interrupt, ToolCard},
    frames::{Events, stored_findings},
    lanes::{Form, Lane, LaneId, LanePicture, LongGap, Shape},
    reader::Reader,
    span_events::{SpanEvent, SpanEventWindow},
    state::MOMENT_LEN,
    tree::{Change, Dropped, Lost, Mend, StateLine, StateQuery, StateTree, ValueShape},
    writes::{Write, WriteHistory},
};
use crate::derive::Damaged;
#[cfg(doc)]
use crate::shelf::Shelf;
pub use crate::{changes::ChangeKind, fold::LostPath};

/// Why a question could not be answered.
#[derive(Debug, Error)]
pub enum Failed<E> {
    /// The shelf cannot be read.
    #[error(transparent)]
    Shelf(E),
    /// A derived page is not what it should be; `reindex` makes it again.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// There is no such frame.
    #[error("there is no frame {seq}; the last is {last}")]
    NoFrame {
        /// The frame asked for.
        seq: u32,
        last: u32,
    },
    /// There is no such span.
    #[error("there is no span {ordinal}; there are {count}")]
    NoSpan {
        /// The span asked for.
        ordinal: u32,
        count: u32,
    },
    /// What was asked for is worth more text than is made of it.
    #[error("it would be {bytes} bytes of JSON, and the limit is {limit_bytes}")]
    TooLarge {
        /// How much text it would be.
        bytes: u64,
        /// How much may be.
        limit_bytes: u64,
    },
    /// Half of a surrogate pair, which JSON libraries refuse.
    #[error("the state at frame {seq} has a text with half of a surrogate pair, which a JSON Patch cannot hold")]
    NotUnicode {
        /// The frame asked for.
        seq: u32,
    },
    /// There is no such value or message at that moment.
    #[error("there is nothing at {place}")]
    Nothing {
        /// The pointer or the number asked for.
        place: String,
    },
}
