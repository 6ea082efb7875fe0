//! How a line stands for bytes.
//!
//! Most frames are written by servers as `data: `, a JSON text, and an empty
//! line, so the line's own `event` already holds every byte. Only what differs
//! carries its bytes a second time, as `scrubjay.raw`.

use std::borrow::Cow;

use scrubjay_protocol::{
    frame::{Frame, FrameKind},
    json::to_json,
};

use crate::line::json_text;

/// Longest text of a record that is written for readers of the file.
const RECORD_TEXT_LEN: usize = 16 * 1024 * 1024;

/// Bytes that an event line stands for when it carries no `raw`.
pub(crate) fn event_bytes(text: &str) -> Vec<u8> {
    [b"data: ", text.as_bytes(), b"\n\n"].concat()
}

/// Bytes that a keepalive line stands for when it carries no `raw`.
pub(crate) fn keepalive_bytes(comment: &str) -> Vec<u8> {
    [b": ", comment.as_bytes(), b"\n\n"].concat()
}

/// The line that names a frame. A name has no line ends: what follows one is left out.
pub(crate) fn name_bytes(name: &str) -> Vec<u8> {
    let name = name.split(['\n', '\r']).next().unwrap_or_default();
    [b"event: ", name.as_bytes(), b"\n"].concat()
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
        if frame.is_record {
            return Self::Event {
                text: record_text(frame),
                usable: false,
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

/// The event of a record, for readers: its bytes stand elsewhere.
fn record_text(frame: &Frame) -> Cow<'static, str> {
    let text = frame.value.as_ref().map(to_json);
    match text.filter(|text| text.len() <= RECORD_TEXT_LEN) {
        Some(text) => Cow::Owned(text),
        None => Cow::Borrowed("null"),
    }
}

#[cfg(test)]
mod tests {
    use scrubjay_protocol::record::Decoder;

    use super::*;

    #[test]
    fn a_record_is_written_for_readers_and_stands_for_no_bytes() {
        for (body, line) in [
            (
                &b"\x00\x00\x00\x0c\x62\x0a\x0a\x02\x08\x0b\x12\x01t\x1a\x01r"[..],
                r#"{"threadId":"t","runId":"r","type":"RUN_STARTED"}"#,
            ),
            (b"\x00\x00\x00\x02{}", "null"),
            (b"\x00\x00\x00\x03\xc2\x02\x00", "null"),
        ] {
            let mut decoder = Decoder::new();
            decoder.push(body);
            let frame = decoder.next_frame().expect("the record is whole");
            let shape = Line::of(&frame);
            assert!(matches!(&shape, Line::Event { text, .. } if text == line), "{line}");
            assert!(!shape.gives(body) && !shape.gives(&event_bytes(line)));
        }
    }
}
