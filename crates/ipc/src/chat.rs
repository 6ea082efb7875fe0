//! The conversation as a conforming client holds it at a moment.

pub use scrubjay_session::query::{ChatMessage, ChatWindow, Interrupt, ToolCard};
use serde::{Deserialize, Serialize};

/// Asks for a window of the conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    pub exchange: i64,
    /// As of which frame.
    pub at: u32,
    /// First message wanted; absent asks for the last `count`.
    pub first: Option<u32>,
    /// How many messages at most.
    pub count: u32,
}

/// Asks which frame delivered a character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    pub exchange: i64,
    /// As of which frame.
    pub at: u32,
    /// Which message.
    pub message: u32,
    /// Which tool call of it; absent for the text.
    pub tool: Option<u32>,
    /// Offset in UTF-16 units (as a page counts) from the text's true start.
    pub utf16_offset: u64,
}

/// The frame that delivered a character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CausesView {
    /// The frame; 0 is the request's input.
    pub seq: u32,
}
