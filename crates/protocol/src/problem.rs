//! What can be wrong with a frame, a request body or an encoded stream.
//!
//! A problem is a fact, not a verdict: which ones stop the official client is
//! decided where runs are folded. Rule ids are stable; people filter by them.

/// Something wrong with a piece of the wire, as a piece of the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Stable id, one of [`rule`].
    pub rule: &'static str,
    /// One sentence.
    pub message: String,
}

impl Problem {
    /// A problem under one of the ids in [`rule`].
    pub fn new(rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            rule,
            message: message.into(),
        }
    }
}

/// Ids of problems.
pub mod rule {
    /// A line inside the frame ends with CR; that reader keeps the CR in the line.
    pub const CR_INSIDE: &str = "framing.cr_inside";
    /// The body begins with a byte order mark. Readers skip it.
    pub const BOM: &str = "framing.bom";
    /// The data holds several events, each on its own `data` line.
    pub const TWO_EVENTS: &str = "framing.two_events";
    /// The data is `[DONE]`, a habit of other protocols.
    pub const DONE: &str = "framing.done";
    /// There is a `data` field, and it is empty.
    pub const EMPTY_DATA: &str = "framing.empty_data";
    /// The data is an SSE frame again, or JSON that was encoded as JSON again.
    pub const TWICE: &str = "framing.twice";
    /// The data is not JSON.
    pub const JSON: &str = "framing.json";
    /// The data is JSON and not an object.
    pub const NOT_AN_OBJECT: &str = "framing.not_an_object";
    /// The data is an object without a non-empty string `type`.
    pub const NO_TYPE: &str = "framing.no_type";
    /// A line is neither a field of SSE nor a comment.
    pub const NOT_A_FIELD: &str = "framing.not_a_field";
    /// A line is the word `data` without a colon: a `data` field to the
    /// standard, nothing to the official TypeScript reader.
    pub const BARE_DATA: &str = "framing.bare_data";
    /// Bytes that are not UTF-8; readers see U+FFFD.
    pub const UTF8: &str = "framing.utf8";
    /// The body ends without the blank line; the frame is whole.
    pub const UNTERMINATED: &str = "framing.unterminated";
    /// The body ends inside the frame.
    pub const CUT: &str = "framing.cut";
    /// Over 10 × 1024 × 1024 characters or bytes, which the official reader refuses.
    pub const OVER_10_MIB: &str = "framing.over_10_mib";
    /// A record that cannot be decoded; the official client gives up at it.
    pub const RECORD: &str = "framing.record";
    /// A record that holds only what a later protocol may have; the official
    /// client drops it, as it drops events of unknown types.
    pub const UNKNOWN_EVENT: &str = "schema.unknown_type";
    /// A field of a record that protocol 1.0 does not describe; the official
    /// client skips it, as it strips members.
    pub const STRIPPED: &str = "schema.stripped";
    /// A content part of a record that is of no known kind, and is dropped.
    pub const STRIPPED_VARIANT: &str = "schema.stripped_variant";
    /// A field that stands more than once in a record.
    pub const REPEATED: &str = "json.duplicate_key";
    /// A value in a record that JSON cannot write: an infinite number, one
    /// that is none, an item that is nothing.
    pub const NOT_JSON: &str = "record.not_json";
    /// An event over the size that is read ([`crate::frame::EVENT_LIMIT`],
    /// [`crate::json::VALUE_LIMIT`]).
    pub const EVENT_SIZE: &str = "limit.event_size";
    /// JSON nested deeper than is read ([`crate::json::NESTING_LIMIT`]).
    pub const NESTING: &str = "limit.nesting";
    /// An unknown content encoding.
    pub const UNKNOWN_ENCODING: &str = "encoding.unknown";
    /// An encoded body that breaks its own format, or ends inside it.
    pub const BROKEN_ENCODING: &str = "encoding.broken";
    /// An encoded body that unfolds beyond the limit.
    pub const OUTPUT_SIZE: &str = "limit.decoded_size";
    /// A member of the input that is missing or has the wrong shape.
    pub const INPUT: &str = "input.shape";
    /// A member under a name of older or other spellings (`thread_id`).
    pub const SPELLING: &str = "input.spelling";
}
