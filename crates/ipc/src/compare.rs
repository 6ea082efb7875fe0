//! Two runs side by side, and where they part.
//!
//! Comparing is long work: [`Compare`] starts it and gives a number;
//! [`Comparison`] says how far it is and, when it is done, what came out.
//! Pairs, ribbons and the detail of a pair are asked for by windows.

pub use scrubjay_session::diff::{
    Counts, Ignore, Level, LoneProblems, PairDetail, PairKind, PairRow, PairSide, Ribbon, TimingRow, TreeLine,
    WordPlace, WordRun,
};
use serde::{Deserialize, Serialize};

use crate::{Axis, LanePicture, Report};

/// Starts comparing. The same question again gives the same number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compare {
    /// The first, called A; the baseline.
    pub a: Side,
    /// The second, called B.
    pub b: Side,
    /// What counts as different.
    pub level: Level,
    /// What is ignored beyond ids, times, chunking and key order.
    pub ignore: Vec<Ignore>,
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// One exchange.
    Exchange(i64),
    /// One run of an exchange, from 0.
    Run(i64, u32),
    /// All exchanges of a thread, in order.
    Thread(String),
    /// Exchanges of one thread or several; threads of both sides are paired.
    Exchanges(Vec<i64>),
}

/// A comparison was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompareStarted {
    pub comparison: u64,
}

/// Asks how far a comparison is, and what came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    pub comparison: u64,
}

/// Gives a comparison up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelCompare {
    pub comparison: u64,
}

/// How far a comparison is, and what came out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparisonView {
    pub comparison: u64,
    /// How it stands.
    pub stage: CompareStage,
    /// The two sides.
    pub a: SideView,
    /// The two sides.
    pub b: SideView,
    /// What counts as different.
    pub level: Level,
    /// What is ignored, in words, for chips: `ids`, `times`, `/state/clock`.
    pub ignoring: Vec<String>,
}

/// How a comparison stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompareStage {
    /// Part done, 0 to 1.
    Working(f32),
    /// The user cancelled it.
    Cancelled,
    /// It could not be done.
    Failed(Report),
    /// What came out.
    Done(Box<CompareResult>),
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompareResult {
    /// The first thing that the agent did otherwise, else what was asked
    /// otherwise; absent when they are the same.
    pub first: Option<Divergence>,
    /// What was asked otherwise before that.
    pub premise: Option<Divergence>,
    /// Which thread of A is which of B.
    pub threads: Vec<ThreadPairView>,
    /// How many pairs of each kind.
    pub counts: Counts,
    /// Pairs in all, as rows with what lies downstream folded.
    pub pairs: u64,
    /// Problems that only one side has, downstream ones too.
    pub problems: LoneProblems,
    /// A sentence when nothing is the same on both sides.
    pub nothing_shared: Option<String>,
    /// B's length less A's, microseconds.
    pub duration_delta_us: i64,
    /// B's time to first text less A's, microseconds.
    pub ttft_delta_us: Option<i64>,
}

/// Two threads that are compared with each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadPairView {
    /// A's, by its id or by what it asks; absent when only B has it.
    pub a: Option<String>,
    pub b: Option<String>,
    /// `id`, `what is asked`, `order`; empty for one that stands alone.
    pub paired_by: String,
    /// How many differences there are in it.
    pub differences: u32,
    /// Its first pair that differs, else its first.
    pub pair: u64,
}

/// Where two runs first part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Divergence {
    /// One sentence: `turn 2, tool 3: A search_flights, B search_hotels`.
    pub sentence: String,
    /// Number of the pair.
    pub pair: u64,
    /// Moment in A: exchange and frame.
    pub a: Option<(i64, u32)>,
    /// Moment in B.
    pub b: Option<(i64, u32)>,
    /// JSON Pointer within the pair, empty for all of it.
    pub path: String,
    /// Value in A, shortened.
    pub a_value: Option<String>,
    /// Value in B, shortened.
    pub b_value: Option<String>,
    /// How many more paths differ in the same pair.
    pub more_paths: u32,
    /// Whether what was asked differs, and not what the agent did.
    pub premise: bool,
    /// Whether they meet again.
    pub recovers: bool,
}

/// One side in a few words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideView {
    /// `r_2`, or the thread's id.
    pub title: String,
    /// The exchanges, in order.
    pub exchanges: Vec<i64>,
    /// Start, RFC 3339.
    pub started_at: String,
    pub frames: u32,
    /// Length, microseconds.
    pub duration_us: u64,
}

/// Asks for a window of pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pairs {
    /// Of which comparison.
    pub comparison: u64,
    /// Only those that are not the same.
    pub differences_only: bool,
    /// Show what lies downstream of an unrecovered split, row by row.
    pub downstream_open: bool,
    /// First row wanted.
    pub first: u64,
    /// How many rows at most.
    pub count: u32,
    /// In place of `first`: the window has this pair (or the row that folds it,
    /// or the next one that is shown) in its middle.
    pub around: Option<u64>,
}

/// Asks for all about one pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// Of which comparison.
    pub comparison: u64,
    pub pair: u64,
}

/// Asks for both sides' lanes and what connects them. Both are drawn to one scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ribbons {
    /// Of which comparison.
    pub comparison: u64,
    /// Real time, or frames.
    pub axis: Axis,
    /// Part of the longer side's lanes to show, 0 to 1.
    pub from: f64,
    /// Right edge, likewise.
    pub to: f64,
    /// Width of the lanes in pixels.
    pub width_px: u32,
}

/// Both sides' lanes and what connects them. At most two ribbons a pixel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RibbonsView {
    /// A's lanes.
    pub a: LanePicture,
    /// B's lanes.
    pub b: LanePicture,
    pub ribbons: Vec<Ribbon>,
}

/// Asks where a playhead of one side stands on the other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapMoment {
    /// Of which comparison.
    pub comparison: u64,
    /// Whether the moment is of B.
    pub of_b: bool,
    /// In whose units places are.
    pub axis: Axis,
    /// The moment.
    pub at: MapAt,
}

/// A moment of one side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MapAt {
    /// A frame: exchange and number.
    Frame(i64, u32),
    /// A place on the side's axis: the last frame at or before it.
    X(f64),
}

/// A playhead on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MappedMoment {
    /// In A: exchange and frame.
    pub a: (i64, u32),
    pub b: (i64, u32),
    /// Its place on A's axis.
    pub a_x: f64,
    /// The position on B's axis.
    pub b_x: f64,
    /// The pair at or before it.
    pub pair: Option<u64>,
}

/// Pairs two spans by hand, or takes that back. It is kept for these two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairByHand {
    /// Of which comparison.
    pub comparison: u64,
    /// A's span: exchange and number.
    pub a: (i64, u32),
    /// B's span.
    pub b: (i64, u32),
    /// Whether they are paired from now on.
    pub paired: bool,
}

/// Asks for a report of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompareReport {
    /// Of which comparison.
    pub comparison: u64,
    /// Whether as JSON Lines instead of Markdown.
    pub json: bool,
}

/// A report as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportText {
    pub text: String,
}
