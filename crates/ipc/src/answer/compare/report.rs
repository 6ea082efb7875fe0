//! A comparison as a report: Markdown for people, JSON Lines for programs.

use scrubjay_session::{
    diff::{Comparison, Counts, Divergence, Moment, PairedBy, PathChange, SideFacts, Thread, around},
    query::Failed,
    shelf::Shelf,
    words,
};
use serde::Serialize;

use super::{delta, failed_report, ignoring, sides};
use crate::{Report, visible};

/// Differences that a report tells one by one.
const DIFFERENCES: usize = 1_000;
/// Characters of a value in a table.
const CHARS: usize = 120;

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
struct Line {
    kind: &'static str,
    number: usize,
    difference: &'static str,
    turn: u32,
    item: &'static str,
    name: String,
    a: Place,
    b: Place,
    path: String,
    a_value: Option<String>,
    b_value: Option<String>,
    rows: u32,
    downstream: u32,
    recovers: bool,
    sentence: String,
    premise: bool,
    scope: &'static str,
    paths: Vec<PathLine>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PathLine {
    path: String,
    difference: &'static str,
    a_value: Option<String>,
    b_value: Option<String>,
    renamed_to: Option<String>,
}

#[derive(Serialize)]
struct Place {
    exchange: i64,
    seq: u32,
}

impl From<Moment> for Place {
    fn from(moment: Moment) -> Self {
        Self {
            exchange: moment.exchange,
            seq: moment.seq,
        }
    }
}

/// The first line of JSON Lines: what was compared and how many differences there are.
pub fn summary_line<S: Shelf + Clone>(comparison: &Comparison<S>) -> String {
    let [a, b] = sides(comparison);
    let [known_a, known_b] = comparison.facts();
    let side = |view: crate::SideView, facts: &SideFacts| Side {
        title: facts.title.clone(),
        exchanges: view.exchanges,
        started_at: view.started_at,
        frames: view.frames,
        duration_us: view.duration_us,
        protocol_version: facts.protocol_version.clone(),
    };
    let counts = comparison.counts();
    line(&Summary {
        kind: "summary",
        same: comparison.is_same(),
        level: comparison.rules().level().as_str(),
        ignoring: ignoring(comparison.rules()),
        a: side(a, known_a),
        b: side(b, known_b),
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
        duration_delta_us: delta(known_a.duration_us, known_b.duration_us),
        ttft_delta_us: known_a.ttft_us.zip(known_b.ttft_us).map(|(a, b)| delta(a, b)),
        threads: threads(comparison),
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
        item: known.map_or("", |side| side.kind.as_str()),
        name: known.map(|side| side.name.clone()).unwrap_or_default(),
        a: found.a.into(),
        b: found.b.into(),
        path: found.path.clone(),
        a_value: found.a_value.clone(),
        b_value: found.b_value.clone(),
        rows: found.difference.last_row - found.difference.first_row + 1,
        downstream: found.difference.downstream,
        recovers: found.difference.recovers,
        sentence: found.sentence.clone(),
        premise: found.difference.premise,
        scope: found.difference.scope.as_str(),
        paths: found.paths.iter().map(path_line).collect(),
    })
}

fn path_line(change: &PathChange) -> PathLine {
    PathLine {
        path: change.path.clone(),
        difference: change.kind.code(),
        a_value: change.a_value.clone(),
        b_value: change.b_value.clone(),
        renamed_to: change.renamed_to.clone(),
    }
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
pub fn json_lines<S: Shelf + Clone>(comparison: &mut Comparison<S>) -> Result<String, Report> {
    let mut text = summary_line(comparison);
    for number in 0..comparison.differences().len() {
        let found = comparison.divergence(number).map_err(|failed| failed_report(&failed))?;
        text.push_str(&difference_line(number + 1, &found));
    }
    Ok(text)
}

/// A report for people, fit for a pull request.
///
/// # Errors
/// When a side cannot be read.
pub fn markdown<S: Shelf + Clone>(comparison: &mut Comparison<S>) -> Result<String, Report> {
    written(comparison).map_err(|failed| failed_report(&failed))
}

fn written<S: Shelf + Clone>(comparison: &mut Comparison<S>) -> Result<String, Failed<S::Error>> {
    let counts = comparison.counts();
    let level = comparison.rules().level().as_str();
    let mut text = match counts.differences() {
        0 => format!("**Same** at level {level}.\n\n"),
        1 => format!("**1 difference** at level {level}.\n\n"),
        many => format!("**{many} differences** at level {level}.\n\n"),
    };
    let [a, b] = sides(comparison);
    text.push_str("| | started | frames | took |\n|---|---|--:|--:|\n");
    for (name, side) in [("A", &a), ("B", &b)] {
        text.push_str(&format!(
            "| {name}: {} | {} | {} | {} |\n",
            code(&side.title),
            side.started_at,
            side.frames,
            words::duration(side.duration_us),
        ));
    }
    text.push_str(&threads_table(comparison));
    if let Some(premise) = comparison.premise()? {
        text.push_str(&format!("\n**Asked otherwise**: {}.\n", code(&premise.sentence)));
    }
    if let Some(first) = comparison.first()? {
        let head = match first.difference.premise {
            true => "Only what was asked differs",
            false => "First divergence",
        };
        text.push_str(&format!(
            "\n**{head}**: {}, in A at {}, in B at {}.\n",
            code(&first.sentence),
            moment(&a.exchanges, first.a),
            moment(&b.exchanges, first.b),
        ));
        text.push_str("\n| # | difference | where | path | A | B |\n|--:|---|---|---|---|---|\n");
        for number in 0..comparison.differences().len().min(DIFFERENCES) {
            let found = comparison.divergence(number)?;
            text.push_str(&row(number + 1, &found));
        }
        let left_out = comparison.differences().len().saturating_sub(DIFFERENCES);
        if left_out > 0 {
            text.push_str(&format!("\n{left_out} more are not listed.\n"));
        }
    }
    text.push_str(&format!("\n{}. Ignoring {}.\n", counted(counts), ignored(comparison)));
    Ok(text)
}

fn ignored<S: Shelf + Clone>(comparison: &Comparison<S>) -> String {
    let words: Vec<String> = ignoring(comparison.rules())
        .iter()
        .map(|word| match word.starts_with('/') || word.starts_with("text ") {
            true => code(word),
            false => word.clone(),
        })
        .collect();
    words.join(", ")
}

/// `11 same, 2 changed, 5 downstream`, capitalised.
fn counted(counts: Counts) -> String {
    let named = [
        (counts.same, "same"),
        (counts.changed, "changed"),
        (counts.only_a, "only in A"),
        (counts.only_b, "only in B"),
        (counts.reordered, "reordered"),
        (counts.recovered, "recovered"),
        (counts.downstream, "downstream"),
    ];
    let named: Vec<String> = named
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    match named.is_empty() {
        true => "Nothing to compare".to_owned(),
        false => named.join(", "),
    }
}

/// Which thread is which, where there are several.
fn threads_table<S: Shelf + Clone>(comparison: &Comparison<S>) -> String {
    let known = super::threads(comparison);
    if known.len() < 2 {
        return String::new();
    }
    let mut text = "\n| thread of A | of B | paired by | differences |\n|---|---|---|--:|\n".to_owned();
    let name = |name: &Option<String>| name.as_deref().map_or("–".to_owned(), code);
    for threads in &known {
        let by = match threads.paired_by.as_str() {
            "" => "–",
            by => by,
        };
        text.push_str(&format!(
            "| {} | {} | {by} | {} |\n",
            name(&threads.a),
            name(&threads.b),
            threads.differences
        ));
    }
    text
}

/// A line for a difference, and one for each further path.
fn row(number: usize, found: &Divergence) -> String {
    let mut kind = found.difference.kind.as_str().to_owned();
    if found.difference.downstream > 0 {
        kind.push_str(&format!(", {} downstream", found.difference.downstream));
    }
    if found.difference.premise {
        kind.push_str(", asked");
    }
    let place = format!("{}, #{} / #{}", code(&found.subject), found.a.seq, found.b.seq);
    let values = values(found.a_value.as_deref(), found.b_value.as_deref());
    let (path, values) = match found.paths.first() {
        Some(first) => (path_of(first), values_of(first)),
        None => (String::new(), values),
    };
    let mut text = format!("| {number} | {kind} | {place} | {path} | {values} |\n");
    for change in found.paths.iter().skip(1).filter(|change| !change.is_new_name) {
        text.push_str(&format!("| | | | {} | {} |\n", path_of(change), values_of(change)));
    }
    text
}

fn path_of(change: &PathChange) -> String {
    match &change.renamed_to {
        Some(new) => format!("{}, in B {}", code(&change.path), code(new)),
        None => code(&change.path),
    }
}

fn values_of(change: &PathChange) -> String {
    let b = change.b_value.as_deref();
    let b = if change.renamed_to.is_some() {
        change.a_value.as_deref()
    } else {
        b
    };
    values(change.a_value.as_deref(), b)
}

/// Two cells, cut around what differs.
fn values(a: Option<&str>, b: Option<&str>) -> String {
    let cell = |value: Option<&str>| value.map_or("–".to_owned(), code);
    match (a, b) {
        (Some(a), Some(b)) => {
            let (a, b) = around(a, b, CHARS);
            format!("{} | {}", code(&a), code(&b))
        }
        _ => format!("{} | {}", cell(a), cell(b)),
    }
}

/// `#12`, or `3#12` where there are several exchanges.
fn moment(exchanges: &[i64], moment: Moment) -> String {
    match exchanges.len() {
        0 | 1 => format!("#{}", moment.seq),
        _ => format!("{}#{}", moment.exchange, moment.seq),
    }
}

/// Captured text as a code span: nothing in it is Markdown, HTML or a cell's
/// end, and it is one line.
pub fn code(text: &str) -> String {
    let mut shown: String = visible::line(text).chars().take(CHARS).collect();
    if shown.chars().count() < text.chars().count() && shown.chars().count() == CHARS {
        shown.push('…');
    }
    // A cell ends at a bar even inside a code span, unless it is escaped.
    let shown = shown.replace('|', "\\|");
    let longest = shown.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    match shown.starts_with('`') || shown.ends_with('`') || shown.trim().is_empty() {
        true => format!("{fence} {shown} {fence}"),
        false => format!("{fence}{shown}{fence}"),
    }
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn captured_text_is_code_and_nothing_else() {
        for (text, shown) in [
            ("plain", "`plain`"),
            ("a|b", "`a\\|b`"),
            ("``x`", "``` ``x` ```"),
            ("<b>\n</b>", "`<b>␊</b>`"),
            ("\u{1b}[31m", "`␛[31m`"),
        ] {
            assert_eq!(code(text), shown);
        }
        assert_eq!(code(&"x".repeat(500)).chars().count(), 123);
    }
}
