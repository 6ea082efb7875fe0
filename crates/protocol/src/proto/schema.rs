//! The messages of the transport, as tables.
//!
//! Fields stand in the order in which the official decoder gives them, which
//! is the order of members of the decoded event.

use super::wire::Tag;

/// A message and its fields.
pub(super) struct Message {
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
    /// Its fields exclude each other.
    pub(super) is_choice: bool,
}

/// A field of a message.
pub(super) struct Field {
    pub(super) number: u32,
    /// The member's name in the event; in the envelope, the type of the event.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) absent: Absent,
}

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    /// A number of an enumeration.
    Code,
    Integer,
    Flag,
    /// Any JSON value.
    Open,
    /// Any JSON object.
    OpenObject,
    Message(&'static Message),
}

/// The field of every event that holds what all events have.
pub(super) const BASE_FIELD: &str = "baseEvent";

/// What a field that is not there reads as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// As nothing.
    Nothing,
    /// As the empty string or zero.
    Default,
    /// As the empty list: the field repeats.
    List,
}

impl Message {
    /// The field of a number. Tables count from 1 without gaps.
    pub(super) fn field(&self, number: u32) -> Option<&'static Field> {
        self.fields.get((number as usize).checked_sub(1)?)
    }

    /// Whether messages stand in it; the others are looked into when decoded only.
    pub(super) fn holds_messages(&self) -> bool {
        self.fields.iter().any(Field::is_message)
    }
}

impl Field {
    /// Its place in the table.
    pub(super) fn place(&self) -> usize {
        self.number as usize - 1
    }

    /// How its value is written.
    pub(super) fn wire(&self) -> u8 {
        match self.kind {
            Kind::Code | Kind::Integer | Kind::Flag => Tag::VARINT,
            Kind::Text | Kind::Open | Kind::OpenObject | Kind::Message(_) => Tag::BYTES,
        }
    }

    /// Whether its value is a message, be it one of open JSON.
    pub(super) fn is_message(&self) -> bool {
        matches!(self.kind, Kind::Open | Kind::OpenObject | Kind::Message(_))
    }

    /// A message that stands once: parts of it that come apart belong together.
    pub(super) fn merges(&self) -> bool {
        self.is_message() && self.absent != Absent::List
    }
}

/// The name of an event by the number that its base holds.
pub(super) fn event_name(code: i32) -> Option<&'static str> {
    usize::try_from(code)
        .ok()
        .and_then(|code| EVENT_NAMES.get(code))
        .copied()
}

/// The name of a patch operation by its number.
pub(super) fn operation_name(code: i32) -> Option<&'static str> {
    const NAMES: [&str; 6] = ["add", "remove", "replace", "move", "copy", "test"];
    usize::try_from(code).ok().and_then(|code| NAMES.get(code)).copied()
}

const EVENT_NAMES: [&str; 31] = [
    "TEXT_MESSAGE_START",
    "TEXT_MESSAGE_CONTENT",
    "TEXT_MESSAGE_END",
    "TOOL_CALL_START",
    "TOOL_CALL_ARGS",
    "TOOL_CALL_END",
    "STATE_SNAPSHOT",
    "STATE_DELTA",
    "MESSAGES_SNAPSHOT",
    "RAW",
    "CUSTOM",
    "RUN_STARTED",
    "RUN_FINISHED",
    "RUN_ERROR",
    "STEP_STARTED",
    "STEP_FINISHED",
    "SUBAGENT_STARTED",
    "SUBAGENT_FINISHED",
    "SUBAGENT_ERROR",
    "TEXT_MESSAGE_CHUNK",
    "TOOL_CALL_CHUNK",
    "TOOL_CALL_RESULT",
    "ACTIVITY_SNAPSHOT",
    "ACTIVITY_DELTA",
    "REASONING_START",
    "REASONING_MESSAGE_START",
    "REASONING_MESSAGE_CONTENT",
    "REASONING_MESSAGE_END",
    "REASONING_MESSAGE_CHUNK",
    "REASONING_END",
    "REASONING_ENCRYPTED_VALUE",
];

