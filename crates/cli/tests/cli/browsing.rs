//! A browser's recording: a few runs among hundreds of other requests.

use insta::assert_snapshot;
use scrubjay_session::exchange::{Chunk, Ending, ResponseHead};

use crate::{
    files::{Captured, capture, file_of},
    stage::{Stage, transcripts},
};

/// Preflights, infos and pages between two runs.
const BETWEEN: usize = 100;
const MINUTE_US: i64 = 60_000_000;

/// A request that is no run, a preflight unless it is changed.
fn other(method: &str, target: &str, status: u16) -> Captured {
    let mut captured = capture("copilotkit-runtime/13-info-get");
    let exchange = &mut captured.exchange;
    exchange.request.method = method.into();
    exchange.request.target = target.into();
    exchange.response = Some(ResponseHead {
        status,
        ..ResponseHead::default()
    });
    exchange.body_len = 0;
    exchange.chunk_count = 0;
    Captured {
        request_body: Vec::new(),
        chunks: Vec::new(),
        body: Vec::new(),
        ..captured
    }
}

fn from(source: &str, mut captured: Captured) -> Captured {
    captured.exchange.source = source.into();
    captured
}

/// A run that nothing answered.
fn unanswered() -> Captured {
    let mut captured = capture("copilotkit-runtime/14-run-single-route");
    captured.exchange.response = None;
    captured.exchange.ending = Ending::NoAnswer;
    captured.exchange.body_len = 0;
    captured.exchange.chunk_count = 0;
    captured.chunks.clear();
    captured.body.clear();
    captured
}

/// What a page asks for around its runs, a minute after each other.
fn session() -> Vec<Captured> {
    let runs = [
        capture("copilotkit-runtime/14-run-single-route"),
        capture("copilotkit-runtime/12-connect-replays-history"),
        capture("copilotkit-runtime/05-error-mid-run"),
        unanswered(),
        capture("copilotkit-runtime/15-bad-request"),
        from("agent-2", capture("langgraph/01-chat-no-raw-run1")),
    ];
    let mut all = Vec::new();
    for run in runs {
        all.push(run);
        for _ in 0..BETWEEN {
            all.push(other("OPTIONS", "/api/copilotkit-single", 204));
        }
        all.push(capture("copilotkit-runtime/13-info-single-route"));
        all.push(capture("copilotkit-runtime/12-connect-empty-thread"));
        all.push(other("GET", "/favicon.ico", 404));
    }
    for (minute, captured) in (0..).zip(&mut all) {
        captured.exchange.started_at_us += minute * MINUTE_US;
    }
    all
}

fn stage() -> Stage {
    let stage = Stage::new();
    stage.put("page.agui.jsonl", &file_of(&session()));
    stage
}

#[test]
fn runs_are_listed_and_the_rest_is_counted() {
    assert_snapshot!(transcripts(
        &stage(),
        &[
            "list page.agui.jsonl",
            "list page.agui.jsonl --failed",
            "list page.agui.jsonl --failed --all --limit 2",
            "list page.agui.jsonl --source agent-2",
            "list page.agui.jsonl --source agent-3",
            "list page.agui.jsonl --thread t-single",
            "list page.agui.jsonl --thread t-single --failed --since 2020-01-01",
            "list page.agui.jsonl --thread nothing --json",
            "list page.agui.jsonl --since 2026-09-30T20:00:00Z",
            "list page.agui.jsonl --limit 1",
            "list page.agui.jsonl --limit 0",
            "list page.agui.jsonl --limit -1",
            "list page.agui.jsonl --since soon",
            "state page.agui.jsonl",
        ]
    ));
}

#[test]
fn json_lines_are_the_same_exchanges() {
    let stage = stage();
    let indexes = |args: &str| -> Vec<i64> {
        let lines = stage.json(args);
        lines.iter().map(|line| line["index"].as_i64().unwrap()).collect()
    };
    let step = BETWEEN as i64 + 4;
    let runs: Vec<i64> = (0..6).map(|run| run * step).collect();
    assert_eq!(indexes("list page.agui.jsonl --json"), runs);
    assert_eq!(indexes("list page.agui.jsonl --json --limit 2"), runs[4..]);
    assert_eq!(indexes("list page.agui.jsonl --json --all").len() as i64, 6 * step);
    assert_eq!(indexes("list page.agui.jsonl --json --failed"), runs[2..5]);
}

