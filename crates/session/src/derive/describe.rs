//! What the request and the starts of runs say, for the summary.

use scrubjay_protocol::{
    input::Request,
    json::{Object, Value},
};

use super::{
    TITLE_CHARS,
    frames::FrameEntry,
    summary::{Answer, OpenInterrupt, Outcome, RUNS_NAMED, Run, Summary},
};
use crate::{
    exchange::RequestHead,
    judge,
    recognise::{asks, method_of},
};

pub(super) fn begin_run(summary: &mut Summary, seq: u32, entry: &FrameEntry, event: Option<&Object>) {
    summary.run_count += 1;
    let text = |name: &str| {
        event
            .and_then(|event| event.get(name))
            .and_then(Value::as_wtf8)
            .map(|text| kept_id(text.to_str_lossy().into_owned()))
    };
    if let Some(thread) = text("threadId").filter(|thread| !thread.is_empty()) {
        summary.thread_id = thread;
    }
    if summary.runs.len() >= RUNS_NAMED {
        return;
    }
    let echoed = event
        .and_then(|event| event.get("input"))
        .and_then(|input| input.get("messages"));
    let turn = match echoed {
        Some(messages) => ends_with_user(messages),
        None => summary.runs.is_empty() && summary.turn,
    };
    summary.runs.push(Run {
        run_id: text("runId").unwrap_or_else(|| summary.run_id.clone()),
        thread_id: text("threadId").unwrap_or_else(|| summary.thread_id.clone()),
        parent_run_id: text("parentRunId"),
        first_seq: seq,
        last_seq: seq,
        first_at_us: entry.at_us,
        last_at_us: entry.at_us,
        turn,
        ..Run::default()
    });
}

/// Whether the end of a run is that of the last one that began.
pub(super) fn ends_last_run(summary: &Summary, event: Option<&Object>) -> bool {
    let Some(run) = summary.runs.last() else { return false };
    let run_id = event.and_then(|event| event.get("runId")).and_then(Value::as_wtf8);
    matches!(run.outcome, Outcome::Open | Outcome::Unknown) && run_id.is_none_or(|id| run.run_id == id.to_str_lossy())
}

/// A run ends here whose start is missing: what is here of it begins at a frame.
pub(super) fn begin_unstarted(
    summary: &mut Summary,
    (first_seq, first_at_us): (u32, u64),
    entry: &FrameEntry,
    event: Option<&Object>,
) {
    if let Some(before) = summary.runs.last_mut() {
        before.last_seq = before.last_seq.min(first_seq.saturating_sub(1));
        before.last_at_us = before.last_at_us.min(first_at_us);
    }
    begin_run(summary, first_seq, entry, event);
    if let Some(run) = summary.runs.last_mut() {
        run.first_at_us = first_at_us;
        run.turn = false;
    }
}

/// Bytes of an id that a summary keeps.
const ID_LEN: usize = 1024;

/// An id as a summary keeps it: an overlong one is cut and gets a hash.
fn kept_id(id: String) -> String {
    if id.len() <= ID_LEN {
        return id;
    }
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let number = id.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    format!("{}…{number:016x}", &id[..id.floor_char_boundary(ID_LEN)])
}

fn ends_with_user(messages: &Value) -> bool {
    let last = messages.as_array().and_then(<[Value]>::last);
    last.and_then(|message| message.get("role")).and_then(Value::as_str) == Some("user")
}

/// What the request says: ids and the last user text.
pub(super) fn describe_request(summary: &mut Summary, head: &RequestHead, body: &[u8]) {
    let request = Request::read(body);
    summary.asks = asks(head, &request);
    summary.endpoint_method = method_of(&request);
    let Some(input) = request.input_value() else { return };
    let text = |name: &str| {
        input
            .get(name)
            .and_then(Value::as_wtf8)
            .map(|text| kept_id(text.to_str_lossy().into_owned()))
    };
    summary.is_run_input = true;
    summary.thread_id = text("threadId").unwrap_or_default();
    summary.run_id = text("runId").unwrap_or_default();
    summary.parent_run_id = text("parentRunId");
    summary.resume = answers_in(input);
    summary.answers_otherwise = answers_otherwise(input);
    let Some(messages) = input.get("messages") else { return };
    summary.turn = ends_with_user(messages);
    let is_user = |message: &&Value| message.get("role").and_then(Value::as_str) == Some("user");
    let last = messages
        .as_array()
        .and_then(|messages| messages.iter().rev().find(is_user));
    if let Some(content) = last.and_then(|message| message.get("content")) {
        summary.title = text_of(content).chars().take(TITLE_CHARS).collect();
    }
}

/// Entries of `resume` that a summary names.
const ANSWERS: usize = 64;

fn answers_in(input: &Value) -> Vec<Answer> {
    let entries = input.get("resume").and_then(Value::as_array).unwrap_or_default();
    let answer = |entry: &Value| {
        let id = entry.get("interruptId")?.as_wtf8()?.to_str_lossy().into_owned();
        Some(Answer {
            id: kept_id(id),
            is_cancelled: entry.get("status").and_then(Value::as_str) == Some("cancelled"),
        })
    };
    entries.iter().filter_map(answer).take(ANSWERS).collect()
}

/// Adapters take answers in `forwardedProps`, and frontends answer calls by messages.
fn answers_otherwise(input: &Value) -> bool {
    let props = input.get("forwardedProps").and_then(Value::as_object);
    let is_in_props = props.is_some_and(|props| ["command", "resume"].iter().any(|name| props.get(name).is_some()));
    let last = input
        .get("messages")
        .and_then(Value::as_array)
        .and_then(<[Value]>::last);
    let role = last.and_then(|message| message.get("role")).and_then(Value::as_str);
    is_in_props || role == Some("tool")
}

/// The interrupts that the run which finishes here leaves open.
pub(super) fn interrupts_of(open: &[judge::OpenInterrupt]) -> Vec<OpenInterrupt> {
    let interrupt = |open: &judge::OpenInterrupt| OpenInterrupt {
        id: kept_id(open.id.to_str_lossy().into_owned()),
        expires_at: open
            .expires_at
            .as_ref()
            .map(|at| kept_id(at.to_str_lossy().into_owned())),
    };
    open.iter().map(interrupt).collect()
}

/// Text of a message's content: itself, or its text parts.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.to_str_lossy().into_owned(),
        Value::Array(parts) => {
            let texts = parts
                .iter()
                .filter_map(|part| part.get("text").and_then(Value::as_wtf8));
            texts
                .map(|text| text.to_str_lossy().into_owned())
                .collect::<Vec<_>>()
                .join(" ")
        }
        _ => String::new(),
    }
}
