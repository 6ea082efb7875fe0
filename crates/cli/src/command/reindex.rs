//! `scrubjay reindex`: everything derived, made anew from the bytes.

use crate::{args, failure::Failure, json::Line, library::Library, out::Out, words};

pub(crate) fn run(args: &args::Reindex, out: &mut Out) -> Result<(), Failure> {
    let library = Library::open(args.store.path.clone(), out)?;
    let count = library.engine().reindex()?;
    out.text(&if out.is_json() {
        Line::new().value("exchanges", count).end()
    } else {
        format!("reindexed {}\n", words::count(count, "exchange"))
    })?;
    out.flush()
}
