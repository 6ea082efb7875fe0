//! What an operand names: an exchange, or the exchanges of a thread.

use std::{collections::BTreeMap, path::Path};

use scrubjay_engine::AnyShelf;
use scrubjay_session::diff::{Part, Side, side_of, thread_in};

use crate::{
    args::Format,
    failure::Failure,
    library::{Library, unreadable},
    safe::shortened,
};

/// A file or a store, and what of it is compared.
pub(super) struct Operand {
    pub(super) library: Library,
    pub(super) side: Side<AnyShelf>,
    /// Exchanges that carry no run and are not compared.
    pub(super) left_out: usize,
}

/// The exchanges of one thread, in order.
pub(in crate::command) struct Thread {
    pub(in crate::command) id: String,
    pub(in crate::command) exchanges: Vec<i64>,
}

impl Operand {
    /// The named exchange, or all threads; with `all` what carries no run too.
    pub(super) fn of(library: Library, exchange: Option<i64>, all: bool) -> Result<Self, Failure> {
        let (side, left_out) = match exchange {
            Some(_) => (side(&library, &[library.one(exchange)?])?, 0),
            None => side_of(side(&library, library.indexes()?)?, all).map_err(unreadable)?,
        };
        Ok(Self {
            library,
            side,
            left_out,
        })
    }

    fn threads(&self) -> u32 {
        self.side.last().map_or(0, |part| part.thread + 1)
    }

    /// Where one exchange is named of one side, it is compared with one thread of the other.
    pub(super) fn fits(&self, path: &Path, flag: &str, other: Option<i64>) -> Result<(), Failure> {
        if other.is_none() || self.threads() < 2 {
            return Ok(());
        }
        Err(Failure::bad_argument(
            format!(
                "One exchange of the other recording is named, and {} holds {} threads.",
                path.display(),
                self.threads()
            ),
            format!(
                "Name one with {flag}: {}.",
                choices(&self.library, &threads(&self.library)?)?
            ),
        ))
    }
}

/// The format of failures and notes: text or JSON.
pub(in crate::command) fn plain(format: Format) -> Format {
    match format {
        Format::Json => Format::Json,
        _ => Format::Text,
    }
}

pub(super) fn side(library: &Library, exchanges: &[i64]) -> Result<Side<AnyShelf>, Failure> {
    exchanges
        .iter()
        .map(|exchange| Ok(Part::whole(*exchange, library.shelf(*exchange)?)))
        .collect()
}

/// The threads that runs name, in the order of their first exchanges.
pub(super) fn threads(library: &Library) -> Result<Vec<Thread>, Failure> {
    let mut threads: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
    let runs = library
        .indexes()?
        .iter()
        .map(|index| Ok((*index, library.reader(*index)?)));
    let runs = runs.collect::<Result<Vec<_>, Failure>>()?;
    let runs = runs.iter().filter(|(_, reader)| {
        let summary = reader.summary();
        summary.is_run_input || !summary.runs.is_empty()
    });
    let runs: Vec<i64> = runs.map(|(index, _)| *index).collect();
    for part in side_of(side(library, &runs)?, true).map_err(unreadable)?.0 {
        threads.entry(part.thread).or_default().push(part.exchange);
    }
    let named = threads.into_values().map(|exchanges| {
        let first = exchanges.first().copied().unwrap_or_default();
        Ok(Thread {
            id: library.reader(first)?.summary().thread_id.clone(),
            exchanges,
        })
    });
    named.collect()
}

/// Exchanges with the thread that each is of.
fn choices(library: &Library, threads: &[Thread]) -> Result<String, Failure> {
    const NAMED: usize = 12;
    let thread_of = |index: &i64| threads.iter().find(|thread| thread.exchanges.contains(index));
    let indexes = library.indexes()?;
    let mut named: Vec<String> = indexes
        .iter()
        .take(NAMED)
        .map(|index| match thread_of(index) {
            Some(thread) => format!("{index} (thread {})", shortened(&thread.id, 40)),
            None => format!("{index} (no run)"),
        })
        .collect();
    let left_out = indexes.len().saturating_sub(NAMED);
    if left_out > 0 {
        named.push(format!("{left_out} more"));
    }
    Ok(named.join(", "))
}

/// What pairs a thread: its source, its id and what its first request asks.
pub(super) fn pairing(library: &Library, thread: &Thread) -> Result<scrubjay_session::diff::Thread, Failure> {
    match thread.exchanges.first() {
        Some(first) => thread_in(&mut library.reader(*first)?).map_err(unreadable),
        None => Ok(scrubjay_session::diff::Thread::default()),
    }
}
