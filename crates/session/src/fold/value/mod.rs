//! A JSON value of which many moments share the parts.
//!
//! A [`Value`] is cheap to clone, and a change never reaches its clones: arrays
//! and objects are shared, and changed in place only while they are not. Small ones are copied when they are shared, large
//! ones ([`SMALL`]) are trees of which only a path is copied.
//!
//! Each value knows the frame that set it ([`Value::by`]); a branch's own
//! number is that of the frame which made the branch, not of the last change
//! below it. Branches know their size as JSON text ([`Value::weight`], an
//! estimate, escapes aside) and a bound of their depth, so that a patch that
//! multiplies the state is refused before it costs anything.
//!
//! Recursion here is bounded by the depth of values, which is bounded where
//! they are made: [`scrubjay_protocol::json::NESTING_LIMIT`] for what is read,
//! and the same for what patches build.

mod list;
mod map;
mod plain;
mod preview;
mod text;
mod write;

use std::sync::Arc;

use scrubjay_protocol::json;

pub use self::{
    list::List,
    map::{Key, Map, key},
    text::Text,
    write::{json_len, to_json, write_json, write_json_within, write_pretty},
};
pub(crate) use self::{
    plain::to_plain,
    preview::preview,
    text::{Chunk, ChunkBody},
};
use super::piece::PieceSource;

/// Members or items up to which a branch is one piece of memory.
pub const SMALL: usize = 48;

/// A JSON value, and the frame that set it.
#[derive(Clone, Debug)]
pub struct Value {
    node: Node,
    by: u32,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Node {
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Any number, as JavaScript holds it.
    Number(f64),
    Text(Text),
    List(Arc<List>),
    /// Members by name.
    Map(Arc<Map>),
}

impl Value {
    /// A value of this shape, set by this frame.
    pub fn new(node: Node, by: u32) -> Self {
        Self { node, by }
    }

    /// `null`.
    pub fn null(by: u32) -> Self {
        Self::new(Node::Null, by)
    }

    pub fn text(text: &json::Wtf8, by: u32) -> Self {
        Self::new(Node::Text(Text::from(text)), by)
    }

    /// Text known when this was written.
    pub fn str(text: &str, by: u32) -> Self {
        Self::new(Node::Text(Text::from_bytes(text.as_bytes())), by)
    }

    /// No members.
    pub fn map(by: u32) -> Self {
        Self::new(Node::Map(Arc::new(Map::default())), by)
    }

    /// No items.
    pub fn list(by: u32) -> Self {
        Self::new(Node::List(Arc::new(List::default())), by)
    }

    /// What was read, set by this frame throughout.
    pub fn from_json(value: &json::Value, by: u32) -> Self {
        crate::steps::tick();
        let node = match value {
            json::Value::Null => Node::Null,
            json::Value::Bool(value) => Node::Bool(*value),
            json::Value::Number(number) => Node::Number(*number),
            json::Value::String(text) => Node::Text(Text::from(text)),
            json::Value::Array(items) => {
                Node::List(Arc::new(items.iter().map(|item| Self::from_json(item, by)).collect()))
            }
            json::Value::Object(object) => return Self::from_object(object, by),
        };
        Self::new(node, by)
    }

    /// What was read, set by this frame throughout.
    pub fn from_object(object: &json::Object, by: u32) -> Self {
        let members = object
            .iter()
            .map(|(name, value)| (key(name.as_bytes()), Self::from_json(value, by)));
        Self::new(Node::Map(Arc::new(Map::from_unique(members))), by)
    }

    /// What it is.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// What it is, to change. Clones keep what they had.
    pub fn node_mut(&mut self) -> &mut Node {
        &mut self.node
    }

    /// The frame that set it; 0 is the request.
    pub fn by(&self) -> u32 {
        self.by
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self.node, Node::Null)
    }

    /// The text.
    pub fn as_text(&self) -> Option<&Text> {
        match &self.node {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items.
    pub fn as_list(&self) -> Option<&List> {
        match &self.node {
            Node::List(list) => Some(list),
            _ => None,
        }
    }

    /// The members.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.node {
            Node::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items, to change. Clones keep what they had.
    pub fn as_list_mut(&mut self) -> Option<&mut List> {
        match &mut self.node {
            Node::List(list) => Some(Arc::make_mut(list)),
            _ => None,
        }
    }

    /// The members, to change. Clones keep what they had.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.node {
            Node::Map(map) => Some(Arc::make_mut(map)),
            _ => None,
        }
    }

