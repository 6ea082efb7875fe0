//! Files of other tools are opened by what they hold.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use insta::assert_snapshot;
use serde_json::Value;

use crate::{
    checking::{node, workspace},
    stage::{Stage, transcripts},
};

/// One run in six shapes, under names that say nothing.
fn with_files() -> Stage {
    let stage = Stage::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../recording/tests/foreign");
    for (name, file) in [
        ("har", "chrome.har"),
        ("body", "stream.sse"),
        ("array", "events-array.json"),
        ("lines", "events.jsonl"),
        ("log", "inspector.json"),
        ("fixture", "aimock.json"),
    ] {
        stage.put(name, &fs::read(folder.join(file)).unwrap());
    }
    stage
}

#[test]
fn files_of_other_tools_are_listed_checked_and_taken() {
    let stage = with_files();
    assert_snapshot!(transcripts(
        &stage,
        &[
            "list har",
            "list body --json",
            "check array lines",
            "events log --json",
            "state fixture --at 8",
            "diff har log --level wire",
            "import har body array lines log fixture --store s.db",
            "list s.db",
        ]
    ));
}

#[test]
fn what_is_not_read_is_named() {
    let stage = with_files();
    let lines = fs::read(stage.path("lines")).unwrap();
    stage
        .put("flow", b"5555:9:websocket;0:~8:response;")
        .put("cut", &lines[..lines.len() - 20])
        .put("newer", b"{\"kind\":\"header\",\"schemaVersion\":2}\n")
        .put("other", b"{\"type\":\"message_start\"}\n");
    assert_snapshot!(transcripts(
        &stage,
        &[
            "list flow",
            "import flow cut newer --store s.db",
            "list cut",
            "check other --format json"
        ]
    ));
}

#[test]
fn exchanges_leave_in_formats_of_other_tools() {
    let stage = with_files();
    stage.bytes("import har --store s.db");
    let written: Vec<&str> = vec![
        "export s.db --redact none -o run.har",
        "export s.db --redact none -o run.sse",
        "export s.db --redact none -o run.jsonl",
        "export s.db --redact none -o run.json",
        "export s.db --redact none -o run.md",
        "export s.db --redact none --as curl -o again.sh",
        "export s.db --redact none --as aimock -o aimock.json --json",
        "export s.db --redact none -o run.txt",
        "export s.db --redact none --as xml -o run.txt",
    ];
    let read = |name: &str| fs::read_to_string(stage.path(name)).unwrap();
    let said = transcripts(&stage, &written);
    let shown = ["run.md", "again.sh", "run.jsonl"].map(|name| format!("== {name}\n{}", read(name)));
    assert_snapshot!(format!("{said}\n{}", shown.join("\n")));
    for name in ["run.har", "run.sse", "run.jsonl", "run.json", "aimock.json"] {
        // It fails where they differ.
        stage.bytes(&format!("diff har {name} --level behaviour"));
    }
}

/// The events of a recording without the time at which aimock sends them.
fn events_of(body: &str) -> Vec<Value> {
    let data = body.lines().filter_map(|line| line.strip_prefix("data: "));
    let without_time = |data: &str| {
        let mut event: Value = serde_json::from_str(data).unwrap();
        event.as_object_mut().unwrap().remove("timestamp");
        event
    };
    data.map(without_time).collect()
}

/// `cargo xtask setup` installs aimock.
#[test]
fn aimock_serves_what_was_written_for_it() {
    let stage = Stage::new();
    let recording = workspace().join("recordings/frontend-tool.agui.jsonl");
    stage.put("run", &fs::read(recording).unwrap());
    stage.bytes("export run --redact none --as aimock -o aimock.json");
    let bodies: Vec<String> = ["0", "1"]
        .map(|index| stage.said(&format!("body run --exchange {index} --decoded")))
        .to_vec();
    let requests: Vec<Value> = ["0", "1"]
        .map(|index| serde_json::from_str(&stage.said(&format!("body run --exchange {index} --request"))).unwrap())
        .to_vec();
    let mut aimock = Command::new(node())
        .arg(workspace().join("tests/formats/aimock.mjs"))
        .arg(stage.path("aimock.json"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("node is needed: run cargo xtask setup");
    let asked = serde_json::to_vec(&requests).unwrap();
    aimock.stdin.take().unwrap().write_all(&asked).unwrap();
    let output = aimock.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "run cargo xtask setup if packages are missing: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let printed = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<String> = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    assert_eq!(answers.len(), 2);
    for (answer, body) in answers.iter().zip(&bodies) {
        assert_eq!(events_of(answer), events_of(body));
    }
}
