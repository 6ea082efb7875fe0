//! Which exchanges are listed, and what is said about the rest.

use scrubjay_engine::{Tallies, Tally};
use scrubjay_session::{exchange::Exchange, query::Summary, verdict};

use crate::{command::list::Args, failure::Failure, library::Library, safe::shortened, words};

/// What was asked for.
pub(super) struct Chosen {
    all: bool,
    thread: Option<String>,
    source: Option<String>,
    since_us: Option<i64>,
    failed: bool,
    pub(super) limit: Option<usize>,
    /// The flags as they were given, for a list that is empty.
    flags: Vec<String>,
}

/// How many there are of what is not shown.
#[derive(Default)]
pub(super) struct Others {
    shown: u64,
    /// No runs, but otherwise what was asked for.
    other_requests: u64,
    /// Older ones that the limit leaves out.
    pub(super) left_out: u64,
    /// Exchanges in all.
    exchanges: u64,
}

impl Chosen {
    pub(super) fn by(args: &Args) -> Result<Self, Failure> {
        Ok(Self {
            all: args.all,
            thread: args.thread.clone(),
            source: args.source_name.clone(),
            since_us: args.since.as_deref().map(words::named_moment).transpose()?,
            failed: args.failed,
            limit: limit(args.limit)?,
            flags: flags(args),
        })
    }

    /// Whether nothing but being a run, or a source, decides.
    pub(super) fn takes_all(&self) -> bool {
        self.thread.is_none() && self.since_us.is_none() && !self.failed
    }

    /// Whether an exchange is what was asked for, but for being a run.
    fn takes(&self, exchange: &Exchange, summary: &Summary) -> bool {
        let is_in =
            |thread: &String| summary.thread_id == *thread || summary.runs.iter().any(|run| run.thread_id == *thread);
        self.source.as_ref().is_none_or(|source| exchange.source == *source)
            && self.since_us.is_none_or(|since| exchange.started_at_us >= since)
            && self.thread.as_ref().is_none_or(is_in)
            && (!self.failed || verdict::has_failed(exchange, summary))
    }
}

impl Others {
    /// Whether an exchange is listed; counts it.
    pub(super) fn admit(&mut self, chosen: &Chosen, exchange: &Exchange, summary: &Summary) -> bool {
        self.exchanges += 1;
        if !chosen.takes(exchange, summary) {
            return false;
        }
        let is_listed = chosen.all || verdict::is_run(exchange, summary);
        match is_listed {
            true => self.shown += 1,
            false => self.other_requests += 1,
        }
        is_listed
    }

    /// As many as there are, of which the last `shown` are shown.
    pub(super) fn counted(library: &Library, chosen: &Chosen, counts: &Tallies, shown: usize) -> Result<Self, Failure> {
        let mut others = Self::default();
        let of_source = |tally: &&Tally| chosen.source.as_ref().is_none_or(|source| tally.source == *source);
        for tally in counts.tallies.iter().filter(of_source) {
            others.exchanges += tally.count;
            match chosen.all || tally.is_run {
                true => others.shown += tally.count,
                false => others.other_requests += tally.count,
            }
        }
        for index in &counts.uncounted {
            if let Some(overview) = library.engine().overview(*index)? {
                others.admit(chosen, &overview.exchange, &overview.summary);
            }
        }
        others.left_out = others.shown.saturating_sub(shown as u64);
        Ok(others)
    }

    /// The lines below the list.
    pub(super) fn text(&self, chosen: &Chosen) -> String {
        let mut lines = Vec::new();
        let thing = if chosen.all { "exchange" } else { "run" };
        match self.shown {
            _ if self.exchanges == 0 => {}
            0 if chosen.flags.is_empty() => lines.push("No run was recorded.".to_owned()),
            0 => lines.push(format!("No {thing} here matches {}.", chosen.flags.join(" "))),
            _ => {}
        }
        if self.left_out > 0 {
            lines.push(format!(
                "{} left out by --limit",
                words::count(self.left_out, &format!("older {thing}"))
            ));
        }
        if self.other_requests > 0 {
            lines.push(format!("{}: --all", words::count(self.other_requests, "other request")));
        }
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

fn limit(given: Option<i64>) -> Result<Option<usize>, Failure> {
    let Some(given) = given else { return Ok(None) };
    usize::try_from(given)
        .ok()
        .filter(|limit| *limit > 0)
        .map(Some)
        .ok_or_else(|| Failure::bad_argument(format!("--limit {given} shows nothing."), "Give a number from 1 on."))
}

fn flags(args: &Args) -> Vec<String> {
    let named = [
        ("--thread", &args.thread),
        ("--source", &args.source_name),
        ("--since", &args.since),
    ];
    let mut flags: Vec<String> = named
        .into_iter()
        .filter_map(|(flag, value)| Some(format!("{flag} {}", shortened(value.as_ref()?, 40))))
        .collect();
    if args.failed {
        flags.push("--failed".to_owned());
    }
    flags
}
