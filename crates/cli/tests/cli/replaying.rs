//! A recording in the agent's place, from the command line.

use std::{
    io::{BufRead as _, BufReader, Lines, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, ChildStderr, ChildStdout, Command, Stdio},
};

use insta::assert_snapshot;
use serde_json::Value;

use crate::{
    agent::{Agent, BODY},
    files::{file_of, made_up},
    serving::{enter, send},
    stage::{Stage, transcripts},
};

/// One of the committed samples.
pub(crate) fn sample(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../recordings")
        .join(name);
    path.canonicalize().unwrap().display().to_string()
}

/// A replay that runs.
pub(crate) struct Replay {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    stderr: BufReader<ChildStderr>,
    pub(crate) ready: Value,
}

impl Replay {
    pub(crate) fn start(stage: &Stage, args: &str) -> Self {
        let args = format!("replay {args} --listen 127.0.0.1:0 --json");
        Self::spawn(stage.command(args.split_whitespace()).stdin(Stdio::piped()))
    }

    fn spawn(command: &mut Command) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            lines,
            stderr,
            ready,
        }
    }

    pub(crate) fn url(&self) -> &str {
        self.ready["url"].as_str().unwrap()
    }

    pub(crate) fn line(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The next note.
    fn note(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        line["note"].as_str().unwrap().to_owned()
    }

    /// Interrupts it; gives its status and what it said last.
    pub(crate) fn stop(self) -> (i32, Vec<Value>) {
        let (status, rest, _) = self.stop_and_read();
        (status, rest)
    }

    /// With what it said on standard error.
    fn stop_and_read(mut self) -> (i32, Vec<Value>, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let rest = self
            .lines
            .by_ref()
            .map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        let rest = rest.collect();
        let mut stderr = String::new();
        self.stderr.read_to_string(&mut stderr).unwrap();
        (self.child.wait().unwrap().code().unwrap(), rest, stderr)
    }
}

pub(crate) fn ask(url: &str, target: &str, prompt: &str) -> TcpStream {
    let body = format!(
        r#"{{"threadId":"live","runId":"now","state":{{}},"messages":[{{"id":"1","role":"user","content":"{prompt}"}}],"tools":[],"context":[],"forwardedProps":{{}}}}"#
    );
    let host = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: {host}\r\naccept: text/event-stream\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).unwrap();
    stream
}

pub(crate) fn answer(url: &str, target: &str, prompt: &str) -> String {
    let mut answer = String::new();
    ask(url, target, prompt).read_to_string(&mut answer).unwrap();
    answer
}

const WEATHER: &str = "Compare the weather in Lisbon and Oslo.";

#[test]
fn what_makes_no_sense_is_reported() {
    let stage = Stage::new();
    stage.put(
        "run.agui.jsonl",
        &std::fs::read(sample("reasoning.agui.jsonl")).unwrap(),
    );
    stage.put("nothing.agui.jsonl", &file_of(&[]));
    stage.put("notes.txt", b"not a recording\n");
    stage.put("bad.faults.json", b"{\"name\": 1}");
    assert_snapshot!(transcripts(
        &stage,
        &[
            "replay absent.agui.jsonl",
            "replay notes.txt",
            "replay nothing.agui.jsonl",
            "replay run.agui.jsonl --exchange 7",
            "replay run.agui.jsonl --pace fast",
            "replay run.agui.jsonl --allow-origin *",
            "replay run.agui.jsonl --fault explode",
            "replay run.agui.jsonl --fault cut:event=x",
            "replay run.agui.jsonl --hold a:b",
            "replay run.agui.jsonl --overlay absent.json",
            "replay run.agui.jsonl --overlay bad.faults.json",
            "replay run.agui.jsonl --listen nowhere",
            "replay run.agui.jsonl --strict --fallback http://localhost:1",
            "replay run.agui.jsonl --fallback ftp://agent --store more.db",
            "replay run.agui.jsonl --fallback http://localhost:1",
        ]
    ));
}

#[test]
fn a_fallback_for_a_file_makes_no_store_that_no_one_named() {
    let stage = Stage::new();
    let file = sample("reasoning.agui.jsonl");
    let output = stage.run(&format!("replay {file} --fallback http://127.0.0.1:1"));
    assert_eq!(output.status.code(), Some(2));
    assert!(!stage.path("data").exists());
}