    /// A member, if this is an object and has it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_map()?.get(name.as_bytes())
    }

    /// The value at a pointer's tokens: members by name, items by decimal index.
    pub fn lookup(&self, tokens: &[json::Wtf8]) -> Option<&Self> {
        tokens.iter().try_fold(self, |value, token| match &value.node {
            Node::Map(map) => map.get(token.as_bytes()),
            Node::List(list) => list.get(token.as_str()?.parse().ok()?),
            _ => None,
        })
    }

    /// Members or items; 0 for a leaf.
    pub fn child_count(&self) -> usize {
        match &self.node {
            Node::Map(map) => map.len(),
            Node::List(list) => list.len(),
            _ => 0,
        }
    }

    /// Length as JSON text in bytes, escapes not counted.
    pub fn weight(&self) -> u64 {
        match &self.node {
            Node::Null | Node::Bool(true) => 4,
            Node::Bool(false) => 5,
            Node::Number(number) => number_weight(*number),
            Node::Text(text) => text.len() + 2,
            Node::List(list) => list.weight(),
            Node::Map(map) => map.weight(),
        }
    }

    /// How deep its branches go, at most; 0 for a leaf.
    pub fn depth(&self) -> u16 {
        match &self.node {
            Node::List(list) => list.depth(),
            Node::Map(map) => map.depth(),
            _ => 0,
        }
    }

    /// Where a branch lies in memory, if several hold it: of a value that was
    /// copied into itself again and again, most parts are a few.
    pub(crate) fn shared_at(&self) -> Option<usize> {
        match &self.node {
            Node::List(list) if Arc::strong_count(list) > 1 => Some(Arc::as_ptr(list) as usize),
            Node::Map(map) if Arc::strong_count(map) > 1 => Some(Arc::as_ptr(map) as usize),
            _ => None,
        }
    }

    /// Whether it is of a kind that holds others.
    pub fn is_branch(&self) -> bool {
        matches!(self.node, Node::List(_) | Node::Map(_))
    }

    /// Equal as JavaScript would find them by looking at every leaf of copies
    /// that went through JSON: order of members aside, `0` and `-0` alike, and
    /// what JSON does not have as `null`. Shared parts are not looked into.
    pub fn same(&self, other: &Self, pieces: &dyn PieceSource) -> bool {
        crate::steps::tick();
        match (&self.node, &other.node) {
            (Node::Null, Node::Null) => true,
            (Node::Bool(one), Node::Bool(two)) => one == two,
            (Node::Number(one), Node::Number(two)) => one == two || !one.is_finite() && !two.is_finite(),
            (Node::Number(number), Node::Null) | (Node::Null, Node::Number(number)) => !number.is_finite(),
            (Node::Text(one), Node::Text(two)) => one.same(two, pieces),
            (Node::List(one), Node::List(two)) => {
                Arc::ptr_eq(one, two)
                    || one.len() == two.len() && one.iter().zip(two.iter()).all(|(one, two)| one.same(two, pieces))
            }
            (Node::Map(one), Node::Map(two)) => {
                Arc::ptr_eq(one, two)
                    || one.len() == two.len()
                        && one
                            .iter()
                            .all(|(name, one)| two.get(name).is_some_and(|two| one.same(two, pieces)))
            }
            _ => false,
        }
    }

    /// As [`Value::same`], with what was read and is no value yet.
    pub(crate) fn same_as_read(&self, other: &json::Value, pieces: &dyn PieceSource) -> bool {
        crate::steps::tick();
        match (&self.node, other) {
            (Node::Null, json::Value::Null) => true,
            (Node::Bool(one), json::Value::Bool(two)) => one == two,
            (Node::Number(one), json::Value::Number(two)) => one == two || !one.is_finite() && !two.is_finite(),
            (Node::Number(number), json::Value::Null) | (Node::Null, json::Value::Number(number)) => {
                !number.is_finite()
            }
            (Node::Text(one), json::Value::String(two)) => match one.as_whole() {
                Some(one) => one == two.as_bytes(),
                None => one.len() == two.len() as u64 && one.same(&Text::from(two), pieces),
            },
            (Node::List(one), json::Value::Array(two)) => {
                one.len() == two.len() && one.iter().zip(two).all(|(one, two)| one.same_as_read(two, pieces))
            }
            (Node::Map(one), json::Value::Object(two)) => {
                one.len() == two.len()
                    && two.iter().all(|(name, two)| {
                        one.get(name.as_bytes())
                            .is_some_and(|one| one.same_as_read(two, pieces))
                    })
            }
            _ => false,
        }
    }
}

/// Digits of a whole number, or of what is written for any other.
fn number_weight(number: f64) -> u64 {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        let digits = if number.abs() < 10.0 {
            1
        } else {
            number.abs().log10() as u64 + 1
        };
        return digits + u64::from(number < 0.0);
    }
    let mut text = String::new();
    json::write_number(&mut text, number);
    text.len() as u64
}

#[cfg(test)]
mod tests;
