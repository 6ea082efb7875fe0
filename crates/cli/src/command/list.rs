//! `scrubjay list`: a line an exchange that is a run, or a line for each.

mod chosen;

use std::{collections::VecDeque, ops::ControlFlow};

use scrubjay_engine::Overview;
use scrubjay_session::{
    exchange::{Exchange, Relayed},
    query::{FindingEntry, Outcome, Run, Summary},
    threads::OpenInThreads,
    verdict::{self, Verdict},
};

use self::chosen::{Chosen, Others};
use crate::{
    args::SourceArgs,
    command::Execute,
    contract::{Counts, ListLine, Pairs, Passage, RunObject},
    failure::Failure,
    json,
    library::{Library, Order},
    out::Out,
    safe::shortened,
    table::{Align, Table},
    words,
};

const COLUMNS: &[(&str, Align)] = &[
    ("INDEX", Align::Right),
    ("STARTED", Align::Left),
    ("SOURCE", Align::Left),
    ("REQUEST", Align::Left),
    ("STATUS", Align::Right),
    ("ENDING", Align::Left),
    ("RUNS", Align::Left),
    ("TOOK", Align::Right),
    ("FIRST TEXT", Align::Right),
    ("FRAMES", Align::Right),
    ("BYTES", Align::Right),
    ("FINDINGS", Align::Left),
    ("LABELS", Align::Left),
];

/// Rows of a table that are lined up together.
const LINED_UP: usize = 1_000;

/// What one exchange comes to: a line of JSON, or the cells of a row.
enum Shown {
    Line(String),
    Cells(Vec<String>),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) source: SourceArgs,

    /// Also list requests that carry no run: preflights, /info, pages
    #[arg(long)]
    pub(crate) all: bool,

    /// List only runs of this thread
    #[arg(long, value_name = "T")]
    pub(crate) thread: Option<String>,

    /// List only what was recorded through the source of this name
    #[arg(long = "source", value_name = "N")]
    pub(crate) source_name: Option<String>,

    /// List only what began since this day, time or age, such as 2026-11-21 or 2h
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub(crate) since: Option<String>,

    /// List only what failed: no answer, a status from 400 on, a broken answer, a run that ended in an error or without an end
    #[arg(long)]
    pub(crate) failed: bool,

    /// List at most N exchanges, the newest
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) limit: Option<i64>,
}

impl Execute for Args {
    fn execute(&self, out: &mut Out) -> Result<(), Failure> {
        let chosen = Chosen::by(self)?;
        let library = self.source.open(out)?;
        let is_json = out.is_json();
        // Of a few lines without counts, only what they show needs to be derived.
        if !is_json || chosen.limit.is_none() {
            library.catch_up()?;
        }
        let mutes = library.engine().mutes()?;
        let show = |overview: Overview, about_thread: &[FindingEntry]| {
            let index = overview.exchange.index;
            let mut summary = overview.summary;
            let is_muted = |rule: &str| mutes.is_muted(index, rule);
            summary.findings = summary.findings_without(is_muted);
            for finding in about_thread.iter().filter(|finding| !is_muted(&finding.rule)) {
                summary.findings[2 - finding.severity as usize] += 1;
            }
            match is_json {
                true => Shown::Line(line(index, &overview.exchange, &summary)),
                false => Shown::Cells(cells(index, &overview.exchange, &summary)),
            }
        };
        let mut rows = Rows::new(out);
        let others = match chosen.limit {
            None => all(&library, &chosen, |overview, about| rows.put(show(overview, about)))?,
            Some(limit) => {
                let (last, others) = last(&library, &chosen, limit, is_json, show)?;
                last.into_iter().try_for_each(|shown| rows.put(shown))?;
                others
            }
        };
        rows.end()?;
        if !is_json {
            out.text(&others.text(&chosen))?;
        }
        out.flush()?;
        library.finish()
    }
}

