//! Where messages are, by id and by class.
//!
//! Every lookup of the client is "the first match in list order". The index
//! names the pages that may hold one, in that order, so that a lookup reads
//! one page, and a snapshot only those pages that it says something about.

use std::sync::Arc;

use imbl::OrdSet;

use super::{
    message::{Message, text_of},
    messages::Named,
    value::{List, Value},
};
use crate::codec::{Damaged, Reader, Writer};

/// Orders pages: one that is put between two others gets a key between theirs.
pub(crate) type PageKey = u128;

/// What decides whether a message outlives a snapshot that does not state it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    Tool,
    Other,
    Reasoning,
    /// An activity, by its type.
    Activity(Arc<[u8]>),
}

impl Class {
    pub(crate) fn of(message: &Message) -> Self {
        match message.role() {
            b"tool" => Self::Tool,
            b"reasoning" => Self::Reasoning,
            b"activity" => Self::Activity(text_of(&message.value, "activityType").unwrap_or_default().into()),
            _ => Self::Other,
        }
    }
}

/// What the index holds of a page. It stands in a piece of its own, so that
/// the index is made without the messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Hashes of all ids, in ascending order.
    pub(crate) hashes: Vec<u64>,
    pub(crate) classes: Vec<Class>,
}

impl Facts {
    pub(crate) fn of(messages: &[Message]) -> Self {
        let mut facts = Self::default();
        for message in messages {
            each_name(message, &mut |named, id| facts.hashes.push(hash(named, id)));
            facts.classes.push(Class::of(message));
        }
        facts.hashes.sort_unstable();
        facts.hashes.dedup();
        facts.classes.sort_unstable();
        facts.classes.dedup();
        facts
    }

    pub(crate) fn to_piece(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.uint(self.hashes.len() as u64);
        let mut before = 0;
        for hash in &self.hashes {
            writer.uint(hash - before);
            before = *hash;
        }
        writer.uint(self.classes.len() as u64);
        for class in &self.classes {
            match class {
                Class::Tool => writer.u8(0),
                Class::Other => writer.u8(1),
                Class::Reasoning => writer.u8(2),
                Class::Activity(kind) => {
                    writer.u8(3);
                    writer.bytes(kind);
                }
            }
        }
        writer.into_page().to_vec()
    }

    pub(crate) fn from_piece(piece: &[u8]) -> Result<Self, Damaged> {
        let bytes = crate::codec::open_page(piece)?;
        let mut reader = Reader::new(&bytes);
        let mut facts = Self::default();
        let mut hash = 0_u64;
        for _ in 0..reader.count()? {
            hash = hash.wrapping_add(reader.uint()?);
            facts.hashes.push(hash);
        }
        for _ in 0..reader.count()? {
            facts.classes.push(match reader.u8()? {
                0 => Class::Tool,
                1 => Class::Other,
                2 => Class::Reasoning,
                _ => Class::Activity(reader.bytes()?.into()),
            });
        }
        Ok(facts)
    }
}

/// Calls `take` with each id that a message brings: its own, and its calls'.
pub(crate) fn each_name(message: &Message, take: &mut dyn FnMut(Named, &[u8])) {
    if let Some(id) = message.id() {
        take(Named::Message, id);
    }
    let calls = message.value.get("toolCalls").and_then(Value::as_list);
    for call in calls.into_iter().flat_map(List::iter) {
        crate::steps::tick();
        if let Some(id) = text_of(call, "id") {
            take(Named::Call, id);
        }
    }
}

/// A number for an id, the same in every version that reads these pages.
pub(crate) fn hash(named: Named, id: &[u8]) -> u64 {
    let mix = |all: u64, word: u64| {
        let mixed = u128::from(all ^ word ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93_u128;
        (mixed as u64) ^ ((mixed >> 64) as u64)
    };
    let start = match named {
        Named::Message => 1,
        Named::Call => 2,
    };
    let words = id.chunks(8).map(|chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        u64::from_le_bytes(word)
    });
    mix(words.fold(start, mix), id.len() as u64)
}

