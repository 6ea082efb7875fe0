//! Arguments, to the letter of the contract.

use std::{ffi::OsString, path::PathBuf};

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum, builder::NonEmptyStringValueParser};

use scrubjay_engine::Limits;

use crate::{
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
        let given = match &self.command {
            Command::List(args) => &args.source.limit,
            Command::Show(args) | Command::Events(args) | Command::Spans(args) => &args.source.limit,
            Command::State(args) => &args.one.source.limit,
            Command::Body(args) => &args.one.source.limit,
            Command::Export(args) => &args.source.limit,
            Command::Serve(args) => &args.source.limit,
            Command::Check(args) => &args.limit,
            Command::Diff(args) => &args.limit,
            Command::Import(args) => &args.limit,
            Command::Replay(args) => &args.limit,
            Command::Rerecord(args) => &args.limit,
            Command::Delete(_) | Command::Reindex(_) | Command::Record(_) => return Limits::default(),
        };
        given.max_size.map_or_else(Limits::default, Limits::of_len)
    }

    /// Why the arguments do not go together, if so.
    pub(crate) fn refusal(&self) -> Option<Failure> {
        if self.json && self.format.is_some_and(|format| format != Format::Json) {
            return Some(Failure::bad_argument(
                "--json and --format name two formats.",
                "Leave out one of them.",
            ));
        }
        self.refused_format().or_else(|| self.refused_store())
    }

    /// A format that the command does not have.
    fn refused_format(&self) -> Option<Failure> {
        let refusal = match (self.format(), &self.command) {
            (Format::Text | Format::Json, _)
            | (Format::Sarif | Format::Junit, Command::Check(_))
            | (Format::Markdown, Command::Diff(_) | Command::Rerecord(_)) => return None,
            (Format::Sarif | Format::Junit, _) => "Only check prints SARIF and JUnit.",
            (Format::Markdown, _) => "Only diff and rerecord print Markdown.",
        };
        let command = match self.command {
            Command::Check(_) => "check",
            Command::Diff(_) => "diff",
            Command::Rerecord(_) => "rerecord",
            _ => "",
        };
        let hint = format!("Use --format {}.", formats(command).join(" or "));
        Some(Failure::bad_argument(refusal, hint))
    }

    /// A second store that nothing would be read from or written to.
    fn refused_store(&self) -> Option<Failure> {
        match &self.command {
            Command::Replay(args) if args.source.is_some() && args.store.is_some() && args.fallback.is_none() => {
                Some(Failure::bad_argument(
                    "--store names where the fallback's answers go, and there is no --fallback.",
                    "Leave out --store, or SOURCE to serve the store.",
                ))
            }
            _ => None,
        }
    }
}

/// The formats that a command has.
pub(crate) fn formats(command: &str) -> &'static [&'static str] {
    match command {
        "check" => &["text", "json", "sarif", "junit"],
        "diff" | "rerecord" => &["text", "json", "markdown"],
        _ => &["text", "json"],
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Record what passes between a frontend and an agent
    Record(Record),
    /// List runs, or everything that was recorded
    List(List),
    /// Show the heads, chunks and ending of an exchange
    Show(One),
    /// Say what is wrong with recorded streams, or with an agent that is asked now
    #[command(after_help = "--format also takes sarif and junit. docs/rules.md explains every rule.")]
    Check(Check),
    /// Say where two recordings part, or whether a recording still does what baselines did
    #[command(
        after_help = "--format also takes markdown. Exit status 0: the same, 1: different, 2: could not compare."
    )]
    Diff(Diff),
    /// Print a line for every frame
    Events(One),
    /// Print messages and state as a client holds them at the end, or after a frame
    State(State),
    /// Print messages, tool calls, steps and whatever else was assembled
    Spans(One),
    /// Write the bytes of a body to standard output
    Body(Body),
    /// Write exchanges to a file
    Export(Export),
    /// Take the exchanges of files into the store
    Import(Import),
    /// Remove exchanges from the store for good
    Delete(Delete),
    /// Make everything that is derived from the captured bytes anew
    Reindex(Reindex),
    /// Show recordings in a browser
    Serve(Serve),
    /// Serve a recording as the agent
    #[command(
        after_help = "Every program and every page of this machine can read what is served, and any other machine if --listen names no loopback address. --control is the door of serve: it wants its token."
    )]
    Replay(Replay),
    /// Ask an agent now what baselines asked, and say what it does otherwise
    #[command(
        after_help = "--format also takes markdown. Exit status 0: the same, or all that differs was accepted, 1: different, 2: could not."
    )]
    Rerecord(Rerecord),
}

