//! `rerecord`: what is sent, what is reported, and what is refused.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
};

use insta::assert_snapshot;

use crate::{
    agent::{Agent, BODY, first_frame},
    files::{Captured, file_of, made_up},
    stage::{Stage, transcripts},
};

/// Said in the place of what [`BODY`] says.
const OTHER: &str = concat!(
    "data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n",
    "data: {\"type\":\"TOOL_CALL_START\",\"toolCallId\":\"c\",\"toolCallName\":\"look_up\"}\n\n",
    "data: {\"type\":\"TOOL_CALL_ARGS\",\"toolCallId\":\"c\",\"delta\":\"{}\"}\n\n",
    "data: {\"type\":\"TOOL_CALL_END\",\"toolCallId\":\"c\"}\n\n",
    "data: {\"type\":\"RUN_FINISHED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n",
);

/// A run of a thread, at a path.
fn run(thread: &str, target: &str) -> Captured {
    let mut captured = made_up(BODY.as_bytes());
    captured.exchange.request.target = target.to_owned();
    captured.exchange.request.headers = vec![
        ("host".into(), b"agent.example".to_vec()),
        ("content-type".into(), b"application/json".to_vec()),
        ("authorization".into(), b"scrubjay-fp:0123456789abcdef".to_vec()),
        ("x-tenant".into(), b"blue".to_vec()),
        ("x-thread-id".into(), thread.as_bytes().to_vec()),
    ];
    captured.request_body = format!(
        r#"{{"threadId":"{thread}","runId":"run-00001","state":{{}},"messages":[{{"id":"u1","role":"user","content":"Hi"}}],"tools":[{{"name":"look_up","description":"","parameters":{{}}}}],"context":[],"forwardedProps":{{}}}}"#
    )
    .into_bytes();
    captured.exchange.request_len = captured.request_body.len() as u64;
    captured
}

/// A request that carries no run.
fn info() -> Captured {
    let mut captured = made_up(b"{}");
    captured.exchange.request.method = "GET".into();
    captured.exchange.request.target = "/info".into();
    captured.request_body.clear();
    captured.exchange.request_len = 0;
    captured
}

fn stage() -> Stage {
    let stage = Stage::new();
    std::fs::create_dir_all(stage.path("baselines/inner")).unwrap();
    stage.put(
        "baselines/one.agui.jsonl",
        &file_of(&[info(), run("thread-0001", "/agent")]),
    );
    stage.put(
        "two-paths.agui.jsonl",
        &file_of(&[run("thread-0001", "/a"), run("thread-0002", "/b")]),
    );
    stage.put("no-run.agui.jsonl", &file_of(&[info()]));
    stage
}

