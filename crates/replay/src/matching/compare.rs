//! Where two requests differ, under the ids that stand for each other.

use std::collections::BTreeMap;

use scrubjay_protocol::json::{Object, Value, parse, to_json};

use super::{
    Difference,
    request::{Kind, Reading},
};
use crate::adapt::{IdKind, IdMap};

/// Differences that are listed of two requests.
pub(super) const DIFFERENCES: usize = 50;
/// Characters of a value that are shown.
const SHOWN: usize = 200;

/// How two requests compare.
#[derive(Clone, Debug, Default)]
pub(super) struct Comparison {
    /// What keeps the recorded answer from being the answer.
    pub(super) hard: Vec<Difference>,
    /// What else the agent was given.
    pub(super) soft: Vec<Difference>,
    /// The ids of before, and those that stand in the same places.
    pub(super) ids: IdMap,
}

/// Compares the bodies of a recorded and a live request of the same kind.
pub(super) fn compare(recorded: &Reading, live: &Reading, ids: &IdMap) -> Comparison {
    let mut comparer = Comparer {
        ids: ids.clone(),
        found: Vec::new(),
        pointer: String::new(),
        forgives_time: false,
    };
    comparer.names(recorded, live);
    if recorded.kind == Kind::Other {
        comparer.others(recorded, live);
    } else {
        comparer.messages(recorded.messages(), live.messages());
        comparer.resume(recorded, live);
        comparer.command(recorded, live);
    }
    let mut hard = std::mem::take(&mut comparer.found);
    let mut soft = Vec::new();
    if recorded.kind != Kind::Other {
        comparer.settings(recorded, live);
        soft = std::mem::take(&mut comparer.found);
    }
    if recorded.kind == Kind::Connect {
        // What a client has when it connects depends on when it was started.
        hard.append(&mut soft);
        soft = std::mem::take(&mut hard);
    }
    Comparison {
        hard,
        soft,
        ids: comparer.ids,
    }
}

struct Comparer {
    ids: IdMap,
    found: Vec<Difference>,
    pointer: String,
    /// Instants differ from one day to the next, and mean nothing.
    forgives_time: bool,
}

impl Comparer {
    fn others(&mut self, recorded: &Reading, live: &Reading) {
        match (&recorded.value, &live.value) {
            (None, None) if recorded.raw == live.raw => {}
            (None, None) => self.found.push(Difference {
                pointer: String::new(),
                recorded: Some(format!("{} bytes", recorded.raw.len())),
                asked: Some(format!("{} bytes", live.raw.len())),
            }),
            (one, other) => self.values(one.as_ref(), other.as_ref(), ""),
        }
    }

    fn names(&mut self, recorded: &Reading, live: &Reading) {
        for (kind, name) in [
            (IdKind::Thread, "threadId"),
            (IdKind::Run, "runId"),
            (IdKind::Run, "parentRunId"),
        ] {
            if let (Some(one), Some(other)) = (recorded.text(name), live.text(name)) {
                self.ids.set(kind, one, other);
            }
        }
    }

    fn messages(&mut self, recorded: &[Value], live: &[Value]) {
        for idx in 0..recorded.len().max(live.len()) {
            let (one, other) = (recorded.get(idx), live.get(idx));
            self.under(&format!("/messages/{idx}"), |comparer| match (one, other) {
                (Some(one), Some(other)) => comparer.message(one, other),
                _ => comparer.differ(one, other),
            });
        }
    }

    fn message(&mut self, recorded: &Value, live: &Value) {
        let role = |message: &Value| message.get("role").and_then(Value::as_str).map(str::to_owned);
        if role(recorded) != role(live) {
            self.differ(Some(recorded), Some(live));
            return;
        }
        self.learn(recorded.get("id"), live.get("id"));
        self.member(recorded, live, "name");
        self.member(recorded, live, "error");
        self.under("/content", |comparer| {
            comparer.content(recorded.get("content"), live.get("content"));
        });
        self.under("/toolCallId", |comparer| {
            comparer.reference(recorded.get("toolCallId"), live.get("toolCallId"));
        });
        let calls = |message: &Value| list_of(message, "toolCalls").to_vec();
        self.calls(&calls(recorded), &calls(live));
    }

    fn calls(&mut self, recorded: &[Value], live: &[Value]) {
        for idx in 0..recorded.len().max(live.len()) {
            let (one, other) = (recorded.get(idx), live.get(idx));
            self.under(&format!("/toolCalls/{idx}"), |comparer| {
                let (Some(one), Some(other)) = (one, other) else {
                    comparer.differ(one, other);
                    return;
                };
                comparer.learn(one.get("id"), other.get("id"));
                let function = |call: &Value, name: &str| call.get("function").and_then(|it| it.get(name)).cloned();
                comparer.under("/function/name", |comparer| {
                    comparer.values(function(one, "name").as_ref(), function(other, "name").as_ref(), "name");
                });
                comparer.under("/function/arguments", |comparer| {
                    comparer.content(
                        function(one, "arguments").as_ref(),
                        function(other, "arguments").as_ref(),
                    );
                });
            });
        }
    }

