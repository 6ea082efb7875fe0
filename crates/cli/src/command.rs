//! The commands: a file each, with its arguments and what it does. A new one
//! is its file, its `mod` and its line in the table.

pub(crate) mod body;
pub(crate) mod check;
pub(crate) mod delete;
pub(crate) mod diff;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod record;
pub(crate) mod reindex;
pub(crate) mod replay;
pub(crate) mod rerecord;
pub(crate) mod serve;
pub(crate) mod show;
pub(crate) mod spans;
pub(crate) mod state;

use crate::{args::LimitArg, failure::Failure, out::Out};

/// The arguments of a command, which it runs with.
pub(crate) trait Execute {
    fn execute(&self, out: &mut Out) -> Result<(), Failure>;

    /// How much is read of a recording file; none where no file is read.
    fn limit(&self) -> Option<&LimitArg> {
        None
    }

    /// Why the arguments contradict each other, if they do.
    fn refusal(&self) -> Option<Failure> {
        None
    }
}

macro_rules! commands {
    ($($(#[$help:meta])* $name:ident($module:ident),)*) => {
        #[derive(Debug, clap::Subcommand)]
        pub(crate) enum Command {
            $($(#[$help])* $name($module::Args),)*
        }

        impl Command {
            pub(crate) fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($module),)*
                }
            }

            pub(crate) fn args(&self) -> &dyn Execute {
                match self {
                    $(Self::$name(args) => args,)*
                }
            }
        }
    };
}

commands! {
    /// Record what passes between a frontend and an agent
    Record(record),
    /// List runs, or everything that was recorded
    List(list),
    /// Show the heads, chunks and ending of an exchange
    Show(show),
    /// Check recorded streams, or the answer of a live agent, against the rules
    #[command(after_help = "--format also takes sarif and junit. docs/rules.md explains every rule.")]
    Check(check),
    /// Compare two recordings, or a new recording with baselines
    #[command(
        after_help = "--format also takes markdown. Exit status 0: the same, 1: different, 2: could not compare."
    )]
    Diff(diff),
    /// Print a line for every frame
    Events(events),
    /// Print messages and state as a client holds them at the end, or after a frame
    State(state),
    /// Print messages, tool calls, steps and the other spans
    Spans(spans),
    /// Write the bytes of a body to standard output
    Body(body),
    /// Write exchanges to a file
    Export(export),
    /// Import recording files into the store
    Import(import),
    /// Remove exchanges from the store for good
    Delete(delete),
    /// Derive everything again from the captured bytes
    Reindex(reindex),
    /// Show recordings in a browser
    Serve(serve),
    /// Serve a recording as the agent
    #[command(after_help = replay::after_help())]
    Replay(replay),
    /// Send the requests of baselines to a live agent, and compare its answers
    #[command(
        after_help = "--format also takes markdown. Exit status 0: the same, or all that differs was accepted, 1: different, 2: could not."
    )]
    Rerecord(rerecord),
}
