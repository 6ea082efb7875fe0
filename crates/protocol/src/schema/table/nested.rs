//! What the events of the table are made of.

use super::super::shape::{
    Field, Object,
    Shape::{
        self, Any, AnyButNullIsAbsent, List, Map, NonEmptyList, NotNull, OneOf, Pointer, Tagged, Text, TextOrList,
        Whole,
    },
    listed, optional, required,
};

// JSON Patch.

pub(super) const PATCH: Shape = List(&Tagged(
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

pub(super) const TEXT_OR_PARTS: Shape = TextOrList(&Tagged(
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

pub(super) const MESSAGE: Shape = Tagged(
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

pub(super) const OUTCOMES: &[(&str, &Object)] = &[
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

pub(super) const SUBAGENT_OUTCOMES: &[(&str, &Object)] = &[
    ("success", &Object::new(&[], &[required("type", Any)])),
    (
        "suspended",
        &Object::new(&[], &[required("type", Any), optional("interruptIds", List(&Text))]),
    ),
];

const COUNT: Shape = Whole { least: 0.0 };

pub(super) const USAGE: Object = Object::new(
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

pub(super) const INPUT: Object = Object::new(
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
