//! AG-UI fixtures as aimock's configuration has them.

use std::{
    cmp::Reverse,
    io::{self, Write},
};

use serde_json::{Value, json};

use super::{frames::events, input_of};
use crate::Recorded;

/// A fixture, and its place: aimock serves the first of those that match.
pub(super) struct Fixture {
    place: Place,
    text: String,
}

/// What matches less stands before what matches more. A message matches all
/// that have its text in them, so that the longer ones come first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Result,
    Message(Reverse<usize>),
    Anything,
}

/// A fixture, where the exchange has events.
pub(super) fn fixture(recorded: &Recorded) -> Option<Fixture> {
    let events = events(recorded);
    if events.is_empty() {
        return None;
    }
    let (place, matched) = matched(input_of(recorded).as_ref());
    let text = format!("\n{{\"match\":{matched},\"events\":[\n{}\n]}}", events.join(",\n"));
    Some(Fixture { place, text })
}

pub(super) fn write(out: &mut impl Write, mut fixtures: Vec<Fixture>) -> io::Result<()> {
    fixtures.sort_by(|a, b| a.place.cmp(&b.place));
    let texts: Vec<String> = fixtures.into_iter().map(|fixture| fixture.text).collect();
    writeln!(out, r#"{{"agui":{{"fixtures":[{}]}}}}"#, texts.join(","))
}

/// What aimock compares: the call whose result ends the messages, else the last text of the user.
fn matched(input: Option<&Value>) -> (Place, Value) {
    let messages = input.and_then(|input| input.get("messages")?.as_array());
    let Some(messages) = messages else {
        return (Place::Anything, json!({}));
    };
    let last = messages.last();
    let is_tool = last.is_some_and(|last| last["role"] == "tool");
    if let Some(call) = last.and_then(|last| last["toolCallId"].as_str()).filter(|_| is_tool) {
        return (Place::Result, json!({"toolCallId": call}));
    }
    let texts = messages.iter().rev().filter(|message| message["role"] == "user");
    match texts
        .map(|message| text_of(&message["content"]))
        .find(|text| !text.is_empty())
    {
        Some(text) => (Place::Message(Reverse(text.len())), json!({"message": text})),
        None => (Place::Anything, json!({})),
    }
}

/// The text of a message as aimock reads it: parts joined by spaces.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().filter(|part| part["type"] == "text");
            let texts: Vec<&str> = texts
                .filter_map(|part| part["text"].as_str())
                .filter(|text| !text.is_empty())
                .collect();
            texts.join(" ").trim().to_owned()
        }
        _ => String::new(),
    }
}
