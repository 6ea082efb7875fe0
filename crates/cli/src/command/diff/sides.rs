//! What an operand names: an exchange, or the exchanges of a thread.

use std::{collections::BTreeMap, path::Path};

use scrubjay_engine::AnyShelf;
use scrubjay_session::diff::{Part, Side};

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
}

/// The exchanges of one thread, in order.
pub(super) struct Thread {
    pub(super) id: String,
    pub(super) exchanges: Vec<i64>,
}

impl Operand {
    /// The named exchange, or the only one, or the only thread.
    pub(super) fn open(path: &Path, exchange: Option<i64>, flag: &str, format: Format) -> Result<Self, Failure> {
        let library = Library::open(Some(path.to_owned()), plain(format))?;
        let exchanges = match (exchange, library.indexes()) {
            (Some(_), _) | (None, [] | [_]) => vec![library.one(exchange)?],
            (None, _) => only_thread(&library, path, flag)?,
        };
        let side = side(&library, &exchanges)?;
        Ok(Self { library, side })
    }
}

/// Failures and notes are told in text or JSON only.
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

fn only_thread(library: &Library, path: &Path, flag: &str) -> Result<Vec<i64>, Failure> {
    let mut threads = threads(library)?;
    match (threads.pop(), threads.is_empty()) {
        (Some(thread), true) => Ok(thread.exchanges),
        (last, _) => {
            threads.extend(last);
            Err(Failure::bad_argument(
                format!(
                    "There are {} exchanges in {}, and this compares one, or one thread.",
                    library.indexes().len(),
                    path.display()
                ),
                format!("Name one with {flag}: {}.", choices(library, &threads)),
            ))
        }
    }
}

/// The threads that runs name, in the order of their first exchanges.
pub(super) fn threads(library: &Library) -> Result<Vec<Thread>, Failure> {
    let mut threads: Vec<Thread> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for index in library.indexes() {
        let reader = library.reader(*index)?;
        let summary = reader.summary();
        if !summary.is_run_input && summary.runs.is_empty() {
            continue;
        }
        let id = summary.thread_id.clone();
        let place = *places.entry(id.clone()).or_insert(threads.len());
        match threads.get_mut(place) {
            Some(thread) => thread.exchanges.push(*index),
            None => threads.push(Thread {
                id,
                exchanges: vec![*index],
            }),
        }
    }
    Ok(threads)
}

/// Exchanges with the thread that each is of.
fn choices(library: &Library, threads: &[Thread]) -> String {
    const NAMED: usize = 12;
    let thread_of = |index: &i64| threads.iter().find(|thread| thread.exchanges.contains(index));
    let mut named: Vec<String> = library
        .indexes()
        .iter()
        .take(NAMED)
        .map(|index| match thread_of(index) {
            Some(thread) => format!("{index} (thread {})", shortened(&thread.id, 40)),
            None => format!("{index} (no run)"),
        })
        .collect();
    let left_out = library.indexes().len().saturating_sub(NAMED);
    if left_out > 0 {
        named.push(format!("{left_out} more"));
    }
    named.join(", ")
}

/// What the first request of a thread asks, as a number and in words.
pub(super) fn asked(library: &Library, thread: &Thread) -> Result<Option<(u64, String)>, Failure> {
    let Some(first) = thread.exchanges.first() else {
        return Ok(None);
    };
    let body = library.reader(*first)?.request_body().map_err(unreadable)?;
    Ok(scrubjay_session::diff::asked_in(&body))
}
