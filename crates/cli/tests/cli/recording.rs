//! Recording, from the ready line to a clean end.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use serde_json::Value;

use crate::{
    agent::{Agent, BODY, first_frame, post, post_and_stay},
    process::{Process, kill},
    stage::Stage,
};

fn start(stage: &Stage, args: &str) -> Process {
    let mut process = Process::start(stage.command(args.split_whitespace()));
    process.read_on();
    process
}

/// Its exit status; it must have nothing to complain about.
fn stop(mut process: Process, signal: &str) -> i32 {
    let ended = process.stop(signal);
    assert_eq!(ended.stderr, "");
    ended.status.code().unwrap()
}

fn body_of(answer: &str) -> String {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut text = String::new();
    for line in body.split("\r\n").collect::<Vec<_>>().chunks(2) {
        text.push_str(line.get(1).unwrap_or(&""));
    }
    text
}

#[test]
fn what_passes_is_in_the_store_after_a_clean_end() {
    for signal in ["-INT", "-TERM"] {
        let stage = Stage::new();
        let agent = Agent::start();
        let args = format!(
            "record --upstream agent={} --listen 127.0.0.1:0 --store s.db --label who=me --json",
            agent.url()
        );
        let recorder = start(&stage, &args);
        assert_eq!(recorder.ready["ready"], true);
        assert_eq!(recorder.ready["url"], recorder.url_of(0));
        assert_eq!(recorder.ready["sources"][0]["name"], "agent");
        assert_eq!(recorder.ready["sources"][0]["upstream"], agent.url());
        assert!(recorder.ready["store"].as_str().unwrap().ends_with("s.db"));
        assert_eq!(body_of(&post(&recorder.url_of(0))), BODY);
        let ended = recorder.next_with("ending");
        assert_eq!((&ended["target"], &ended["frames"]), (&"/run".into(), &5.into()));
        assert_eq!(stop(recorder, signal), 0);

        let listed = &stage.json("list s.db --all --json")[0];
        assert_eq!(listed["ending"], "complete");
        assert_eq!(listed["runs"][0]["outcome"], "success");
        assert_eq!(listed["labels"], serde_json::json!({"who": "me", "kind": "test"}));
        assert_eq!(stage.said("body s.db"), BODY);
        let shown = &stage.json("show s.db --json")[0];
        let chunks = shown["chunks"].as_array().unwrap();
        let lens: u64 = chunks.iter().map(|chunk| chunk["len"].as_u64().unwrap()).sum();
        assert_eq!(lens, BODY.len() as u64);
        let state = &stage.json("state s.db --at 5 --json")[0];
        assert_eq!(state["messages"][0]["content"], "Hello");
    }
}

#[test]
fn what_was_delivered_is_in_the_store_however_the_recorder_ends() {
    for (signal, status) in [("-INT", Some(0)), ("-KILL", None)] {
        let stage = Stage::new();
        let agent = Agent::start_stalling();
        let mut recorder = Process::record(&stage, &agent, "");
        let client = post_and_stay(&recorder.url_of(0));
        assert_eq!(recorder.stop(signal).status.code(), status);
        drop(client);
        let listed = &stage.json("list s.db --all --json")[0];
        assert_eq!(
            (&listed["ending"], &listed["frames"]),
            (&"recorder_stopped".into(), &1.into())
        );
        assert_eq!(listed["runs"][0]["outcome"], "none");
        assert_eq!(stage.said("body s.db"), first_frame());
    }
}

#[test]
fn recording_goes_on_when_no_one_reads_the_log() {
    let stage = Stage::new();
    let agent = Agent::start();
    let mut recorder = Process::record(&stage, &agent, "");
    recorder.stop_reading();
    for _ in 0..3 {
        assert_eq!(body_of(&post(&recorder.url())), BODY);
    }
    assert_eq!(recorder.stop("-TERM").status.code(), Some(0));
    assert_eq!(stage.json("list s.db --all --json").len(), 3);
}

#[test]
fn several_sources_listen_each_for_itself() {
    let stage = Stage::new();
    let (first, second) = (Agent::start(), Agent::start());
    let args = format!(
        "record --upstream a={} --upstream b={} --listen 127.0.0.1:0 --listen 127.0.0.1:0 --store s.db --json",
        first.url(),
        second.url()
    );
    let recorder = start(&stage, &args);
    post(&recorder.url_of(1));
    assert_eq!(recorder.next_with("ending")["source"], "b");
    post(&recorder.url_of(0));
    assert_eq!(recorder.next_with("ending")["source"], "a");
    assert_eq!(stop(recorder, "-INT"), 0);
    assert_eq!(stage.json("list s.db --all --json").len(), 2);
}

