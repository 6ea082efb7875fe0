//! The fold against the official client.
//!
//! `*.jsonl` are streams, `*.client.jsonl` what `@ag-ui/client` 1.0.0 holds
//! after each frame of them, as `tests/oracle` has it. `rules` breaks each rule
//! alone and stays just inside it; `random` are random streams.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

mod lost;

use std::{collections::BTreeMap, sync::Arc};

use scrubjay_protocol::{
    frame::Frame,
    json::{self, Value},
    sse::Decoder,
};
use scrubjay_session::fold::{
    Fold, Severity,
    piece::NoPieces,
    rule::{all, rule},
    value,
};

type Pieces = BTreeMap<u64, Arc<[u8]>>;

/// A stream and what the client made of it.
struct Case {
    name: String,
    rule: Option<String>,
    request: Vec<u8>,
    frames: Vec<Frame>,
    client: Value,
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| json::parse(line.as_bytes()).unwrap()).collect()
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).unwrap().as_wtf8().unwrap().to_string()
}

fn cut(body: &[u8]) -> Vec<Frame> {
    let mut decoder = Decoder::new();
    decoder.push(body);
    let mut frames: Vec<Frame> = std::iter::from_fn(|| decoder.next_frame()).collect();
    frames.extend(decoder.finish());
    frames
}

fn cases(streams: &str, client: &str) -> Vec<Case> {
    let cases = lines(streams).into_iter().zip(lines(client)).map(|(stream, client)| {
        assert_eq!(text(&stream, "id"), text(&client, "id"));
        let mut body = Vec::new();
        for frame in stream.get("frames").unwrap().as_array().unwrap() {
            body.extend_from_slice(b"data: ");
            body.extend_from_slice(frame.as_wtf8().unwrap().as_bytes());
            body.extend_from_slice(b"\n\n");
        }
        Case {
            name: text(&stream, "id"),
            rule: stream.get("rule").and_then(Value::as_str).map(str::to_owned),
            request: json::to_json(stream.get("input").unwrap()).into_bytes(),
            frames: cut(&body),
            client,
        }
    });
    cases.collect()
}

fn rules() -> Vec<Case> {
    cases(include_str!("rules.jsonl"), include_str!("rules.client.jsonl"))
}

fn random() -> Vec<Case> {
    cases(include_str!("random.jsonl"), include_str!("random.client.jsonl"))
}

/// Ids that the client makes at random, and ours in their place, by place.
fn plain(value: &Value) -> value::Value {
    let mut value = value.clone();
    for (place, message) in value.as_array().unwrap_or_default().to_vec().iter().enumerate() {
        let id = message.get("id").and_then(Value::as_str).unwrap_or_default();
        let made = id.len() == 36 && id.as_bytes()[14] == b'4' || id.contains(':');
        if let (true, Value::Array(messages)) = (made, &mut value) {
            messages[place]
                .as_object_mut()
                .unwrap()
                .insert("id", Value::string(format!("made {place}")));
        }
    }
    value::Value::from_json(&value, 0)
}

fn assert_same(ours: &str, client: &Value, what: &str) {
    let held = json::parse(ours.as_bytes()).unwrap();
    let same = plain(&held).same(&plain(client), &NoPieces);
    assert!(same, "{what}: the client holds {client:?}, we {ours}");
}

/// Folds a case, and says after each frame whether it is as the client has it.
fn follow(case: &Case, mut between: impl FnMut(Fold, &mut Pieces) -> Fold) {
    let mut pieces = Pieces::new();
    let mut fold = Fold::new(&case.request);
    let mut held: BTreeMap<&str, Value> = BTreeMap::new();
    let mut stops = Vec::new();
    let steps = case.client.get("steps").unwrap().as_array().unwrap();
    assert_eq!(steps.len(), case.frames.len() + 1, "{}", case.name);
    for (step, seq) in steps.iter().zip(0_u32..) {
        if seq > 0 {
            let findings = fold.push_with(seq, &case.frames[seq as usize - 1], &pieces);
            stops.extend(findings.into_iter().filter(|finding| finding.stop));
        }
        for (member, ours) in [
            ("messages", fold.messages_json(&pieces)),
            ("state", fold.state_json(&pieces)),
            ("interrupts", fold.interrupts_json(&pieces)),
        ] {
            if step.get(&format!("has{member}")).is_some() {
                held.insert(member, step.get(member).unwrap().clone());
            }
            assert_same(&ours, &held[member], &format!("{}, frame {seq}, {member}", case.name));
        }
        fold = between(fold, &mut pieces);
    }
    let seq = case
        .client
        .get("stop")
        .and_then(|stop| stop.get("seq"))
        .and_then(Value::as_f64);
    assert_eq!(
        fold.stop().map(|stop| f64::from(stop.seq)),
        seq,
        "{}: {:?}",
        case.name,
        fold.stop()
    );
    assert_eq!(stops.len(), usize::from(seq.is_some()), "{}", case.name);
    if let Some(rule) = &case.rule {
        assert_eq!(fold.stop().map(|stop| &stop.rule), Some(rule), "{}", case.name);
        assert_eq!(stops[0].rule, rule);
    }
}

