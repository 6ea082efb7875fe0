//! Recordings of hostile streams: each is read by every command that reads,
//! with 512 MB of memory and no more.

use std::process::Command;

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::{
    agent::BODY,
    attacks,
    files::{file_of, made_up},
    process::Process,
    stage::Stage,
};

/// Memory that a command may use, in KiB: what is beyond is refused, and the
/// command aborts.
const MEMORY_KIB: u64 = 512 * 1024;

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
fn check(body: &str) {
    let stage = Stage::new();
    stage.put("hostile.agui.jsonl", &file_of(&[made_up(body.as_bytes())]));
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
    check(&attacks::open_calls(20_000));
}

#[test]
fn a_state_that_is_copied_into_itself() {
    check(&attacks::copied(22));
}

#[test]
fn nesting_to_the_limit_and_beyond() {
    check(&attacks::nested(40));
}

#[test]
fn one_event_of_many_megabytes() {
    check(&attacks::large_event(16 << 20));
}

#[test]
fn frames_of_two_bytes() {
    check(&attacks::comments(50_000));
}

#[test]
fn empty_lines_alone() {
    check(&attacks::empty_lines(1_400_000));
}

#[test]
fn a_finding_at_each_frame() {
    check(&attacks::findings(10_000));
}

#[test]
fn wide_objects_and_long_arrays() {
    check(&attacks::wide(100_000));
}

#[test]
fn a_list_that_grows_at_its_front() {
    check(&attacks::inserted(20_000));
}

#[test]
fn a_message_of_many_pieces() {
    check(&attacks::pieces(20_000));
}

#[test]
fn types_that_nothing_knows() {
    check(&attacks::unknown(20_000));
}

#[test]
fn ids_of_a_megabyte() {
    check(&attacks::long_ids(8, 1 << 20));
}

#[test]
fn interrupts_and_snapshots_that_repeat_everything() {
    check(&attacks::repeated(59, 20, 20_000));
}

#[test]
fn many_header_fields() {
    let mut recorded = made_up(BODY.as_bytes());
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
fn a_moment_that_is_too_large_states_how_large() {
    let stage = Stage::new();
    stage.put(
        "copied.agui.jsonl",
        &file_of(&[made_up(attacks::copied(22).as_bytes())]),
    );
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