#[test]
fn a_store_lists_the_same() {
    let stage = stage();
    stage.said("import page.agui.jsonl --store s.db");
    let of_file = stage.said("list page.agui.jsonl --failed");
    let of_store = stage.said("list s.db --failed");
    let without_index = |text: &str| -> Vec<String> {
        let lines = text
            .lines()
            .map(|line| line.split_whitespace().skip(1).collect::<Vec<_>>().join(" "));
        lines.collect()
    };
    assert_eq!(without_index(&of_store), without_index(&of_file));
}

/// A request that was answered with a status, headers and a text.
fn answered(mut captured: Captured, status: u16, header: (&str, &str), body: &str) -> Captured {
    let exchange = &mut captured.exchange;
    exchange.response = Some(ResponseHead {
        status,
        headers: vec![(header.0.into(), header.1.as_bytes().to_vec())],
        ..ResponseHead::default()
    });
    exchange.body_len = body.len() as u64;
    exchange.chunk_count = 1;
    captured.chunks = vec![Chunk {
        offset: 0,
        len: exchange.body_len,
        at_us: 1_000,
    }];
    captured.body = body.as_bytes().to_vec();
    captured
}

#[test]
fn the_status_stands_where_the_run_would() {
    let stage = Stage::new();
    let run = || capture("copilotkit-runtime/14-run-single-route");
    let info = || capture("copilotkit-runtime/13-info-single-route");
    let json = ("content-type", "application/json");
    let all = [
        answered(run(), 401, json, r#"{"detail":"No API key."}"#),
        answered(run(), 500, ("content-type", "text/plain"), "Internal Server Error"),
        answered(run(), 307, ("location", "http://127.0.0.1:8000/chat/"), ""),
        answered(
            info(),
            422,
            json,
            r#"{"detail":[{"loc":["body","threadId"],"msg":"Field required"}]}"#,
        ),
        info(),
        other("GET", "/favicon.ico", 404),
        other("OPTIONS", "/", 204),
    ];
    stage.put("refused.agui.jsonl", &file_of(&all));
    assert_snapshot!(transcripts(
        &stage,
        &[
            "list refused.agui.jsonl",
            "list refused.agui.jsonl --all",
            "list refused.agui.jsonl --all --json",
            "check refused.agui.jsonl",
            "check refused.agui.jsonl --exchange 3",
        ]
    ));
}

#[test]
fn only_other_requests_say_so() {
    let stage = Stage::new();
    let others = [other("OPTIONS", "/", 204), other("GET", "/", 200)];
    stage.put("others.agui.jsonl", &file_of(&others));
    stage.put("none.agui.jsonl", &file_of(&[]));
    assert_snapshot!(transcripts(
        &stage,
        &[
            "list others.agui.jsonl",
            "list others.agui.jsonl --all",
            "check others.agui.jsonl",
            "check others.agui.jsonl --all",
            "list none.agui.jsonl",
        ]
    ));
}

#[test]
fn findings_of_many_are_grouped_by_rule() {
    let stage = stage();
    let refused = capture("copilotkit-runtime/13-info-single-route");
    let mut info = other("POST", "/api/copilotkit-single", 422);
    info.request_body = refused.request_body;
    info.exchange.request_len = info.request_body.len() as u64;
    stage.put("info.agui.jsonl", &file_of(&[info, other("GET", "/missing", 404)]));
    assert_snapshot!(transcripts(
        &stage,
        &[
            "check page.agui.jsonl",
            "check page.agui.jsonl info.agui.jsonl --mute transport.status",
            "check info.agui.jsonl",
            "check info.agui.jsonl --all",
        ]
    ));
}

#[test]
fn each_finding_is_a_line_of_json() {
    let stage = stage();
    let lines = |args: &str| {
        let output = stage.run(args);
        String::from_utf8(output.stdout).unwrap().lines().count()
    };
    let checked = String::from_utf8(stage.run("check page.agui.jsonl").stdout).unwrap();
    let sum = checked.lines().last().unwrap();
    let counts: Vec<usize> = sum.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
    assert_eq!(
        lines("check page.agui.jsonl --json"),
        counts[1..4].iter().sum::<usize>(),
        "{sum}"
    );
}

#[test]
fn a_single_endpoint_is_named_by_its_method() {
    let stage = stage();
    let step = BETWEEN + 4;
    let (run, info) = (0, BETWEEN + 1);
    let shown = stage.said(&format!("show page.agui.jsonl --exchange {run}"));
    assert!(
        shown.starts_with("exchange 0 from source agent, which asks for agent/run\n"),
        "{shown}"
    );
    let shown = stage.said(&format!("show page.agui.jsonl --exchange {info}"));
    assert!(shown.contains(", which asks for info\n"), "{shown}");
    let listed = stage.said("list page.agui.jsonl --all");
    assert_eq!(listed.matches("info /api/copilotkit-single").count(), 6);
    assert_eq!(listed.matches("agent/run /api/copilotkit-single").count(), 2, "{step}");
}

#[test]
fn the_state_is_that_of_the_end() {
    let stage = Stage::new();
    stage.put("one.agui.jsonl", &file_of(&[capture("langgraph/01-chat-no-raw-run1")]));
    let end = stage.json("state one.agui.jsonl --json");
    let frames = stage.json("events one.agui.jsonl --json").len();
    assert_eq!(end[0]["seq"], frames);
    assert_eq!(end, stage.json(&format!("state one.agui.jsonl --at {frames} --json")));
}

/// A stream of so many events, in one thread.
#[cfg(unix)]
fn long_stream(events: usize) -> Vec<u8> {
    let mut body = String::from("data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n");
    for event in 0..events {
        body += &format!(
            "data: {{\"type\":\"STATE_DELTA\",\"delta\":[{{\"op\":\"add\",\"path\":\"/k{}\",\"value\":{event}}}]}}\n\n",
            event % 50
        );
    }
    body += "data: {\"type\":\"RUN_FINISHED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n";
    body.into_bytes()
}

/// Nothing is left to derive for the next command, and nothing is drawn where there is no terminal.
#[test]
fn an_import_is_derived_when_it_returns() {
    let stage = stage();
    assert!(stage.said("import page.agui.jsonl --store s.db").starts_with("took "));
    let explained = stage.json("state s.db --exchange 1 --explain --json");
    assert_eq!(
        explained[0]["seq"], explained[0]["explain"]["folded"],
        "a short stream is folded from its start"
    );
    let store = scrubjay_engine::Engine::open(&scrubjay_engine::Options {
        path: Some(stage.path("s.db")),
        opening: scrubjay_engine::Opening::Reading,
    })
    .unwrap();
    let mut left = 0;
    assert!(
        store
            .derive_watched(&mut |derived| {
                left += derived.total;
                true
            })
            .unwrap()
    );
    assert_eq!(left, 0, "bytes that were not derived");
}

/// However far it came, what was taken is there, whole, and can be read.
#[cfg(unix)]
#[test]
fn an_import_that_is_stopped_leaves_what_it_took() {
    use std::{
        io::{BufRead as _, BufReader},
        process::Stdio,
    };
    const EVENTS: usize = 20_000;
    let stage = Stage::new();
    stage.put(
        "long.agui.jsonl",
        &file_of(&[crate::files::made_up(&long_stream(EVENTS))]),
    );
    let mut import = stage
        .command(["import", "long.agui.jsonl", "--store", "s.db"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut took = String::new();
    BufReader::new(import.stdout.take().unwrap())
        .read_line(&mut took)
        .unwrap();
    assert!(took.starts_with("took 1 exchange"), "{took}");
    let pid = rustix::process::Pid::from_child(&import);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = import.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    // It may have been done before it heard of the signal.
    match output.status.code() {
        Some(0) => assert_eq!(stderr, ""),
        Some(2) => assert!(
            stderr.starts_with("error: The import was stopped before it was done."),
            "{stderr}"
        ),
        other => panic!("{other:?}: {stderr}"),
    }
    let listed = stage.json("list s.db --json");
    assert_eq!(listed[0]["frames"], EVENTS + 2);
    assert_eq!(listed[0]["runs"][0]["outcome"], "success");
}

/// A pipe that nothing is written to keeps nothing from being stopped.
#[cfg(unix)]
#[test]
fn an_import_that_waits_can_be_stopped() {
    use std::process::Stdio;
    let stage = Stage::new();
    let pipe = stage.path("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    let import = stage
        .command(["import", "pipe", "--store", "s.db"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Opening the other end returns once the import has opened its own.
    let held = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    let pid = rustix::process::Pid::from_child(&import);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = import.wait_with_output().unwrap();
    drop(held);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.starts_with("error: The import was stopped before it was done."),
        "{stderr}"
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(!stage.path("s.db").exists());
}
