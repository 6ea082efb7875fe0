//! `scrubjay share`: export under the name that a person looks for.

use crate::{
    command::{Execute, export},
    failure::Failure,
    out::Out,
};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    #[command(flatten)]
    export: export::Args,
}

impl Execute for Args {
    fn execute(&self, out: &mut Out) -> Result<(), Failure> {
        self.export.execute(out)
    }

    fn refusal(&self) -> Option<Failure> {
        self.export.refusal()
    }
}
