//! AG-UI fixtures of aimock: events, and what the request must have for them.

use serde_json::{Map, Value, json};

use super::{
    document::{Halt, Part, fields, items, number, or_end, string, walk},
    taking::Taking,
};
use crate::read::Stop;

/// Longest delay between events that is believed, a day.
const MAX_DELAY_MILLIS: f64 = 86_400_000.0;

/// Takes fixtures: an exchange for each, with a request that it would match.
pub(super) fn take(taking: &mut Taking<'_>) -> Result<(), Halt> {
    taking.name = "file of aimock fixtures";
    let (text, end) = taking.text();
    let mut without_events = 0_usize;
    let stands_alone = fields(super::recognise::first_text(text.trim_ascii_start()), ["events"])[0].is_some();
    let walked = walk(
        text,
        if stands_alone {
            &[]
        } else {
            &["", "fixtures", "agui.fixtures"]
        },
        &mut |part, value, at| match part {
            Part::Item(_) | Part::Member("") => {
                let [events] = fields(value, ["events"]);
                match events {
                    Some(_) => fixture(taking, value, at),
                    None => {
                        without_events += 1;
                        Ok(())
                    }
                }
            }
            Part::Name(_) | Part::Member(_) => Ok(()),
        },
    );
    if taking.recording.exchanges.is_empty() && without_events > 0 {
        taking.name = "file of aimock fixtures for language models";
    }
    taking.note(
        "The file is a set of aimock fixtures: requests are made from what each fixture matches, the stream from its \
         events, and times from its delay.",
    );
    if without_events > 0 && !taking.recording.exchanges.is_empty() {
        taking.note(format!("{without_events} fixtures without events were left out."));
    }
    or_end(walked, end)
}

fn fixture(taking: &mut Taking<'_>, text: &str, at: usize) -> Result<(), Stop> {
    let [matched, events, delay] = fields(text, ["match", "events", "delayMs"]);
    let delay_us = number(delay).unwrap_or_default().clamp(0.0, MAX_DELAY_MILLIS) * 1000.0;
    let events = items(events);
    let request = request_of(matched.unwrap_or("{}"), events.first().copied().unwrap_or("{}"));
    taking.grow(request.len() as u64)?;
    taking.begin(at)?.request_body = request;
    for (place, event) in events.iter().enumerate() {
        taking.event(at, event, (place as f64 * delay_us) as u64)?;
    }
    Ok(())
}

/// A request that the fixture matches.
fn request_of(matched: &str, first_event: &str) -> Vec<u8> {
    let [message, tool, key, call] = fields(matched, ["message", "toolName", "stateKey", "toolCallId"]).map(string);
    let mut state = Map::new();
    if let Some(key) = key {
        state.insert(key, Value::Null);
    }
    let tools: Vec<Value> = tool
        .map(|name| json!({"name": name, "description": "", "parameters": {}}))
        .into_iter()
        .collect();
    let messages = message.map(|text| json!({"id": "user-1", "role": "user", "content": text}));
    let answers = call.map(|call| json!({"id": "tool-1", "role": "tool", "toolCallId": call, "content": ""}));
    let messages: Vec<Value> = messages.into_iter().chain(answers).collect();
    made_request(first_event, &messages, &Value::Object(state), &tools, None)
}

/// The input of a run, made from what is known of it.
pub(super) fn made_request(
    first_event: &str,
    messages: &[Value],
    state: &Value,
    tools: &[Value],
    resume: Option<Value>,
) -> Vec<u8> {
    let [thread, run] = fields(first_event, ["threadId", "runId"]).map(string);
    let mut input = json!({
        "threadId": thread.unwrap_or_default(),
        "runId": run.unwrap_or_default(),
        "state": state,
        "messages": messages,
        "tools": tools,
        "context": [],
        "forwardedProps": {},
    });
    if let (Some(resume), Some(members)) = (resume, input.as_object_mut()) {
        members.insert("resume".to_owned(), resume);
    }
    input.to_string().into_bytes()
}