    fn resume(&mut self, recorded: &Reading, live: &Reading) {
        let (recorded, live) = (recorded.list("resume"), live.list("resume"));
        for idx in 0..recorded.len().max(live.len()) {
            let (one, other) = (recorded.get(idx), live.get(idx));
            self.under(&format!("/resume/{idx}"), |comparer| {
                let (Some(one), Some(other)) = (one, other) else {
                    comparer.differ(one, other);
                    return;
                };
                comparer.under("/interruptId", |comparer| {
                    comparer.reference(one.get("interruptId"), other.get("interruptId"));
                });
                comparer.member(one, other, "status");
                comparer.member(one, other, "payload");
            });
        }
    }

    /// What resumes a run of the older LangGraph adapters.
    fn command(&mut self, recorded: &Reading, live: &Reading) {
        let command = |reading: &Reading| {
            let props = reading.value.as_ref().and_then(|input| input.get("forwardedProps"));
            props.and_then(|props| props.get("command")).cloned()
        };
        self.under("/forwardedProps/command", |comparer| {
            comparer.values(command(recorded).as_ref(), command(live).as_ref(), "command");
        });
    }

    /// What an agent is given beside the conversation.
    fn settings(&mut self, recorded: &Reading, live: &Reading) {
        self.forgives_time = true;
        self.tools(recorded.list("tools"), live.list("tools"));
        for name in ["state", "context", "forwardedProps"] {
            let member = |reading: &Reading| {
                let mut value = reading.value.as_ref()?.get(name)?.clone();
                if let Some(object) = value.as_object_mut().filter(|_| name == "forwardedProps") {
                    object.remove("command");
                }
                (!is_nothing(&value)).then_some(value)
            };
            self.under(&format!("/{name}"), |comparer| {
                comparer.values(member(recorded).as_ref(), member(live).as_ref(), name);
            });
        }
        self.forgives_time = false;
    }

    /// Tools by their names: their order means nothing.
    fn tools<'t>(&mut self, recorded: &'t [Value], live: &'t [Value]) {
        let by_name = |tools: &'t [Value]| {
            let mut known: BTreeMap<Option<String>, &Value> = BTreeMap::new();
            for tool in tools {
                known.entry(tool.get("name").map(to_json)).or_insert(tool);
            }
            known
        };
        let name = |tool: &Value| tool.get("name").map(to_json);
        let (of_recorded, of_live) = (by_name(recorded), by_name(live));
        for (idx, tool) in live.iter().enumerate() {
            let known = of_recorded.get(&name(tool)).copied();
            self.under(&format!("/tools/{idx}"), |comparer| {
                comparer.values(known, Some(tool), "");
            });
        }
        for (idx, known) in recorded.iter().enumerate() {
            if !of_live.contains_key(&name(known)) {
                self.under(&format!("/tools/{idx}"), |comparer| comparer.differ(Some(known), None));
            }
        }
    }

    fn member(&mut self, recorded: &Value, live: &Value, name: &str) {
        self.under(&format!("/{name}"), |comparer| {
            let member = |value: &Value| value.get(name).filter(|value| !value.is_null()).cloned();
            comparer.values(member(recorded).as_ref(), member(live).as_ref(), name);
        });
    }

    /// Text, or parts; ids of parts mean nothing, and JSON in text is compared as JSON.
    fn content(&mut self, recorded: Option<&Value>, live: Option<&Value>) {
        let nothing = |value: Option<&Value>| value.is_none_or(|value| value.is_null() || value.as_str() == Some(""));
        match (recorded, live) {
            _ if nothing(recorded) && nothing(live) => {}
            (Some(Value::Array(one)), Some(Value::Array(other))) => {
                for idx in 0..one.len().max(other.len()) {
                    let part = |parts: &[Value]| parts.get(idx).map(plain_part);
                    self.under(&format!("/{idx}"), |comparer| {
                        comparer.values(part(one).as_ref(), part(other).as_ref(), "content");
                    });
                }
            }
            _ => self.values(recorded, live, "content"),
        }
    }

    /// Ids in the same place stand for each other from here on.
    fn learn(&mut self, recorded: Option<&Value>, live: Option<&Value>) {
        if let (Some(one), Some(other)) = (recorded.and_then(Value::as_str), live.and_then(Value::as_str)) {
            self.ids.set(IdKind::Other, one, other);
        }
    }

    /// Ids of something that was named before.
    fn reference(&mut self, recorded: Option<&Value>, live: Option<&Value>) {
        match (recorded.and_then(Value::as_str), live.and_then(Value::as_str)) {
            (Some(one), Some(other)) if self.ids.stands_for(IdKind::Other, one, other) => {
                self.ids.set(IdKind::Other, one, other);
            }
            _ => self.values(recorded, live, "id"),
        }
    }

    fn values(&mut self, recorded: Option<&Value>, live: Option<&Value>, name: &str) {
        if self.found.len() >= DIFFERENCES {
            return;
        }
        match (recorded, live) {
            (None, None) => {}
            (Some(Value::Object(one)), Some(Value::Object(other))) => self.objects(one, other),
            (Some(Value::Array(one)), Some(Value::Array(other))) => {
                for idx in 0..one.len().max(other.len()) {
                    self.under(&format!("/{idx}"), |comparer| {
                        comparer.values(one.get(idx), other.get(idx), name);
                    });
                }
            }
            (Some(one), Some(other)) if self.is_same_leaf(one, other, name) => {}
            _ => self.differ(recorded, live),
        }
    }

    fn objects(&mut self, recorded: &Object, live: &Object) {
        let (of_recorded, of_live) = (Members::of(recorded), Members::of(live));
        for (name, value) in recorded {
            let other = of_live.get(name.as_bytes());
            let name = name.to_str_lossy();
            self.under(&token(&name), |comparer| comparer.values(Some(value), other, &name));
        }
        for (name, value) in live {
            if of_recorded.get(name.as_bytes()).is_none() {
                self.under(&token(&name.to_str_lossy()), |comparer| {
                    comparer.differ(None, Some(value));
                });
            }
        }
    }

    fn is_same_leaf(&mut self, recorded: &Value, live: &Value, name: &str) -> bool {
        if recorded == live || self.forgives_time && is_instant(name, recorded) && is_instant(name, live) {
            return true;
        }
        let (Some(one), Some(other)) = (recorded.as_str(), live.as_str()) else {
            return false;
        };
        let stands = [IdKind::Thread, IdKind::Run, IdKind::Other]
            .into_iter()
            .any(|kind| self.ids.get(kind, one) == Some(other));
        stands || self.is_same_json(one, other)
    }

    /// JSON text that means the same, ids put in.
    fn is_same_json(&mut self, recorded: &str, live: &str) -> bool {
        let looks = |text: &str| text.trim_start().starts_with(['{', '[']);
        if !looks(recorded) || !looks(live) {
            return false;
        }
        let (Ok(one), Ok(other)) = (parse(recorded.as_bytes()), parse(live.as_bytes())) else {
            return false;
        };
        // The ids are those of the requests, however many texts there are.
        let outside = (std::mem::take(&mut self.found), std::mem::take(&mut self.pointer));
        self.values(Some(&one), Some(&other), "");
        let is_same = self.found.is_empty();
        (self.found, self.pointer) = outside;
        is_same
    }

    fn differ(&mut self, recorded: Option<&Value>, live: Option<&Value>) {
        if self.found.len() < DIFFERENCES {
            self.found.push(Difference {
                pointer: self.pointer.clone(),
                recorded: recorded.map(shown),
                asked: live.map(shown),
            });
        }
    }

    fn under(&mut self, token: &str, look: impl FnOnce(&mut Self)) {
        let len = self.pointer.len();
        self.pointer.push_str(token);
        look(self);
        self.pointer.truncate(len);
    }
}

