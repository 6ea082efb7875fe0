//! What a snapshot states, by what names it.

use std::{
    borrow::Cow,
    cell::OnceCell,
    collections::{HashMap, HashSet},
};

use scrubjay_protocol::json::{Value as Json, Wtf8};

use super::{calls_of, shown};
use crate::{
    fold::{Event, Message, Snapshot, piece::PieceSource, text_in, text_of, value::Value},
    steps::tick,
};

/// The messages of a snapshot.
pub(super) struct Stated<'a> {
    pub(super) messages: &'a [Json],
    /// The last of each id, as the client takes it.
    pub(super) by_id: HashMap<&'a [u8], &'a Json>,
    /// Ids that more than one message has.
    pub(super) repeated: Vec<&'a [u8]>,
    /// Calls by id.
    pub(super) calls: HashMap<&'a [u8], &'a Json>,
    /// Places of results by the call that they answer: the first of each.
    results: HashMap<&'a [u8], usize>,
    takes: Snapshot<'a>,
    /// Made when a message is not there.
    twins: OnceCell<Twins<'a>>,
}

/// The first message of a role that has a text, or a call.
#[derive(Default)]
struct Twins<'a> {
    by_text: HashMap<(&'a str, Cow<'a, [u8]>), usize>,
    by_call: HashMap<(&'a str, &'a [u8]), usize>,
    text_lens: HashSet<u64>,
}

impl<'a> Twins<'a> {
    fn of(stated: &'a [Json]) -> Self {
        let mut twins = Self::default();
        for (place, message) in stated.iter().enumerate() {
            tick();
            let Some(role) = role_of(message) else { continue };
            if let Some(text) = message.get("content").and_then(text_stated) {
                twins.text_lens.insert(text.len() as u64);
                twins.by_text.entry((role, text)).or_insert(place);
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

impl<'a> Stated<'a> {
    pub(super) fn of(event: &'a Event) -> Self {
        let messages = event.get("messages").and_then(Json::as_array).unwrap_or_default();
        let mut stated = Self {
            messages,
            by_id: HashMap::with_capacity(messages.len()),
            repeated: Vec::new(),
            calls: HashMap::new(),
            results: HashMap::new(),
            takes: Snapshot::of(event),
            twins: OnceCell::new(),
        };
        for (place, message) in messages.iter().enumerate() {
            tick();
            if let Some(id) = id_of(message)
                && stated.by_id.insert(id, message).is_some()
            {
                stated.repeated.push(id);
            }
            if let Some(call) = text_in(message, "toolCallId") {
                stated.results.entry(call).or_insert(place);
            }
            for call in calls_in(message) {
                tick();
                stated.calls.extend(id_of(call).map(|id| (id, call)));
            }
        }
        stated
    }

    pub(super) fn shown_id(&self, place: usize) -> String {
        shown(self.messages.get(place).and_then(id_of).unwrap_or_default())
    }

    /// Whether the client keeps a message that is not stated, or was asked to drop it.
    pub(super) fn protects(&self, held: &Message) -> bool {
        self.takes.protects(held) || held.is("activity") && self.takes.names_activities()
    }

    /// The stated message that has the held one's text, calls or result under
    /// another id, and which of them.
    pub(super) fn twin(&self, held: &Message, pieces: &dyn PieceSource) -> Option<(usize, &'static str)> {
        if held.is("tool") {
            let place = self.results.get(text_of(&held.value, "toolCallId")?)?;
            return Some((*place, "result"));
        }
        let role = std::str::from_utf8(held.role()).ok()?;
        let twins = self.twins.get_or_init(|| Twins::of(self.messages));
        let same_text = || {
            let text = text_held(held.value.get("content")?, &twins.text_lens, pieces)?;
            twins.by_text.get(&(role, Cow::Borrowed(text.as_bytes()))).copied()
        };
        let calls = calls_of(held).filter_map(|(id, _)| twins.by_call.get(&(role, id)).copied());
        let texts = same_text().map(|place| (place, "text"));
        texts
            .into_iter()
            .chain(calls.map(|place| (place, "call")))
            .min_by_key(|(place, _)| *place)
    }
}

/// A text, or the texts of parts together; none if there is nothing in it.
pub(super) fn text_stated(content: &Json) -> Option<Cow<'_, [u8]>> {
    let text = match (content.as_wtf8(), content.as_array()) {
        (Some(text), _) => Cow::Borrowed(text.as_bytes()),
        (None, Some(parts)) => {
            let texts = parts.iter().filter_map(|part| text_in(part, "text"));
            Cow::Owned(texts.flatten().copied().collect())
        }
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

/// The same of what is held, if it has one of these lengths.
fn text_held(content: &Value, lens: &HashSet<u64>, pieces: &dyn PieceSource) -> Option<Wtf8> {
    let text = match (content.as_text(), content.as_list()) {
        (Some(text), _) if lens.contains(&text.len()) => text.to_wtf8(pieces),
        (None, Some(_)) => text_of_parts(content, pieces),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

/// The texts of parts together.
pub(super) fn text_of_parts(content: &Value, pieces: &dyn PieceSource) -> Wtf8 {
    let mut bytes = Vec::new();
    for part in content.as_list().into_iter().flat_map(crate::fold::value::List::iter) {
        tick();
        if let Some(text) = part.get("text").and_then(Value::as_text) {
            bytes.extend_from_slice(text.to_wtf8(pieces).as_bytes());
        }
    }
    Wtf8::from_bytes(bytes)
}

pub(super) fn id_of(value: &Json) -> Option<&[u8]> {
    text_in(value, "id")
}

pub(super) fn calls_in(message: &Json) -> &[Json] {
    message.get("toolCalls").and_then(Json::as_array).unwrap_or_default()
}

pub(super) fn role_of(value: &Json) -> Option<&str> {
    value.get("role").and_then(Json::as_str)
}
