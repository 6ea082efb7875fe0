//! The schema checks against what the official client answered, case by case.
//! `tests/schema/make.mjs` asked it, and documents how to ask again.

use scrubjay_protocol::{
    json::{self, Value, to_json},
    schema::{self, Boundary, Checked, Verdict},
};

const CASES: &str = include_str!("schema/cases.jsonl");

fn texts(value: Option<&Value>) -> Vec<String> {
    value
        .and_then(Value::as_array)
        .unwrap_or_default()
        .iter()
        .map(|item| item.as_str().expect("a path").to_owned())
        .collect()
}

fn pairs(value: Option<&Value>) -> Vec<(String, String)> {
    let pair = |item: &Value| {
        let [one, other] = item.as_array().expect("a pair") else {
            panic!("a pair has two sides")
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(one), text(other))
    };
    value
        .and_then(Value::as_array)
        .unwrap_or_default()
        .iter()
        .map(pair)
        .collect()
}

/// What was removed before a failure is listed too, but a failure is what counts.
fn compare(line: &Value, checked: &Checked) -> Result<(), String> {
    let converted: Vec<_> = checked
        .conversions
        .iter()
        .map(|conversion| (conversion.what.clone(), conversion.to.to_owned()))
        .collect();
    let stripped: Vec<_> = checked.stripped.iter().map(|strip| strip.path.clone()).collect();
    let verdict = match &checked.verdict {
        Verdict::Accept { event, .. } => {
            let expected = line.get("accept").or(line.get("event")).expect("a case has an event");
            let is_accepted = line.get("fatal").is_none() && line.get("dropped").is_none();
            is_accepted && to_json(event) == to_json(expected)
        }
        Verdict::Dropped { .. } => line.get("dropped").is_some(),
        Verdict::Fatal(fatal) => {
            let issues: Vec<_> = fatal
                .issues
                .iter()
                .map(|issue| (issue.path.clone(), issue.message.clone()))
                .collect();
            line.get("fatal").is_some() && issues == pairs(line.get("fatal"))
        }
    };
    if verdict && converted == pairs(line.get("converted")) && stripped == texts(line.get("removed")) {
        return Ok(());
    }
    Err(format!("client: {}\nhere: {checked:?}\n", to_json(line)))
}

#[test]
fn every_case_ends_as_it_does_in_the_official_client() {
    let mut boundary = Boundary::default();
    let (mut case, mut minted, mut count) = (None, 0, 0);
    let mut differences = Vec::new();
    for line in CASES.lines() {
        let line = json::parse(line.as_bytes()).expect("a case is JSON");
        if line.get("case") != case.as_ref() {
            case = line.get("case").cloned();
            boundary = Boundary::default();
            minted = 0;
        }
        let event = line.get("event").expect("a case has an event").clone();
        let checked = schema::check(event, &mut boundary, &mut || {
            minted += 1;
            format!("minted-{minted}")
        });
        differences.extend(compare(&line, &checked).err());
        count += 1;
    }
    assert!(count > 1400, "only {count} cases were found");
    assert!(
        differences.is_empty(),
        "{} of {count} cases differ\n{}",
        differences.len(),
        differences[..differences.len().min(10)].join("\n")
    );
}
