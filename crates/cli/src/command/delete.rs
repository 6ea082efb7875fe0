//! `scrubjay delete`: exchanges out of the store, for good.

use clap::ArgGroup;
use scrubjay_ipc::Code;

use crate::{args::StoreArg, command::Execute, contract::files::DeleteLine, failure::Failure, json, out::Out, words};

#[derive(Debug, clap::Args)]
#[command(group(ArgGroup::new("which").required(true).args(["exchanges", "before"])))]
pub(crate) struct Args {
    /// Index of an exchange (see scrubjay list); repeat for several
    #[arg(long = "exchange", value_name = "I", allow_negative_numbers = true)]
    pub(crate) exchanges: Vec<i64>,

    /// All exchanges that began before this: 2026-11-21, 2026-11-21T10:00:00Z, or an age such as 7d, 12h, 30m
    #[arg(long, value_name = "TIME")]
    pub(crate) before: Option<String>,

    #[command(flatten)]
    pub(crate) store: StoreArg,
}

impl Execute for Args {
    fn execute(&self, out: &mut Out) -> Result<(), Failure> {
        let before = self.before.as_deref().map(words::named_moment).transpose()?;
        let library = self.store.open(out)?;
        let erased = match before {
            Some(micros) => library.engine().erase_before(micros)?,
            None => library.engine().erase(&library.some_or_all(&self.exchanges)?)?,
        };
        if out.is_json() {
            for index in &erased {
                out.text(&json::line(&DeleteLine { index: *index }))?;
            }
        } else {
            out.text(&format!("deleted {}\n", words::count(erased.len() as u64, "exchange")))?;
        }
        out.flush()?;
        match self.exchanges.iter().find(|index| !erased.contains(index)) {
            None => Ok(()),
            Some(open) => Err(Failure::new(
                Code::BadRequest,
                format!("Exchange {open} is still going on, so it was left alone."),
                "Wait until it has ended, or stop its recorder.",
            )),
        }
    }
}
