//! Protocol 1.0 as the official client's schemas describe it.
//!
//! Members stand in the order of those schemas, because accepted values come
//! out in it.

mod nested;

use self::nested::{INPUT, MESSAGE, OUTCOMES, PATCH, SUBAGENT_OUTCOMES, TEXT_OR_PARTS, USAGE};
use super::shape::{
    Field, Object,
    Shape::{self, Any, Flag, List, Map, NotNull, OneOf, Tagged, Text, Whole},
    optional, required,
};
use crate::event::EventType;

/// 2^53 − 1: JavaScript's safe integers end here on both sides.
pub(super) const LARGEST_SAFE: f64 = 9_007_199_254_740_991.0;

/// The schema of an event, for the 31 types of protocol 1.0.
pub(super) fn event(event_type: &EventType) -> Option<&'static Object> {
    EVENTS
        .iter()
        .find(|(known, _)| known == event_type)
        .map(|(_, object)| object)
}

/// The schema of a run input.
pub(super) fn input() -> &'static Object {
    &INPUT
}

/// Members of every event.
const EVENT: &[Field] = &[
    required("type", Any),
    optional("timestamp", Whole { least: -LARGEST_SAFE }),
    optional("rawEvent", NotNull),
    optional("metadata", Map),
];

/// Members of every event that can belong to a sub-agent's work.
pub(super) const WORK: &[Field] = &[
    required("type", Any),
    optional("timestamp", Whole { least: -LARGEST_SAFE }),
    optional("rawEvent", NotNull),
    optional("metadata", Map),
    optional("subagentRunId", Text),
];

static EVENTS: [(EventType, Object); 31] = [
    (
        EventType::TextMessageContent,
        Object::new(WORK, &[required("messageId", Text), required("delta", Text)]),
    ),
    (
        EventType::ToolCallArgs,
        Object::new(WORK, &[required("toolCallId", Text), required("delta", Text)]),
    ),
    (
        EventType::ReasoningMessageContent,
        Object::new(WORK, &[required("messageId", Text), required("delta", Text)]),
    ),
    (EventType::StateDelta, Object::new(WORK, &[required("delta", PATCH)])),
    (
        EventType::RunStarted,
        Object::new(
            EVENT,
            &[
                required("threadId", Text),
                required("runId", Text),
                optional("protocolVersion", Text),
                optional("parentRunId", Text),
                optional("input", Shape::Object(&INPUT)),
            ],
        ),
    ),
    (
        EventType::RunFinished,
        Object::new(
            EVENT,
            &[
                required("threadId", Text),
                required("runId", Text),
                optional("result", NotNull),
                optional("outcome", Tagged("type", OUTCOMES)),
                optional("usage", List(&Shape::Object(&USAGE))),
            ],
        ),
    ),
    (
        EventType::RunError,
        Object::new(
            EVENT,
            &[
                required("message", Text),
                optional("code", Text),
                optional("usage", List(&Shape::Object(&USAGE))),
            ],
        ),
    ),
    (EventType::StepStarted, Object::new(WORK, &[required("stepName", Text)])),
    (
        EventType::StepFinished,
        Object::new(WORK, &[required("stepName", Text)]),
    ),
    (
        EventType::TextMessageStart,
        Object::new(
            WORK,
            &[
                required("messageId", Text),
                optional("role", TEXT_ROLE),
                optional("name", Text),
            ],
        ),
    ),
    (
        EventType::TextMessageEnd,
        Object::new(WORK, &[required("messageId", Text)]),
    ),
    (
        EventType::TextMessageChunk,
        Object::new(
            WORK,
            &[
                optional("messageId", Text),
                optional("role", TEXT_ROLE),
                optional("delta", Text),
                optional("name", Text),
            ],
        ),
    ),
    (
        EventType::ToolCallStart,
        Object::new(
            WORK,
            &[
                required("toolCallId", Text),
                required("toolCallName", Text),
                optional("parentMessageId", Text),
            ],
        ),
    ),
    (
        EventType::ToolCallEnd,
        Object::new(WORK, &[required("toolCallId", Text)]),
    ),
    (
        EventType::ToolCallChunk,
        Object::new(
            WORK,
            &[
                optional("toolCallId", Text),
                optional("toolCallName", Text),
                optional("parentMessageId", Text),
                optional("delta", Text),
            ],
        ),
    ),
    (
        EventType::ToolCallResult,
        Object::new(
            WORK,
            &[
                required("messageId", Text),
                required("toolCallId", Text),
                required("content", TEXT_OR_PARTS),
                optional("role", OneOf(&["tool"])),
            ],
        ),
    ),
    (
        EventType::StateSnapshot,
        Object::new(WORK, &[required("snapshot", Any)]),
    ),
    (
        EventType::MessagesSnapshot,
        Object::new(EVENT, &[required("messages", List(&MESSAGE))]),
    ),
    (
        EventType::ActivitySnapshot,
        Object::new(
            WORK,
            &[
                required("messageId", Text),
                required("activityType", Text),
                required("content", Map),
                optional("replace", Flag),
            ],
        ),
    ),
    (
        EventType::ActivityDelta,
        Object::new(
            WORK,
            &[
                required("messageId", Text),
                required("activityType", Text),
                required("patch", PATCH),
            ],
        ),
    ),
    (
        EventType::Raw,
        Object::new(WORK, &[required("event", Any), optional("source", Text)]),
    ),
    (
        EventType::Custom,
        Object::new(WORK, &[required("name", Text), required("value", Any)]),
    ),
    (
        EventType::ReasoningStart,
        Object::new(WORK, &[required("messageId", Text)]),
    ),
    (
        EventType::ReasoningEnd,
        Object::new(WORK, &[required("messageId", Text)]),
    ),
    (
        EventType::ReasoningMessageStart,
        Object::new(
            WORK,
            &[required("messageId", Text), required("role", OneOf(&["reasoning"]))],
        ),
    ),
    (
        EventType::ReasoningMessageEnd,
        Object::new(WORK, &[required("messageId", Text)]),
    ),
    (
        EventType::ReasoningMessageChunk,
        Object::new(WORK, &[optional("messageId", Text), optional("delta", Text)]),
    ),
    (
        EventType::ReasoningEncryptedValue,
        Object::new(
            WORK,
            &[
                required("subtype", OneOf(&["tool-call", "message"])),
                required("entityId", Text),
                required("encryptedValue", Text),
            ],
        ),
    ),
    (
        EventType::SubagentStarted,
        Object::new(
            EVENT,
            &[
                required("subagentRunId", Text),
                required("name", Text),
                optional("description", Text),
                optional("parentSubagentRunId", Text),
                optional("parentToolCallId", Text),
                optional("parentMessageId", Text),
            ],
        ),
    ),
    (
        EventType::SubagentFinished,
        Object::new(
            EVENT,
            &[
                required("subagentRunId", Text),
                optional("result", NotNull),
                optional("outcome", Tagged("type", SUBAGENT_OUTCOMES)),
            ],
        ),
    ),
    (
        EventType::SubagentError,
        Object::new(
            EVENT,
            &[
                required("subagentRunId", Text),
                required("message", Text),
                optional("code", Text),
            ],
        ),
    ),
];

const TEXT_ROLE: Shape = OneOf(&["developer", "system", "assistant", "user"]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_protocol_has_one_schema() {
        for known in &EventType::KNOWN {
            let schemas = EVENTS.iter().filter(|(event_type, _)| event_type == known).count();
            assert_eq!(schemas, usize::from(!known.is_retired()), "{known}");
        }
    }
}
