//! From a message to its fields, by the tables.
//!
//! A field that stands twice counts as it stands last; one that no table has,
//! or that is written in another way than the table has it, is skipped and noted.

use super::{
    open::{Opener, Unread},
    schema::{Absent, BASE_FIELD, Field, Kind, Message},
    wire::{DecodeError, Reader, Tag},
};
use crate::json::{Value, Wtf8};

/// Integers that JavaScript holds exactly reach up to here.
const SAFE_INTEGER: i64 = (1 << 53) - 1;

/// A decoded message: what stands in each field of its table.
pub(super) struct Fields {
    pub(super) message: &'static Message,
    slots: Vec<Option<Node>>,
}

/// What stands in a field.
pub(super) enum Node {
    Value(Value),
    Code(i32),
    Message(Fields),
    Messages(Vec<Fields>),
}

impl Fields {
    fn new(message: &'static Message) -> Self {
        let absent = |field: &Field| match (field.absent, field.kind) {
            (Absent::Nothing, _) => None,
            (Absent::List, Kind::Message(_)) => Some(Node::Messages(Vec::new())),
            (Absent::List, _) => Some(Node::Value(Value::Array(Vec::new()))),
            (Absent::Default, Kind::Code) => Some(Node::Code(0)),
            (Absent::Default, _) => Some(Node::Value(Value::String(Wtf8::new()))),
        };
        Self {
            message,
            slots: message.fields.iter().map(absent).collect(),
        }
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.message.fields.iter().position(|field| field.name == name)
    }

    /// What stands in a field.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.slots[self.place(name)?].as_ref()
    }

    /// Takes what stands in a field.
    pub(super) fn take(&mut self, name: &str) -> Option<Node> {
        let place = self.place(name)?;
        self.slots[place].take()
    }

    /// Sets a field, which keeps its place.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        if let Some(place) = self.place(name) {
            self.slots[place] = Some(Node::Value(value));
        }
    }

    /// Takes a text.
    pub(super) fn take_text(&mut self, name: &str) -> Option<Wtf8> {
        match self.take(name) {
            Some(Node::Value(Value::String(text))) => Some(text),
            _ => None,
        }
    }

    /// Takes a message.
    pub(super) fn take_message(&mut self, name: &str) -> Option<Self> {
        match self.take(name) {
            Some(Node::Message(fields)) => Some(fields),
            _ => None,
        }
    }

    /// Takes messages.
    pub(super) fn take_messages(&mut self, name: &str) -> Vec<Self> {
        match self.take(name) {
            Some(Node::Messages(messages)) => messages,
            _ => Vec::new(),
        }
    }

    /// The fields that are there, in order.
    pub(super) fn into_nodes(self) -> impl Iterator<Item = (&'static str, Node)> {
        let names = self.message.fields.iter().map(|field| field.name);
        names.zip(self.slots).filter_map(|(name, slot)| Some((name, slot?)))
    }
}

/// Decodes a message that begins where the reader is and has `len` bytes.
/// `depth` is how many objects and lists stand around it, itself included.
pub(super) fn decode(
    reader: &mut Reader<'_>,
    len: usize,
    message: &'static Message,
    depth: usize,
    opener: &mut Opener<'_>,
) -> Result<Fields, Unread> {
    let end = reader.at.saturating_add(len);
    let mut fields = Fields::new(message);
    let mut seen = 0_u64;
    while reader.at < end {
        let tag = reader.loose_tag()?;
        match message.field(tag.number) {
            Some(field) if field.wire() == tag.wire => {
                let place = field.place();
                if seen & 1 << place != 0 && field.absent != Absent::List {
                    opener.notes.repeated(field.name);
                }
                seen |= 1 << place;
                let node = one(reader, field, depth, opener).map_err(|unread| inside(unread, field))?;
                store(&mut fields.slots[place], node, field);
            }
            _ if tag.wire == Tag::GROUP_END || (tag.number == 0 && tag.wire == 0) => break,
            _ => {
                opener.notes.unknown(message.name, tag);
                reader.skip(tag)?;
            }
        }
    }
    Ok(fields)
}

fn inside(unread: Unread, field: &Field) -> Unread {
    match unread {
        Unread::Broken(DecodeError(what)) => Unread::Broken(DecodeError(format!("in {}, {what}", field.name))),
        beyond => beyond,
    }
}

fn store(slot: &mut Option<Node>, node: Option<Node>, field: &Field) {
    if field.absent != Absent::List {
        *slot = node;
        return;
    }
    match (slot, node) {
        (Some(Node::Messages(list)), Some(Node::Message(item))) => list.push(item),
        (Some(Node::Value(Value::Array(list))), Some(Node::Value(item))) => list.push(item),
        _ => {}
    }
}

/// What stands after a tag. An open value may be none at all.
fn one(
    reader: &mut Reader<'_>,
    field: &'static Field,
    depth: usize,
    opener: &mut Opener<'_>,
) -> Result<Option<Node>, Unread> {
    Ok(Some(match field.kind {
        Kind::Text => Node::Value(Value::String(opener.notes.text(reader.bytes()?))),
        Kind::Code => Node::Code(reader.uint32()? as i32),
        Kind::Integer => Node::Value(integer(reader.uint64()? as i64)?),
        Kind::Flag => Node::Value(Value::Bool(reader.uint64()? != 0)),
        Kind::Open => return Ok(opener.value(reader.bytes()?, depth)?.map(Node::Value)),
        Kind::OpenObject => Node::Value(opener.object(reader.bytes()?, depth)?),
        Kind::Message(message) => {
            let len = reader.uint32()? as usize;
            let levels = usize::from(field.absent == Absent::List) + usize::from(!is_unseen(field, message));
            Node::Message(decode(reader, len, message, depth + levels, opener)?)
        }
    }))
}

/// Messages that are no object of the event: what is in them stands around them.
fn is_unseen(field: &Field, message: &Message) -> bool {
    message.is_choice || field.name == BASE_FIELD
}

fn integer(number: i64) -> Result<Value, DecodeError> {
    if number.unsigned_abs() > SAFE_INTEGER.unsigned_abs() {
        return Err(DecodeError::new(format!(
            "{number} is beyond the integers that the client holds exactly"
        )));
    }
    Ok(Value::Number(number as f64))
}
