//! A comparison as JSON Lines: the summary, then a line a difference.

use serde::Serialize;

use crate::{
    diff::{Comparison, Divergence, ItemKind, Moment, PairedBy, PathChange, SideFacts, Thread},
    query::Failed,
    shelf::Shelf,
    words,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    kind: &'static str,
    same: bool,
    level: &'static str,
    ignoring: Vec<String>,
    a: Side,
    b: Side,
    counts: Counted,
    duration_delta_us: i64,
    ttft_delta_us: Option<i64>,
    threads: Vec<Threads>,
    problems: Problems,
}

/// Problems that only one side has.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problems {
    only_a: Lone,
    only_b: Lone,
}

#[derive(Serialize)]
struct Lone {
    count: u32,
    first: Vec<Problem>,
}

#[derive(Serialize)]
struct Problem {
    exchange: i64,
    seq: u32,
    rule: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Threads {
    a: Option<String>,
    b: Option<String>,
    paired_by: Option<&'static str>,
    differences: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Side {
    title: String,
    exchanges: Vec<i64>,
    started_at: String,
    frames: u32,
    duration_us: u64,
    protocol_version: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Counted {
    differences: u32,
    same: u32,
    changed: u32,
    only_a: u32,
    only_b: u32,
    reordered: u32,
    recovered: u32,
    downstream: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    kind: &'static str,
    number: usize,
    difference: &'static str,
    turn: u32,
    item: &'static str,
    name: String,
    a: Moment,
    b: Moment,
    path: String,
    a_value: Option<String>,
    b_value: Option<String>,
    rows: u32,
    downstream: u32,
    recovers: bool,
    sentence: String,
    premise: bool,
    scope: &'static str,
    paths: &'a [PathChange],
}

/// The first line of JSON Lines: what was compared, how many differences there are, and what is wrong with one side only.
///
/// # Errors
/// When a side cannot be read.
pub fn summary_line<S: Shelf + Clone>(comparison: &mut Comparison<S>) -> Result<String, Failed<S::Error>> {
    let problems = problems(comparison)?;
    let [a, b] = comparison.facts();
    let side = |facts: &SideFacts| Side {
        title: facts.title.clone(),
        exchanges: facts.exchanges.clone(),
        started_at: words::rfc3339(facts.started_at_us),
        frames: facts.frames,
        duration_us: facts.duration_us,
        protocol_version: facts.protocol_version.clone(),
    };
    let counts = comparison.counts();
    Ok(line(&Summary {
        kind: "summary",
        same: comparison.is_same(),
        level: comparison.rules().level().as_str(),
        ignoring: comparison.rules().ignoring(),
        a: side(a),
        b: side(b),
        counts: Counted {
            differences: counts.differences(),
            same: counts.same,
            changed: counts.changed,
            only_a: counts.only_a,
            only_b: counts.only_b,
            reordered: counts.reordered,
            recovered: counts.recovered,
            downstream: counts.downstream,
        },
        duration_delta_us: comparison.duration_delta_us(),
        ttft_delta_us: comparison.ttft_delta_us(),
        threads: threads(comparison),
        problems,
    }))
}

fn problems<S: Shelf + Clone>(comparison: &mut Comparison<S>) -> Result<Problems, Failed<S::Error>> {
    let known = comparison.lone_problems()?;
    let lone = |side: usize| {
        let problems = known.of(side).0.into_iter().map(|problem| Problem {
            exchange: problem.exchange,
            seq: problem.first_seq,
            rule: problem.name.clone(),
        });
        Lone {
            count: known.counts[side],
            first: problems.collect(),
        }
    };
    Ok(Problems {
        only_a: lone(0),
        only_b: lone(1),
    })
}

fn threads<S: Shelf + Clone>(comparison: &Comparison<S>) -> Vec<Threads> {
    let [of_a, of_b] = comparison.threads();
    let id = |threads: &[Thread], place: Option<u32>| Some(threads.get(place? as usize)?.id.clone());
    let pairs = comparison.thread_pairs().into_iter();
    let lines = pairs.map(|known| Threads {
        a: id(of_a, known.pair.a),
        b: id(of_b, known.pair.b),
        paired_by: known.pair.by.map(PairedBy::code),
        differences: known.differences,
    });
    lines.collect()
}

/// A line of JSON Lines for one difference; they count from 1.
pub fn difference_line(number: usize, found: &Divergence) -> String {
    let known = found.a_side.as_ref().or(found.b_side.as_ref());
    line(&Line {
        kind: "difference",
        number,
        difference: found.difference.kind.code(),
        turn: found.turn,
        item: found.item.map_or("", ItemKind::as_str),
        name: known.map(|side| side.name.clone()).unwrap_or_default(),
        a: found.a,
        b: found.b,
        path: found.path.clone(),
        a_value: found.a_value.clone(),
        b_value: found.b_value.clone(),
        rows: found.difference.last_row - found.difference.first_row + 1,
        downstream: found.difference.downstream,
        recovers: found.difference.recovers,
        sentence: found.sentence.clone(),
        premise: found.difference.premise,
        scope: found.difference.scope.as_str(),
        paths: &found.paths,
    })
}

fn line(value: &impl Serialize) -> String {
    let mut line = serde_json::to_string(value).expect("plain values with text for keys");
    line.push('\n');
    line
}

/// All of it as JSON Lines: the summary, then a line a difference.
///
/// # Errors
/// When a side cannot be read.
pub fn json_lines<S: Shelf + Clone>(comparison: &mut Comparison<S>) -> Result<String, Failed<S::Error>> {
    let mut text = summary_line(comparison)?;
    for number in 0..comparison.differences().len() {
        let found = comparison.divergence(number)?;
        text.push_str(&difference_line(number + 1, &found));
    }
    Ok(text)
}
