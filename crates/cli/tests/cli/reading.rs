//! Commands that read, on a file.

use std::{
    io::{Read as _, Write as _},
    process::{Command, Stdio},
};

use insta::assert_snapshot;

use crate::{
    checking::{node, workspace},
    files::{capture, file_of, made_up},
    stage::{Stage, transcripts},
};

const BODY: &[u8] = b"data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n: ping\n\ndata: {\"type\":\"STATE_SNAPSHOT\",\"snapshot\":{\"a\":{\"b\":1.50},\"list\":[]}}\n\ndata: {\"type\":\"TEXT_MESSAGE_START\",\"messageId\":\"m\",\"role\":\"assistant\"}\n\ndata: {\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"m\",\"delta\":\"\\u001b[31mHi \xe2\x80\xae!\"}\n\ndata: {\"type\":\"STATE_DELTA\",\"delta\":[{\"op\":\"replace\",\"path\":\"/a/b\",\"value\":2}]}\n\ndata: oops\n\ndata: {\"type\":\"TEXT_MESSAGE_END\",\"messageId\":\"m\"}\n\ndata: {\"type\":\"RUN_FINISHED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n";

fn one() -> Stage {
    let stage = Stage::new();
    stage.put("one.agui.jsonl", &file_of(&[made_up(BODY)]));
    stage
}

fn two() -> Stage {
    let stage = Stage::new();
    stage.put("two.agui.jsonl", &file_of(&[made_up(BODY), made_up(BODY)]));
    stage
}

#[test]
fn list_has_a_line_an_exchange() {
    assert_snapshot!(transcripts(
        &two(),
        &[
            "list two.agui.jsonl",
            "list two.agui.jsonl --json",
            "list --store two.agui.jsonl --format json"
        ]
    ));
}

#[test]
fn show_reports_heads_chunks_and_ending() {
    assert_snapshot!(transcripts(
        &one(),
        &["show one.agui.jsonl", "show one.agui.jsonl --json"]
    ));
}

#[test]
fn events_has_a_line_a_frame() {
    assert_snapshot!(transcripts(
        &one(),
        &["events one.agui.jsonl", "events one.agui.jsonl --json"]
    ));
}

#[test]
fn state_is_as_of_a_frame() {
    assert_snapshot!(transcripts(
        &one(),
        &[
            "state one.agui.jsonl --at 0 --json",
            "state one.agui.jsonl --at 5 --json",
            "state one.agui.jsonl --at 6",
            "state one.agui.jsonl --at 6 --blame --explain --json",
            "state one.agui.jsonl --at 6 --blame --explain",
            "state one.agui.jsonl --all --json",
        ]
    ));
}

#[test]
fn blame_that_is_cut_states_so() {
    let leaves = vec!["0"; 100_001].join(",");
    let body = format!(
        "data: {{\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}}\n\n\
         data: {{\"type\":\"STATE_SNAPSHOT\",\"snapshot\":{{\"list\":[{leaves}]}}}}\n\n"
    );
    let stage = Stage::new();
    stage.put("large.agui.jsonl", &file_of(&[made_up(body.as_bytes())]));
    let line = &stage.json("state large.agui.jsonl --blame --explain --json")[0];
    assert_eq!(line["blame"].as_object().unwrap().len(), 100_000);
    assert_eq!(line["blameCut"], true);
    let said = stage.said("state large.agui.jsonl --blame");
    let end = "these are the first 100,000 pointers: the state has more, and they are left out\n";
    assert!(said.ends_with(end), "{:?}", &said[said.len() - 200..]);
    let line = &stage.json("state large.agui.jsonl --blame --at 1 --json")[0];
    assert!(line.get("blameCut").is_none());
}

#[test]
fn spans_are_assembled() {
    assert_snapshot!(transcripts(
        &one(),
        &["spans one.agui.jsonl", "spans one.agui.jsonl --json"]
    ));
}

#[test]
fn bodies_are_bytes() {
    let stage = one();
    assert_eq!(stage.bytes("body one.agui.jsonl"), BODY);
    assert_eq!(stage.bytes("body one.agui.jsonl --decoded"), BODY);
    assert!(
        stage
            .bytes("body one.agui.jsonl --request")
            .starts_with(b"{\"threadId\"")
    );
}

#[test]
fn several_exchanges_are_kept_apart() {
    let stage = two();
    let events = stage.json("events two.agui.jsonl --json");
    assert_eq!(events.len(), 18);
    assert_eq!(events[0]["exchange"], 0);
    assert_eq!(events[17]["exchange"], 1);
    let states = stage.json("state two.agui.jsonl --all --json");
    assert_eq!(states.len(), 20);
    assert_eq!(states[19]["exchange"], 1);
    let one = stage.json("events two.agui.jsonl --exchange 1 --json");
    assert_eq!(one.len(), 9);
    assert!(one[0].get("exchange").is_none());
    assert_snapshot!(transcripts(
        &stage,
        &[
            "show two.agui.jsonl",
            "state two.agui.jsonl --at 1",
            "body two.agui.jsonl"
        ]
    ));
}

