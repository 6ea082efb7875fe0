//! Recordings of hostile streams: each is read by every command that reads,
//! with 512 MB of memory and no more.

use std::{fmt::Write as _, process::Command};

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::{
    files::{Captured, file_of, made_up},
    process::Process,
    stage::Stage,
};

/// Memory that a command may use, in KiB: what is beyond is refused, and the
/// command aborts.
const MEMORY_KIB: u64 = 512 * 1024;

const RUN: &str = r#"{"type":"RUN_STARTED","threadId":"t","runId":"r"}"#;

fn data(body: &mut String, event: &str) {
    write!(body, "data: {event}\n\n").unwrap();
}

/// A run with so many events.
fn many(count: usize, event: impl Fn(usize) -> String) -> Captured {
    let mut body = String::new();
    data(&mut body, RUN);
    (0..count).for_each(|place| data(&mut body, &event(place)));
    made_up(body.as_bytes())
}

/// A state that is copied into itself, twice as large each time.
fn copied(times: usize) -> Captured {
    let operations: Vec<String> = (0..times)
        .map(|place| format!(r#"{{"op":"copy","from":"","path":"/k{place}"}}"#))
        .collect();
    many(2, |place| match place {
        0 => r#"{"type":"STATE_SNAPSHOT","snapshot":{"text":"0123456789"}}"#.to_owned(),
        _ => format!(r#"{{"type":"STATE_DELTA","delta":[{}]}}"#, operations.join(",")),
    })
}

/// The program with a limit of memory.
fn limited(stage: &Stage, args: &[&str]) -> Command {
    let program = stage.command(args);
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!("ulimit -d {MEMORY_KIB} && exec \"$0\" \"$@\""))
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(stage.path(""))
        .env_clear();
    for (name, value) in program.get_envs() {
        command.envs(value.map(|value| (name, value)));
    }
    command
}

/// Every command that reads takes it, and may have findings.
fn check(recorded: Captured) {
    let stage = Stage::new();
    stage.put("hostile.agui.jsonl", &file_of(&[recorded]));
    for args in [
        &["list", "hostile.agui.jsonl", "--json"][..],
        &["check", "hostile.agui.jsonl", "--json"],
        &["state", "hostile.agui.jsonl", "--json"],
        &["diff", "hostile.agui.jsonl", "hostile.agui.jsonl", "--json"],
    ] {
        let output = limited(&stage, args).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{args:?}: {} {said}",
            output.status
        );
        for line in output
            .stdout
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            // Of any depth: no value is made of it.
            serde_json::from_slice::<IgnoredAny>(line).unwrap();
        }
    }
    let args = ["replay", "hostile.agui.jsonl", "--listen", "127.0.0.1:0", "--json"];
    let mut replay = Process::start(limited(&stage, &args));
    let ended = replay.stop("-INT");
    assert!(ended.status.success(), "{}", ended.stderr);
}

