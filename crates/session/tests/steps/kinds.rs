//! Each kind of event, as often as wanted.

/// Frames of one kind.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// Events that go before.
    pub(crate) before: &'static [&'static str],
    /// The frame at a place, of so many.
    pub(crate) frame: fn(u32, u32) -> String,
    /// The same of a side that is compared with it.
    pub(crate) changed: Option<fn(u32, u32) -> String>,
    pub(crate) is_asked: bool,
    pub(crate) is_compared: bool,
}

pub(crate) const REQUEST: &[u8] = br#"{"threadId":"t","runId":"r","state":{"list":[],"text":""},"messages":[{"id":"u","role":"user","content":"a question that is asked"},{"id":"held","role":"assistant","content":"an answer of more than forty characters, so that it is compared","toolCalls":[{"id":"known","type":"function","function":{"name":"find","arguments":"{\"to\":\"Oslo\"}"}}]}],"tools":[{"name":"find","parameters":{"type":"object"}}],"context":[],"forwardedProps":{}}"#;

/// An event as a frame.
pub(crate) fn data(event: &str) -> String {
    format!("data: {event}\n\n")
}

const RUN: &str = r#"{"type":"RUN_STARTED","threadId":"t","runId":"r"}"#;
const FLIGHTS: &str = r#"{"type":"TOOL_CALL_START","toolCallId":"one","toolCallName":"find"}"#;
const MESSAGE: &str = r#"{"type":"TEXT_MESSAGE_START","messageId":"one","role":"assistant"}"#;
const THOUGHT: &str = r#"{"type":"REASONING_START","messageId":"one"}"#;
const PLAN: &str = r#"{"type":"ACTIVITY_SNAPSHOT","messageId":"one","activityType":"PLAN","content":{"list":[]}}"#;

