//! Failures as a person reads them, and the exit status that goes with them.

use std::{io, io::Write as _, net::SocketAddr, process::ExitCode};

use scrubjay_engine::{EngineError, clock};
use scrubjay_ipc::{Code, Report};

use crate::{
    args::Format,
    contract::NoteLine,
    json,
    lines::Lines,
    safe::{safe, safe_lines},
};

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It could not; exit status 2.
    Report(Report),
    /// The reader of standard output has gone: there is nothing to print.
    ReaderGone,
    /// The command that was run ended with this status.
    Status(u8),
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Report(Report::new(code, message, hint))
    }

    /// An argument that makes no sense.
    pub(crate) fn bad_argument(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Code::BadRequest, message, hint)
    }

    /// Prints it on standard error and gives the exit status.
    pub(crate) fn print(self, format: Format) -> ExitCode {
        match self {
            Self::ReaderGone => ExitCode::SUCCESS,
            Self::Status(status) => ExitCode::from(status),
            Self::Report(report) => {
                print_report(&report, format);
                ExitCode::from(2)
            }
        }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self::Report(error.report())
    }
}

/// Standard output refused.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::ReaderGone;
        }
        Self::new(
            Code::Internal,
            format!("Cannot write the answer: {error}."),
            "Check that there is room where standard output goes.",
        )
    }
}

/// A report on standard error: two lines for people, one line of JSON for programs.
pub(crate) fn print_report(report: &Report, format: Format) {
    let text = match format {
        Format::Json => json::line(report),
        _ if report.hint.is_empty() => format!("error: {}\n", safe(&report.message)),
        _ => format!("error: {}\nhint: {}\n", safe(&report.message), safe(&report.hint)),
    };
    to_stderr(&text);
}

/// Something worth knowing that stops nothing.
pub(crate) fn note(sentence: &str, format: Format) {
    to_stderr(&match format {
        Format::Json => json::line(&NoteLine { note: sentence }),
        _ => format!("note: {}\n", safe(sentence)),
    });
}

/// Notes that times of day differ from the clock of the machine.
pub(crate) fn note_clock(format: Format) {
    if clock::is_off() {
        note(
            "The clock of this machine stands before 1970 or after 9999; times of day are recorded as the nearest end of that. \
             Durations are right.",
            format,
        );
    }
}

/// Notes that an address can be reached from elsewhere, and what that gives away.
pub(crate) fn note_exposure(listen: SocketAddr, given_away: &str, format: Format) {
    if !listen.ip().is_loopback() {
        let sentence =
            format!("{listen} can be reached from other machines: {given_away}, and the connection is not encrypted.");
        note(&sentence, format);
    }
}

pub(crate) fn to_stderr(text: &str) {
    // What JSON has of it is escaped already.
    let text = safe_lines(text);
    if let Some(lines) = Lines::stderr() {
        return lines.put(text.as_bytes());
    }
    // Where standard error is closed there is no other place for it.
    io::stderr().lock().write_all(text.as_bytes()).ok();
}
