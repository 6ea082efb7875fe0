//! Captured text holds what acts on a terminal or hides in a viewer: nothing
//! of it reaches one.

use std::process::Output;

use serde_json::{Value, json};

use crate::{
    odd::{ACTING, acts},
    stage::Stage,
};

/// All of them, between letters.
fn odd() -> String {
    ACTING.iter().flat_map(|c| ['x', *c]).chain(['x']).collect()
}

/// A recording that has them wherever text can stand. `which` makes two that differ.
fn recording(which: &str) -> String {
    let odd = odd();
    let text = format!("{which}{odd}");
    let header = odd.replace(|c: char| c.is_ascii_control(), "");
    let events = [
        json!({"type": "RUN_STARTED", "threadId": odd, "runId": text}),
        json!({"type": "STEP_STARTED", "stepName": odd}),
        json!({"type": "TEXT_MESSAGE_START", "messageId": odd, "role": "assistant"}),
        json!({"type": "TEXT_MESSAGE_CONTENT", "messageId": odd, "delta": text}),
        json!({"type": "TEXT_MESSAGE_END", "messageId": odd}),
        json!({"type": "TOOL_CALL_START", "toolCallId": odd, "toolCallName": text}),
        json!({"type": "TOOL_CALL_ARGS", "toolCallId": odd, "delta": json!({&odd: text}).to_string()}),
        json!({"type": "TOOL_CALL_END", "toolCallId": odd}),
        json!({"type": "TOOL_CALL_RESULT", "messageId": "r", "toolCallId": odd, "content": text}),
        json!({"type": "STATE_SNAPSHOT", "snapshot": {&odd: text}}),
        json!({"type": "STATE_DELTA", "delta": [{"op": "test", "path": format!("/{odd}"), "value": 1}]}),
        json!({"type": "CUSTOM", "name": odd, "value": text}),
        json!({"type": odd, "what": text}),
        json!({"type": "TEXT_MESSAGE_CONTENT", "messageId": text, "delta": odd}),
        json!({"type": "RUN_ERROR", "message": text, "code": odd}),
    ];
    let mut lines = vec![
        json!({"kind": "header", "schemaVersion": 1, "tool": odd, "capturedAt": "2026-01-01T00:00:00Z", "url": odd,
            "transport": "sse", "redacted": []}),
        json!({"kind": "request", "connId": odd, "tMs": 0, "method": format!("POST{odd}"), "url": odd,
            "input": {"threadId": odd, "runId": text, "state": {&odd: text}, "tools": [], "context": [],
                "forwardedProps": {&odd: text}, "messages": [{"id": odd, "role": "user", "content": text}]},
            "scrubjay": {"startedAt": "2026-01-01T00:00:00Z", "source": odd, "upstream": format!("http://{odd}/{odd}"),
                "labels": [[odd, text]], "ending": "complete", "lastAtUs": 9,
                "request": {"target": format!("/{odd}?{odd}={text}"), "version": "HTTP/1.1", "headers": [[odd, header]]},
                "response": {"status": 200, "version": "HTTP/1.1", "atUs": 1,
                    "headers": [["content-type", "text/event-stream"], [odd, header], ["content-encoding", odd]]},
                "trailers": [[odd, header]]}}),
    ];
    for (place, event) in events.iter().enumerate() {
        lines.push(json!({"kind": "event", "connId": odd, "seq": place + 1, "tMs": place, "event": event}));
    }
    lines.push(json!({"kind": "keepalive", "connId": odd, "seq": 90, "tMs": 90, "comment": odd.replace('\n', "")}));
    lines.push(
        json!({"kind": "event", "connId": odd, "seq": 91, "tMs": 91, "event": null,
        "scrubjay": {"raw": format!("{odd}: {odd}\ndata: {{{odd}\n\n")}}),
    );
    lines.push(json!({"kind": odd, "connId": odd}));
    lines.iter().map(|line| line.to_string() + "\n").collect()
}

/// Asserts that nothing acts, and gives what stood on standard output.
fn quiet(stage: &Stage, args: &[&str]) -> String {
    let Output { stdout, stderr, status } = stage.command(args).output().unwrap();
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(matches!(status.code(), Some(0..=2)), "{args:?}: {status} {stderr}");
    for (what, text) in [("stdout", &stdout), ("stderr", &stderr)] {
        let line = text.lines().find(|line| line.contains(acts));
        assert_eq!(
            line.map(|line| line.escape_debug().to_string()),
            None,
            "{what} of {args:?}"
        );
    }
    stdout
}

