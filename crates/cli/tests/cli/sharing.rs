//! Files without secrets: what is in them, what is said, and what is not.

mod planted;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use self::planted::planted;
use crate::{
    checking::node,
    files::{capture, file_of, made_up},
    stage::{Stage, transcripts},
};

/// An answer with a key in three pieces, and the address of a person.
const BODY: &str = concat!(
    "data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n",
    "data: {\"type\":\"TEXT_MESSAGE_START\",\"messageId\":\"m\",\"role\":\"assistant\"}\n\n",
    "data: {\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"m\",\"delta\":\"Use ghp_a1B2c3D4e5F6\"}\n\n",
    "data: {\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"m\",\"delta\":\"g7H8i9J0k1L2m3N4o5P6q7R8\"}\n\n",
    "data: {\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"m\",\"delta\":\", or ask ada@example.org.\"}\n\n",
    "data: {\"type\":\"TEXT_MESSAGE_END\",\"messageId\":\"m\"}\n\n",
    "data: {\"type\":\"STATE_SNAPSHOT\",\"snapshot\":{\"login\":{\"password\":\"swordfish\"},\"mail\":\"ada@example.org\"}}\n\n",
    "data: {\"type\":\"RUN_FINISHED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n",
);
const SECRETS: [&str; 4] = ["ghp_a1B2c3D4e5F6", "g7H8i9J0k1L2", "ada@example.org", "swordfish"];

fn stage() -> Stage {
    let stage = Stage::new();
    stage.put("in.agui.jsonl", &file_of(&[made_up(BODY.as_bytes())]));
    stage
}

fn script() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/sharing/planted.mjs")
}

/// What stands in the place of a value differs from export to export.
fn masked(transcript: &str) -> String {
    let mut masked = String::new();
    for word in transcript.split_inclusive([' ', '\n', '"']) {
        let bare = word.trim_end_matches([' ', '\n', '"', '.', ',']);
        let is_put = bare.len() > 3
            && bare.starts_with('*')
            && bare
                .chars()
                .all(|char| "*-._".contains(char) || char.is_ascii_alphanumeric());
        match is_put {
            true => masked.push_str(&word.replace(bare, &format!("[{}]", bare.len()))),
            false => masked.push_str(word),
        }
    }
    masked
}

#[test]
fn an_export_is_safe_by_default() {
    let stage = stage();
    insta::assert_snapshot!(masked(&transcripts(
        &stage,
        &[
            "export in.agui.jsonl --preview",
            "share in.agui.jsonl -o out.agui.jsonl",
            "share in.agui.jsonl -o out.agui.jsonl --json",
            "export in.agui.jsonl -o out.agui.jsonl --redact structure",
            "export in.agui.jsonl -o all.agui.jsonl --redact none",
        ]
    )));
    let read = |name: &str| fs::read_to_string(stage.path(name)).unwrap();
    assert!(SECRETS.iter().all(|secret| read("all.agui.jsonl").contains(secret)));
    for redact in ["safe", "structure"] {
        stage.said(&format!("share in.agui.jsonl -o out.agui.jsonl --redact {redact}"));
        let left: Vec<_> = SECRETS
            .iter()
            .filter(|secret| read("out.agui.jsonl").contains(**secret))
            .collect();
        assert!(left.is_empty(), "{redact}: {left:?}");
    }
}

#[test]
fn what_is_shared_is_the_same_recording() {
    let stage = stage();
    stage.said("share in.agui.jsonl -o out.agui.jsonl");
    let lines = |file: &str| {
        let mut lines = stage.json(&format!("list {file} --all --json"));
        for line in &mut lines {
            // The key was found in the original alone.
            line["findings"].take();
        }
        lines
    };
    assert_eq!(lines("in.agui.jsonl"), lines("out.agui.jsonl"));
    let checked = stage.json("check out.agui.jsonl --json");
    assert!(
        checked.iter().all(|line| line["rule"] != "secret.on_wire"),
        "{checked:?}"
    );
    let shown = |file: &str| stage.json(&format!("show {file} --json"))[0]["chunks"].clone();
    assert_eq!(shown("in.agui.jsonl"), shown("out.agui.jsonl"));
    // Read again, nothing is found to be replaced.
    let again = stage.json("share out.agui.jsonl -o again.agui.jsonl --json");
    assert_eq!(again[0]["redaction"]["rules"], serde_json::json!({}));
    assert_eq!(stage.bytes("body out.agui.jsonl"), stage.bytes("body again.agui.jsonl"));
}

