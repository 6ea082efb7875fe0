//! Names that other languages give to the protocol's.

use scrubjay_protocol::{
    event::EventType,
    frame::Frame,
    json::{Object, Value},
};

/// Members of events and messages that have two words.
const MEMBERS: [&str; 21] = [
    "threadId",
    "runId",
    "parentRunId",
    "protocolVersion",
    "messageId",
    "toolCallId",
    "toolCallName",
    "parentMessageId",
    "stepName",
    "activityType",
    "rawEvent",
    "subagentRunId",
    "parentSubagentRunId",
    "parentToolCallId",
    "entityId",
    "encryptedValue",
    "pendingToolCallIds",
    "toolCalls",
    "interruptId",
    "responseSchema",
    "expiresAt",
];

/// Messages of a snapshot that are looked at.
const MESSAGES: usize = 8;

/// Members of an event, and of its first messages, that should be spelt
/// otherwise: what stands there, and what should.
pub(super) fn snake_case(frame: &Frame) -> Vec<(String, &'static str)> {
    let Some(event) = frame.value.as_ref().and_then(Value::as_object) else {
        return Vec::new();
    };
    let messages = event.get("messages").and_then(Value::as_array).unwrap_or_default();
    let messages = messages.iter().take(MESSAGES).filter_map(Value::as_object);
    std::iter::once(event).chain(messages).flat_map(misspelt).collect()
}

fn misspelt(object: &Object) -> Vec<(String, &'static str)> {
    let names = object.iter().filter_map(|(name, _)| name.as_str());
    names
        .filter(|name| name.contains('_'))
        .filter_map(|name| {
            let meant = camel_case(name);
            let known = MEMBERS.iter().find(|member| **member == meant)?;
            (!object.contains(known)).then(|| (name.to_owned(), *known))
        })
        .collect()
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut text = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        text.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        text.push_str(letters.as_str());
    }
    text
}

/// The protocol's type that an unknown one is in other letters.
pub(super) fn meant_type(name: &str) -> Option<EventType> {
    let mut text = String::new();
    let mut was_lower = false;
    for letter in name.chars() {
        if was_lower && letter.is_ascii_uppercase() {
            text.push('_');
        }
        was_lower = letter.is_ascii_lowercase() || letter.is_ascii_digit();
        text.push(match letter {
            '-' | '.' | ' ' | ':' | '/' => '_',
            letter => letter.to_ascii_uppercase(),
        });
    }
    let text = text.strip_suffix("_EVENT").unwrap_or(&text);
    let meant = EventType::from_name(text);
    (text != name && meant.is_known()).then_some(meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_spellings_are_recognised() {
        for (name, meant) in [
            ("RunStarted", Some("RUN_STARTED")),
            ("run_started", Some("RUN_STARTED")),
            ("text-message-start", Some("TEXT_MESSAGE_START")),
            ("ToolCallArgsEvent", Some("TOOL_CALL_ARGS")),
            ("RUN_STARTED", None),
            ("META", None),
            ("RUN_CANCELLED", None),
        ] {
            assert_eq!(meant_type(name).as_ref().map(EventType::name), meant, "{name}");
        }
        assert_eq!(camel_case("parent_subagent_run_id"), "parentSubagentRunId");
    }
}
