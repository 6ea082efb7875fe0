//! Writing a value as JSON text.
//!
//! A value may be worth far more text than memory: a patch can copy it into
//! itself again and again. So whoever writes one looks at [`json_len`] first,
//! or gives a limit.

use std::{collections::BTreeMap, fmt};

use scrubjay_protocol::json::{self, Wtf8};

use super::{Node, Value};
use crate::{fold::piece::PieceSource, steps::tick};

/// Bytes that are gathered before they go out.
const BUFFER_LEN: usize = 64 * 1024;

/// As `JSON.stringify` writes it.
pub fn to_json(value: &Value, pieces: &dyn PieceSource) -> String {
    let mut text = String::new();
    put(&mut text, value, pieces, usize::MAX);
    text
}

/// Writes it as `JSON.stringify` does, part by part: no text of the whole is
/// made.
///
/// # Errors
/// When `out` takes no more.
pub fn write_json(out: &mut dyn fmt::Write, value: &Value, pieces: &dyn PieceSource) -> fmt::Result {
    let mut buffer = String::new();
    flow(out, &mut buffer, value, pieces)?;
    out.write_str(&buffer)
}

/// Appends it as `JSON.stringify` writes it; stops adding once `limit` bytes
/// are exceeded and then answers false.
pub fn write_json_within(text: &mut String, value: &Value, limit: usize, pieces: &dyn PieceSource) -> bool {
    put(text, value, pieces, limit)
}

/// Length of its JSON text in bytes. Parts that stand at many places are
/// measured once.
pub fn json_len(value: &Value, pieces: &dyn PieceSource) -> u64 {
    measure(value, pieces, &mut BTreeMap::new())
}

fn measure(value: &Value, pieces: &dyn PieceSource, known: &mut BTreeMap<usize, u64>) -> u64 {
    tick();
    let shared = value.shared_at();
    if let Some(len) = shared.and_then(|at| known.get(&at)) {
        return *len;
    }
    let mut leaf = String::new();
    let len = match value.node() {
        Node::List(list) => {
            let commas = list.len().saturating_sub(1) as u64;
            list.iter()
                .map(|item| measure(item, pieces, known))
                .fold(2 + commas, u64::saturating_add)
        }
        Node::Map(map) => {
            let mut len = 2 + map.len().saturating_sub(1) as u64;
            for (name, member) in map.iter() {
                leaf.clear();
                write_bytes(&mut leaf, name);
                len = len
                    .saturating_add(leaf.len() as u64 + 1)
                    .saturating_add(measure(member, pieces, known));
            }
            len
        }
        _ => {
            write_leaf(&mut leaf, value, pieces);
            leaf.len() as u64
        }
    };
    known.extend(shared.map(|at| (at, len)));
    len
}

fn flow(out: &mut dyn fmt::Write, buffer: &mut String, value: &Value, pieces: &dyn PieceSource) -> fmt::Result {
    match value.node() {
        Node::List(list) => {
            buffer.push('[');
            for (place, item) in list.iter().enumerate() {
                comma(buffer, place);
                flow(out, buffer, item, pieces)?;
            }
            buffer.push(']');
        }
        Node::Map(map) => {
            buffer.push('{');
            for (place, (name, member)) in map.iter().enumerate() {
                comma(buffer, place);
                write_bytes(buffer, name);
                buffer.push(':');
                flow(out, buffer, member, pieces)?;
            }
            buffer.push('}');
        }
        _ => write_leaf(buffer, value, pieces),
    }
    if buffer.len() >= BUFFER_LEN {
        out.write_str(buffer)?;
        buffer.clear();
    }
    Ok(())
}

/// Whether all of it was within the limit.
fn put(text: &mut String, value: &Value, pieces: &dyn PieceSource, limit: usize) -> bool {
    match value.node() {
        Node::List(list) => {
            text.push('[');
            for (place, item) in list.iter().enumerate() {
                comma(text, place);
                if !put(text, item, pieces, limit) {
                    return false;
                }
            }
            text.push(']');
        }
        Node::Map(map) => {
            text.push('{');
            for (place, (name, member)) in map.iter().enumerate() {
                comma(text, place);
                write_bytes(text, name);
                text.push(':');
                if !put(text, member, pieces, limit) {
                    return false;
                }
            }
            text.push('}');
        }
        _ => write_leaf(text, value, pieces),
    }
    text.len() <= limit
}

/// Appends it with two spaces of indent; stops adding once `limit` bytes are
/// exceeded and then answers false.
pub fn write_pretty(text: &mut String, value: &Value, limit: usize, pieces: &dyn PieceSource) -> bool {
    let mut json = String::new();
    put(&mut json, value, pieces, limit);
    text.push_str(&json::indented(&json, usize::MAX, limit));
    text.len() <= limit
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
