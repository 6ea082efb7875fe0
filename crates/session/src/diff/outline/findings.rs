//! What is wrong with a stream, as far as it counts: what makes a client hold
//! something else than the agent meant.

use scrubjay_protocol::json::{Object, Value};

use crate::{
    derive::kinds::Severity,
    diff::{hash, item::ItemKind},
    query::{Failed, Reader},
    shelf::Shelf,
};

/// Findings of a part that are compared; of more, the first.
const FINDINGS: usize = 20_000;
/// Rules that other items say already (how a run or the transport ended), that
/// depend on times, ids or how large things are, or that are about the
/// request: `what` of `what.rule`.
const LEFT_OUT: [&str; 9] = [
    "run",
    "transport",
    "time",
    "secret",
    "state",
    "input",
    "limit",
    "encoding",
    "reader",
];

/// One finding that counts.
pub(in crate::diff) struct CountedFinding {
    pub(super) seq: u32,
    pub(in crate::diff) rule: String,
    pub(in crate::diff) message: String,
}

/// Those of a window of frames, each rule once a frame.
pub(super) fn of<S: Shelf>(
    reader: &mut Reader<S>,
    first: u32,
    last: u32,
) -> Result<Vec<CountedFinding>, Failed<S::Error>> {
    // What is found at the end of a stream stands one past its last frame.
    let past = match last == reader.summary().frames {
        true => last.saturating_add(2),
        false => last.saturating_add(1),
    };
    let mut counted: Vec<CountedFinding> = Vec::new();
    for entry in reader.findings(first..past, FINDINGS)? {
        let seq = entry.seq.min(last);
        let here = counted.iter().rev().take_while(|known| known.seq == seq);
        let is_known = here.into_iter().any(|known| known.rule == entry.rule);
        if counts(&entry.rule, entry.severity) && !is_known {
            counted.push(CountedFinding {
                seq,
                rule: entry.rule,
                message: entry.message,
            });
        }
    }
    Ok(counted)
}

fn counts(rule: &str, severity: Severity) -> bool {
    let family = rule.split('.').next().unwrap_or_default();
    severity >= Severity::Warning && !LEFT_OUT.contains(&family)
}

/// What a finding says.
pub(in crate::diff) fn document(rule: &str) -> Object {
    let mut document = Object::new();
    document.insert("name", Value::string(rule));
    document
}

/// The finding that an item is, in its own words.
pub(in crate::diff) fn read<S: Shelf>(
    reader: &mut Reader<S>,
    seq: u32,
    key: u64,
) -> Result<Option<CountedFinding>, Failed<S::Error>> {
    let found = of(reader, seq, seq)?;
    Ok(found.into_iter().find(|found| key_of(&found.rule) == key))
}

fn key_of(rule: &str) -> u64 {
    let document = document(rule);
    hash::of((
        ItemKind::Finding,
        document.get("name").and_then(Value::as_wtf8),
        document.get("agent").and_then(Value::as_wtf8),
    ))
}
