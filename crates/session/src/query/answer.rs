//! What the queries answer with: plain values, no references into a reader.

use super::chat::Interrupt;
pub use crate::derive::{
    finding::FindingEntry,
    frames::FrameEntry,
    kinds::{EventCode, Kind, Severity},
    spans::Span,
    summary::{Asks, Outcome, RuleCount, Run, Stop, Summary, Transport},
};
use crate::fold::Fold;

/// A frame as `scrubjay events` prints it.
#[derive(Clone, Debug, PartialEq)]
pub struct EventLine {
    pub seq: u32,
    /// What the index knows of it.
    pub entry: FrameEntry,
    /// Type of the event; absent for comments and malformed frames.
    pub type_name: Option<String>,
    /// Text of the event's JSON, verbatim when it is an event and UTF-8; of a
    /// record that of the value it decodes to; otherwise absent.
    pub event: Option<String>,
    pub findings: Vec<FindingEntry>,
}

/// The data of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameData {
    /// The `data` lines, joined with LF.
    pub data: Vec<u8>,
    /// The body ends without the blank line after it.
    pub is_cut: bool,
}

/// The bytes of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameText {
    pub bytes: Vec<u8>,
    /// Whether bytes were left out.
    pub cut: bool,
}

/// How a moment was reached, for `state --explain`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Explain {
    /// Frame of the stored state that folding began from; 0 is the request's input.
    pub checkpoint: u32,
    /// It was in memory already, so nothing was read for it.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub in_memory: bool,
    /// Frames folded from there.
    pub folded: u32,
}

/// What a client holds after a frame: for [`Reader::write_held`], which writes
/// it out.
///
/// [`Reader::write_held`]: super::Reader::write_held
#[derive(Clone, Debug)]
pub struct Moment {
    /// The frame; 0 is the request's input.
    pub seq: u32,
    /// Type of the event at it; absent for comments, malformed frames and 0.
    pub type_name: Option<String>,
    /// Where the official client had given up, at or before this frame.
    pub stopped: Option<Stop>,
    pub explain: Explain,
    pub(crate) fold: Fold,
}

impl Moment {
    /// Since this frame the client's state may be another, until one is set as a whole.
    pub fn unknown_since(&self) -> Option<u32> {
        self.fold.lost().unknown_since()
    }

    /// Since this frame the client may hold other messages, until a snapshot states them.
    pub fn messages_unknown_since(&self) -> Option<u32> {
        self.fold.messages_missing()
    }
}

/// Parts of what a client holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub enum Held {
    /// The messages, a JSON array.
    Messages,
    /// The state, any JSON.
    State,
    /// The open interrupts, a JSON array.
    Interrupts,
}

impl Held {
    /// All of them, in the contract's order.
    pub const ALL: [Self; 3] = [Self::Messages, Self::State, Self::Interrupts];

    /// The contract's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::State => "state",
            Self::Interrupts => "interrupts",
        }
    }
}

/// A moment that is worth more text than is written out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct TooLarge {
    /// How much text all of it would be.
    pub bytes: u64,
    /// How much may be written.
    pub limit_bytes: u64,
    /// What is left out, in the contract's order.
    pub left_out: Vec<Held>,
}

/// Messages and state as of a frame, as JSON text.
#[derive(Clone, Debug, PartialEq)]
pub struct StateAt {
    /// The frame; 0 is the request's input.
    pub seq: u32,
    /// Type of the event at it; absent for comments, malformed frames and 0.
    pub type_name: Option<String>,
    /// The messages, a JSON array.
    pub messages: String,
    /// The state, any JSON.
    pub state: String,
    /// Where the official client had given up, at or before this frame.
    pub stopped: Option<Stop>,
    /// The open interrupts, a JSON array.
    pub interrupts: String,
    pub explain: Explain,
    /// What is `null` in it because it is too large.
    pub too_large: Option<TooLarge>,
}

/// What a client holds at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldAtEnd {
    /// The messages, a JSON array.
    pub messages: String,
    /// The state, any JSON.
    pub state: String,
    /// The open interrupts, a JSON array.
    pub interrupts: String,
}

/// Text of a span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpanText {
    /// Message text, reasoning, tool arguments, or the JSON of the rest.
    pub text: String,
    /// Result of a tool call.
    pub result: Option<String>,
    /// Whether something was left out.
    pub cut: bool,
    /// Frames of the span after the moment that the text is as of.
    pub later: u32,
}

/// What a row is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum RowsOf {
    /// A row a span.
    #[default]
    Spans,
    /// A row a frame.
    Events,
}

/// A window of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RowWindow<T> {
    /// Number of the first row given.
    pub first: u64,
    pub total: u64,
    pub rows: Vec<T>,
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Row {
    /// The span, if the row is one.
    pub span: Option<u32>,
    /// A frame inside an open span stands one level in.
    pub depth: u8,
    pub first_seq: u32,
    /// Last frame so far.
    pub last_seq: u32,
    /// When the first frame arrived.
    pub at_us: u64,
    /// For spans: first to last frame. For frames: gap since the one before.
    pub duration_us: u64,
    pub kind: Kind,
    /// Short subject: event type, tool name, role, step name.
    pub subject: String,
    /// One line of what it says, as it stands (not made safe for display).
    pub summary: String,
    /// What stands right: `412 ch`, `1.9 s`, `184 B`.
    pub measure: String,
    /// Worst finding in it.
    pub severity: Option<Severity>,
    /// A span that has not ended (yet).
    pub open: bool,
}

