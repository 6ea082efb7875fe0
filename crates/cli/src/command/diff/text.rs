//! A comparison for people: the first divergence, then all of them.

use scrubjay_engine::AnyShelf;
use scrubjay_session::diff::{
    ComparedThreads, Comparison, Counts, Divergence, Moment, PairKind, PairedBy, PathChange, Scope, SideFacts, Thread,
    around,
};

use crate::{
    failure::Failure,
    library::unreadable,
    safe::{safe, shortened},
    table::{Align, Table},
    words,
};

/// Characters of a value in the list, and of the first one.
const VALUE: usize = 44;
const FIRST_VALUE: usize = 400;
/// Paths of one difference that are listed.
const PATHS: usize = 12;
/// Threads, and numbers of exchanges, that are listed.
const THREADS: usize = 40;
const NUMBERS: usize = 10;

/// Everything, differences listed up to a number of them.
pub(super) fn comparison(comparison: &mut Comparison<AnyShelf>, limit: usize) -> Result<String, Failure> {
    let [a, b] = comparison.facts();
    let several = a.exchanges.len() > 1 || b.exchanges.len() > 1;
    let mut text = format!("{}{}\n{}\n", side("A", a), side("B", b), verdict(comparison));
    if let Some(sentence) = comparison.nothing_shared() {
        text.push_str(&format!("{sentence}\n"));
    }
    text.push_str(&threads(comparison));
    let premise = comparison.premise().map_err(unreadable)?;
    if let Some(premise) = &premise {
        text.push_str(&difference("Asked otherwise", premise, several));
    }
    let found = comparison.first().map_err(unreadable)?;
    if let Some(found) = &found {
        let head = match (found.difference.premise, &premise) {
            (true, _) => "Asked otherwise",
            (false, None) => "First divergence",
            (false, Some(_)) => "First thing the agent did otherwise",
        };
        text.push_str(&difference(head, found, several));
        if found.difference.premise {
            text.push_str("  The agent did the same.\n");
        }
    }
    text.push_str(&lone_problems(comparison, several)?);
    let count = comparison.differences().len();
    if count > 1 + usize::from(premise.is_some()) {
        text.push('\n');
        text.push_str(&list(comparison, limit, several)?);
        if count > limit {
            text.push_str(&format!("{} more are not listed; --json lists all.\n", count - limit));
        }
    }
    text.push_str(&format!("\nIgnoring {}.\n", comparison.rules().ignoring().join(", ")));
    Ok(text)
}

fn side(name: &str, facts: &SideFacts) -> String {
    if facts.exchanges.is_empty() {
        return format!("{name}  nothing  (no exchange)\n");
    }
    let plural = if facts.exchanges.len() == 1 { "" } else { "s" };
    format!(
        "{name}  {}  (exchange{plural} {}, {}, {}, {})\n",
        shortened(&facts.title, 60),
        numbers(&facts.exchanges),
        words::clock(facts.started_at_us),
        words::count(u64::from(facts.frames), "frame"),
        words::duration(facts.duration_us),
    )
}

