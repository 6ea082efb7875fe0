//! Bodies with mixed line ends against the official client.
//!
//! `framing/*.jsonl` are bodies: `named` are people's, `random` come from `tests/oracle/bodies.mjs` with seed 22.
//! `*.client.jsonl` beside them is what the official `HttpAgent` made of each in several chunkings
//! (`tests/oracle/framing.mjs`). `SCRUBJAY_FRAMING` names another pair, without its extension.

use std::{collections::BTreeMap, fs, path::Path};

use scrubjay_protocol::{
    frame::Frame,
    json::{self, Value},
    sse::Decoder,
};
use scrubjay_session::{
    fold::value,
    query::{FindingEntry, Severity},
};

use crate::{scenarios::is_rule, stage::Stage};

const INPUT: &str =
    r#"{"threadId":"t","runId":"r","messages":[],"tools":[],"state":{"n":1},"context":[],"forwardedProps":{}}"#;

struct Case {
    id: String,
    body: String,
    client: Value,
}

/// What is not as it should be, by kind.
#[derive(Default)]
struct Wrong(BTreeMap<&'static str, Vec<String>>);

impl Wrong {
    fn add(&mut self, kind: &'static str, case: &Case, what: &str) {
        let sentence = format!("{kind}: {}: {what}\n    {:?}", case.id, case.body);
        self.0.entry(kind).or_default().push(sentence);
    }

    fn assert_none(&self) {
        let counts: Vec<String> = self
            .0
            .iter()
            .map(|(kind, all)| format!("{} {kind}", all.len()))
            .collect();
        let shown: Vec<&str> = self
            .0
            .values()
            .flat_map(|all| all.iter().take(4))
            .map(String::as_str)
            .collect();
        assert!(self.0.is_empty(), "{}\n{}", counts.join(", "), shown.join("\n"));
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|_| panic!("{} is missing", path.display()));
    text.lines().map(|line| json::parse(line.as_bytes()).unwrap()).collect()
}

fn cases(stem: &Path) -> Vec<Case> {
    let (bodies, client) = (
        lines(&stem.with_extension("jsonl")),
        lines(&stem.with_extension("client.jsonl")),
    );
    assert_eq!(bodies.len(), client.len(), "{}", stem.display());
    let text = |value: &Value, name: &str| value.get(name).unwrap().as_wtf8().unwrap().to_string();
    let case = |(asked, client): (Value, Value)| {
        assert_eq!(text(&asked, "id"), text(&client, "id"));
        Case {
            id: text(&asked, "id"),
            body: text(&asked, "body"),
            client,
        }
    };
    bodies.into_iter().zip(client).map(case).collect()
}

fn named() -> Vec<Case> {
    cases(&folder().join("named"))
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judge/framing")
}

fn frames(body: &[u8]) -> Vec<Frame> {
    let mut decoder = Decoder::new();
    decoder.push(body);
    let mut frames: Vec<Frame> = std::iter::from_fn(|| decoder.next_frame()).collect();
    frames.extend(decoder.finish());
    frames
}

/// The first frame that is whole once so many bytes have come; the last for what only the end brings.
fn frame_at(frames: &[Frame], at: Option<&Value>) -> u32 {
    let at = at.and_then(Value::as_f64).map_or(u64::MAX, |at| at as u64);
    let before = frames.iter().take_while(|frame| frame.range.end < at).count();
    (before + 1).min(frames.len()) as u32
}

fn compare(case: &Case, wrong: &mut Wrong) {
    let frames = frames(case.body.as_bytes());
    let mut reader = Stage::new(INPUT, case.body.clone().into_bytes()).reader();
    let findings = reader.findings(0..u32::MAX, usize::MAX).unwrap();
    judge_stop(case, &frames, &findings, wrong);
    judge_errors(case, &findings, wrong);
    let steps = case.client.get("steps").unwrap().as_array().unwrap();
    let mut held = [Value::Null, Value::Null];
    let mut next = steps.iter().peekable();
    for seq in 0..=frames.len() as u32 {
        while let Some(step) = next.next_if(|step| is_due(step, seq, &frames)) {
            let step = step.as_array().unwrap();
            for (held, new) in held.iter_mut().zip(&step[1..]) {
                *held = if *new == Value::Null { held.clone() } else { new.clone() };
            }
        }
        let fold = reader.fold_at(seq).unwrap().0;
        let pieces = scrubjay_session::fold::piece::NoPieces;
        let state = format!("[{}]", fold.state_json(&pieces));
        for (ours, client) in [(fold.messages_json(&pieces), &held[0]), (state, &held[1])] {
            if !is_same(&ours, client) {
                wrong.add(
                    "other fold",
                    case,
                    &format!("at #{seq} we hold {ours}, the client {}", json::to_json(client)),
                );
                return;
            }
        }
    }
}

fn is_due(step: &Value, seq: u32, frames: &[Frame]) -> bool {
    let at = step.as_array().unwrap()[0].as_f64();
    let last = frames.len() as u32;
    match at {
        Some(at) => seq == last || at as u64 <= seq.checked_sub(1).map_or(0, |place| frames[place as usize].range.end),
        None => seq == last,
    }
}

fn is_same(ours: &str, client: &Value) -> bool {
    let ours = value::Value::from_json(&json::parse(ours.as_bytes()).unwrap(), 0);
    ours.same(
        &value::Value::from_json(client, 0),
        &scrubjay_session::fold::piece::NoPieces,
    )
}

fn judge_stop(case: &Case, frames: &[Frame], findings: &[FindingEntry], wrong: &mut Wrong) {
    let ours: Vec<(u32, &str)> = findings
        .iter()
        .filter(|finding| finding.stop)
        .map(|finding| (finding.seq, finding.rule.as_str()))
        .collect();
    let stop = case.client.get("stop").filter(|stop| **stop != Value::Null);
    let client: Vec<(u32, &str)> = stop
        .iter()
        .map(|stop| {
            (
                frame_at(frames, stop.get("at")),
                stop.get("rule").and_then(Value::as_str).unwrap(),
            )
        })
        .collect();
    let is_same = ours.len() == client.len()
        && ours
            .iter()
            .zip(&client)
            .all(|(ours, client)| ours.0 == client.0 && is_rule(ours.1, client.1));
    if !is_same {
        wrong.add(
            "other stop",
            case,
            &format!("we stop at {ours:?}, the client at {client:?}"),
        );
    }
}

/// An error stands where the client gives up or an event does not reach it, and nowhere else.
fn judge_errors(case: &Case, findings: &[FindingEntry], wrong: &mut Wrong) {
    let is_lost = case.client.get("lost") == Some(&Value::Bool(true)) || case.client.get("stop") != Some(&Value::Null);
    let events = case.client.get("events").unwrap().as_array().unwrap();
    let is_unfinished = !events.iter().any(|name| name.as_str() == Some("RUN_FINISHED"));
    let is_true = |finding: &FindingEntry| is_lost || is_unfinished && finding.rule == "run.truncated";
    let errors = || findings.iter().filter(|finding| finding.severity == Severity::Error);
    match errors().find(|finding| !is_true(finding)) {
        Some(error) => wrong.add(
            "false error",
            case,
            &format!("{}@{}: {}", error.rule, error.seq, error.message),
        ),
        None if is_lost && errors().next().is_none() => {
            wrong.add("silence", case, "the client loses something, and there is no error");
        }
        _ => {}
    }
}

fn compare_all(cases: &[Case]) {
    let mut wrong = Wrong::default();
    for case in cases {
        compare(case, &mut wrong);
    }
    wrong.assert_none();
}

#[test]
fn named_bodies_are_read_as_the_official_client_reads_them() {
    compare_all(&named());
}

#[test]
fn random_bodies_are_read_as_the_official_client_reads_them() {
    let stem = std::env::var_os("SCRUBJAY_FRAMING").map_or_else(|| folder().join("random"), Into::into);
    let cases = cases(&stem);
    assert!(cases.len() >= 100, "only {} bodies", cases.len());
    compare_all(&cases);
}
