//! Frames that a fault makes or spoils.

use bytes::Bytes;
use scrubjay_protocol::sse;

use super::spec::Damage;
use crate::{data, fragment::Format};

/// A frame with broken JSON; nothing when it has no data to break.
pub(super) fn corrupt(frame: &[u8], format: Format, damage: Damage) -> Option<Bytes> {
    if format == Format::Record {
        // A wire type that protobuf does not have, at once.
        let mut record = frame.to_vec();
        *record.get_mut(4)? = 0x07;
        return Some(record.into());
    }
    let text = data::of(frame).text.into_owned();
    let brace = text.iter().rposition(|byte| matches!(byte, b'}' | b']'))?;
    let broken = match damage {
        Damage::Half => text[..text.len() / 2].to_vec(),
        Damage::Brace => [&text[..brace], &text[brace + 1..]].concat(),
        Damage::Comma => [&text[..brace], b",", &text[brace..]].concat(),
        Damage::Bytes => [&text[..1], b"\xFF\xFE", &text[1..]].concat(),
    };
    Some(with_data(frame, &broken))
}

/// A frame padded to `len` bytes; nothing when it is no object or that long already.
pub(super) fn oversize(frame: &[u8], format: Format, len: usize) -> Option<Bytes> {
    if format == Format::Record {
        return oversize_record(frame, len);
    }
    let text = data::of(frame).text.into_owned();
    let brace = text.iter().rposition(|byte| *byte == b'}')?;
    let (head, tail) = (&b",\"padding\":\""[..], b"\"");
    let padding = len.checked_sub(frame.len() + head.len() + tail.len())?;
    let padded = [&text[..brace], head, &vec![b'x'; padding], tail, &text[brace..]].concat();
    Some(with_data(frame, &padded))
}

/// A field that protocol 1.0 does not know holds the padding.
fn oversize_record(frame: &[u8], len: usize) -> Option<Bytes> {
    let mut message = frame.get(4..)?.to_vec();
    // The padding begins with its length, in one to five bytes.
    let room = len.checked_sub(frame.len() + 2)?;
    let padding =
        (1..=5).find_map(|own| Some(room.checked_sub(own)?).filter(|padding| varint(*padding).len() == own))?;
    message.extend([0xFA, 0x7F]);
    message.extend(varint(padding));
    message.resize(message.len() + padding, b'x');
    Some(record(&message))
}

/// An event of an unknown type.
pub(super) fn unknown(format: Format, name: &str) -> Bytes {
    match format {
        Format::Sse => event(&serde_json::json!({ "type": name, "note": "sent by a fault" })),
        // The arm 100 of the envelope, empty.
        Format::Record => record(b"\xA2\x06\x00"),
    }
}

/// A `RUN_ERROR`.
pub(crate) fn run_error(format: Format, code: Option<&str>, message: &str) -> Bytes {
    if format == Format::Sse {
        let mut error = serde_json::json!({ "type": "RUN_ERROR", "message": message });
        if let Some(code) = code {
            error["code"] = code.into();
        }
        return event(&error);
    }
    let mut inner = b"\x0A\x02\x08\x0D".to_vec();
    for (tag, text) in [(0x12, code.unwrap_or_default()), (0x1A, message)] {
        if !text.is_empty() {
            inner.push(tag);
            inner.extend(varint(text.len()));
            inner.extend_from_slice(text.as_bytes());
        }
    }
    let mut envelope = vec![0x72];
    envelope.extend(varint(inner.len()));
    envelope.extend(inner);
    record(&envelope)
}

/// A frame with other data; nothing for a record, whose text is not JSON.
pub(super) fn edit(frame: &[u8], format: Format, text: &str) -> Option<Bytes> {
    (format == Format::Sse).then(|| with_data(frame, text.as_bytes()))
}

/// The frame with other data in the place of its own: its other lines and its
/// line ends stay when its data stands in one line.
fn with_data(frame: &[u8], text: &[u8]) -> Bytes {
    let data = data::of(frame);
    let is_one_line = !text.contains(&b'\n') && !text.contains(&b'\r') && data.is_one_line();
    if is_one_line {
        let range = data.range(&(0..data.text.len()));
        return [&frame[..range.start], text, &frame[range.end..]].concat().into();
    }
    let mut body = Vec::new();
    sse::write_event(&mut body, text);
    body.into()
}

fn event(value: &serde_json::Value) -> Bytes {
    let mut body = Vec::new();
    sse::write_event(&mut body, value.to_string().as_bytes());
    body.into()
}

fn record(message: &[u8]) -> Bytes {
    let len = u32::try_from(message.len()).unwrap_or(u32::MAX);
    [&len.to_be_bytes()[..], message].concat().into()
}

fn varint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7F {
        bytes.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