#[test]
fn the_keys_stand_in_the_contracts_order() {
    let stage = one();
    let keys = |args: &str| {
        let said = stage.said(args);
        let line = said.lines().next().unwrap();
        scrubjay_protocol::json::members(line.as_bytes())
            .unwrap()
            .iter()
            .map(|member| member.name.to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        keys("list one.agui.jsonl --json"),
        "index source method target status ending threadId runs startedAt durationUs ttftUs chunks frames bytes labels findings"
    );
    assert_eq!(
        keys("show one.agui.jsonl --json"),
        "source request response chunks holes ending findings"
    );
    assert_eq!(
        keys("events one.agui.jsonl --json"),
        "seq atUs offset len chunk kind type event findings"
    );
    assert_eq!(
        keys("state one.agui.jsonl --at 1 --json"),
        "seq type messages state stopped interrupts"
    );
    assert_eq!(
        keys("spans one.agui.jsonl --json"),
        "kind id name firstSeq lastSeq startUs endUs open text parent"
    );
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let stage = Stage::new();
    let many: Vec<_> = std::iter::repeat_with(|| made_up(BODY)).take(400).collect();
    stage.put("many.agui.jsonl", &file_of(&many));
    let mut child = stage
        .command(["events", "many.agui.jsonl", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut some = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn real_captures_are_read_from_files() {
    let stage = Stage::new();
    for name in [
        "ag2/04-shared-state-run1",
        "protobuf-encoder/proto-chat",
        "copilotkit-runtime/13-info-get",
    ] {
        let captured = capture(name);
        stage.put("real.agui.jsonl", &file_of(std::slice::from_ref(&captured)));
        assert_eq!(stage.bytes("body real.agui.jsonl"), captured.body, "{name}");
        let shown = &stage.json("show real.agui.jsonl --json")[0];
        assert_eq!(shown["chunks"].as_array().unwrap().len(), captured.chunks.len());
        let listed = &stage.json("list real.agui.jsonl --all --json")[0];
        let events = stage.json("events real.agui.jsonl --json");
        assert_eq!(listed["frames"], events.len());
        let states = stage.json("state real.agui.jsonl --all --json");
        assert_eq!(states.len(), events.len() + 1);
    }
}

#[test]
fn a_patch_turns_the_state_at_one_frame_into_that_at_another() {
    let stage = Stage::new();
    let mut cases = String::new();
    let mut expected = Vec::new();
    for name in ["shared-state", "predictive-state", "state-with-failed-patch"] {
        let recording = workspace().join(format!("recordings/{name}.agui.jsonl"));
        let recording = recording.display();
        let held: Vec<serde_json::Value> = stage
            .json(&format!("state {recording} --all --json"))
            .into_iter()
            .map(|mut line| line["state"].take())
            .collect();
        let last = held.len() - 1;
        for (from, at) in [(0, last), (last, 0), (last / 3, last / 2), (last / 2, last / 2)] {
            let line = &stage.json(&format!("state {recording} --from {from} --at {at} --json"))[0];
            assert_eq!((&line["seq"], &line["from"]), (&at.into(), &from.into()));
            let patch: json_patch::Patch = serde_json::from_value(line["patch"].clone()).unwrap();
            assert_eq!(patch.is_empty(), held[from] == held[at], "{name} {from} {at}");
            let mut state = held[from].clone();
            json_patch::patch(&mut state, &patch).unwrap();
            assert_eq!(state, held[at], "{name} {from} {at}");
            cases.push_str(&format!("{} | {patch}\n", held[from]));
            expected.push(held[at].clone());
        }
    }
    assert_eq!(javascript_applies(&cases), expected);
    stage.put("one.agui.jsonl", &file_of(&[made_up(BODY)]));
    assert_eq!(
        stage.said("state one.agui.jsonl --from 2 --at 2") + &stage.said("state one.agui.jsonl --from 3"),
        "from frame 2 to frame 2: 0 operations\n\
         from frame 3 to frame 9: 1 operation\n  {\"op\":\"replace\",\"path\":\"/a/b\",\"value\":2}\n"
    );
}

/// What fast-json-patch, the official client's library, makes of documents and patches, a pair a line.
fn javascript_applies(cases: &str) -> Vec<serde_json::Value> {
    let mut script = Command::new(node())
        .arg(workspace().join("tests/oracle/patches.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is needed: run cargo xtask setup");
    script.stdin.take().unwrap().write_all(cases.as_bytes()).unwrap();
    let output = script.wait_with_output().unwrap();
    assert!(output.status.success(), "run cargo xtask setup if packages are missing");
    let outcomes = String::from_utf8(output.stdout).unwrap();
    outcomes
        .lines()
        .map(|line| serde_json::from_str(line.rsplit(" | ").next().unwrap()).unwrap())
        .collect()
}
