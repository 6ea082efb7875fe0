//! Protocol 1.0 as the official client's schemas describe it.
//!
//! Members stand in the order of those schemas, because accepted values come
//! out in it.

use super::shape::{
    Field, Object,
    Shape::{
        self, Any, AnyButNullIsAbsent, Flag, List, Map, NonEmptyList, NotNull, OneOf, Pointer, Tagged, Text,
        TextOrList, Whole,
    },
    listed, optional, required,
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
const WORK: &[Field] = &[
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

// JSON Patch.

const PATCH: Shape = List(&Tagged(
    "op",
    &[
        (
            "add",
            &Object::open(&[required("op", Any), required("path", Pointer), required("value", Any)]),
        ),
        (
            "remove",
            &Object::open(&[required("op", Any), required("path", Pointer)]),
        ),
        (
            "replace",
            &Object::open(&[required("op", Any), required("path", Pointer), required("value", Any)]),
        ),
        (
            "move",
            &Object::open(&[
                required("op", Any),
                required("from", Pointer),
                required("path", Pointer),
            ]),
        ),
        (
            "copy",
            &Object::open(&[
                required("op", Any),
                required("from", Pointer),
                required("path", Pointer),
            ]),
        ),
        (
            "test",
            &Object::open(&[required("op", Any), required("path", Pointer), required("value", Any)]),
        ),
    ],
));

// Content parts and their sources.

const TEXT_OR_PARTS: Shape = TextOrList(&Tagged(
    "type",
    &[
        (
            "text",
            &Object::new(
                &[],
                &[
                    required("type", Any),
                    optional("id", Text),
                    required("text", Text),
                    optional("metadata", NotNull),
                ],
            ),
        ),
        ("image", &MEDIA_PART),
        ("audio", &MEDIA_PART),
        ("video", &MEDIA_PART),
        ("document", &MEDIA_PART),
    ],
));

const MEDIA_PART: Object = Object::new(
    &[],
    &[
        required("type", Any),
        optional("id", Text),
        required("source", Tagged("type", SOURCES)),
        optional("metadata", NotNull),
    ],
);

const SOURCES: &[(&str, &Object)] = &[
    (
        "data",
        &Object::new(
            &[],
            &[
                required("type", Any),
                required("value", Text),
                required("mimeType", Text),
            ],
        ),
    ),
    (
        "url",
        &Object::new(
            &[],
            &[
                required("type", Any),
                required("value", Text),
                optional("mimeType", Text),
            ],
        ),
    ),
    (
        "file",
        &Object::new(
            &[],
            &[
                required("type", Any),
                required("value", Text),
                optional("provider", Text),
                optional("mimeType", Text),
            ],
        ),
    ),
];

// Messages.

const MESSAGE: Shape = Tagged(
    "role",
    &[
        ("developer", &Object::new(SPOKEN, &[required("content", Text)])),
        ("system", &Object::new(SPOKEN, &[required("content", Text)])),
        (
            "assistant",
            &Object::new(
                SPOKEN,
                &[
                    optional("content", Text),
                    optional("toolCalls", List(&Shape::Object(&TOOL_CALL))),
                ],
            ),
        ),
        ("user", &Object::new(SPOKEN, &[required("content", TEXT_OR_PARTS)])),
        (
            "tool",
            &Object::new(
                &[],
                &[
                    optional("subagentRunId", Text),
                    required("id", Text),
                    required("role", Any),
                    required("content", TEXT_OR_PARTS),
                    required("toolCallId", Text),
                    optional("error", Text),
                    optional("encryptedValue", Text),
                    optional("metadata", Map),
                ],
            ),
        ),
        (
            "activity",
            &Object::new(
                &[],
                &[
                    optional("subagentRunId", Text),
                    required("id", Text),
                    required("role", Any),
                    required("activityType", Text),
                    required("content", Map),
                    optional("metadata", Map),
                ],
            ),
        ),
        (
            "reasoning",
            &Object::new(
                &[],
                &[
                    optional("subagentRunId", Text),
                    required("id", Text),
                    required("role", Any),
                    required("content", Text),
                    optional("encryptedValue", Text),
                    optional("metadata", Map),
                ],
            ),
        ),
    ],
);

/// Members that developer, system, assistant and user messages share.
const SPOKEN: &[Field] = &[
    optional("subagentRunId", Text),
    required("id", Text),
    required("role", Any),
    optional("name", Text),
    optional("encryptedValue", Text),
    optional("metadata", Map),
];

const TOOL_CALL: Object = Object::new(
    &[],
    &[
        required("id", Text),
        required("type", OneOf(&["function"])),
        required(
            "function",
            Shape::Object(&Object::new(
                &[],
                &[required("name", Text), required("arguments", Text)],
            )),
        ),
        optional("encryptedValue", Text),
        optional("metadata", Map),
    ],
);

// Ends of runs.

const OUTCOMES: &[(&str, &Object)] = &[
    (
        "success",
        &Object::new(
            &[],
            &[required("type", Any), optional("pendingToolCallIds", List(&Text))],
        ),
    ),
    (
        "interrupt",
        &Object::new(
            &[],
            &[
                required("type", Any),
                required("interrupts", NonEmptyList(&Shape::Object(&INTERRUPT))),
            ],
        ),
    ),
    ("cancelled", &Object::new(&[], &[required("type", Any)])),
];

const INTERRUPT: Object = Object::new(
    &[],
    &[
        optional("subagentRunId", Text),
        required("id", Text),
        required("reason", Text),
        optional("message", Text),
        optional("toolCallId", Text),
        optional("responseSchema", Map),
        optional("expiresAt", Text),
        optional("metadata", Map),
    ],
);

const SUBAGENT_OUTCOMES: &[(&str, &Object)] = &[
    ("success", &Object::new(&[], &[required("type", Any)])),
    (
        "suspended",
        &Object::new(&[], &[required("type", Any), optional("interruptIds", List(&Text))]),
    ),
];

const COUNT: Shape = Whole { least: 0.0 };

const USAGE: Object = Object::new(
    &[],
    &[
        optional("provider", Text),
        optional("model", Text),
        optional("inputTokens", COUNT),
        optional("outputTokens", COUNT),
        optional("totalTokens", COUNT),
        optional("reasoningTokens", COUNT),
        optional("cachedInputTokens", COUNT),
        optional("cacheWriteInputTokens", COUNT),
    ],
);

// The input, as a run's start may echo it.

const INPUT: Object = Object::new(
    &[],
    &[
        required("threadId", Text),
        required("runId", Text),
        optional("protocolVersion", Text),
        optional("parentRunId", Text),
        optional("state", AnyButNullIsAbsent),
        required("messages", List(&MESSAGE)),
        listed("tools", List(&Shape::Object(&TOOL))),
        listed("context", List(&Shape::Object(&CONTEXT))),
        optional("forwardedProps", NotNull),
        optional("resume", List(&Shape::Object(&RESUME_ENTRY))),
    ],
);

const TOOL: Object = Object::new(
    &[],
    &[
        required("name", Text),
        required("description", Text),
        optional("parameters", NotNull),
        optional("metadata", Map),
    ],
);

const CONTEXT: Object = Object::new(&[], &[required("description", Text), required("value", Text)]);

const RESUME_ENTRY: Object = Object::new(
    &[],
    &[
        required("interruptId", Text),
        required("status", OneOf(&["resolved", "cancelled"])),
        optional("payload", NotNull),
        optional("metadata", Map),
    ],
);

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
