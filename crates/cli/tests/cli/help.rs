//! Help is read more often than documentation.

use insta::assert_snapshot;

use crate::stage::{Stage, transcripts};

#[test]
fn help_names_the_commands() {
    assert_snapshot!(Stage::new().transcript("--help"));
}

#[test]
fn each_command_has_help() {
    let commands = [
        "record", "list", "show", "check", "diff", "events", "state", "spans", "body", "export", "share", "import",
        "delete", "reindex", "serve", "replay", "rerecord",
    ];
    let stage = Stage::new();
    let commands: Vec<String> = commands.iter().map(|command| format!("{command} --help")).collect();
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    assert_snapshot!(transcripts(&stage, &commands));
}

#[test]
fn arguments_that_make_no_sense_are_reported_like_any_failure() {
    let stage = Stage::new();
    assert_snapshot!(transcripts(
        &stage,
        &[
            "",
            "lst",
            "list --nope",
            "state x.agui.jsonl",
            "state x.agui.jsonl --at many",
            "state x.agui.jsonl --at 1 --all",
            "export x.agui.jsonl -o y.agui.jsonl",
            "export x.agui.jsonl -o y.agui.jsonl --redact all",
            "list a --store b",
            "list --nope --json",
            "record",
        ]
    ));
}

#[test]
fn an_upstream_without_its_flag_is_understood() {
    let stage = Stage::new();
    for upstream in ["http://localhost:8000/agent", "localhost:8000"] {
        let said = stage.transcript(&format!("record {upstream} --store s.db"));
        let hint = format!("[stderr] hint: Use scrubjay record --upstream {upstream}.\n[exit 2]");
        assert!(said.contains(&hint), "{said}");
        assert!(!stage.path("s.db").exists());
    }
}
