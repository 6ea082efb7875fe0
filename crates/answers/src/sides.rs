//! The exchanges that a side of a comparison names.

use scrubjay_ipc::{PairByHand, Report, Side, SideView};
use scrubjay_session::{
    diff::{self, ByHand, Part},
    exchange::Ending,
    query::{Failed, Reader},
    shelf::Shelf,
};

/// Where the exchanges of a side lie.
pub trait Shelves {
    /// One of them.
    type Shelf: Shelf + Clone;
    /// Why it cannot be read.
    type Error: From<Failed<<Self::Shelf as Shelf>::Error>>;

    /// An exchange.
    ///
    /// # Errors
    /// When there is no such exchange.
    fn shelf(&self, exchange: i64) -> Result<Self::Shelf, Self::Error>;

    /// The exchanges with a run of a thread, in order.
    ///
    /// # Errors
    /// When there is no such thread.
    fn thread(&self, thread: &str) -> Result<Vec<i64>, Self::Error>;
}

/// What a side names.
///
/// # Errors
/// When there is no such exchange or thread, or it cannot be read.
pub fn of<L: Shelves>(shelves: &L, side: &Side) -> Result<diff::Side<L::Shelf>, L::Error> {
    match side {
        Side::Exchange(exchange) => Ok(vec![part(shelves, *exchange)?]),
        Side::Run(exchange, run) => Ok(vec![run_of(part(shelves, *exchange)?, *run)?]),
        Side::Thread(thread) => several(shelves, &shelves.thread(thread)?),
        Side::Exchanges(exchanges) => several(shelves, exchanges),
    }
}

fn part<L: Shelves>(shelves: &L, exchange: i64) -> Result<Part<L::Shelf>, L::Error> {
    let shelf = shelves.shelf(exchange)?;
    // An exchange that is not there is an error now, and not one of the thread.
    shelf.exchange().map_err(Failed::Shelf)?;
    Ok(Part::whole(exchange, shelf))
}

/// One run. The only run of an exchange is all of it, with how it was answered
/// and what stands around the run: what the command line compares too.
fn run_of<S: Shelf + Clone>(part: Part<S>, run: u32) -> Result<Part<S>, Failed<S::Error>> {
    let reader = Reader::open(part.shelf.clone())?;
    let is_only = reader.summary().run_count <= 1;
    Ok(Part {
        run: (!is_only).then_some(run),
        ..part
    })
}

/// Exchanges as threads.
fn several<L: Shelves>(shelves: &L, exchanges: &[i64]) -> Result<diff::Side<L::Shelf>, L::Error> {
    let parts = exchanges.iter().map(|exchange| part(shelves, *exchange));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    Ok(diff::side_of(parts, true)?.0)
}

/// A side before anything is known of it.
pub fn named(side: &Side) -> SideView {
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
///
/// # Errors
/// When it cannot be read.
pub fn is_live<S: Shelf>(parts: &diff::Side<S>) -> Result<bool, Failed<S::Error>> {
    for part in parts {
        if part.shelf.exchange().map_err(Failed::Shelf)?.ending == Ending::Open {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether two spans can be paired by hand.
///
/// # Errors
/// When one of them is none.
pub fn may_pair(ask: &PairByHand) -> Result<(), Report> {
    match ask.a.1 == u32::MAX || ask.b.1 == u32::MAX {
        false => Ok(()),
        true => Err(Report::new(
            scrubjay_ipc::Code::BadRequest,
            "Inputs, states and endings stand where they stand.",
            "Pair messages, tool calls, steps and the like by hand.",
        )),
    }
}

/// Adds a pair or takes it back. A span is paired with one other at most.
pub fn pair(pairs: &mut Vec<ByHand>, ask: &PairByHand) {
    match ask.paired {
        true => {
            pairs.retain(|(a, b)| *a != ask.a && *b != ask.b);
            pairs.push((ask.a, ask.b));
        }
        false => pairs.retain(|pair| *pair != (ask.a, ask.b)),
    }
}
