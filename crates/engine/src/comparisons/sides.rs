//! The exchanges that a side names.

use scrubjay_ipc::{Side, SideView};
use scrubjay_session::{diff, exchange::Ending, query::Reader, shelf::Shelf as _};

use crate::{EngineError, shelf::AnyShelf, storage::Storage};

pub(super) type Parts = diff::Side<AnyShelf>;

/// What a side names.
pub(super) fn of(storage: &Storage, side: &Side) -> Result<Parts, EngineError> {
    match side {
        Side::Exchange(exchange) => Ok(vec![part(storage, *exchange)?]),
        Side::Run(exchange, run) => Ok(vec![run_of(part(storage, *exchange)?, *run)?]),
        Side::Thread(thread) => several(storage, &storage.thread(thread)?),
        Side::Exchanges(exchanges) => several(storage, exchanges),
    }
}

fn part(storage: &Storage, exchange: i64) -> Result<diff::Part<AnyShelf>, EngineError> {
    let shelf = storage.shelf(exchange)?;
    // An exchange that is not there is an error now, and not one of the thread.
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
fn several(storage: &Storage, exchanges: &[i64]) -> Result<Parts, EngineError> {
    let parts = exchanges.iter().map(|exchange| part(storage, *exchange));
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
