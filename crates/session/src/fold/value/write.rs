//! Writing a value as JSON text.

use scrubjay_protocol::json::{self, Wtf8};

use super::{Node, Value};
use crate::fold::piece::PieceSource;

/// As `JSON.stringify` writes it.
pub fn to_json(value: &Value, pieces: &dyn PieceSource) -> String {
    let mut text = String::with_capacity(usize::try_from(value.weight()).unwrap_or(0));
    write_json(&mut text, value, pieces);
    text
}

/// Appends it as `JSON.stringify` writes it.
pub fn write_json(text: &mut String, value: &Value, pieces: &dyn PieceSource) {
    match value.node() {
        Node::List(list) => {
            text.push('[');
            for (place, item) in list.iter().enumerate() {
                comma(text, place);
                write_json(text, item, pieces);
            }
            text.push(']');
        }
        Node::Map(map) => {
            text.push('{');
            for (place, (name, member)) in map.iter().enumerate() {
                comma(text, place);
                write_bytes(text, name);
                text.push(':');
                write_json(text, member, pieces);
            }
            text.push('}');
        }
        _ => write_leaf(text, value, pieces),
    }
}

/// Appends it with two spaces of indent; stops adding once `limit` bytes are
/// exceeded and then answers false.
pub fn write_pretty(text: &mut String, value: &Value, limit: usize, pieces: &dyn PieceSource) -> bool {
    pretty(text, value, 0, limit, pieces);
    text.len() <= limit
}

fn pretty(text: &mut String, value: &Value, depth: usize, limit: usize, pieces: &dyn PieceSource) {
    let mut first = true;
    let mut line = |text: &mut String, depth: usize| {
        if !std::mem::take(&mut first) {
            text.push(',');
        }
        indent(text, depth);
    };
    match value.node() {
        Node::List(list) if !list.is_empty() => {
            text.push('[');
            for item in list.iter() {
                if text.len() > limit {
                    return;
                }
                line(text, depth + 1);
                pretty(text, item, depth + 1, limit, pieces);
            }
            indent(text, depth);
            text.push(']');
        }
        Node::Map(map) if !map.is_empty() => {
            text.push('{');
            for (name, member) in map.iter() {
                if text.len() > limit {
                    return;
                }
                line(text, depth + 1);
                write_bytes(text, name);
                text.push_str(": ");
                pretty(text, member, depth + 1, limit, pieces);
            }
            indent(text, depth);
            text.push('}');
        }
        _ => write_json(text, value, pieces),
    }
}

fn write_leaf(text: &mut String, value: &Value, pieces: &dyn PieceSource) {
    match value.node() {
        Node::Bool(true) => text.push_str("true"),
        Node::Bool(false) => text.push_str("false"),
        Node::Number(number) => json::write_number(text, *number),
        Node::Text(string) => match string.as_whole() {
            Some(bytes) => write_bytes(text, bytes),
            None => json::write_string(text, &string.to_wtf8(pieces)),
        },
        _ => text.push_str("null"),
    }
}

fn write_bytes(text: &mut String, bytes: &[u8]) {
    let plain = bytes
        .iter()
        .all(|byte| (0x20..0x7F).contains(byte) && *byte != b'"' && *byte != b'\\');
    match std::str::from_utf8(bytes) {
        Ok(string) if plain => {
            text.push('"');
            text.push_str(string);
            text.push('"');
        }
        _ => json::write_string(text, &Wtf8::from_bytes(bytes.to_vec())),
    }
}

fn comma(text: &mut String, place: usize) {
    if place > 0 {
        text.push(',');
    }
}

fn indent(text: &mut String, depth: usize) {
    text.push('\n');
    for _ in 0..depth {
        text.push_str("  ");
    }
}
