//! Ids: what names things in a run, and means nothing beyond it.
//!
//! Two runs that differ in ids only are the same. An id is recognised by where it
//! stands: members of the protocol that hold one. Elsewhere a text that equals
//! a known id counts as that id where its own member's name says so
//! (`…Id`, `id`), or where it is too long to be a coincidence. Which of A's
//! ids is which of B's follows from what was paired.

use std::collections::HashMap;

use scrubjay_protocol::json::{Value, Wtf8};

/// Bytes from which on a text that equals an id is one, wherever it stands.
const TELLING_LEN: usize = 8;
/// Ids known of one side; further ones are plain texts.
const KNOWN: usize = 1_000_000;
/// Members of events and inputs that hold an id or several.
const MEMBERS: [&str; 12] = [
    "threadId",
    "runId",
    "parentRunId",
    "messageId",
    "parentMessageId",
    "toolCallId",
    "parentToolCallId",
    "subagentRunId",
    "parentSubagentRunId",
    "entityId",
    "interruptId",
    "interruptIds",
];

/// The ids of one side, by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ids {
    numbers: HashMap<Wtf8, u32>,
}

impl Ids {
    /// The number of an id, which is known from now on.
    pub(crate) fn know(&mut self, id: &Wtf8) -> Option<u32> {
        if let Some(number) = self.numbers.get(id) {
            return Some(*number);
        }
        if id.is_empty() || self.numbers.len() >= KNOWN {
            return None;
        }
        let number = self.numbers.len() as u32;
        self.numbers.insert(id.clone(), number);
        Some(number)
    }

    /// The number of a text that stands at a member of this name, if it is an id.
    pub(crate) fn number(&self, name: &[u8], text: &Wtf8) -> Option<u32> {
        let number = *self.numbers.get(text)?;
        (text.len() >= TELLING_LEN || is_id_name(name)).then_some(number)
    }

    /// Learns the ids that an event or an input brings.
    pub(crate) fn learn(&mut self, value: &Value) {
        for name in MEMBERS {
            if let Some(id) = value.get(name) {
                self.learn_one(id);
            }
        }
        for name in ["interrupts", "resume"] {
            self.learn_each(value.get(name), |ids, entry| {
                ids.learn(entry);
                entry.get("id").into_iter().for_each(|id| ids.learn_one(id));
            });
        }
        self.learn_each(value.get("messages"), Self::learn_message);
        for name in ["outcome", "input"] {
            value.get(name).into_iter().for_each(|inner| self.learn(inner));
        }
    }

    fn learn_message(&mut self, message: &Value) {
        self.learn(message);
        message.get("id").into_iter().for_each(|id| self.learn_one(id));
        self.learn_each(message.get("toolCalls"), |ids, call| {
            call.get("id").into_iter().for_each(|id| ids.learn_one(id));
        });
    }

    fn learn_each(&mut self, list: Option<&Value>, mut learn: impl FnMut(&mut Self, &Value)) {
        let items = list.and_then(Value::as_array).unwrap_or_default();
        items.iter().for_each(|item| learn(self, item));
    }

    fn learn_one(&mut self, id: &Value) {
        match id {
            Value::String(id) => {
                self.know(id);
            }
            Value::Array(ids) => ids.iter().for_each(|id| {
                id.as_wtf8().into_iter().for_each(|id| {
                    self.know(id);
                });
            }),
            _ => {}
        }
    }
}

fn is_id_name(name: &[u8]) -> bool {
    name == b"id"
        || [&b"Id"[..], b"_id", b"ID", b"Ids", b"_ids"]
            .iter()
            .any(|end| name.ends_with(end))
}

/// Which of A's ids is which of B's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bijection {
    forth: HashMap<u32, u32>,
    back: HashMap<u32, u32>,
}

impl Bijection {
    /// Whether they are the same thing; two that are new to it are from now on.
    pub(crate) fn meet(&mut self, a: u32, b: u32) -> bool {
        match (self.forth.get(&a), self.back.get(&b)) {
            (Some(other), _) => *other == b,
            (None, Some(_)) => false,
            (None, None) => {
                self.forth.insert(a, b);
                self.back.insert(b, a);
                true
            }
        }
    }

    pub(super) fn are(&self, a: u32, b: u32) -> bool {
        match (self.forth.get(&a), self.back.get(&b)) {
            (Some(other), _) => *other == b,
            (None, known) => known.is_none(),
        }
    }
}
