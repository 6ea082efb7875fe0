//! What items say, put together from the events of their frames.

use std::hash::{DefaultHasher, Hasher as _};

use scrubjay_protocol::{
    event::EventType,
    frame::Frame,
    input::Request,
    json::{self, Object, Value, Wtf8},
};

use super::{
    hash::{Hashing, join},
    ids::Ids,
    item::ItemKind,
    rules::{Level, Rules},
};
use crate::changes::branch_in;

/// Bytes of an item's text up to which it is kept; the rest counts, and is not shown.
pub(super) const TEXT_LEN: usize = 1024 * 1024;

/// An item on its way to being a document.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) kind: ItemKind,
    pub(super) members: Object,
    /// What deltas bring: arguments, text.
    pub(super) text: Wtf8,
    /// Stands for text beyond the limit.
    rest: Option<DefaultHasher>,
}

impl Draft {
    pub(super) fn new(kind: ItemKind) -> Self {
        Self {
            kind,
            members: Object::new(),
            text: Wtf8::new(),
            rest: None,
        }
    }

    /// Follows one of its frames. `room` is how many bytes of text may still be kept.
    pub(super) fn take(&mut self, frame: &Frame, room: usize) {
        let Some(event) = frame.value.as_ref().and_then(Value::as_object) else {
            return self.take_wire(frame);
        };
        let name = frame.event_type.as_ref().map_or("", EventType::name);
        match self.kind {
            ItemKind::Tool => {
                self.keep(event, "toolCallName", "name");
                if name == "TOOL_CALL_RESULT" {
                    self.keep(event, "content", "result");
                }
            }
            ItemKind::Step => self.keep(event, "stepName", "name"),
            ItemKind::Subagent => self.take_subagent(name, event),
            ItemKind::Custom => {
                self.keep(event, "name", "name");
                self.keep(event, "value", "value");
            }
            ItemKind::Run => self.take_end(name, event),
            ItemKind::Activity => self.take_activity(event),
            ItemKind::Messages => self.keep(event, "messages", "messages"),
            ItemKind::Text => self.keep(event, "role", "role"),
            ItemKind::Raw | ItemKind::Unknown => self.keep(event, "type", "type"),
            _ => {}
        }
        if self.kind != ItemKind::Subagent {
            self.keep(event, "subagentRunId", "agent");
        }
        if let Some(delta) = event.get("delta").and_then(Value::as_wtf8) {
            self.push(delta, room);
        }
    }

    fn keep(&mut self, event: &Object, from: &str, to: &str) {
        if let Some(value) = event.get(from) {
            self.members.insert(to, value.clone());
        }
    }

    fn push(&mut self, delta: &Wtf8, room: usize) {
        if self.rest.is_none() && self.text.len() + delta.len() <= TEXT_LEN.min(self.text.len() + room) {
            self.text.push(delta);
        } else {
            self.rest.get_or_insert_with(DefaultHasher::new).write(delta.as_bytes());
        }
    }

    fn take_wire(&mut self, frame: &Frame) {
        self.members.insert("type", Value::string(frame.kind.as_str()));
    }

    fn take_subagent(&mut self, name: &str, event: &Object) {
        self.keep(event, "name", "name");
        if name != "SUBAGENT_STARTED" {
            let outcome = outcome_type(event).unwrap_or(if name == "SUBAGENT_ERROR" { "error" } else { "success" });
            self.members.insert("outcome", Value::string(outcome));
            for member in ["result", "code", "message"] {
                self.keep(event, member, member);
            }
        }
    }

    fn take_end(&mut self, name: &str, event: &Object) {
        if name == "RUN_STARTED" {
            return;
        }
        let outcome = outcome_type(event).unwrap_or(if name == "RUN_ERROR" { "error" } else { "success" });
        self.members.insert("outcome", Value::string(outcome));
        if let Some(interrupts) = event.get("outcome").and_then(|outcome| outcome.get("interrupts")) {
            self.members.insert("interrupts", interrupts.clone());
        }
        for member in ["result", "code", "message"] {
            self.keep(event, member, member);
        }
    }

    fn take_activity(&mut self, event: &Object) {
        self.keep(event, "activityType", "name");
        if let Some(content) = event.get("content") {
            self.members.insert("content", content.clone());
            self.members.remove("patches");
        }
        if let Some(Value::Array(patch)) = event.get("patch") {
            let mut patches = match self.members.remove("patches") {
                Some(Value::Array(patches)) => patches,
                _ => Vec::new(),
            };
            patches.extend(patch.iter().cloned());
            self.members.insert("patches", Value::Array(patches));
        }
    }

