//! `scrubjay export`: exchanges as a file.
//!
//! The file is written under another name beside the one that was asked for
//! and takes its place only when it is whole, so a file that was there before
//! is never half gone. Only its owner may read it: it holds what was said.

mod preview;
mod redaction;
mod report;

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use scrubjay_engine::{ExportFormat, RedactionManifest, Scope, create_private_file};
use scrubjay_ipc::Code;

use self::redaction::{Redact, RedactionArgs};
use crate::{
    args::SourceArgs,
    command::Execute,
    contract::files::ExportLine,
    failure::{Failure, note},
    json,
    library::Library,
    out::Out,
    safe::safe,
    words,
};

/// What most trackers of issues take.
const LARGE_LEN: u64 = 25_000_000;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) source: SourceArgs,

    /// Index of an exchange (see scrubjay list); repeat for several, absent means all
    #[arg(
        long = "exchange",
        value_name = "I",
        allow_negative_numbers = true,
        conflicts_with = "thread"
    )]
    pub(crate) exchanges: Vec<i64>,

    /// Only the exchanges of this thread
    #[arg(long, value_name = "ID")]
    pub(crate) thread: Option<String>,

    /// Only the frames from A to B of one exchange; what is around them is left out
    #[arg(long, value_name = "A..B", value_parser = range, conflicts_with = "thread")]
    pub(crate) range: Option<(u32, u32)>,

    /// The file to write; the end of its name gives the format: .agui.jsonl, .agui.jsonl.gz, .html (a report), .har,
    /// .sse, .jsonl, .json, .md
    #[arg(short, long, value_name = "FILE", required_unless_present = "preview")]
    pub(crate) output: Option<PathBuf>,

    /// The format, whatever the name: recording, recording-gz, har, sse, jsonl, json, md, aimock or curl
    #[arg(long = "as", value_name = "FORMAT", value_parser = format_of_word)]
    pub(crate) written_as: Option<ExportFormat>,

    #[command(flatten)]
    pub(crate) redaction: RedactionArgs,

    #[command(flatten)]
    pub(crate) report: report::ReportArgs,
}

impl Execute for Args {
    fn execute(&self, out: &mut Out) -> Result<(), Failure> {
        let format = self.format()?;
        let plan = self.redaction.plan()?;
        let library = self.source.open(out)?;
        let scope = self.scope(&library)?;
        let exchanges = scope.exchanges.len();
        let outgoing = library.engine().outgoing(&scope, plan)?;
        match (outgoing.report(), self.output.as_deref().zip(format)) {
            (Some(report), None) => preview::show(&outgoing, report, exchanges, out)?,
            (Some(report), Some(_)) if self.redaction.preview => preview::show(&outgoing, report, exchanges, out)?,
            (report, Some((path, format))) => {
                redaction::refuse_name(report, path)?;
                let draft = Draft::beside(path)?;
                match report::is_asked(self.written_as, path) {
                    true => {
                        let beside = self.report.beside(self.redaction.plan()?, &self.source)?;
                        let held = report::held(&outgoing, path, beside.as_ref())?;
                        let more = beside.as_ref().map_or(0, |beside| beside.exchanges);
                        let beginning = self.report.beginning(&scope.exchanges, more)?;
                        draft.fill(|file| report::write(&held, &beginning, file))?;
                    }
                    false => draft.fill(|file| Ok(outgoing.export(format, file)?))?,
                }
                redaction::refuse_left(&outgoing.rescan(&draft.path)?)?;
                keep(draft, exchanges, report.map(|report| &report.manifest), out)?;
                out.flush()?;
                if let Some(sentence) = format.loses() {
                    note(sentence, out.format);
                }
            }
            (None, None) => {}
        }
        out.flush()?;
        library.finish()
    }

    fn refusal(&self) -> Option<Failure> {
        (self.redaction.redact == Redact::None && (self.redaction.preview || self.redaction.rules.is_some())).then(
            || {
                Failure::bad_argument(
                    "With --redact none nothing is replaced, so there is nothing to preview and no rule to follow.",
                    "Leave out --redact none, or --preview and --rules.",
                )
            },
        )
    }
}

impl Args {
    /// The format that was named, or that the name of the file asks for; none for a preview.
    fn format(&self) -> Result<Option<ExportFormat>, Failure> {
        let Some(path) = &self.output else { return Ok(None) };
        if report::is_asked(self.written_as, path) {
            return Ok(Some(ExportFormat::Recording));
        }
        self.report.refuse_elsewhere()?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let format = self.written_as.or_else(|| ExportFormat::of_name(&name));
        format.map(Some).ok_or_else(|| {
            Failure::bad_argument(
                format!("The name {name:?} has no known ending."),
                format!(
                    "Use a name that ends in {}, or in .html for a report.",
                    ExportFormat::endings()
                ),
            )
        })
    }