#[test]
fn each_rule_stops_where_the_client_stops_and_nowhere_else() {
    for case in rules() {
        follow(&case, |fold, _| fold);
    }
}

#[test]
fn random_streams_leave_what_the_client_holds() {
    for case in random() {
        follow(&case, |fold, _| fold);
    }
}

#[test]
fn a_fold_that_was_written_and_read_goes_on_as_if_nothing_had_been() {
    for (every, case) in rules().into_iter().chain(random()).enumerate() {
        let mut count = every;
        follow(&case, |fold, pieces| {
            count += 1;
            if count % 3 != 0 {
                return fold;
            }
            let known = pieces.clone();
            let bytes = fold.write(pieces, &known);
            Fold::read(&bytes).unwrap()
        });
    }
}

#[test]
fn a_clone_stays_what_it_was() {
    for case in random() {
        let mut fold = Fold::new(&case.request);
        let mut moments = Vec::new();
        for (frame, seq) in case.frames.iter().zip(1..) {
            moments.push((fold.clone(), fold.messages_json(&NoPieces), fold.state_json(&NoPieces)));
            fold.push(seq, frame);
        }
        for (moment, messages, state) in moments {
            assert_eq!(moment.messages_json(&NoPieces), messages, "{}", case.name);
            assert_eq!(moment.state_json(&NoPieces), state, "{}", case.name);
        }
    }
}

#[test]
fn damaged_bytes_are_an_error_and_not_a_panic() {
    let mut fold = Fold::new(
        br#"{"threadId":"t","runId":"r","messages":[{"id":"u","role":"user","content":"x"}],"state":{"a":[1,"b"]}}"#,
    );
    for (frame, seq) in rules()[0].frames.iter().zip(1..) {
        fold.push(seq, frame);
    }
    let bytes = fold.write(&mut Pieces::new(), &NoPieces);
    for len in 0..bytes.len() {
        assert!(Fold::read(&bytes[..len]).is_err(), "{len}");
        let mut bent = bytes.clone();
        bent[len] ^= 0x55;
        // Whatever it reads as, reading it ends.
        drop(Fold::read(&bent));
    }
}

#[test]
fn every_rule_explains_itself_under_an_id_of_its_own() {
    let mut ids: Vec<&str> = all().map(|rule| rule.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all().count());
    for one in all() {
        assert!(!one.title.is_empty() && one.explanation.ends_with('.'), "{}", one.id);
        assert!(!one.stops || one.severity == Severity::Error, "{}", one.id);
        assert_eq!(rule(one.id).unwrap().title, one.title);
    }
}

/// Pushes frames of a body and gives the stop's rule, the findings' rules and the last state.
fn read_body(body: &[u8]) -> (Option<String>, Vec<&'static str>, String) {
    let mut fold = Fold::new(b"{\"threadId\":\"t\",\"runId\":\"r\",\"messages\":[]}");
    let mut rules = Vec::new();
    for (frame, seq) in cut(body).iter().zip(1..) {
        rules.extend(fold.push(seq, frame).into_iter().map(|finding| finding.rule));
    }
    rules.extend(fold.finish(&NoPieces).into_iter().map(|finding| finding.rule));
    (
        fold.stop().map(|stop| stop.rule.clone()),
        rules,
        fold.state_json(&NoPieces),
    )
}

const STARTED: &str = r#"data: {"type":"RUN_STARTED","threadId":"t","runId":"r"}"#;
const SNAPSHOT: &str = r#"data: {"type":"STATE_SNAPSHOT","snapshot":{"n":1}}"#;

