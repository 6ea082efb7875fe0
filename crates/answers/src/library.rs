//! The list over exchanges in memory, as a store gives it over its own.

use std::{cmp::Ordering, collections::BTreeMap};

use scrubjay_ipc::{Code, Library, LibraryPage, LibraryRow, LibrarySort, Mute, Mutes, Report};
use scrubjay_session::{
    exchange::Exchange,
    judge::rule::rule,
    listing::{self, Row},
    query::{FindingEntry, Severity, Summary},
    verdict, words,
};

/// Rows in an answer at most.
pub const MOST_ROWS: u32 = 500;

/// A row of the list.
#[derive(Clone, Debug)]
pub struct Listed {
    row: Row,
    /// It is no run.
    is_other: bool,
    /// What the words of a search are looked for in, in lower case.
    haystack: String,
}

/// The rows of an exchange of a number.
pub fn listed(number: i64, exchange: &Exchange, summary: &Summary) -> Vec<Listed> {
    let is_run = verdict::is_run(exchange, summary);
    let rows = listing::rows(number, exchange, summary).into_iter();
    rows.map(|row| Listed {
        is_other: listing::is_other(row.verdict, is_run),
        haystack: haystack(&row),
        row,
    })
    .collect()
}

impl Listed {
    /// Number of the exchange.
    pub fn exchange(&self) -> i64 {
        self.row.exchange
    }

    /// The thread of the run.
    pub fn thread_id(&self) -> &str {
        &self.row.run.thread_id
    }
}

fn haystack(row: &Row) -> String {
    let run = &row.run;
    let mut text = [
        &row.source,
        &row.method,
        &row.target,
        &run.run_id,
        &run.thread_id,
        &run.title,
    ]
    .map(String::as_str)
    .join(" ");
    for (key, value) in &row.labels {
        text.extend([" ", key, "=", value]);
    }
    text.make_ascii_lowercase();
    text
}

/// A window of the list.
pub fn page(all: &[Listed], ask: &Library) -> LibraryPage {
    let shown = || all.iter().filter(|listed| ask.others || !listed.is_other);
    let words: Vec<String> = ask.text.split_whitespace().map(str::to_ascii_lowercase).collect();
    let mut found: Vec<&Row> = shown()
        .filter(|listed| words.iter().all(|word| listed.haystack.contains(word)))
        .map(|listed| &listed.row)
        .filter(|row| ask.source.as_ref().is_none_or(|source| *source == row.source))
        .filter(|row| ask.verdicts.is_empty() || ask.verdicts.contains(&row.verdict))
        .collect();
    found.sort_by(|one, other| order(ask.sort, one, other));
    let first = usize::try_from(ask.first).unwrap_or(usize::MAX);
    let window = found.iter().skip(first).take(ask.count.min(MOST_ROWS) as usize);
    LibraryPage {
        first: ask.first,
        total: found.len() as u64,
        total_unfiltered: shown().count() as u64,
        others: all.iter().filter(|listed| listed.is_other).count() as u64,
        rows: window.map(|found| row((*found).clone())).collect(),
        by_source: counts(shown().map(|listed| listed.row.source.clone())),
        by_verdict: counts(shown().map(|listed| listed.row.verdict)),
    }
}

/// How often each is there, in their order.
fn counts<K: Ord>(keys: impl Iterator<Item = K>) -> Vec<(K, u64)> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts.into_iter().collect()
}

/// Equal rows stand newest first, in every order.
fn order(sort: LibrarySort, a: &Row, b: &Row) -> Ordering {
    let place = |row: &Row| (row.exchange, row.run.run);
    let newest = || place(b).cmp(&place(a));
    let findings = |row: &Row| (row.run.errors, row.run.warnings, row.run.notes);
    // What has no text stands last, whichever way the others stand.
    let text = |row: &Row| (row.run.ttft_us.is_none(), row.run.ttft_us);
    let by = match sort {
        LibrarySort::NewestFirst => b.started_at_us.cmp(&a.started_at_us),
        LibrarySort::OldestFirst => return (a.started_at_us, place(a)).cmp(&(b.started_at_us, place(b))),
        LibrarySort::LongestFirst => length_us(b).cmp(&length_us(a)),
        LibrarySort::ShortestFirst => length_us(a).cmp(&length_us(b)),
        LibrarySort::TitleAscending => folded_title(a).cmp(&folded_title(b)),
        LibrarySort::TitleDescending => folded_title(b).cmp(&folded_title(a)),
        LibrarySort::SoonestTextFirst => text(a).cmp(&text(b)),
        LibrarySort::LatestTextFirst => (text(a).0, text(b).1).cmp(&(text(b).0, text(a).1)),
        LibrarySort::MostFramesFirst => b.run.frames.cmp(&a.run.frames),
        LibrarySort::FewestFramesFirst => a.run.frames.cmp(&b.run.frames),
        LibrarySort::MostToolsFirst => b.run.tools.cmp(&a.run.tools),
        LibrarySort::FewestToolsFirst => a.run.tools.cmp(&b.run.tools),
        LibrarySort::LargestFirst => b.bytes.cmp(&a.bytes),
        LibrarySort::SmallestFirst => a.bytes.cmp(&b.bytes),
        LibrarySort::MostFindingsFirst => findings(b).cmp(&findings(a)),
        LibrarySort::FewestFindingsFirst => findings(a).cmp(&findings(b)),
    };
    by.then_with(newest)
}

