//! Whether bytes may be decoded at all, in the strictness of the official
//! client: it looks through a record twice before it builds anything.

use super::{
    schema::{ENVELOPE, Field, Kind, Message},
    wire::{DecodeError, Reader, Tag},
};

/// Checks that an envelope names one event, and that its messages are whole.
/// Gives whether any of them stands in parts, to be joined.
pub(super) fn check(message: &[u8]) -> Result<bool, DecodeError> {
    let mut reader = Reader::new(message);
    let mut arm: Option<&Field> = None;
    let mut in_parts = false;
    while !reader.is_at_end() {
        let (tag, payload) = reader.field()?;
        let Some(field) = ENVELOPE.field(tag.number).filter(|_| tag.wire != Tag::GROUP) else {
            continue;
        };
        match arm.replace(field) {
            Some(other) if other.number != field.number => {
                return Err(DecodeError::new(format!(
                    "it holds two events, {} and {}",
                    other.name, field.name
                )));
            }
            other => in_parts |= other.is_some(),
        }
        in_parts |= check_inner(field, payload)?;
    }
    Ok(in_parts)
}

fn check_message(bytes: &[u8], message: &'static Message) -> Result<bool, DecodeError> {
    let mut reader = Reader::new(bytes);
    let mut arm = None;
    let mut seen = 0_u32;
    let mut in_parts = false;
    while !reader.is_at_end() {
        let (tag, payload) = reader.field()?;
        let Some(field) = message.field(tag.number).filter(|_| payload.is_some()) else {
            continue;
        };
        if message.is_choice && arm.replace(tag.number).is_some_and(|other| other != tag.number) {
            return Err(DecodeError::new(format!(
                "its {} holds two things at once",
                message.name
            )));
        }
        in_parts |= field.merges() && seen & 1 << field.place() != 0;
        seen |= 1 << field.place();
        in_parts |= check_inner(field, payload)?;
    }
    Ok(in_parts)
}

fn check_inner(field: &Field, payload: Option<&[u8]>) -> Result<bool, DecodeError> {
    match (field.kind, payload) {
        (Kind::Message(message), Some(payload)) if message.holds_messages() => check_message(payload, message),
        _ => Ok(false),
    }
}

/// The first field of a message that names no event of protocol 1.0, and that
/// may name one of a later protocol: then the client drops the record and goes
/// on. `None` when the bytes are merely broken.
pub(super) fn later_event(message: &[u8]) -> Option<u32> {
    let mut reader = Reader::new(message);
    let mut groups = Vec::new();
    let mut first = None;
    while !reader.is_at_end() {
        let (tag, payload) = strict_field(&mut reader, &mut groups)?;
        let is_top = groups.is_empty() && tag.wire != Tag::GROUP_END;
        let opens = tag.wire == Tag::GROUP && groups.len() == 1;
        if (is_top || opens) && ENVELOPE.field(tag.number).is_some() {
            return None;
        }
        if let Some(payload) = payload.filter(|_| is_top) {
            if !is_message(payload) {
                return None;
            }
            first.get_or_insert(tag.number);
        }
    }
    first.filter(|_| groups.is_empty())
}

/// Whether bytes are a message of any schema.
fn is_message(bytes: &[u8]) -> bool {
    let mut reader = Reader::new(bytes);
    let mut groups = Vec::new();
    while !reader.is_at_end() {
        if strict_field(&mut reader, &mut groups).is_none() {
            return false;
        }
    }
    groups.is_empty()
}

/// A field that is written as protobuf has it, without slack.
fn strict_field<'a>(reader: &mut Reader<'a>, groups: &mut Vec<u32>) -> Option<(Tag, Option<&'a [u8]>)> {
    let tag = reader.tag().ok()?;
    match tag.wire {
        Tag::GROUP => groups.push(tag.number),
        Tag::GROUP_END => {
            groups.pop().filter(|opened| *opened == tag.number)?;
        }
        Tag::BYTES => {
            let at = reader.at;
            let payload = reader.bytes().ok()?;
            let len_len = reader.at - payload.len() - at;
            let fits = len_len < 5 || (len_len == 5 && reader.bytes[at + 4] <= 0x0F);
            return fits.then_some((tag, Some(payload)));
        }
        Tag::VARINT => {
            let at = reader.at;
            reader.skip(tag).ok()?;
            let len = reader.at - at;
            (len < 10 || (len == 10 && reader.bytes[at + 9] <= 1)).then_some(())?;
        }
        _ => reader.skip(tag).ok()?,
    }
    Some((tag, None))
}
