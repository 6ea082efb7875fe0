//! One message against the copy that a snapshot has of it.

use scrubjay_protocol::json::{self, Value as Json};

use super::{
    calls_of, shown,
    stated::{Stated, text_of_parts, text_stated},
};
use crate::{
    fold::{
        Message,
        piece::PieceSource,
        text_in,
        value::{Text, Value},
    },
    steps::tick,
};

/// What the copy says otherwise.
pub(super) fn changes(held: &Message, copy: &Json, stated: &Stated<'_>, pieces: &dyn PieceSource) -> Vec<String> {
    let name = shown(held.id().unwrap_or_default());
    let mut faults = Vec::new();
    if let Some(content) = held.value.get("content")
        && let Some(change) = text_change(content, copy.get("content"), pieces)
    {
        faults.push(format!("message '{name}' has {change}"));
    }
    for (id, call) in calls_of(held) {
        tick();
        let call_name = shown(id);
        match stated.calls.get(id) {
            None => faults.push(format!(
                "tool call '{call_name}' of message '{name}' is not in the snapshot"
            )),
            Some(copy) => {
                if let Some(change) = call_change(call, copy, pieces) {
                    faults.push(format!("tool call '{call_name}' has {change}"));
                }
            }
        }
    }
    faults
}

fn text_change(held: &Value, copy: Option<&Json>, pieces: &dyn PieceSource) -> Option<String> {
    let text = match (held.as_text(), held.as_list()) {
        (Some(text), _) => text.clone(),
        (None, Some(_)) => Text::from_bytes(text_of_parts(held, pieces).as_bytes()),
        _ => return None,
    };
    let stated = copy.and_then(text_stated);
    let lost = other_parts(held).saturating_sub(copy.map_or(0, other_parts_stated));
    match stated {
        None if !text.is_empty() => Some("lost its text in the snapshot".to_owned()),
        Some(stated) if !text.is_empty() && !is_text(&text, &stated, pieces) => {
            Some("another text in the snapshot than before".to_owned())
        }
        _ if lost == 1 => Some("lost a part that is no text in the snapshot".to_owned()),
        _ if lost > 1 => Some(format!("lost {lost} parts that are no text in the snapshot")),
        _ => None,
    }
}

fn is_text(held: &Text, stated: &[u8], pieces: &dyn PieceSource) -> bool {
    held.len() == stated.len() as u64 && held.same(&Text::from_bytes(stated), pieces)
}

/// Images and files, for example.
fn other_parts(content: &Value) -> usize {
    let parts = content.as_list().into_iter().flat_map(crate::fold::value::List::iter);
    parts.filter(|part| part.get("text").is_none()).count()
}

fn other_parts_stated(content: &Json) -> usize {
    let parts = content.as_array().unwrap_or_default();
    parts.iter().filter(|part| part.get("text").is_none()).count()
}

/// Arguments that are the same JSON are the same, however they are written.
fn call_change(held: &Value, copy: &Json, pieces: &dyn PieceSource) -> Option<&'static str> {
    let function = held.get("function")?;
    let stated = copy.get("function")?;
    let text = |name: &str| function.get(name).and_then(Value::as_text);
    if let (Some(name), Some(stated)) = (text("name"), text_in(stated, "name"))
        && !is_text(name, stated, pieces)
    {
        return Some("another name in the snapshot than before");
    }
    let (arguments, stated) = (text("arguments")?, text_in(stated, "arguments")?);
    if arguments.is_empty() || is_text(arguments, stated, pieces) {
        return None;
    }
    // What is no JSON has its own finding.
    let held = json::parse(arguments.to_wtf8(pieces).as_bytes()).ok()?;
    let is_same = json::parse(stated).is_ok_and(|stated| Value::from_json(&held, 0).same_as_read(&stated, pieces));
    (!is_same).then_some("other arguments in the snapshot than before")
}