/// Without the address of the agent and the age of the baselines.
fn redacted(transcript: &str, agent: &Agent) -> String {
    let mut text = transcript.replace(&agent.url(), "http://agent");
    let mut from = 0;
    while let Some(at) = text[from..].find("(recorded ").map(|at| at + from) {
        let end = text[at..].find(", protocol").map_or(text.len(), |end| end + at);
        text.replace_range(at..end, "([AGE]");
        from = at + 1;
    }
    // Lines that hold times of the live side.
    let is_timed = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("| A:") || line.starts_with("| B:") || line.starts_with("- **different**")
    };
    let lines = text.lines().filter(|line| !is_timed(line));
    let lines = lines.map(|line| {
        let names_a_side = line.trim_start().starts_with(['A', 'B']) && line.contains("  (exchange");
        let cut = line.split("  (exchange").next().filter(|_| names_a_side);
        cut.unwrap_or(line).to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn reported(stage: &Stage, agent: &Agent, args: &str) -> String {
    redacted(&stage.transcript(&args.replace("AGENT", &agent.url())), agent)
}

#[test]
fn an_agent_that_does_the_same_is_the_same() {
    let agent = Agent::start();
    let stage = stage();
    assert_snapshot!(
        [
            "rerecord baselines --url AGENT",
            "rerecord baselines --url AGENT/agent --accept --header Authorization:",
            "rerecord baselines/one.agui.jsonl --url AGENT --header authorization:x --output out",
            "list out/one.agui.jsonl --json"
        ]
        .map(|args| reported(&stage, &agent, args))
        .map(|text| text
            .lines()
            .filter(|line| !line.starts_with('{'))
            .collect::<Vec<_>>()
            .join("\n"))
        .join("\n\n")
    );
}

#[test]
fn what_an_agent_does_otherwise_is_reported_and_accepted() {
    let agent = Agent::saying(OTHER);
    let stage = stage();
    let before = std::fs::read(stage.path("baselines/one.agui.jsonl")).unwrap();
    let all = [
        reported(&stage, &agent, "rerecord baselines --url AGENT --header authorization:"),
        reported(
            &stage,
            &agent,
            "rerecord baselines --url AGENT --header authorization: --format markdown",
        ),
    ];
    assert_eq!(std::fs::read(stage.path("baselines/one.agui.jsonl")).unwrap(), before);
    let accepted = reported(
        &stage,
        &agent,
        "rerecord baselines --url AGENT --header authorization: --accept",
    );
    assert!(
        accepted.contains("replaced   one.agui.jsonl  (2 exchanges)\n[exit 0]"),
        "{accepted}"
    );
    // What carried no run is there as before, and the run is the new one.
    let rows = stage.json("list baselines/one.agui.jsonl --json");
    let targets: Vec<_> = rows.iter().map(|row| row["target"].as_str().unwrap()).collect();
    assert!(targets.contains(&"/agent"), "{rows:?}");
    let file = std::fs::read_to_string(stage.path("baselines/one.agui.jsonl")).unwrap();
    assert!(
        file.contains("/info") && file.contains("look_up") && !file.contains("thread-0001"),
        "{file}"
    );
    let again = reported(&stage, &agent, "rerecord baselines --url AGENT --header authorization:");
    assert!(again.ends_with("[exit 0]"), "{again}");
    assert_snapshot!(all.join("\n\n"));
}

#[test]
fn what_makes_no_sense_is_reported() {
    let stage = stage();
    stage.said("import baselines/one.agui.jsonl --store s.db");
    stage.put("both-hops.agui.jsonl", &{
        let mut behind = run("thread-0001", "/agent");
        behind.exchange.source = "behind".into();
        file_of(&[run("thread-0001", "/agent"), behind])
    });
    assert_snapshot!(transcripts(
        &stage,
        &[
            "rerecord",
            "rerecord baselines",
            "rerecord nowhere --url http://127.0.0.1:1/",
            "rerecord no-run.agui.jsonl --url http://127.0.0.1:1/",
            "rerecord baselines --url agent",
            "rerecord baselines --url ftp://127.0.0.1:1/",
            "rerecord baselines --url http://127.0.0.1:1/ --deadline 60",
            "rerecord baselines --url http://127.0.0.1:1/ --deadline 0s",
            "rerecord baselines --url http://127.0.0.1:1/ --header nonsense",
            "rerecord baselines --url http://127.0.0.1:1/ --ignore args",
            "rerecord baselines --url http://127.0.0.1:1/ --output baselines",
            "rerecord two-paths.agui.jsonl --url http://127.0.0.1:1/agent",
            "rerecord both-hops.agui.jsonl --url http://127.0.0.1:1/agent",
            "rerecord s.db --url http://127.0.0.1:1/ --accept",
            "rerecord baselines --url http://127.0.0.1:1/ --header authorization:",
            "rerecord baselines --url http://127.0.0.1:1/ --header authorization: --json",
            "rerecord baselines --url http://127.0.0.1:1/ --format sarif",
        ]
    ));
}

#[test]
fn a_run_that_does_not_end_is_cut_off_and_named() {
    let agent = Agent::start_stalling();
    let stage = stage();
    let before = std::fs::read(stage.path("baselines/one.agui.jsonl")).unwrap();
    let args = "rerecord baselines --url AGENT --header authorization: --deadline 300ms --accept";
    let text = reported(&stage, &agent, args);
    assert!(
        text.contains("error: No end came within 300 ms to run 1 of thread thread-0001 (one.agui.jsonl, exchange 1)."),
        "{text}"
    );
    assert!(text.contains("one.agui.jsonl is not replaced: run 1"), "{text}");
    assert!(text.ends_with("[exit 2]"), "{text}");
    assert!(text.contains("client_left"), "{text}");
    assert_eq!(std::fs::read(stage.path("baselines/one.agui.jsonl")).unwrap(), before);
}

/// Reads a request; gives its head and its body.
fn read_request(stream: &TcpStream) -> (String, String) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head).unwrap() > 2 {}
    let len = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, len)| len.trim().parse().unwrap());
    let mut body = vec![0; len];
    reader.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

/// The next request. A source first connects to see whether the port is open, and sends nothing then.
fn next_request(listener: &TcpListener) -> (TcpStream, (String, String)) {
    loop {
        let (stream, _) = listener.accept().unwrap();
        let request = read_request(&stream);
        if !request.0.is_empty() {
            return (stream, request);
        }
    }
}