#[test]
fn a_preview_writes_nothing_and_a_file_is_its_owners() {
    let stage = stage();
    stage.said("share in.agui.jsonl -o out.agui.jsonl --preview");
    assert!(!stage.path("out.agui.jsonl").exists());
    stage.said("share in.agui.jsonl -o out.agui.jsonl");
    let mode = fs::metadata(stage.path("out.agui.jsonl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn rules_of_a_person_are_followed() {
    let stage = stage();
    stage.put(
        "rules.json",
        br#"{"rules":[{"name":"login","pointer":"/login"},{"pattern":"Use \\w+"}],"off":["email"]}"#,
    );
    stage.said("share in.agui.jsonl -o out.agui.jsonl --rules rules.json");
    let written = fs::read_to_string(stage.path("out.agui.jsonl")).unwrap();
    assert!(written.contains("ada@example.org") && !written.contains("Use ") && !written.contains("swordfish"));
    let header: serde_json::Value = serde_json::from_str(written.lines().next().unwrap()).unwrap();
    let redaction = &header["scrubjay"]["redaction"];
    assert_eq!(redaction["off"], serde_json::json!(["email"]));
    assert_eq!(redaction["rules"]["custom.login"], 1);
    stage.put("broken.json", br#"{"rules":[{"pointer":"x"}]}"#);
    insta::assert_snapshot!(transcripts(
        &stage,
        &[
            "share in.agui.jsonl -o out.agui.jsonl --rules broken.json",
            "share in.agui.jsonl -o out.agui.jsonl --rules nowhere.json",
            "share in.agui.jsonl -o out.agui.jsonl --redact none --preview",
            "share in.agui.jsonl -o out.agui.jsonl --thread nowhere",
            "share in.agui.jsonl -o ada@example.org.agui.jsonl",
            "share in.agui.jsonl -o out.agui.jsonl --range 9..12",
            "share in.agui.jsonl -o out.agui.jsonl --range 3..1",
        ]
    ));
}

#[test]
fn a_range_leaves_out_what_is_around_it() {
    let stage = stage();
    stage.said("share in.agui.jsonl -o out.agui.jsonl --range 2..6 --redact none");
    let shown = &stage.json("show out.agui.jsonl --json")[0];
    let whole = &stage.json("show in.agui.jsonl --json")[0];
    let holes = shown["holes"].as_array().unwrap();
    assert_eq!(holes.len(), 2, "{holes:?}");
    let lines = |file: &str| stage.json(&format!("events {file} --json"));
    let (part, all) = (lines("out.agui.jsonl"), lines("in.agui.jsonl"));
    let text = |lines: &[serde_json::Value]| -> Vec<serde_json::Value> {
        lines
            .iter()
            .map(|line| line["event"].clone())
            .filter(|event| !event.is_null())
            .collect()
    };
    assert_eq!(text(&part), text(&all[1..6]));
    let end = |shown: &serde_json::Value| shown["chunks"][0]["atUs"].clone();
    assert_eq!(end(shown), end(whole));
}

#[test]
fn no_planted_secret_leaves() {
    let (exchanges, planted) = planted();
    assert!(planted.secrets.len() >= 200);
    let stage = Stage::new();
    stage.put("in.agui.jsonl", &file_of(&exchanges));
    stage.put(
        "secrets.json",
        serde_json::to_string(&planted.secrets).unwrap().as_bytes(),
    );
    let look = |file: &str| {
        let output = Command::new(node())
            .arg(script())
            .args([stage.path(file), stage.path("secrets.json")])
            .output()
            .expect("node is needed to look for secrets: run cargo xtask setup");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    };
    let (_, found) = look("in.agui.jsonl");
    let all = format!(" {} found\n", planted.secrets.len());
    assert!(found.ends_with(&all), "the script finds them where they are: {found}");
    for (file, redact) in [
        ("a.agui.jsonl", "safe"),
        ("b.agui.jsonl.gz", "safe"),
        ("c.agui.jsonl", "structure"),
    ] {
        let output = stage.run(&format!("share in.agui.jsonl -o {file} --redact {redact} --json"));
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.success(), "{file}: {said}");
        assert!(
            !planted.values.iter().any(|value| said.contains(value.as_str())),
            "{said}"
        );
        assert_eq!(look(file), (Some(0), found_none(&look(file).1)), "{file}");
    }
}

/// The last line of the script, where it found nothing.
fn found_none(said: &str) -> String {
    let last = said.lines().last().unwrap_or_default();
    assert!(last.ends_with(" 0 found"), "{said}");
    format!("{last}\n")
}

#[test]
fn captures_hold_nothing_that_is_replaced_by_mistake() {
    let names = [
        "ag2/04-shared-state-run1",
        "pydantic-ai/01-chat-run1",
        "protobuf-encoder/proto-state",
        "protobuf-encoder/proto-cut",
        "ag2/05-error-cut-stream-run1",
        "ag2-autogen/weather-no-content-type-run1",
    ];
    let stage = Stage::new();
    stage.put("in.agui.jsonl", &file_of(&names.map(capture)));
    let said = stage.json("share in.agui.jsonl -o out.agui.jsonl --json");
    assert_eq!(said[0]["redaction"]["rules"], serde_json::json!({}));
    assert_eq!(
        fs::read(stage.path("out.agui.jsonl")).unwrap().len() as u64,
        said[0]["bytes"].as_u64().unwrap()
    );
}