/// Pages by what is in them. An entry says that a page holds something; where
/// the last of its sort goes, the entry goes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    names: OrdSet<(u64, PageKey)>,
    classes: OrdSet<(Class, PageKey)>,
    /// Pages that hold more than results of tools.
    mixed: OrdSet<PageKey>,
}

impl Index {
    pub(crate) fn add_page(&mut self, key: PageKey, facts: &Facts) {
        for hash in &facts.hashes {
            crate::steps::tick();
            self.names.insert((*hash, key));
        }
        for class in &facts.classes {
            self.add_class(class.clone(), key);
        }
    }

    pub(crate) fn add_name(&mut self, named: Named, id: &[u8], key: PageKey) {
        self.names.insert((hash(named, id), key));
    }

    pub(crate) fn add_class(&mut self, class: Class, key: PageKey) {
        if class != Class::Tool {
            self.mixed.insert(key);
        }
        self.classes.insert((class, key));
    }

    pub(crate) fn add_message(&mut self, message: &Message, key: PageKey) {
        each_name(message, &mut |named, id| self.add_name(named, id, key));
        self.add_class(Class::of(message), key);
    }

    /// Forgets what a message brought to a page, save what is in the page
    /// `still`.
    pub(crate) fn forget(&mut self, message: &Message, key: PageKey, still: &[Message]) {
        let with_calls: Vec<&Message> = still.iter().filter(|other| other.call_count() > 0).collect();
        each_name(message, &mut |named, id| {
            let is_held = match named {
                Named::Message => still.iter().any(|other| other.matches(named, id)),
                Named::Call => with_calls.iter().any(|other| other.matches(named, id)),
            };
            if !is_held {
                self.names.remove(&(hash(named, id), key));
            }
        });
        self.forget_class(&Class::of(message), key, still);
    }

    pub(crate) fn forget_class(&mut self, class: &Class, key: PageKey, still: &[Message]) {
        if !still.iter().any(|other| Class::of(other) == *class) {
            self.classes.remove(&(class.clone(), key));
        }
        if still.iter().all(|other| other.is("tool")) {
            self.mixed.remove(&key);
        }
    }

    /// Pages that may hold an id, in list order.
    pub(crate) fn pages_of(&self, named: Named, id: &[u8]) -> impl Iterator<Item = PageKey> + '_ {
        let hash = hash(named, id);
        self.names.range((hash, 0)..=(hash, PageKey::MAX)).map(|(_, key)| *key)
    }

    /// Pages that hold a message of a class, in list order.
    pub(crate) fn pages_in(&self, class: &Class) -> impl Iterator<Item = PageKey> + '_ {
        let range = (class.clone(), 0)..=(class.clone(), PageKey::MAX);
        self.classes.range(range).map(|(_, key)| *key)
    }

    /// Pages that hold an activity of any type; some of them several times.
    pub(crate) fn pages_of_activities(&self) -> impl Iterator<Item = PageKey> + '_ {
        let first = (Class::Activity(Arc::default()), 0);
        self.classes.range(first..).map(|(_, key)| *key)
    }

    /// The first page from one on that holds more than results of tools.
    pub(crate) fn mixed_from(&self, key: PageKey) -> Option<PageKey> {
        self.mixed.range(key..).next().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_come_back_from_their_piece() {
        let facts = Facts {
            hashes: vec![0, 7, u64::MAX],
            classes: vec![Class::Tool, Class::Reasoning, Class::Activity(b"PLAN"[..].into())],
        };
        assert_eq!(Facts::from_piece(&facts.to_piece()), Ok(facts));
    }

    #[test]
    fn ids_that_begin_alike_differ() {
        let mut hashes: Vec<u64> = (0..2_000)
            .map(|place| hash(Named::Call, format!("call-{place}").as_bytes()))
            .collect();
        hashes.push(hash(Named::Call, b"a"));
        hashes.push(hash(Named::Call, b"a\0"));
        hashes.push(hash(Named::Message, b"a"));
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 2_003);
    }
}
