//! One message.

use std::sync::{Arc, OnceLock};

use imbl::OrdMap;

use super::{
    messages::Named,
    piece::PieceSource,
    value::{Node, Text, Value},
};
use crate::steps::tick;

/// Calls of a message up to which they are looked through.
const FEW_CALLS: usize = 16;

/// A message that the client holds.
#[derive(Clone, Debug)]
pub struct Message {
    /// The message as the client holds it.
    pub value: Value,
    /// Frame that made it; 0 is the request.
    pub first_seq: u32,
    /// Frame that last touched it.
    pub last_seq: u32,
    /// Where its calls are, once there are many and one is looked for.
    calls: OnceLock<Calls>,
}

/// The calls of a message by id: the first of each.
#[derive(Clone, Debug, Default)]
struct Calls {
    places: OrdMap<Arc<[u8]>, u32>,
    /// Calls that were looked at.
    covered: usize,
}

impl Calls {
    fn add(&mut self, call: &Value) {
        tick();
        let place = self.covered as u32;
        self.covered += 1;
        let id = call.get("id").and_then(Value::as_text);
        if let Some(id) = id.and_then(Text::shared) {
            self.places.entry(id).or_insert(place);
        }
    }
}

impl Message {
    pub(crate) fn new(value: Value, seq: u32) -> Self {
        Self::between(value, seq, seq)
    }

    pub(crate) fn between(value: Value, first_seq: u32, last_seq: u32) -> Self {
        Self {
            value,
            first_seq,
            last_seq,
            calls: OnceLock::new(),
        }
    }

    /// The bytes of `id`, if it has one.
    pub(crate) fn id(&self) -> Option<&[u8]> {
        text_of(&self.value, "id")
    }

    /// `role`, as it stands.
    pub(crate) fn role(&self) -> &[u8] {
        text_of(&self.value, "role").unwrap_or_default()
    }

    pub(crate) fn is(&self, role: &str) -> bool {
        self.role() == role.as_bytes()
    }

    /// The place of a tool call in it.
    pub(crate) fn call(&self, id: &[u8]) -> Option<usize> {
        let calls = self.value.get("toolCalls")?.as_list()?;
        if calls.len() <= FEW_CALLS {
            return calls.iter().position(|call| {
                tick();
                text_of(call, "id") == Some(id)
            });
        }
        let known = self.calls.get_or_init(|| {
            let mut known = Calls::default();
            calls.iter().for_each(|call| known.add(call));
            known
        });
        known.places.get(id).map(|place| *place as usize)
    }

    pub(crate) fn call_count(&self) -> usize {
        let calls = self.value.get("toolCalls").and_then(Value::as_list);
        calls.map_or(0, super::value::List::len)
    }

    /// Keeps up with a change that may have brought a call.
    pub(super) fn follow_calls(&mut self) {
        let count = self.call_count();
        let Some(known) = self.calls.get_mut() else { return };
        let calls = self.value.get("toolCalls").and_then(Value::as_list);
        match calls.and_then(|calls| calls.get(known.covered)) {
            Some(call) if known.covered + 1 == count => known.add(call),
            None if known.covered == count => {}
            _ => self.calls = OnceLock::new(),
        }
    }

    pub(crate) fn matches(&self, named: Named, id: &[u8]) -> bool {
        tick();
        match named {
            Named::Message => self.id() == Some(id),
            Named::Call => self.call(id).is_some(),
        }
    }
}

pub(crate) fn text_of<'a>(value: &'a Value, name: &str) -> Option<&'a [u8]> {
    value.get(name)?.as_text()?.as_whole()
}

/// The new value, with parts of the old one where they say the same: so text
/// that a snapshot repeats still knows the frames that delivered it.
pub(crate) fn keeping(old: &Value, new: Value, pieces: &dyn PieceSource) -> Value {
    match (old.node(), new.node()) {
        (Node::Map(held), Node::Map(fresh)) => {
            // What is new was read from an event; what is held may be larger by far.
            let names: Vec<_> = fresh.iter().map(|(name, _)| name.clone()).collect();
            let mut new = new;
            for name in names {
                tick();
                let (Some(old), Some(members)) = (held.get(&name), new.as_map_mut()) else {
                    continue;
                };
                members.change(&name, |member| *member = keeping(old, member.clone(), pieces));
            }
            new
        }
        (Node::List(held), Node::List(_)) => {
            let mut new = new;
            let items = new.as_list_mut().expect("just seen");
            for (place, old) in held.iter().enumerate().take(items.len()) {
                tick();
                items.change(place, |item| *item = keeping(old, item.clone(), pieces));
            }
            new
        }
        _ if old.same(&new, pieces) => old.clone(),
        _ => new,
    }
}