#[test]
fn a_port_in_use_is_reported() {
    let stage = Stage::new();
    stage.put(
        "run.agui.jsonl",
        &std::fs::read(sample("reasoning.agui.jsonl")).unwrap(),
    );
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port().to_string();
    let said = stage.transcript(&format!("replay run.agui.jsonl --listen 127.0.0.1:{port}"));
    let said = said.replace(&port, "[PORT]");
    assert!(
        said.contains("error: Port [PORT] on 127.0.0.1 is already in use."),
        "{said}"
    );
    assert!(said.contains("hint: ") && said.ends_with("[exit 2]\n"), "{said}");
}

#[test]
fn each_answer_is_a_line_that_states_which_recording_and_why() {
    let stage = Stage::new();
    let file = sample("tool-call-parallel.agui.jsonl");
    let mut replay = Replay::start(&stage, &format!("{file} --pace instant"));
    let keys: Vec<_> = ["ready", "url", "store", "sources"]
        .map(|key| replay.ready[key].clone())
        .into();
    assert_eq!((&keys[0], &keys[2]), (&Value::Bool(true), &Value::String(file)));
    assert_eq!(keys[3][0]["url"], keys[1]);
    let got = answer(replay.url(), "/tools", WEATHER);
    assert!(got.contains("\"runId\":\"now\""), "{got}");
    let line = replay.line();
    assert_eq!((&line["request"], &line["exchange"]), (&1.into(), &0.into()));
    assert!(line["why"].as_str().unwrap().contains(WEATHER), "{line}");
    assert!(answer(replay.url(), "/tools", "Something else").starts_with("HTTP/1.1 404"));
    let line = replay.line();
    assert_eq!((&line["exchange"], &line["status"]), (&Value::Null, &404.into()));
    assert_eq!(line["differences"][0]["pointer"], "/messages/0/content");
    assert_eq!(replay.stop(), (0, vec![]));
}

#[test]
fn a_strict_replay_with_unused_recordings_ends_with_1_and_lists_them() {
    let stage = Stage::new();
    let file = sample("tool-call-parallel.agui.jsonl");
    let replay = Replay::start(&stage, &format!("{file} --pace instant --strict"));
    let (status, rest) = replay.stop();
    assert_eq!(status, 1);
    let unused = serde_json::json!([{"unused": [{"exchange": 0, "method": "POST", "target": "/tools"}]}]);
    assert_eq!(Value::from(rest), unused);
    let replay = Replay::start(&stage, &format!("{file} --pace instant --strict"));
    answer(replay.url(), "/tools", WEATHER);
    assert_eq!(replay.stop().0, 0);
}

#[test]
fn enter_sends_the_next_event() {
    let stage = Stage::new();
    let mut replay = Replay::start(
        &stage,
        &format!("{} --pace step", sample("tool-call-parallel.agui.jsonl")),
    );
    let mut client = BufReader::new(ask(replay.url(), "/tools", WEATHER));
    assert_eq!(replay.line()["request"], 1);
    for seq in 1..=3 {
        let held = replay.line();
        assert_eq!(
            (&held["held"], &held["seq"]),
            (&Value::Bool(true), &seq.into()),
            "{held}"
        );
        replay.type_line("");
        let mut line = String::new();
        while !line.starts_with("data: ") {
            line.clear();
            assert_ne!(client.read_line(&mut line).unwrap(), 0, "an event should come");
        }
        let (sent, printed): (Value, Value) = (
            serde_json::from_str(&line["data: ".len()..]).unwrap(),
            serde_json::from_str(held["text"].as_str().unwrap()).unwrap(),
        );
        assert_eq!(sent, printed);
    }
    replay.line();
    replay.type_line("g");
    let mut rest = String::new();
    client.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("RUN_FINISHED"));
    assert_eq!(replay.stop().0, 0);
}

