//! The list over everything captured: rows are runs, and exchanges that carry none.

use scrubjay_session::exchange::Ending;

/// How a run, or an exchange without one, came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Verdict {
    /// Still going on.
    Live = 0,
    /// `RUN_FINISHED` with success, or without an outcome.
    Success = 1,
    /// `RUN_FINISHED` with an interrupt.
    Interrupt = 2,
    /// Cancelled.
    Cancelled = 3,
    /// `RUN_ERROR`.
    Error = 4,
    /// The run ended without a terminal event.
    None = 5,
    /// The exchange carries no run.
    NoRun = 6,
}

/// Order of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says it")]
pub enum Sort {
    #[default]
    NewestFirst,
    OldestFirst,
    LongestFirst,
    MostFramesFirst,
    MostFindingsFirst,
}

/// What is asked of the library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Words that must all occur in ids, path, source, labels or title.
    pub text: String,
    /// Only this source.
    pub source: Option<String>,
    /// Only these verdicts; empty means all.
    pub verdicts: Vec<Verdict>,
    /// Order of the rows.
    pub sort: Sort,
    /// First row wanted.
    pub first: u64,
    /// How many rows at most.
    pub count: u32,
}

/// A window of the library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Rows that match.
    pub total: u64,
    /// Rows without any filter.
    pub total_unfiltered: u64,
    /// The rows from `first` on.
    pub rows: Vec<Row>,
    /// Rows per source, over everything.
    pub by_source: Vec<(String, u64)>,
    /// Rows per verdict, over everything.
    pub by_verdict: Vec<(Verdict, u64)>,
}

/// One run, or an exchange that carries none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The exchange's permanent number.
    pub exchange: i64,
    /// Source it came through.
    pub source: String,
    /// Method.
    pub method: String,
    /// Path and query, secrets replaced.
    pub target: String,
    /// Status, when an answer came.
    pub status: Option<u16>,
    /// Response media type without parameters.
    pub content_type: String,
    /// How the transport ended.
    pub ending: Ending,
    /// Wall clock, microseconds since 1970.
    pub started_at_us: i64,
    /// Length of the exchange in microseconds; so far, if live.
    pub duration_us: u64,
    /// Bytes of the response body on the wire.
    pub bytes: u64,
    /// Chunks of the response body.
    pub chunks: u64,
    /// Labels.
    pub labels: Vec<(String, String)>,
    /// Kept from pruning.
    pub pinned: bool,
    /// How it came out.
    pub verdict: Verdict,
    /// What was derived; zeros and empty texts before that.
    pub run: RunRow,
}

/// What the derivation tells the library about one run (or about an exchange without one).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunRow {
    /// Which run of the exchange, from 0; absent when it carries none.
    pub run: Option<u32>,
    /// `runId`.
    pub run_id: String,
    /// `threadId`.
    pub thread_id: String,
    /// The last user text of the input, shortened; else what the exchange is.
    pub title: String,
    /// How it came out; absent while no terminal event has been seen.
    pub verdict: Option<Verdict>,
    /// When its first frame came, microseconds since the request head was read.
    pub first_at_us: u64,
    /// When its last frame so far came.
    pub last_at_us: u64,
    /// Time from the request to the first character of text.
    pub ttft_us: Option<u64>,
    /// Frames.
    pub frames: u64,
    /// Tool calls started.
    pub tools: u32,
    /// Findings of severity error.
    pub errors: u32,
    /// Findings of severity warning.
    pub warnings: u32,
    /// Findings of severity note.
    pub notes: u32,
    /// First frame (1 for an exchange without a run, 0 when empty).
    pub first_seq: u32,
    /// Last frame so far.
    pub last_seq: u32,
}