/// Shows all, as they are read.
fn all(
    library: &Library,
    chosen: &Chosen,
    mut show: impl FnMut(Overview, &[FindingEntry]) -> Result<(), Failure>,
) -> Result<Others, Failure> {
    let mut others = Others::default();
    let mut threads = OpenInThreads::default();
    library.each(Order::OldestFirst, |overview| {
        let about_thread = threads.follow(overview.exchange.index, &overview.exchange, &overview.summary);
        if others.admit(chosen, &overview.exchange, &overview.summary) {
            show(overview, &about_thread)?;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(others)
}

/// The last ones. What is left out is counted for people only, and looked at
/// only if it cannot be counted otherwise.
fn last(
    library: &Library,
    chosen: &Chosen,
    limit: usize,
    is_json: bool,
    show: impl Fn(Overview, &[FindingEntry]) -> Shown,
) -> Result<(VecDeque<Shown>, Others), Failure> {
    let mut rows = VecDeque::new();
    let mut others = Others::default();
    let counts = match chosen.takes_all() && !is_json {
        true => library.engine().tallies()?,
        false => None,
    };
    let is_rest_needed = !is_json && counts.is_none();
    library.each_from_few(Order::NewestFirst, limit, |overview| {
        if others.admit(chosen, &overview.exchange, &overview.summary) {
            match rows.len() < limit {
                true => {
                    let about_thread = library.engine().about_thread(&overview)?;
                    rows.push_front(show(overview, &about_thread));
                }
                false => others.left_out += 1,
            }
        }
        // Here and not at the next one, for which another window would be read.
        Ok(match rows.len() < limit || is_rest_needed {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        })
    })?;
    if let Some(counts) = counts.filter(|_| rows.len() == limit) {
        others = Others::counted(library, chosen, &counts, limit)?;
    }
    Ok((rows, others))
}

/// Rows on their way out: lines at once, cells some at a time, so that they line up.
struct Rows<'a> {
    out: &'a mut Out,
    table: Table,
    len: usize,
}

impl<'a> Rows<'a> {
    fn new(out: &'a mut Out) -> Self {
        Self {
            out,
            table: Table::new(COLUMNS),
            len: 0,
        }
    }

    fn put(&mut self, row: Shown) -> Result<(), Failure> {
        match row {
            Shown::Line(line) => return self.out.text(&line),
            Shown::Cells(cells) => self.table.row(cells),
        }
        self.len += 1;
        if self.len.is_multiple_of(LINED_UP) {
            self.out.text(&self.table.text())?;
            self.table.go_on();
        }
        Ok(())
    }

    fn end(self) -> Result<(), Failure> {
        match self.len {
            0 => Ok(()),
            _ => self.out.text(&self.table.text()),
        }
    }
}

pub(crate) fn line(index: i64, exchange: &Exchange, summary: &Summary) -> String {
    let [error, warning, note] = summary.findings;
    json::line(&ListLine {
        index,
        source: &exchange.source,
        method: &exchange.request.method,
        target: &exchange.request.target,
        status: exchange.response.as_ref().map(|head| head.status),
        ending: exchange.ending.as_str(),
        thread_id: Some(summary.thread_id.as_str()).filter(|id| !id.is_empty()),
        runs: summary.runs.iter().map(run_object).collect(),
        outcome: outcome_without_run(exchange, summary),
        started_at: words::rfc3339(exchange.started_at_us),
        duration_us: exchange.last_at_us,
        ttft_us: summary.ttft_us,
        chunks: exchange.chunk_count,
        frames: summary.frames,
        bytes: exchange.body_len,
        passage: passage(exchange),
        labels: Pairs(&exchange.labels),
        findings: Counts { error, warning, note },
    })
}

pub(crate) fn passage(exchange: &Exchange) -> Passage {
    Passage {
        relayed: exchange.relayed,
        tls_unverified: exchange.is_unverified,
    }
}

/// What passed each way, seen from the client.
pub(crate) fn relayed_words(relayed: Relayed) -> String {
    format!(
        "{} sent, {} received",
        words::bytes(relayed.sent_len),
        words::bytes(relayed.received_len)
    )
}

fn run_object(run: &Run) -> RunObject<'_> {
    RunObject {
        run_id: &run.run_id,
        thread_id: &run.thread_id,
        outcome: run.outcome.as_str(),
        first_seq: run.first_seq,
        last_seq: run.last_seq,
    }
}

fn cells(index: i64, exchange: &Exchange, summary: &Summary) -> Vec<String> {
    vec![
        index.to_string(),
        words::clock(exchange.started_at_us),
        shortened(&exchange.source, 20),
        shortened(&words::request_name(&exchange.request, summary), 61),
        exchange
            .response
            .as_ref()
            .map_or_else(|| "–".to_owned(), |head| head.status.to_string()),
        words::ending(exchange.ending).to_owned(),
        outcomes(exchange, summary),
        words::duration(exchange.last_at_us),
        summary.ttft_us.map(words::duration).unwrap_or_default(),
        summary.frames.to_string(),
        exchange
            .relayed
            .map_or_else(|| words::bytes(exchange.body_len), relayed_words),
        findings(summary),
        labels(exchange),
    ]
}

/// What an answer without a run comes to by its status, or because bytes of it are missing.
fn outcome_without_run(exchange: &Exchange, summary: &Summary) -> Option<&'static str> {
    if !summary.runs.is_empty() {
        return None;
    }
    let verdict = verdict::without_run(exchange, summary);
    match verdict {
        Verdict::Refused | Verdict::Redirected => Some(words::verdict(verdict)),
        Verdict::Unknown => Some(Outcome::Unknown.as_str()),
        _ => None,
    }
}

