//! Chunk events become openings, contents and closings.
//!
//! A lane is one value of `subagentRunId`, the parent agent's being its
//! absence. A lane assembles at most one item, because a chunk without an id
//! continues "the item from before". Whatever else a lane's owner sends closes
//! it first; what concerns the whole run closes all lanes.

use imbl::OrdMap;
use scrubjay_protocol::{
    event::EventType,
    json::{Value, Wtf8},
};

use super::{
    event::Event,
    finding::{Violation, clipped},
    rule::{CHUNK_AMBIGUOUS, CHUNK_CONFLICT, CHUNK_OWNER, CHUNK_WITHOUT_ID, CHUNK_WITHOUT_NAME},
};

/// What a lane can assemble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Item {
    Text,
    Tool,
    Reasoning,
}

/// The item that a lane has open, with what its opener established.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lane {
    pub(crate) owner: Option<Wtf8>,
    pub(crate) item: Item,
    pub(crate) id: Wtf8,
    /// Role of text (`assistant` when absent), name of a tool.
    pub(crate) first: Option<Wtf8>,
    /// Name of text, parent message of a tool.
    pub(crate) second: Option<Wtf8>,
}

/// The stage. Lanes stand in the order in which they were opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Chunks {
    lanes: OrdMap<u64, Lane>,
    by_owner: OrdMap<Option<Wtf8>, u64>,
    /// An item is assembled by one lane at a time.
    by_item: OrdMap<(Item, Wtf8), u64>,
    /// Lanes that assemble each kind of item.
    counts: [u32; Item::ALL.len()],
    next: u64,
}

/// Names that differ between the kinds of item.
struct Names {
    id: &'static str,
    first: &'static str,
    second: &'static str,
    noun: &'static str,
    start: EventType,
    content: EventType,
    end: EventType,
}

impl Item {
    pub(crate) const ALL: [Self; 3] = [Self::Text, Self::Tool, Self::Reasoning];

    fn names(self) -> Names {
        match self {
            Self::Text => Names {
                id: "messageId",
                first: "role",
                second: "name",
                noun: "text message",
                start: EventType::TextMessageStart,
                content: EventType::TextMessageContent,
                end: EventType::TextMessageEnd,
            },
            Self::Tool => Names {
                id: "toolCallId",
                first: "toolCallName",
                second: "parentMessageId",
                noun: "tool call",
                start: EventType::ToolCallStart,
                content: EventType::ToolCallArgs,
                end: EventType::ToolCallEnd,
            },
            Self::Reasoning => Names {
                id: "messageId",
                first: "role",
                second: "name",
                noun: "reasoning message",
                start: EventType::ReasoningMessageStart,
                content: EventType::ReasoningMessageContent,
                end: EventType::ReasoningMessageEnd,
            },
        }
    }
}

impl Chunks {
    /// The events that an event becomes, or what is wrong with it. On an
    /// error the closings that came before it are given, too.
    pub(crate) fn expand(&mut self, event: Event) -> (Vec<Event>, Option<Violation>) {
        use EventType as E;
        let mut events = match event.kind {
            E::TextMessageChunk => return self.chunk(Item::Text, &event),
            E::ToolCallChunk => return self.chunk(Item::Tool, &event),
            E::ReasoningMessageChunk => return self.chunk(Item::Reasoning, &event),
            E::RunStarted | E::RunFinished | E::RunError | E::MessagesSnapshot => self.close_all(),
            E::SubagentFinished | E::SubagentError => match event.tag() {
                Some(owner) => self.close(&Some(owner.clone())),
                None => Vec::new(),
            },
            E::Raw | E::ActivitySnapshot | E::ActivityDelta | E::ReasoningEncryptedValue | E::SubagentStarted => {
                Vec::new()
            }
            _ => self.close(&event.tag().cloned()),
        };
        events.push(event);
        (events, None)
    }

    /// The lanes, in the order in which they were opened.
    pub(crate) fn lanes(&self) -> impl ExactSizeIterator<Item = &Lane> {
        self.lanes.values()
    }

    /// Opens a lane; its owner has none.
    pub(crate) fn push(&mut self, lane: Lane) {
        let place = self.next;
        self.next += 1;
        self.by_owner.insert(lane.owner.clone(), place);
        self.by_item.insert((lane.item, lane.id.clone()), place);
        self.counts[lane.item as usize] += 1;
        self.lanes.insert(place, lane);
    }

    fn lane_of(&self, owner: &Option<Wtf8>) -> Option<&Lane> {
        self.lanes.get(self.by_owner.get(owner)?)
    }

    fn holder(&self, item: Item, id: &Wtf8) -> Option<&Lane> {
        self.lanes.get(self.by_item.get(&(item, id.clone()))?)
    }

    fn close(&mut self, owner: &Option<Wtf8>) -> Vec<Event> {
        let place = self.by_owner.remove(owner);
        let Some(lane) = place.and_then(|place| self.lanes.remove(&place)) else {
            return Vec::new();
        };
        self.counts[lane.item as usize] -= 1;
        let ending = ending(&lane);
        self.by_item.remove(&(lane.item, lane.id));
        vec![ending]
    }

    fn close_all(&mut self) -> Vec<Event> {
        let endings = self.lanes.values().map(ending).collect();
        *self = Self::default();
        endings
    }

