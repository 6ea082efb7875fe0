//! Findings as text for a terminal.

use std::{cmp::Reverse, collections::HashMap};

use scrubjay_session::{judge::rule::rule, query::Mend};

use super::{Checked, Found, Report};
use crate::{safe::safe, words};

/// Examples of a rule, and places of an example, at most.
const EXAMPLES: usize = 3;
/// Findings of a single exchange that are printed one by one.
const ONE_BY_ONE: usize = 20;

/// Findings grouped by rule, with examples; each one, where all are asked for
/// or a single exchange has few.
pub(super) fn report_text(report: &Report) -> String {
    match report.checked.as_slice() {
        checked if report.prints_each && checked.len() > 1 => {
            let with_findings = checked.iter().filter(|checked| !checked.findings.is_empty());
            with_findings.map(exchange_text).collect()
        }
        [checked] if report.prints_each || checked.findings.len() <= ONE_BY_ONE => exchange_text(checked),
        checked => groups_text(checked, report.has_several_sources()),
    }
}

fn exchange_text(checked: &Checked) -> String {
    let mut text = head(checked);
    if checked.findings.is_empty() {
        text.push_str("  nothing was found\n");
    }
    for found in &checked.findings {
        text.push_str(&finding(found));
    }
    text
}

/// A finding with the exchange that it was found in.
type Place<'a> = (&'a Checked, &'a Found);

/// Findings that are equal in rule, severity, clients and muting; never empty.
struct Group<'a> {
    found: Vec<Place<'a>>,
}

/// Muted groups last; the worst first, and of equals the most frequent.
fn groups_text(checked: &[Checked], several: bool) -> String {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let all = checked
        .iter()
        .flat_map(|checked| checked.findings.iter().map(move |found| (checked, found)));
    for (checked, found) in all {
        match groups.iter_mut().find(|group| group.holds(found)) {
            Some(group) => group.found.push((checked, found)),
            None => groups.push(Group {
                found: vec![(checked, found)],
            }),
        }
    }
    groups.sort_by_key(|group| {
        let first = group.first();
        (
            first.is_muted,
            Reverse(first.finding.severity),
            Reverse(group.found.len()),
        )
    });
    groups.iter().map(|group| group.text(several)).collect()
}

impl<'a> Group<'a> {
    fn first(&self) -> &'a Found {
        self.found[0].1
    }

    fn holds(&self, found: &Found) -> bool {
        let first = self.first();
        let (one, other) = (&first.finding, &found.finding);
        let is_alike = one.rule == other.rule && one.severity == other.severity && one.fails == other.fails;
        is_alike && first.is_muted == found.is_muted
    }

    fn exchanges(&self) -> u64 {
        let mut keys: Vec<_> = self.found.iter().map(|(checked, _)| checked.key()).collect();
        keys.dedup();
        keys.len() as u64
    }

    fn text(&self, several: bool) -> String {
        let first = self.first();
        let muted = if first.is_muted { " (muted)" } else { "" };
        let mut text = format!(
            "{} {}: {}{muted}\n  {} in {}\n",
            first.finding.severity.as_str(),
            safe(&first.finding.rule),
            first.title(),
            words::count(self.found.len() as u64, "finding"),
            words::count(self.exchanges(), "exchange"),
        );
        let examples = self.examples();
        for example in &examples {
            text.push_str(&format!("  {}\n", example_text(example, several)));
        }
        let shown: usize = examples.iter().map(Vec::len).sum();
        let more = self.found.len().saturating_sub(shown);
        if more > 0 {
            text.push_str(&format!("  and {more} more: --all\n"));
        }
        let clients = first.clients();
        if !clients.is_empty() {
            text.push_str(&format!("  breaks in: {}\n", clients.join(", ")));
        }
        if let Some(rule) = rule(&first.finding.rule) {
            text.push_str(&format!("  fix: {}\n", rule.fix));
        }
        text
    }

    /// Findings that say the same are one example. One of each exchange first, then further ones; in the order in
    /// which they were found.
    fn examples(&self) -> Vec<Vec<Place<'a>>> {
        let mut places: HashMap<(&str, Option<Mend>), usize> = HashMap::new();
        let mut said: Vec<Vec<Place<'a>>> = Vec::new();
        for place in &self.found {
            let key = (place.1.finding.message.as_str(), place.1.mend);
            let at = *places.entry(key).or_insert(said.len());
            match said.get_mut(at) {
                Some(same) => same.push(*place),
                None => said.push(vec![*place]),
            }
        }
        let key = |at: usize| said[at][0].0.key();
        let is_first_of_exchange = |at: usize| at == 0 || key(at - 1) != key(at);
        let (mut chosen, rest): (Vec<usize>, Vec<usize>) = (0..said.len()).partition(|at| is_first_of_exchange(*at));
        chosen.extend(rest);
        chosen.truncate(EXAMPLES);
        chosen.sort_unstable();
        chosen.into_iter().map(|at| std::mem::take(&mut said[at])).collect()
    }
}

impl Checked {
    fn key(&self) -> (&str, i64) {
        (&self.source, self.exchange)
    }
}

/// Where something was found, and what.
fn example_text(example: &[Place<'_>], several: bool) -> String {
    let places: Vec<String> = example
        .iter()
        .take(EXAMPLES)
        .map(|(checked, found)| {
            let source = match several {
                true => format!("{} ", safe(&checked.source)),
                false => String::new(),
            };
            format!("{source}exchange {} #{}", checked.exchange, found.finding.seq)
        })
        .collect();
    let more = match example.len().saturating_sub(EXAMPLES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = example.first().map_or("", |(_, found)| found.finding.message.as_str());
    let mends = example.first().and_then(|(_, found)| found.mend_words());
    let mends = mends.map_or_else(String::new, |words| format!("; {words}"));
    format!("{}{more}: {}{mends}", places.join(", "), safe(message))
}

/// The line above an exchange's findings.
pub(super) fn head(checked: &Checked) -> String {
    let outcome = checked.outcome.as_ref();
    let outcome = outcome.map_or_else(String::new, |outcome| format!(" → {outcome}"));
    format!(
        "{} exchange {}: {}{outcome}\n",
        safe(&checked.source),
        checked.exchange,
        safe(&checked.request)
    )
}

/// A finding: where and what, why, and who fails.
pub(super) fn finding(found: &Found) -> String {
    let entry = &found.finding;
    let muted = if found.is_muted { " (muted)" } else { "" };
    let mut text = format!(
        "  #{} {} {}: {}{muted}\n    {}\n",
        entry.seq,
        entry.severity.as_str(),
        safe(&entry.rule),
        found.title(),
        safe(&entry.message)
    );
    if let Some(words) = found.mend_words() {
        text.push_str(&format!("    what is lost: {words}\n"));
    }
    let clients = found.clients();
    if !clients.is_empty() {
        text.push_str(&format!("    breaks in: {}\n", clients.join(", ")));
    }
    text
}

/// The last line: exchanges that were checked, and findings by severity.
pub(super) fn sum(report: &Report) -> String {
    let ([errors, warnings, notes], muted) = report.counts();
    let mut parts = vec![
        words::count(errors as u64, "error"),
        words::count(warnings as u64, "warning"),
        words::count(notes as u64, "note"),
    ];
    if muted > 0 {
        parts.push(format!("{muted} muted"));
    }
    let exchanges = words::count(report.checked.len() as u64, "exchange");
    let others = match report.others {
        0 => String::new(),
        others => format!("; {} left alone: --all", words::count(others, "other request")),
    };
    format!("{exchanges} checked: {}{others}\n", parts.join(", "))
}
