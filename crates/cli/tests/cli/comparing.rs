//! `diff`: two recordings, many, and baselines in a folder.

use insta::assert_snapshot;

use crate::{
    files::{Captured, capture, file_of, made_up},
    stage::{Stage, transcripts},
};

const TWO_STEPS: &str = "pydantic-ai/02-backend-tool-two-step-run1";

/// A capture with something else in its place.
fn edited(name: &str, from: &str, to: &str) -> Captured {
    edited_all(name, &[(from, to)])
}

fn edited_all(name: &str, edits: &[(&str, &str)]) -> Captured {
    let mut captured = capture(name);
    let mut body = String::from_utf8(captured.body).unwrap();
    for (from, to) in edits {
        assert!(body.contains(from), "{name} should hold {from}");
        body = body.replace(from, to);
    }
    captured.body = body.into_bytes();
    let len = captured.body.len() as u64;
    captured.chunks.truncate(1);
    captured.chunks[0].len = len;
    captured.exchange.body_len = len;
    captured.exchange.chunk_count = 1;
    captured
}

fn stage() -> Stage {
    let stage = Stage::new();
    let put = |name: &str, exchanges: &[Captured]| {
        stage.put(name, &file_of(exchanges));
    };
    put("a.agui.jsonl", &[capture(TWO_STEPS)]);
    put("same.agui.jsonl", &[edited(TWO_STEPS, "call_por_01", "call_other_id")]);
    put("lagos.agui.jsonl", &[edited(TWO_STEPS, "\\\":\\\"Fa", "\\\":\\\"La")]);
    put("words.agui.jsonl", &[edited(TWO_STEPS, " is d", " was d\\u001b[31m")]);
    put("error.agui.jsonl", &[capture("pydantic-ai/05-error-tool-raises-run1")]);
    put(
        "threads.agui.jsonl",
        &[capture(TWO_STEPS), capture("pydantic-ai/05-error-tool-raises-run1")],
    );
    stage
}

#[test]
fn two_recordings_are_compared() {
    assert_snapshot!(transcripts(
        &stage(),
        &[
            "diff a.agui.jsonl same.agui.jsonl",
            "diff a.agui.jsonl lagos.agui.jsonl",
            "diff a.agui.jsonl words.agui.jsonl",
            "diff a.agui.jsonl words.agui.jsonl --level text",
            "diff a.agui.jsonl error.agui.jsonl",
        ]
    ));
}

#[test]
fn several_differences_are_listed() {
    let stage = stage();
    let several = edited_all(
        TWO_STEPS,
        &[("\\\":\\\"Fa", "\\\":\\\"La"), (" is d", " was d"), ("check", "saw")],
    );
    stage.put("several.agui.jsonl", &file_of(&[several]));
    assert_snapshot!(transcripts(
        &stage,
        &[
            "diff a.agui.jsonl several.agui.jsonl --level text",
            "diff a.agui.jsonl several.agui.jsonl --level text --format markdown",
        ]
    ));
}

#[test]
fn differences_are_ignored_by_rules() {
    assert_snapshot!(transcripts(
        &stage(),
        &[
            "diff a.agui.jsonl lagos.agui.jsonl --ignore /args/location",
            "diff a.agui.jsonl words.agui.jsonl --level text --ignore-text (is|was)\\s.*",
            "diff a.agui.jsonl lagos.agui.jsonl --ignore args",
            "diff a.agui.jsonl lagos.agui.jsonl --ignore-text (",
        ]
    ));
}

#[test]
fn a_comparison_is_json_and_markdown() {
    assert_snapshot!(transcripts(
        &stage(),
        &[
            "diff a.agui.jsonl lagos.agui.jsonl --json",
            "diff a.agui.jsonl lagos.agui.jsonl --format markdown",
            "diff a.agui.jsonl same.agui.jsonl --format markdown",
        ]
    ));
}