/// Numbers of exchanges, or how many there are.
fn numbers(exchanges: &[i64]) -> String {
    let named: Vec<String> = exchanges.iter().take(NUMBERS).map(i64::to_string).collect();
    match exchanges.len().saturating_sub(NUMBERS) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// A thread by its id or by what it asks; with its source, where another has the same id.
fn thread_name(thread: &Thread, threads: &[Thread]) -> String {
    let name = match thread.id.is_empty() {
        true => shortened(&thread.asks, 40),
        false => shortened(&thread.id, 40),
    };
    let is_elsewhere = |other: &&Thread| other.id == thread.id && other.source != thread.source;
    match threads.iter().any(|other| is_elsewhere(&other)) {
        true => format!("{name} ({})", shortened(&thread.source, 20)),
        false => name,
    }
}

/// Which thread is which, where there are several.
fn threads(comparison: &Comparison<AnyShelf>) -> String {
    let pairs = comparison.thread_pairs();
    if pairs.len() < 2 {
        return String::new();
    }
    let [of_a, of_b] = comparison.threads();
    let name = |threads: &[Thread], place: Option<u32>| {
        let thread = place.and_then(|place| threads.get(place as usize));
        thread.map_or("–".to_owned(), |thread| thread_name(thread, threads))
    };
    let asks = |pair: &ComparedThreads| {
        let a = pair.pair.a.and_then(|place| of_a.get(place as usize));
        let thread = a.or_else(|| of_b.get(pair.pair.b? as usize));
        thread.map_or(String::new(), |thread| shortened(&thread.asks, 40))
    };
    let mut table = Table::new(&[
        ("THREAD OF A", Align::Left),
        ("OF B", Align::Left),
        ("PAIRED BY", Align::Left),
        ("DIFFERENCES", Align::Right),
        ("FIRST ASKED", Align::Left),
    ]);
    for known in pairs.iter().take(THREADS) {
        table.row(vec![
            name(of_a, known.pair.a),
            name(of_b, known.pair.b),
            known.pair.by.map_or("–", PairedBy::as_str).to_owned(),
            known.differences.to_string(),
            asks(known),
        ]);
    }
    let more = match pairs.len().saturating_sub(THREADS) {
        0 => String::new(),
        more => format!("{more} more are not listed; --json lists all.\n"),
    };
    format!("\n{}{more}", table.text())
}

/// `2 differences at level behaviour: changed 1, recovered 1 (11 same, 4 downstream).`
fn verdict(comparison: &Comparison<AnyShelf>) -> String {
    let counts = comparison.counts();
    let level = comparison.rules().level().as_str();
    if comparison.is_same() {
        return format!(
            "Same at level {level}: {}.",
            words::count(u64::from(counts.same), "pair")
        );
    }
    let count = words::count(u64::from(counts.differences()), "difference");
    format!("{count} at level {level}: {}.", counted(counts))
}

/// How many of each kind.
pub(super) fn counted(counts: Counts) -> String {
    let named = |counts: &[(u32, &str)]| -> Vec<String> {
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        counts.map(|(count, name)| format!("{count} {name}")).collect()
    };
    let differences = named(&[
        (counts.changed, "changed"),
        (counts.only_a, "only in A"),
        (counts.only_b, "only in B"),
        (counts.reordered, "reordered"),
        (counts.recovered, "recovered"),
    ]);
    let rest = named(&[(counts.same, "same"), (counts.downstream, "downstream")]);
    match rest.is_empty() {
        true => differences.join(", "),
        false => format!("{} ({})", differences.join(", "), rest.join(", ")),
    }
}

/// A difference with its frames, paths and values.
fn difference(head: &str, found: &Divergence, several: bool) -> String {
    let changes: Vec<&PathChange> = found.paths.iter().filter(|change| !change.is_new_name).collect();
    let (a, b) = (moment(found.a, several), moment(found.b, several));
    let width = a.len().max(b.len());
    let mut text = format!("\n{head}: {}\n", safe(&place(found, &changes)));
    let frames = format!("  A {a:<width$}  B {b:<width$}");
    match changes.as_slice() {
        [] if found.a_value.is_none() && found.b_value.is_none() => text.push_str(&format!("  A {a}\n  B {b}\n")),
        [] | [_] => {
            let renamed = changes.first().is_some_and(|change| change.renamed_to.is_some());
            let (one, other) = values(found.a_value.as_deref(), found.b_value.as_deref(), FIRST_VALUE);
            let other = if renamed { one.clone() } else { other };
            text.push_str(&format!("  A {a:<width$}  {one}\n  B {b:<width$}  {other}\n"));
        }
        several => {
            text.push_str(&format!("{}\n", frames.trim_end()));
            for change in several.iter().take(PATHS) {
                text.push_str(&path(change));
            }
            if several.len() > PATHS {
                let more = words::count((several.len() - PATHS) as u64, "more path");
                text.push_str(&format!("  {more}; --json has them.\n"));
            }
        }
    }
    text.push_str(&after(found));
    text
}

/// One path of several.
fn path(change: &PathChange) -> String {
    let (one, other) = values(change.a_value.as_deref(), change.b_value.as_deref(), FIRST_VALUE);
    let path = shortened(&change.path, 200);
    match &change.renamed_to {
        Some(new) => format!("  {path} is named {} in B\n      {one}\n", shortened(new, 200)),
        None => format!("  {path}\n    A {one}\n    B {other}\n"),
    }
}

/// Two values, each cut around what differs.
fn values(a: Option<&str>, b: Option<&str>, chars: usize) -> (String, String) {
    match (a, b) {
        (Some(a), Some(b)) => {
            let (a, b) = around(a, b, chars);
            (safe(&a).into_owned(), safe(&b).into_owned())
        }
        _ => {
            let alone = |value: Option<&str>| value.map_or("nothing".to_owned(), |value| shortened(value, chars));
            (alone(a), alone(b))
        }
    }
}

/// Where, without the values.
fn place(found: &Divergence, changes: &[&PathChange]) -> String {
    match changes {
        [] => found.sentence.clone(),
        [change] => match &change.renamed_to {
            Some(new) => format!("{}, {} is named {new} in B", found.subject, change.path),
            None => format!("{}, {}", found.subject, change.path),
        },
        several => format!("{}, {} paths", found.subject, several.len()),
    }
}

/// What comes of it.
fn after(found: &Divergence) -> String {
    let difference = &found.difference;
    let rest = match found.rest.as_slice() {
        [] => String::new(),
        rest if found.more_rest => format!(" ({}, …)", safe(&rest.join(", "))),
        rest => format!(" ({})", safe(&rest.join(", "))),
    };
    let downstream = difference.downstream;
    match (difference.scope, difference.kind, difference.recovers) {
        (Scope::Turn | Scope::Thread, ..) if found.rest.is_empty() => String::new(),
        (Scope::Turn | Scope::Thread, ..) => format!("  With it: {}.\n", safe(&found.rest.join(", "))),
        _ if difference.premise => String::new(),
        _ if downstream > 0 => format!(
            "  They do not meet again in this turn: {} downstream of it{rest}.\n",
            words::count(u64::from(downstream), "pair"),
        ),
        (_, PairKind::Recovered, _) => {
            let rows = difference.last_row - difference.first_row;
            format!(
                "  They meet again after {}{rest}.\n",
                words::count(u64::from(rows + 1), "pair"),
            )
        }
        (_, _, true) => "  What comes right after it is the same again.\n".to_owned(),
        (_, _, false) => String::new(),
    }
}

/// Problems that only one side has, those downstream of a split too.
fn lone_problems(comparison: &mut Comparison<AnyShelf>, several: bool) -> Result<String, Failure> {
    let known = comparison.lone_problems().map_err(unreadable)?;
    let mut text = String::new();
    for (side, name) in ["A", "B"].into_iter().enumerate() {
        let (given, more) = known.of(side);
        let named = given.into_iter().map(|problem| {
            let at = Moment {
                exchange: problem.exchange,
                seq: problem.first_seq,
            };
            format!("{} at {}", safe(&problem.name), moment(at, several))
        });
        let named: Vec<String> = named.collect();
        let more = match more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        if !named.is_empty() {
            text.push_str(&format!("\nProblems only in {name}: {}{more}\n", named.join(", ")));
        }
    }
    Ok(text)
}

fn list(comparison: &mut Comparison<AnyShelf>, limit: usize, several: bool) -> Result<String, Failure> {
    let mut table = Table::new(&[
        ("#", Align::Right),
        ("DIFFERENCE", Align::Left),
        ("A", Align::Right),
        ("B", Align::Right),
        ("WHERE", Align::Left),
        ("PATH", Align::Left),
        ("IN A", Align::Left),
        ("IN B", Align::Left),
    ]);
    for number in 0..comparison.differences().len().min(limit) {
        let found = comparison.divergence(number).map_err(unreadable)?;
        rows(&mut table, number + 1, &found, several);
    }
    Ok(table.text())
}

/// A row for a difference, and one for each further path.
fn rows(table: &mut Table, number: usize, found: &Divergence, several: bool) {
    let mut kind = found.difference.kind.as_str().to_owned();
    if found.difference.downstream > 0 {
        kind.push_str(&format!(" (+{})", found.difference.downstream));
    }
    if found.difference.premise {
        kind = "asked".to_owned();
    }
    let (a, b) = values(found.a_value.as_deref(), found.b_value.as_deref(), VALUE);
    let mut cells = vec![
        number.to_string(),
        kind,
        moment(found.a, several),
        moment(found.b, several),
        shortened(&found.subject, 60),
    ];
    let changes: Vec<&PathChange> = found.paths.iter().filter(|change| !change.is_new_name).collect();
    if changes.is_empty() {
        cells.extend([
            String::new(),
            absent(a, found.a_value.is_some()),
            absent(b, found.b_value.is_some()),
        ]);
        return table.row(cells);
    }
    for change in changes.iter().take(PATHS) {
        let (a, b) = values(change.a_value.as_deref(), change.b_value.as_deref(), VALUE);
        let (a, b) = match &change.renamed_to {
            Some(new) => (a, format!("as {}", shortened(new, VALUE))),
            None => (absent(a, change.a_value.is_some()), absent(b, change.b_value.is_some())),
        };
        cells.extend([shortened(&change.path, 40), a, b]);
        table.row(std::mem::replace(&mut cells, vec![String::new(); 5]));
    }
    if changes.len() > PATHS {
        cells.extend([format!("{} more", changes.len() - PATHS), String::new(), String::new()]);
        table.row(cells);
    }
}

fn absent(value: String, is_there: bool) -> String {
    if is_there { value } else { "–".to_owned() }
}

/// `#12`, or `3#12` where there are several exchanges.
pub(super) fn moment(moment: Moment, several: bool) -> String {
    match several {
        true => format!("{}#{}", moment.exchange, moment.seq),
        false => format!("#{}", moment.seq),
    }
}
