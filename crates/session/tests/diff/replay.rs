//! A capture and the capture of its replay.

use scrubjay_session::diff::Level;

use crate::side::{by_frames, compare, exchange};

const REQUEST: &str = r#"{"threadId":"T","runId":"R","state":{"n":0},"messages":[{"id":"u1","role":"user","content":"weather?"}],"tools":[{"name":"get","description":"d","parameters":{}}],"context":[],"forwardedProps":{}}"#;

/// A run with ids of a thread, in events, in a snapshot, in an echoed input and in the state.
fn body(thread: &str, run: &str) -> String {
    let input = REQUEST
        .replace("\"T\"", &format!("\"{thread}\""))
        .replace("\"R\"", &format!("\"{run}\""));
    [
        format!(r#"{{"type":"RUN_STARTED","threadId":"{thread}","runId":"{run}","input":{input}}}"#),
        format!(r#"{{"type":"STATE_SNAPSHOT","snapshot":{{"threadId":"{thread}","n":1}}}}"#),
        format!(r#"{{"type":"TOOL_CALL_START","toolCallId":"{run}-c","toolCallName":"get"}}"#),
        format!(r#"{{"type":"TOOL_CALL_ARGS","toolCallId":"{run}-c","delta":"{{\"runId\":\"{run}\"}}"}}"#),
        format!(r#"{{"type":"TOOL_CALL_END","toolCallId":"{run}-c"}}"#),
        format!(r#"{{"type":"TOOL_CALL_RESULT","toolCallId":"{run}-c","messageId":"{run}-m","content":"sunny","role":"tool"}}"#),
        r#"{"type":"STATE_DELTA","delta":[{"op":"replace","path":"/n","value":2}]}"#.to_owned(),
        format!(r#"{{"type":"RUN_FINISHED","threadId":"{thread}","runId":"{run}","outcome":{{"type":"success"}}}}"#),
    ]
    .map(|event| format!("data: {event}\n\n"))
    .concat()
}

fn request(thread: &str, run: &str) -> String {
    REQUEST
        .replace("\"T\"", &format!("\"{thread}\""))
        .replace("\"R\"", &format!("\"{run}\""))
}

#[test]
fn a_faithful_replay_is_the_same_at_every_level() {
    let (request, body) = (request("thread-1", "run-1"), body("thread-1", "run-1"));
    let cuts: Vec<usize> = (0..body.len()).step_by(61).collect();
    let capture = exchange(request.as_bytes(), body.as_bytes(), &cuts);
    let replayed = exchange(request.as_bytes(), body.as_bytes(), &cuts);
    for level in Level::ALL {
        assert!(compare(&capture, &replayed, level).is_same(), "{}", level.as_str());
    }
}

#[test]
fn a_replay_under_other_ids_is_the_same_at_every_level() {
    let capture = by_frames(
        request("thread-1", "run-1").as_bytes(),
        body("thread-1", "run-1").as_bytes(),
    );
    let (thread, run) = ("a-much-longer-thread-id-0001", "r2");
    let replayed = by_frames(request(thread, run).as_bytes(), body(thread, run).as_bytes());
    for level in Level::ALL {
        let mut comparison = compare(&capture, &replayed, level);
        let first = comparison.first().unwrap();
        assert!(comparison.is_same(), "{}: {first:?}", level.as_str());
    }
}

#[test]
fn a_replay_in_one_piece_is_the_same_but_for_the_wire() {
    let (request, body) = (request("thread-1", "run-1"), body("thread-1", "run-1"));
    let capture = by_frames(request.as_bytes(), body.as_bytes());
    let replayed = exchange(request.as_bytes(), body.as_bytes(), &[]);
    for level in [Level::Behaviour, Level::State, Level::Text] {
        assert!(compare(&capture, &replayed, level).is_same(), "{}", level.as_str());
    }
    let mut wire = compare(&capture, &replayed, Level::Wire);
    assert_eq!(wire.first().unwrap().unwrap().path, "/chunks");
}

#[test]
fn an_id_that_names_another_thing_is_a_difference() {
    let calls = |result_of: &str| {
        let call = |id: &str| {
            format!(
                "data: {{\"type\":\"TOOL_CALL_START\",\"toolCallId\":\"{id}\",\"toolCallName\":\"get\"}}\n\ndata: {{\"type\":\"TOOL_CALL_ARGS\",\"toolCallId\":\"{id}\",\"delta\":\"{{}}\"}}\n\n"
            )
        };
        format!(
            "{}{}data: {{\"type\":\"STATE_SNAPSHOT\",\"snapshot\":{{\"callId\":\"{result_of}\"}}}}\n\n",
            call("call-one"),
            call("call-two"),
        )
    };
    let (one, other) = (
        by_frames(b"", calls("call-one").as_bytes()),
        by_frames(b"", calls("call-two").as_bytes()),
    );
    let mut comparison = compare(&one, &other, Level::State);
    assert_eq!(comparison.first().unwrap().unwrap().path, "/state/callId");
}