#[test]
fn many_are_compared_with_the_first() {
    assert_snapshot!(transcripts(
        &stage(),
        &[
            "diff a.agui.jsonl same.agui.jsonl lagos.agui.jsonl error.agui.jsonl",
            "diff a.agui.jsonl same.agui.jsonl lagos.agui.jsonl error.agui.jsonl --json",
            "diff a.agui.jsonl same.agui.jsonl lagos.agui.jsonl --format markdown",
        ]
    ));
}

#[test]
fn what_cannot_be_compared_is_reported() {
    assert_snapshot!(transcripts(
        &stage(),
        &[
            "diff a.agui.jsonl",
            "diff a.agui.jsonl nothing.agui.jsonl",
            "diff a.agui.jsonl threads.agui.jsonl",
            "diff a.agui.jsonl threads.agui.jsonl --b 0",
            "diff a.agui.jsonl threads.agui.jsonl --b 7",
            "diff a.agui.jsonl --baseline nowhere",
            "list a.agui.jsonl --format markdown",
        ]
    ));
}

#[test]
fn new_recordings_are_compared_with_baselines() {
    let stage = stage();
    std::fs::create_dir_all(stage.path("baselines/tools")).unwrap();
    std::fs::copy(
        stage.path("a.agui.jsonl"),
        stage.path("baselines/tools/two-steps.agui.jsonl"),
    )
    .unwrap();
    std::fs::copy(stage.path("error.agui.jsonl"), stage.path("baselines/error.agui.jsonl")).unwrap();
    stage.put(
        "new.agui.jsonl",
        &file_of(&[
            edited(TWO_STEPS, "\\\":\\\"Fa", "\\\":\\\"La"),
            capture("pydantic-ai/01-chat-run1"),
        ]),
    );
    let output = stage.run("diff --baseline baselines new.agui.jsonl --json");
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<serde_json::Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let verdicts: Vec<(&str, &str)> = lines
        .iter()
        .filter(|line| line["kind"] == "baseline")
        .map(|line| (line["verdict"].as_str().unwrap(), line["file"].as_str().unwrap()))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("missing", "error.agui.jsonl"),
            ("different", "tools/two-steps.agui.jsonl"),
            ("new", "new.agui.jsonl"),
        ]
    );
    let judged = lines.iter().find(|line| line["verdict"] == "different").unwrap();
    assert_eq!(judged["judgedBy"], "@ag-ui/client 1.0.0");
    assert_eq!(judged["protocolVersion"], "1.0");
    let difference = lines.iter().find(|line| line["kind"] == "difference").unwrap();
    assert_eq!(difference["path"], "/args/location");
    assert_eq!(lines.last().unwrap()["kind"], "baselines");
}

/// Two runs of one thread, a file each, are one thread when they are asked again.
#[test]
fn a_thread_in_two_baselines_is_reported() {
    let stage = Stage::new();
    std::fs::create_dir_all(stage.path("baselines")).unwrap();
    let mut other = capture("pydantic-ai/05-error-tool-raises-run1");
    let text = String::from_utf8(other.body).unwrap();
    let thread_of = |text: &str| {
        text.split("\"threadId\":\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned()
    };
    let one = capture(TWO_STEPS);
    let thread = thread_of(&String::from_utf8(one.body.clone()).unwrap());
    let request = String::from_utf8(other.request_body).unwrap();
    other.request_body = request.replace(&thread_of(&request), &thread).into_bytes();
    other.body = text.replace(&thread_of(&text), &thread).into_bytes();
    let len = other.body.len() as u64;
    other.chunks.truncate(1);
    other.chunks[0].len = len;
    (other.exchange.body_len, other.exchange.chunk_count) = (len, 1);
    stage.put("baselines/one.agui.jsonl", &file_of(&[capture(TWO_STEPS)]));
    stage.put("new.agui.jsonl", &file_of(&[one, other]));
    let note = |args: &str| String::from_utf8(stage.run(args).stderr).unwrap();
    assert_eq!(note("diff --baseline baselines new.agui.jsonl"), "");
    stage.said("import new.agui.jsonl --store s.db");
    stage.bytes("export s.db --exchange 2 -o baselines/two.agui.jsonl --redact none");
    let note_of_it = note("diff --baseline baselines new.agui.jsonl");
    assert!(
        note_of_it.starts_with("note: baselines/one.agui.jsonl and baselines/two.agui.jsonl hold runs of one thread"),
        "{note_of_it}"
    );
}

#[test]
fn the_same_recordings_pass_unless_they_are_too_old() {
    let stage = stage();
    std::fs::create_dir_all(stage.path("baselines")).unwrap();
    std::fs::copy(stage.path("a.agui.jsonl"), stage.path("baselines/a.agui.jsonl")).unwrap();
    for (args, status) in [
        ("diff --baseline baselines same.agui.jsonl", 0),
        ("diff --baseline baselines same.agui.jsonl --format markdown", 0),
        ("diff --baseline baselines same.agui.jsonl --max-age 2000-01-01", 0),
        ("diff --baseline baselines same.agui.jsonl --max-age 1s", 1),
        ("diff --baseline baselines same.agui.jsonl --max-age soon", 2),
    ] {
        let output = stage.run(args);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(status), "{args}: {said}");
        if status < 2 {
            assert!(said.contains("1 same, 0 different, 0 missing, 0 new"), "{said}");
            assert_eq!(said.contains("; too old: 1 baseline."), status == 1, "{said}");
        }
    }
}

