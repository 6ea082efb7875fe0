//! Data that went through two writers: an SSE frame in a frame, JSON in JSON.

use super::classify::is_event;
use crate::json::{self, Value};

/// How Python writes a byte string as text.
const PYTHON_BYTES: [&[u8]; 2] = [b"b'data:", b"b\"data:"];

/// What data that is JSON and no object holds: an event, or a frame with one.
pub(super) fn encoded(data: &[u8]) -> Option<&'static str> {
    let Ok(Value::String(text)) = json::parse(data) else {
        return None;
    };
    let text = text.as_bytes().trim_ascii();
    if is_event(text) {
        return Some("the data is a JSON string with an event in it: the event was encoded as JSON twice");
    }
    is_frames(text).then_some(
        "the data is a JSON string with an SSE frame in it: the event was framed, encoded as JSON and framed again",
    )
}

/// What data that is no JSON is: a frame.
pub(super) fn framed(data: &[u8]) -> Option<&'static str> {
    if PYTHON_BYTES.iter().any(|begin| data.starts_with(begin)) {
        return Some("the data is an SSE frame as Python writes a byte string: the event was framed twice");
    }
    is_frames(data).then_some("the data is an SSE frame itself: the event was framed twice")
}

/// Lines of SSE, each line of data being an event.
fn is_frames(text: &[u8]) -> bool {
    const OTHER_LINES: [&[u8]; 4] = [b":", b"event:", b"id:", b"retry:"];
    let mut events = 0;
    for line in text.split(|byte| matches!(byte, b'\n' | b'\r')) {
        match line.strip_prefix(b"data:") {
            Some(data) if is_event(data.trim_ascii()) => events += 1,
            None if line.is_empty() || OTHER_LINES.iter().any(|field| line.starts_with(field)) => {}
            _ => return false,
        }
    }
    events > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_json_in_data_are_told_from_what_is_only_broken() {
        for data in [
            r#"data: {"type":"A"}"#,
            "data:{\"type\":\"A\"}\n\n",
            "event: message\ndata: {\"type\":\"A\"}\n\ndata: {\"type\":\"B\"}\n",
            r#"b'data: {"type":"A"}\n\n'"#,
        ] {
            assert!(framed(data.as_bytes()).is_some(), "{data}");
        }
        for data in [
            r#"data: {"type":"#,
            "data: [DONE]",
            "data:",
            "{\"type\"",
            ": data",
            "data: {\"kind\":\"A\"}",
        ] {
            assert_eq!(framed(data.as_bytes()), None, "{data}");
        }
        for data in [r#""data: {\"type\":\"A\"}\n\n""#, r#""{\"type\":\"A\"}""#] {
            assert!(encoded(data.as_bytes()).is_some(), "{data}");
        }
        for data in [r#""hello""#, r#""data: hello""#, "[]", "null", r#""{}""#] {
            assert_eq!(encoded(data.as_bytes()), None, "{data}");
        }
    }
}
