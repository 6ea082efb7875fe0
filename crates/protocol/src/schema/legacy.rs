//! Content parts of type `binary`, which became image, audio, video and document.

use super::{
    Fatal,
    boundary::{Conversion, omit_null},
};
use crate::json::{Object, Value, Wtf8};

/// Upgrades the `messages` of a snapshot or of an echoed input.
pub(super) fn upgrade_messages(holder: &mut Object, conversions: &mut Vec<Conversion>) -> Result<(), Fatal> {
    let Some(Value::Array(messages)) = holder.get_mut("messages") else {
        return Ok(());
    };
    // The client looks at nulls everywhere first, and then at each message.
    for message in messages.iter_mut() {
        omit_media_nulls(message, conversions);
    }
    for message in messages {
        match message {
            Value::Null => return Err(Fatal::new("", "Cannot read properties of null (reading 'content')")),
            Value::Object(message) => upgrade_content(message, conversions),
            _ => {}
        }
    }
    Ok(())
}

fn omit_media_nulls(message: &mut Value, conversions: &mut Vec<Conversion>) {
    let Some(Value::Array(parts)) = message.as_object_mut().and_then(|message| message.get_mut("content")) else {
        return;
    };
    for part in parts.iter_mut().filter_map(Value::as_object_mut) {
        let kind = part.get("type").and_then(Value::as_str).unwrap_or_default();
        if matches!(kind, "image" | "audio" | "video" | "document") {
            let context = format!("{kind} input content");
            omit_null(part, "metadata", &context, conversions);
        }
    }
}

fn upgrade_content(message: &mut Object, conversions: &mut Vec<Conversion>) {
    let Some(Value::Array(parts)) = message.get_mut("content") else {
        return;
    };
    if !parts.iter().any(|part| {
        part.get("type")
            .and_then(Value::as_wtf8)
            .is_some_and(|kind| kind == "binary")
    }) {
        return;
    }
    let original = parts.clone();
    let mut note = None;
    parts.retain_mut(|part| upgrade_part(part, &original, &mut note));
    conversions.push(Conversion {
        what: "binary input content".into(),
        to: "the modern media content parts",
        note,
    });
}

/// Upgrades one part. False when the list already has what it would become.
fn upgrade_part(part: &mut Value, original: &[Value], note: &mut Option<String>) -> bool {
    let Some(binary) = part
        .as_object()
        .filter(|part| part.get("type").and_then(Value::as_str) == Some("binary"))
    else {
        return true;
    };
    let Some(Value::String(mime_type)) = binary.get("mimeType") else {
        return true;
    };
    let truthy = |name: &str| binary.get(name).filter(|value| is_truthy(value));
    let Some((source_type, value)) = truthy("data")
        .map(|data| ("data", data))
        .or_else(|| truthy("url").map(|url| ("url", url)))
    else {
        *note = Some("a part that carries only an id cannot be translated, and is removed".into());
        return true;
    };
    let filename = truthy("filename");
    let converted = Media {
        kind: kind_of(mime_type),
        source_type,
        value,
        mime_type,
    };
    if original.iter().any(|other| converted.is_mirrored_by(other, filename)) {
        return false;
    }
    let upgraded = converted.part(filename);
    *part = upgraded;
    true
}

/// The part that a binary part becomes.
struct Media<'a> {
    kind: &'static str,
    source_type: &'static str,
    value: &'a Value,
    mime_type: &'a Wtf8,
}

impl Media<'_> {
    fn part(&self, filename: Option<&Value>) -> Value {
        let mut source = Object::new();
        source.insert("type", Value::string(self.source_type));
        source.insert("value", self.value.clone());
        source.insert("mimeType", Value::String(self.mime_type.clone()));
        let mut part = Object::new();
        part.insert("type", Value::string(self.kind));
        part.insert("source", Value::Object(source));
        if let Some(filename) = filename {
            let mut metadata = Object::new();
            metadata.insert("filename", filename.clone());
            part.insert("metadata", Value::Object(metadata));
        }
        Value::Object(part)
    }

    /// Whether a modern part is the same, file name included.
    fn is_mirrored_by(&self, other: &Value, filename: Option<&Value>) -> bool {
        let is =
            |value: Option<&Value>, text: &str| value.and_then(Value::as_wtf8).is_some_and(|value| *value == *text);
        let Some(source) = other.get("source") else {
            return false;
        };
        is(other.get("type"), self.kind)
            && is(source.get("type"), self.source_type)
            && source
                .get("value")
                .is_some_and(|value| is_strictly_equal(value, self.value))
            && source.get("mimeType").and_then(Value::as_wtf8) == Some(self.mime_type)
            && filename.is_none_or(|filename| {
                other
                    .get("metadata")
                    .and_then(|metadata| metadata.get("filename"))
                    .is_some_and(|other| is_strictly_equal(other, filename))
            })
    }
}

fn kind_of(mime_type: &Wtf8) -> &'static str {
    let kinds = [("image/", "image"), ("audio/", "audio"), ("video/", "video")];
    kinds
        .iter()
        .find(|(prefix, _)| mime_type.as_bytes().starts_with(prefix.as_bytes()))
        .map_or("document", |(_, kind)| kind)
}

/// What JavaScript counts as true.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => *number != 0.0,
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// `===`: two lists or objects are never the same one here.
fn is_strictly_equal(one: &Value, other: &Value) -> bool {
    !matches!(one, Value::Array(_) | Value::Object(_)) && one == other
}
