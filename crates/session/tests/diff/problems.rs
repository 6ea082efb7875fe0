//! Problems that only one side has.

use scrubjay_session::diff::{Level, report};

use crate::side::{by_frames, compare};

/// A run that calls a tool of this name, then patches a path that its state does not have.
fn body(tool: &str, path: &str) -> Vec<u8> {
    let events = [
        r#"{"type":"RUN_STARTED","threadId":"t","runId":"r"}"#.to_owned(),
        r#"{"type":"STATE_SNAPSHOT","snapshot":{"a":1}}"#.to_owned(),
        format!(r#"{{"type":"TOOL_CALL_START","toolCallId":"c","toolCallName":"{tool}"}}"#),
        r#"{"type":"TOOL_CALL_END","toolCallId":"c"}"#.to_owned(),
        format!(r#"{{"type":"CUSTOM","name":"{tool}","value":"{tool}"}}"#),
        format!(r#"{{"type":"STATE_DELTA","delta":[{{"op":"replace","path":"{path}","value":1}}]}}"#),
        r#"{"type":"RUN_FINISHED","threadId":"t","runId":"r"}"#.to_owned(),
    ];
    let frames = events.map(|event| format!("data: {event}\n\n"));
    frames.concat().into_bytes()
}

/// A patch that fails after a split is named, although it is downstream; a patch that fails on both sides is not.
#[test]
fn a_failed_patch_of_one_side_is_named() {
    let named = |a: &[u8], b: &[u8]| -> Vec<(bool, String, u32)> {
        let mut comparison = compare(&by_frames(b"", a), &by_frames(b"", b), Level::Behaviour);
        let known = comparison.lone_problems().unwrap();
        assert_eq!(known.rows.len() as u32, known.counts[0] + known.counts[1]);
        let rows = known.rows.into_iter();
        rows.filter_map(|row| row.a.map(|side| (false, side)).or(row.b.map(|side| (true, side))))
            .map(|(of_b, side)| (of_b, side.name, side.first_seq))
            .filter(|(_, rule, _)| rule == "patch.failed")
            .collect()
    };
    let (good, bad, other) = (
        body("search", "/a"),
        body("book", "/missing/x"),
        body("pay", "/missing/x"),
    );
    assert_eq!(named(&good, &bad), [(true, "patch.failed".to_owned(), 6)]);
    assert_eq!(named(&bad, &good), [(false, "patch.failed".to_owned(), 6)]);
    assert_eq!(named(&bad, &other), []);
}

/// Both reports have what the answer has.
#[test]
fn reports_name_the_problems_of_one_side() {
    let (good, bad) = (body("search", "/a"), body("book", "/missing/x"));
    let mut comparison = compare(&by_frames(b"", &good), &by_frames(b"", &bad), Level::Behaviour);
    let text = report::markdown(&mut comparison).unwrap();
    assert!(
        text.contains("\n**Problems only in B**: `patch.failed` at #6.\n"),
        "{text}"
    );
    assert!(!text.contains("only in A**"), "{text}");
    #[cfg(feature = "serde")]
    {
        let lines = report::json_lines(&mut comparison).unwrap();
        let expected = r#""problems":{"onlyA":{"count":0,"first":[]},"onlyB":{"count":1,"first":[{"exchange":0,"seq":6,"rule":"patch.failed"}]}}"#;
        assert!(lines.lines().next().unwrap().contains(expected), "{lines}");
    }
}
