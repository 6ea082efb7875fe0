//! From decoded fields to the event that the client gets: the members of JSON.
//!
//! The transport splits what JSON has as one member (`content`, `outcome`) and
//! puts what all events have into a message of its own. What contradicts
//! itself is refused; what is of an unknown kind is passed on,
//! or dropped and noted where it has no name.

use super::{
    Notes,
    message::{Fields, Node},
    schema::{self, BASE_FIELD},
    wire::DecodeError,
};
use crate::json::{Object, Value, Wtf8};

/// Roles of messages.
const ROLES: [&str; 7] = [
    "developer",
    "system",
    "assistant",
    "user",
    "tool",
    "activity",
    "reasoning",
];
/// Roles whose content may be a list of parts.
const ROLES_WITH_PARTS: [&str; 2] = ["user", "tool"];
const ROLE_WITH_OBJECT: &str = "activity";

/// The event of this type that these fields are.
pub(super) fn event(name: &'static str, mut fields: Fields, notes: &mut Notes) -> Result<Value, DecodeError> {
    let base = base(name, &mut fields)?;
    let tail = match name {
        "RUN_FINISHED" => run_outcome(&mut fields),
        "SUBAGENT_FINISHED" => subagent_outcome(&mut fields),
        _ => Vec::new(),
    };
    reshape(name, &mut fields, notes)?;
    let mut members = plain_members(fields);
    members.push((Wtf8::from("type"), Value::string(name)));
    members.extend(base);
    members.extend(tail);
    Ok(object(members))
}

/// Members of all events. The envelope names the event, and the base
/// has to agree.
fn base(name: &str, fields: &mut Fields) -> Result<Vec<(Wtf8, Value)>, DecodeError> {
    let mut base = fields
        .take_message(BASE_FIELD)
        .ok_or_else(|| DecodeError::new(format!("its {name} has no base event")))?;
    let code = match base.take("type") {
        Some(Node::Code(code)) => code,
        _ => 0,
    };
    let declared = schema::event_name(code);
    if declared != Some(name) {
        let declared = declared.map_or_else(|| format!("type {code}"), str::to_owned);
        return Err(DecodeError::new(format!(
            "its envelope says {name} and its base {declared}"
        )));
    }
    Ok(plain_members(base))
}

fn reshape(name: &str, fields: &mut Fields, notes: &mut Notes) -> Result<(), DecodeError> {
    match name {
        "MESSAGES_SNAPSHOT" => messages(fields, notes)?,
        "STATE_DELTA" => operations(fields, "delta"),
        "ACTIVITY_DELTA" => operations(fields, "patch"),
        "RUN_FINISHED" | "RUN_ERROR" => without_empty(fields, "usage"),
        "TOOL_CALL_RESULT" => result_content(fields, notes)?,
        "RUN_STARTED" => {
            if let Some(echo) = fields.take_message("input") {
                fields.set("input", input(echo, notes)?);
            }
        }
        _ => {}
    }
    Ok(())
}

// ---- what the transport splits --------------------------------------------

fn run_outcome(fields: &mut Fields) -> Vec<(Wtf8, Value)> {
    let outcome = fields.take_text("outcome").unwrap_or_default();
    let pending = list("pendingToolCallIds", fields.take("pendingToolCallIds"));
    let interrupts = list("interrupts", fields.take("interrupts"));
    let is_interrupt = outcome == "interrupt";
    let mut payload: Vec<_> = pending.into_iter().filter(is_filled).collect();
    let interrupts = interrupts.into_iter().filter(|list| is_interrupt || is_filled(list));
    if is_interrupt {
        payload = interrupts.chain(payload).collect();
    } else {
        payload.extend(interrupts);
    }
    rejoined(outcome, payload)
}

fn subagent_outcome(fields: &mut Fields) -> Vec<(Wtf8, Value)> {
    let outcome = fields.take_text("outcome").unwrap_or_default();
    let interrupts = list("interruptIds", fields.take("interruptIds"));
    rejoined(outcome, interrupts.into_iter().filter(is_filled).collect())
}

/// The member `outcome`; without one, what belongs to it stands in the event.
fn rejoined(outcome: Wtf8, payload: Vec<(Wtf8, Value)>) -> Vec<(Wtf8, Value)> {
    if outcome.is_empty() {
        return payload;
    }
    let mut members = vec![(Wtf8::from("type"), Value::String(outcome))];
    members.extend(payload);
    vec![(Wtf8::from("outcome"), object(members))]
}

fn list(name: &str, node: Option<Node>) -> Option<(Wtf8, Value)> {
    node.map(|node| (Wtf8::from(name), plain_node(node)))
}

fn is_filled((_, value): &(Wtf8, Value)) -> bool {
    value.as_array().is_some_and(|items| !items.is_empty())
}

fn result_content(fields: &mut Fields, notes: &mut Notes) -> Result<(), DecodeError> {
    let parts = fields.take_messages("contentParts");
    match (fields.get("content").is_some(), parts.is_empty()) {
        (true, true) => Ok(()),
        (true, false) => Err(DecodeError::new("its result has both text and parts")),
        (false, _) => {
            fields.set("content", content_parts(parts, notes)?);
            Ok(())
        }
    }
}

fn messages(fields: &mut Fields, notes: &mut Notes) -> Result<(), DecodeError> {
    let messages = fields.take_messages("messages").into_iter();
    let messages: Result<Vec<_>, _> = messages.map(|fields| message(fields, notes)).collect();
    fields.set("messages", Value::Array(messages?));
    Ok(())
}