#[test]
fn what_is_not_recorded_comes_from_the_fallback_and_is_recorded() {
    let stage = Stage::new();
    let agent = Agent::start();
    let file = sample("tool-call-parallel.agui.jsonl");
    let args = format!("{file} --pace instant --fallback {} --store more.db", agent.url());
    let replay = Replay::start(&stage, &args);
    assert!(answer(replay.url(), "/tools", WEATHER).contains("RUN_FINISHED"));
    let got = answer(replay.url(), "/tools", "Something else");
    assert!(got.contains("x-scrubjay-replay: fallback; request=2"), "{got}");
    assert_eq!(replay.stop().0, 0);
    assert_eq!(stage.said("body more.db"), BODY);
    let listed = stage.json("list more.db --all --json");
    assert_eq!(
        (&listed[0]["source"], &listed[0]["ending"]),
        (&"fallback".into(), &"complete".into())
    );

    // The gap is filled: now the store answers, and takes its own misses.
    let replay = Replay::start(&stage, &format!("more.db --pace instant --fallback {}", agent.url()));
    let got = answer(replay.url(), "/tools", "Something else");
    assert!(got.contains("x-scrubjay-replay: exchange="), "{got}");
    let got = answer(replay.url(), "/tools", "And this?");
    assert!(got.contains("x-scrubjay-replay: fallback"), "{got}");
    assert_eq!(replay.stop().0, 0);
    assert_eq!(stage.json("list more.db --all --json").len(), 2);
}

#[test]
fn faults_come_from_the_command_line_and_from_an_overlay() {
    let stage = Stage::new();
    let overlay = br#"{"name": "busy", "seed": 3, "faults": ["status:code=429,retry-after=2s"]}"#;
    stage.put("busy.faults.json", overlay);
    let file = sample("tool-call-parallel.agui.jsonl");
    let replay = Replay::start(
        &stage,
        &format!("{file} --pace instant --overlay busy.faults.json --fault cut:event=2,how=clean"),
    );
    let got = answer(replay.url(), "/tools", WEATHER);
    assert!(
        got.starts_with("HTTP/1.1 429") && got.contains("retry-after: 2"),
        "{got}"
    );
    let got = answer(replay.url(), "/tools", WEATHER);
    assert!(got.starts_with("HTTP/1.1 200"), "{got}");
    assert_eq!(got.matches("data: ").count(), 2, "{got}");
    assert_eq!(replay.stop().0, 0);
}