    /// The document, with the name of the sub-agent in place of its id.
    pub(super) fn document(mut self, agent: impl FnOnce(&Wtf8) -> Option<Wtf8>) -> Object {
        let id = self.members.remove("agent");
        if let Some(name) = id.as_ref().and_then(Value::as_wtf8).and_then(agent) {
            self.members.insert("agent", Value::String(name));
        }
        let text = std::mem::take(&mut self.text);
        match self.kind {
            ItemKind::Tool if !text.is_empty() => {
                let args = branch_in(text.as_bytes()).unwrap_or(Value::String(text));
                self.members.insert("args", args);
            }
            ItemKind::Text | ItemKind::Reasoning => {
                self.members.insert("text", Value::String(text));
            }
            _ => {}
        }
        if self.kind == ItemKind::Text && !self.members.contains("role") {
            self.members.insert("role", Value::string("assistant"));
        }
        if let Some(rest) = self.rest {
            let rest = format!("{:016x}", rest.finish());
            self.members.insert("beyond the first megabyte", Value::string(rest));
        }
        if self.kind == ItemKind::Run && !self.members.contains("outcome") {
            self.members.insert("outcome", Value::string("none"));
        }
        self.members
    }
}

fn outcome_type(event: &Object) -> Option<&str> {
    event.get("outcome")?.get("type")?.as_str()
}

/// The level from which a member of an item's document counts.
pub(super) fn level_of(kind: ItemKind, member: &[u8]) -> Level {
    match (kind, member) {
        (ItemKind::Text, b"role" | b"agent") => Level::Text,
        (kind, _) => kind.counts_from(),
    }
}

/// What a request asks for: the messages since the last answer, and whatever
/// else bears on the run. The state is left to the first exchange of a side.
pub(super) fn input_document(input: &Value, with_state: bool) -> Object {
    let mut members = Object::new();
    members.insert("asked", Value::Array(asked(input).into_iter().map(said).collect()));
    for name in ["tools", "context", "forwardedProps", "resume", "state"] {
        if let Some(value) = input.get(name).filter(|value| !is_nothing(value))
            && (with_state || name != "state")
        {
            members.insert(name, value.clone());
        }
    }
    members
}

/// The messages after the last one of the assistant.
fn asked(input: &Value) -> Vec<&Value> {
    let messages = input.get("messages").and_then(Value::as_array).unwrap_or_default();
    let is_answer = |message: &Value| message.get("role").and_then(Value::as_str) == Some("assistant");
    let from = messages.iter().rposition(is_answer).map_or(0, |last| last + 1);
    messages[from..].iter().collect()
}

/// Whether a person began a turn with this input.
pub(super) fn begins_turn(input: &Value) -> bool {
    let last = asked(input).pop();
    last.and_then(|message| message.get("role")).and_then(Value::as_str) == Some("user")
}

/// Whether an input goes on after an answer of the agent.
pub(super) fn follows_an_answer(input: &Value) -> bool {
    let messages = input.get("messages").and_then(Value::as_array).unwrap_or_default();
    asked(input).len() < messages.len()
}

fn said(message: &Value) -> Value {
    let mut said = Object::new();
    for name in ["role", "content", "toolCallId", "error"] {
        if let Some(value) = message.get(name) {
            said.insert(name, value.clone());
        }
    }
    Value::Object(said)
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    }
}

/// The run input of a request's body.
pub(super) fn input_of(body: &[u8]) -> Option<Value> {
    Request::read(body).input_value().cloned()
}

/// A body that is no stream: its JSON, or its text.
pub(super) fn body_value(body: &[u8]) -> Option<Value> {
    if body.is_empty() || body.len() > TEXT_LEN {
        return None;
    }
    json::parse(body)
        .ok()
        .or_else(|| Some(Value::string(String::from_utf8_lossy(body).into_owned())))
}

/// What an input's document asks, as a number: its messages and what it resumes.
pub(super) fn asked_number(document: &Object, ids: &Ids, rules: &Rules) -> u64 {
    let mut hashing = Hashing::new(rules, ids);
    let members = ["asked", "resume"].into_iter().filter_map(|name| document.get(name));
    members.fold(0, |all, value| join(all, hashing.member(b"asked", value).unwrap_or(0)))
}

/// What a request asks, as a number and in words: what recordings are paired
/// by that are to be compared with each other. Ids do not count, nor do tools
/// and state; nothing for a body that is no run input.
pub fn asked_in(body: &[u8]) -> Option<(u64, String)> {
    let input = input_of(body)?;
    let mut ids = Ids::default();
    ids.learn(&input);
    let number = asked_number(&input_document(&input, false), &ids, &Rules::default());
    let words = asked(&input)
        .pop()
        .and_then(|message| message.get("content"))
        .and_then(Value::as_wtf8);
    Some((
        number,
        words.map_or_else(String::new, |words| words.to_str_lossy().into_owned()),
    ))
}
