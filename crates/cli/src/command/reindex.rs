//! `scrubjay reindex`: everything derived, made anew from the bytes.

use crate::{args::StoreArg, command::Execute, contract::files::ReindexLine, failure::Failure, json, out::Out, words};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

impl Execute for Args {
    fn execute(&self, out: &mut Out) -> Result<(), Failure> {
        let library = self.store.open(out)?;
        let count = library.engine().reindex()?;
        out.text(&if out.is_json() {
            json::line(&ReindexLine { exchanges: count })
        } else {
            format!("reindexed {}\n", words::count(count, "exchange"))
        })?;
        out.flush()
    }
}
