//! The state tree as of a moment.

pub use scrubjay_session::query::{Change, ChangeKind, Dropped, Lost, LostPath, StateLine, StateTree, ValueShape};
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