fn staged() -> Stage {
    let stage = Stage::new();
    stage.put("a.agui.jsonl", recording("a").as_bytes());
    stage.put("b.agui.jsonl", recording("b").as_bytes());
    stage
        .command(["import", "a.agui.jsonl", "b.agui.jsonl", "--store", "s.db"])
        .output()
        .unwrap();
    stage
}

#[test]
fn no_command_prints_what_acts() {
    let stage = staged();
    for source in ["a.agui.jsonl", "s.db"] {
        for command in [
            "list --all",
            "show",
            "spans",
            "state",
            "state --all --blame --explain",
            "check --all",
        ] {
            let words: Vec<&str> = command.split(' ').chain([source]).collect();
            let one: &[&str] = match source {
                "s.db" if words[0] != "list" && words[0] != "check" => &["--exchange", "1"],
                _ => &[],
            };
            let formats: &[&str] = match words[0] {
                "check" => &["text", "json", "sarif", "junit"],
                _ => &["text", "json"],
            };
            for format in formats {
                let all = [&words[..], one, &["--format", format]].concat();
                let said = quiet(&stage, &all);
                assert!(!said.is_empty(), "{all:?}");
                if matches!(*format, "json" | "sarif") {
                    let lines: Vec<&str> = if *format == "sarif" {
                        vec![&said]
                    } else {
                        said.lines().collect()
                    };
                    lines
                        .into_iter()
                        .for_each(|line| drop(serde_json::from_str::<Value>(line).unwrap()));
                }
            }
        }
        quiet(
            &stage,
            &["events", source, "--exchange", if source == "s.db" { "1" } else { "0" }],
        );
    }
    for format in ["text", "json", "markdown"] {
        for level in ["behaviour", "state", "text", "wire"] {
            let said = quiet(
                &stage,
                &[
                    "diff",
                    "a.agui.jsonl",
                    "b.agui.jsonl",
                    "--level",
                    level,
                    "--format",
                    format,
                ],
            );
            assert!(!said.is_empty(), "{level} {format}");
        }
        quiet(
            &stage,
            &[
                "diff",
                "a.agui.jsonl",
                "b.agui.jsonl",
                "a.agui.jsonl",
                "--format",
                format,
            ],
        );
        quiet(
            &stage,
            &["diff", "a.agui.jsonl", "--baseline", "b.agui.jsonl", "--format", format],
        );
    }
}

#[test]
fn json_means_the_same_escaped() {
    let stage = staged();
    let state: Value = serde_json::from_str(quiet(&stage, &["state", "a.agui.jsonl", "--json"]).trim()).unwrap();
    assert_eq!(state["state"][odd()], format!("a{}", odd()), "{state}");
    let event = stage.command(["events", "a.agui.jsonl", "--json"]).output().unwrap();
    let lines = String::from_utf8(event.stdout).unwrap();
    assert!(lines.contains("\u{202e}"), "what programs read is verbatim");
}

#[test]
fn names_and_arguments_are_shown_and_do_not_act() {
    let stage = Stage::new();
    let name: String = odd().replace(['\0', '/'], "");
    let file = format!("{name}.agui.jsonl");
    stage.put(&file, recording("a").as_bytes());
    let cut = format!("{name}cut.agui.jsonl");
    stage.put(&cut, &recording("a").as_bytes()[..900]);
    for format in ["text", "json"] {
        for args in [
            &["list", &file][..],
            &["check", &file],
            &["list", &cut],
            &["import", &file, &cut, "--store", &name],
            &["list", &name],
            &["export", &file, "--redact", "none", "-o", &file],
            &["export", &file, "--redact", "none", "-o", &name],
            &["show", &file, "--exchange", &name],
            &["state", &file, "--at", "999"],
            &["list", &file, "--since", &name],
            &["list", &file, "--max-size", &name],
            &["check", &file, "--mutes", &name],
            &["check", "--url", &name, "--input", &file],
            &["diff", &file, &cut, "--ignore", &name],
            &["diff", &file, &cut, "--ignore-text", &format!("({name}")],
            &["diff", &file, "--baseline", &name],
            &["rerecord", &file, "--url", &name],
            &["rerecord", &file, "--url", "http://127.0.0.1:1", "--header", &name],
            &["replay", &file, "--pace", &name],
            &["replay", &file, "--fault", &name],
            &["replay", &file, "--listen", &name],
            &["record", "--upstream", &name],
            &["record", "--upstream", "http://h", "--label", &name],
            &["delete", "--before", &name],
            &[&name],
            &["list", &format!("--{name}")],
        ] {
            let all = [args, &["--format", format]].concat();
            quiet(&stage, &all);
        }
    }
}
