//! A failure as a person reads it.

use serde::{Deserialize, Serialize};

/// One sentence on what went wrong, one on what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Stable name to branch on.
    pub code: Code,
    /// What is wrong, as a sentence.
    pub message: String,
    /// What to do about it, as a sentence; empty when there is nothing to do.
    pub hint: String,
}

/// Stable names of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// An argument does not make sense.
    BadRequest,
    /// The address is not one that can be listened on or forwarded to.
    BadAddress,
    /// Another program holds the port.
    PortInUse,
    /// No such exchange, source or frame.
    NotFound,
    /// The file is not a recording, or is damaged.
    BadFile,
    /// The store cannot be read or written.
    Store,
    /// The store was written by a newer program.
    NewerStore,
    /// The door refused: wrong or missing token.
    Forbidden,
    /// A newer question made this one pointless.
    Superseded,
    /// A mistake of ours.
    Internal,
}

impl Report {
    /// Makes a report.
    pub fn new(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: hint.into(),
        }
    }
}
