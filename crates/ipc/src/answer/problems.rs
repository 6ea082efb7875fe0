//! What is wrong, grouped by rule and in windows.

use scrubjay_session::{
    judge::rule,
    query::{Failed, FindingEntry, Mend, Reader, RuleCount, Summary},
    shelf::Shelf,
};

use super::{Beside, shown::shown};
use crate::{MutedIn, ProblemGroup, ProblemRow, ProblemRows, Problems, ProblemsView, RowWindow, visible};

/// Rows that one answer gives at most.
const ROWS: u32 = 1_000;

/// Findings that are not muted: error, warning, note.
pub(super) fn counts(exchange: i64, summary: &Summary, beside: &Beside) -> [u32; 3] {
    let is_muted = |rule: &str| beside.mutes.is_muted(exchange, rule);
    let mut counts = summary.findings_without(is_muted);
    for finding in beside.about_thread.iter().filter(|finding| !is_muted(&finding.rule)) {
        counts[2 - finding.severity as usize] += 1;
    }
    counts
}

pub(super) fn groups<S: Shelf>(
    ask: &Problems,
    reader: &mut Reader<S>,
    beside: &Beside,
) -> Result<ProblemsView, Failed<S::Error>> {
    // Rules about a thread are broken nowhere else, each once.
    let about_thread = beside.about_thread.iter().map(|finding| RuleCount {
        rule: finding.rule.clone(),
        severity: finding.severity,
        count: 1,
        first_seq: finding.seq,
        last_seq: finding.seq,
    });
    let mut counts: Vec<RuleCount> = about_thread.chain(reader.summary().rules.clone()).collect();
    counts.sort_by_key(|known| (std::cmp::Reverse(known.severity), known.first_seq));
    let mut groups = Vec::new();
    for known in counts {
        let about = beside.about_thread.iter().find(|finding| finding.rule == known.rule);
        let first = match about {
            Some(finding) => Some(finding.clone()),
            None => reader.findings_of(Some(&known.rule), 0, 1)?.pop(),
        };
        let muted = beside.mutes.of(ask.exchange, &known.rule);
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
    ProblemGroup {
        title: words(|rule| rule.title),
        explanation: words(|rule| rule.explanation),
        effect: words(|rule| rule.effect),
        fix: words(|rule| rule.fix),
        clause: words(|rule| rule.clause),
        clients: first.as_ref().map(FindingEntry::clients).unwrap_or_default(),
        stop: first.as_ref().is_some_and(|first| first.stop),
        message: first.map(|first| visible::line(&first.message)).unwrap_or_default(),
        muted,
        found,
    }
}

pub(super) fn rows<S: Shelf>(
    ask: &ProblemRows,
    reader: &mut Reader<S>,
    beside: &Beside,
) -> Result<RowWindow<ProblemRow>, Failed<S::Error>> {
    let is_wanted = |rule: &str| ask.rule.as_ref().is_none_or(|wanted| *wanted == rule);
    // Those about the thread come first: they are about the request.
    let about_thread = beside.about_thread.iter().filter(|finding| is_wanted(&finding.rule));
    let about_thread: Vec<&FindingEntry> = about_thread.collect();
    let ahead = about_thread.len() as u64;
    let wanted = reader.summary().rules.iter().filter(|known| is_wanted(&known.rule));
    let total = ahead + wanted.map(|known| u64::from(known.count)).sum::<u64>();
    let count = ask.count.min(ROWS);
    let place = usize::try_from(ask.first).unwrap_or(usize::MAX);
    let shown_ahead = about_thread.into_iter().skip(place).take(count as usize);
    let mut found: Vec<FindingEntry> = shown_ahead.cloned().collect();
    let rest = count - found.len() as u32;
    let first = ask.first.saturating_sub(ahead);
    found.extend(reader.findings_of(ask.rule.as_deref(), first, rest)?);
    let mut rows = Vec::new();
    for finding in shown(found) {
        let at_us = match finding.seq {
            0 => 0,
            seq => reader.frame(seq)?.at_us,
        };
        rows.push(ProblemRow {
            at_us,
            mended_at: reader.mend_of(&finding)?.and_then(Mend::frame),
            muted: beside.mutes.is_muted(ask.exchange, &finding.rule),
            finding,
        });
    }
    Ok(RowWindow {
        first: ask.first,
        total,
        rows,
    })
}
