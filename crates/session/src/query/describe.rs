//! One line about a frame or a span.

use scrubjay_protocol::{
    frame::{Frame, FrameKind},
    json::{Value, to_json},
};

use super::answer::*;
use crate::{
    derive::summary::Outcome,
    words::{bytes, count, duration},
};

/// Characters of a line.
const LINE_CHARS: usize = 200;

/// Event type, or what the frame is.
pub(crate) fn type_name(entry: &FrameEntry, frame: Option<&Frame>) -> String {
    if let Some(name) = entry.event.name() {
        return name.to_owned();
    }
    match entry.kind {
        FrameKind::Comment => "comment".to_owned(),
        FrameKind::Malformed => "malformed".to_owned(),
        FrameKind::Record => "record".to_owned(),
        FrameKind::Event => frame
            .and_then(|frame| frame.event_type.as_ref())
            .map_or_else(|| "event".to_owned(), |event| event.name().to_owned()),
    }
}

/// What a frame says, on one line.
pub(crate) fn frame_line(entry: &FrameEntry, frame: &Frame) -> String {
    if let Some(event) = frame.value.as_ref() {
        return event_line(entry, event);
    }
    if let Some(comment) = &frame.comment {
        return clipped(&String::from_utf8_lossy(comment));
    }
    let bytes = &frame.data[..frame.data.len().min(LINE_CHARS * 4)];
    match frame.kind {
        _ if frame.is_record => format!("{} bytes", frame.data.len()),
        _ if bytes.is_empty() => String::new(),
        _ => clipped(&String::from_utf8_lossy(bytes)),
    }
}

/// Members that say most about an event, the first that is there.
const TELLING: [&str; 14] = [
    "delta",
    "patch",
    "snapshot",
    "toolCallName",
    "stepName",
    "content",
    "message",
    "value",
    "event",
    "messages",
    "description",
    "encryptedValue",
    "runId",
    "messageId",
];

fn event_line(entry: &FrameEntry, event: &Value) -> String {
    let name = event.get("name").and_then(Value::as_str);
    let telling = TELLING
        .iter()
        .find_map(|member| event.get(member).map(|value| (*member, value)));
    let text = match telling {
        Some(("delta" | "patch", Value::Array(operations))) => operations_line(operations),
        Some(("encryptedValue", _)) => "encrypted".to_owned(),
        Some((_, Value::String(text))) => text.to_str_lossy().into_owned(),
        Some((_, value)) => shortened_json(value),
        None => String::new(),
    };
    match name {
        Some(name) if entry.event.kind() == Kind::Custom || text.is_empty() => clipped(&format!("{name} {text}")),
        _ => clipped(&text),
    }
}

fn operations_line(operations: &[Value]) -> String {
    let word =
        |operation: &Value, member: &str| operation.get(member).and_then(Value::as_str).unwrap_or("?").to_owned();
    let shown: Vec<String> = operations
        .iter()
        .take(4)
        .map(|operation| format!("{} {}", word(operation, "op"), word(operation, "path")))
        .collect();
    let more = if operations.len() > shown.len() { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// JSON text of a value, without walking far into a large one.
fn shortened_json(value: &Value) -> String {
    match value {
        Value::Array(items) if items.len() > 8 => format!("[{} items]", items.len()),
        Value::Object(object) if object.len() > 16 => format!("{{{} members}}", object.len()),
        _ => clipped(&to_json(value)),
    }
}

/// The first characters of a text, on one line.
pub(crate) fn clipped(text: &str) -> String {
    let mut line: String = text.chars().take(LINE_CHARS).collect();
    if line.len() < text.len() {
        line.push('…');
    }
    line
}

/// Short subject of a span.
pub(crate) fn span_subject(span: &Span) -> String {
    match span.kind {
        Kind::Text if span.name.is_empty() => "assistant".to_owned(),
        Kind::Wire | Kind::State | Kind::Raw | Kind::Messages | Kind::Reasoning if span.name.is_empty() => {
            span.kind.as_str().to_owned()
        }
        _ if span.name.is_empty() => span.id.clone(),
        _ => span.name.clone(),
    }
}

/// What a span says on one line, from its own fields.
pub(crate) fn span_line(span: &Span) -> Option<String> {
    match span.kind {
        Kind::Run | Kind::Subagent if span.open => Some(String::new()),
        Kind::Run | Kind::Subagent => Some(outcome_word(Outcome::from_code(span.outcome)).to_owned()),
        Kind::Tool if is_result_alone(span) => Some("result; the call is not in this stream".to_owned()),
        Kind::Text | Kind::Reasoning | Kind::Tool if !span.head.is_empty() => {
            let more = if span.chars > span.head.chars().count() as u64 {
                "…"
            } else {
                ""
            };
            Some(format!("{}{more}", span.head))
        }
        Kind::Reasoning if span.encrypted => Some("encrypted".to_owned()),
        Kind::Step | Kind::Wait | Kind::Text | Kind::Tool | Kind::Reasoning => Some(String::new()),
        _ => None,
    }
}

/// A run that resumes another brings results of calls that the other made.
pub(crate) fn is_result_alone(span: &Span) -> bool {
    span.kind == Kind::Tool && span.result.is_some_and(|(_, seq)| seq == span.first_seq)
}

/// How a run that is over came out.
pub(crate) fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Open => "no end",
        Outcome::Unknown => "cannot tell",
        outcome => outcome.as_str(),
    }
}

/// What stands right of a span's row; `so_far_us` is how long it has lasted if it goes on.
pub(crate) fn span_measure(span: &Span, so_far_us: Option<u64>) -> String {
    match span.kind {
        Kind::Text | Kind::Reasoning if span.chars > 0 => format!("{} ch", count(span.chars)),
        Kind::Tool if is_result_alone(span) => bytes(span.bytes),
        Kind::Run | Kind::Step | Kind::Subagent | Kind::Tool | Kind::Wait => match so_far_us {
            Some(us) => format!("{} so far", duration(us)),
            None => duration(span.end_us - span.start_us),
        },
        _ if span.frames > 1 => format!("{} ×", count(u64::from(span.frames))),
        _ => bytes(span.bytes),
    }
}
