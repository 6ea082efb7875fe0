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
pub(crate) mod share;
pub(crate) mod show;
pub(crate) mod spans;
pub(crate) mod state;

use crate::{failure::Failure, out::Out};

/// The arguments of a command, which it runs with.
pub(crate) trait Execute {
    fn execute(&self, out: &mut Out) -> Result<(), Failure>;

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
    /// Record the requests and event streams between a frontend and an agent
    Record(record),
    /// List the recorded runs; with --all, every request
    List(list),
    /// Show the headers, sizes, ending and findings of an exchange (a request and its answer)
    Show(show),
    /// Check recorded streams, or the answer of a live agent, against the rules of AG-UI
    #[command(after_help = "--format also takes sarif and junit. docs/rules.md explains every rule.")]
    Check(check),
    /// Compare two recordings, or a new recording with a folder of baselines
    #[command(
        after_help = "--format also takes markdown. Exit status 0: the same, 1: different, 2: could not compare."
    )]
    Diff(diff),
    /// Print the events of an exchange, a line for each frame of the stream
    Events(events),
    /// Print the messages and the state that a client holds at the end, or after a frame
    State(state),
    /// Print the messages, tool calls, steps and runs that the events form
    Spans(spans),
    /// Write the bytes of a response's or a request's body to standard output
    Body(body),
    /// Write recorded exchanges to a file that others can open, without their secrets
    Export(export),
    /// The same as export: a file for a bug report, without the secrets in it
    Share(share),
    /// Copy the exchanges of recording files into the store
    Import(import),
    /// Delete exchanges from the store for good
    Delete(delete),
    /// Compute frames, spans and findings again from the captured bytes
    Reindex(reindex),
    /// Show recordings in a browser; with --upstream, record at the same time
    Serve(serve),
    /// Answer a frontend from a recording, in the agent's place
    #[command(after_help = replay::after_help())]
    Replay(replay),
    /// Send the requests of baselines to a live agent, and compare its answers with the recorded ones
    #[command(
        after_help = "--format also takes markdown. Exit status 0: the same, or all that differs was accepted, 1: different, 2: could not compare."
    )]
    Rerecord(rerecord),
}
