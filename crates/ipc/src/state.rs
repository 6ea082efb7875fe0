//! The state tree as of a moment.

use serde::{Deserialize, Serialize};

/// Asks for the visible part of the state tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Of which exchange.
    pub exchange: i64,
    /// As of which frame; 0 is the request's input.
    pub at: u32,
    /// JSON Pointers of the open branches. The root is always open.
    pub expanded: Vec<String>,
    /// Only branches that changed since the previous state event.
    pub changed_only: bool,
    /// First line wanted.
    pub first: u64,
    /// How many lines at most.
    pub count: u32,
}

/// Asks for the JSON Patch (RFC 6902) that turns the state at one frame into the
/// state at another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatePatch {
    /// Of which exchange.
    pub exchange: i64,
    /// The frame of the first state; 0 is the request's input.
    pub from: u32,
    /// The frame of the second state.
    pub at: u32,
}

/// The visible part of the state tree, flattened to lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateView {
    /// As of which frame.
    pub as_of: u32,
    /// The state event at or before it; absent while the state is the input's.
    pub last_state_seq: Option<u32>,
    /// Whether the exchange has any state event up to here.
    pub any_state_event: bool,
    /// State that stands still after a failed patch: since when, and why.
    pub stuck: Option<(u32, String)>,
    /// The official client had given up before this moment.
    pub after_stop: bool,
    /// Number of the first line given.
    pub first: u64,
    /// Lines in all.
    pub total: u64,
    /// The lines.
    pub lines: Vec<StateLine>,
    /// Paths changed by the last state event: at most 200.
    pub changes: Vec<ChangeView>,
    /// Size of the state as JSON text, bytes.
    pub bytes: u64,
}

/// One line of the tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateLine {
    /// JSON Pointer.
    pub pointer: String,
    /// Depth; the root's members are 0.
    pub depth: u16,
    /// Member name or array index.
    pub key: String,
    /// What the value is.
    pub shape: ValueShape,
    /// The value as JSON text, or a summary of a branch, shortened to 200 characters.
    pub preview: String,
    /// Members or elements.
    pub children: u32,
    /// Whether its children follow.
    pub expanded: bool,
    /// Changed by the last state event.
    pub change: Option<ChangeKind>,
    /// The value before, shortened, when changed.
    pub old: Option<String>,
    /// Changes somewhere below.
    pub changes_below: u32,
    /// The frame that set it; 0 is the request's input.
    pub set_by: u32,
}

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "JSON's own words")]
pub enum ValueShape {
    Object,
    Array,
    String,
    Number,
    Bool,
    Null,
}

/// How a value changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// New.
    Added,
    /// Another value.
    Changed,
    /// Gone. The line shows what was there.
    Removed,
}

/// One changed path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeView {
    /// JSON Pointer.
    pub pointer: String,
    /// How.
    pub change: ChangeKind,
    /// Before, shortened.
    pub old: Option<String>,
    /// After, shortened.
    pub new: Option<String>,
}

/// Asks for one value of the state, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadValue {
    /// Of which exchange.
    pub exchange: i64,
    /// As of which frame.
    pub at: u32,
    /// JSON Pointer.
    pub pointer: String,
}

/// One value, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueView {
    /// As JSON text with two spaces of indent, cut at 1 MB.
    pub text: String,
    /// Whether it was cut.
    pub cut: bool,
}