/// A horizontal axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Axis {
    /// Microseconds since the request.
    #[default]
    Clock,
    /// Microseconds, with long gaps cut to a fixed width.
    Collapsed,
    /// Frame numbers.
    Index,
}

/// A place in an exchange.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Target {
    /// On the axis, in its units: the last frame at or before it.
    X(f64),
    /// The frame itself, clamped to what exists.
    Seq(u32),
    /// On the clock: the last frame at or before it.
    AtMicros(u64),
}

/// A frame and where it is.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Place {
    /// Its number; 0 is the moment before the first.
    pub seq: u32,
    /// When it arrived.
    pub at_us: u64,
    /// Where it is on the asked axis.
    pub x: f64,
    /// Time of day, RFC 3339 with microseconds.
    pub wall: String,
    /// Event type, or what the frame is.
    pub type_name: String,
    /// Worst finding at it.
    pub severity: Option<Severity>,
    /// Gap since the frame before (since the request, for the first).
    pub gap_us: u64,
    /// Last words, open tool or changed paths.
    pub hint: String,
}

/// A place of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum JumpTo {
    /// A finding of severity warning or worse.
    Problem,
    /// The start of a tool call.
    Tool,
    /// A state event.
    State,
    /// The start or end of a run.
    Run,
    /// The start of a run whose input has a new user message.
    Turn,
    /// A gap of 500 ms or more: the frame after it.
    Gap,
    /// The next row of the span view.
    Span,
    /// The next frame.
    Frame,
}

/// Which way to jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To later frames.
    Forwards,
    /// To earlier frames.
    Backwards,
}

/// Lengths of the axes, in their own units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Extent {
    /// Of the clock axis, microseconds.
    pub clock: f64,
    /// Of the collapsed axis, microseconds.
    pub collapsed: f64,
    /// Of the index axis, frames.
    pub index: f64,
}

/// All about one frame.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FrameDetail {
    /// The frame.
    pub seq: u32,
    /// Event type, or what the frame is.
    pub type_name: String,
    /// Family.
    pub kind: Kind,
    /// When it arrived.
    pub at_us: u64,
    /// Time of day, RFC 3339 with microseconds.
    pub wall: String,
    /// Gap since the frame before.
    pub gap_us: u64,
    /// The event's own `timestamp`, as it stands, and its skew in microseconds if it reads as a time.
    pub timestamp: Option<(String, Option<i64>)>,
    /// Where its bytes are in the decoded body.
    pub offset: u64,
    /// How many bytes.
    pub len: u64,
    /// Number of the chunk that completed it, from 0.
    pub chunk: u64,
    /// Frames completed by the same chunk, itself included.
    pub chunk_frames: u32,
    /// Offsets within the frame at which a new chunk begins (not for encoded bodies).
    pub chunk_boundaries: Vec<u64>,
    pub findings: Vec<FindingEntry>,
    /// Where a patch of it was dropped: the frame by which all is mended that was lost by then.
    pub mended_at: Option<u32>,
    /// Members of the event's object in the order of the text: name and verbatim JSON.
    pub fields: Vec<Field>,
    /// Operations of a patch, with what became of each.
    pub operations: Vec<Operation>,
    /// What the run waits for that ends here.
    pub interrupts: Vec<Interrupt>,
    /// The bytes as text, control characters kept, cut at the limit asked for; of a record
    /// of the binary transport, the JSON of the event that it decodes to.
    pub raw: String,
    /// Whether `raw` was decoded from a binary record.
    pub raw_decoded: bool,
    /// Whether invalid UTF-8 was replaced in `raw`.
    pub raw_lossy: bool,
    /// Whether `raw` was cut.
    pub raw_cut: bool,
    /// The first 4 KB as bytes.
    pub bytes: Vec<u8>,
    /// The span in whose rows it stands.
    pub span: Option<SpanDetail>,
}

/// An assembled item, as of a frame.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SpanDetail {
    /// Its number in the order of first frames.
    pub ordinal: u32,
    /// Family.
    pub kind: Kind,
    /// messageId, toolCallId, step name, …
    pub id: String,
    /// Role, tool name, step name.
    pub name: String,
    /// First frame.
    pub first_seq: u32,
    /// Last frame so far.
    pub last_seq: u32,
    /// From first to last frame.
    pub duration_us: u64,
    /// Frames in it.
    pub frames: u32,
    /// Assembled text or arguments, cut at 64 KB.
    pub text: String,
    /// Result, for tools.
    pub result: Option<String>,
    /// It has not ended.
    pub open: bool,
    /// Events of it after the frame asked for; text and result are as of that frame.
    pub later: u32,
}

/// A member of the event's object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Field {
    pub name: String,
    /// Verbatim JSON text.
    pub value: String,
    pub cut: bool,
    /// The schema of this event type has it.
    pub known: bool,
}

/// One operation of a patch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Operation {
    /// `add`, `remove`, …
    pub op: String,
    /// JSON Pointer.
    pub path: String,
    /// `from` of move and copy.
    pub from: Option<String>,
    /// Value, as JSON text, shortened.
    pub value: Option<String>,
    pub fate: Fate,
    /// Why it failed; empty otherwise.
    pub reason: String,
}

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Fate {
    /// It took effect.
    Applied,
    /// It failed, and the whole patch with it.
    Failed,
    /// It had no effect because another one failed.
    Skipped,
}
