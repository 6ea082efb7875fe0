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

use std::collections::{BTreeMap, BTreeSet};

use scrubjay_protocol::json;

use super::{
    apply::Applying,
    event::Event,
    messages::{Message, Remade, Takes, keeping, text_of},
    value::Value,
};

/// Whose activities a snapshot speaks for.
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
        let stated: Vec<Value> = stated
            .iter()
            .map(|message| Value::from_json(message, self.seq))
            .collect();
        let mut by_id: BTreeMap<&[u8], &Value> = BTreeMap::new();
        for message in &stated {
            by_id.insert(text_of(message, "id").unwrap_or_default(), message);
        }
        let has = |role: &str| {
            stated
                .iter()
                .any(|message| text_of(message, "role") == Some(role.as_bytes()))
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
        let mut existing: BTreeSet<Vec<u8>> = BTreeSet::new();
        let keys = self
            .view
            .messages
            .pages_to_remake(by_id.keys().copied(), &takes, pieces);
        self.view.messages.remake(&keys, pieces, |message| {
            let id = message.id().unwrap_or_default();
            match by_id.get(id) {
                Some(copy) => {
                    existing.insert(id.to_vec());
                    if message.value.same(copy, pieces) {
                        return Remade::Same;
                    }
                    let value = keeping(&message.value, (*copy).clone(), pieces);
                    Remade::Other(Message::between(value, message.first_seq, seq))
                }
                None if is_protected(message) => Remade::Same,
                None => Remade::Gone,
            }
        });
        for message in &stated {
            if !existing.contains(text_of(message, "id").unwrap_or_default()) {
                self.view.messages.push(Message::new(message.clone(), seq), pieces);
            }
        }
    }
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
