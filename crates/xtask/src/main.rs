//! The project's tasks: `cargo xtask run`, `cargo xtask test`, and a few words
//! for those who work on it.
//!
//! Each task first looks at what is missing on this machine and installs just
//! that, printing every step; where nothing is missing it prints nothing.
//!
//! # Map
//!
//! - [`step`]: running a command and saying so.
//! - [`need`]: what the machine must have, and how it gets it.
//! - [`progress`]: what `cargo test` prints, as a line for each test binary.
//! - [`bundle`]: the page, from Rust to `ui/dist`.
//! - [`mod@run`], [`mod@test`]: the two words of the README.
//! - [`scenarios`]: what the official client says to sequences that break rules.
//! - [`corpus`]: captured streams through the real recorder.
//!
//! # What is not here
//!
//! No product code and no dependency on any: a task drives the binaries from
//! outside, as a user would.

#![expect(clippy::print_stderr, reason = "a task speaks to the terminal")]

mod bundle;
mod corpus;
mod need;
mod progress;
mod run;
mod scenarios;
mod step;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask TASK

  run [-- ARGUMENTS]   set up what is missing, build, open the window
  test [STAGE...]      set up what is missing, run everything that CI runs
  ui                   build the page into ui/dist
  setup                set up what `test` needs, and nothing else
  corpus [DIR...]      drive captured streams through the recorder and check what came of them
  recordings           make the sample recordings anew
  scenarios            ask the official client about the sequences that break rules
  bless [PACKAGE]      accept what the snapshot tests print now
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
        "scenarios" => scenarios::ask_the_client(),
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
