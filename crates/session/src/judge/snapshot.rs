//! Snapshots of messages against what the stream has built.
//!
//! Only what *this run* has streamed is compared: what a snapshot says of the
//! conversation before it is the agent's to know.

use std::collections::BTreeMap;

use scrubjay_protocol::json::{Value as Json, Wtf8};

use super::rule::{SnapshotDisagrees, SnapshotOrder};
use crate::fold::{
    Broken, Event, Message, Named, Scene, text_of,
    value::{Text, Value},
};

/// Messages of a run that are compared with a snapshot, the last ones.
const COMPARED: usize = 256;
/// Disagreements named in a finding.
const NAMED: usize = 3;

/// A snapshot beside what is held.
struct Comparing<'a> {
    scene: &'a Scene<'a>,
    stated: Vec<&'a Json>,
    by_id: BTreeMap<&'a [u8], &'a Json>,
    faults: Vec<String>,
}

/// Judges a MESSAGES_SNAPSHOT before it is applied. `since` is the frame at
/// which the run began.
pub(super) fn judge(scene: &Scene<'_>, event: &Event, since: u32, told: &mut Vec<Broken>) {
    let stated: Vec<&Json> = event
        .get("messages")
        .and_then(Json::as_array)
        .unwrap_or_default()
        .iter()
        .collect();
    let by_id = stated
        .iter()
        .filter_map(|message| Some((id_of(message)?, *message)))
        .collect();
    let mut comparing = Comparing {
        scene,
        stated,
        by_id,
        faults: Vec::new(),
    };
    let held: Vec<Message> = scene.view.messages.read(0, usize::MAX, scene.pieces);
    let streamed: Vec<&Message> = held
        .iter()
        .filter(|message| message.first_seq >= since.max(1))
        .collect();
    for message in &streamed[streamed.len().saturating_sub(COMPARED)..] {
        comparing.message(message);
    }
    if !streamed.is_empty() {
        comparing.calls_left_out();
    }
    let faults = comparing.faults;
    if !faults.is_empty() {
        let more = match faults.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let message = format!("{}{more}", faults[..faults.len().min(NAMED)].join("; "));
        told.push(Broken::new(&SnapshotDisagrees, message));
    }
    judge_order(&held, &comparing.stated, told);
}

