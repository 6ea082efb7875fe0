//! Arguments, to the letter of the contract.

use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};

use scrubjay_engine::Limits;

use crate::{
    command::Command,
    failure::Failure,
    words::{self, NoSize},
};

/// Records AG-UI streams between a frontend and an agent, and shows them as of any event.
#[derive(Debug, Parser)]
#[command(name = "scrubjay", version, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// Print JSON Lines; the same as --format json
    #[arg(long, global = true, display_order = 100)]
    json: bool,

    /// How to print
    #[arg(long, global = true, display_order = 101, value_name = "FORMAT")]
    format: Option<Format>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How answers are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    // For people. (Documentation here would blow up every help text.)
    Text,
    // One JSON object a line.
    Json,
    // For code scanning services; of check.
    #[value(hide = true)]
    Sarif,
    // For build servers; of check.
    #[value(hide = true)]
    Junit,
    // For pull requests; of diff.
    #[value(hide = true)]
    Markdown,
}

impl Cli {
    pub(crate) fn format(&self) -> Format {
        let absent = if self.json { Format::Json } else { Format::Text };
        self.format.unwrap_or(absent)
    }

    /// How much is read of a file.
    pub(crate) fn limits(&self) -> Limits {
        let given = self.command.args().limit().and_then(|limit| limit.max_size);
        given.map_or_else(Limits::default, Limits::of_len)
    }

    /// Why the arguments contradict each other, if they do.
    pub(crate) fn refusal(&self) -> Option<Failure> {
        if self.json && self.format.is_some_and(|format| format != Format::Json) {
            return Some(Failure::bad_argument(
                "--json and --format name two formats.",
                "Leave out one of them.",
            ));
        }
        self.refused_format().or_else(|| self.command.args().refusal())
    }

    /// A format that the command does not have.
    fn refused_format(&self) -> Option<Failure> {
        let (format, command) = (self.format(), self.command.name());
        let refusal = match format {
            _ if format.is_of(command) => return None,
            Format::Markdown => "Only diff and rerecord print Markdown.",
            _ => "Only check prints SARIF and JUnit.",
        };
        let hint = format!("Use --format {}.", Format::names_of(command).join(" or "));
        Some(Failure::bad_argument(refusal, hint))
    }
}

impl Format {
    /// Whether a command has it.
    fn is_of(self, command: &str) -> bool {
        match self {
            Self::Text | Self::Json => true,
            Self::Sarif | Self::Junit => command == "check",
            Self::Markdown => matches!(command, "diff" | "rerecord"),
        }
    }

    /// The formats that a command has.
    pub(crate) fn names_of(command: &str) -> Vec<String> {
        let all = Self::value_variants().iter().filter(|format| format.is_of(command));
        all.filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
            .collect()
    }
}

/// How much is read of a recording file.
#[derive(Debug, Args)]
pub(crate) struct LimitArg {
    /// Read at most this size of a recording file, unpacked, such as 2GB; absent means 128MB
    #[arg(long, value_name = "SIZE", value_parser = file_size)]
    pub(crate) max_size: Option<u64>,
}

fn file_size(text: &str) -> Result<u64, &'static str> {
    words::size(text).map_err(|why| match why {
        NoSize::NoUnit => "it has no unit, such as MB or GB",
        NoSize::NoSense => "it is no size, such as 500MB or 2GB",
    })
}

/// What to read.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// Recording file or store, recognised by content; absent means the default store
    #[arg(value_name = "SOURCE")]
    source: Option<PathBuf>,

    /// The same as SOURCE
    #[arg(long, value_name = "PATH", conflicts_with = "source")]
    store: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) limit: LimitArg,
}

impl SourceArgs {
    pub(crate) fn path(&self) -> Option<PathBuf> {
        self.source.clone().or_else(|| self.store.clone())
    }
}

#[derive(Debug, Args)]
pub(crate) struct One {
    #[command(flatten)]
    pub(crate) source: SourceArgs,

    /// Which exchange; absent means the only one
    #[arg(long, value_name = "I", allow_negative_numbers = true)]
    pub(crate) exchange: Option<i64>,
}

/// What counts as different.
#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    /// What counts as different: behaviour, state, text or wire, each with what the ones before it count
    #[arg(long, value_name = "LEVEL", default_value = "behaviour")]
    pub(crate) level: Level,

    /// Ignore values at this JSON Pointer, such as /args/seed or /state/*/at; repeat for several
    #[arg(long, value_name = "POINTER")]
    pub(crate) ignore: Vec<String>,

    /// Ignore what this regular expression matches in texts; repeat for several
    #[arg(long, value_name = "REGEX")]
    pub(crate) ignore_text: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    // Inputs, tools, steps, their order, outcomes, interrupts, final state.
    Behaviour,
    // The state after each state event.
    State,
    // The words.
    Text,
    // Every member of every event, and how deltas and chunks are cut.
    Wire,
}

/// What to write to.
#[derive(Debug, Args)]
pub(crate) struct StoreArg {
    /// The store; absent means the default store
    #[arg(long = "store", value_name = "PATH")]
    pub(crate) path: Option<PathBuf>,
}

/// What is written down of what is forwarded.
#[derive(Debug, Args)]
pub(crate) struct ChoiceArgs {
    /// Record only what is under this path, such as /api, or fits it, such as '*.js'; repeat for several. Everything is forwarded
    #[arg(long, value_name = "PATH", requires = "upstreams")]
    pub(crate) only: Vec<String>,

    /// Forward what is under this path without recording it; repeat for several
    #[arg(long, value_name = "PATH", requires = "upstreams")]
    pub(crate) skip: Vec<String>,
}

/// Under which names it may be asked.
#[derive(Debug, Args)]
pub(crate) struct HostArgs {
    /// Answer to this Host too, such as host.docker.internal; repeat for several. On loopback only names of this machine are answered
    #[arg(long = "allow-host", value_name = "NAME")]
    pub(crate) allowed: Vec<String>,
}

/// TLS with an upstream.
#[derive(Debug, Args)]
pub(crate) struct Tls {
    /// Trust the certificates of this PEM file, too, for https:// upstreams
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub(crate) cacert: Option<PathBuf>,

    /// Show this client certificate (PEM, with its chain)
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) cert: Option<PathBuf>,

    /// The key of --cert (PEM)
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,

    /// Do not verify the certificates of https:// upstreams; every exchange is marked so
    #[arg(long)]
    pub(crate) insecure: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_make_sense() {
        Cli::command().debug_assert();
    }
}
