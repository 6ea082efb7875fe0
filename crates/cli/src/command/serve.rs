//! `scrubjay serve`: the window's page in a browser.

use crate::{args, failure::Failure, out::Out};

pub(crate) fn run(_args: &args::Serve, _out: &mut Out) -> Result<(), Failure> {
    Err(Failure::bad_argument("not wired yet", ""))
}
