//! Files of other tools are opened by what they hold.

use std::{fs, path::Path};

use insta::assert_snapshot;

use crate::stage::{Stage, transcripts};

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