/// A message. Its content stands in one of three fields, and which is right
/// depends on the role; of an unknown role, any one is.
fn message(mut fields: Fields, notes: &mut Notes) -> Result<Value, DecodeError> {
    let role = match fields.get("role") {
        Some(Node::Value(Value::String(role))) => role.to_str_lossy().into_owned(),
        _ => String::new(),
    };
    let is_known = ROLES.contains(&role.as_str());
    let parts = fields.take_messages("contentParts");
    let map = fields.take("activityContent");
    let has_text = fields.get("content").is_some();
    let uses_parts = if is_known {
        ROLES_WITH_PARTS.contains(&role.as_str())
    } else {
        !parts.is_empty()
    };
    let uses_map = if is_known {
        role == ROLE_WITH_OBJECT
    } else {
        !uses_parts && map.is_some()
    };
    let forms = [has_text, !parts.is_empty(), map.is_some()];
    if forms.iter().filter(|form| **form).count() > 1 {
        return Err(DecodeError::new("a message in it has its content in two forms"));
    }
    let fits = (uses_parts || parts.is_empty()) && (uses_map || map.is_none()) && !(uses_map && has_text);
    if !fits {
        return Err(DecodeError::new(format!(
            "a message in it has content that the role {role} does not have"
        )));
    }
    if uses_parts && !has_text {
        fields.set("content", content_parts(parts, notes)?);
    }
    if let Some(map) = map {
        fields.set("content", plain_node(map));
    }
    without_empty(&mut fields, "toolCalls");
    Ok(object(plain_members(fields)))
}

fn content_parts(parts: Vec<Fields>, notes: &mut Notes) -> Result<Value, DecodeError> {
    let mut values = Vec::new();
    for fields in parts {
        match content_part(fields)? {
            Some(part) => values.push(part),
            None => notes.dropped_part(),
        }
    }
    Ok(Value::Array(values))
}

/// A part; nothing when it is of a kind that protocol 1.0 does not have.
fn content_part(fields: Fields) -> Result<Option<Value>, DecodeError> {
    let Some((kind, mut part)) = arm(fields)? else {
        return Ok(None);
    };
    let mut members = vec![(Wtf8::from("type"), Value::string(kind))];
    let mut add = |name: &str, value: Option<Value>| members.extend(value.map(|value| (Wtf8::from(name), value)));
    add("id", part.take("id").map(plain_node));
    if kind == "text" {
        add("text", part.take("text").map(plain_node));
    } else if let Some(fields) = part.take_message("source") {
        let Some((kind, source)) = arm(fields)? else {
            return Ok(None);
        };
        let mut source_members = vec![(Wtf8::from("type"), Value::string(kind))];
        source_members.extend(plain_members(source));
        add("source", Some(object(source_members)));
    }
    add("metadata", part.take("metadata").map(plain_node));
    Ok(Some(object(members)))
}

/// The one field of a choice.
fn arm(fields: Fields) -> Result<Option<(&'static str, Fields)>, DecodeError> {
    let mut arm = None;
    for (name, node) in fields.into_nodes() {
        if let Node::Message(inner) = node
            && arm.replace((name, inner)).is_some()
        {
            return Err(DecodeError::new("a part in it is two things at once"));
        }
    }
    Ok(arm)
}

fn operations(fields: &mut Fields, name: &str) {
    let operations = fields.take_messages(name).into_iter().map(operation);
    let operations = Value::Array(operations.collect());
    fields.set(name, operations);
}

fn operation(mut fields: Fields) -> Value {
    if let Some(Node::Code(code)) = fields.take("op") {
        // A number without a name goes on as it is: no operation, so it is
        // stripped where those of JSON are.
        let name = schema::operation_name(code).map_or_else(|| code.to_string(), str::to_owned);
        fields.set("op", Value::string(name));
    }
    object(plain_members(fields))
}

/// An echoed input. Its lists are there even where none were sent.
fn input(mut fields: Fields, notes: &mut Notes) -> Result<Value, DecodeError> {
    messages(&mut fields, notes)?;
    const ORDER: [&str; 10] = [
        "threadId",
        "runId",
        "protocolVersion",
        "parentRunId",
        "state",
        "messages",
        "tools",
        "context",
        "forwardedProps",
        "resume",
    ];
    let member = |name: &&str| Some((Wtf8::from(*name), plain_node(fields.take(name)?)));
    Ok(object(ORDER.iter().filter_map(member).collect()))
}

fn without_empty(fields: &mut Fields, name: &str) {
    if matches!(fields.get(name), Some(Node::Messages(messages)) if messages.is_empty()) {
        fields.take(name);
    }
}

// ---- what it does not -------------------------------------------------------

fn plain_members(fields: Fields) -> Vec<(Wtf8, Value)> {
    let member = |(name, node)| (Wtf8::from(name), plain_node(node));
    fields.into_nodes().map(member).collect()
}

fn plain_node(node: Node) -> Value {
    match node {
        Node::Value(value) => value,
        Node::Code(code) => Value::Number(f64::from(code)),
        Node::Message(fields) => object(plain_members(fields)),
        Node::Messages(messages) => Value::Array(
            messages
                .into_iter()
                .map(|fields| object(plain_members(fields)))
                .collect(),
        ),
    }
}

fn object(members: Vec<(Wtf8, Value)>) -> Value {
    Value::Object(Object::from_unique(members))
}
