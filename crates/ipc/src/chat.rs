//! The conversation as a conforming client holds it at a moment.

use serde::{Deserialize, Serialize};

use crate::StopView;

/// Asks for a window of the conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    /// Of which exchange.
    pub exchange: i64,
    /// As of which frame.
    pub at: u32,
    /// First message wanted; absent asks for the last `count`.
    pub first: Option<u32>,
    /// How many messages at most.
    pub count: u32,
}

/// A window of the conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatView {
    /// As of which frame.
    pub as_of: u32,
    /// Number of the first message given.
    pub first: u32,
    /// Messages in all.
    pub total: u32,
    /// The messages.
    pub messages: Vec<ChatMessage>,
    /// Open interrupts.
    pub interrupts: Vec<InterruptView>,
    /// The official client had given up before this moment.
    pub stop: Option<StopView>,
    /// Time to the first character of text.
    pub ttft_us: Option<u64>,
    /// Characters of assistant text received so far.
    pub chars: u64,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// Place in the list, from 0.
    pub index: u32,
    /// `id`.
    pub id: String,
    /// `role`, as it stands.
    pub role: String,
    /// `name`, if any.
    pub name: Option<String>,
    /// Sub-agent it belongs to, if any.
    pub subagent: Option<String>,
    /// Text; of a long message the last 32 KB as of the moment.
    pub text: String,
    /// Bytes of text left out before `text`.
    pub text_skipped: u64,
    /// Parts that are not text, in words (`image, 12 kB, image/png`).
    pub parts: Vec<String>,
    /// Parts of the content, text or not, that are not shown whole.
    pub parts_skipped: u32,
    /// Whole content as JSON, for activities and anything unusual.
    pub json: Option<String>,
    /// Tool calls.
    pub tools: Vec<ToolCard>,
    /// Tool calls left out behind `tools`.
    pub tools_skipped: u32,
    /// Text is still arriving: draw a caret.
    pub open: bool,
    /// It came with the request.
    pub from_input: bool,
    /// It holds an encrypted value.
    pub encrypted: bool,
    /// Tool message: the call it answers.
    pub answers: Option<String>,
    /// Frame that made it; 0 is the request's input.
    pub first_seq: u32,
    /// Frame that last touched it.
    pub last_seq: u32,
}

/// One tool call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolCard {
    /// `id`.
    pub id: String,
    /// Tool name.
    pub name: String,
    /// Arguments so far, cut at 16 KB.
    pub arguments: String,
    /// Arguments are still arriving.
    pub open: bool,
    /// Arguments are JSON (false also while they arrive).
    pub arguments_valid: bool,
    /// Result, cut at 16 KB.
    pub result: Option<String>,
    /// Frame that started it.
    pub first_seq: u32,
}

/// An open interrupt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterruptView {
    /// `id`.
    pub id: String,
    /// `reason`.
    pub reason: String,
    /// `message`.
    pub message: String,
    /// Response schema as JSON.
    pub response_schema: Option<String>,
}

/// Asks which frame delivered a character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Of which exchange.
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
