//! What was captured, and the sources that capture.

pub use scrubjay_session::{exchange::Ending, verdict::Verdict};
use serde::{Deserialize, Serialize};

/// Asks for a window of the library's rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Library {
    /// Words that must all occur in ids, path, source, labels or first user text.
    pub text: String,
    /// Only this source, if given.
    pub source: Option<String>,
    /// Only these verdicts; empty means all.
    pub verdicts: Vec<Verdict>,
    /// Exchanges that are no runs, too.
    pub others: bool,
    /// Order of the rows.
    pub sort: LibrarySort,
    /// First row wanted.
    pub first: u64,
    /// How many rows at most.
    pub count: u32,
}

/// Order of the library.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LibrarySort {
    #[default]
    NewestFirst,
    OldestFirst,
    LongestFirst,
    ShortestFirst,
    TitleAscending,
    TitleDescending,
    SoonestTextFirst,
    LatestTextFirst,
    MostFramesFirst,
    FewestFramesFirst,
    MostToolsFirst,
    FewestToolsFirst,
    LargestFirst,
    SmallestFirst,
    MostFindingsFirst,
    FewestFindingsFirst,
}

/// A window of the library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LibraryPage {
    /// Number of the first row given.
    pub first: u64,
    /// Rows that match.
    pub total: u64,
    /// Rows without any filter: runs, and the others if they were asked for.
    pub total_unfiltered: u64,
    /// Exchanges that are no runs, without any filter and whether asked for or not.
    pub others: u64,
    pub rows: Vec<LibraryRow>,
    /// Counts per source, of all in `total_unfiltered`.
    pub by_source: Vec<(String, u64)>,
    /// Counts per verdict, of all in `total_unfiltered`.
    pub by_verdict: Vec<(Verdict, u64)>,
}

/// One run, or an exchange that carries none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LibraryRow {
    /// The exchange's permanent number.
    pub exchange: i64,
    /// Which run of the exchange, from 0; absent when it carries none.
    pub run: Option<u32>,
    /// Source it came through.
    pub source: String,
    /// HTTP method.
    pub method: String,
    /// Path and query, secrets replaced.
    pub target: String,
    /// HTTP status, when an answer came.
    pub status: Option<u16>,
    /// Response media type without parameters.
    pub content_type: String,
    /// `runId` as the stream says, else as the request says.
    pub run_id: String,
    /// `threadId`, likewise.
    pub thread_id: String,
    /// The last user text of the input, shortened; else what the exchange is.
    pub title: String,
    /// How it came out.
    pub verdict: Verdict,
    /// How the transport ended.
    pub ending: Ending,
    /// Start, RFC 3339.
    pub started_at: String,
    /// Start, milliseconds since 1970.
    pub started_at_millis: i64,
    /// Length in microseconds; so far, if live.
    pub duration_us: u64,
    /// Time from the request to the first character of text, microseconds.
    pub ttft_us: Option<u64>,
    /// Frames of the run, or of the exchange.
    pub frames: u64,
    /// Body bytes of the exchange on the wire.
    pub bytes: u64,
    /// Tool calls started.
    pub tools: u32,
    /// Findings of severity error.
    pub errors: u32,
    /// Findings of severity warning.
    pub warnings: u32,
    /// Findings of severity note.
    pub notes: u32,
    pub labels: Vec<(String, String)>,
    /// First frame of the run (1 for an exchange without one, 0 when empty).
    pub first_seq: u32,
    /// Last frame of the run so far.
    pub last_seq: u32,
}

/// Hides exchanges; nothing is erased before [`Erase`] or the next start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delete {
    pub exchanges: Vec<i64>,
}

/// A recording that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sample {
    /// State deltas, one of which cannot be applied.
    FailedPatch,
    /// An interrupt that a person approves, and the run that resumes.
    Interrupt,
    /// A sub-agent that interrupts, and the run that answers it.
    SubAgents,
    /// A body that breaks off without a terminal event.
    CutBody,
}

impl Sample {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::FailedPatch, Self::Interrupt, Self::SubAgents, Self::CutBody];
}

/// Takes a sample into the store, unless it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeSample {
    pub sample: Sample,
}

/// The exchanges of a sample, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleTaken {
    pub exchanges: Vec<i64>,
}

