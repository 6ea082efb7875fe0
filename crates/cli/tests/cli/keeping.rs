//! What is kept of what passes: sizes, and paths that are left out.

use std::{fs, process::Stdio};

use serde_json::{Value, json};

use crate::{
    agent::{Agent, get_path, post},
    process::{Process, kill},
    stage::Stage,
};

/// Bytes that do not compress, as text: a stream of one long frame.
fn noise(len: usize) -> &'static str {
    let mut state = 1_u64;
    let mut text = String::from("data: ");
    while text.len() < len {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        text.push(char::from(b'!' + (state >> 40) as u8 % 90));
    }
    text.push_str("\n\n");
    text.leak()
}

fn indexes(stage: &Stage) -> Vec<i64> {
    let listed = stage.json("list s.db --json");
    listed.iter().map(|line| line["index"].as_i64().unwrap()).collect()
}

#[test]
fn a_size_needs_a_unit_and_has_a_floor_and_nothing_goes() {
    let stage = Stage::new();
    let agent = Agent::start();
    let mut recorder = Process::record(&stage, &agent, "");
    post(&recorder.url());
    assert_eq!(recorder.stop("-INT").status.code(), Some(0));
    for size in ["2", "0", "500", "2kB", "9MB", "much", "-1GB", "2XB", ""] {
        let output = stage
            .command(["record", "--upstream", "http://127.0.0.1:1", "--listen", "127.0.0.1:0"])
            .args(["--store", "s.db", &format!("--max-store={size}"), "--", "true"])
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{size}: {said}");
        assert!(said.contains("such as 500MB or 2GB"), "{size}: {said}");
        assert_eq!(indexes(&stage), [1], "{size}");
    }
    let output = stage.run("record --upstream http://127.0.0.1:1 --max-store 2 --store s.db");
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: The size \"2\" has no unit.\nhint: Give a number and a unit, such as 500MB or 2GB.\n"
    );
    for size in ["10MB", "64000kB", "1.5GB", "2GiB", "500MiB"] {
        let output = stage.run(&format!(
            "record --upstream http://127.0.0.1:1 --listen 127.0.0.1:0 --store s.db --max-store {size} -- true"
        ));
        assert_eq!(output.status.code(), Some(0), "{size}");
    }
}