const fn kind(name: &'static str, before: &'static [&'static str], frame: fn(u32, u32) -> String) -> Kind {
    Kind {
        name,
        before,
        frame,
        changed: None,
        is_asked: false,
        is_compared: false,
    }
}

const fn asked(kind: Kind) -> Kind {
    Kind { is_asked: true, ..kind }
}

const fn compared(kind: Kind, changed: fn(u32, u32) -> String) -> Kind {
    Kind {
        changed: Some(changed),
        is_compared: true,
        ..kind
    }
}

/// The first half of the places opens, the second half goes on with what is open.
fn halves(place: u32, count: u32, open: impl Fn(u32) -> String, go_on: impl Fn(u32) -> String) -> String {
    match place < count / 2 {
        true => open(place),
        false => go_on(place - count / 2),
    }
}

fn start(id: u32) -> String {
    data(&format!(
        r#"{{"type":"TOOL_CALL_START","toolCallId":"c{id}","toolCallName":"find"}}"#
    ))
}

fn text_start(id: u32) -> String {
    data(&format!(
        r#"{{"type":"TEXT_MESSAGE_START","messageId":"m{id}","role":"assistant"}}"#
    ))
}

/// A call in three events.
fn call(place: u32, to: &str) -> String {
    let id = place / 3;
    match place % 3 {
        0 => start(id),
        1 => data(&format!(
            r#"{{"type":"TOOL_CALL_ARGS","toolCallId":"c{id}","delta":"{{\"to\":\"{to} {id}\",\"at\":{id}}}"}}"#
        )),
        _ => data(&format!(r#"{{"type":"TOOL_CALL_END","toolCallId":"c{id}"}}"#)),
    }
}

fn said(place: u32, what: &str) -> String {
    let id = place / 3;
    match place % 3 {
        0 => text_start(id),
        1 => data(&format!(
            r#"{{"type":"TEXT_MESSAGE_CONTENT","messageId":"m{id}","delta":"{what} number {id} of the many that are said"}}"#
        )),
        _ => data(&format!(r#"{{"type":"TEXT_MESSAGE_END","messageId":"m{id}"}}"#)),
    }
}

fn delta(operation: &str) -> String {
    data(&format!(r#"{{"type":"STATE_DELTA","delta":[{operation}]}}"#))
}

/// A number that follows no order.
fn scattered(place: u32, below: u32) -> u32 {
    (u64::from(place).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as u32 % below.max(1)
}

pub(crate) static KINDS: &[Kind] = &[
    // ---- runs
    kind("runs that begin", &[], |place, _| {
        data(&format!(
            r#"{{"type":"RUN_STARTED","threadId":"t","runId":"r{place}"}}"#
        ))
    }),
    asked(kind("runs that begin and end", &[], |place, _| match place % 2 {
        0 => data(&format!(
            r#"{{"type":"RUN_STARTED","threadId":"t","runId":"r{place}"}}"#
        )),
        _ => data(&format!(
            r#"{{"type":"RUN_FINISHED","threadId":"t","runId":"r{}","outcome":{{"type":"interrupt","interrupts":[{{"id":"i{place}","reason":"confirmation"}}]}}}}"#,
            place - 1
        )),
    })),
    kind("runs that fail while much is open", &[RUN], |place, count| {
        halves(place, count, start, |id| {
            data(&format!(r#"{{"type":"RUN_ERROR","message":"no {id}"}}"#))
        })
    }),
    kind("runs that end while something is open", &[RUN], |place, _| {
        match place % 3 {
            0 => data(RUN),
            1 => start(place),
            _ => data(r#"{"type":"RUN_FINISHED","threadId":"t","runId":"r"}"#),
        }
    }),
    // ---- steps
    kind("steps that begin", &[RUN], |place, _| {
        data(&format!(r#"{{"type":"STEP_STARTED","stepName":"s{place}"}}"#))
    }),
    kind("steps that end and never began", &[RUN], |place, count| {
        halves(
            place,
            count,
            |id| {
                data(&format!(
                    r#"{{"type":"STEP_STARTED","stepName":"s{id}","subagentRunId":"a{id}"}}"#
                ))
            },
            |id| data(&format!(r#"{{"type":"STEP_FINISHED","stepName":"s{}"}}"#, id % 7)),
        )
    }),
    compared(
        kind("steps that begin and end", &[RUN], |place, _| match place % 2 {
            0 => data(&format!(r#"{{"type":"STEP_STARTED","stepName":"s{place}"}}"#)),
            _ => data(&format!(r#"{{"type":"STEP_FINISHED","stepName":"s{}"}}"#, place - 1)),
        }),
        |place, _| match place % 2 {
            0 => data(&format!(
                r#"{{"type":"STEP_STARTED","stepName":"s{}"}}"#,
                place + place % 6
            )),
            _ => data(&format!(
                r#"{{"type":"STEP_FINISHED","stepName":"s{}"}}"#,
                place - 1 + (place - 1) % 6
            )),
        },
    ),
    // ---- text
    asked(kind("messages that begin", &[RUN], |place, _| text_start(place))),
    asked(compared(
        kind("messages that begin and end", &[RUN], |place, _| {
            said(place, "something")
        }),
        |place, _| said(place, "another thing"),
    )),
    kind("messages that interleave", &[RUN], |place, count| {
        halves(place, count, text_start, |id| {
            data(&format!(
                r#"{{"type":"TEXT_MESSAGE_CONTENT","messageId":"m{id}","delta":"more"}}"#
            ))
        })
    }),
    asked(kind("one text that grows", &[RUN, MESSAGE], |place, _| {
        data(&format!(
            r#"{{"type":"TEXT_MESSAGE_CONTENT","messageId":"one","delta":"word {place} "}}"#
        ))
    })),
    kind("one text that ends again and again", &[RUN, MESSAGE], |place, count| {
        halves(
            place,
            count,
            |id| {
                data(&format!(
                    r#"{{"type":"TEXT_MESSAGE_CONTENT","messageId":"one","delta":"word {id} "}}"#
                ))
            },
            |id| match id % 2 {
                0 => data(r#"{"type":"TEXT_MESSAGE_END","messageId":"one"}"#),
                _ => data(MESSAGE),
            },
        )
    }),
    kind("chunks of text", &[RUN], |place, _| {
        data(&format!(
            r#"{{"type":"TEXT_MESSAGE_CHUNK","messageId":"m{place}","delta":"x"}}"#
        ))
    }),
    kind("chunks of text of many agents", &[RUN], |place, count| {
        halves(
            place,
            count,
            |id| {
                data(&format!(
                    r#"{{"type":"TEXT_MESSAGE_CHUNK","messageId":"m{id}","subagentRunId":"a{id}","delta":"x"}}"#
                ))
            },
            |id| {
                data(&format!(
                    r#"{{"type":"TEXT_MESSAGE_CHUNK","messageId":"m{id}","delta":"y"}}"#
                ))
            },
        )
    }),
    kind("metadata of one message", &[RUN, MESSAGE], |place, _| {
        data(&format!(
            r#"{{"type":"TEXT_MESSAGE_CONTENT","messageId":"one","delta":"x","metadata":{{"k{place}":1}}}}"#
        ))
    }),
    // ---- tools
    asked(compared(
        kind("calls that begin", &[RUN], |place, _| start(place)),
        |place, _| start(place + 1),
    )),
    kind("calls that begin in one message", &[RUN, MESSAGE], |place, _| {
        data(&format!(
            r#"{{"type":"TOOL_CALL_START","toolCallId":"c{place}","toolCallName":"find","parentMessageId":"one"}}"#
        ))
    }),
    kind("calls in one message that go on", &[RUN, MESSAGE], |place, count| {
        halves(
            place,
            count,
            |id| {
                data(&format!(
                    r#"{{"type":"TOOL_CALL_START","toolCallId":"c{id}","toolCallName":"find","parentMessageId":"one"}}"#
                ))
            },
            |id| {
                data(&format!(
                    r#"{{"type":"TOOL_CALL_ARGS","toolCallId":"c{id}","delta":"{{}}"}}"#
                ))
            },
        )
    }),
    asked(compared(
        kind("calls that begin and end", &[RUN], |place, _| call(place, "Oslo")),
        |place, _| call(place, "Bergen"),
    )),
    compared(
        kind("calls that interleave", &[RUN], |place, count| {
            halves(place, count, start, |id| {
                data(&format!(
                    r#"{{"type":"TOOL_CALL_ARGS","toolCallId":"c{id}","delta":"{{\"n\":{id}}}"}}"#
                ))
            })
        }),
        |place, count| {
            halves(place, count, start, |id| {
                data(&format!(
                    r#"{{"type":"TOOL_CALL_ARGS","toolCallId":"c{id}","delta":"{{\"n\":{}}}"}}"#,
                    id + 1
                ))
            })
        },
    ),
    kind("calls inside of open messages", &[RUN], |place, count| {
        halves(place, count, text_start, start)
    }),
    kind("arguments that grow", &[RUN, FLIGHTS], |_, _| {
        data(r#"{"type":"TOOL_CALL_ARGS","toolCallId":"one","delta":"xyz"}"#)
    }),
    kind("a call that ends again and again", &[RUN, FLIGHTS], |place, count| {
        halves(
            place,
            count,
            |_| data(r#"{"type":"TOOL_CALL_ARGS","toolCallId":"one","delta":" 1234567"}"#),
            |id| match id % 2 {
                0 => data(r#"{"type":"TOOL_CALL_END","toolCallId":"one"}"#),
                _ => data(FLIGHTS),
            },
        )
    }),
    kind("chunks of calls", &[RUN], |place, _| {
        data(&format!(
            r#"{{"type":"TOOL_CALL_CHUNK","toolCallId":"c{place}","toolCallName":"find","delta":"{{}}"}}"#
        ))
    }),
    asked(kind("results of one call", &[RUN, FLIGHTS], |place, _| {
        data(&format!(
            r#"{{"type":"TOOL_CALL_RESULT","messageId":"x{place}","toolCallId":"one","content":"ok"}}"#
        ))
    })),
    kind(
        "results of a call before other messages",
        &[RUN, FLIGHTS, MESSAGE],
        |place, _| {
            data(&format!(
                r#"{{"type":"TOOL_CALL_RESULT","messageId":"x{place}","toolCallId":"one","content":"ok"}}"#
            ))
        },
    ),
    kind("results under one id", &[RUN, FLIGHTS], |_, _| {
        data(r#"{"type":"TOOL_CALL_RESULT","messageId":"x","toolCallId":"one","content":"ok"}"#)
    }),
    kind("results of calls that are not there", &[RUN], |place, _| {
        data(&format!(
            r#"{{"type":"TOOL_CALL_RESULT","messageId":"x{place}","toolCallId":"c{place}","content":"ok"}}"#
        ))
    }),
    // ---- state
    kind("snapshots of the state", &[RUN], |place, _| {
        data(&format!(
            r#"{{"type":"STATE_SNAPSHOT","snapshot":{{"n":{place},"list":[1,2,3]}}}}"#
        ))
    }),
    asked(compared(
        kind("deltas that add a key", &[RUN], |place, _| {
            delta(&format!(r#"{{"op":"add","path":"/k{place}","value":{place}}}"#))
        }),
        |place, _| delta(&format!(r#"{{"op":"add","path":"/k{place}","value":{}}}"#, place / 2)),
    )),
    asked(kind("deltas that append", &[RUN], |place, _| {
        delta(&format!(r#"{{"op":"add","path":"/list/-","value":{place}}}"#))
    })),
    kind("deltas that put before all others", &[RUN], |place, _| {
        delta(&format!(r#"{{"op":"add","path":"/list/0","value":{place}}}"#))
    }),
    kind("deltas that put anywhere and take away", &[RUN], |place, _| {
        match place % 3 {
            2 => delta(r#"{"op":"remove","path":"/list/0"}"#),
            _ => delta(&format!(
                r#"{{"op":"add","path":"/list/{}","value":{{"n":{place}}}}}"#,
                scattered(place, place / 3 + 1)
            )),
        }
    }),
    kind("deltas that fail", &[RUN], |place, _| {
        delta(&format!(r#"{{"op":"replace","path":"/missing/{place}","value":1}}"#))
    }),
    asked(kind("patches of which much is lost", &[RUN], |place, _| {
        delta(&format!(
            r#"{{"op":"add","path":"/k{place}","value":{place}}},{{"op":"add","path":"/list/0","value":1}},{{"op":"remove","path":"/no"}}"#
        ))
    })),
    asked(kind("items put in before what is lost", &[RUN], |place, count| {
        halves(
            place,
            count,
            |place| match place < 300 {
                true => delta(r#"{"op":"add","path":"/list/0","value":{"a":1}}"#),
                false => delta(&format!(
                    r#"{{"op":"replace","path":"/list/{}/a","value":2}},{{"op":"remove","path":"/no"}}"#,
                    place % 300
                )),
            },
            |_| delta(r#"{"op":"add","path":"/list/0","value":1}"#),
        )
    })),
    kind("deltas that test one long text", &[RUN, LONG], |_, _| {
        delta(r#"{"op":"test","path":"/text","value":"no"}"#)
    }),
    kind("deltas that look into one long text", &[RUN, ROOT], |place, _| {
        delta(&format!(r#"{{"op":"test","path":"/{place}","value":"no"}}"#))
    }),
    kind("deltas that copy", &[RUN], |place, _| {
        delta(&format!(r#"{{"op":"copy","from":"/list","path":"/c{}"}}"#, place % 50))
    }),
    // ---- snapshots of messages
    kind("snapshots of one message", &[RUN], |place, _| {
        data(&format!(
            r#"{{"type":"MESSAGES_SNAPSHOT","messages":[{{"id":"m{place}","role":"user","content":"x"}}]}}"#
        ))
    }),
    kind("snapshots that leave reasoning alone", &[RUN], |place, _| {
        match place % 2 {
            0 => data(&format!(
                r#"{{"type":"REASONING_MESSAGE_START","messageId":"r{place}","role":"reasoning"}}"#
            )),
            _ => data(r#"{"type":"MESSAGES_SNAPSHOT","messages":[]}"#),
        }
    }),
    kind("snapshots that leave activities alone", &[RUN], |place, _| {
        match place % 2 {
            0 => data(&format!(
                r#"{{"type":"ACTIVITY_SNAPSHOT","messageId":"a{place}","activityType":"T{}","content":{{}}}}"#,
                place % 9
            )),
            _ => data(
                r#"{"type":"MESSAGES_SNAPSHOT","messages":[],"metadata":{"@ag-ui/client":{"authoritativeActivityTypes":["OTHER"]}}}"#,
            ),
        }
    }),
    kind("snapshots between messages", &[RUN], |place, _| match place % 4 {
        3 => data(r#"{"type":"MESSAGES_SNAPSHOT","messages":[{"id":"u","role":"user","content":"x"}]}"#),
        _ => said(place, "something"),
    }),
    // ---- activities
    kind("activities", &[RUN], |place, _| {
        data(&format!(
            r#"{{"type":"ACTIVITY_SNAPSHOT","messageId":"a{place}","activityType":"PLAN","content":{{"n":{place}}}}}"#
        ))
    }),
    kind("activities of many types", &[RUN], |place, _| {
        data(&format!(
            r#"{{"type":"ACTIVITY_SNAPSHOT","messageId":"a{place}","activityType":"T{place}","content":{{}}}}"#
        ))
    }),
    compared(
        kind("one activity that grows", &[RUN, PLAN], |place, _| {
            data(&format!(
                r#"{{"type":"ACTIVITY_DELTA","messageId":"one","activityType":"PLAN","patch":[{{"op":"add","path":"/list/-","value":{place}}}]}}"#
            ))
        }),
        |place, _| {
            data(&format!(
                r#"{{"type":"ACTIVITY_DELTA","messageId":"one","activityType":"PLAN","patch":[{{"op":"add","path":"/list/-","value":{}}}]}}"#,
                place + 1
            ))
        },
    ),
    kind("deltas of activities that are not there", &[RUN], |place, _| {
        data(&format!(
            r#"{{"type":"ACTIVITY_DELTA","messageId":"a{place}","activityType":"PLAN","patch":[]}}"#
        ))
    }),
    // ---- reasoning
    kind("reasoning that begins", &[RUN], |place, _| {
        data(&format!(r#"{{"type":"REASONING_START","messageId":"r{place}"}}"#))
    }),
    kind("reasoning that begins and ends", &[RUN], |place, _| {
        let id = place / 2;
        data(&format!(
            r#"{{"type":"REASONING_{}","messageId":"r{id}"}}"#,
            ["START", "END"][place as usize % 2]
        ))
    }),
    kind("messages inside of one reasoning", &[RUN, THOUGHT], |place, _| {
        let id = place / 2;
        data(&format!(
            r#"{{"type":"REASONING_MESSAGE_{}","messageId":"r{id}","role":"reasoning"}}"#,
            ["START", "END"][place as usize % 2]
        ))
    }),
    kind("chunks of reasoning", &[RUN], |place, _| {
        data(&format!(
            r#"{{"type":"REASONING_MESSAGE_CHUNK","messageId":"r{}","delta":"x"}}"#,
            place / 4
        ))
    }),
    kind("encrypted values", &[RUN], |place, _| {
        data(&format!(
            r#"{{"type":"REASONING_ENCRYPTED_VALUE","subtype":"message","entityId":"r{place}","encryptedValue":"x"}}"#
        ))
    }),
    kind("thinking", &[RUN], |place, _| {
        data(
            [
                "{\"type\":\"THINKING_START\"}",
                "{\"type\":\"THINKING_TEXT_MESSAGE_START\"}",
                "{\"type\":\"THINKING_TEXT_MESSAGE_END\"}",
                "{\"type\":\"THINKING_END\"}",
            ][place as usize % 4],
        )
    }),
    // ---- sub-agents
    kind("sub-agents that begin", &[RUN], |place, _| {
        data(&format!(
            r#"{{"type":"SUBAGENT_STARTED","subagentRunId":"a{place}","name":"n"}}"#
        ))
    }),
    compared(
        kind("sub-agents that begin and end", &[RUN], |place, _| {
            let id = place / 2;
            data(&format!(
                r#"{{"type":"SUBAGENT_{}","subagentRunId":"a{id}","name":"n"}}"#,
                ["STARTED", "FINISHED"][place as usize % 2]
            ))
        }),
        |place, _| {
            let id = place / 2;
            data(&format!(
                r#"{{"type":"SUBAGENT_{}","subagentRunId":"a{id}","name":"n{}"}}"#,
                ["STARTED", "FINISHED"][place as usize % 2],
                id % 5
            ))
        },
    ),
    kind(
        "sub-agents inside of each other",
        &[RUN, r#"{"type":"SUBAGENT_STARTED","subagentRunId":"a","name":"n"}"#],
        |place, _| {
            data(&format!(
                r#"{{"type":"SUBAGENT_STARTED","subagentRunId":"a{place}","name":"n","parentSubagentRunId":"{}"}}"#,
                match place {
                    0 => "a".to_owned(),
                    place => format!("a{}", place - 1),
                }
            ))
        },
    ),
    // ---- the rest
    kind("raw events", &[RUN], |place, _| {
        data(&format!(r#"{{"type":"RAW","event":{{"type":"error","n":{place}}}}}"#))
    }),
    compared(
        kind("custom events", &[RUN], |place, _| {
            data(&format!(r#"{{"type":"CUSTOM","name":"progress","value":{place}}}"#))
        }),
        |place, _| {
            data(&format!(
                r#"{{"type":"CUSTOM","name":"progress","value":{}}}"#,
                scattered(place, 1_000)
            ))
        },
    ),
    asked(kind("comments", &[RUN], |place, _| format!(": keep-alive {place}\n\n"))),
    asked(kind("malformed frames", &[RUN], |place, _| data(&format!("{{{place}")))),
    kind("unknown events", &[RUN], |place, _| {
        data(&format!(r#"{{"type":"META_{place}"}}"#))
    }),
    kind("frames that end in CR LF", &[RUN], |place, _| {
        format!("data: {{\"type\":\"CUSTOM\",\"name\":\"n\",\"value\":{place}}}\r\n\r\n")
    }),
    kind("events that were not refused at first", &[], |place, _| {
        data(&format!(r#"{{"type":"TOOL_CALL_END","toolCallId":"c{place}"}}"#))
    }),
];

const LONG: &str = concat!(
    r#"{"type":"STATE_SNAPSHOT","snapshot":{"text":""#,
    "0123456789012345678901234567890123456789012345678901234567890123456789",
    "0123456789012345678901234567890123456789012345678901234567890123456789",
    r#""}}"#
);
const ROOT: &str = r#"{"type":"STATE_SNAPSHOT","snapshot":"0123456789012345678901234567890123456789"}"#;