/// How much is read of a recording file.
#[derive(Debug, Args)]
pub(crate) struct LimitArg {
    /// Read at most so much of a recording file, unpacked, such as 2GB; absent means 128MB
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
    /// Recording file or store, told apart by content; absent means the default store
    #[arg(value_name = "SOURCE")]
    source: Option<PathBuf>,

    /// The same as SOURCE
    #[arg(long, value_name = "PATH", conflicts_with = "source")]
    store: Option<PathBuf>,

    #[command(flatten)]
    limit: LimitArg,
}

impl SourceArgs {
    pub(crate) fn path(&self) -> Option<PathBuf> {
        self.source.clone().or_else(|| self.store.clone())
    }
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) source: SourceArgs,

    /// Also requests that are no runs: preflights, /info, pages
    #[arg(long)]
    pub(crate) all: bool,

    /// Only this thread
    #[arg(long, value_name = "T")]
    pub(crate) thread: Option<String>,

    /// Only what came through the source of this name
    #[arg(long = "source", value_name = "N")]
    pub(crate) source_name: Option<String>,

    /// Only what began at or after a day, a time or an age, such as 2026-11-21 or 2h
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub(crate) since: Option<String>,

    /// Only what failed: no answer, a status from 400 on, a broken answer, a run that ended in an error or without an end
    #[arg(long)]
    pub(crate) failed: bool,

    /// At most so many, the newest
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) limit: Option<i64>,
}

#[derive(Debug, Args)]
pub(crate) struct One {
    #[command(flatten)]
    pub(crate) source: SourceArgs,

    /// Which exchange; absent means the only one
    #[arg(long, value_name = "I", allow_negative_numbers = true)]
    pub(crate) exchange: Option<i64>,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Recording files or stores; absent means the default store
    #[arg(value_name = "SOURCE")]
    sources: Vec<PathBuf>,

    /// The same as SOURCE
    #[arg(long, value_name = "PATH", conflicts_with = "sources")]
    store: Option<PathBuf>,

    /// Which exchange; repeat for several, absent means all runs
    #[arg(long = "exchange", value_name = "I", allow_negative_numbers = true)]
    pub(crate) exchanges: Vec<i64>,

    /// Also requests that are no runs; an /info that failed is checked without it
    #[arg(long, conflicts_with_all = ["exchanges", "url"])]
    pub(crate) all: bool,

    /// Exit with 1 from this severity on
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    pub(crate) fail_on: Bar,

    /// Do not count this rule; repeat for several
    #[arg(long, value_name = "RULE")]
    pub(crate) mute: Vec<String>,

    /// Do not count the rules of this file: a rule a line, and why
    #[arg(long, value_name = "FILE")]
    pub(crate) mutes: Option<PathBuf>,

    /// Ask this agent now instead of reading
    #[arg(long, value_name = "URL", requires = "input", conflicts_with_all = ["sources", "store", "exchanges"])]
    pub(crate) url: Option<String>,

    /// The RunAgentInput to post, as JSON
    #[arg(long, value_name = "FILE", requires = "url")]
    pub(crate) input: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) limit: LimitArg,

    #[command(flatten)]
    pub(crate) tls: Tls,
}

