//! Arguments, to the letter of the contract.

use std::path::PathBuf;

use clap::{
    Args, Parser, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};

use scrubjay_engine::{AnyShelf, Limits};
use scrubjay_session::{diff::Level, query::Reader};

use crate::{
    command::Command,
    failure::Failure,
    library::Library,
    out::Out,
    words::{self, NoSize},
};

/// Records AG-UI event streams between a frontend and an agent, and shows messages and state after any event.
#[derive(Debug, Parser)]
#[command(name = "scrubjay", version, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// Print JSON Lines; the same as --format json
    #[arg(long, global = true, display_order = 100)]
    json: bool,

    /// Format of the output
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
    /// Read at most this much of a recording file, counted unpacked, such as 2GB; absent means 128MB
    #[arg(long, value_name = "SIZE", value_parser = file_size)]
    max_size: Option<u64>,
}

impl LimitArg {
    pub(crate) fn limits(&self) -> Limits {
        self.max_size.map_or_else(Limits::default, Limits::of_len)
    }
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
    /// A recording file or a store; absent means the default store
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

    pub(crate) fn open(&self, out: &Out) -> Result<Library, Failure> {
        Library::open(self.path(), self.limit.limits(), out.format)
    }
}

#[derive(Debug, Args)]
pub(crate) struct One {
    #[command(flatten)]
    pub(crate) source: SourceArgs,

    /// Index of the exchange (see scrubjay list); not needed where there is only one
    #[arg(long, value_name = "I", allow_negative_numbers = true)]
    pub(crate) exchange: Option<i64>,
}

impl One {
    /// The library, the exchange's index, and its reader.
    pub(crate) fn open(&self, out: &Out) -> Result<(Library, i64, Reader<AnyShelf>), Failure> {
        let library = self.source.open(out)?;
        let index = library.one(self.exchange)?;
        let reader = library.reader(index)?;
        Ok((library, index, reader))
    }
}

/// What counts as different.
#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    /// What counts as different; each level includes the ones before it
    #[arg(long, value_name = "LEVEL", default_value = "behaviour", value_parser = level())]
    pub(crate) level: Level,

    /// Ignore values at this JSON Pointer, such as /args/seed or /state/*/at; repeat for several
    #[arg(long, value_name = "POINTER")]
    pub(crate) ignore: Vec<String>,

    /// Ignore text that this regular expression matches; repeat for several
    #[arg(long, value_name = "REGEX")]
    pub(crate) ignore_text: Vec<String>,
}

fn level() -> impl TypedValueParser<Value = Level> {
    let levels = [Level::Behaviour, Level::State, Level::Text, Level::Wire];
    PossibleValuesParser::new(levels.map(Level::as_str)).map(move |name| {
        levels
            .into_iter()
            .find(|level| level.as_str() == name)
            .unwrap_or_default()
    })
}

/// What to write to.
#[derive(Debug, Args)]
pub(crate) struct StoreArg {
    /// The store to use; absent means the default store
    #[arg(long = "store", value_name = "PATH")]
    pub(crate) path: Option<PathBuf>,
}

impl StoreArg {
    pub(crate) fn open(&self, out: &Out) -> Result<Library, Failure> {
        Library::open(self.path.clone(), Limits::default(), out.format)
    }
}

/// What is written down of what is forwarded.
#[derive(Debug, Args)]
pub(crate) struct ChoiceArgs {
    /// Record only requests under this path, such as /api, or that match it, such as '*.js'; repeat for several. All requests are forwarded
    #[arg(long, value_name = "PATH", requires = "upstreams")]
    pub(crate) only: Vec<String>,

    /// Forward requests under this path without recording them; repeat for several
    #[arg(long, value_name = "PATH", requires = "upstreams")]
    pub(crate) skip: Vec<String>,
}

/// Under which names it may be asked.
#[derive(Debug, Args)]
pub(crate) struct HostArgs {
    /// Also answer requests whose Host is this name, such as host.docker.internal; repeat for several. On a loopback address, only names of this machine are answered without it
    #[arg(long = "allow-host", value_name = "NAME")]
    pub(crate) allowed: Vec<String>,
}

/// TLS with an upstream.
#[derive(Debug, Args)]
pub(crate) struct Tls {
    /// Also trust the certificates of this PEM file, for https:// upstreams
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub(crate) cacert: Option<PathBuf>,

    /// Present this client certificate (PEM, with its chain)
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) cert: Option<PathBuf>,

    /// The private key of --cert (PEM)
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,

    /// Do not verify the certificates of https:// upstreams; every exchange is marked as unverified
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
