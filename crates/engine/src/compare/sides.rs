//! The exchanges that a side names.

use scrubjay_ipc::{Side, SideView};
use scrubjay_session::{diff, exchange::Ending, query::Reader, shelf::Shelf as _};
use scrubjay_store::{Query, Sort};

use crate::{
    EngineError,
    engine::{Home, Inner},
    shelf::AnyShelf,
};

/// Rows of a thread looked at.
const ROWS: u32 = 100_000;

pub(super) type Parts = diff::Side<AnyShelf>;

/// What a side names.
pub(super) fn of(inner: &Inner, side: &Side) -> Result<Parts, EngineError> {
    match side {
        Side::Exchange(exchange) => Ok(vec![part(inner, *exchange)?]),
        Side::Run(exchange, run) => Ok(vec![run_of(part(inner, *exchange)?, *run)?]),
        Side::Thread(thread) => several(inner, &inner.thread(thread)?),
        Side::Exchanges(exchanges) => several(inner, exchanges),
    }
}

fn part(inner: &Inner, exchange: i64) -> Result<diff::Part<AnyShelf>, EngineError> {
    let shelf = inner.shelf(exchange)?;
    // An exchange that is not there is told of now, not by the thread.
    shelf.exchange()?;
    Ok(diff::Part::whole(exchange, shelf))
}

/// One run. The only run of an exchange is all of it, with how it was answered
/// and what stands around the run: what the command line compares too.
fn run_of(part: diff::Part<AnyShelf>, run: u32) -> Result<diff::Part<AnyShelf>, EngineError> {
    let reader = Reader::open(part.shelf.clone())?;
    let is_only = reader.summary().run_count <= 1;
    Ok(diff::Part {
        run: (!is_only).then_some(run),
        ..part
    })
}

/// Exchanges as threads.
fn several(inner: &Inner, exchanges: &[i64]) -> Result<Parts, EngineError> {
    let parts = exchanges.iter().map(|exchange| part(inner, *exchange));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    Ok(diff::side_of(parts, true)?.0)
}

/// A side before anything is known of it.
pub(super) fn named(side: &Side) -> SideView {
    let (title, exchanges) = match side {
        Side::Exchange(exchange) => (format!("exchange {exchange}"), vec![*exchange]),
        Side::Run(exchange, run) => (format!("exchange {exchange}, run {}", run + 1), vec![*exchange]),
        Side::Thread(thread) => (scrubjay_ipc::visible::line(thread), Vec::new()),
        Side::Exchanges(exchanges) => (format!("{} exchanges", exchanges.len()), exchanges.clone()),
    };
    SideView {
        title,
        exchanges,
        ..SideView::default()
    }
}

/// Whether something of it is still going on.
pub(super) fn is_live(parts: &Parts) -> Result<bool, EngineError> {
    for part in parts {
        if part.shelf.exchange()?.ending == Ending::Open {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Inner {
    /// The exchanges with a run of a thread, in order.
    pub(crate) fn thread(&self, thread: &str) -> Result<Vec<i64>, EngineError> {
        let mut exchanges = match self.home() {
            Home::Store(home) => {
                let query = Query {
                    sort: Sort::OldestFirst,
                    count: ROWS,
                    ..Query::default()
                };
                let rows = home.store.list(&query)?.rows;
                let rows = rows.into_iter().filter(|row| row.run.thread_id == thread);
                rows.map(|row| row.exchange).collect::<Vec<_>>()
            }
            Home::File(home) => {
                let mut found = Vec::new();
                for index in home.indexes() {
                    let reader = Reader::open(home.shelf(index)?)?;
                    let summary = reader.summary();
                    let runs = summary.runs.iter().any(|run| run.thread_id == thread);
                    if runs || (summary.is_run_input && summary.thread_id == thread) {
                        found.push(index);
                    }
                }
                found
            }
        };
        exchanges.sort_unstable();
        exchanges.dedup();
        match exchanges.is_empty() {
            true => Err(EngineError::NoSuchThread {
                thread: thread.to_owned(),
            }),
            false => Ok(exchanges),
        }
    }
}