const fn field(number: u32, name: &'static str, kind: Kind, absent: Absent) -> Field {
    Field {
        number,
        name,
        kind,
        absent,
    }
}

const fn text(number: u32, name: &'static str) -> Field {
    field(number, name, Kind::Text, Absent::Default)
}

const fn maybe(number: u32, name: &'static str) -> Field {
    field(number, name, Kind::Text, Absent::Nothing)
}

const fn texts(number: u32, name: &'static str) -> Field {
    field(number, name, Kind::Text, Absent::List)
}

const fn code(number: u32, name: &'static str) -> Field {
    field(number, name, Kind::Code, Absent::Default)
}

const fn integer(number: u32, name: &'static str) -> Field {
    field(number, name, Kind::Integer, Absent::Nothing)
}

const fn flag(number: u32, name: &'static str) -> Field {
    field(number, name, Kind::Flag, Absent::Nothing)
}

const fn open(number: u32, name: &'static str) -> Field {
    field(number, name, Kind::Open, Absent::Nothing)
}

const fn object(number: u32, name: &'static str) -> Field {
    field(number, name, Kind::OpenObject, Absent::Nothing)
}

const fn one(number: u32, name: &'static str, message: &'static Message) -> Field {
    field(number, name, Kind::Message(message), Absent::Nothing)
}

const fn many(number: u32, name: &'static str, message: &'static Message) -> Field {
    field(number, name, Kind::Message(message), Absent::List)
}

macro_rules! messages {
    ($($ident:ident $name:literal [$($field:expr),* $(,)?])*) => {
        $(static $ident: Message = Message { name: $name, fields: &[$($field),*], is_choice: false };)*
    };
}

/// The envelope of every event: the number of the field is that of the event.
pub(super) static ENVELOPE: Message = Message {
    name: "Event",
    is_choice: false,
    fields: &[
        one(1, "TEXT_MESSAGE_START", &TEXT_MESSAGE_START),
        one(2, "TEXT_MESSAGE_CONTENT", &TEXT_MESSAGE_CONTENT),
        one(3, "TEXT_MESSAGE_END", &TEXT_MESSAGE_END),
        one(4, "TOOL_CALL_START", &TOOL_CALL_START),
        one(5, "TOOL_CALL_ARGS", &TOOL_CALL_ARGS),
        one(6, "TOOL_CALL_END", &TOOL_CALL_END),
        one(7, "STATE_SNAPSHOT", &STATE_SNAPSHOT),
        one(8, "STATE_DELTA", &STATE_DELTA),
        one(9, "MESSAGES_SNAPSHOT", &MESSAGES_SNAPSHOT),
        one(10, "RAW", &RAW),
        one(11, "CUSTOM", &CUSTOM),
        one(12, "RUN_STARTED", &RUN_STARTED),
        one(13, "RUN_FINISHED", &RUN_FINISHED),
        one(14, "RUN_ERROR", &RUN_ERROR),
        one(15, "STEP_STARTED", &STEP_STARTED),
        one(16, "STEP_FINISHED", &STEP_FINISHED),
        one(17, "TEXT_MESSAGE_CHUNK", &TEXT_MESSAGE_CHUNK),
        one(18, "TOOL_CALL_CHUNK", &TOOL_CALL_CHUNK),
        one(19, "SUBAGENT_STARTED", &SUBAGENT_STARTED),
        one(20, "SUBAGENT_FINISHED", &SUBAGENT_FINISHED),
        one(21, "SUBAGENT_ERROR", &SUBAGENT_ERROR),
        one(22, "TOOL_CALL_RESULT", &TOOL_CALL_RESULT),
        one(23, "ACTIVITY_SNAPSHOT", &ACTIVITY_SNAPSHOT),
        one(24, "ACTIVITY_DELTA", &ACTIVITY_DELTA),
        one(25, "REASONING_START", &REASONING_START),
        one(26, "REASONING_MESSAGE_START", &REASONING_MESSAGE_START),
        one(27, "REASONING_MESSAGE_CONTENT", &REASONING_MESSAGE_CONTENT),
        one(28, "REASONING_MESSAGE_END", &REASONING_MESSAGE_END),
        one(29, "REASONING_MESSAGE_CHUNK", &REASONING_MESSAGE_CHUNK),
        one(30, "REASONING_END", &REASONING_END),
        one(31, "REASONING_ENCRYPTED_VALUE", &REASONING_ENCRYPTED_VALUE),
    ],
};

