//! Snapshots of messages against what the stream has built.
//!
//! Only what *this run* has streamed is compared: what a snapshot says of the
//! conversation before it is the agent's to know.

use std::collections::{BTreeMap, BTreeSet};

use scrubjay_protocol::json::{Value as Json, Wtf8};

use super::rule::{SnapshotDisagrees, SnapshotOrder};
use crate::{
    fold::{
        Broken, Event, Message, Named, Scene, clipped, text_of,
        value::{Text, Value},
    },
    steps::tick,
};

/// Messages of a run that are compared with a snapshot, the last ones.
const COMPARED: usize = 256;
/// Messages at the end of the list among which those are looked for, beside
/// as many as the snapshot states.
const LOOKED_AT: usize = 4_096;
/// Disagreements named in a finding.
const NAMED: usize = 3;

/// A snapshot beside what is held.
struct Comparing<'a> {
    scene: &'a Scene<'a>,
    stated: Vec<&'a Json>,
    by_id: BTreeMap<&'a [u8], &'a Json>,
    roles: BTreeSet<&'a str>,
    /// Ids of calls, and of those that are answered.
    calls: BTreeSet<&'a [u8]>,
    answered: BTreeSet<&'a [u8]>,
    /// The first message of a role that has a text, or a call.
    by_text: BTreeMap<(&'a [u8], &'a [u8]), usize>,
    by_call: BTreeMap<(&'a [u8], &'a [u8]), usize>,
    text_lens: BTreeSet<u64>,
    faults: Vec<String>,
}

/// Judges a MESSAGES_SNAPSHOT before it is applied. `since` is the frame at
/// which the run began.
pub(super) fn judge(scene: &Scene<'_>, event: &Event, since: u32, told: &mut Vec<Broken>) {
    let stated = event.get("messages").and_then(Json::as_array).unwrap_or_default();
    let mut comparing = Comparing::of(scene, stated);
    let messages = &scene.view.messages;
    let looked_at = LOOKED_AT.saturating_add(stated.len());
    let mut streamed: Vec<Message> = messages
        .last(looked_at, scene.pieces)
        .into_iter()
        .filter(|message| message.first_seq >= since.max(1))
        .take(COMPARED)
        .collect();
    streamed.reverse();
    for message in &streamed {
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
    judge_order(scene, &comparing.stated, told);
}

impl<'a> Comparing<'a> {
    fn of(scene: &'a Scene<'a>, stated: &'a [Json]) -> Self {
        let mut comparing = Self {
            scene,
            stated: stated.iter().collect(),
            by_id: BTreeMap::new(),
            roles: BTreeSet::new(),
            calls: BTreeSet::new(),
            answered: BTreeSet::new(),
            by_text: BTreeMap::new(),
            by_call: BTreeMap::new(),
            text_lens: BTreeSet::new(),
            faults: Vec::new(),
        };
        for (place, message) in stated.iter().enumerate() {
            tick();
            let text = |name| message.get(name).and_then(Json::as_wtf8).map(Wtf8::as_bytes);
            comparing.by_id.extend(id_of(message).map(|id| (id, message)));
            comparing.roles.extend(role_of(message));
            comparing.answered.extend(text("toolCallId"));
            let role = role_of(message).map(str::as_bytes);
            if let (Some(role), Some(content)) = (role, text("content")) {
                comparing.text_lens.insert(content.len() as u64);
                comparing.by_text.entry((role, content)).or_insert(place);
            }
            for call in message.get("toolCalls").and_then(Json::as_array).unwrap_or_default() {
                tick();
                let Some(id) = id_of(call) else { continue };
                comparing.calls.insert(id);
                if let Some(role) = role {
                    comparing.by_call.entry((role, id)).or_insert(place);
                }
            }
        }
        comparing
    }

    /// A message that this run has streamed.
    fn message(&mut self, held: &Message) {
        let Some(id) = held.id() else { return };
        let role = text_of(&held.value, "role").unwrap_or_default();
        let shown = clipped(&String::from_utf8_lossy(id)).into_owned();
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
        match role {
            b"reasoning" => !self.roles.contains("reasoning"),
            b"activity" => !self.roles.contains("activity"),
            _ => false,
        }
    }

    /// A result under another message id is the same to everybody.
    fn is_answered_elsewhere(&self, held: &Message, role: &[u8]) -> bool {
        let call = text_of(&held.value, "toolCallId");
        role == b"tool" && call.is_some_and(|call| self.answered.contains(call))
    }

    /// The stated message that has the held one's text, or its calls, under another id.
    fn twin(&self, held: &Message, role: &[u8]) -> Option<String> {
        let text = held.value.get("content").and_then(Value::as_text);
        let text = text.filter(|text| !text.is_empty() && self.text_lens.contains(&text.len()));
        let same_text = text.and_then(|text| {
            let text = text.to_wtf8(self.scene.pieces);
            self.by_text.get(&(role, text.as_bytes())).copied()
        });
        let calls = calls_of(held);
        let same_call = calls
            .iter()
            .filter_map(|call| self.by_call.get(&(role, call.as_slice())).copied());
        let found = self.stated.get(same_call.chain(same_text).min()?)?;
        id_of(found).map(|id| clipped(&String::from_utf8_lossy(id)).into_owned())
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
            tick();
            if !self.calls.contains(call.as_slice()) {
                let call = String::from_utf8_lossy(&call).into_owned();
                self.faults
                    .push(format!("tool call '{call}' was streamed and is not in the snapshot"));
            }
        }
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
fn judge_order(scene: &Scene<'_>, stated: &[&Json], told: &mut Vec<Broken>) {
    let held = &scene.view.messages;
    let places = stated.iter().filter_map(|message| {
        let id = id_of(message)?;
        Some((held.search(Named::Message, id, &|_| true, scene.pieces)?, id))
    });
    let order: Vec<_> = places.collect();
    if let Some(pair) = order.windows(2).find(|pair| pair[0].0 > pair[1].0) {
        let name = |id: &[u8]| clipped(&String::from_utf8_lossy(id)).into_owned();
        let message = format!(
            "the snapshot has message '{}' before '{}', and the client has them the other way round",
            name(pair[0].1),
            name(pair[1].1)
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
