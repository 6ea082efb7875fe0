//! Messages whose parts came apart.
//!
//! In protobuf a message that stands twice where it may stand once is one
//! message: its parts belong together, field by field. The official client
//! joins such parts before it decodes, and so do these; encoders write none,
//! so this is rarely called. Open JSON is joined where it is decoded
//! ([`super::open`]).

use std::{borrow::Cow, collections::HashMap};

use super::{
    schema::{ENVELOPE, Field, Kind, Message},
    wire::{DecodeError, Reader, Tag},
};

/// The envelope with its parts joined, and the names of what was.
pub(super) fn merged<'a>(message: &'a [u8], joined: &mut Vec<&'static str>) -> Result<Cow<'a, [u8]>, DecodeError> {
    merged_message(message, &ENVELOPE, joined)
}

/// A field as it stands, or the payloads of a message that may have to be joined.
enum Part<'a> {
    Raw(&'a [u8]),
    Message {
        field: &'static Field,
        raw: &'a [u8],
        payloads: Vec<&'a [u8]>,
    },
}

fn merged_message<'a>(
    bytes: &'a [u8],
    message: &'static Message,
    joined: &mut Vec<&'static str>,
) -> Result<Cow<'a, [u8]>, DecodeError> {
    let parts = parts_of(bytes, message, joined)?;
    let mut written = Vec::new();
    let mut changed = false;
    for part in parts.parts {
        match part {
            None => changed = true,
            Some(Part::Raw(raw)) => written.push(Cow::Borrowed(raw)),
            Some(Part::Message { field, raw, payloads }) => {
                let inner = merged_field(field, &payloads, joined)?;
                if payloads.len() == 1 && matches!(inner, Cow::Borrowed(_)) {
                    written.push(Cow::Borrowed(raw));
                } else {
                    changed = true;
                    written.push(Cow::Owned(with_head(field.number, &inner)));
                }
            }
        }
    }
    Ok(if changed {
        Cow::Owned(written.concat())
    } else {
        Cow::Borrowed(bytes)
    })
}

/// The payload of a message field. Borrowed when it is as it was.
fn merged_field<'a>(
    field: &'static Field,
    payloads: &[&'a [u8]],
    joined: &mut Vec<&'static str>,
) -> Result<Cow<'a, [u8]>, DecodeError> {
    let whole = match payloads {
        [payload] => Cow::Borrowed(*payload),
        _ => {
            joined.push(field.name);
            Cow::Owned(payloads.concat())
        }
    };
    let Kind::Message(message) = field.kind else {
        return Ok(whole);
    };
    if !message.holds_messages() {
        return Ok(whole);
    }
    match whole {
        Cow::Borrowed(payload) => merged_message(payload, message, joined),
        Cow::Owned(payload) => merged_message(&payload, message, joined).map(|merged| Cow::Owned(merged.into_owned())),
    }
}

#[derive(Default)]
struct Parts<'a> {
    /// Emptied where a later choice took its place.
    parts: Vec<Option<Part<'a>>>,
    /// Where the part of a field stands.
    places: HashMap<u32, usize>,
    /// The field of a choice that holds.
    chosen: Option<u32>,
}

fn parts_of<'a>(
    bytes: &'a [u8],
    message: &'static Message,
    joined: &mut Vec<&'static str>,
) -> Result<Parts<'a>, DecodeError> {
    let mut parts = Parts::default();
    let mut reader = Reader::new(bytes);
    while !reader.is_at_end() {
        let start = reader.at;
        let (tag, payload) = reader.field()?;
        let raw = &bytes[start..reader.at];
        let field = message.field(tag.number).filter(|field| is_looked_into(field));
        let (Some(field), Some(payload)) = (field, payload) else {
            parts.parts.push(Some(Part::Raw(raw)));
            continue;
        };
        if message.is_choice {
            parts.choose(field, joined);
        }
        parts.add(field, raw, payload);
    }
    Ok(parts)
}

/// Messages that are joined, or that hold some that are.
fn is_looked_into(field: &Field) -> bool {
    match field.kind {
        Kind::Message(message) => field.merges() || message.holds_messages(),
        _ => field.is_message(),
    }
}

impl<'a> Parts<'a> {
    fn choose(&mut self, field: &'static Field, joined: &mut Vec<&'static str>) {
        if let Some(other) = self.chosen.replace(field.number).filter(|other| *other != field.number)
            && let Some(place) = self.places.remove(&other)
        {
            joined.push(field.name);
            self.parts[place] = None;
        }
    }

    fn add(&mut self, field: &'static Field, raw: &'a [u8], payload: &'a [u8]) {
        let place = self.places.get(&field.number).filter(|_| field.merges());
        if let Some(Some(Part::Message { payloads, .. })) = place.map(|place| &mut self.parts[*place]) {
            payloads.push(payload);
            return;
        }
        self.places.insert(field.number, self.parts.len());
        self.parts.push(Some(Part::Message {
            field,
            raw,
            payloads: vec![payload],
        }));
    }
}

fn with_head(number: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + 10);
    put(&mut bytes, u64::from(number << 3 | u32::from(Tag::BYTES)));
    put(&mut bytes, payload.len() as u64);
    bytes.extend_from_slice(payload);
    bytes
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}
