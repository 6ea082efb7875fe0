//! Out of the store and back in: nothing changes.

use crate::{
    files::{Captured, capture, file_of},
    stage::Stage,
};

fn captures() -> Vec<Captured> {
    [
        "ag2/04-shared-state-run1",
        "pydantic-ai/01-chat-run1",
        "protobuf-encoder/proto-state",
        "protobuf-encoder/proto-cut",
        "copilotkit-runtime/13-info-get",
        "ag2/05-error-cut-stream-run1",
        "ag2-autogen/weather-no-content-type-run1",
    ]
    .map(capture)
    .into()
}

/// What must stay, for every exchange in the order of the list; the index, which changes, aside.
fn everything(stage: &Stage) -> Vec<String> {
    let mut all = Vec::new();
    for mut line in stage.json("list --store s.db --all --json") {
        let index = line["index"].take();
        all.push(line.to_string());
        all.push(stage.said(&format!("state --store s.db --exchange {index} --all --json")));
        all.push(stage.said(&format!("events --store s.db --exchange {index} --json")));
        all.push(stage.said(&format!("show --store s.db --exchange {index} --json")));
        all.push(format!(
            "{:?}",
            stage.bytes(&format!("body --store s.db --exchange {index}"))
        ));
        all.push(format!(
            "{:?}",
            stage.bytes(&format!("body --store s.db --exchange {index} --request"))
        ));
    }
    all
}

fn goes_round(file: &str) {
    let stage = Stage::new();
    stage.put("in.agui.jsonl", &file_of(&captures()));
    stage.said("import in.agui.jsonl --store s.db");
    let before = everything(&stage);
    assert_eq!(before.len(), 6 * captures().len());
    stage.said(&format!("export s.db -o {file} --redact none"));
    stage.said("delete --store s.db --before 2099-01-01");
    assert_eq!(stage.said("list --store s.db --all --json"), "");
    stage.said(&format!("import {file} --store s.db"));
    assert_eq!(everything(&stage), before);
}

#[test]
fn export_delete_import_changes_nothing() {
    goes_round("out.agui.jsonl");
}

#[test]
fn export_delete_import_packed_changes_nothing() {
    goes_round("out.agui.jsonl.gz");
}

#[test]
fn equal_exchanges_are_equal_files() {
    let stage = Stage::new();
    let file = file_of(&captures());
    stage.put("in.agui.jsonl", &file);
    stage.said("export in.agui.jsonl -o a.agui.jsonl --redact none");
    stage.said("import a.agui.jsonl --store s.db");
    stage.said("export --store s.db -o b.agui.jsonl --redact none");
    let read = |name: &str| std::fs::read_to_string(stage.path(name)).unwrap();
    assert_eq!(read("a.agui.jsonl"), read("b.agui.jsonl"));
}

#[test]
fn what_is_taken_in_twice_is_said() {
    let stage = Stage::new();
    stage.put("in.agui.jsonl", &file_of(&captures()[..2]));
    stage.said("import in.agui.jsonl --store s.db");
    let again = stage.transcript("import in.agui.jsonl --store s.db");
    assert!(
        again.contains("2 of its exchanges are here already, as 1, 2; now there are two of each"),
        "{again}"
    );
    assert_eq!(stage.json("list s.db --all --json").len(), 4);
}

#[test]
fn an_export_states_what_it_replaces() {
    let stage = Stage::new();
    stage.put("in.agui.jsonl", &file_of(&captures()[..1]));
    let write = "export in.agui.jsonl -o out.agui.jsonl --redact none";
    assert_eq!(stage.said(write), "wrote 1 exchange to out.agui.jsonl\n");
    assert_eq!(
        stage.said(write),
        "wrote 1 exchange to out.agui.jsonl, in place of the file that was there\n"
    );
}

#[test]
fn deleting_names_what_goes() {
    let stage = Stage::new();
    stage.put("in.agui.jsonl", &file_of(&captures()));
    stage.said("import in.agui.jsonl --store s.db");
    let listed = stage.json("list s.db --all --json");
    let (first, second) = (&listed[0]["index"], &listed[1]["index"]);
    let deleted = stage.json(&format!(
        "delete --store s.db --exchange {first} --exchange {second} --json"
    ));
    assert_eq!([&deleted[0]["index"], &deleted[1]["index"]], [first, second]);
    assert_eq!(stage.json("list s.db --all --json").len(), listed.len() - 2);
}

#[test]
fn reindexing_changes_no_answer() {
    let stage = Stage::new();
    stage.put("in.agui.jsonl", &file_of(&captures()));
    stage.said("import in.agui.jsonl --store s.db");
    let before = everything(&stage);
    assert_eq!(
        stage.json("reindex --store s.db --json")[0]["exchanges"],
        captures().len()
    );
    assert_eq!(everything(&stage), before);
}

/// AG2's `build_asgi()` names no content type: its body alone says what it is.
#[test]
fn a_stream_without_a_content_type_is_exported_and_compared_as_events() {
    let stage = Stage::new();
    let runs = [
        "ag2-autogen/weather-no-content-type-run1",
        "ag2-autogen/weather-other-thread-run1",
    ];
    stage.put("in.agui.jsonl", &file_of(&runs.map(capture)));
    stage.said("import in.agui.jsonl --store s.db");
    stage.said("export s.db -o out.agui.jsonl --redact none");
    let file = std::fs::read_to_string(stage.path("out.agui.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = file.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let requests: Vec<_> = lines.iter().filter(|line| line["kind"] == "request").collect();
    assert_eq!(requests.len(), 2);
    for request in requests {
        let conn = &request["connId"];
        let events = lines
            .iter()
            .filter(|line| line["kind"] == "event" && line["connId"] == *conn && line["event"].is_object());
        assert_eq!(events.count(), 27, "{conn}");
        assert_eq!(request["scrubjay"]["frames"], 27, "{conn}");
        assert!(
            request["scrubjay"]["bodyB64"].is_null(),
            "{conn}: the lines give the body"
        );
    }
    // Two threads that asked the same: other ids, other times, the same behaviour.
    let compared = stage.json("diff out.agui.jsonl out.agui.jsonl --a 0 --b 1 --json");
    assert_eq!(compared[0]["same"], true, "{compared:?}");
    let itself = stage.json("diff s.db out.agui.jsonl --json");
    assert_eq!(itself[0]["same"], true, "{itself:?}");
}
