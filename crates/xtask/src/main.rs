//! The project's tasks, above all `cargo xtask run` and `cargo xtask test`.
//!
//! Each task first installs what this machine lacks, with a line for each
//! package.
//!
//! # Map
//!
//! - [`step`]: runs commands and prints progress.
//! - [`need`]: finds and installs system packages, Node, Python packages and the wasm target.
//! - [`progress`]: turns the output of `cargo test` into a line for each test binary.
//! - [`bundle`]: builds the page into `ui/dist`.
//! - [`mod@run`], [`mod@test`]: the two tasks of the README.
//! - [`deny`]: checks licences, origins, versions and known weaknesses of dependencies.
//! - [`scenarios`]: records the official client's verdict on sequences that break rules.
//! - [`corpus`]: sends captured streams through the recorder.
//!
//! # What is not here
//!
//! Product code, and dependencies on it: a task runs the binaries, as a user
//! does.

#![expect(clippy::print_stderr, reason = "a task prints to the terminal")]

mod bundle;
mod corpus;
mod deny;
mod need;
mod progress;
mod run;
mod scenarios;
mod step;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask TASK

  run [-- ARGUMENTS]   install what is missing, build, open the window
  test [STAGE...]      install what is missing, run all that CI runs
  ui                   build the page into ui/dist
  setup                install what `test` needs
  corpus [DIR...]      send captured streams through the recorder and check the recordings
  recordings           make the sample recordings again
  scenarios            record the official client's verdict on sequences that break rules
  bless [PACKAGE]      write the output of the snapshot tests over their snapshots
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (task, rest) = match arguments.split_first() {
        Some((task, rest)) => (task.as_str(), rest),
        None => ("", &[][..]),
    };
    let outcome = match task {
        "run" => run::run(rest),
        "test" => test::test(rest),
        "ui" => need::for_ui().and_then(|()| bundle::build()),
        "setup" => need::for_test().map(drop),
        "corpus" => corpus::corpus(rest),
        "recordings" => corpus::recordings::record(),
        "scenarios" => scenarios::record_verdicts(),
        "bless" => test::bless(rest),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
