//! `scrubjay export`: exchanges as a file.
//!
//! The file is written under another name beside the one that was asked for
//! and takes its place only when it is whole, so a file that was there before
//! is never half gone. Only its owner may read it: it holds what was said.

use clap::ValueEnum;
use std::{
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use scrubjay_engine::{ExportFormat, create_private_file};
use scrubjay_ipc::Code;

use crate::{
    args::SourceArgs, command::Execute, contract::files::ExportLine, failure::Failure, failure::note, json, out::Out,
    safe::safe, words,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) source: SourceArgs,

    /// Index of an exchange (see scrubjay list); repeat for several, absent means all
    #[arg(long = "exchange", value_name = "I", allow_negative_numbers = true)]
    pub(crate) exchanges: Vec<i64>,

    /// The file to write; the end of its name gives the format: .agui.jsonl, .agui.jsonl.gz, .har, .sse, .jsonl, .json, .md
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,

    /// The format, whatever the name: recording, recording-gz, har, sse, jsonl, json, md, aimock or curl
    #[arg(long = "as", value_name = "FORMAT", value_parser = format_of_word)]
    pub(crate) written_as: Option<ExportFormat>,

    /// What to replace before sharing; none writes every captured byte
    #[arg(long, value_name = "none")]
    pub(crate) redact: Redact,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Redact {
    // Nothing: the file holds every captured byte.
    None,
}

impl Execute for Args {
    fn execute(&self, out: &mut Out) -> Result<(), Failure> {
        let Redact::None = self.redact;
        let name = self.output.file_name().unwrap_or_default().to_string_lossy();
        let format = self
            .written_as
            .or_else(|| ExportFormat::of_name(&name))
            .ok_or_else(|| {
                Failure::bad_argument(
                    format!("The name {name:?} has no known ending."),
                    format!("Use a name that ends in {}.", ExportFormat::endings()),
                )
            })?;
        let library = self.source.open(out)?;
        let indexes = library.some_or_all(&self.exchanges)?;
        let replaces = self.output.exists();
        let draft = Draft::beside(&self.output)?;
        draft.fill(|file| Ok(library.engine().export(&indexes, format, file)?))?;
        draft.keep()?;
        let shown = self.output.display().to_string();
        out.text(&if out.is_json() {
            json::line(&ExportLine {
                file: &shown,
                exchanges: indexes.len(),
            })
        } else {
            format!(
                "wrote {} to {}{}\n",
                words::count(indexes.len() as u64, "exchange"),
                safe(&shown),
                if replaces {
                    ", in place of the file that was there"
                } else {
                    ""
                }
            )
        })?;
        out.flush()?;
        if let Some(sentence) = format.loses() {
            note(sentence, out.format);
        }
        library.finish()
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