impl Check {
    /// What to read, one after the other.
    pub(crate) fn paths(&self) -> Vec<Option<PathBuf>> {
        match self.sources.as_slice() {
            [] => vec![self.store.clone()],
            sources => sources.iter().cloned().map(Some).collect(),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The one to compare with: a recording file or a store; with --baseline the new recording
    #[arg(value_name = "A")]
    pub(crate) a: PathBuf,

    /// The other one
    #[arg(value_name = "B", required_unless_present = "baseline")]
    pub(crate) b: Option<PathBuf>,

    /// More to compare with A: says where each first parts
    #[arg(value_name = "MORE", conflicts_with = "baseline")]
    pub(crate) more: Vec<PathBuf>,

    /// Which exchange of A; absent means all threads, paired with those of B
    #[arg(long = "a", value_name = "I", allow_negative_numbers = true)]
    pub(crate) exchange_a: Option<i64>,

    /// Which exchange of B
    #[arg(long = "b", value_name = "I", allow_negative_numbers = true)]
    pub(crate) exchange_b: Option<i64>,

    /// Compare exchanges that carry no run too
    #[arg(long, conflicts_with = "baseline")]
    pub(crate) all: bool,

    /// What counts as different: behaviour, state, text or wire, each with what the ones before it count
    #[arg(long, value_name = "LEVEL", default_value = "behaviour")]
    pub(crate) level: Level,

    /// Ignore values at this JSON Pointer, such as /args/seed or /state/*/at; repeat for several
    #[arg(long, value_name = "POINTER")]
    pub(crate) ignore: Vec<String>,

    /// Ignore what this regular expression matches in texts; repeat for several
    #[arg(long, value_name = "REGEX")]
    pub(crate) ignore_text: Vec<String>,

    /// Compare the threads of A with the recordings in this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["b", "exchange_a", "exchange_b"])]
    pub(crate) baseline: Option<PathBuf>,

    /// With --baseline: recordings older than this fail, such as 90d
    #[arg(long, value_name = "AGE", requires = "baseline")]
    pub(crate) max_age: Option<String>,

    #[command(flatten)]
    pub(crate) limit: LimitArg,
}

/// What counts as different.
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

/// The severity from which on a finding fails a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bar {
    // The official client, or another that the rule names, breaks.
    Error,
    // Likely wrong.
    Warning,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("moment").args(["at", "all"])))]
pub(crate) struct State {
    #[command(flatten)]
    pub(crate) one: One,

    /// As of this frame; 0 is the request's input, absent means the last
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) at: Option<i64>,

    /// As of every frame, from 0 on
    #[arg(long)]
    pub(crate) all: bool,

    /// Say which frame set each value of the state
    #[arg(long)]
    pub(crate) blame: bool,

    /// Say how the moment was reached
    #[arg(long)]
    pub(crate) explain: bool,

    /// Leave out what is larger in all, and print its size
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub(crate) max_state: String,
}

#[derive(Debug, Args)]
pub(crate) struct Body {
    #[command(flatten)]
    pub(crate) one: One,

    /// The request's body instead of the response's
    #[arg(long)]
    pub(crate) request: bool,

    /// Without its content encoding
    #[arg(long)]
    pub(crate) decoded: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) source: SourceArgs,

    /// Which exchange; repeat for several, absent means all
    #[arg(long = "exchange", value_name = "I", allow_negative_numbers = true)]
    pub(crate) exchanges: Vec<i64>,

    /// The file; its name ends in .agui.jsonl or .agui.jsonl.gz
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,

    /// What to replace before sharing
    #[arg(long, value_name = "none")]
    pub(crate) redact: Redact,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Redact {
    // Nothing: the file holds every captured byte.
    None,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Recording files
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) limit: LimitArg,

    #[command(flatten)]
    pub(crate) store: StoreArg,
}