messages! {
    BASE "BaseEvent" [code(1, "type"), integer(2, "timestamp"), open(3, "rawEvent"), object(4, "metadata")]

    TEXT_MESSAGE_START "TextMessageStartEvent" [
        one(1, BASE_FIELD, &BASE), text(2, "messageId"), maybe(3, "role"), maybe(4, "name"), maybe(5, "subagentRunId"),
    ]
    TEXT_MESSAGE_CONTENT "TextMessageContentEvent" [
        one(1, BASE_FIELD, &BASE), text(2, "messageId"), text(3, "delta"), maybe(4, "subagentRunId"),
    ]
    TEXT_MESSAGE_END "TextMessageEndEvent" [
        one(1, BASE_FIELD, &BASE), text(2, "messageId"), maybe(3, "subagentRunId"),
    ]
    TEXT_MESSAGE_CHUNK "TextMessageChunkEvent" [
        one(1, BASE_FIELD, &BASE), maybe(2, "messageId"), maybe(3, "role"), maybe(4, "delta"), maybe(5, "name"),
        maybe(6, "subagentRunId"),
    ]
    TOOL_CALL_START "ToolCallStartEvent" [
        one(1, BASE_FIELD, &BASE), text(2, "toolCallId"), text(3, "toolCallName"), maybe(4, "parentMessageId"),
        maybe(5, "subagentRunId"),
    ]
    TOOL_CALL_ARGS "ToolCallArgsEvent" [
        one(1, BASE_FIELD, &BASE), text(2, "toolCallId"), text(3, "delta"), maybe(4, "subagentRunId"),
    ]
    TOOL_CALL_END "ToolCallEndEvent" [
        one(1, BASE_FIELD, &BASE), text(2, "toolCallId"), maybe(3, "subagentRunId"),
    ]
    TOOL_CALL_CHUNK "ToolCallChunkEvent" [
        one(1, BASE_FIELD, &BASE), maybe(2, "toolCallId"), maybe(3, "toolCallName"), maybe(4, "parentMessageId"),
        maybe(5, "delta"), maybe(6, "subagentRunId"),
    ]
    TOOL_CALL_RESULT "ToolCallResultEvent" [
        one(1, BASE_FIELD, &BASE), maybe(2, "subagentRunId"), text(3, "messageId"), text(4, "toolCallId"),
        maybe(5, "content"), maybe(6, "role"), many(7, "contentParts", &CONTENT_PART),
    ]

    STATE_SNAPSHOT "StateSnapshotEvent" [
        one(1, BASE_FIELD, &BASE), open(2, "snapshot"), maybe(3, "subagentRunId"),
    ]
    STATE_DELTA "StateDeltaEvent" [
        one(1, BASE_FIELD, &BASE), many(2, "delta", &OPERATION), maybe(3, "subagentRunId"),
    ]
    MESSAGES_SNAPSHOT "MessagesSnapshotEvent" [one(1, BASE_FIELD, &BASE), many(2, "messages", &MESSAGE)]
    ACTIVITY_SNAPSHOT "ActivitySnapshotEvent" [
        one(1, BASE_FIELD, &BASE), maybe(2, "subagentRunId"), text(3, "messageId"), text(4, "activityType"),
        object(5, "content"), flag(6, "replace"),
    ]
    ACTIVITY_DELTA "ActivityDeltaEvent" [
        one(1, BASE_FIELD, &BASE), maybe(2, "subagentRunId"), text(3, "messageId"), text(4, "activityType"),
        many(5, "patch", &OPERATION),
    ]
    RAW "RawEvent" [one(1, BASE_FIELD, &BASE), open(2, "event"), maybe(3, "source"), maybe(4, "subagentRunId")]
    CUSTOM "CustomEvent" [one(1, BASE_FIELD, &BASE), text(2, "name"), open(3, "value"), maybe(4, "subagentRunId")]

    RUN_STARTED "RunStartedEvent" [
        one(1, BASE_FIELD, &BASE), text(2, "threadId"), text(3, "runId"), maybe(4, "parentRunId"),
        one(5, "input", &INPUT), maybe(6, "protocolVersion"),
    ]
    RUN_FINISHED "RunFinishedEvent" [
        one(1, BASE_FIELD, &BASE), text(2, "threadId"), text(3, "runId"), open(4, "result"), text(5, "outcome"),
        many(6, "interrupts", &INTERRUPT), many(7, "usage", &USAGE), texts(8, "pendingToolCallIds"),
    ]
    RUN_ERROR "RunErrorEvent" [
        one(1, BASE_FIELD, &BASE), maybe(2, "code"), text(3, "message"), many(4, "usage", &USAGE),
    ]
    STEP_STARTED "StepStartedEvent" [one(1, BASE_FIELD, &BASE), text(2, "stepName"), maybe(3, "subagentRunId")]
    STEP_FINISHED "StepFinishedEvent" [one(1, BASE_FIELD, &BASE), text(2, "stepName"), maybe(3, "subagentRunId")]

    REASONING_START "ReasoningStartEvent" [
        one(1, BASE_FIELD, &BASE), maybe(2, "subagentRunId"), text(3, "messageId"),
    ]
    REASONING_MESSAGE_START "ReasoningMessageStartEvent" [
        one(1, BASE_FIELD, &BASE), maybe(2, "subagentRunId"), text(3, "messageId"), text(4, "role"),
    ]
    REASONING_MESSAGE_CONTENT "ReasoningMessageContentEvent" [
        one(1, BASE_FIELD, &BASE), maybe(2, "subagentRunId"), text(3, "messageId"), text(4, "delta"),
    ]
    REASONING_MESSAGE_END "ReasoningMessageEndEvent" [
        one(1, BASE_FIELD, &BASE), maybe(2, "subagentRunId"), text(3, "messageId"),
    ]
    REASONING_MESSAGE_CHUNK "ReasoningMessageChunkEvent" [
        one(1, BASE_FIELD, &BASE), maybe(2, "subagentRunId"), maybe(3, "messageId"), maybe(4, "delta"),
    ]
    REASONING_END "ReasoningEndEvent" [
        one(1, BASE_FIELD, &BASE), maybe(2, "subagentRunId"), text(3, "messageId"),
    ]
    REASONING_ENCRYPTED_VALUE "ReasoningEncryptedValueEvent" [
        one(1, BASE_FIELD, &BASE), maybe(2, "subagentRunId"), text(3, "subtype"), text(4, "entityId"),
        text(5, "encryptedValue"),
    ]

    SUBAGENT_STARTED "SubagentStartedEvent" [
        one(1, BASE_FIELD, &BASE), text(2, "subagentRunId"), text(3, "name"), maybe(4, "description"),
        maybe(5, "parentSubagentRunId"), maybe(6, "parentToolCallId"), maybe(7, "parentMessageId"),
    ]
    SUBAGENT_FINISHED "SubagentFinishedEvent" [
        one(1, BASE_FIELD, &BASE), text(2, "subagentRunId"), open(3, "result"), text(4, "outcome"),
        texts(5, "interruptIds"),
    ]
    SUBAGENT_ERROR "SubagentErrorEvent" [
        one(1, BASE_FIELD, &BASE), text(2, "subagentRunId"), text(3, "message"), maybe(4, "code"),
    ]

    OPERATION "JsonPatchOperation" [code(1, "op"), text(2, "path"), maybe(3, "from"), open(4, "value")]
    USAGE "Usage" [
        maybe(1, "provider"), maybe(2, "model"), integer(3, "inputTokens"), integer(4, "outputTokens"),
        integer(5, "totalTokens"), integer(6, "reasoningTokens"), integer(7, "cachedInputTokens"),
        integer(8, "cacheWriteInputTokens"),
    ]
    INTERRUPT "Interrupt" [
        text(1, "id"), text(2, "reason"), maybe(3, "message"), maybe(4, "toolCallId"), open(5, "responseSchema"),
        maybe(6, "expiresAt"), open(7, "metadata"), maybe(8, "subagentRunId"),
    ]
    INPUT "RunAgentInput" [
        text(1, "threadId"), text(2, "runId"), maybe(3, "parentRunId"), open(4, "state"),
        many(5, "messages", &MESSAGE), many(6, "tools", &TOOL), many(7, "context", &CONTEXT),
        open(8, "forwardedProps"), many(9, "resume", &RESUME), maybe(10, "protocolVersion"),
    ]
    TOOL "Tool" [text(1, "name"), text(2, "description"), open(3, "parameters"), object(4, "metadata")]
    CONTEXT "Context" [text(1, "description"), text(2, "value")]
    RESUME "ResumeEntry" [text(1, "interruptId"), text(2, "status"), open(3, "payload"), object(4, "metadata")]
    MESSAGE "Message" [
        text(1, "id"), text(2, "role"), maybe(3, "content"), maybe(4, "name"), many(5, "toolCalls", &TOOL_CALL),
        maybe(6, "toolCallId"), maybe(7, "error"), many(8, "contentParts", &CONTENT_PART), object(9, "metadata"),
        maybe(10, "subagentRunId"), maybe(11, "encryptedValue"), maybe(12, "activityType"),
        object(13, "activityContent"),
    ]
    TOOL_CALL "ToolCall" [
        text(1, "id"), text(2, "type"), one(3, "function", &FUNCTION), object(4, "metadata"),
        maybe(5, "encryptedValue"),
    ]
    FUNCTION "ToolCall.Function" [text(1, "name"), text(2, "arguments")]

    TEXT_PART "TextInputPart" [text(1, "text"), maybe(2, "id"), open(3, "metadata")]
    MEDIA_PART "media part" [one(1, "source", &SOURCE), open(2, "metadata"), maybe(3, "id")]
    DATA_SOURCE "InputContentDataSource" [text(1, "value"), text(2, "mimeType")]
    URL_SOURCE "InputContentUrlSource" [text(1, "value"), maybe(2, "mimeType")]
    FILE_SOURCE "InputContentFileSource" [text(1, "value"), maybe(2, "provider"), maybe(3, "mimeType")]
}

