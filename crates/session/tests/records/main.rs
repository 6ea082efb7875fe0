//! Streams of the binary transport against the official client.
//!
//! `streams.jsonl` are bodies that the official encoder wrote, and odd ones;
//! `client.jsonl` is what `@ag-ui/client` 1.0.0 holds after each record of
//! them. `tests/oracle/records.mjs` made both, and says how to make them again.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

mod twins;

use std::{collections::BTreeMap, sync::Arc};

use scrubjay_protocol::{
    frame::{Frame, FrameKind},
    json::{self, Value},
    record::Decoder,
};
use scrubjay_session::fold::{Fold, Severity, piece::NoPieces, value};

type Pieces = BTreeMap<u64, Arc<[u8]>>;

struct Case {
    name: String,
    request: Vec<u8>,
    frames: Vec<Frame>,
    client: Value,
}

fn cases() -> Vec<Case> {
    let lines = |text: &str| -> Vec<Value> { text.lines().map(|line| json::parse(line.as_bytes()).unwrap()).collect() };
    let streams = lines(include_str!("streams.jsonl"));
    let clients = lines(include_str!("client.jsonl"));
    assert_eq!(streams.len(), clients.len());
    let case = |(stream, client): (Value, Value)| {
        assert_eq!(stream.get("id"), client.get("id"));
        let hex = stream.get("bodyHex").unwrap().as_str().unwrap().to_owned();
        Case {
            name: stream.get("id").unwrap().as_str().unwrap().to_owned(),
            request: json::to_json(stream.get("input").unwrap()).into_bytes(),
            frames: cut(&bytes(&hex)),
            client,
        }
    };
    streams.into_iter().zip(clients).map(case).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = |place: usize| u8::from_str_radix(&hex[place..place + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digits).collect()
}

fn cut(body: &[u8]) -> Vec<Frame> {
    let mut decoder = Decoder::new();
    decoder.push(body);
    let mut frames: Vec<Frame> = std::iter::from_fn(|| decoder.next_frame()).collect();
    frames.extend(decoder.finish());
    frames
}

fn assert_same(ours: &str, client: &Value, what: &str) {
    let held = value::Value::from_json(&json::parse(ours.as_bytes()).unwrap(), 0);
    let same = held.same(&value::Value::from_json(client, 0), &NoPieces);
    assert!(same, "{what}: the client holds {client:?}, we {ours}");
}

/// Which of our rules the client's error is.
fn rule_of(message: &str) -> &'static str {
    [
        ("Failed to decode protocol buffer message: ", "framing.record"),
        ("The binary stream ended mid-frame", "framing.cut"),
        ("Protobuf message size exceeded", "framing.over_10_mib"),
        ("[\n  {\n", "schema.invalid"),
        (
            "Cannot send event type 'TEXT_MESSAGE_START': The run has already finished",
            "V02",
        ),
        ("First event must be 'RUN_STARTED'", "V03"),
        ("Cannot send 'RUN_STARTED' while a run is still active", "V04"),
        ("Cannot send 'TEXT_MESSAGE_START' event: A text message with ID", "V07"),
        (
            "Cannot send 'TEXT_MESSAGE_CONTENT' event: No active text message",
            "V08",
        ),
        ("Cannot send 'SUBAGENT_FINISHED': no active subagent", "V16"),
    ]
    .into_iter()
    .find(|(start, _)| message.starts_with(start))
    .unwrap_or_else(|| panic!("no rule is known for: {message}"))
    .1
}

/// Folds a case, and says after each record whether it is as the client has it.
fn follow(case: &Case, mut between: impl FnMut(Fold, &mut Pieces) -> Fold) {
    let mut pieces = Pieces::new();
    let mut fold = Fold::new(&case.request);
    let mut held: BTreeMap<&str, Value> = BTreeMap::new();
    let steps = case.client.get("steps").unwrap().as_array().unwrap();
    assert_eq!(steps.len(), case.frames.len() + 1, "{}", case.name);
    for (step, seq) in steps.iter().zip(0_u32..) {
        if seq > 0 {
            fold.push_with(seq, &case.frames[seq as usize - 1], &pieces);
        }
        for (member, ours) in [
            ("messages", fold.messages_json(&pieces)),
            ("state", fold.state_json(&pieces)),
            ("interrupts", fold.interrupts_json(&pieces)),
        ] {
            if step.get(&format!("has{member}")).is_some() {
                held.insert(member, step.get(member).unwrap().clone());
            }
            assert_same(&ours, &held[member], &format!("{}, record {seq}, {member}", case.name));
        }
        fold = between(fold, &mut pieces);
    }
    fold.finish(&pieces);
    let ours = fold.stop().map(|stop| (f64::from(stop.seq), stop.rule.as_str()));
    let theirs = case.client.get("stop").filter(|stop| !stop.is_null());
    let theirs = theirs.map(|stop| {
        let message = stop.get("message").unwrap().as_wtf8().unwrap().to_str_lossy();
        (stop.get("seq").unwrap().as_f64().unwrap(), rule_of(&message))
    });
    assert_eq!(ours, theirs, "{}: {:?}", case.name, fold.stop());
}

#[test]
fn records_leave_what_the_client_holds_and_stop_where_it_stops() {
    let cases = cases();
    assert!(cases.len() > 100, "only {} streams were found", cases.len());
    for case in &cases {
        follow(case, |fold, _| fold);
    }
}

#[test]
fn a_fold_of_records_that_was_written_and_read_goes_on() {
    for case in &cases() {
        follow(case, |fold, pieces| {
            let known = pieces.clone();
            Fold::read(&fold.write(pieces, &known)).unwrap()
        });
    }
}

#[test]
fn what_the_client_does_not_see_is_told() {
    let cases = cases();
    for (name, told) in [
        (
            "a later event, in a run",
            &[("schema.unknown_type", Severity::Note)][..],
        ),
        ("unknown fields, in a run", &[("schema.stripped", Severity::Note)]),
        ("a string twice, in a run", &[("json.duplicate_key", Severity::Warning)]),
        (
            "a string that is not UTF-8, in a run",
            &[("framing.utf8", Severity::Warning)],
        ),
        ("not a number, in a run", &[("record.not_json", Severity::Note)]),
        (
            "a part of nothing, in a run",
            &[("schema.stripped_variant", Severity::Warning)],
        ),
        ("a cut string, in a run", &[("framing.record", Severity::Error)]),
        ("cut in a prefix", &[("framing.cut", Severity::Error)]),
    ] {
        let case = cases.iter().find(|case| case.name == name).unwrap();
        let mut fold = Fold::new(&case.request);
        let place = case
            .frames
            .iter()
            .position(|frame| !frame.problems.is_empty() || frame.kind == FrameKind::Malformed)
            .unwrap();
        let mut findings = Vec::new();
        for (frame, seq) in case.frames[..=place].iter().zip(1..) {
            findings.extend(fold.push(seq, frame));
        }
        findings.extend(fold.finish(&NoPieces));
        let mut found: Vec<_> = findings
            .iter()
            .map(|finding| (finding.rule, finding.severity))
            .collect();
        found.dedup();
        assert_eq!(found, told, "{name}: {findings:?}");
    }
}
