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
    message::{Message, keeping, text_of},
    messages::{Named, Remade, Takes},
    value::Value,
};

/// Which activities a snapshot replaces.
enum Authority {
    /// Nothing said: all of them, if it has any.
    Inferred,
    All,
    Types(BTreeSet<Vec<u8>>),
}

/// A snapshot's messages, and what it takes away.
pub(crate) struct Snapshot<'a> {
    messages: &'a [json::Value],
    /// The last of each id.
    by_id: HashMap<&'a [u8], &'a json::Value>,
    has_reasoning: bool,
    has_activity: bool,
    authority: Authority,
}

impl<'a> Snapshot<'a> {
    pub(crate) fn of(event: &'a Event) -> Self {
        let messages = event
            .get("messages")
            .and_then(json::Value::as_array)
            .unwrap_or_default();
        let has = |role: &str| {
            let mut roles = messages.iter().map(|message| text_in(message, "role"));
            roles.any(|own| own == Some(role.as_bytes()))
        };
        Self {
            messages,
            by_id: messages.iter().map(|message| (id_in(message), message)).collect(),
            has_reasoning: has("reasoning"),
            has_activity: has("activity"),
            authority: authority(event),
        }
    }

    /// Whether a message that it does not have stays.
    pub(crate) fn protects(&self, message: &Message) -> bool {
        if !message.is("activity") {
            return message.is("reasoning") && !self.has_reasoning;
        }
        match &self.authority {
            Authority::All => false,
            Authority::Inferred => !self.has_activity,
            Authority::Types(types) => !types.contains(text_of(&message.value, "activityType").unwrap_or_default()),
        }
    }

    /// Whether activities may stay that it does not have.
    fn protects_activities(&self) -> bool {
        match &self.authority {
            Authority::All => false,
            Authority::Inferred => !self.has_activity,
            Authority::Types(_) => true,
        }
    }

    /// Whether it says which activities it replaces.
    pub(crate) fn names_activities(&self) -> bool {
        !matches!(self.authority, Authority::Inferred)
    }

    fn takes(&self) -> Takes<'_> {
        static NONE: BTreeSet<Vec<u8>> = BTreeSet::new();
        Takes {
            reasoning: self.has_reasoning,
            activities: match &self.authority {
                Authority::All => None,
                Authority::Inferred => (!self.has_activity).then_some(&NONE),
                Authority::Types(types) => Some(types),
            },
        }
    }
}

impl Applying<'_> {
    pub(super) fn messages_snapshot(&mut self, event: &Event) {
        let snapshot = Snapshot::of(event);
        let (seq, pieces) = (self.seq, self.pieces);
        let mut existing: HashSet<&[u8]> = HashSet::with_capacity(snapshot.messages.len());
        let ids = snapshot.by_id.keys().copied();
        let keys = self.view.messages.pages_to_remake(ids, &snapshot.takes(), pieces);
        self.view.messages.remake(&keys, pieces, |message| {
            let id = message.id().unwrap_or_default();
            match snapshot.by_id.get_key_value(id) {
                Some((id, copy)) => {
                    existing.insert(id);
                    if message.value.same_as_read(copy, pieces) {
                        return Remade::Same;
                    }
                    let value = keeping(&message.value, Value::from_json(copy, seq), pieces);
                    Remade::Other(Message::between(value, message.first_seq, seq))
                }
                None if snapshot.protects(message) => Remade::Same,
                None => Remade::Gone,
            }
        });
        let (has_reasoning, has_activities) = (snapshot.has_reasoning, !snapshot.protects_activities());
        self.view.messages_missing = None;
        if has_reasoning && has_activities {
            self.view.kept_missing = None;
        }
        let fresh = snapshot.messages.iter();
        for message in fresh.filter(|message| !existing.contains(id_in(message))) {
            let message = Message::new(Value::from_json(message, seq), seq);
            self.view.messages.push(message, pieces);
        }
        let messages = &self.view.messages;
        self.view.activities.retain(|id| {
            let is_there = messages.search(Named::Message, id, &|_| true, pieces).is_some();
            is_there && !snapshot.by_id.contains_key(id)
        });
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