    /// Which exchanges leave.
    fn scope(&self, library: &Library) -> Result<Scope, Failure> {
        let (exchanges, name) = match (&self.thread, self.exchanges.as_slice(), self.range) {
            (Some(thread), _, _) => (library.engine().thread(thread)?, "thread".to_owned()),
            (None, [], None) => (library.some_or_all(&[])?, "everything".to_owned()),
            (None, [], Some((first, last))) => (vec![library.one(None)?], format!("range {first}..{last}")),
            (None, [one], Some((first, last))) => (vec![library.one(Some(*one))?], format!("range {first}..{last}")),
            (None, named @ [_], None) => (library.some_or_all(named)?, "exchange".to_owned()),
            (None, named, None) => (library.some_or_all(named)?, "exchanges".to_owned()),
            (None, _, Some(_)) => {
                return Err(Failure::bad_argument(
                    "A --range is of one exchange.",
                    "Name one with --exchange.",
                ));
            }
        };
        Ok(Scope {
            exchanges,
            range: self.range,
            name,
        })
    }
}

/// Gives the file its name, and says so.
fn keep(draft: Draft, exchanges: usize, manifest: Option<&RedactionManifest>, out: &mut Out) -> Result<(), Failure> {
    let replaces = draft.target.exists();
    let len = fs::metadata(&draft.path).map_or(0, |facts| facts.len());
    let shown = draft.target.display().to_string();
    draft.keep()?;
    out.text(&if out.is_json() {
        json::line(&ExportLine {
            file: &shown,
            exchanges,
            bytes: len,
            redaction: manifest,
        })
    } else {
        format!(
            "wrote {} to {}{}{}\n",
            words::count(exchanges as u64, "exchange"),
            safe(&shown),
            if replaces {
                ", in place of the file that was there"
            } else {
                ""
            },
            manifest.map(redaction::summary).unwrap_or_default(),
        )
    })?;
    if len > LARGE_LEN {
        let len = words::bytes(len);
        note(
            &format!(
                "The file has {len}, and many trackers of issues take 25 MB; --exchange, --thread, --range or a name that \
                 ends in .gz makes it smaller."
            ),
            out.format,
        );
    }
    Ok(())
}

/// `A..B`, both frames included.
fn range(text: &str) -> Result<(u32, u32), String> {
    let (first, last) = text.split_once("..").ok_or("it is not written as A..B")?;
    let number = |text: &str| {
        text.trim()
            .parse::<u32>()
            .map_err(|_not_one| format!("{text:?} is no number"))
    };
    match (number(first)?, number(last)?) {
        (0, _) => Err("frames count from 1".to_owned()),
        (first, last) if first > last => Err("it ends before it begins".to_owned()),
        range => Ok(range),
    }
}

fn format_of_word(word: &str) -> Result<ExportFormat, String> {
    ExportFormat::of_word(word).ok_or_else(|| {
        let words = ExportFormat::ALL.map(ExportFormat::word);
        format!("the formats are {}", words.join(", "))
    })
}

/// A file that is not there yet under its own name.
pub(in crate::command) struct Draft {
    path: PathBuf,
    target: PathBuf,
    kept: bool,
}

impl Draft {
    pub(in crate::command) fn beside(target: &Path) -> Result<Self, Failure> {
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let draft = Self {
            path: target.with_file_name(name),
            target: target.to_owned(),
            kept: false,
        };
        // One of a program that died under the same number. If it cannot be removed, creating the file fails.
        fs::remove_file(&draft.path).ok();
        create_private_file(&draft.path).map_err(|error| draft.refused(&error))?;
        Ok(draft)
    }

    pub(in crate::command) fn fill(
        &self,
        write: impl FnOnce(&mut BufWriter<File>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let open = File::options().write(true).truncate(true).open(&self.path);
        let file = open.map_err(|error| self.refused(&error))?;
        let mut file = BufWriter::with_capacity(1 << 18, file);
        write(&mut file)?;
        file.flush().map_err(|error| self.refused(&error))
    }

    pub(in crate::command) fn keep(mut self) -> Result<(), Failure> {
        fs::rename(&self.path, &self.target).map_err(|error| self.refused(&error))?;
        self.kept = true;
        Ok(())
    }

    /// Takes the permissions of the file that it is to replace.
    pub(in crate::command) fn permit_as(&self, file: &Path) -> Result<(), Failure> {
        let permissions = fs::metadata(file).map(|facts| facts.permissions());
        let permitted = permissions.and_then(|permissions| fs::set_permissions(&self.path, permissions));
        permitted.map_err(|error| self.refused(&error))
    }

    fn refused(&self, error: &io::Error) -> Failure {
        Failure::new(
            Code::BadFile,
            format!("Cannot write {}: {error}.", self.target.display()),
            "Check that the folder exists, that you may write there, and that there is room.",
        )
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept {
            // The command has failed already, and reports that.
            fs::remove_file(&self.path).ok();
        }
    }
}
