//! Changing some leaves of a message, and no other byte.

use std::ops::Range;

use super::{
    schema::{ENVELOPE, Kind, Message},
    wire::{DecodeError, Reader, Tag},
};
use crate::json::NESTING_LIMIT;

/// A leaf of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf<'a> {
    /// Text, as it stands: UTF-8 if all is well.
    Text(&'a [u8]),
    /// A whole number of the event.
    Integer(u64),
}

/// What is to stand in the place of a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewLeaf {
    Text(Vec<u8>),
    /// A whole number.
    Integer(u64),
}

/// Bytes in the place of others.
pub type Splice = (Range<usize>, Vec<u8>);

/// Offers every text and whole number of an event to `change`, by the name of
/// the member it stands under (of an item of a list, the list's; in open JSON,
/// the member's), and gives what is to be put where: what changed, and the
/// lengths around it, in the order of their places. What is broken, or unknown
/// to protocol 1.0, stays as it is.
pub fn rewrite(message: &[u8], change: &mut dyn FnMut(&str, Leaf<'_>) -> Option<NewLeaf>) -> Vec<Splice> {
    let mut rewriter = Rewriter {
        bytes: message,
        change,
        splices: Vec::new(),
    };
    let Ok(_delta) = rewriter.message(0..message.len(), &ENVELOPE, 0) else {
        return Vec::new();
    };
    let mut splices = rewriter.splices;
    splices.sort_by_key(|(range, _)| range.start);
    splices
}

struct Rewriter<'a, 'c> {
    bytes: &'a [u8],
    change: &'c mut dyn FnMut(&str, Leaf<'_>) -> Option<NewLeaf>,
    splices: Vec<Splice>,
}

/// By how many bytes something grew.
type Growth = i64;

impl Rewriter<'_, '_> {
    fn message(&mut self, range: Range<usize>, message: &'static Message, depth: usize) -> Result<Growth, DecodeError> {
        self.fields(range, depth, |rewriter, number, value| {
            let Some(field) = message.field(number) else {
                return Ok(0);
            };
            match (field.kind, value) {
                (Kind::Text, Found::Bytes(range)) => Ok(rewriter.text(field.name, range)),
                (Kind::Integer, Found::Integer(range, number)) => Ok(rewriter.integer(field.name, range, number)),
                (Kind::Message(inner), Found::Bytes(range)) => rewriter.message(range, inner, depth + 1),
                (Kind::Open, Found::Bytes(range)) => rewriter.open(field.name, range, depth + 1),
                (Kind::OpenObject, Found::Bytes(range)) => rewriter.object(range, depth + 1),
                _ => Ok(0),
            }
        })
    }

    /// A `google.protobuf.Value`.
    fn open(&mut self, name: &str, range: Range<usize>, depth: usize) -> Result<Growth, DecodeError> {
        self.fields(range, depth, |rewriter, number, value| match (number, value) {
            (3, Found::Bytes(range)) => Ok(rewriter.text(name, range)),
            (5, Found::Bytes(range)) => rewriter.object(range, depth + 1),
            (6, Found::Bytes(range)) => rewriter.list(name, range, depth + 1),
            _ => Ok(0),
        })
    }

    /// A `google.protobuf.Struct`: entries of a name and a value.
    fn object(&mut self, range: Range<usize>, depth: usize) -> Result<Growth, DecodeError> {
        self.fields(range, depth, |rewriter, number, value| match (number, value) {
            (1, Found::Bytes(entry)) => {
                let name = rewriter.entry_name(entry.clone())?;
                rewriter.fields(entry, depth, |rewriter, number, value| match (number, value) {
                    (2, Found::Bytes(range)) => rewriter.open(&name, range, depth + 1),
                    _ => Ok(0),
                })
            }
            _ => Ok(0),
        })
    }

    /// A `google.protobuf.ListValue`.
    fn list(&mut self, name: &str, range: Range<usize>, depth: usize) -> Result<Growth, DecodeError> {
        self.fields(range, depth, |rewriter, number, value| match (number, value) {
            (1, Found::Bytes(range)) => rewriter.open(name, range, depth + 1),
            _ => Ok(0),
        })
    }

    fn entry_name(&mut self, entry: Range<usize>) -> Result<String, DecodeError> {
        let mut name = String::new();
        let bytes = self.bytes;
        self.fields(entry, 0, |_, number, value| {
            if let (1, Found::Bytes(range)) = (number, value) {
                name = String::from_utf8_lossy(&bytes[range]).into_owned();
            }
            Ok(0)
        })?;
        Ok(name)
    }

