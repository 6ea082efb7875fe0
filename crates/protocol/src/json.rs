//! JSON as the official client reads it.
//!
//! Captured JSON must mean what `JSON.parse` makes of it: numbers are `f64`
//! (`1e400` is infinite, 2^53 + 1 is 2^53), the last value of a duplicate key
//! wins at the place of the first, strings are UTF-16 and may hold halves of
//! a pair ([`Wtf8`]), no comma or comment is forgiven, and a byte order mark
//! is an error (who decodes a body strips it). Bytes that are not UTF-8 count
//! as U+FFFD, as a `TextDecoder` has it. Members keep the order in which they
//! stand, integer-like names included.
//!
//! Four readers, one grammar:
//!
//! - [`parse()`] builds a [`Value`]. Nesting is bounded by [`NESTING_LIMIT`],
//!   and so is every recursion over a value made here; memory is bounded by
//!   [`VALUE_LIMIT`].
//! - [`scan`] checks a text and gives what it is, building nothing, at any
//!   nesting.
//! - [`members`] and [`elements`] cut a text into verbatim slices,
//!   [`last_members`] finds some by name among any number of others, and
//!   [`each_scalar`] meets the leaves where they stand.
//!
//! [`to_json`] writes as `JSON.stringify` does, and [`indented`] breaks a text into lines.

mod indent;
mod lex;
mod parse;
mod scalars;
mod text;
mod write;
mod wtf8;

use std::fmt;

pub use self::{
    indent::indented,
    parse::{Parsed, parse, parse_text, parse_within},
    scalars::{Scalar, each_scalar},
    text::{Member, Scan, elements, last_members, members, scan, skip_value, string_at},
    write::{to_json, write_number, write_string, write_value},
    wtf8::Wtf8,
};

/// Arrays and objects inside each other up to which a value is built.
pub const NESTING_LIMIT: usize = 512;

/// Values in one text up to which a tree is built: eight million, a quarter of
/// a gigabyte. Text of sixteen megabytes can hold more, and would.
pub const VALUE_LIMIT: usize = 8_000_000;

/// A JSON value, owned.
#[derive(Clone, Default, PartialEq)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    /// Any number, rounded as JavaScript rounds it.
    Number(f64),
    String(Wtf8),
    Array(Vec<Value>),
    /// Members by name.
    Object(Object),
}

/// The members of an object in the order in which their names first stood.
#[derive(Clone, Default, PartialEq)]
pub struct Object {
    members: Vec<(Wtf8, Value)>,
}

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at byte {offset}")]
pub struct JsonError {
    /// Where, in bytes from the start of the text.
    pub offset: usize,
    /// What, without the place.
    pub message: String,
    /// What sort of failure it is.
    pub cause: Cause,
}

/// The sorts of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The text breaks the grammar.
    Syntax,
    /// The text ends too early; more of it could have been JSON.
    End,
    /// It is nested beyond the limit.
    Nesting,
    /// It holds more values than [`VALUE_LIMIT`].
    Size,
}

impl Value {
    pub fn string(text: impl Into<Wtf8>) -> Self {
        Self::String(text.into())
    }

    /// What it is, for sentences: `null`, `a number`, `an object`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub fn as_wtf8(&self) -> Option<&Wtf8> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text, when it is a string without lone surrogates.
    pub fn as_str(&self) -> Option<&str> {
        self.as_wtf8()?.as_str()
    }

    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    pub fn as_object_mut(&mut self) -> Option<&mut Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// A member, if this is an object and has it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_object()?.get(name)
    }
}

impl Object {
    pub const fn new() -> Self {
        Self { members: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.members.len()
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// A member's value. Searches from the front.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.get_bytes(name.as_bytes())
    }

    /// A member's value, by the bytes of its WTF-8 name.
    pub fn get_bytes(&self, name: &[u8]) -> Option<&Value> {
        self.members
            .iter()
            .find(|(key, _)| key.as_bytes() == name)
            .map(|(_, value)| value)
    }

    /// A member's value, to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.members
            .iter_mut()
            .find(|(key, _)| *key == *name)
            .map(|(_, value)| value)
    }

    /// Whether there is a member of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets a member: in its place if it exists, else at the end.
    pub fn insert(&mut self, name: impl Into<Wtf8>, value: Value) -> Option<Value> {
        let name = name.into();
        match self.members.iter_mut().find(|(key, _)| *key == name) {
            Some((_, old)) => Some(std::mem::replace(old, value)),
            None => {
                self.members.push((name, value));
                None
            }
        }
    }

    /// Members whose names are known to differ.
    pub(crate) fn from_unique(members: Vec<(Wtf8, Value)>) -> Self {
        Self { members }
    }

    /// Takes a member out, closing the gap.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let place = self.members.iter().position(|(key, _)| *key == *name)?;
        Some(self.members.remove(place).1)
    }

    /// Keeps the members for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&Wtf8, &mut Value) -> bool) {
        self.members.retain_mut(|(name, value)| keep(name, value));
    }

    pub fn iter(&self) -> std::slice::Iter<'_, (Wtf8, Value)> {
        self.members.iter()
    }

    /// The values in order, to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&Wtf8, &mut Value)> {
        self.members.iter_mut().map(|(name, value)| (&*name, value))
    }
}

/// Of members of one name the last value counts, in the place of the first.
impl FromIterator<(Wtf8, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (Wtf8, Value)>>(members: I) -> Self {
        Self {
            members: parse::last_wins(members.into_iter().collect()),
        }
    }
}

impl IntoIterator for Object {
    type Item = (Wtf8, Value);
    type IntoIter = std::vec::IntoIter<(Wtf8, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.into_iter()
    }
}

impl<'a> IntoIterator for &'a Object {
    type Item = &'a (Wtf8, Value);
    type IntoIter = std::slice::Iter<'a, (Wtf8, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// As [`to_json`] writes it.
impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&to_json(self))
    }
}

/// As [`to_json`] writes it.
impl fmt::Debug for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_map()
            .entries(self.iter().map(|(name, value)| (name, value)))
            .finish()
    }
}
