//! Sequences that break one rule, and their legal neighbours.
//!
//! Each line of `scenarios/*.jsonl` is a sequence with what people expect to
//! be found (`finds` above note, and `notes` where they matter); the file
//! beside it holds where the official client gives up. Adding a line, or a
//! file, adds a test: ask the clients with `cargo xtask scenarios`.

use std::{collections::BTreeSet, fs, path::Path};

use scrubjay_protocol::json::{self, Value};
use scrubjay_session::{
    judge::rule::registry,
    query::{FindingEntry, Severity},
};

use crate::stage::{Stage, named, problems};

pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) asked: Value,
    client: Value,
}

pub(crate) fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judge/scenarios");
    let mut cases = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let family = path.file_name().unwrap().to_string_lossy().into_owned();
        if family.ends_with(".client.jsonl") {
            continue;
        }
        let golden = path.with_extension("client.jsonl");
        let client = fs::read_to_string(&golden)
            .unwrap_or_else(|_| panic!("{} is missing: run cargo xtask scenarios", golden.display()));
        let (asked, client) = (lines(&fs::read_to_string(&path).unwrap()), lines(&client));
        assert_eq!(asked.len(), client.len(), "{family}: run cargo xtask scenarios");
        for (asked, client) in asked.into_iter().zip(client) {
            assert_eq!(asked.get("id"), client.get("id"), "{family}: run cargo xtask scenarios");
            let name = format!("{family}: {}", asked.get("id").and_then(Value::as_str).unwrap());
            cases.push(Case { name, asked, client });
        }
    }
    cases
}

pub(crate) fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| json::parse(line.as_bytes()).unwrap()).collect()
}

fn texts(value: Option<&Value>) -> Option<Vec<String>> {
    let list = value?.as_array().unwrap();
    let mut texts: Vec<String> = list.iter().map(|text| text.as_str().unwrap().to_owned()).collect();
    texts.sort();
    Some(texts)
}

pub(crate) fn findings(case: &Case) -> Vec<FindingEntry> {
    let request = json::to_json(case.asked.get("input").unwrap());
    let stage = match case.asked.get("body") {
        Some(body) => Stage::new(&request, body.as_wtf8().unwrap().as_bytes().to_vec()),
        None => Stage::of_events(&request, texts_in_order(case.asked.get("frames").unwrap())),
    };
    stage.findings()
}

pub(crate) fn texts_in_order(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|text| text.as_wtf8().unwrap().to_string()).collect()
}

/// The frames of every sequence that has some.
pub(crate) fn sequences() -> Vec<Vec<String>> {
    let cases = cases();
    cases
        .iter()
        .filter_map(|case| case.asked.get("frames").map(texts_in_order))
        .collect()
}

#[test]
fn each_sequence_is_found_to_be_what_people_say_it_is() {
    let mut wrong = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 150, "only {} sequences", cases.len());
    for case in cases {
        let found = findings(&case);
        let wanted = texts(case.asked.get("finds")).unwrap();
        if problems(&found) != wanted {
            wrong.push(format!("{}: {:?} for {wanted:?}", case.name, problems(&found)));
        }
        let notes = named(&found, |severity| severity == Severity::Note);
        if let Some(wanted) = texts(case.asked.get("notes")).filter(|wanted| *wanted != notes) {
            wrong.push(format!("{}: notes {notes:?} for {wanted:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_stop_is_where_the_official_client_gives_up() {
    let mut wrong = Vec::new();
    for case in cases() {
        let found = findings(&case);
        let ours: Vec<(u32, &str)> = found
            .iter()
            .filter(|finding| finding.stop)
            .map(|finding| (finding.seq, finding.rule.as_str()))
            .collect();
        let stop = case.client.get("stop").filter(|stop| !stop.is_null());
        let client: Vec<(u32, &str)> = stop
            .into_iter()
            .map(|stop| {
                let seq = stop.get("seq").and_then(Value::as_f64).unwrap();
                (seq as u32, stop.get("rule").and_then(Value::as_str).unwrap())
            })
            .collect();
        let same = ours.len() == client.len()
            && ours
                .iter()
                .zip(&client)
                .all(|(ours, client)| ours.0 == client.0 && is_rule(ours.1, client.1));
        if !same {
            wrong.push(format!("{}: we stop at {ours:?}, the client at {client:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// JSON that does not parse has one message in the client and several causes here.
pub(crate) fn is_rule(ours: &str, client: &str) -> bool {
    const BROKEN_JSON: [&str; 7] = ["json", "twice", "done", "empty_data", "two_events", "cut", "crlf"];
    let ours_is_json = BROKEN_JSON.iter().any(|cause| ours == format!("framing.{cause}"));
    // A frame that was encoded as JSON is JSON and no object.
    let is_encoded = ours == "framing.twice" && client == "framing.not_an_object";
    ours == client || is_encoded || client == "framing.json" && ours_is_json
}

#[test]
fn an_error_on_a_stream_that_the_client_accepts_names_the_client_that_breaks() {
    for rule in registry().filter(|rule| rule.severity == Severity::Error && !rule.stops) {
        assert!(!rule.fails.is_empty(), "{} names no client", rule.id);
        assert!(rule.explanation.contains("@ag-ui/client 1.0.0"), "{}", rule.id);
    }
}

/// Rules that no sequence of events can break here: what they take is said beside.
const ELSEWHERE: [&str; 26] = [
    // Refused by the schema before the verifier sees it, in the client as here.
    "V05",
    "V06",
    // Bodies in tests/judge/framing.
    "framing.lost",
    // Tables of frames and limits in tests/fold, of records in tests/proto.
    "framing.crlf",
    "framing.over_10_mib",
    "framing.cr_inside",
    "framing.bare_data",
    "framing.utf8",
    "framing.pending",
    "framing.record",
    "record.not_json",
    "encoding.unknown",
    "encoding.broken",
    "limit.event_size",
    "limit.nesting",
    "limit.patch",
    "limit.decoded_size",
    "apply.function",
    "state.large",
    "input.shape",
    "input.spelling",
    "transport.",
    // Across the requests of a thread: tests/judge/threads.
    "resume.",
    "time.first_text",
    "time.stall",
    "reader.disagrees",
];

#[test]
fn every_rule_is_broken_by_a_sequence() {
    let mut broken = BTreeSet::new();
    for case in cases() {
        broken.extend(findings(&case).into_iter().map(|finding| finding.rule));
    }
    let missing: Vec<&str> = registry()
        .map(|rule| rule.id)
        .filter(|id| !broken.contains(*id) && !ELSEWHERE.iter().any(|known| id.starts_with(known)))
        .collect();
    assert!(missing.is_empty(), "no sequence breaks {missing:?}");
}

#[test]
fn every_rule_explains_itself_under_an_id_of_its_own() {
    let mut ids: Vec<&str> = registry().map(|rule| rule.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), registry().count());
    for rule in registry() {
        for sentence in [rule.explanation, rule.effect, rule.fix] {
            assert!(sentence.ends_with('.'), "{}: {sentence}", rule.id);
        }
        assert!(!rule.title.is_empty() && !rule.title.ends_with('.') && !rule.clause.is_empty());
    }
}
