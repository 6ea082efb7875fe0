//! Findings as text for a terminal.

use std::cmp::Reverse;

use super::{Checked, Found, Report};
use crate::{safe::safe, words};

/// Examples of a rule, at most.
const EXAMPLES: usize = 3;

/// One exchange: every finding. Several: grouped by rule, with examples.
pub(super) fn report_text(report: &Report) -> String {
    match report.checked.as_slice() {
        [checked] => exchange_text(checked),
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

/// Findings that are equal in rule, severity and muting; never empty.
struct Group<'a> {
    found: Vec<(&'a Checked, &'a Found)>,
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

impl Group<'_> {
    fn first(&self) -> &Found {
        self.found[0].1
    }

    fn holds(&self, found: &Found) -> bool {
        let first = self.first();
        let (one, other) = (&first.finding, &found.finding);
        one.rule == other.rule && one.severity == other.severity && first.is_muted == found.is_muted
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
        for (checked, found) in self.examples() {
            text.push_str(&example(checked, found, several));
        }
        let more = self.found.len().saturating_sub(EXAMPLES);
        if more > 0 {
            text.push_str(&format!("  and {more} more\n"));
        }
        let clients = first.clients();
        if !clients.is_empty() {
            text.push_str(&format!("  breaks in: {}\n", clients.join(", ")));
        }
        text
    }

    /// One of each exchange first, then further ones; in the order in which they were found.
    fn examples(&self) -> Vec<&(&Checked, &Found)> {
        let is_first_of_exchange = |at: usize| at == 0 || self.found[at - 1].0.key() != self.found[at].0.key();
        let (mut chosen, rest): (Vec<usize>, Vec<usize>) =
            (0..self.found.len()).partition(|at| is_first_of_exchange(*at));
        chosen.extend(rest);
        chosen.truncate(EXAMPLES);
        chosen.sort_unstable();
        chosen.into_iter().map(|at| &self.found[at]).collect()
    }
}

impl Checked {
    fn key(&self) -> (&str, i64) {
        (&self.source, self.exchange)
    }
}

fn example(checked: &Checked, found: &Found, several: bool) -> String {
    let source = match several {
        true => format!("{} ", safe(&checked.source)),
        false => String::new(),
    };
    format!(
        "  {source}exchange {} #{}: {}\n",
        checked.exchange,
        found.finding.seq,
        safe(&found.finding.message)
    )
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