#[test]
fn a_store_that_is_too_large_already_is_left_alone_unless_that_was_agreed_to() {
    let stage = Stage::new();
    let agent = Agent::saying(noise(3_000_000));
    let mut recorder = Process::record(&stage, &agent, "");
    for _ in 0..5 {
        post(&recorder.url());
    }
    assert_eq!(recorder.stop("-INT").status.code(), Some(0));
    let all = indexes(&stage);
    assert_eq!(all.len(), 5);

    let refused = stage.run(&format!(
        "record --upstream {} --listen 127.0.0.1:0 --store s.db --max-store 10MB",
        agent.url()
    ));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    for part in [
        "more than the 10",
        "of --max-store",
        "exchange",
        "recorded ",
        "would go",
        "--prune-existing",
    ] {
        assert!(said.contains(part), "{said} lacks {part}");
    }
    assert_eq!(indexes(&stage), all, "nothing went");

    let args = format!(
        "record --upstream agent={} --listen 127.0.0.1:0 --store s.db --json --max-store 10MB --prune-existing",
        agent.url()
    );
    let output = stage.command(args.split(' ')).args(["--", "true"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let first: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    let gone: Vec<i64> = serde_json::from_value(first["pruned"].clone()).unwrap();
    assert!(!gone.is_empty() && gone.len() < 5, "{said}");
    assert_eq!(gone, all[..gone.len()], "the oldest");
    assert_eq!(indexes(&stage), all[gone.len()..], "what was printed went, and no more");
}

#[test]
fn while_recording_only_what_came_since_goes_and_a_line_states_so() {
    let stage = Stage::new();
    let small = Agent::start();
    let mut before = Process::record(&stage, &small, "");
    post(&before.url());
    assert_eq!(before.stop("-INT").status.code(), Some(0));

    let agent = Agent::saying(noise(3_000_000));
    let mut recorder = Process::record(&stage, &agent, "--max-store 10MB");
    recorder.read_on();
    let mut gone = Vec::new();
    for index in 2..=6 {
        post(&recorder.url());
        assert_eq!(recorder.next_with("index")["index"], index);
    }
    assert_eq!(recorder.stop("-INT").status.code(), Some(0));
    // Lines before the last exchange's were read over.
    for line in recorder.seen().iter().chain(&recorder.last_lines()) {
        if let Some(pruned) = line.get("pruned") {
            gone.extend(serde_json::from_value::<Vec<i64>>(pruned.clone()).unwrap());
            assert!(line["bytes"].as_u64().unwrap() > 0 && line["from"].is_string());
        }
    }
    let left = indexes(&stage);
    let expected: Vec<i64> = (2..=6).filter(|index| !left.contains(index)).collect();
    assert!(!expected.is_empty(), "{left:?}");
    assert_eq!(gone, expected, "each that went was printed");
    assert_eq!(left[0], 1, "what was there before stays, though it is the oldest");

    // The cap held for that recording only.
    let mut later = Process::record(&stage, &agent, "");
    for _ in 0..3 {
        post(&later.url());
    }
    assert_eq!(later.stop("-INT").status.code(), Some(0));
    assert!(
        indexes(&stage).starts_with(&left),
        "a recording without a cap deletes nothing"
    );
}

#[test]
fn in_text_a_note_states_what_went() {
    let stage = Stage::new();
    let agent = Agent::saying(noise(3_000_000));
    let args = format!(
        "record --upstream {} --listen 127.0.0.1:0 --store s.db --max-store 10MB",
        agent.url()
    );
    let mut recorder = Process::start_text(stage.command(args.split(' ')), 1);
    for _ in 0..6 {
        post(&recorder.url());
    }
    let ended = recorder.stop("-INT");
    assert!(
        ended.stderr.contains("went to keep the store below --max-store: 1") && ended.stderr.contains("are free again"),
        "{}",
        ended.stderr
    );
}

#[test]
fn an_age_needs_a_unit_too() {
    let stage = Stage::new();
    let mut recorder = Process::record(&stage, &Agent::start(), "");
    post(&recorder.url());
    assert_eq!(recorder.stop("-INT").status.code(), Some(0));
    for before in ["7", "0", "7x", "-7d"] {
        let output = stage.run(&format!("delete --before={before} --store s.db"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("names no moment"), "{said}");
        assert_eq!(indexes(&stage), [1]);
    }
}

#[test]
fn paths_choose_what_is_recorded_and_everything_is_forwarded() {
    let stage = Stage::new();
    let agent = Agent::start();
    let paths = [
        "/run",
        "/api/run",
        "/api/health",
        "/_next/a.js",
        "/apis",
        "/api/x.map?v=1",
    ];
    for (rest, kept, left_out) in [
        ("--only /api", vec!["/api/run", "/api/health", "/api/x.map?v=1"], 3),
        (
            "--skip /_next --skip *.map",
            vec!["/run", "/api/run", "/api/health", "/apis"],
            2,
        ),
        (
            "--only /api --only /run --skip /api/health",
            vec!["/run", "/api/run", "/api/x.map?v=1"],
            3,
        ),
    ] {
        fs::remove_file(stage.path("s.db")).ok();
        let mut recorder = Process::record(&stage, &agent, rest);
        for path in paths {
            assert!(get_path(&recorder.url(), path).starts_with("HTTP/1.1 200"), "{path}");
        }
        recorder.read_on();
        let ended = recorder.stop("-INT");
        assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
        let said = recorder.last_lines();
        assert_eq!(said.last(), Some(&json!({ "leftOut": left_out })), "{rest}");
        let listed = stage.json("list s.db --json");
        let targets: Vec<_> = listed.iter().map(|line| line["target"].as_str().unwrap()).collect();
        assert_eq!(targets, kept, "{rest}");
    }
}

#[test]
fn the_page_server_leaves_out_paths_too() {
    let stage = Stage::new();
    if !scrubjay_door::is_built() {
        return;
    }
    let agent = Agent::start();
    let args = format!(
        "serve --store s.db --listen 127.0.0.1:0 --upstream agent={} --skip /assets",
        agent.url()
    );
    let mut child = stage
        .command(args.split(' '))
        .arg("--json")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let ready: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let url = ready["sources"][0]["url"].as_str().unwrap();
    for path in ["/run", "/assets/a.js"] {
        assert!(get_path(url, path).starts_with("HTTP/1.1 200"), "{path}");
    }
    kill("-INT", &child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(lines.last().unwrap().unwrap(), r#"{"leftOut":1}"#);
    assert_eq!(stage.json("list s.db --json").len(), 1);
}
