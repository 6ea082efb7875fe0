//! The state tree as of a moment.

pub use scrubjay_session::query::{Change, StateLine};
pub use scrubjay_session::query::{ChangeKind, ValueShape};
use serde::{Deserialize, Serialize};

/// Asks for the visible part of the state tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
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
    pub lines: Vec<StateLine>,
    /// Paths changed by the last state event: at most 200.
    pub changes: Vec<Change>,
    /// Size of the state as JSON text, bytes.
    pub bytes: u64,
}

/// Asks for one value of the state, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadValue {
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