#[test]
fn calls_that_never_end() {
    check(many(20_000, |place| {
        format!(r#"{{"type":"TOOL_CALL_START","toolCallId":"c{place}","toolCallName":"f"}}"#)
    }));
}

#[test]
fn a_state_that_is_copied_into_itself() {
    check(copied(22));
}

#[test]
fn nesting_to_the_limit_and_beyond() {
    check(many(40, |place| {
        let depth = 300 + place * 10;
        format!(
            r#"{{"type":"STATE_SNAPSHOT","snapshot":{}1{}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        )
    }));
}

#[test]
fn one_event_of_many_megabytes() {
    let text = "0123456789abcdef".repeat(1 << 20);
    check(many(1, |_| {
        format!(r#"{{"type":"CUSTOM","name":"n","value":"{text}"}}"#)
    }));
}

#[test]
fn frames_of_two_bytes() {
    check(made_up(":\n\n".repeat(50_000).as_bytes()));
}

#[test]
fn empty_lines_alone() {
    check(made_up("\n".repeat(1_400_000).as_bytes()));
}

#[test]
fn a_finding_at_each_frame() {
    check(many(10_000, |place| {
        format!(r#"{{"type":"TEXT_MESSAGE_END","messageId":"m{place}"}}"#)
    }));
}

#[test]
fn wide_objects_and_long_arrays() {
    let members: Vec<String> = (0..100_000).map(|place| format!("\"k{place}\":{place}")).collect();
    let items = vec!["0"; 200_000].join(",");
    check(many(2, |place| match place {
        0 => format!(r#"{{"type":"STATE_SNAPSHOT","snapshot":{{{}}}}}"#, members.join(",")),
        _ => format!(r#"{{"type":"STATE_DELTA","delta":[{{"op":"add","path":"/list","value":[{items}]}}]}}"#),
    }));
}

#[test]
fn ids_of_a_megabyte() {
    let id = "i".repeat(1 << 20);
    check(many(8, |place| match place % 2 {
        0 => format!(r#"{{"type":"TEXT_MESSAGE_START","messageId":"{id}{place}"}}"#),
        _ => format!(r#"{{"type":"TEXT_MESSAGE_CONTENT","messageId":"{id}","delta":"x"}}"#),
    }));
}

#[test]
fn interrupts_and_snapshots_that_repeat_everything() {
    let interrupts: Vec<String> = (0..20_000)
        .map(|place| format!(r#"{{"id":"i{place}","reason":"r"}}"#))
        .collect();
    let interrupts = interrupts.join(",");
    check(many(60, |place| match place {
        59 => format!(
            r#"{{"type":"RUN_FINISHED","threadId":"t","runId":"r","outcome":{{"type":"interrupt","interrupts":[{interrupts}]}}}}"#
        ),
        _ => {
            let messages: Vec<String> = (0..place * 20)
                .map(|message| format!(r#"{{"id":"m{message}","role":"user","content":"c{message}"}}"#))
                .collect();
            format!(r#"{{"type":"MESSAGES_SNAPSHOT","messages":[{}]}}"#, messages.join(","))
        }
    }));
}

#[test]
fn many_header_fields() {
    let mut recorded = many(2, |_| {
        r#"{"type":"RUN_FINISHED","threadId":"t","runId":"r"}"#.to_owned()
    });
    let head = recorded.exchange.response.as_mut().unwrap();
    head.headers
        .extend((0..20_000).map(|place| (format!("x-{place}"), b"v".to_vec())));
    recorded.exchange.trailers = (0..20_000).map(|place| (format!("t-{place}"), b"v".to_vec())).collect();
    let stage = Stage::new();
    stage.put("hostile.agui.jsonl", &file_of(&[recorded]));
    for args in [
        &["list", "hostile.agui.jsonl"][..],
        &["check", "hostile.agui.jsonl"],
        &["state", "hostile.agui.jsonl"],
    ] {
        let output = limited(&stage, args).output().unwrap();
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{args:?}: {}",
            output.status
        );
    }
}

#[test]
fn a_moment_that_is_too_large_says_how_large() {
    let stage = Stage::new();
    stage.put("copied.agui.jsonl", &file_of(&[copied(22)]));
    let line: Value = serde_json::from_slice(
        &limited(&stage, &["state", "copied.agui.jsonl", "--json"])
            .output()
            .unwrap()
            .stdout,
    )
    .unwrap();
    assert_eq!(line["state"], Value::Null);
    assert!(line["messages"].is_array());
    assert_eq!(line["tooLarge"]["leftOut"], serde_json::json!(["state"]));
    assert_eq!(line["tooLarge"]["limitBytes"], 64 << 20);
    let bytes = line["tooLarge"]["bytes"].as_u64().unwrap();
    // A member of an object that held all members before it, 22 times.
    assert!((100 << 20..512 << 20).contains(&bytes), "{bytes}");
    let said = stage.said("state copied.agui.jsonl");
    assert!(
        said.contains("left out") && said.contains("--max-state raises it"),
        "{said}"
    );
    // The size that was printed is the size that is written once it may be.
    let whole = limited(&stage, &["state", "copied.agui.jsonl", "--json", "--max-state", "1GB"])
        .output()
        .unwrap()
        .stdout;
    let held = br#""state":"#.len() + br#""messages":"#.len() + br#""interrupts":"#.len();
    assert!(
        whole.len() as u64 > bytes && (whole.len() as u64) < bytes + held as u64 + 200,
        "{} {bytes}",
        whole.len()
    );
    let wrong = stage.run("state copied.agui.jsonl --max-state much");
    assert_eq!(wrong.status.code(), Some(2));
}