    /// Meets the fields of a message, and mends the lengths of those that grew.
    fn fields(
        &mut self,
        range: Range<usize>,
        depth: usize,
        mut met: impl FnMut(&mut Self, u32, Found) -> Result<Growth, DecodeError>,
    ) -> Result<Growth, DecodeError> {
        if depth > NESTING_LIMIT {
            return Ok(0);
        }
        let mut growth = 0;
        let mut reader = Reader::new(&self.bytes[..range.end]);
        reader.at = range.start;
        while !reader.is_at_end() {
            let tag = reader.tag()?;
            let start = reader.at;
            match tag.wire {
                Tag::BYTES => {
                    let len = reader.bytes()?.len();
                    let from = reader.at - len;
                    let grown = met(self, tag.number, Found::Bytes(from..reader.at))?;
                    growth += grown;
                    if grown != 0 {
                        let len = varint((len as i64 + grown).unsigned_abs());
                        growth += len.len() as i64 - (from - start) as i64;
                        self.splices.push((start..from, len));
                    }
                }
                Tag::VARINT => {
                    let number = reader.uint64()?;
                    growth += met(self, tag.number, Found::Integer(start..reader.at, number))?;
                }
                _ => reader.skip(tag)?,
            }
        }
        Ok(growth)
    }

    fn text(&mut self, name: &str, range: Range<usize>) -> Growth {
        match (self.change)(name, Leaf::Text(&self.bytes[range.clone()])) {
            Some(NewLeaf::Text(text)) => self.splice(range, text),
            Some(NewLeaf::Integer(_)) | None => 0,
        }
    }

    fn integer(&mut self, name: &str, range: Range<usize>, number: u64) -> Growth {
        match (self.change)(name, Leaf::Integer(number)) {
            Some(NewLeaf::Integer(number)) => self.splice(range, varint(number)),
            Some(NewLeaf::Text(_)) | None => 0,
        }
    }

    fn splice(&mut self, range: Range<usize>, bytes: Vec<u8>) -> Growth {
        let growth = bytes.len() as i64 - range.len() as i64;
        self.splices.push((range, bytes));
        growth
    }
}

/// A field's value, where it stands.
enum Found {
    Bytes(Range<usize>),
    Integer(Range<usize>, u64),
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7F) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::decode;

    fn renamed(message: &[u8], from: &str, to: &str) -> Vec<u8> {
        let splices = rewrite(message, &mut |_, leaf| match leaf {
            Leaf::Text(text) if text == from.as_bytes() => Some(NewLeaf::Text(to.into())),
            Leaf::Text(_) | Leaf::Integer(_) => None,
        });
        let mut bytes = message.to_vec();
        for (range, new) in splices.into_iter().rev() {
            bytes.splice(range, new);
        }
        bytes
    }

    #[test]
    fn lengths_follow_what_is_put_in() {
        let message = b"\x62\x0a\x0a\x02\x08\x0b\x12\x01t\x1a\x01r";
        let long = "t".repeat(300);
        let changed = renamed(message, "t", &long);
        let event = decode(&changed).unwrap().event;
        assert_eq!(event.get("threadId").unwrap().as_str(), Some(long.as_str()));
        assert_eq!(event.get("runId").unwrap().as_str(), Some("r"));
        assert_eq!(renamed(&changed, &long, "t"), message);
    }

    #[test]
    fn open_json_is_entered_under_its_names() {
        // STATE_SNAPSHOT of {"a": ["x"]}.
        let value = b"\x2a\x0e\x0a\x0c\x0a\x01a\x12\x07\x32\x05\x0a\x03\x1a\x01x";
        let message = [&b"\x3a\x16\x0a\x02\x08\x06\x12\x10"[..], value].concat();
        let mut names = Vec::new();
        rewrite(&message, &mut |name, leaf| {
            if let Leaf::Text(text) = leaf {
                names.push((name.to_owned(), text.to_vec()));
            }
            None
        });
        assert_eq!(names, [("a".to_owned(), b"x".to_vec())]);
        let changed = renamed(&message, "x", "yy");
        let event = decode(&changed).unwrap().event;
        assert_eq!(format!("{:?}", event.get("snapshot").unwrap()), r#"{"a":["yy"]}"#);
    }

    #[test]
    fn broken_messages_stay_as_they_are() {
        for message in [&b"\x62\x7f"[..], b"\x62\x03\x0a\x7f\x00", b"\xff"] {
            assert_eq!(renamed(message, "t", "x"), message);
        }
    }
}
