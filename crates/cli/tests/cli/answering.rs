//! What a replay answers from the command line, where, and what becomes of a miss.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::{
    files::{Captured, capture, file_of},
    replaying::{Replay, answer, put, trade},
    stage::{Stage, transcripts},
};

const TARGET: &str = "/api/copilotkit/agent/default/run";

/// Asks, and gives the whole answer.
fn request(url: &str, method: &str, target: &str, body: &str) -> String {
    let host = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: {host}\r\naccept: text/event-stream\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn run(name: &str) -> Captured {
    capture(&format!("copilotkit-runtime/{name}"))
}

fn input_of(captured: &Captured) -> Value {
    serde_json::from_slice(&captured.request_body).unwrap()
}

/// What a page does: information, a connect, a run.
fn session(stage: &Stage) -> Value {
    let (mut info, connect, run) = (
        run("13-info-get"),
        run("12-connect-empty-thread"),
        run("03-frontend-tool-run1"),
    );
    // A request of this kind has no body.
    info.request_body.clear();
    info.exchange.request_len = 0;
    let input = input_of(&run);
    stage.put("page.agui.jsonl", &file_of(&[info, connect, run]));
    input
}

#[test]
fn a_strict_replay_matches_as_documented_and_exactly_when_asked() {
    let stage = Stage::new();
    let mut input = session(&stage);
    input["tools"][0]["description"] = "Says something else now".into();
    for (more, status) in [("", "200"), ("--match exact", "404"), ("--match documented", "200")] {
        let mut replay = Replay::start(&stage, &format!("page.agui.jsonl --pace instant --strict {more}"));
        let got = request(replay.url(), "POST", TARGET, &input.to_string());
        assert!(got.starts_with(&format!("HTTP/1.1 {status}")), "{more}: {got}");
        let line = replay.line();
        assert_eq!(line["differences"][0]["pointer"], "/tools/0/description", "{line}");
        assert_eq!(line["miss"], status == "404");
        let (ended, _) = replay.stop();
        assert_eq!(ended, i32::from(status == "404"), "{more}");
    }
}

#[test]
fn what_is_no_run_need_not_be_asked_again() {
    let stage = Stage::new();
    let input = session(&stage).to_string();
    let replay = Replay::start(&stage, "page.agui.jsonl --pace instant --strict");
    assert!(request(replay.url(), "POST", TARGET, &input).starts_with("HTTP/1.1 200"));
    let (ended, rest) = replay.stop();
    assert_eq!(ended, 0);
    let others: Vec<&Value> = rest.last().unwrap()["unused_others"]
        .as_array()
        .unwrap()
        .iter()
        .map(|other| &other["target"])
        .collect();
    assert_eq!(
        others,
        ["/api/copilotkit/info", "/api/copilotkit/agent/default/connect"]
    );
    assert_eq!(rest.last().unwrap()["unused"], json!([]));

    let replay = Replay::start(&stage, "page.agui.jsonl --pace instant --strict");
    request(replay.url(), "GET", "/api/copilotkit/info", "");
    let (ended, rest) = replay.stop();
    assert_eq!(ended, 1);
    assert_eq!(rest.last().unwrap()["unused"][0]["target"], TARGET);
}

#[test]
fn a_status_fault_waits_for_the_run() {
    let stage = Stage::new();
    let input = session(&stage).to_string();
    let replay = Replay::start(&stage, "page.agui.jsonl --pace instant --fault status:code=503");
    let info = request(replay.url(), "GET", "/api/copilotkit/info", "");
    assert!(info.starts_with("HTTP/1.1 200"), "{info}");
    assert!(request(replay.url(), "POST", TARGET, &input).starts_with("HTTP/1.1 503"));
    assert!(request(replay.url(), "POST", TARGET, &input).starts_with("HTTP/1.1 200"));
    assert_eq!(replay.stop().0, 0);
    let replay = Replay::start(
        &stage,
        "page.agui.jsonl --pace instant --fault status:code=429,path=*/info",
    );
    assert!(request(replay.url(), "GET", "/api/copilotkit/info", "").starts_with("HTTP/1.1 429"));
    assert!(request(replay.url(), "POST", TARGET, &input).starts_with("HTTP/1.1 200"));
    assert_eq!(replay.stop().0, 0);
}

/// Both hops of one run: the page asks a runtime, and that an agent.
fn hops(stage: &Stage) -> [String; 2] {
    let (mut page, mut agent) = (run("01-chat"), capture("mastra/01-chat"));
    page.exchange.source = "runtime".into();
    agent.exchange.source = "agent".into();
    let inputs = [&page, &agent].map(|one| String::from_utf8(one.request_body.clone()).unwrap());
    stage.put("hops.agui.jsonl", &file_of(&[page, agent]));
    inputs
}

#[test]
fn each_source_has_an_address_of_its_own() {
    let stage = Stage::new();
    let [page, agent] = hops(&stage);
    let mut replay = Replay::start(&stage, "hops.agui.jsonl --pace instant");
    let sources = replay.ready["sources"].as_array().unwrap().clone();
    let names: Vec<&Value> = sources.iter().map(|source| &source["name"]).collect();
    assert_eq!(names, ["runtime", "agent"]);
    assert_eq!(sources[0]["url"], replay.ready["url"]);
    let urls: Vec<&str> = sources.iter().map(|source| source["url"].as_str().unwrap()).collect();
    assert_ne!(urls[0], urls[1]);
    assert!(request(urls[0], "POST", TARGET, &page).contains("exchange=0"));
    assert_eq!(replay.line()["source"], "runtime");
    assert!(request(urls[1], "POST", "/agentic_chat", &agent).contains("exchange=1"));
    assert_eq!(replay.line()["source"], "agent");
    assert!(request(urls[0], "POST", "/agentic_chat", &agent).starts_with("HTTP/1.1 404"));
    assert_eq!(replay.line()["miss"], true);
    assert_eq!(replay.stop().0, 0);

    let replay = Replay::start(&stage, "hops.agui.jsonl --pace instant --strict --source agent");
    assert_eq!(replay.ready["sources"].as_array().unwrap().len(), 1);
    assert_eq!(replay.ready["sources"][0]["name"], "agent");
    assert!(request(replay.url(), "POST", TARGET, &page).starts_with("HTTP/1.1 404"));
    assert!(request(replay.url(), "POST", "/agentic_chat", &agent).starts_with("HTTP/1.1 200"));
    assert_eq!(replay.stop().0, 0, "the other source is not asked for");
    assert_snapshot!(transcripts(
        &stage,
        &[
            "replay hops.agui.jsonl --source nothing",
            "replay hops.agui.jsonl --fallback http://127.0.0.1:1 --store more.db",
            "replay hops.agui.jsonl --listen 127.0.0.1:0 --listen 127.0.0.1:0 --listen 127.0.0.1:0",
            "replay hops.agui.jsonl --match strictly",
            "replay hops.agui.jsonl --miss nothing",
        ]
    ));
}

#[test]
fn a_miss_is_a_run_error_when_it_is_to_be_one() {
    let stage = Stage::new();
    session(&stage);
    let mut replay = Replay::start(&stage, "page.agui.jsonl --pace instant --miss run-error");
    let got = answer(replay.url(), TARGET, "something else");
    assert!(got.starts_with("HTTP/1.1 200"), "{got}");
    assert!(
        got.contains("\"type\":\"RUN_ERROR\"") && got.contains("SCRUBJAY_MISS"),
        "{got}"
    );
    let line = replay.line();
    assert_eq!((&line["miss"], &line["exchange"]), (&true.into(), &Value::Null));
    assert_eq!(line["nearest"][0], 2, "{line}");
    let info = request(replay.url(), "GET", "/api/other", "").replace("text/event-stream", "");
    assert!(info.contains("RUN_ERROR") || info.starts_with("HTTP/1.1 404"), "{info}");
    assert_eq!(replay.stop().0, 0);
}

#[test]
fn a_miss_is_answered_by_hand_through_the_control_door_and_from_the_keyboard() {
    let stage = Stage::new();
    session(&stage);
    let replay = Replay::start(&stage, "page.agui.jsonl --pace instant --control 127.0.0.1:0");
    let door = replay.ready["control"].as_str().unwrap().to_owned();
    assert!(answer(replay.url(), TARGET, "something else").starts_with("HTTP/1.1 404"));
    let token = trade(&door);
    let control = |question: &str| put(&door, &token, question);
    let said = control(r#"{"ask":"replays"}"#);
    assert!(said.contains("\"misses\":[{\"request\":1"), "{said}");
    let said = control(r#"{"ask":"answer_miss","replay":1,"request":9,"exchange":2}"#);
    assert!(!said.starts_with("HTTP/1.1 200"), "there was no such request: {said}");
    let said = control(r#"{"ask":"answer_miss","replay":1,"request":1,"exchange":2}"#);
    assert!(
        said.starts_with("HTTP/1.1 200") && said.contains("\"chosen\":2"),
        "{said}"
    );
    for _ in 0..2 {
        let got = answer(replay.url(), TARGET, "something else");
        assert!(got.starts_with("HTTP/1.1 200") && got.contains("RUN_FINISHED"), "{got}");
    }
    assert!(answer(replay.url(), TARGET, "and this").starts_with("HTTP/1.1 404"));
    assert_eq!(replay.stop().0, 0);

    let mut replay = Replay::start(&stage, "page.agui.jsonl --pace instant --miss wait");
    for (typed, status) in [("a 2", "200"), ("m", "404")] {
        let url = replay.url().to_owned();
        let prompt = format!("missed, then {status}");
        let waiting = std::thread::spawn(move || answer(&url, TARGET, &prompt));
        let line = replay.line();
        assert_eq!(
            (&line["waits"], &line["nearest"][0]["exchange"]),
            (&true.into(), &2.into()),
            "{line}"
        );
        replay.type_line(typed);
        let got = waiting.join().unwrap();
        assert!(got.starts_with(&format!("HTTP/1.1 {status}")), "{got}");
        assert_eq!(replay.line()["status"].to_string(), status);
    }
    assert_eq!(replay.stop().0, 0);
}
