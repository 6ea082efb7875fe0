//! What is wrong, grouped by rule and in windows.

use scrubjay_session::{
    judge::rule,
    query::{Failed, FindingEntry, Reader, RuleCount},
    shelf::Shelf,
};

use super::shown::shown;
use crate::{MutedIn, Mutes, ProblemGroup, ProblemRow, ProblemRows, Problems, ProblemsView, RowWindow, visible};

/// Rows that one answer gives at most.
const ROWS: u32 = 1_000;

pub(super) fn groups<S: Shelf>(
    ask: &Problems,
    reader: &mut Reader<S>,
    mutes: &Mutes,
) -> Result<ProblemsView, Failed<S::Error>> {
    let mut counts = reader.summary().rules.clone();
    counts.sort_by_key(|known| (std::cmp::Reverse(known.severity), known.first_seq));
    let mut groups = Vec::new();
    for known in counts {
        let first = reader.findings_of(Some(&known.rule), 0, 1)?.pop();
        let muted = mutes.of(ask.exchange, &known.rule);
        groups.push(group(known, first, muted));
    }
    Ok(ProblemsView {
        rules: u32::try_from(rule::registry().count()).unwrap_or(u32::MAX),
        groups,
    })
}

fn group(found: RuleCount, first: Option<FindingEntry>, muted: Option<MutedIn>) -> ProblemGroup {
    let rule = rule::rule(&found.rule);
    let words = |of: fn(&scrubjay_session::fold::rule::Rule) -> &'static str| {
        rule.map(|rule| of(rule).to_owned()).unwrap_or_default()
    };
    let clients = rule.map_or(&[][..], |rule| rule.fails);
    ProblemGroup {
        title: words(|rule| rule.title),
        explanation: words(|rule| rule.explanation),
        effect: words(|rule| rule.effect),
        fix: words(|rule| rule.fix),
        clause: words(|rule| rule.clause),
        clients: clients.iter().map(|client| client.name()).collect(),
        stop: first.as_ref().is_some_and(|first| first.stop),
        message: first.map(|first| visible::line(&first.message)).unwrap_or_default(),
        muted,
        found,
    }
}

pub(super) fn rows<S: Shelf>(
    ask: &ProblemRows,
    reader: &mut Reader<S>,
    mutes: &Mutes,
) -> Result<RowWindow<ProblemRow>, Failed<S::Error>> {
    let counts = &reader.summary().rules;
    let wanted = counts
        .iter()
        .filter(|known| ask.rule.as_ref().is_none_or(|rule| *rule == known.rule));
    let total = wanted.map(|known| u64::from(known.count)).sum();
    let found = reader.findings_of(ask.rule.as_deref(), ask.first, ask.count.min(ROWS))?;
    let mut rows = Vec::new();
    for finding in shown(found) {
        let at_us = match finding.seq {
            0 => 0,
            seq => reader.frame(seq)?.at_us,
        };
        rows.push(ProblemRow {
            at_us,
            mended_at: reader.mend_of(&finding)?,
            muted: mutes.is_muted(ask.exchange, &finding.rule),
            finding,
        });
    }
    Ok(RowWindow {
        first: ask.first,
        total,
        rows,
    })
}
