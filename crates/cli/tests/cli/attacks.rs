//! Streams that are made to cost those who read them. Tests make them small
//! enough for each change, and the benchmark `bench_hostile` makes them large.

use std::fmt::Write as _;

const RUN: &str = r#"{"type":"RUN_STARTED","threadId":"t","runId":"r"}"#;

fn data(body: &mut String, event: &str) {
    write!(body, "data: {event}\n\n").unwrap();
}

/// A run with so many events.
pub(crate) fn many(count: usize, event: impl Fn(usize) -> String) -> String {
    let mut body = String::new();
    data(&mut body, RUN);
    (0..count).for_each(|place| data(&mut body, &event(place)));
    body
}

/// Tool calls that never end.
pub(crate) fn open_calls(count: usize) -> String {
    many(count, |place| {
        format!(r#"{{"type":"TOOL_CALL_START","toolCallId":"c{place}","toolCallName":"f"}}"#)
    })
}

/// A state that is copied into itself, twice as large each time.
pub(crate) fn copied(times: usize) -> String {
    let operations: Vec<String> = (0..times)
        .map(|place| format!(r#"{{"op":"copy","from":"","path":"/k{place}"}}"#))
        .collect();
    many(2, |place| match place {
        0 => r#"{"type":"STATE_SNAPSHOT","snapshot":{"text":"0123456789"}}"#.to_owned(),
        _ => format!(r#"{{"type":"STATE_DELTA","delta":[{}]}}"#, operations.join(",")),
    })
}

/// Arrays in arrays, deeper each time.
pub(crate) fn nested(count: usize) -> String {
    many(count, |place| {
        let depth = 300 + place * 10;
        format!(
            r#"{{"type":"STATE_SNAPSHOT","snapshot":{}1{}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        )
    })
}

/// One event that is as large as a file may be.
pub(crate) fn large_event(len: usize) -> String {
    let text = "0123456789abcdef".repeat(len / 16);
    many(1, |_| format!(r#"{{"type":"CUSTOM","name":"n","value":"{text}"}}"#))
}

/// Ends of messages that never started: each is a finding.
pub(crate) fn findings(count: usize) -> String {
    many(count, |place| {
        format!(r#"{{"type":"TEXT_MESSAGE_END","messageId":"m{place}"}}"#)
    })
}

/// A state with so many members, and an array of twice as many items.
pub(crate) fn wide(members: usize) -> String {
    let items = vec!["0"; members * 2].join(",");
    let members: Vec<String> = (0..members).map(|place| format!("\"k{place}\":{place}")).collect();
    many(2, |place| match place {
        0 => format!(r#"{{"type":"STATE_SNAPSHOT","snapshot":{{{}}}}}"#, members.join(",")),
        _ => format!(r#"{{"type":"STATE_DELTA","delta":[{{"op":"add","path":"/list","value":[{items}]}}]}}"#),
    })
}

/// A list that grows at its front, an item an event.
pub(crate) fn inserted(count: usize) -> String {
    many(count, |place| match place {
        0 => r#"{"type":"STATE_SNAPSHOT","snapshot":{"list":[]}}"#.to_owned(),
        _ => format!(r#"{{"type":"STATE_DELTA","delta":[{{"op":"add","path":"/list/0","value":{place}}}]}}"#),
    })
}

/// One message of so many pieces.
pub(crate) fn pieces(count: usize) -> String {
    many(count, |place| match place {
        0 => r#"{"type":"TEXT_MESSAGE_START","messageId":"m","role":"assistant"}"#.to_owned(),
        _ => format!(r#"{{"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":"{place} "}}"#),
    })
}

/// Messages whose ids are this long.
pub(crate) fn long_ids(count: usize, len: usize) -> String {
    let id = "i".repeat(len);
    many(count, |place| match place % 2 {
        0 => format!(r#"{{"type":"TEXT_MESSAGE_START","messageId":"{id}{place}"}}"#),
        _ => format!(r#"{{"type":"TEXT_MESSAGE_CONTENT","messageId":"{id}","delta":"x"}}"#),
    })
}

/// Snapshots that repeat the conversation, so many messages longer each time,
/// and interrupts at the end.
pub(crate) fn repeated(snapshots: usize, messages: usize, interrupts: usize) -> String {
    let interrupts: Vec<String> = (0..interrupts)
        .map(|place| format!(r#"{{"id":"i{place}","reason":"r"}}"#))
        .collect();
    let interrupts = interrupts.join(",");
    many(snapshots + 1, |place| {
        if place == snapshots {
            return format!(
                r#"{{"type":"RUN_FINISHED","threadId":"t","runId":"r","outcome":{{"type":"interrupt","interrupts":[{interrupts}]}}}}"#
            );
        }
        let messages: Vec<String> = (0..place * messages)
            .map(|message| format!(r#"{{"id":"m{message}","role":"user","content":"c{message}"}}"#))
            .collect();
        format!(r#"{{"type":"MESSAGES_SNAPSHOT","messages":[{}]}}"#, messages.join(","))
    })
}

/// Events of a type that the protocol does not have.
pub(crate) fn unknown(count: usize) -> String {
    many(count, |place| format!(r#"{{"type":"TYPE_{place}","value":{place}}}"#))
}

/// Frames that hold a comment and no event.
pub(crate) fn comments(count: usize) -> String {
    ":\n\n".repeat(count)
}

/// Empty lines, which end no frame.
pub(crate) fn empty_lines(count: usize) -> String {
    "\n".repeat(count)
}