/// What to write to.
#[derive(Debug, Args)]
pub(crate) struct StoreArg {
    /// The store; absent means the default store
    #[arg(long = "store", value_name = "PATH")]
    pub(crate) path: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which").required(true).args(["exchanges", "before"])))]
pub(crate) struct Delete {
    /// Which exchange; repeat for several
    #[arg(long = "exchange", value_name = "I", allow_negative_numbers = true)]
    pub(crate) exchanges: Vec<i64>,

    /// All that began before: 2026-11-21, 2026-11-21T10:00:00Z, or an age such as 7d, 12h, 30m
    #[arg(long, value_name = "TIME")]
    pub(crate) before: Option<String>,

    #[command(flatten)]
    pub(crate) store: StoreArg,
}

#[derive(Debug, Args)]
pub(crate) struct Reindex {
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

#[derive(Debug, Args)]
pub(crate) struct Record {
    /// Where to forward, a URL or host:port; repeat for several sources
    #[arg(long = "upstream", value_name = "[NAME=]URL", required = true)]
    pub(crate) upstreams: Vec<String>,

    /// Where to listen, in the order of --upstream; absent means the next free port from 5290, port 0 picks one
    #[arg(long = "listen", value_name = "ADDR")]
    pub(crate) listens: Vec<String>,

    /// Name of the source, when there is one --upstream
    #[arg(long, value_name = "N")]
    pub(crate) name: Option<String>,

    /// Label every exchange; repeat for several
    #[arg(long = "label", value_name = "K=V")]
    pub(crate) labels: Vec<String>,

    /// Store the values of secret headers and parameters as they are
    #[arg(long)]
    pub(crate) keep_secrets: bool,

    /// Forward the Host header as the client sent it
    #[arg(long)]
    pub(crate) keep_host: bool,

    /// Read the upstream to its end when the client leaves
    #[arg(long)]
    pub(crate) drain: bool,

    /// Above this size, such as 500MB or 2GB, let the oldest unpinned exchanges of this recording go
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_store: Option<String>,

    /// With --max-store: let those go, too, that were there before
    #[arg(long, requires = "max_store")]
    pub(crate) prune_existing: bool,

    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,

    #[command(flatten)]
    pub(crate) hosts: HostArgs,

    #[command(flatten)]
    pub(crate) tls: Tls,

    #[command(flatten)]
    pub(crate) store: StoreArg,

