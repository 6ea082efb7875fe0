//! The command line.
//!
//! Arguments, tables and exit statuses; everything else is the engine's. What
//! is printed here is scripted against, so it follows the contract to the
//! letter: the keys of `--json` and their order, and the exit status (0 fine,
//! 1 the answer is no, 2 could not do it, with a sentence and a hint).
//!
//! # Map
//!
//! - `args`: the arguments; `plan`: sources as arguments name them.
//! - `command`: a file a command. `library`: what is read, and which exchange.
//! - `failure`: reports and exit statuses; `out`: standard output; `lines`: output that nothing waits for.
//! - `contract`: what is printed as JSON, as types; `json`: how it is written.
//! - `table`, `pretty`, `words`, `safe`: how things are written down.
//! - `log`: what is printed while recording; `incidents`: what happens to the recording itself.
//! - `signals`: being asked to stop, and coming to an end.

mod args;
mod command;
mod contract;
mod failure;
mod incidents;
mod json;
mod library;
mod lines;
mod log;
mod out;
mod pretty;
mod safe;
mod signals;
mod source_args;
mod table;
mod words;

use std::process::ExitCode;

use clap::{
    CommandFactory as _, Parser as _,
    error::{ContextKind, ContextValue, ErrorKind},
};

use scrubjay_protocol::text::sentence;

use crate::{
    args::{Cli, Format},
    failure::Failure,
    lines::Lines,
    out::Out,
};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let format = cli.format();
    if let Some(refusal) = cli.refusal() {
        return refusal.print(format);
    }
    let mut out = Out::new(format);
    let done = cli.command.args().execute(&mut out);
    // What was answered stands before what is said about it.
    let flushed = out.finish();
    drop(out);
    let status = match done.and(flushed) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.print(format),
    };
    if let Some(lines) = Lines::stderr() {
        lines.finish();
    }
    status
}

/// Help and version are answers; arguments that make no sense are a failure
/// like any other, in the same words.
fn refuse(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // A closed standard output is no failure of help.
        error.print().ok();
        return ExitCode::SUCCESS;
    }
    let args: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|arg| arg.to_string_lossy().into_owned())
        .collect();
    let wants_json = args.windows(2).any(|pair| pair == ["--format", "json"])
        || args.iter().any(|arg| arg == "--json" || arg == "--format=json");
    let format = if wants_json { Format::Json } else { Format::Text };
    complaint(error, &args).print(format)
}

/// Of the error of clap: the sentence, and its tip where it has one.
fn complaint(error: &clap::Error, args: &[String]) -> Failure {
    let known = Cli::command();
    let named = args.iter().find(|arg| known.find_subcommand(arg).is_some());
    let help = match named {
        Some(command) => format!("See scrubjay {command} --help."),
        None => "See scrubjay --help.".to_owned(),
    };
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Failure::bad_argument("No command was given.", help);
    }
    let text = error.to_string();
    let mut parts = text
        .trim()
        .split("\n\n")
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let message = parts.next().unwrap_or_default();
    // What only some commands print is hidden from the help of all.
    let message = match message.contains("'--format <FORMAT>'") {
        true => message.replace(
            "[possible values: text, json]",
            &format!(
                "[possible values: {}]",
                Format::names_of(named.map_or("", String::as_str)).join(", ")
            ),
        ),
        false => message,
    };
    let tip = parts.find_map(|part| part.strip_prefix("tip: ").map(sentence));
    if let Some(upstream) = forgotten_upstream(error, named) {
        return Failure::bad_argument(
            format!("{upstream:?} is an argument without its flag."),
            format!("Use scrubjay record --upstream {upstream}."),
        );
    }
    let hint = tip.map_or_else(|| help.clone(), |tip| format!("{tip} {help}"));
    Failure::bad_argument(sentence(message.strip_prefix("error: ").unwrap_or(&message)), hint)
}

/// What was given to `record` without the flag before it.
fn forgotten_upstream(error: &clap::Error, command: Option<&String>) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(alone)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let is_record = command.is_some_and(|command| command == "record");
    (is_record && !alone.starts_with('-')).then(|| alone.clone())
}
