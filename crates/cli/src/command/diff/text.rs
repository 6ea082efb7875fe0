//! A comparison for people: the first divergence, then all of them.

use scrubjay_engine::AnyShelf;
use scrubjay_ipc::answer::compare::ignoring;
use scrubjay_session::diff::{Comparison, Counts, Difference, Divergence, Moment, PairKind, SideFacts};

use crate::{
    failure::Failure,
    library::unreadable,
    safe::{safe, shortened},
    table::{Side, Table},
    words,
};

/// Characters of a value in the list, and of the first one.
const VALUE: usize = 44;
const FIRST_VALUE: usize = 400;

/// Everything, differences listed up to a number of them.
pub(super) fn comparison(comparison: &mut Comparison<AnyShelf>, limit: usize) -> Result<String, Failure> {
    let [a, b] = comparison.facts();
    let several = a.exchanges.len() > 1 || b.exchanges.len() > 1;
    let mut text = format!("{}{}\n{}\n", side("A", a), side("B", b), verdict(comparison));
    if let Some(found) = comparison.first().map_err(unreadable)? {
        text.push_str(&first(&found, several));
    }
    let count = comparison.differences().len();
    if count > 1 {
        text.push('\n');
        text.push_str(&list(comparison, limit, several)?);
        if count > limit {
            text.push_str(&format!("{} more are not listed; --json lists all.\n", count - limit));
        }
    }
    text.push_str(&format!("\nIgnoring {}.\n", ignoring(comparison.rules()).join(", ")));
    Ok(text)
}

fn side(name: &str, facts: &SideFacts) -> String {
    let exchanges: Vec<String> = facts.exchanges.iter().map(i64::to_string).collect();
    let plural = if exchanges.len() == 1 { "" } else { "s" };
    format!(
        "{name}  {}  (exchange{plural} {}, {}, {}, {})\n",
        shortened(&facts.title, 60),
        exchanges.join(", "),
        words::clock(facts.started_at_us),
        words::count(u64::from(facts.frames), "frame"),
        words::duration(facts.duration_us),
    )
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

fn first(found: &Divergence, several: bool) -> String {
    let value = |value: &Option<String>| match value {
        Some(value) => shortened(value, FIRST_VALUE),
        None => "nothing".to_owned(),
    };
    let (a, b) = (moment(found.a, several), moment(found.b, several));
    let width = a.len().max(b.len());
    let mut text = format!("\nFirst divergence: {}\n", safe(&place(found)));
    if found.a_value.is_some() || found.b_value.is_some() {
        text.push_str(&format!("  A {a:<width$}  {}\n", value(&found.a_value)));
        text.push_str(&format!("  B {b:<width$}  {}\n", value(&found.b_value)));
    } else {
        text.push_str(&format!("  A {a}\n  B {b}\n"));
    }
    text.push_str(&after(&found.difference));
    text
}

/// Where, without the values.
fn place(found: &Divergence) -> String {
    match found.path.is_empty() {
        true => found.sentence.clone(),
        false => {
            let head = found.sentence.split(": /").next().unwrap_or_default();
            format!("{head}, {}", found.path)
        }
    }
}

fn after(difference: &Difference) -> String {
    match (difference.kind, difference.recovers) {
        _ if difference.downstream > 0 => format!(
            "  They do not meet again in this turn: {} downstream of it.\n",
            words::count(u64::from(difference.downstream), "pair")
        ),
        (PairKind::Recovered, _) => format!(
            "  They meet again after {}.\n",
            words::count(u64::from(difference.last_row - difference.first_row + 1), "pair")
        ),
        (_, true) => "  What comes right after it is the same again.\n".to_owned(),
        (_, false) => String::new(),
    }
}

fn list(comparison: &mut Comparison<AnyShelf>, limit: usize, several: bool) -> Result<String, Failure> {
    let mut table = Table::new(&[
        ("#", Side::Right),
        ("DIFFERENCE", Side::Left),
        ("A", Side::Right),
        ("B", Side::Right),
        ("TURN", Side::Right),
        ("WHAT", Side::Left),
        ("PATH", Side::Left),
        ("IN A", Side::Left),
        ("IN B", Side::Left),
    ]);
    for number in 0..comparison.differences().len().min(limit) {
        let found = comparison.divergence(number).map_err(unreadable)?;
        table.row(row(number + 1, &found, several));
    }
    Ok(table.text())
}

fn row(number: usize, found: &Divergence, several: bool) -> Vec<String> {
    let known = found.a_side.as_ref().or(found.b_side.as_ref());
    let what = known.map_or_else(String::new, |side| match side.name == side.kind.as_str() {
        true => side.name.clone(),
        false => format!("{} {}", side.kind.as_str(), side.name),
    });
    let value = |value: &Option<String>| value.as_deref().map_or("–".to_owned(), |value| shortened(value, VALUE));
    let mut kind = found.difference.kind.as_str().to_owned();
    if found.difference.downstream > 0 {
        kind.push_str(&format!(" (+{})", found.difference.downstream));
    }
    vec![
        number.to_string(),
        kind,
        moment(found.a, several),
        moment(found.b, several),
        found.turn.to_string(),
        shortened(&what, 32),
        shortened(&found.path, 40),
        value(&found.a_value),
        value(&found.b_value),
    ]
}

/// `#12`, or `3#12` where there are several exchanges.
pub(super) fn moment(moment: Moment, several: bool) -> String {
    match several {
        true => format!("{}#{}", moment.exchange, moment.seq),
        false => format!("#{}", moment.seq),
    }
}