#[test]
fn a_command_gets_the_address_owns_stdout_and_gives_the_status() {
    let stage = Stage::new();
    let agent = Agent::start();
    let upstream = format!("my-agent={}", agent.url());
    let script = r#"echo "$SCRUBJAY_URL"; echo "$SCRUBJAY_URL_MY_AGENT"; exit 7"#;
    let output = stage
        .command([
            "record",
            "--upstream",
            &upstream,
            "--listen",
            "127.0.0.1:0",
            "--store",
            "s.db",
            "--json",
            "--",
        ])
        .args(["sh", "-c", script])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(7));
    let stdout = String::from_utf8(output.stdout).unwrap();
    let urls: Vec<&str> = stdout.lines().collect();
    assert_eq!(urls.len(), 2, "{stdout}");
    assert!(urls[0].starts_with("http://127.0.0.1:") && urls[0] == urls[1]);
    let said = String::from_utf8(output.stderr).unwrap();
    let ready: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    assert_eq!(ready["url"], urls[0]);
}

#[test]
fn signals_reach_the_command() {
    let stage = Stage::new();
    let upstream = format!("a={}", Agent::start().url());
    let mut child = stage
        .command([
            "record",
            "--upstream",
            &upstream,
            "--listen",
            "127.0.0.1:0",
            "--store",
            "s.db",
            "--",
        ])
        .args([
            "sh",
            "-c",
            "trap 'echo stopped; exit 3' TERM; echo up; while :; do read -r _ || sleep 0.05; done",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(stdout.next().unwrap().unwrap(), "up");
    kill("-TERM", &child);
    assert_eq!(stdout.next().unwrap().unwrap(), "stopped");
    assert_eq!(child.wait().unwrap().code(), Some(3));
}

#[test]
fn the_log_is_for_people() {
    let stage = Stage::new();
    let agent = Agent::start();
    let upstream = format!("agent={}", agent.url());
    let mut child = stage
        .command([
            "record",
            "--upstream",
            &upstream,
            "--listen",
            "127.0.0.1:0",
            "--store",
            "s.db",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    assert!(next().starts_with("recording into "));
    let source = next();
    let (url, rest) = source.split_once(' ').unwrap();
    assert_eq!(rest, format!("→ {}  (agent)", agent.url()));
    post(url);
    assert_eq!(next(), "#1 agent POST /run");
    let ended = next();
    assert!(
        ended.starts_with("#1 ended: 200, complete, ") && ended.contains("5 frames") && ended.ends_with("success"),
        "{ended}"
    );
    kill("-INT", &child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn each_exchange_that_ended_has_its_line_when_the_command_ends() {
    let stage = Stage::new();
    let agent = Agent::start();
    stage.put(
        "input.json",
        br#"{"threadId":"t","runId":"r","state":{},"messages":[],"tools":[],"context":[],"forwardedProps":{}}"#,
    );
    let program = env!("CARGO_BIN_EXE_scrubjay");
    let script = format!("{program} check --url $SCRUBJAY_URL/run --input input.json");
    // A line that came too late was lost more often than not.
    for place in 1..=4 {
        let args = format!(
            "record --upstream a={} --listen 127.0.0.1:0 --store s.db --json -- sh -c",
            agent.url()
        );
        let output = stage.command(args.split_whitespace()).arg(&script).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2, "{said}");
        assert_eq!((&lines[1]["index"], &lines[1]["frames"]), (&place.into(), &5.into()));
    }
}

#[test]
fn an_address_of_everybody_is_reported() {
    let stage = Stage::new();
    let args = format!(
        "record --upstream {} --listen 0.0.0.0:0 --store s.db --json -- true",
        Agent::start().url()
    );
    let output = stage.run(&args);
    let said = String::from_utf8(output.stderr).unwrap();
    let first: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    let note = first["note"].as_str().unwrap();
    assert!(
        note.starts_with("0.0.0.0:") && note.contains("from other machines"),
        "{note}"
    );
}
