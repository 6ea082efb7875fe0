//! A browser's recording: a few runs among hundreds of other requests.

use insta::assert_snapshot;
use scrubjay_session::exchange::{Ending, ResponseHead};

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
    let told = String::from_utf8(stage.run("check page.agui.jsonl").stdout).unwrap();
    let sum = told.lines().last().unwrap();
    let counts: Vec<usize> = sum.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
    assert_eq!(
        lines("check page.agui.jsonl --json"),
        counts[1..4].iter().sum::<usize>(),
        "{sum}"
    );
    assert!(lines("check page.agui.jsonl --json --all") > lines("check page.agui.jsonl --json"));
}

#[test]
fn a_single_endpoint_is_named_by_its_method() {
    let stage = stage();
    let step = BETWEEN + 4;
    let (run, info) = (0, BETWEEN + 1);
    let shown = stage.said(&format!("show page.agui.jsonl --exchange {run}"));
    assert!(
        shown.starts_with("exchange 0 from source agent: agent/run /api/copilotkit-single\n"),
        "{shown}"
    );
    let shown = stage.said(&format!("show page.agui.jsonl --exchange {info}"));
    assert!(shown.contains(": info /api/copilotkit-single\n"), "{shown}");
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