    fn chunk(&mut self, item: Item, event: &Event) -> (Vec<Event>, Option<Violation>) {
        let names = item.names();
        let id = event.text(names.id);
        let owner = match self.owner_of(item, &names, event) {
            Ok(owner) => owner,
            Err(violation) => return (Vec::new(), Some(violation)),
        };
        let open = self
            .lane_of(&owner)
            .filter(|lane| lane.item == item && id.is_none_or(|id| *id == lane.id));
        match open {
            Some(lane) => match agrees(lane, &names, event) {
                Ok(()) => (content(lane, &names, event, false), None),
                Err(violation) => (Vec::new(), Some(violation)),
            },
            None => self.open(item, &names, owner, event),
        }
    }

    fn open(
        &mut self,
        item: Item,
        names: &Names,
        owner: Option<Wtf8>,
        event: &Event,
    ) -> (Vec<Event>, Option<Violation>) {
        let mut events = self.close(&owner);
        let Some(id) = event.text(names.id) else {
            let message = format!("the first {} must have a {}", event.name(), names.id);
            return (events, Some(Violation::new(&CHUNK_WITHOUT_ID, message)));
        };
        if item == Item::Tool && event.text(names.first).is_none() {
            let message = format!("the first {} must have a {}", event.name(), names.first);
            return (events, Some(Violation::new(&CHUNK_WITHOUT_NAME, message)));
        }
        let default = match item {
            Item::Text => Some("assistant".into()),
            Item::Tool | Item::Reasoning => None,
        };
        let lane = Lane {
            owner,
            item,
            id: id.clone(),
            first: event.text(names.first).cloned().or(default),
            second: event.text(names.second).cloned(),
        };
        let role = (item == Item::Reasoning).then(|| "reasoning".into());
        let start = Event::new(names.start.clone())
            .with(names.id, Some(id))
            .with(names.first, role.as_ref().or(lane.first.as_ref()))
            .with(names.second, lane.second.as_ref())
            .with("subagentRunId", event.tag())
            .with_value("metadata", event.get("metadata"));
        events.push(start);
        events.extend(content(&lane, names, event, true));
        self.push(lane);
        (events, None)
    }

    /// The lane that a chunk belongs to.
    fn owner_of(&self, item: Item, names: &Names, event: &Event) -> Result<Option<Wtf8>, Violation> {
        let tag = event.tag();
        if let Some(id) = event.text(names.id) {
            return match (self.holder(item, id), tag) {
                (Some(lane), Some(tag)) if lane.owner.as_ref() != Some(tag) => {
                    let message = format!(
                        "cannot continue {} '{id}': the chunk's subagentRunId '{tag}' is not that of the open item, {}",
                        names.noun,
                        shown_owner(lane.owner.as_ref())
                    );
                    Err(Violation::new(&CHUNK_OWNER, message))
                }
                (Some(lane), _) => Ok(lane.owner.clone()),
                (None, tag) => Ok(tag.cloned()),
            };
        }
        if tag.is_some() {
            return Ok(tag.cloned());
        }
        let is_the_parents = self.lane_of(&None).is_some_and(|lane| lane.item == item);
        let first = || self.by_item.range((item, Wtf8::new())..).next();
        match self.counts[item as usize] {
            0 => Ok(None),
            _ if is_the_parents => Ok(None),
            1 => Ok(first()
                .and_then(|(_, place)| self.lanes.get(place))
                .and_then(|lane| lane.owner.clone())),
            count => {
                let message = format!(
                    "{} has neither a {} nor a subagentRunId, and {count} lanes have an open {}",
                    event.name(),
                    names.id,
                    names.noun
                );
                Err(Violation::new(&CHUNK_AMBIGUOUS, message))
            }
        }
    }
}

/// A continuation may repeat what the opener said, and nothing else.
fn agrees(lane: &Lane, names: &Names, event: &Event) -> Result<(), Violation> {
    if lane.item == Item::Reasoning {
        return Ok(());
    }
    for (name, established) in [(names.first, &lane.first), (names.second, &lane.second)] {
        let Some(repeated) = event.text(name) else { continue };
        if established.as_ref() != Some(repeated) {
            let was = established.as_ref().map_or_else(
                || "absent".to_owned(),
                |was| format!("'{}'", clipped(&was.to_str_lossy())),
            );
            let message = format!(
                "cannot continue {} '{}': {name} is '{repeated}', and was {was}",
                names.noun, lane.id
            );
            return Err(Violation::new(&CHUNK_CONFLICT, message));
        }
    }
    Ok(())
}

/// The content event that a chunk gives, if any.
fn content(lane: &Lane, names: &Names, event: &Event, opened: bool) -> Vec<Event> {
    let carries = event.get("delta").is_some() || event.get("rawEvent").is_some();
    if !carries && (opened || event.get("metadata").is_none()) {
        return Vec::new();
    }
    let delta = event.get("delta").cloned().unwrap_or_else(|| Value::string(""));
    let event = Event::new(names.content.clone())
        .with(names.id, Some(&lane.id))
        .with_value("delta", Some(&delta))
        .with("subagentRunId", event.tag().or(lane.owner.as_ref()))
        .with_value("metadata", event.get("metadata"));
    vec![event]
}

fn ending(lane: &Lane) -> Event {
    let names = lane.item.names();
    Event::new(names.end)
        .with(names.id, Some(&lane.id))
        .with("subagentRunId", lane.owner.as_ref())
}

pub(crate) fn shown_owner(owner: Option<&Wtf8>) -> String {
    owner.map_or_else(
        || "the parent agent".to_owned(),
        |owner| format!("sub-agent '{}'", clipped(&owner.to_str_lossy())),
    )
}