fn say(url: &str, request: &str) -> String {
    let host = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let request = request.replace("[HOST]", host);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Trades the token of the control door's address for a session's, which can be done once.
pub(crate) fn trade(url: &str) -> String {
    let entered = enter(url);
    let (_, token) = entered.split_once("{\"token\":\"").unwrap();
    token.split('"').next().unwrap().to_owned()
}

/// Puts a question to the control door.
pub(crate) fn put(url: &str, token: &str, question: &str) -> String {
    let len = question.len();
    say(
        url,
        &format!(
            "POST /api/ask HTTP/1.1\r\nhost: [HOST]\r\nx-scrubjay-token: {token}\r\ncontent-length: {len}\r\nconnection: close\r\n\r\n{question}"
        ),
    )
}

/// Asks the control door one question.
fn control(url: &str, question: &str) -> String {
    put(url, &trade(url), question)
}

#[test]
fn the_control_door_steers() {
    let stage = Stage::new();
    let file = sample("tool-call-parallel.agui.jsonl");
    let mut replay = Replay::start(
        &stage,
        &format!("{file} --pace instant --hold #1 --control 127.0.0.1:0"),
    );
    let door = replay.ready["control"].as_str().unwrap().to_owned();
    let mut client = ask(replay.url(), "/tools", WEATHER);
    assert_eq!(replay.line()["request"], 1);
    assert_eq!(replay.line()["seq"], 1);
    let said = control(&door, r#"{"ask":"steer","replay":1,"client":1,"by":"go"}"#);
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    let mut got = String::new();
    client.read_to_string(&mut got).unwrap();
    assert!(got.contains("RUN_FINISHED"), "{got}");
    assert_eq!(replay.stop().0, 0);
}

#[test]
fn an_outage_of_the_fallback_is_reported_and_answers_no_one_later() {
    let stage = Stage::new();
    // A free port, because its listener is gone.
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let file = sample("tool-call-parallel.agui.jsonl");
    let args = format!("{file} --pace instant --fallback http://{dead} --store more.db");
    let mut replay = Replay::start(&stage, &args);
    assert!(answer(replay.url(), "/tools", "Something else").starts_with("HTTP/1.1 502"));
    let why = replay.line()["why"].clone();
    assert!(why.as_str().unwrap().ends_with("the fallback did not answer"), "{why}");
    assert_eq!(replay.stop().0, 0);
    assert_eq!(stage.json("list more.db --all --json")[0]["ending"], "no_answer");

    let replay = Replay::start(&stage, "more.db --pace instant");
    let got = answer(replay.url(), "/tools", "Something else");
    assert!(got.starts_with("HTTP/1.1 404"), "{got}");
    assert_eq!(replay.stop().0, 0);
}

#[test]
fn faults_and_breakpoints_are_counted_at_the_end() {
    let stage = Stage::new();
    let file = sample("tool-call-parallel.agui.jsonl");
    for (strict, status) in [("", 0), ("--strict", 1)] {
        let replay = Replay::start(
            &stage,
            &format!("{file} --pace instant --fault cut:event=999 --fault drop:event=2 --hold BOGUS {strict}"),
        );
        let got = answer(replay.url(), "/tools", WEATHER);
        assert!(got.contains("faults=cut,drop"), "{got}");
        let (ended, said, noted) = replay.stop_and_read();
        let counted = serde_json::json!({
            "faults": [{"fault": "cut:event=999", "struck": 0}, {"fault": "drop:event=2", "struck": 1}],
            "holds": [{"hold": "BOGUS", "stopped": 0}],
        });
        assert_eq!((ended, said.last()), (status, Some(&counted)), "{strict}");
        let notes: Vec<&str> = noted.lines().collect();
        assert!(
            notes.len() == 2 && notes[0].contains("cut:event=999 never struck") && notes[1].contains("BOGUS"),
            "{noted}"
        );
    }
}

#[test]
fn secret_parameters_stay_out_of_the_log() {
    let stage = Stage::new();
    let mut replay = Replay::start(&stage, &sample("tool-call-parallel.agui.jsonl"));
    answer(replay.url(), "/tools?api_key=zzz&page=1", WEATHER);
    assert_eq!(replay.line()["target"], "/tools?api_key=…&page=1");
    assert_eq!(replay.stop().0, 0);
}

#[test]
fn who_can_press_no_key_is_reported() {
    let stage = Stage::new();
    let file = sample("tool-call-parallel.agui.jsonl");
    let args = format!("replay {file} --pace step --listen 127.0.0.1:0 --json");
    let mut replay = Replay::spawn(stage.command(args.split_whitespace()).stdin(Stdio::null()));
    let note = replay.note();
    assert!(
        note.contains("Enter cannot be pressed") && note.contains("--control"),
        "{note}"
    );
    assert_eq!(replay.stop().0, 0);
}

#[test]
fn what_is_typed_and_makes_no_sense_is_reported_and_not_sent() {
    let stage = Stage::new();
    let file = sample("tool-call-parallel.agui.jsonl");
    let mut replay = Replay::start(&stage, &format!("{file} --pace step"));
    let mut client = ask(replay.url(), "/tools", WEATHER);
    replay.line();
    assert_eq!(replay.line()["seq"], 1);
    for typed in ["{bad", "huh"] {
        replay.type_line(typed);
        let note = replay.note();
        assert!(note.starts_with(&format!("{typed:?} is no ")), "{note}");
    }
    replay.type_line("d");
    assert_eq!(replay.line()["seq"], 2);
    replay.type_line("g");
    let mut got = String::new();
    client.read_to_string(&mut got).unwrap();
    assert!(!got.contains("{bad") && got.contains("RUN_FINISHED"), "{got}");
    assert_eq!(got.matches("\"RUN_STARTED\"").count(), 2, "{got}");
    assert_eq!(replay.stop().0, 0);
}

#[test]
fn an_address_of_everybody_is_reported() {
    let stage = Stage::new();
    let file = sample("reasoning.agui.jsonl");
    let args = format!("replay {file} --listen 0.0.0.0:0 --json");
    let mut replay = Replay::spawn(stage.command(args.split_whitespace()).stdin(Stdio::null()));
    let note = replay.note();
    assert!(
        note.starts_with("0.0.0.0:") && note.contains("from other machines"),
        "{note}"
    );
    assert_eq!(replay.stop().0, 0);
}

#[test]
fn a_cut_file_is_served_and_reported_at_the_end() {
    let stage = Stage::new();
    let file = std::fs::read(sample("tool-call-parallel.agui.jsonl")).unwrap();
    stage.put("cut.agui.jsonl", &file[..file.len() - 20]);
    let replay = Replay::start(&stage, "cut.agui.jsonl --pace instant");
    let got = answer(replay.url(), "/tools", WEATHER);
    assert!(got.contains("RUN_STARTED"), "{got}");
    let (status, _, stderr) = replay.stop_and_read();
    assert_eq!(status, 2);
    let report: Value = serde_json::from_str(stderr.lines().last().unwrap()).unwrap();
    assert!(
        report["message"].as_str().unwrap().starts_with("cut.agui.jsonl: "),
        "{stderr}"
    );
}

/// Asks what a file of [`made_up`] recorded.
fn ask_made_up(url: &str, fields: &str) -> String {
    let captured = made_up(b"");
    let body = String::from_utf8(captured.request_body).unwrap();
    let host = url.strip_prefix("http://").unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nhost: {host}\r\nte: trailers\r\nconnection: close\r\n{fields}content-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn more_fields_than_http_carries_end_no_replay() {
    let many = |what: &str, count: usize| -> Vec<(String, Vec<u8>)> {
        (0..count)
            .map(|nth| (format!("x-{what}-{nth}"), b"v".to_vec()))
            .collect()
    };
    for (fields, trailers) in [(24_576, 0), (0, 30_000)] {
        let stage = Stage::new();
        let mut captured = made_up(BODY.as_bytes());
        let head = captured.exchange.response.as_mut().unwrap();
        head.headers.extend(many("field", fields));
        captured.exchange.trailers = many("trailer", trailers);
        stage.put("many.agui.jsonl", &file_of(&[captured]));
        let mut replay = Replay::start(&stage, "many.agui.jsonl --pace instant");
        for _ in 0..2 {
            let answer = ask_made_up(replay.url(), "");
            assert!(
                answer.starts_with("HTTP/1.1 200"),
                "{fields} fields, {trailers} trailers"
            );
            assert!(answer.contains("RUN_FINISHED"), "the body comes whole");
            let why = replay.line()["why"].as_str().unwrap().to_owned();
            assert!(
                why.contains("left out: there are too many, or HTTP does not allow"),
                "{why}"
            );
        }
        assert_eq!(replay.stop().0, 0);
    }
}

#[test]
fn pages_of_this_machine_and_named_ones_are_answered() {
    let stage = Stage::new();
    stage.put("run.agui.jsonl", &file_of(&[made_up(BODY.as_bytes())]));
    let mut replay = Replay::start(
        &stage,
        "run.agui.jsonl --pace instant --allow-origin https://app.example --allow-origin http://192.168.0.7:3000",
    );
    let url = replay.url().to_owned();
    for (origin, expected) in [
        ("http://localhost:3000", "200"),
        ("http://127.0.0.1:5173", "200"),
        ("https://app.example", "200"),
        ("http://192.168.0.7:3000", "200"),
        ("https://evil.example", "403"),
        ("null", "403"),
    ] {
        let answer = ask_made_up(&url, &format!("origin: {origin}\r\n"));
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {expected}")),
            "{origin}: {answer}"
        );
        let is_readable = answer.contains(&format!("access-control-allow-origin: {origin}"));
        assert_eq!(is_readable, expected == "200", "{origin}: {answer}");
        let line = replay.line();
        assert_eq!(line["status"].to_string(), expected);
        assert_eq!(
            line["why"].as_str().unwrap().contains(origin),
            expected == "403",
            "{line}"
        );
    }
    assert_eq!(replay.stop().0, 0);
}

#[test]
fn what_an_address_of_the_network_exposes_is_said() {
    let stage = Stage::new();
    stage.put("run.agui.jsonl", &file_of(&[made_up(BODY.as_bytes())]));
    let mut replay = Replay::start(&stage, "run.agui.jsonl --control 0.0.0.0:0");
    let said = replay.note();
    for part in [
        "can be reached from other machines",
        "control this replay",
        "not encrypted",
    ] {
        assert!(said.contains(part), "{said}");
    }
    // The door behind it wants its token all the same.
    let control = replay.ready["control"].as_str().unwrap().to_owned();
    let (origin, _) = control.split_once("/?token=").unwrap();
    let asked = send("POST", &format!("{origin}/api/ask"), "");
    assert!(asked.starts_with("HTTP/1.1 403"), "{asked}");
    assert!(enter(&control).starts_with("HTTP/1.1 200"));
    assert_eq!(replay.stop().0, 0);
}
