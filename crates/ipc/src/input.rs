//! The request: its head and its RunAgentInput.

use serde::{Deserialize, Serialize};

/// Asks for the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    pub exchange: i64,
}

/// The request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InputView {
    /// HTTP version, `HTTP/1.1`.
    pub version: String,
    /// Request headers as stored.
    pub request_headers: Vec<(String, String)>,
    /// Response headers as stored.
    pub response_headers: Vec<(String, String)>,
    /// Whether the body is a RunAgentInput (or an envelope that holds one).
    pub is_run_input: bool,
    /// `threadId`.
    pub thread_id: String,
    /// `runId`.
    pub run_id: String,
    /// `protocolVersion`, if given.
    pub protocol_version: Option<String>,
    /// `parentRunId`, if given.
    pub parent_run_id: Option<String>,
    /// Messages by role.
    pub messages: Vec<(String, u32)>,
    /// Names of the tools declared.
    pub tools: Vec<String>,
    /// Context entries.
    pub context: u32,
    /// Resume entries: interrupt id and status.
    pub resume: Vec<(String, String)>,
    /// Body as text: indented if JSON, else as it stands; cut at 1 MB.
    pub body: String,
    /// Whether it was cut.
    pub cut: bool,
    /// Bytes of the body.
    pub bytes: u64,
}