/// Undoes a [`Delete`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undelete {
    pub exchanges: Vec<i64>,
}

/// Erases hidden exchanges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erase {
    pub exchanges: Vec<i64>,
}

/// What was hidden, brought back or erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    pub exchanges: Vec<i64>,
}

/// Asks for all sources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {}

/// All sources.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceList {
    /// In the order in which they were added.
    pub sources: Vec<Source>,
}

/// A listen address, its upstream, and what is going on there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Unique name, `[a-z0-9_-]+`.
    pub name: String,
    /// Where it listens, `127.0.0.1:5290`.
    pub listen: String,
    /// What to put into a frontend, `http://127.0.0.1:5290`.
    pub url: String,
    /// Where it forwards.
    pub upstream: String,
    /// Values of secret headers are stored as they are.
    pub keep_secrets: bool,
    /// `Host` is forwarded as the client sent it.
    pub keep_host: bool,
    /// Upstream is read to its end when the client leaves.
    pub drain: bool,
    /// The upstream's TLS certificate is not verified.
    #[serde(default)]
    pub unverified: bool,
    /// What it does now.
    pub state: SourceState,
    /// Exchanges open now.
    pub open: u32,
    /// Frames in the last second.
    pub frames_per_sec: u32,
    /// The first-run checklist.
    pub checklist: Checklist,
}

/// What a source does now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum SourceState {
    /// Listens, forwards and records.
    Recording,
    /// Listens and forwards; the gap is drawn.
    Paused,
    /// Does not listen.
    Stopped,
    /// Could not listen.
    Failed {
        /// Why, and what to do.
        sentence: String,
    },
    /// Listens in another process that records into this store.
    Elsewhere,
}

/// What has been seen working since the source was started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checklist {
    /// The address is bound.
    pub listening: Check,
    /// The upstream accepts connections.
    pub upstream_answers: Check,
    /// A request came.
    pub first_request: Check,
    /// Body bytes came back.
    pub first_bytes: Check,
    /// An AG-UI event was recognised.
    pub first_event: Check,
}

/// One line of the checklist.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Check {
    /// Not yet.
    #[default]
    Waiting,
    /// Seen.
    Done,
    /// Tried and failed.
    Failed {
        /// Why, and what to do.
        sentence: String,
    },
}

/// Starts a new source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddSource {
    /// Unique name; empty makes one from the upstream's host.
    pub name: String,
    /// Where to listen; empty takes the next free port from 5290.
    pub listen: String,
    /// Where to forward: a URL, `host:port`, or a pasted curl command.
    pub upstream: String,
    /// Store values of secret headers as they are.
    pub keep_secrets: bool,
}

/// Changes a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditSource {
    pub name: String,
    /// Empty keeps its name, or makes it anew from the upstream's host if it was made from the host before.
    pub new_name: String,
    /// Its new listen address.
    pub listen: String,
    /// Its new upstream.
    pub upstream: String,
    /// Store values of secret headers as they are.
    pub keep_secrets: bool,
}

/// What to do with a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// Listen, forward and record.
    Record,
    /// Forward without recording.
    Pause,
    /// Do not listen.
    Stop,
    /// Forget the source; what it recorded stays.
    Remove,
}

/// Listens, pauses, stops or removes a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchSource {
    pub name: String,
    /// To what.
    pub to: Switch,
}

/// Asks how the store and the recorder are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {}

/// How the store and the recorder are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthView {
    /// Path of the store, or of the file that is open read-only.
    pub store: String,
    /// The source is a file or a store that cannot record.
    pub read_only: bool,
    /// Bytes of the database, or of the file.
    pub store_bytes: u64,
    /// Bytes of the WAL and the spools, which come and go.
    pub passing_bytes: u64,
    /// Bytes free on its disk; absent where nothing is written.
    pub free_bytes: Option<u64>,
    /// Less than 1 GB is free.
    pub low_disk: bool,
    /// Bytes in the spool that are not in the store yet.
    pub backlog_bytes: u64,
    /// Why what was recorded does not get into the store, as a sentence.
    pub trouble: Option<String>,
    /// Why nothing that passes is recorded now, in the system's words; absent when it is.
    pub outage: Option<String>,
    /// The program's version.
    pub version: String,
}