#[test]
fn recorded_fields_are_sent_and_secrets_are_not() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let agent = std::thread::spawn(move || {
        let (mut stream, request) = next_request(&listener);
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n{BODY}",
            BODY.len()
        );
        stream.write_all(answer.as_bytes()).unwrap();
        request
    });
    let stage = stage();
    let output = stage.run(&format!(
        "rerecord baselines --url {url} --header x-more:yes --header x-tenant:green"
    ));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(
        stderr.contains("note: The field authorization of 1 request was recorded as a fingerprint and is not sent"),
        "{stderr}"
    );
    let (head, body) = agent.join().unwrap();
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let thread = body["threadId"].as_str().unwrap();
    assert!(head.starts_with("POST /agent HTTP/1.1\r\n"), "{head}");
    for line in [
        "accept: text/event-stream",
        "x-tenant: green",
        "x-more: yes",
        &format!("x-thread-id: {thread}"),
    ] {
        assert!(head.contains(&format!("{line}\r\n")), "{line}: {head}");
    }
    for gone in ["authorization", "agent.example", "blue", "thread-0001"] {
        assert!(!head.contains(gone), "{gone}: {head}");
    }
    assert_eq!(body["messages"][0]["content"], "Hi");
    assert_ne!(body["messages"][0]["id"], "u1");
}

/// A stream of a thread that says a text.
fn saying(thread: &str, text: &str) -> String {
    BODY.replace("\"t\"", &format!("\"{thread}\"")).replace("Hello", text)
}

/// Three threads with one question each have three answers, two of them
/// through one source: each is compared with what came in its place.
#[test]
fn equal_questions_are_compared_in_their_places() {
    let stage = Stage::new();
    std::fs::create_dir_all(stage.path("baselines")).unwrap();
    for (number, source) in [(1, "first"), (2, "second"), (3, "first")] {
        let mut captured = run(&format!("thread-000{number}"), "/agent");
        captured.exchange.source = source.into();
        let body = saying(&format!("thread-000{number}"), &format!("Answer {number}"));
        captured.chunks[0].len = body.len() as u64;
        captured.exchange.body_len = body.len() as u64;
        captured.body = body.into_bytes();
        stage.put(&format!("baselines/{number}.agui.jsonl"), &file_of(&[captured]));
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let agent = std::thread::spawn(move || {
        let mut threads = Vec::new();
        for number in 1..=3 {
            let (mut stream, (_, body)) = next_request(&listener);
            let input: serde_json::Value = serde_json::from_str(&body).unwrap();
            let thread = input["threadId"].as_str().unwrap().to_owned();
            let answer = saying(&thread, &format!("Answer {number}"));
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n";
            stream
                .write_all(format!("{head}content-length: {}\r\n\r\n{answer}", answer.len()).as_bytes())
                .unwrap();
            threads.push(thread);
        }
        threads
    });
    let args = format!("rerecord baselines --url {url} --header authorization: --level text --output out");
    let output = stage.run(&args);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("3 same, 0 different, 0 missing, 0 new."), "{said}");
    let mut threads = agent.join().unwrap();
    threads.sort();
    threads.dedup();
    assert_eq!(threads.len(), 3, "{threads:?}");
    // The new recordings bear the names of the sources.
    for (number, source) in [(1, "first"), (2, "second"), (3, "first")] {
        let rows = stage.json(&format!("list out/{number}.agui.jsonl --json"));
        assert_eq!(rows[0]["source"], source, "{rows:?}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_and_replaces_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let stage = stage();
    let before = std::fs::read(stage.path("baselines/one.agui.jsonl")).unwrap();
    let args = format!("rerecord baselines --url {url} --header authorization: --accept --output out");
    let mut command = stage.command(args.split_whitespace());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut stream, _) = next_request(&listener);
    let frame = first_frame();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    stream
        .write_all(format!("{head}{:x}\r\n{frame}\r\n", frame.len()).as_bytes())
        .unwrap();
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(
        stderr.contains("error: Asking was stopped before everything was asked"),
        "{stderr}"
    );
    // The agent is let go, too: its socket ends or is reset.
    stream.read_to_end(&mut Vec::new()).ok();
    assert_eq!(std::fs::read(stage.path("baselines/one.agui.jsonl")).unwrap(), before);
    assert!(!stage.path("out").exists());
}
