//! `scrubjay delete`: exchanges out of the store, for good.

use scrubjay_ipc::Code;

use crate::{args, failure::Failure, json::Line, library::Library, out::Out, words};

pub(crate) fn run(args: &args::Delete, out: &mut Out) -> Result<(), Failure> {
    let before = args.before.as_deref().map(words::named_moment).transpose()?;
    let library = Library::open(args.store.path.clone(), out)?;
    let erased = match before {
        Some(micros) => library.engine().erase_before(micros)?,
        None => library.engine().erase(&library.some_or_all(&args.exchanges)?)?,
    };
    if out.is_json() {
        for index in &erased {
            out.text(&Line::new().value("index", index).end())?;
        }
    } else {
        out.text(&format!("deleted {}\n", words::count(erased.len() as u64, "exchange")))?;
    }
    out.flush()?;
    match args.exchanges.iter().find(|index| !erased.contains(index)) {
        None => Ok(()),
        Some(open) => Err(Failure::new(
            Code::BadRequest,
            format!("Exchange {open} is still going on, so it was left alone."),
            "Wait until it has ended, or stop whoever records it.",
        )),
    }
}