/// AG2 streams without a content type: two runs under other ids and at other times.
#[test]
fn streams_without_a_content_type_are_compared_as_streams() {
    const ONE: &str = "ag2-autogen/weather-no-content-type-run1";
    let stage = Stage::new();
    stage.put("one.agui.jsonl", &file_of(&[capture(ONE)]));
    stage.put(
        "again.agui.jsonl",
        &file_of(&[capture("ag2-autogen/weather-other-thread-run1")]),
    );
    stage.put(
        "graz.agui.jsonl",
        &file_of(&[edited(ONE, "\\\"Vienna\\\"", "\\\"Graz\\\"")]),
    );
    for level in ["behaviour", "state", "text"] {
        stage.said(&format!("diff one.agui.jsonl again.agui.jsonl --level {level}"));
    }
    let output = stage.run("diff one.agui.jsonl graz.agui.jsonl --json");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    let difference: serde_json::Value = serde_json::from_str(said.lines().nth(1).unwrap()).unwrap();
    assert_eq!(difference["paths"][0]["path"], "/args/location", "{said}");
}

/// Any recording is the same as itself: nothing, no run,
/// several threads, a thread at two sources.
#[test]
fn every_sort_of_recording_is_the_same_as_itself() {
    let stage = stage();
    let other = || {
        let mut other = made_up(b"{\"agents\":{}}");
        other.exchange.request.method = "GET".into();
        other.exchange.request.target = "/info".into();
        other.request_body.clear();
        other.exchange.request_len = 0;
        if let Some(head) = &mut other.exchange.response {
            head.headers = vec![("content-type".into(), b"application/json".to_vec())];
        }
        other
    };
    let at_another_source = || {
        let mut captured = capture(TWO_STEPS);
        captured.exchange.source = "app".into();
        captured
    };
    stage.put("nothing.agui.jsonl", &file_of(&[]));
    stage.put("no-run.agui.jsonl", &file_of(&[other(), other()]));
    stage.put(
        "mixed.agui.jsonl",
        &file_of(&[other(), capture(TWO_STEPS), at_another_source(), other()]),
    );
    for name in ["a", "nothing", "no-run", "mixed", "threads"] {
        for args in ["", " --level wire", " --all", " --json"] {
            stage.said(&format!("diff {name}.agui.jsonl {name}.agui.jsonl{args}"));
        }
    }
    assert_snapshot!(transcripts(
        &stage,
        &[
            "diff nothing.agui.jsonl nothing.agui.jsonl",
            "diff nothing.agui.jsonl a.agui.jsonl",
            "diff mixed.agui.jsonl mixed.agui.jsonl",
            "diff a.agui.jsonl threads.agui.jsonl --a 0",
        ]
    ));
}
