//! One exchange: facts, rows, moments, details.
//!
//! Times are microseconds since the request head was read (`at_us`). A frame
//! is named by its number within the exchange (`seq`), from 1; 0 is the moment
//! before the first frame, when only the request's input is known.

pub use scrubjay_session::{
    query::{
        Axis, Extent, Fate, Field, FindingEntry, FrameDetail, JumpTo, Kind, Operation, Place, Row, RowWindow, RowsOf,
        Severity, SpanDetail, Stop, Target,
    },
    recognise::Transport,
};
use serde::{Deserialize, Serialize};

use crate::{Ending, Verdict};

/// Asks for the facts of an exchange. Cheap; asked again when it grows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    pub exchange: i64,
}

/// The facts of an exchange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    pub exchange: i64,
    /// Source it came through.
    pub source: String,
    /// HTTP method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// What the request is called: method and path, or what it asks of
    /// CopilotKit's single endpoint and where that is.
    pub name: String,
    /// HTTP status.
    pub status: Option<u16>,
    /// Response media type without parameters.
    pub content_type: String,
    /// `Content-Encoding`, if any.
    pub encoding: Option<String>,
    /// What the body is read as.
    pub transport: Transport,
    /// How the transport ended.
    pub ending: Ending,
    /// Bytes that passed to the upstream and to the client after the connection
    /// changed its protocol, if it did.
    #[serde(default)]
    pub relayed: Option<(u64, u64)>,
    /// The upstream's TLS certificate was not verified.
    #[serde(default)]
    pub unverified: bool,
    /// Start, RFC 3339.
    pub started_at: String,
    /// Start, milliseconds since 1970.
    pub started_at_millis: i64,
    /// Length in microseconds; so far, if live.
    pub duration_us: u64,
    /// Time to the first character of text.
    pub ttft_us: Option<u64>,
    /// Frames so far.
    pub frames: u32,
    /// Spans so far.
    pub spans: u32,
    /// Chunks so far.
    pub chunks: u64,
    /// Body bytes on the wire so far.
    pub bytes: u64,
    /// Findings: error, warning, note.
    pub findings: [u32; 3],
    pub runs: Vec<RunView>,
    /// How it came out, if its answer carries no run.
    #[serde(default)]
    pub without_run: Option<Verdict>,
    /// `threadId`.
    pub thread_id: String,
    /// Where the official client gives up.
    pub stop: Option<Stop>,
    pub labels: Vec<(String, String)>,
    /// Stretches of the body for which nothing was recorded: offset, length if known.
    pub holes: Vec<(u64, Option<u64>)>,
    /// Lengths of the axes, in their own units.
    pub extent: Extent,
    /// Part of the body that is analysed, 0 to 1; 1 when done.
    pub progress: f32,
}

/// A run of an exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunView {
    /// `runId`.
    pub run_id: String,
    /// `threadId`.
    pub thread_id: String,
    /// How it came out.
    pub verdict: Verdict,
    /// First and last frame.
    pub first_seq: u32,
    /// Last frame so far.
    pub last_seq: u32,
}

/// Asks for a window of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    pub exchange: i64,
    /// Spans or events.
    pub view: RowsOf,
    /// Spans (by ordinal) that are open, so that their frames are rows too.
    pub expanded: Vec<u32>,
    /// First row wanted.
    pub first: u64,
    /// How many rows at most.
    pub count: u32,
}

/// Asks in which row a frame stands, so that it can be scrolled to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowOf {
    pub exchange: i64,
    /// Spans or events.
    pub view: RowsOf,
    /// Spans that are open.
    pub expanded: Vec<u32>,
    /// The frame.
    pub seq: u32,
}

/// The row in which a frame stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowPlace {
    /// Row number from 0.
    pub row: u64,
}

/// Asks which frame is at a place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Locate {
    pub exchange: i64,
    /// In whose units the answer's `x` is.
    pub axis: Axis,
    /// The place.
    pub target: Target,
}

/// Asks for the next place of interest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jump {
    pub exchange: i64,
    /// In whose units the answer's `x` is.
    pub axis: Axis,
    /// From which frame.
    pub from: u32,
    /// To what.
    pub to: JumpTo,
    pub backwards: bool,
}

/// Asks for all about one frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    pub exchange: i64,
    /// Which frame.
    pub seq: u32,
}