impl Comparing<'_> {
    /// A message that this run has streamed.
    fn message(&mut self, held: &Message) {
        let Some(id) = held.id() else { return };
        let role = text_of(&held.value, "role").unwrap_or_default();
        let shown = String::from_utf8_lossy(id).into_owned();
        match self.by_id.get(id).copied() {
            Some(stated) => self.same_message(held, stated, &shown),
            None if self.is_answered_elsewhere(held, role) || self.is_kept(role) => {}
            None => {
                let fault = match self.twin(held, role) {
                    Some(twin) => format!("message '{shown}' was streamed, and the snapshot has its text as '{twin}'"),
                    None => format!("message '{shown}' was streamed and is not in the snapshot"),
                };
                self.faults.push(fault);
            }
        }
    }

    /// The client keeps reasoning and activities if a snapshot has none.
    fn is_kept(&self, role: &[u8]) -> bool {
        let says_nothing = |role: &str| self.stated.iter().all(|message| role_of(message) != Some(role));
        match role {
            b"reasoning" => says_nothing("reasoning"),
            b"activity" => says_nothing("activity"),
            _ => false,
        }
    }

    /// A result under another message id is the same to everybody.
    fn is_answered_elsewhere(&self, held: &Message, role: &[u8]) -> bool {
        let call = text_of(&held.value, "toolCallId");
        role == b"tool"
            && self.stated.iter().any(|message| {
                let named = message.get("toolCallId").and_then(Json::as_wtf8);
                named.is_some_and(|named| Some(named.as_bytes()) == call)
            })
    }

    /// The stated message that has the held one's text, or its calls, under another id.
    fn twin(&self, held: &Message, role: &[u8]) -> Option<String> {
        let text = held
            .value
            .get("content")
            .and_then(Value::as_text)
            .filter(|text| !text.is_empty());
        let calls = calls_of(held);
        let found = self.stated.iter().find(|stated| {
            let same_role = role_of(stated).map(str::as_bytes) == Some(role);
            let content = stated.get("content").and_then(Json::as_wtf8);
            let same_text = text.is_some_and(|text| content.is_some_and(|content| self.is_text(text, content)));
            let stated_calls = stated.get("toolCalls").and_then(Json::as_array).unwrap_or_default();
            let same_call = stated_calls
                .iter()
                .filter_map(id_of)
                .any(|id| calls.iter().any(|call| call.as_slice() == id));
            same_role && (same_text || same_call)
        })?;
        id_of(found).map(|id| String::from_utf8_lossy(id).into_owned())
    }

    fn same_message(&mut self, held: &Message, stated: &Json, shown: &str) {
        let text = held
            .value
            .get("content")
            .and_then(Value::as_text)
            .filter(|text| !text.is_empty());
        let content = stated.get("content").and_then(Json::as_wtf8);
        if let Some(text) = text {
            match content {
                Some(content) if self.is_text(text, content) => {}
                Some(_) => self.faults.push(format!(
                    "message '{shown}' has another text in the snapshot than was streamed"
                )),
                None if stated.get("content").is_some() => {}
                None => self
                    .faults
                    .push(format!("message '{shown}' has lost its text in the snapshot")),
            }
        }
        for call in calls_of(held) {
            if !self.states_call(&call) {
                let call = String::from_utf8_lossy(&call).into_owned();
                self.faults
                    .push(format!("tool call '{call}' was streamed and is not in the snapshot"));
            }
        }
    }

    fn states_call(&self, id: &[u8]) -> bool {
        self.stated.iter().any(|message| {
            let calls = message.get("toolCalls").and_then(Json::as_array).unwrap_or_default();
            calls.iter().any(|call| id_of(call) == Some(id))
        })
    }

    /// Calls behind everything that is known, which the stream never had.
    fn calls_left_out(&mut self) {
        let is_known = |message: &&Json| {
            let id = id_of(message).unwrap_or_default();
            self.scene
                .view
                .messages
                .search(Named::Message, id, &|_| true, self.scene.pieces)
                .is_some()
        };
        let Some(last_known) = self.stated.iter().rposition(is_known) else {
            return;
        };
        let mut found = Vec::new();
        for message in &self.stated[last_known..] {
            for call in message.get("toolCalls").and_then(Json::as_array).unwrap_or_default() {
                let id = id_of(call).unwrap_or_default();
                let messages = &self.scene.view.messages;
                if messages.search(Named::Call, id, &|_| true, self.scene.pieces).is_none() {
                    let id = String::from_utf8_lossy(id).into_owned();
                    found.push(format!("tool call '{id}' is in the snapshot and was not streamed"));
                }
            }
        }
        self.faults.append(&mut found);
    }

    fn is_text(&self, held: &Text, stated: &Wtf8) -> bool {
        held.len() == stated.len() as u64 && held.same(&Text::from_bytes(stated.as_bytes()), self.scene.pieces)
    }
}

/// Messages that both have should stand in one order.
fn judge_order(held: &[Message], stated: &[&Json], told: &mut Vec<Broken>) {
    let places: BTreeMap<&[u8], usize> = held
        .iter()
        .enumerate()
        .filter_map(|(place, message)| Some((message.id()?, place)))
        .collect();
    let order: Vec<usize> = stated
        .iter()
        .filter_map(|message| places.get(id_of(message)?).copied())
        .collect();
    if let Some(pair) = order.windows(2).find(|pair| pair[0] > pair[1]) {
        let name = |place: usize| String::from_utf8_lossy(held[place].id().unwrap_or_default()).into_owned();
        let message = format!(
            "the snapshot has message '{}' before '{}', and the client has them the other way round",
            name(pair[0]),
            name(pair[1])
        );
        told.push(Broken::new(&SnapshotOrder, message));
    }
}

fn calls_of(message: &Message) -> Vec<Vec<u8>> {
    let calls = message.value.get("toolCalls").and_then(Value::as_list);
    let calls = calls.into_iter().flat_map(crate::fold::value::List::iter);
    calls
        .filter_map(|call| text_of(call, "id").map(<[u8]>::to_vec))
        .collect()
}

fn id_of(value: &Json) -> Option<&[u8]> {
    value.get("id").and_then(Json::as_wtf8).map(Wtf8::as_bytes)
}

fn role_of(value: &Json) -> Option<&str> {
    value.get("role").and_then(Json::as_str)
}