/// A later run of an exchange lasts from its own first frame to its last.
fn length_us(row: &Row) -> u64 {
    match row.run.run {
        Some(0) | None => row.duration_us,
        Some(_) => row.run.last_at_us.saturating_sub(row.run.first_at_us),
    }
}

fn title(row: &Row) -> String {
    match row.run.title.as_str() {
        "" => format!("{} {}", row.method, row.target),
        title => title.to_owned(),
    }
}

fn folded_title(row: &Row) -> String {
    title(row).to_ascii_lowercase()
}

/// A row as the page gets it.
pub fn row(row: Row) -> LibraryRow {
    let started_at_us = match row.run.run {
        Some(0) | None => row.started_at_us,
        Some(_) => row.started_at_us.saturating_add_unsigned(row.run.first_at_us),
    };
    LibraryRow {
        duration_us: length_us(&row),
        title: title(&row),
        exchange: row.exchange,
        run: row.run.run,
        source: row.source,
        method: row.method,
        target: row.target,
        status: row.status,
        content_type: row.content_type,
        run_id: row.run.run_id,
        thread_id: row.run.thread_id,
        verdict: row.verdict,
        ending: row.ending,
        started_at: words::rfc3339(started_at_us),
        started_at_millis: started_at_us.div_euclid(1000),
        ttft_us: row.run.ttft_us,
        frames: row.run.frames,
        bytes: row.bytes,
        tools: row.run.tools,
        errors: row.run.errors,
        warnings: row.run.warnings,
        notes: row.run.notes,
        labels: row.labels,
        first_seq: row.run.first_seq,
        last_seq: row.run.last_seq,
    }
}

/// Rows whose counts leave out what is muted; `summary` gives that of an exchange.
///
/// # Errors
/// When a summary cannot be had.
pub fn leave_out<E>(
    page: &mut LibraryPage,
    mutes: &Mutes,
    mut summary: impl FnMut(i64) -> Result<Option<Summary>, E>,
) -> Result<(), E> {
    if mutes.is_empty() {
        return Ok(());
    }
    for row in &mut page.rows {
        if let Some(summary) = summary(row.exchange)? {
            let counts = summary.findings_without(|rule| mutes.is_muted(row.exchange, rule));
            [row.errors, row.warnings, row.notes] = counts;
        }
    }
    Ok(())
}

/// Rows whose counts have what only the threads of their exchanges show; `about` gives that of an exchange.
///
/// # Errors
/// When it cannot be had.
pub fn add_about_threads<E>(
    page: &mut LibraryPage,
    mutes: &Mutes,
    mut about: impl FnMut(i64) -> Result<Vec<FindingEntry>, E>,
) -> Result<(), E> {
    for row in page.rows.iter_mut().filter(|row| !row.thread_id.is_empty()) {
        let exchange = row.exchange;
        for finding in about(exchange)? {
            match finding.severity {
                _ if mutes.is_muted(exchange, &finding.rule) => {}
                Severity::Error => row.errors += 1,
                Severity::Warning => row.warnings += 1,
                Severity::Note => row.notes += 1,
            }
        }
    }
    Ok(())
}

/// Mutes a rule, or takes that back.
///
/// # Errors
/// When there is no such rule.
pub fn mute(mutes: &mut Mutes, ask: &Mute) -> Result<(), Report> {
    if rule(&ask.rule).is_none() {
        return Err(Report::new(
            Code::BadRequest,
            format!("There is no rule {}.", ask.rule),
            "docs/rules.md lists all rules.",
        ));
    }
    mutes.set(ask);
    Ok(())
}

/// The exchanges of which a row is of a thread, in order.
pub fn of_thread<'a>(rows: impl Iterator<Item = &'a Listed>, thread: &str) -> Vec<i64> {
    let of_thread = rows.filter(|listed| listed.thread_id() == thread);
    let mut exchanges: Vec<i64> = of_thread.map(Listed::exchange).collect();
    exchanges.sort_unstable();
    exchanges.dedup();
    exchanges
}
