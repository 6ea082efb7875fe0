//! Snapshots of messages against what the stream has built.
//!
//! Only what *this run* has streamed is compared: what a snapshot says of the
//! conversation before it is the agent's to know.

use std::{
    cell::OnceCell,
    collections::{HashMap, HashSet},
};

use scrubjay_protocol::json::{Value as Json, Wtf8};

use super::rule::{SNAPSHOT_DISAGREES, SNAPSHOT_ORDER};
use crate::{
    fold::{
        BeforeEvent, Event, Message, Named, Violation, clipped, text_in, text_of,
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
    before: &'a BeforeEvent<'a>,
    stated: &'a [Json],
    by_id: HashMap<&'a [u8], &'a Json>,
    roles: HashSet<&'a str>,
    /// Ids of calls, and of those that are answered.
    calls: HashSet<&'a [u8]>,
    answered: HashSet<&'a [u8]>,
    /// Made when a message is not there.
    twins: OnceCell<Twins<'a>>,
    faults: Vec<String>,
}

/// The first message of a role that has a text, or a call.
#[derive(Default)]
struct Twins<'a> {
    by_text: HashMap<(&'a [u8], &'a [u8]), usize>,
    by_call: HashMap<(&'a [u8], &'a [u8]), usize>,
    text_lens: HashSet<u64>,
}

impl<'a> Twins<'a> {
    fn of(stated: &'a [Json]) -> Self {
        let mut twins = Self::default();
        for (place, message) in stated.iter().enumerate() {
            tick();
            let Some(role) = role_of(message).map(str::as_bytes) else {
                continue;
            };
            if let Some(content) = text_in(message, "content") {
                twins.text_lens.insert(content.len() as u64);
                twins.by_text.entry((role, content)).or_insert(place);
            }
            for call in calls_in(message) {
                tick();
                if let Some(id) = id_of(call) {
                    twins.by_call.entry((role, id)).or_insert(place);
                }
            }
        }
        twins
    }
}

/// Judges a MESSAGES_SNAPSHOT before it is applied. `since` is the frame at
/// which the run began.
pub(super) fn judge(before: &BeforeEvent<'_>, event: &Event, since: u32, findings: &mut Vec<Violation>) {
    let stated = event.get("messages").and_then(Json::as_array).unwrap_or_default();
    let messages = &before.view.messages;
    let looked_at = LOOKED_AT.saturating_add(stated.len());
    let mut streamed: Vec<Message> = messages
        .last(looked_at, before.pieces)
        .into_iter()
        .filter(|message| message.first_seq >= since.max(1))
        .take(COMPARED)
        .collect();
    streamed.reverse();
    let faults = Comparing::of_streamed(before, stated, &streamed);
    if !faults.is_empty() {
        let more = match faults.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let message = format!("{}{more}", faults[..faults.len().min(NAMED)].join("; "));
        findings.push(Violation::new(&SNAPSHOT_DISAGREES, message));
    }
    judge_order(before, stated, findings);
}

impl<'a> Comparing<'a> {
    /// What the snapshot says otherwise than these messages.
    fn of_streamed(before: &'a BeforeEvent<'a>, stated: &'a [Json], streamed: &[Message]) -> Vec<String> {
        if streamed.is_empty() {
            return Vec::new();
        }
        let mut comparing = Self::of(before, stated);
        for message in streamed {
            comparing.message(message);
        }
        comparing.calls_left_out();
        comparing.faults
    }

    fn of(before: &'a BeforeEvent<'a>, stated: &'a [Json]) -> Self {
        let mut comparing = Self {
            before,
            stated,
            by_id: HashMap::with_capacity(stated.len()),
            roles: HashSet::new(),
            calls: HashSet::new(),
            answered: HashSet::new(),
            twins: OnceCell::new(),
            faults: Vec::new(),
        };
        for message in stated {
            tick();
            comparing.by_id.extend(id_of(message).map(|id| (id, message)));
            comparing.roles.extend(role_of(message));
            comparing.answered.extend(text_in(message, "toolCallId"));
            for call in calls_in(message) {
                tick();
                comparing.calls.extend(id_of(call));
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
        let twins = self.twins.get_or_init(|| Twins::of(self.stated));
        let text = text.filter(|text| !text.is_empty() && twins.text_lens.contains(&text.len()));
        let same_text = text.and_then(|text| {
            let text = text.to_wtf8(self.before.pieces);
            twins.by_text.get(&(role, text.as_bytes())).copied()
        });
        let calls = calls_of(held);
        let same_call = calls
            .iter()
            .filter_map(|call| twins.by_call.get(&(role, call.as_slice())).copied());
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

    /// Calls after everything that is known, which the stream never had.
    fn calls_left_out(&mut self) {
        let is_known = |message: &Json| {
            let id = id_of(message).unwrap_or_default();
            self.before
                .view
                .messages
                .search(Named::Message, id, &|_| true, self.before.pieces)
                .is_some()
        };
        let Some(last_known) = self.stated.iter().rposition(is_known) else {
            return;
        };
        let mut found = Vec::new();
        for message in &self.stated[last_known..] {
            for call in calls_in(message) {
                let id = id_of(call).unwrap_or_default();
                let messages = &self.before.view.messages;
                if messages
                    .search(Named::Call, id, &|_| true, self.before.pieces)
                    .is_none()
                {
                    let id = String::from_utf8_lossy(id).into_owned();
                    found.push(format!("tool call '{id}' is in the snapshot and was not streamed"));
                }
            }
        }
        self.faults.append(&mut found);
    }

    fn is_text(&self, held: &Text, stated: &Wtf8) -> bool {
        held.len() == stated.len() as u64 && held.same(&Text::from_bytes(stated.as_bytes()), self.before.pieces)
    }
}

/// Messages that both have should stand in one order.
fn judge_order(before: &BeforeEvent<'_>, stated: &[Json], findings: &mut Vec<Violation>) {
    let held = &before.view.messages;
    let ids: Vec<&[u8]> = stated.iter().filter_map(id_of).collect();
    let spots = held.spots_of(&ids, before.pieces);
    let order: Vec<_> = spots
        .into_iter()
        .zip(ids)
        .filter_map(|(spot, id)| Some((spot?, id)))
        .collect();
    if let Some(pair) = order.windows(2).find(|pair| pair[0].0 > pair[1].0) {
        let name = |id: &[u8]| clipped(&String::from_utf8_lossy(id)).into_owned();
        let message = format!(
            "the snapshot has message '{}' before '{}', and the client has them the other way round",
            name(pair[0].1),
            name(pair[1].1)
        );
        findings.push(Violation::new(&SNAPSHOT_ORDER, message));
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
    text_in(value, "id")
}

fn calls_in(message: &Json) -> &[Json] {
    message.get("toolCalls").and_then(Json::as_array).unwrap_or_default()
}

fn role_of(value: &Json) -> Option<&str> {
    value.get("role").and_then(Json::as_str)
}
