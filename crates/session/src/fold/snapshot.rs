//! How a snapshot of messages meets the messages that are there.
//!
//! 1. A message stays if the snapshot has its id, or if it is protected.
//! 2. What stays keeps its place; the snapshot's copy becomes its content
//!    (the last copy, if there are several).
//! 3. Snapshot messages with ids that did not stay are appended in order.
//! 4. Reasoning is protected if the snapshot has none, and activities if it
//!    has none, because most agents do not send back what they do not keep.
//! 5. `metadata["@ag-ui/client"].authoritativeActivityTypes` overrides that for
//!    activities: null owns all types, a list those, anything else none.

use std::collections::{BTreeSet, HashMap, HashSet};

use scrubjay_protocol::json;

use super::{
    apply::Applying,
    event::Event,
    messages::{Message, Remade, Takes, keeping, text_of},
    value::Value,
};

/// Which activities a snapshot replaces.
enum Authority {
    /// Nothing said: all of them, if it has any.
    Inferred,
    All,
    Types(BTreeSet<Vec<u8>>),
}

impl Applying<'_> {
    pub(super) fn messages_snapshot(&mut self, event: &Event) {
        let stated = event
            .get("messages")
            .and_then(json::Value::as_array)
            .unwrap_or_default();
        let by_id: HashMap<&[u8], &json::Value> = stated.iter().map(|message| (id_in(message), message)).collect();
        let has = |role: &str| {
            stated
                .iter()
                .any(|message| text_in(message, "role") == Some(role.as_bytes()))
        };
        let (has_activity, has_reasoning) = (has("activity"), has("reasoning"));
        let authority = authority(event);
        let is_protected = |message: &Message| {
            if message.is("activity") {
                return match &authority {
                    Authority::All => false,
                    Authority::Inferred => !has_activity,
                    Authority::Types(types) => {
                        let kind = text_of(&message.value, "activityType").unwrap_or_default();
                        !types.contains(kind)
                    }
                };
            }
            message.is("reasoning") && !has_reasoning
        };
        let (seq, pieces) = (self.seq, self.pieces);
        let none = BTreeSet::new();
        let takes = Takes {
            reasoning: has_reasoning,
            activities: match &authority {
                Authority::All => None,
                Authority::Inferred if has_activity => None,
                Authority::Inferred => Some(&none),
                Authority::Types(types) => Some(types),
            },
        };
        let mut existing: HashSet<&[u8]> = HashSet::with_capacity(stated.len());
        let keys = self
            .view
            .messages
            .pages_to_remake(by_id.keys().copied(), &takes, pieces);
        self.view.messages.remake(&keys, pieces, |message| {
            let id = message.id().unwrap_or_default();
            match by_id.get_key_value(id) {
                Some((id, copy)) => {
                    existing.insert(id);
                    if message.value.same_as_read(copy, pieces) {
                        return Remade::Same;
                    }
                    let value = keeping(&message.value, Value::from_json(copy, seq), pieces);
                    Remade::Other(Message::between(value, message.first_seq, seq))
                }
                None if is_protected(message) => Remade::Same,
                None => Remade::Gone,
            }
        });
        for message in stated.iter().filter(|message| !existing.contains(id_in(message))) {
            let message = Message::new(Value::from_json(message, seq), seq);
            self.view.messages.push(message, pieces);
        }
    }
}

/// The bytes of a text member of what was read.
pub(crate) fn text_in<'a>(message: &'a json::Value, name: &str) -> Option<&'a [u8]> {
    message.get(name)?.as_wtf8().map(json::Wtf8::as_bytes)
}

fn id_in(message: &json::Value) -> &[u8] {
    text_in(message, "id").unwrap_or_default()
}

fn authority(event: &Event) -> Authority {
    let Some(said) = event
        .object("metadata")
        .and_then(|metadata| metadata.get("@ag-ui/client"))
    else {
        return Authority::Inferred;
    };
    let Some(said) = said.as_object() else {
        return Authority::Types(BTreeSet::new());
    };
    match said.get("authoritativeActivityTypes") {
        None => Authority::Inferred,
        Some(json::Value::Null) => Authority::All,
        Some(types) => {
            let types = types.as_array().unwrap_or_default();
            let texts: Option<BTreeSet<Vec<u8>>> = types
                .iter()
                .map(|kind| Some(kind.as_wtf8()?.as_bytes().to_vec()))
                .collect();
            Authority::Types(texts.unwrap_or_default())
        }
    }
}