/// Members up to which an object is searched as it stands.
const FEW: usize = 32;

/// The members of an object by name.
enum Members<'a> {
    Few(&'a Object),
    Many(BTreeMap<&'a [u8], &'a Value>),
}

impl<'a> Members<'a> {
    fn of(object: &'a Object) -> Self {
        match object.len() <= FEW {
            true => Self::Few(object),
            false => Self::Many(object.iter().map(|(name, value)| (name.as_bytes(), value)).collect()),
        }
    }

    fn get(&self, name: &[u8]) -> Option<&'a Value> {
        match self {
            Self::Few(object) => object.get_bytes(name),
            Self::Many(members) => members.get(name).copied(),
        }
    }
}

fn list_of<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).unwrap_or_default()
}

/// A content part without what names or annotates it.
fn plain_part(part: &Value) -> Value {
    let mut part = part.clone();
    if let Some(object) = part.as_object_mut() {
        object.retain(|name, _| *name != *"id" && *name != *"metadata");
    }
    part
}

/// What some clients send and others leave out.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// A point in time under a name for one.
fn is_instant(name: &str, value: &Value) -> bool {
    let lower = name.to_ascii_lowercase();
    let named = lower.contains("time")
        || lower.contains("date")
        || lower == "now"
        || name.ends_with("At")
        || lower.ends_with("_at");
    named
        && match value {
            Value::Number(number) => *number >= 1e9,
            Value::String(_) => value.as_str().is_some_and(is_date_time),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
        }
}

/// `2026-11-21T09:00:00` and what may follow.
fn is_date_time(text: &str) -> bool {
    let shape = b"dddd-dd-ddTdd:dd:dd";
    text.len() >= shape.len()
        && text.bytes().zip(shape).all(|(byte, shape)| match shape {
            b'd' => byte.is_ascii_digit(),
            b'T' => matches!(byte, b'T' | b' '),
            _ => byte == *shape,
        })
}

fn token(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A value as JSON text, shortened.
fn shown(value: &Value) -> String {
    let text = to_json(value);
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
