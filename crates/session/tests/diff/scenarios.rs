//! Pairs of streams and what a person expects of them: each folder of
//! `scenarios/` holds `a.sse`, `b.sse` and `expected.txt` (and the requests,
//! where they matter). A line of the expectation is a level, how many
//! differences of each kind, and, if it is given, the first: frame in A,
//! frame in B, path, both values.

#![expect(clippy::disallowed_methods, reason = "scenarios are files")]

use std::{fs, path::Path};

use scrubjay_session::diff::{Comparison, Divergence, Level};

use crate::side::{Shelf, by_frames, compare};

fn read(folder: &Path, name: &str) -> Shelf {
    let body = fs::read(folder.join(format!("{name}.sse"))).unwrap();
    let request = fs::read(folder.join(format!("{name}.request.json"))).unwrap_or_default();
    by_frames(&request, &body)
}

/// `changed 1, downstream 4`; `same`.
fn counted(comparison: &Comparison<Shelf>) -> String {
    let counts = comparison.counts();
    let counts = [
        (counts.changed, "changed"),
        (counts.only_a, "only A"),
        (counts.only_b, "only B"),
        (counts.reordered, "reordered"),
        (counts.recovered, "recovered"),
        (counts.downstream, "downstream"),
    ];
    let named: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{name} {count}"))
        .collect();
    match named.is_empty() {
        true => "same".to_owned(),
        false => named.join(", "),
    }
}

fn placed(first: &Divergence) -> String {
    let moments = format!("#{} #{}", first.a.seq, first.b.seq);
    if first.path.is_empty() {
        return moments;
    }
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    format!(
        "{moments} {} {} → {}",
        first.path,
        value(&first.a_value),
        value(&first.b_value)
    )
}

/// What is not as expected, in lines.
fn check(folder: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    let (a, b) = (read(folder, "a"), read(folder, "b"));
    let expected = fs::read_to_string(folder.join("expected.txt")).unwrap();
    for line in expected.lines() {
        let (name, rest) = line.split_once(": ").unwrap();
        let level = Level::ALL.into_iter().find(|level| level.as_str() == name).unwrap();
        let (counts, first) = match rest.split_once("; ") {
            Some((counts, first)) => (counts, Some(first)),
            None => (rest, None),
        };
        let mut comparison = compare(&a, &b, level);
        let found = comparison.first().unwrap();
        let got = match (&found, first) {
            (Some(found), Some(_)) => format!("{name}: {}; {}", counted(&comparison), placed(found)),
            _ => format!("{name}: {}", counted(&comparison)),
        };
        let wanted = match first {
            Some(first) => format!("{name}: {counts}; {first}"),
            None => format!("{name}: {counts}"),
        };
        if got != wanted {
            let folder = folder.file_name().unwrap_or_default().to_string_lossy();
            wrong.push(format!("{folder}\n  expected {wanted}\n  found    {got}"));
        }
    }
    wrong
}

#[test]
fn each_pair_differs_as_a_person_expects() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diff/scenarios");
    let mut folders: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    assert!(folders.len() >= 10, "the scenarios should be there");
    let wrong: Vec<String> = folders.iter().flat_map(|folder| check(folder)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