static CONTENT_PART: Message = Message {
    name: "InputContent",
    is_choice: true,
    fields: &[
        one(1, "text", &TEXT_PART),
        one(2, "image", &MEDIA_PART),
        one(3, "audio", &MEDIA_PART),
        one(4, "video", &MEDIA_PART),
        one(5, "document", &MEDIA_PART),
    ],
};

static SOURCE: Message = Message {
    name: "InputContentSource",
    is_choice: true,
    fields: &[
        one(1, "data", &DATA_SOURCE),
        one(2, "url", &URL_SOURCE),
        one(3, "file", &FILE_SOURCE),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventType;

    fn check(message: &Message, depth: usize) {
        assert!(depth < 12, "{} holds itself", message.name);
        for (field, number) in message.fields.iter().zip(1..) {
            assert_eq!(field.number, number, "{} of {}", field.name, message.name);
            if let Kind::Message(inner) = field.kind {
                check(inner, depth + 1);
            }
        }
    }

    #[test]
    fn tables_count_from_one_without_gaps() {
        check(&ENVELOPE, 0);
    }

    #[test]
    fn every_event_of_the_protocol_has_a_place_and_a_number() {
        let known = EventType::KNOWN.iter().filter(|known| !known.is_retired());
        for event in known {
            assert!(
                ENVELOPE.fields.iter().any(|field| field.name == event.name()),
                "{event}"
            );
            assert!((0..31).any(|code| event_name(code) == Some(event.name())), "{event}");
        }
        assert_eq!(
            (ENVELOPE.fields.len(), event_name(31), event_name(-1)),
            (31, None, None)
        );
    }
}