    // No doc comment, because rustdoc would take the angle brackets for HTML.
    #[arg(
        last = true,
        value_name = "COMMAND",
        help = "Record while this command runs; it gets SCRUBJAY_URL and SCRUBJAY_URL_<NAME>"
    )]
    pub(crate) command: Vec<OsString>,
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

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) source: SourceArgs,

    /// Record from this upstream meanwhile; repeat for several sources
    #[arg(long = "upstream", value_name = "[NAME=]URL")]
    pub(crate) upstreams: Vec<String>,

    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,

    /// Let the sources answer to this Host too, such as host.docker.internal; repeat for several
    #[arg(long = "allow-host", value_name = "NAME", requires = "upstreams")]
    pub(crate) allow_hosts: Vec<String>,

    /// Where to serve the page
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5292")]
    pub(crate) listen: String,

    #[command(flatten)]
    pub(crate) tls: Tls,
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

    /// Do not verify the certificates of https:// upstreams; every exchange says so
    #[arg(long)]
    pub(crate) insecure: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Recording file or store, told apart by content; absent means the default store
    #[arg(value_name = "SOURCE")]
    pub(crate) source: Option<PathBuf>,

    /// Which exchange; repeat for several, absent means all
    #[arg(long = "exchange", value_name = "I", allow_negative_numbers = true)]
    pub(crate) exchanges: Vec<i64>,

    /// Serve what came through this source; repeat for several, absent means each at an address of its own
    #[arg(long = "source", value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) sources: Vec<String>,

    /// Where to listen, port 0 picks a free port; repeat for several sources, which else take the next free ports
    #[arg(long = "listen", value_name = "ADDR", default_value = "127.0.0.1:5291")]
    pub(crate) listen: Vec<String>,

    /// How fast: recorded, 2x, instant, fixed:MS, or step
    #[arg(long, value_name = "PACE", default_value = "recorded", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) pace: String,

    /// Send every byte as recorded, without putting in the ids of the request
    #[arg(long)]
    pub(crate) exact: bool,

    /// Answer each run once, contact no upstream, and end with 1 when some were not asked for or a fault never struck
    #[arg(long)]
    pub(crate) strict: bool,

    /// What must be as recorded: documented (the conversation), or exact (state, tools, context, forwarded properties too)
    #[arg(long = "match", value_name = "HOW", default_value = "documented", value_parser = ["documented", "exact"])]
    pub(crate) matching: String,

    /// What answers where nothing recorded does: not-found (404), run-error (a RUN_ERROR in a stream), or wait (for a choice by hand)
    #[arg(long = "miss", value_name = "HOW", default_value = "not-found", value_parser = ["not-found", "run-error", "wait"])]
    pub(crate) on_miss: String,

    /// Break something on purpose, such as cut:event=12,how=reset; repeat for several
    #[arg(long = "fault", value_name = "SPEC")]
    pub(crate) faults: Vec<String>,

    /// Take faults and seed from this file
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Option<PathBuf>,

    /// What random faults depend on
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Stop streams at events such as #12, STATE_*, or tool:NAME, and wait for Enter
    #[arg(long, value_name = "FILTER")]
    pub(crate) hold: Option<String>,

    /// Move events' timestamps by the time since the recording
    #[arg(long, conflicts_with = "exact")]
    pub(crate) shift_timestamps: bool,

    /// Ask this agent what nothing recorded answers, and record it
    #[arg(long, value_name = "URL", conflicts_with = "strict")]
    pub(crate) fallback: Option<String>,

    /// The store that the fallback's answers are recorded into; without SOURCE, the store to serve
    #[arg(long, value_name = "PATH")]
    pub(crate) store: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) hosts: HostArgs,

    #[command(flatten)]
    pub(crate) limit: LimitArg,

    #[command(flatten)]
    pub(crate) tls: Tls,

    /// Let pages of this origin (scheme, host and port) read the answers; repeat for several. Pages of this machine (localhost, loopback addresses) always may
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    pub(crate) allow_origins: Vec<String>,

    /// Let tests and pages steer this replay from here
    #[arg(long, value_name = "ADDR")]
    pub(crate) control: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Rerecord {
    /// What was recorded before: a folder of recording files, one file, or a store
    #[arg(value_name = "BASELINES")]
    pub(crate) baselines: PathBuf,

    /// The agent: its endpoint, or its origin to ask at the recorded paths
    #[arg(long, value_name = "URL")]
    pub(crate) url: String,

    /// Give up a run after this time, such as 90s or 5m
    #[arg(long, value_name = "TIME", default_value = "60s")]
    pub(crate) deadline: String,

    /// Send this header field, in the place of a recorded one; without a value: leave it out; repeat for several
    #[arg(long = "header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,

    /// Replace the files that differ by what the agent answered now
    #[arg(long)]
    pub(crate) accept: bool,

    /// Write what the agent answered into this folder, under the names of the baselines
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,

    /// What counts as different: behaviour, state, text or wire, each with what the ones before it count
    #[arg(long, value_name = "LEVEL", default_value = "behaviour")]
    pub(crate) level: Level,

    /// Ignore values at this JSON Pointer, such as /args/seed or /state/*/at; repeat for several
    #[arg(long, value_name = "POINTER")]
    pub(crate) ignore: Vec<String>,

    /// Ignore what this regular expression matches in texts; repeat for several
    #[arg(long, value_name = "REGEX")]
    pub(crate) ignore_text: Vec<String>,

    #[command(flatten)]
    pub(crate) limit: LimitArg,

    #[command(flatten)]
    pub(crate) tls: Tls,
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