/// The outcomes of the runs, of many the last ones; the status in the place of a run that it refuses, and nothing for
/// what is no run.
fn outcomes(exchange: &Exchange, summary: &Summary) -> String {
    let all = verdict::of_exchange(exchange, summary);
    let last = &all[all.len().saturating_sub(4)..];
    let more = if last.len() < all.len() { "…, " } else { "" };
    let runs = last.iter().filter(|verdict| **verdict != Verdict::NoRun);
    let status = exchange.response.as_ref().map(|head| head.status);
    let names: Vec<String> = runs.map(|verdict| words::outcome(*verdict, status)).collect();
    format!("{more}{}", names.join(", "))
}

fn findings(summary: &Summary) -> String {
    let [error, warning, note] = summary.findings;
    let parts = [(error, "E"), (warning, "W"), (note, "N")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, letter)| format!("{count}{letter}"))
        .collect();
    parts.join(" ")
}

fn labels(exchange: &Exchange) -> String {
    let labels: Vec<String> = exchange
        .labels
        .iter()
        .map(|(key, value)| shortened(&format!("{key}={value}"), 40))
        .collect();
    labels.join(" ")
}

/// How an exchange ended, in a line for people.
pub(crate) fn ended_line(index: i64, exchange: &Exchange, summary: &Summary) -> String {
    let status = exchange
        .response
        .as_ref()
        .map_or_else(|| "no answer".to_owned(), |head| head.status.to_string());
    let mut parts = vec![
        status,
        words::ending(exchange.ending).to_owned(),
        words::duration(exchange.last_at_us),
    ];
    match exchange.relayed {
        Some(relayed) => parts.push(relayed_words(relayed)),
        None => parts.extend([
            words::count(u64::from(summary.frames), "frame"),
            words::bytes(exchange.body_len),
        ]),
    }
    parts.extend(
        [outcomes(exchange, summary), findings(summary)]
            .into_iter()
            .filter(|part| !part.is_empty()),
    );
    // Of what got no answer, status and ending are the same.
    parts.dedup();
    format!("#{index} ended: {}\n", parts.join(", "))
}
