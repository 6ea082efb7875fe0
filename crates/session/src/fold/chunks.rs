//! Chunk events become openings, contents and closings.
//!
//! A lane is one value of `subagentRunId`, the parent agent's being its
//! absence. A lane assembles at most one item, because a chunk without an id
//! continues "the item from before". Whatever else a lane's owner sends closes
//! it first; what concerns the whole run closes all lanes.

use scrubjay_protocol::{
    event::EventType,
    json::{Value, Wtf8},
};

use super::{
    event::Event,
    finding::Broken,
    rule::{ChunkAmbiguous, ChunkConflict, ChunkOwner, ChunkWithoutId, ChunkWithoutName},
};

/// What a lane can assemble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    pub(crate) lanes: Vec<Lane>,
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
    pub(crate) fn expand(&mut self, event: Event) -> (Vec<Event>, Option<Broken>) {
        use EventType as E;
        let mut events = match event.kind {
            E::TextMessageChunk => return self.chunk(Item::Text, &event),
            E::ToolCallChunk => return self.chunk(Item::Tool, &event),
            E::ReasoningMessageChunk => return self.chunk(Item::Reasoning, &event),
            E::RunStarted | E::RunFinished | E::RunError | E::MessagesSnapshot => self.close_all(),
            E::SubagentFinished | E::SubagentError => match event.tag() {
                Some(owner) => self.close(Some(&owner.clone())),
                None => Vec::new(),
            },
            E::Raw | E::ActivitySnapshot | E::ActivityDelta | E::ReasoningEncryptedValue | E::SubagentStarted => {
                Vec::new()
            }
            _ => self.close(event.tag().cloned().as_ref()),
        };
        events.push(event);
        (events, None)
    }

    fn close(&mut self, owner: Option<&Wtf8>) -> Vec<Event> {
        let place = self.lanes.iter().position(|lane| lane.owner.as_ref() == owner);
        place
            .map(|place| ending(&self.lanes.remove(place)))
            .into_iter()
            .collect()
    }

    fn close_all(&mut self) -> Vec<Event> {
        self.lanes.drain(..).map(|lane| ending(&lane)).collect()
    }

    fn chunk(&mut self, item: Item, event: &Event) -> (Vec<Event>, Option<Broken>) {
        let names = item.names();
        let id = event.text(names.id);
        let owner = match self.owner_of(item, &names, event) {
            Ok(owner) => owner,
            Err(broken) => return (Vec::new(), Some(broken)),
        };
        let place = self.lanes.iter().position(|lane| lane.owner == owner);
        let open = place.filter(|place| {
            let lane = &self.lanes[*place];
            lane.item == item && id.is_none_or(|id| *id == lane.id)
        });
        match open {
            Some(place) => match agrees(&self.lanes[place], &names, event) {
                Ok(()) => (content(&self.lanes[place], &names, event, false), None),
                Err(broken) => (Vec::new(), Some(broken)),
            },
            None => self.open(item, &names, owner, event),
        }
    }

    fn open(&mut self, item: Item, names: &Names, owner: Option<Wtf8>, event: &Event) -> (Vec<Event>, Option<Broken>) {
        let mut events = self.close(owner.as_ref());
        let Some(id) = event.text(names.id) else {
            let message = format!("the first {} must have a {}", event.name(), names.id);
            return (events, Some(Broken::new(&ChunkWithoutId, message)));
        };
        if item == Item::Tool && event.text(names.first).is_none() {
            let message = format!("the first {} must have a {}", event.name(), names.first);
            return (events, Some(Broken::new(&ChunkWithoutName, message)));
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
        self.lanes.push(lane);
        (events, None)
    }

    /// The lane that a chunk belongs to.
    fn owner_of(&self, item: Item, names: &Names, event: &Event) -> Result<Option<Wtf8>, Broken> {
        let tag = event.tag();
        if let Some(id) = event.text(names.id) {
            let holder = self.lanes.iter().find(|lane| lane.item == item && lane.id == *id);
            return match (holder, tag) {
                (Some(lane), Some(tag)) if lane.owner.as_ref() != Some(tag) => {
                    let message = format!(
                        "cannot continue {} '{id}': the chunk's subagentRunId '{tag}' is not that of the open item, {}",
                        names.noun,
                        shown_owner(lane.owner.as_ref())
                    );
                    Err(Broken::new(&ChunkOwner, message))
                }
                (Some(lane), _) => Ok(lane.owner.clone()),
                (None, tag) => Ok(tag.cloned()),
            };
        }
        if tag.is_some() {
            return Ok(tag.cloned());
        }
        let mut open = self.lanes.iter().filter(|lane| lane.item == item);
        match (open.clone().any(|lane| lane.owner.is_none()), open.next(), open.count()) {
            (true, ..) | (false, None, _) => Ok(None),
            (false, Some(lane), 0) => Ok(lane.owner.clone()),
            (false, Some(_), more) => {
                let message = format!(
                    "{} has neither a {} nor a subagentRunId, and {} lanes have an open {}",
                    event.name(),
                    names.id,
                    more + 1,
                    names.noun
                );
                Err(Broken::new(&ChunkAmbiguous, message))
            }
        }
    }
}

/// A continuation may repeat what the opener said, and nothing else.
fn agrees(lane: &Lane, names: &Names, event: &Event) -> Result<(), Broken> {
    if lane.item == Item::Reasoning {
        return Ok(());
    }
    for (name, established) in [(names.first, &lane.first), (names.second, &lane.second)] {
        let Some(repeated) = event.text(name) else { continue };
        if established.as_ref() != Some(repeated) {
            let was = established
                .as_ref()
                .map_or_else(|| "absent".to_owned(), |was| format!("'{was}'"));
            let message = format!(
                "cannot continue {} '{}': {name} is '{repeated}', and was {was}",
                names.noun, lane.id
            );
            return Err(Broken::new(&ChunkConflict, message));
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
    owner.map_or_else(|| "the parent agent".to_owned(), |owner| format!("sub-agent '{owner}'"))
}
