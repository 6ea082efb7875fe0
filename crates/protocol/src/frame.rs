//! A frame: one unit cut from a response body, and what is wrong with it.
//!
//! Frames tile the body: each covers every byte from the end of the one
//! before to its own end (blank lines included), so the bytes of a body are
//! the bytes of its frames in order, plus a tail that is no frame yet.

use std::ops::Range;

use crate::{event::EventType, json::Value, problem::Problem};

/// Bytes of data up to which an event is read: 64 MiB. A larger frame keeps
/// its place in the body, and its data is not gathered.
pub const EVENT_LIMIT: usize = 64 * 1024 * 1024;

/// Number of a frame within its exchange, from 1. Zero names the moment
/// before the first frame, when only the request's input is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub u32);

/// What a frame is, in the words of the contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// An SSE frame with data that is a JSON object with a `type`.
    Event,
    /// An SSE frame without data: comments, or only `event`, `id`, `retry`.
    #[default]
    Comment,
    /// Anything else: data that is not an event, a line that is no field, a cut end.
    Malformed,
    /// A length-prefixed protobuf record, unless it is cut or cannot be decoded.
    Record,
}

impl FrameKind {
    /// The contract's name: `event`, `comment`, `malformed`, `record`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Comment => "comment",
            Self::Malformed => "malformed",
            Self::Record => "record",
        }
    }
}

/// How much of a frame's JSON is kept after it was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Detail {
    /// The value: what folding needs.
    #[default]
    Value,
    /// Only the type: what an index needs, at a fraction of the cost.
    TypeOnly,
}

/// One frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// Where its bytes are in the decoded body.
    pub range: Range<u64>,
    pub kind: FrameKind,
    /// It comes from the protobuf transport.
    pub is_record: bool,
    /// The type of the event, for events and for records that name one,
    /// decoded or not.
    pub event_type: Option<EventType>,
    /// The event as JSON, when it was asked for ([`Detail::Value`]) and the
    /// frame is an event within the limits. Of a record, what the official
    /// client decodes it to ([`crate::proto`]).
    pub value: Option<Value>,
    /// SSE: the `data` lines joined with LF, as bytes (not yet UTF-8 checked).
    /// Records: the message without its length. Empty for comments.
    pub data: Vec<u8>,
    /// Comment lines joined with LF, without the colon and one space.
    pub comment: Option<Vec<u8>>,
    /// Value of the last `event` field.
    pub event_name: Option<Vec<u8>>,
    /// Value of the last `id` field.
    pub id: Option<Vec<u8>>,
    /// Value of the last `retry` field.
    pub retry: Option<Vec<u8>>,
    /// SSE: its bytes, unless it is nothing but lines of data, each ended by LF, and a blank line of LF alone. A
    /// [`crate::sse::Reader`] needs them. Not kept of frames beyond [`EVENT_LIMIT`].
    pub raw: Option<Vec<u8>>,
    /// What is wrong with it as a frame.
    pub problems: Vec<Problem>,
}

impl Frame {
    /// Its length in bytes of the decoded body.
    #[expect(clippy::len_without_is_empty, reason = "a frame covers at least one byte")]
    pub fn len(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// Whether it has a problem under this id of [`crate::problem::rule`].
    pub fn has(&self, rule: &str) -> bool {
        self.problems.iter().any(|problem| problem.rule == rule)
    }

    /// Notes a problem.
    pub(crate) fn note(&mut self, rule: &'static str, message: impl Into<String>) {
        self.problems.push(Problem::new(rule, message));
    }
}
