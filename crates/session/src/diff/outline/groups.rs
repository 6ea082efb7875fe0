//! Neighbouring events that are one item: state events, comments, raw events.

use scrubjay_protocol::{
    json::{Object, Value},
    pointer,
};

use super::{NOTHING, Reading};
use crate::{
    derive::{frames::FrameEntry, kinds::EventCode},
    diff::{
        hash::{self, Hashing, Sketch, join},
        item::ItemKind,
        rules::Level,
    },
};

/// Neighbouring state events, or comments, on their way to being an item.
pub(super) struct Group {
    item: usize,
    code: EventCode,
    number: u64,
    wire: u64,
    refs: Vec<u32>,
    sketch: Sketch,
}

impl Group {
    fn new(item: usize, code: EventCode) -> Self {
        Self {
            item,
            code,
            number: NOTHING,
            wire: 0,
            refs: Vec::new(),
            sketch: Sketch::default(),
        }
    }
}

impl Reading<'_> {
    /// State events are one item until a tool call or another item of behaviour
    /// begins. Pauses and text between them do not split it.
    pub(super) fn state_event(&mut self, seq: u32, entry: &FrameEntry, event: &Object, wire: u64) -> usize {
        if self.state.is_none() {
            let item = self.push(ItemKind::State, entry.span, seq);
            self.state = Some(Group::new(item, entry.event));
        }
        let mut hashing = Hashing::new(self.rules, &self.out.ids);
        let Some(group) = &mut self.state else { return 0 };
        match event.get("delta") {
            Some(Value::Array(operations)) => {
                for operation in operations {
                    if let Some(number) = operation_number(&mut hashing, operation) {
                        group.number = join(group.number, number);
                    }
                }
            }
            // A snapshot says it all.
            _ => {
                let snapshot = event.get("snapshot").unwrap_or(&Value::Null);
                group.number = hashing
                    .member(b"state", snapshot)
                    .map_or(NOTHING, |number| join(8, number));
                group.refs.clear();
            }
        }
        group.refs.append(&mut hashing.refs);
        group.sketch = hashing.sketch;
        group.wire = join(group.wire, wire);
        self.out.items[group.item].last_seq = seq;
        group.item
    }

    /// Neighbouring comments, or raw events, are one item.
    pub(super) fn burst(&mut self, seq: u32, entry: &FrameEntry, kind: ItemKind, wire: u64) -> Option<usize> {
        if self.rules.level() < Level::Wire {
            return None;
        }
        if self.burst.as_ref().is_none_or(|burst| burst.code != entry.event) {
            self.close_burst();
            let item = self.push(kind, entry.span, seq);
            self.burst = Some(Group::new(item, entry.event));
        }
        let burst = self.burst.as_mut()?;
        burst.wire = join(burst.wire, wire);
        self.out.items[burst.item].last_seq = seq;
        Some(burst.item)
    }

    pub(super) fn close_groups(&mut self) {
        self.close_burst();
        if let Some(group) = self.state.take() {
            self.close(group);
        }
    }

    fn close_burst(&mut self) {
        if let Some(group) = self.burst.take() {
            self.close(group);
        }
    }

    fn close(&mut self, group: Group) {
        let item = &mut self.out.items[group.item];
        item.says[Level::State as usize] = group.number;
        item.says[Level::Wire as usize] = group.wire;
        item.refs = (self.out.refs.len() as u32, group.refs.len() as u32);
        self.out.refs.extend(group.refs);
        self.out.sketches[group.item] = group.sketch;
    }
}

fn operation_number(hashing: &mut Hashing<'_>, operation: &Value) -> Option<u64> {
    let text = |name| operation.get(name).and_then(Value::as_wtf8);
    let tokens = text("path").and_then(pointer::parse).unwrap_or_default();
    let value = operation.get("value").unwrap_or(&Value::Null);
    let number = hashing.member_at(b"state", &tokens, value)?;
    Some(join(hash::of((text("op"), text("path"), text("from"))), number))
}
