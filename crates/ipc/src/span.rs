//! What a span is made of, who wrote a value, and a body that is no stream.

pub use scrubjay_session::query::{SpanEvent, SpanEventWindow, Write, WriteHistory};
use serde::{Deserialize, Serialize};

/// Asks for the events of a span around one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanEvents {
    pub exchange: i64,
    /// The span, by ordinal.
    pub span: u32,
    /// The frame in the middle.
    pub around: u32,
    /// How many events at most.
    pub count: u32,
}

/// Asks which frames wrote a value of the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writes {
    pub exchange: i64,
    /// Until which frame; the next write after it is given, too.
    pub at: u32,
    /// JSON Pointer.
    pub pointer: String,
    /// How many writes at most.
    pub most: u32,
}

/// Asks for the response's body, for exchanges that carry no events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    pub exchange: i64,
}

/// A response's body, decoded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyView {
    /// The media type without parameters.
    pub content_type: String,
    /// Bytes of the decoded body.
    pub len: u64,
    /// The bytes as text, control characters kept, cut at 1 MB.
    pub text: String,
    /// Invalid UTF-8 was replaced in `text`.
    pub lossy: bool,
    /// `text` was cut.
    pub cut: bool,
    /// The text indented, when all of it is JSON.
    pub json: Option<String>,
    /// The first 4 KB as bytes.
    pub bytes: Vec<u8>,
}
