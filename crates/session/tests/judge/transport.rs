//! Heads, endings, times and what is shared: what no sequence of events says.

use scrubjay_session::{
    exchange::{Chunk, Ending, Hole},
    query::{Direction, FindingEntry, JumpTo, Severity},
};

use crate::stage::{INPUT, Stage, named, problems};

const STARTED: &str = r#"{"type":"RUN_STARTED","threadId":"t","runId":"r"}"#;
const FINISHED: &str = r#"{"type":"RUN_FINISHED","threadId":"t","runId":"r"}"#;
const START: &str = r#"{"type":"TEXT_MESSAGE_START","messageId":"m","role":"assistant"}"#;
const END: &str = r#"{"type":"TEXT_MESSAGE_END","messageId":"m"}"#;

fn content(text: &str) -> String {
    format!(r#"{{"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":"{text}"}}"#)
}

fn run() -> Stage {
    Stage::of_events(INPUT, [STARTED, START, &content("a"), END, FINISHED])
}

fn notes(findings: &[FindingEntry]) -> Vec<String> {
    named(findings, |severity| severity == Severity::Note)
}

#[test]
fn a_plain_run_has_no_findings() {
    assert_eq!(run().findings(), []);
}

#[test]
fn endings_are_told_apart() {
    for (ending, frames, wanted) in [
        (Ending::Complete, 5, vec![]),
        (Ending::Complete, 3, vec!["run.truncated@3"]),
        (Ending::UpstreamReset, 3, vec!["transport.reset@3"]),
        (Ending::UpstreamReset, 5, vec!["transport.reset@5"]),
        (Ending::UpstreamClosed, 3, vec!["transport.reset@3"]),
        (Ending::UpstreamClosed, 5, vec!["transport.reset@5"]),
        (Ending::ClientLeft, 3, vec!["transport.client_left@3"]),
        (Ending::ClientLeft, 5, vec![]),
        (Ending::RecorderStopped, 3, vec!["transport.recorder_stopped@3"]),
        (Ending::Open, 3, vec![]),
    ] {
        let events = [STARTED, START, &content("a"), END, FINISHED];
        let mut stage = Stage::of_events(INPUT, &events[..frames]);
        stage.exchange.ending = ending;
        assert_eq!(named(&stage.findings(), |_| true), wanted, "{ending:?} after {frames}");
    }
}

#[test]
fn what_was_open_is_named() {
    let findings = Stage::of_events(INPUT, [STARTED, START, &content("a")]).findings();
    assert!(
        findings[0].message.ends_with("open were: text messages m"),
        "{}",
        findings[0].message
    );
}

#[test]
fn heads_are_judged_where_a_run_was_asked_for() {
    let mut stage = run();
    stage.exchange.response.as_mut().unwrap().headers = vec![("content-type".into(), b"application/json".to_vec())];
    assert_eq!(problems(&stage.findings()), ["transport.content_type@1"]);

    let mut stage = Stage::new(INPUT, b"{\"answer\":1}".to_vec());
    stage.exchange.response.as_mut().unwrap().headers = vec![("Content-Type".into(), b"application/json".to_vec())];
    assert_eq!(problems(&stage.findings()), ["transport.content_type@0"]);

    let mut stage = Stage::new(INPUT, b"{\"error\":1}".to_vec());
    let head = stage.exchange.response.as_mut().unwrap();
    head.status = 422;
    head.headers = vec![("content-type".into(), b"application/json".to_vec())];
    assert_eq!(problems(&stage.findings()), ["transport.status@0"]);

    let mut stage = Stage::new(INPUT, Vec::new());
    stage.exchange.response = None;
    stage.exchange.ending = Ending::NoAnswer;
    assert_eq!(problems(&stage.findings()), ["transport.no_answer@0"]);

    let stage = Stage::new(INPUT, Vec::new());
    assert_eq!(problems(&stage.findings()), ["run.truncated@0"]);

    let mut stage = Stage::new(INPUT, Vec::new());
    stage.exchange.request.target = "/api/agent/a/connect?x=1".into();
    assert_eq!(stage.findings(), []);
}

/// An answer with a status to a request of a method to a place.
fn answered(method: &str, target: &str, request: &str, (status, headers, body): Answered<'_>) -> Vec<FindingEntry> {
    let mut stage = Stage::new(request, body.as_bytes().to_vec());
    stage.exchange.request.method = method.into();
    stage.exchange.request.target = target.into();
    let head = stage.exchange.response.as_mut().unwrap();
    head.status = status;
    let header = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
    head.headers = headers.iter().map(header).collect();
    stage.findings()
}

type Answered<'a> = (u16, &'a [(&'a str, &'a str)], &'a str);

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

#[test]
fn what_was_refused_is_said_in_the_words_of_the_answer() {
    let missing = r#"{"detail":[{"loc":["body","threadId"],"msg":"Field required"}]}"#;
    let part = r#"{"threadId":"t"}"#;
    let connect = format!(r#"{{"method":"agent/connect","params":{{"agentId":"a"}},"body":{INPUT}}}"#);
    for (method, target, request, answer, wanted) in [
        ("POST", "/copilotkit/info", "{}", (422, JSON, missing),
            format!("transport.refused@0 the request for info was refused with status 422: {missing}")),
        ("GET", "/copilotkit/info", "", (404, &[], "Not Found\n"),
            "transport.refused@0 the request for info was refused with status 404: Not Found".to_owned()),
        ("POST", "/copilotkit", r#"{"method":"info"}"#, (500, JSON, r#"{"error":"no agents"}"#),
            r#"transport.refused@0 the request for info was refused with status 500: {"error":"no agents"}"#.to_owned()),
        ("POST", "/copilotkit", r#"{"method":"agent/stop","params":{"threadId":"t"}}"#, (500, &[], ""),
            "transport.refused@0 the request 'agent/stop' was refused with status 500".to_owned()),
        ("POST", "/copilotkit", &connect, (500, JSON, r#"{"error":"gone"}"#),
            r#"transport.status@0 the connect was refused with status 500: {"error":"gone"}"#.to_owned()),
        ("POST", "/agent", part, (400, JSON, r#"{"error":"runId"}"#),
            r#"transport.refused@0 a request with a part of a RunAgentInput was refused with status 400: {"error":"runId"}"#.to_owned()),
        ("POST", "/agent", INPUT, (401, JSON, r#"{"detail":"No API key."}"#),
            r#"transport.status@0 the run was refused with status 401: {"detail":"No API key."}"#.to_owned()),
        ("POST", "/agent", INPUT, (500, &[("content-type", "text/plain")], "Internal\r\n Server Error"),
            "transport.status@0 the run was refused with status 500: Internal Server Error".to_owned()),
        // The head is judged at the first frame where there are some.
        ("POST", "/agent", INPUT, (503, &[("content-type", "text/event-stream")], "data: busy\n\ndata: still\n\n"),
            "transport.status@1 the run was refused with status 503: busy".to_owned()),
    ] {
        let found = answered(method, target, request, answer);
        let found: Vec<String> =
            found.iter().filter(|finding| finding.rule.starts_with("transport."))
                .map(|finding| format!("{}@{} {}", finding.rule, finding.seq, finding.message)).collect();
        assert_eq!(found, [wanted]);
    }
}

#[test]
fn where_a_request_is_sent_instead_is_a_note() {
    let to: &[(&str, &str)] = &[("Location", "http://localhost:8000/chat/")];
    for (method, target, request, status, lost) in [
        ("POST", "/chat", INPUT, 307, ""),
        (
            "POST",
            "/chat",
            INPUT,
            302,
            "; fetch follows with GET and without the body",
        ),
        ("POST", "/api", r#"{"method":"info"}"#, 308, ""),
        ("GET", "/info", "", 302, ""),
    ] {
        let found = answered(method, target, request, (status, to, ""));
        assert_eq!(
            named(&found, |severity| severity == Severity::Note),
            ["transport.redirect@0"]
        );
        assert_eq!(found.len(), 1);
        let sent = format!("was redirected with status {status} to http://localhost:8000/chat/{lost}");
        assert!(found[0].message.ends_with(&sent), "{}", found[0].message);
    }
}

/// What fetch of Node 20 does with it: the answer is the client's, and its status is not one of success.
#[test]
fn a_redirect_to_nowhere_is_named() {
    let dated: &[(&str, &str)] = &[("date", "Tue, 01 Dec 2026 06:00:00 GMT")];
    for status in [301, 302, 303, 307, 308] {
        let found = answered("POST", "/chat", INPUT, (status, dated, ""));
        let expected =
            format!("the run was answered with status {status} and without a Location, so that fetch cannot follow");
        assert_eq!(named(&found, |_| true), ["transport.redirect@0"]);
        assert_eq!(found[0].message, expected);
    }
    // 304 and 300 are no redirects that fetch follows, and a file need not hold the fields of a head.
    for (status, fields) in [(304, dated), (300, dated), (307, &[][..])] {
        assert_eq!(answered("GET", "/info", "", (status, fields, "")), [], "{status}");
    }
    assert_eq!(answered("GET", "/", "", (307, dated, "")), []);
}

#[test]
fn a_status_that_is_no_refusal_of_a_run_is_no_finding() {
    let to: &[(&str, &str)] = &[("Location", "/login")];
    for (method, target, request, answer) in [
        ("GET", "/favicon.ico", "", (404, JSON, "{}")),
        ("GET", "/", "", (302, to, "")),
        ("GET", "/info", "", (304, &[][..], "")),
        ("GET", "/info", "", (200, JSON, r#"{"agents":{}}"#)),
        ("OPTIONS", "/agent", "", (204, &[], "")),
        ("OPTIONS", "/copilotkit/info", "", (405, JSON, "{}")),
        ("POST", "/copilotkit", r#"{"method":"info"}"#, (200, JSON, "{}")),
        ("POST", "/login", r#"{"user":"a"}"#, (401, JSON, "{}")),
        ("POST", "/copilotkit", r#"{"method":"agent/stop"}"#, (204, &[], "")),
    ] {
        assert_eq!(
            answered(method, target, request, answer),
            [],
            "{method} {target} {request}"
        );
    }
}

#[test]
fn what_the_head_says_stands_where_the_stream_begins() {
    let mut stage = Stage::of_events("", [STARTED, FINISHED]);
    stage.body.splice(0..0, b": hello\n\n".iter().copied());
    let stage = &mut Stage::new("", std::mem::take(&mut stage.body));
    stage.exchange.response.as_mut().unwrap().headers = vec![("content-type".into(), b"text/plain".to_vec())];
    let stage = std::mem::replace(stage, run());
    // Without a run that was asked for, only an event shows what the body is.
    assert_eq!(problems(&stage.findings()), ["transport.content_type@2"]);
}

#[test]
fn what_concerns_no_run_is_left_alone() {
    for (status, body) in [(200, &b"{\"agents\":[]}"[..]), (404, b"not found"), (500, b"")] {
        let mut stage = Stage::new("", body.to_vec());
        let head = stage.exchange.response.as_mut().unwrap();
        head.status = status;
        head.headers = vec![("content-type".into(), b"application/json".to_vec())];
        assert_eq!(stage.findings(), [], "{status}");
    }
}

#[test]
fn a_compressed_stream_and_a_hole_are_notes() {
    let mut stage = run();
    stage.exchange.holes = vec![Hole {
        offset: 10_000,
        len: None,
    }];
    assert_eq!(notes(&stage.findings()), ["transport.hole@5"]);
    let mut stage = Stage::of_events(INPUT, [STARTED]);
    stage.exchange.holes = vec![Hole {
        offset: 10_000,
        len: None,
    }];
    assert_eq!(problems(&stage.findings()), [""; 0]);
    let mut stage = run();
    let headers = &mut stage.exchange.response.as_mut().unwrap().headers;
    headers.push(("content-encoding".into(), b"identity".to_vec()));
    assert_eq!(stage.findings(), []);
}

#[test]
fn a_recording_file_that_was_cut_is_no_truncated_run() {
    for holes in [vec![], vec![Hole { offset: 90, len: None }]] {
        let mut stage = Stage::of_events(INPUT, [STARTED]);
        stage.exchange.labels = vec![("bytes".into(), "cut".into())];
        stage.exchange.holes = holes;
        let findings = stage.findings();
        assert_eq!(named(&findings, |_| true), ["transport.hole@1"]);
        assert!(
            findings[0].message.contains("the recording file"),
            "{}",
            findings[0].message
        );
    }
}

/// Twelve deltas and more between the start and the end of a run.
fn long_run(stamps: bool) -> Vec<String> {
    let mut events = vec![STARTED.to_owned(), START.to_owned()];
    events.extend((0..20).map(|number| content(&number.to_string())));
    events.extend([END.to_owned(), FINISHED.to_owned()]);
    if stamps {
        for (number, event) in events.iter_mut().enumerate() {
            let stamp = 1_700_000_000_000_u64 + number as u64 * 100;
            *event = event.replacen('{', &format!("{{\"timestamp\":{stamp},"), 1);
        }
    }
    events
}

fn at(stage: &mut Stage, at_us: impl Fn(u64) -> u64) {
    for (number, chunk) in (0..).zip(&mut stage.chunks) {
        chunk.at_us = at_us(number);
    }
}

#[test]
fn a_body_that_was_held_back_is_told_by_its_timestamps() {
    let mut stage = Stage::of_events(INPUT, long_run(true));
    at(&mut stage, |number| 2_400_000 + number);
    assert_eq!(problems(&stage.findings()), ["transport.buffered@24"]);
    let mut stage = Stage::of_events(INPUT, long_run(true));
    at(&mut stage, |number| 100_000 * (number + 1));
    assert_eq!(stage.findings(), []);
}

#[test]
fn a_body_in_one_piece_is_told_when_it_took_long() {
    let whole = |at_us| {
        let mut stage = Stage::of_events(INPUT, long_run(false));
        let len = stage.body.len() as u64;
        stage.chunks = vec![Chunk { offset: 0, len, at_us }];
        problems(&stage.findings())
    };
    assert_eq!(whole(2_000_000), ["transport.buffered@24"]);
    assert_eq!(whole(300_000), [""; 0]);
}

#[test]
fn silence_is_told_by_its_length() {
    let after = |second_us: u64| {
        let mut stage = run();
        at(&mut stage, |number| if number < 2 { 1_000 } else { second_us });
        named(&stage.findings(), |_| true)
    };
    assert_eq!(after(9_000_000), [""; 0]);
    assert_eq!(after(20_000_000), ["time.first_text@3", "time.stall@3"]);
    assert_eq!(after(61_000_000), ["time.first_text@3", "transport.gap@3"]);

    // So is silence that only the end breaks, inside a run.
    let until = |ending, frames: usize, at_us| {
        let events = [STARTED, START, &content("a"), END, FINISHED];
        let mut stage = Stage::of_events(INPUT, &events[..frames]);
        (stage.exchange.ending, stage.exchange.last_at_us) = (ending, at_us);
        problems(&stage.findings())
    };
    assert_eq!(until(Ending::ClientLeft, 3, 619_000_000), ["transport.gap@3"]);
    assert_eq!(until(Ending::ClientLeft, 3, 59_000_000), [""; 0]);
    assert_eq!(until(Ending::Complete, 5, 619_000_000), [""; 0]);

    // Comments keep a connection alive, and people wait all the same.
    let mut stage = Stage::new(
        INPUT,
        format!("data: {STARTED}\n\n: ping\n\n: ping\n\ndata: {FINISHED}\n\n").into_bytes(),
    );
    at(&mut stage, |number| number * 40_000_000);
    assert_eq!(named(&stage.findings(), |_| true), ["time.stall@4"]);
}

#[test]
fn a_large_state_is_told_once() {
    let large = format!(
        r#"{{"type":"STATE_SNAPSHOT","snapshot":{{"x":"{}"}}}}"#,
        "y".repeat(1_000_100)
    );
    let stage = Stage::of_events(INPUT, [STARTED, &large, &large, FINISHED]);
    assert_eq!(problems(&stage.findings()), ["state.large@2"]);
}

#[test]
fn credentials_are_found_in_request_and_events() {
    let key = format!("sk-ant-{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6");
    let request = INPUT.replace("\"hi\"", &format!("\"hi {key}\""));
    assert_eq!(
        problems(&Stage::of_events(&request, [STARTED, FINISHED]).findings()),
        ["secret.on_wire@0"]
    );
    let event = format!(r#"{{"type":"CUSTOM","name":"x","value":"{key}"}}"#);
    let findings = Stage::of_events(INPUT, [STARTED, &event, &event, FINISHED]).findings();
    assert_eq!(problems(&findings), ["secret.on_wire@2"]);
    assert!(!findings[0].message.contains(&key));
}

#[test]
fn a_request_against_the_schema_is_told_at_the_request() {
    let request = INPUT.replace("\"runId\":\"r\"", "\"run_id\":\"r\"");
    let found = named(&Stage::of_events(&request, [STARTED, FINISHED]).findings(), |_| true);
    assert_eq!(found, ["input.spelling@0"]);
    let request = INPUT.replace("\"tools\":[]", "\"tools\":{}");
    assert_eq!(
        problems(&Stage::of_events(&request, [STARTED, FINISHED]).findings()),
        ["input.shape@0"]
    );
}

#[test]
fn rows_lanes_and_jumps_show_what_is_found() {
    let error = r#"{"type":"RUN_ERROR","message":"boom"}"#;
    let events = [STARTED, START, &content("a"), error];
    let mut reader = Stage::of_events(INPUT, events).reader();
    assert_eq!(reader.frame(4).unwrap().severity, Some(Severity::Warning));
    let jump = reader.jump(
        scrubjay_session::query::Axis::Index,
        0,
        JumpTo::Problem,
        Direction::Forwards,
    );
    assert_eq!(jump.unwrap().unwrap().seq, 4);

    let mut reader = Stage::of_events(INPUT, &events[..3]).reader();
    assert_eq!(reader.frame(3).unwrap().severity, Some(Severity::Error));
    let jump = reader.jump(
        scrubjay_session::query::Axis::Index,
        0,
        JumpTo::Problem,
        Direction::Forwards,
    );
    assert_eq!(jump.unwrap().unwrap().seq, 3);
    assert_eq!(reader.summary().findings, [1, 0, 0]);
    assert_eq!(reader.summary().rules[0].rule, "run.truncated");
    assert_eq!(
        reader.summary().findings_without(|rule| rule == "run.truncated"),
        [0; 3]
    );
}

#[test]
fn findings_are_the_same_whatever_pieces_the_body_came_in_and_across_checkpoints() {
    let mut events = vec![STARTED.to_owned()];
    for number in 0..8_000 {
        let id = format!("m{number}");
        events.push(START.replace("\"m\"", &format!("\"{id}\"")));
        events.push(content(&format!("text number {number}")).replace("\"m\"", &format!("\"{id}\"")));
        events.push(END.replace("\"m\"", &format!("\"{id}\"")));
        if number % 1_000 == 7 {
            events.push(END.replace("\"m\"", &format!("\"{id}\"")));
        }
    }
    events.push(FINISHED.to_owned());
    let stage = Stage::of_events(INPUT, &events);
    let mut other = Stage::of_events(INPUT, &events);
    other.chunks = other
        .body
        .chunks(777)
        .scan(0, |offset, piece| {
            let chunk = Chunk {
                offset: *offset,
                len: piece.len() as u64,
                at_us: *offset,
            };
            *offset += piece.len() as u64;
            Some(chunk)
        })
        .collect();
    let (one, two) = (stage.findings(), other.findings());
    assert_eq!(one.len(), 8);
    assert_eq!(one, two);
}
