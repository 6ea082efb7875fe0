//! How a line stands for bytes.
//!
//! Most frames are written by servers as `data: `, a JSON text, and an empty
//! line, so the line's own `event` already says every byte. Only what differs
//! carries its bytes a second time, as `scrubjay.raw`.

use std::borrow::Cow;

use scrubjay_protocol::frame::{Frame, FrameKind};

use crate::line::json_text;

/// Bytes that an event line stands for when it carries no `raw`.
pub(crate) fn event_bytes(text: &str) -> Vec<u8> {
    [b"data: ", text.as_bytes(), b"\n\n"].concat()
}

/// Bytes that a keepalive line stands for when it carries no `raw`.
pub(crate) fn keepalive_bytes(comment: &str) -> Vec<u8> {
    [b": ", comment.as_bytes(), b"\n\n"].concat()
}

/// What a frame looks like as a line.
pub(crate) enum Line<'a> {
    /// An event line with the JSON text to put there, `null` when there is none.
    Event { text: Cow<'a, str>, usable: bool },
    /// A keepalive line.
    Keepalive { comment: Cow<'a, str> },
}

impl<'a> Line<'a> {
    pub(crate) fn of(frame: &'a Frame) -> Self {
        if frame.kind == FrameKind::Comment {
            let comment = frame.comment.as_deref().unwrap_or_default();
            return Self::Keepalive {
                comment: String::from_utf8_lossy(comment),
            };
        }
        match json_text(&frame.data) {
            Some(text) => Self::Event { text, usable: true },
            None => Self::Event {
                text: Cow::Borrowed("null"),
                usable: false,
            },
        }
    }

    /// Whether the line alone gives these bytes back.
    pub(crate) fn gives(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Event { text, usable } => *usable && event_bytes(text) == bytes,
            Self::Keepalive { comment } => keepalive_bytes(comment) == bytes,
        }
    }
}