#[test]
fn framing_is_that_of_the_typescript_reader() {
    let n = r#"{"n":1}"#;
    for (body, stop, state) in [
        (format!("{STARTED}\n\n{SNAPSHOT}\n\n"), None, n),
        (
            format!(": hello\n\n\u{feff}{STARTED}\n\nid: 1\n{SNAPSHOT}\n\n"),
            Some("V03"),
            "{}",
        ),
        (
            format!("\u{feff}{STARTED}\n\nevent: x\nid: 1\nretry: 5\n{SNAPSHOT}\n\n"),
            None,
            n,
        ),
        (
            format!("{STARTED}\n\ndata:{{\"type\":\"STATE_SNAPSHOT\",\ndata: \"snapshot\":{{\"n\":1}}}}\n\n"),
            None,
            n,
        ),
        (format!("{STARTED}\n\n{SNAPSHOT}"), None, n),
        (format!("{STARTED}\r\n\r\n"), None, "{}"),
        (
            format!("{STARTED}\r\n\r\n{SNAPSHOT}\r\n\r\n"),
            Some("framing.crlf"),
            "{}",
        ),
        (format!("{STARTED}\n\n{SNAPSHOT}\r\n\r\n"), None, n),
        (format!(": ping\r\n\r\n{STARTED}\n\n{SNAPSHOT}\n\n"), None, n),
        (
            format!("{STARTED}\n\n{SNAPSHOT}\ndata: {{\"type\":\"RAW\",\"event\":1}}\n\n"),
            Some("framing.two_events"),
            "{}",
        ),
        (
            format!("{STARTED}\n\ndata: [DONE]\n\n{SNAPSHOT}\n\n"),
            Some("framing.done"),
            "{}",
        ),
        (format!("{STARTED}\n\ndata:\n\n"), Some("framing.empty_data"), "{}"),
        (format!("{STARTED}\n\ndata: {{\n\n"), Some("framing.json"), "{}"),
        (
            format!("{STARTED}\n\ndata: [1]\n\n"),
            Some("framing.not_an_object"),
            "{}",
        ),
        (
            format!("{STARTED}\n\ndata: {{\"kind\":1}}\n\n"),
            Some("framing.no_type"),
            "{}",
        ),
        (format!("{STARTED}\n\n{}", &SNAPSHOT[..30]), Some("framing.cut"), "{}"),
        (format!("{STARTED}\n\nid: 1"), None, "{}"),
        (format!("{STARTED}\n\ndata\n{SNAPSHOT}\n\n"), None, n),
        (format!("{STARTED}\n\ndata\n\n"), None, "{}"),
        (format!("{STARTED}\r\r{SNAPSHOT}\r\r"), Some("framing.crlf"), "{}"),
        (format!("{STARTED}\n\n{SNAPSHOT}\r\n\n"), None, n),
        ("{\"type\":\"RUN_STARTED\"}\n".to_owned(), None, "{}"),
    ] {
        let (rule, _, held) = read_body(body.as_bytes());
        assert_eq!((rule.as_deref(), held.as_str()), (stop, state), "{body:?}");
    }
}

#[test]
fn what_is_beyond_the_limits_is_a_finding_and_no_stop() {
    let deep = format!(
        "{STARTED}\n\ndata: {{\"type\":\"STATE_SNAPSHOT\",\"snapshot\":{}{}}}\n\n{SNAPSHOT}\n\n",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let (stop, rules, state) = read_body(deep.as_bytes());
    assert_eq!((stop, state.as_str()), (None, r#"{"n":1}"#));
    assert!(rules.contains(&"limit.nesting"), "{rules:?}");
    let ops = vec![r#"{"op":"copy","from":"","path":"/a"},{"op":"copy","from":"","path":"/b"}"#; 20].join(",");
    let (stop, rules, state) = read_body(
        format!("{STARTED}\n\n{SNAPSHOT}\n\ndata: {{\"type\":\"STATE_DELTA\",\"delta\":[{ops}]}}\n\n").as_bytes(),
    );
    assert_eq!((stop, state.as_str()), (None, r#"{"n":1}"#));
    assert!(rules.contains(&"limit.patch"), "{rules:?}");
}

#[test]
fn behind_a_stop_the_client_holds_still_and_folding_goes_on() {
    let body = format!(
        "{STARTED}\n\ndata: {{\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"m\",\"delta\":\"hi\"}}\n\n{SNAPSHOT}\n\n"
    );
    let mut fold = Fold::new(b"");
    for (frame, seq) in cut(body.as_bytes()).iter().zip(1..) {
        fold.push(seq, frame);
    }
    assert_eq!((fold.state_json(&NoPieces), fold.message_count()), ("{}".to_owned(), 0));
    let after = fold.after_stop();
    assert_eq!(after.state_json(&NoPieces), r#"{"n":1}"#);
    assert_eq!(
        after.messages_json(&NoPieces),
        r#"[{"id":"m","role":"assistant","content":"hi"}]"#
    );
    assert_eq!(after.cause(0, None, 1, &NoPieces), Some(2));
}

#[test]
fn a_snapshot_that_repeats_text_leaves_its_causes() {
    let mut body = format!("{STARTED}\n\n");
    for event in [
        r#"{"type":"TEXT_MESSAGE_START","messageId":"m"}"#,
        r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":"ab"}"#,
        r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":"cd"}"#,
        r#"{"type":"TEXT_MESSAGE_END","messageId":"m"}"#,
        r#"{"type":"MESSAGES_SNAPSHOT","messages":[{"id":"m","role":"assistant","content":"abcd","name":"n"}]}"#,
    ] {
        body.push_str(&format!("data: {event}\n\n"));
    }
    let mut fold = Fold::new(b"");
    for (frame, seq) in cut(body.as_bytes()).iter().zip(1..) {
        fold.push(seq, frame);
    }
    let causes: Vec<_> = (0..5).map(|offset| fold.cause(0, None, offset, &NoPieces)).collect();
    assert_eq!(causes, [Some(3), Some(3), Some(4), Some(4), None]);
    assert_eq!(fold.messages(0, 1, &NoPieces)[0].first_seq, 2);
}
