//! A frame: one unit cut from a response body, and what is wrong with it.
//!
//! Frames tile the body: each covers every byte from the end of the one
//! before to its own end (blank lines included), so the bytes of a body are
//! the bytes of its frames in order, plus a tail that is no frame yet.

use std::ops::Range;

use crate::problem::Problem;

/// Number of a frame within its exchange, from 1. Zero names the moment
/// before the first frame, when only the request's input is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub u32);

/// What a frame is, in the words of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// An SSE frame with data that is a JSON object with a `type`.
    Event,
    /// An SSE frame without data: comments, or only `event`, `id`, `retry`.
    Comment,
    /// Anything else: data that is not an event, a line that is no field, a cut end.
    Malformed,
    /// A length-prefixed protobuf record.
    Record,
}

/// One frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Where its bytes are in the decoded body.
    pub range: Range<u64>,
    /// What it is.
    pub kind: FrameKind,
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
    /// What is wrong with it as a frame.
    pub problems: Vec<Problem>,
}
