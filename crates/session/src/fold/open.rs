//! What is open in a run, and who opened it.

use imbl::OrdMap;
use scrubjay_protocol::json::{Object, Value, Wtf8};

use super::{
    finding::clipped,
    ids::{Id, Ids, Owner, Steps},
};

/// What is open, in the order of opening.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct OpenItems {
    pub(crate) messages: Ids<Id>,
    pub(crate) tools: Ids<Id>,
    pub(crate) spans: Ids<Id>,
    pub(crate) reasoning: Ids<Id>,
    pub(crate) steps: Steps,
    pub(crate) subagents: Ids<Id>,
    /// Sub-agents that have ended; their ids are not used again in the run.
    pub(crate) ended_subagents: Ids<Id>,
}

/// Items that nothing opened and that an event was refused for going on with. More of them is not refused again,
/// and they need no end.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Assumed {
    pub(crate) messages: Ids<Id>,
    pub(crate) tools: Ids<Id>,
    pub(crate) reasoning: Ids<Id>,
}

/// Who opened what, by kind: ids are unique within a kind only. They are kept
/// as hashes, because a long run has many of them and every checkpoint holds
/// them all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Owners {
    pub(crate) messages: OrdMap<u64, Owner>,
    pub(crate) tools: OrdMap<u64, Owner>,
    pub(crate) activities: OrdMap<u64, Owner>,
    pub(crate) reasoning: OrdMap<u64, Owner>,
}

impl OpenItems {
    pub(crate) fn has_message(&self, id: &[u8]) -> bool {
        self.messages.has(id) || self.reasoning.has(id)
    }

    pub(crate) fn has_tool(&self, id: &[u8]) -> bool {
        self.tools.has(id)
    }

    /// What is open, a line a kind: the noun and the names, in the order in
    /// which the client looks.
    pub(super) fn by_kind(&self) -> impl Iterator<Item = (&'static str, String)> {
        let steps = (self.steps.len() > 0).then(|| {
            let names = self.steps.iter().map(|(_, name)| name);
            ("steps", listed(names, self.steps.len()))
        });
        let others = [
            ("text messages", &self.messages),
            ("reasoning messages", &self.reasoning),
            ("reasoning spans", &self.spans),
            ("tool calls", &self.tools),
            ("sub-agents", &self.subagents),
        ];
        let others = others.into_iter().filter(|(_, ids)| !ids.is_empty());
        steps
            .into_iter()
            .chain(others.map(|(noun, ids)| (noun, listed(ids.iter(), ids.len()))))
    }

    /// What is open, in words; empty if nothing is.
    pub(crate) fn names(&self) -> String {
        let kinds = self.by_kind().map(|(noun, names)| format!("{noun} {names}"));
        kinds.collect::<Vec<_>>().join("; ")
    }

    /// Items that are open, of all kinds.
    pub(crate) fn count(&self) -> usize {
        self.messages.len()
            + self.tools.len()
            + self.spans.len()
            + self.reasoning.len()
            + self.steps.len()
            + self.subagents.len()
    }
}

impl Owners {
    /// Notes the owners of messages that a snapshot or an echoed input states.
    pub(super) fn seed(&mut self, messages: Option<&Value>, replaces: bool) {
        for message in messages.and_then(Value::as_array).unwrap_or_default() {
            let Some(message) = message.as_object() else { continue };
            let Some(id) = message.get("id").and_then(Value::as_wtf8) else {
                continue;
            };
            let owner = message.get("subagentRunId").and_then(Value::as_wtf8).map(id_of);
            let owners = match message.get("role").and_then(Value::as_str) {
                Some("reasoning") => &mut self.reasoning,
                Some("activity") => &mut self.activities,
                _ => &mut self.messages,
            };
            set(owners, id, &owner, replaces);
            for call in tool_calls(message) {
                if let Some(id) = call.get("id").and_then(Value::as_wtf8) {
                    set(&mut self.tools, id, &owner, replaces);
                }
            }
        }
    }
}

fn set(owners: &mut OrdMap<u64, Owner>, id: &Wtf8, owner: &Owner, replaces: bool) {
    if replaces || !owners.contains_key(&hash(id)) {
        owners.insert(hash(id), owner.clone());
    }
}

fn tool_calls(message: &Object) -> &[Value] {
    message.get("toolCalls").and_then(Value::as_array).unwrap_or_default()
}

/// FNV-1a, 64 bits.
pub(super) fn hash(id: &Wtf8) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    id.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, step)
}

pub(crate) fn id_of(text: &Wtf8) -> Id {
    text.as_bytes().into()
}

/// Ids that a sentence names.
const NAMED: usize = 20;

/// The first ids, and how many more.
fn listed<'a>(ids: impl Iterator<Item = &'a Id>, count: usize) -> String {
    let names: Vec<String> = ids.take(NAMED).map(shown).collect();
    match count.saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

pub(super) fn shown(id: &Id) -> String {
    clipped(&String::from_utf8_lossy(id)).into_owned()
}
