//! Open JSON: `google.protobuf.Value`, `Struct` and `ListValue`.
//!
//! A value is one of six fields, of which the last one written counts; objects
//! and lists that were written in parts are joined. Numbers are doubles, so
//! they may be what JSON cannot write. A value with none of the six is
//! `undefined` to the client, and stands nowhere but in lists.

use std::borrow::Cow;

use super::{
    Notes,
    wire::{DecodeError, Reader, Tag},
};
use crate::{
    json::{NESTING_LIMIT, Object, VALUE_LIMIT, Value, Wtf8},
    problem::{Problem, rule},
};

/// Why open JSON was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    Broken(DecodeError),
    /// It is beyond our limits.
    Beyond(Problem),
}

impl From<DecodeError> for Unread {
    fn from(broken: DecodeError) -> Self {
        Self::Broken(broken)
    }
}

/// How often the bytes of a record may be copied to join parts.
const COPIES: usize = 16;

/// Reads open JSON, within limits that are those of JSON text.
pub(super) struct Opener<'a> {
    pub(super) notes: &'a mut Notes,
    /// Values that may still be built.
    values: usize,
    /// Bytes that may still be copied.
    copies: usize,
}

impl<'n> Opener<'n> {
    /// For a record of a length.
    pub(super) fn new(len: usize, notes: &'n mut Notes) -> Self {
        Self {
            notes,
            values: VALUE_LIMIT,
            copies: len.saturating_mul(COPIES),
        }
    }

    /// A value; `depth` is how many objects and lists stand around it.
    pub(super) fn value(&mut self, payload: &[u8], depth: usize) -> Result<Option<Value>, Unread> {
        let Some((tag, at, parts)) = chosen(payload)? else {
            return Ok(None);
        };
        self.count()?;
        let mut reader = Reader { bytes: payload, at };
        Ok(Some(match tag.number {
            1 => reader.uint32().map(|_| Value::Null)?,
            2 => self.number(reader.double()?),
            3 => Value::String(self.notes.text(reader.bytes()?)),
            4 => Value::Bool(reader.uint64()? != 0),
            5 => {
                let payload = self.joined(&parts)?;
                self.object(&payload, depth)?
            }
            _ => {
                let payload = self.joined(&parts)?;
                self.list(&payload, depth)?
            }
        }))
    }

    pub(super) fn object(&mut self, payload: &[u8], depth: usize) -> Result<Value, Unread> {
        deeper(depth)?;
        let mut reader = Reader::new(payload);
        let mut members = Vec::new();
        while !reader.is_at_end() {
            match reader.field()? {
                (Tag { number: 1, .. }, Some(entry)) => members.extend(self.member(entry, depth + 1)?),
                (tag, _) => self.notes.unknown("Struct", tag),
            }
        }
        Ok(Value::Object(members.into_iter().collect::<Object>()))
    }

    /// A member; none when it has no value.
    fn member(&mut self, entry: &[u8], depth: usize) -> Result<Option<(Wtf8, Value)>, Unread> {
        let mut reader = Reader::new(entry);
        let mut name = Wtf8::new();
        let mut parts = Vec::new();
        while !reader.is_at_end() {
            match reader.field()? {
                (Tag { number: 1, .. }, Some(text)) => name = self.notes.text(text),
                (Tag { number: 2, .. }, Some(value)) => parts.push(value),
                (tag, _) => self.notes.unknown("Struct.FieldsEntry", tag),
            }
        }
        if parts.is_empty() {
            return Ok(None);
        }
        let payload = self.joined(&parts)?;
        let value = self.value(&payload, depth)?;
        if name == "__proto__" {
            // It becomes the prototype of the client's object, not a member.
            self.notes.lost("the member __proto__ of an object");
            return Ok(None);
        }
        Ok(value.map(|value| (name, value)))
    }

    fn list(&mut self, payload: &[u8], depth: usize) -> Result<Value, Unread> {
        deeper(depth)?;
        let mut reader = Reader::new(payload);
        let mut items = Vec::new();
        while !reader.is_at_end() {
            match reader.field()? {
                (Tag { number: 1, .. }, Some(item)) => items.push(match self.value(item, depth + 1)? {
                    Some(value) => value,
                    None => {
                        self.notes
                            .not_json("an item of a list without a value: undefined to the client, shown as null");
                        self.count()?;
                        Value::Null
                    }
                }),
                (tag, _) => self.notes.unknown("ListValue", tag),
            }
        }
        Ok(Value::Array(items))
    }

    fn number(&mut self, number: f64) -> Value {
        if !number.is_finite() {
            self.notes.not_json(&format!(
                "the number {number}, which JSON cannot write and which is shown as null"
            ));
        }
        Value::Number(number)
    }

    fn count(&mut self) -> Result<(), Unread> {
        self.values = self.values.checked_sub(1).ok_or_else(|| {
            let message = format!("the event holds more than {VALUE_LIMIT} values, and is not folded");
            Unread::Beyond(Problem::new(rule::EVENT_SIZE, message))
        })?;
        Ok(())
    }

    /// The parts of a message as one.
    fn joined<'p>(&mut self, parts: &[&'p [u8]]) -> Result<Cow<'p, [u8]>, Unread> {
        if let [part] = parts {
            return Ok(Cow::Borrowed(part));
        }
        let len = parts.iter().map(|part| part.len()).sum();
        self.copies = self.copies.checked_sub(len).ok_or_else(|| {
            let message = "the event comes in parts that are joined over and over, and is not folded";
            Unread::Beyond(Problem::new(rule::EVENT_SIZE, message))
        })?;
        Ok(Cow::Owned(parts.concat()))
    }
}

fn deeper(depth: usize) -> Result<(), Unread> {
    if depth < NESTING_LIMIT {
        return Ok(());
    }
    let message = format!("the event is nested more than {NESTING_LIMIT} levels deep, and is not folded");
    Err(Unread::Beyond(Problem::new(rule::NESTING, message)))
}

/// The field that a value consists of, where its content begins, and for an
/// object or a list its parts.
type Chosen<'a> = (Tag, usize, Vec<&'a [u8]>);

fn chosen(payload: &[u8]) -> Result<Option<Chosen<'_>>, DecodeError> {
    /// Wire types of the six fields, from number 1.
    const WIRES: [u8; 6] = [
        Tag::VARINT,
        Tag::FIXED64,
        Tag::BYTES,
        Tag::VARINT,
        Tag::BYTES,
        Tag::BYTES,
    ];
    let mut reader = Reader::new(payload);
    let mut chosen: Option<Chosen<'_>> = None;
    while !reader.is_at_end() {
        let tag = reader.tag()?;
        let at = reader.at;
        let part = if tag.wire == Tag::BYTES {
            Some(reader.bytes()?)
        } else {
            reader.skip(tag)?;
            None
        };
        if WIRES.get((tag.number as usize).wrapping_sub(1)) != Some(&tag.wire) {
            continue;
        }
        let mut parts = match chosen.take() {
            Some((last, _, parts)) if last == tag => parts,
            _ => Vec::new(),
        };
        parts.extend(part.filter(|_| tag.number >= 5));
        chosen = Some((tag, at, parts));
    }
    Ok(chosen)
}
