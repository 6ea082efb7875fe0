//! What can go wrong, with a stable code, a sentence and a hint for each.

use std::{error::Error, io, path::PathBuf};

use scrubjay_ipc::{Code, Report};
use scrubjay_protocol::text::sentence;
use scrubjay_proxy::{BadHost, BindError, ServeError, TlsFileError, UpstreamError};
use scrubjay_session::query::Failed;
use scrubjay_store::{StoreError, Unfit};

/// A failure of the engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("there is nothing at {path}")]
    NothingThere { path: PathBuf },
    #[error("cannot read {path}")]
    ReadFile { path: PathBuf, source: io::Error },
    /// A file is neither a recording nor a store.
    #[error("{name} cannot be read as a recording")]
    BadFile {
        name: String,
        source: Box<dyn Error + Send + Sync>,
    },
    /// A file holds more than is read of one.
    #[error("{name} was read up to line {line}: {reason}")]
    TooLarge {
        name: String,
        /// Where reading it stopped.
        line: u64,
        /// Which limit was met, as the end of a sentence.
        reason: String,
    },
    /// A store where a recording file was asked for.
    #[error("{name} is a store, and import takes recording files")]
    StoreGiven { name: String },
    /// A format that holds nothing of what was to be written.
    #[error("none of the exchanges has something that the format {format} holds")]
    NothingToWrite { format: &'static str },
    #[error("cannot write the export")]
    Export { source: Box<dyn Error + Send + Sync> },
    /// A recording file is open, and nothing can be changed in it.
    #[error("{path} is open for reading only")]
    ReadOnly { path: PathBuf },
    #[error("there is no thread {thread}")]
    NoSuchThread { thread: String },
    #[error("there is no exchange {index}")]
    NoSuchExchange { index: i64 },
    /// A question about one exchange could not be answered.
    #[error("cannot answer: {}", report.message)]
    Answer { report: Report },
    /// What was asked for is not in the exchange.
    #[error("{what}")]
    NotInExchange { what: String },
    /// What was derived from an exchange is damaged.
    #[error("what was derived from the exchange is damaged")]
    DamagedPage { source: Box<dyn Error + Send + Sync> },
    #[error("a newer question made this one pointless")]
    Superseded,
    #[error("{name:?} cannot name a source")]
    BadName { name: String },
    #[error("there already is a source named {name}")]
    NameTaken { name: String },
    #[error("there is no source named {name}")]
    NoSuchSource { name: String },
    #[error("another process runs the source {name}")]
    RunsElsewhere { name: String },
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    #[error(transparent)]
    BadHost(#[from] BadHost),
    #[error(transparent)]
    TlsFile(#[from] TlsFileError),
    /// What is to be recorded, or left out, is no path.
    #[error("{path:?} is no path")]
    BadPath { path: String },
    #[error("{address:?} is no address to listen on")]
    BadListen { address: String },
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error("there is no replay {replay}")]
    NoSuchReplay { replay: u64 },
    /// A client's stream is over, or never was.
    #[error("there is no stream {client} to steer")]
    NoSuchStream { client: u64 },
    /// A request that was missed is not known any more, or there is no such exchange.
    #[error("there is no missed request {request} to answer with that")]
    NoSuchMiss { request: u64 },
    /// Nothing was recorded through a source of this name.
    #[error("nothing in {path} came through a source called {name:?}")]
    NothingOfSource {
        path: PathBuf,
        name: String,
        /// The sources that there are.
        known: Vec<String>,
    },
    /// An event of a binary stream, or several in one.
    #[error("another text cannot take the place of this event")]
    NotEditable,
    /// An option of a replay makes no sense.
    #[error("{message}")]
    BadReplayOption { message: String, hint: String },
    /// No exchange has ended.
    #[error("there is nothing to replay in {path}")]
    NothingToReplay { path: PathBuf },
    /// Misses cannot be recorded into a file.
    #[error("what the fallback answers cannot be recorded into {path}")]
    MissesNeedStore { path: PathBuf },
    /// Both `strict` and a fallback.
    #[error("a strict replay contacts no upstream, so it has no fallback")]
    StrictWithFallback,
    /// What cannot be changed while a replay runs.
    #[error("a replay that runs stays as strict as it was, matches as it did, and keeps its fallback")]
    SettledAtStart,
    /// A recorded body cannot be read.
    #[error(transparent)]
    Unread(#[from] scrubjay_replay::Unread),
    #[error("cannot start the threads that capture")]
    Threads { source: io::Error },
    /// It panicked.
    #[error("a thread ended before its work was done")]
    ThreadEnded,
}

impl EngineError {
    /// The stable name to branch on.
    pub fn code(&self) -> Code {
        match self {
            Self::Store(error) => store_code(error),
            Self::NothingThere { .. }
            | Self::NoSuchExchange { .. }
            | Self::NoSuchThread { .. }
            | Self::NoSuchSource { .. }
            | Self::NoSuchReplay { .. }
            | Self::NoSuchMiss { .. }
            | Self::NothingOfSource { .. }
            | Self::NoSuchStream { .. }
            | Self::NotInExchange { .. } => Code::NotFound,
            Self::DamagedPage { .. } | Self::Unread(_) => Code::Store,
            Self::ReadFile { .. } | Self::BadFile { .. } | Self::TooLarge { .. } | Self::TlsFile(_) => Code::BadFile,
            Self::ReadOnly { .. }
            | Self::StoreGiven { .. }
            | Self::BadName { .. }
            | Self::NameTaken { .. }
            | Self::RunsElsewhere { .. }
            | Self::NotEditable
            | Self::BadPath { .. }
            | Self::BadReplayOption { .. }
            | Self::NothingToReplay { .. }
            | Self::MissesNeedStore { .. }
            | Self::StrictWithFallback
            | Self::NothingToWrite { .. }
            | Self::SettledAtStart => Code::BadRequest,
            Self::Answer { report } => report.code,
            Self::Superseded => Code::Superseded,
            Self::Bind(BindError::InUse { .. } | BindError::NoneFree { .. }) => Code::PortInUse,
            Self::Upstream(_) | Self::BadHost(_) | Self::BadListen { .. } | Self::Bind(_) | Self::Serve(_) => {
                Code::BadAddress
            }
            Self::Export { .. } | Self::Threads { .. } | Self::ThreadEnded => Code::Internal,
        }
    }

    /// The exchange is not there, any more or at all.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(
            self,
            Self::NoSuchExchange { .. } | Self::Store(StoreError::NoSuchExchange { .. })
        )
    }

    /// As a person reads it.
    pub fn report(&self) -> Report {
        match self {
            Self::Answer { report } => report.clone(),
            _ => Report::new(self.code(), self.sentence(), self.hint()),
        }
    }

    /// The chain of causes; a name at its beginning stays as it is written.
    fn sentence(&self) -> String {
        let begins_with_name = matches!(
            self,
            Self::BadFile { .. }
                | Self::TooLarge { .. }
                | Self::StoreGiven { .. }
                | Self::ReadOnly { .. }
                | Self::Store(StoreError::NotAStore { .. })
        );
        match begins_with_name {
            true => stopped(causes(self)),
            false => sentence(&causes(self)),
        }
    }

    /// What to do about it; empty when there is nothing to do.
    fn hint(&self) -> String {
        match self {
            Self::StoreGiven { name } => {
                format!("Export from it first: scrubjay export {name} --redact none -o FILE.agui.jsonl.")
            }
            Self::NothingOfSource { known, .. } if !known.is_empty() => format!("Name one of {}.", known.join(", ")),
            Self::BadReplayOption { hint, .. } => hint.clone(),
            Self::Upstream(error) => sentence(error.hint()),
            Self::BadHost(error) => sentence(error.hint()),
            Self::TlsFile(error) => sentence(error.hint()),
            Self::Bind(error) => sentence(error.hint()),
            Self::Serve(error) => sentence(error.hint()),
            fixed => fixed.fixed_hint().to_owned(),
        }
    }

    /// The hint of an error for which it is always the same.
    fn fixed_hint(&self) -> &'static str {
        match self {
            Self::Store(error) => store_hint(error),
            Self::ReadFile { source, .. } => unread_hint(source.kind()),
            Self::NothingThere { .. } => "Check the path; without one the default store is opened.",
            Self::BadFile { .. } => {
                "Scrubjay opens its recordings and stores, HAR, event streams, JSON events and more: docs/formats.md lists them."
            }
            Self::TooLarge { .. } => {
                "Nothing was taken. If you trust the file, raise the limit: scrubjay import --max-size 2GB FILE."
            }
            Self::NothingToWrite { .. } => {
                "Choose other exchanges, or write a recording (.agui.jsonl), which holds any."
            }
            Self::Export { .. } => "Check that there is room and that you may write there.",
            Self::ReadOnly { .. } => "Import the file into a store first: scrubjay import FILE.",
            Self::NoSuchExchange { .. } | Self::NoSuchThread { .. } => "List what there is: scrubjay list.",
            Self::BadName { .. } => "Use lower-case letters, digits, - and _, at most 64.",
            Self::NameTaken { .. } => "Choose another name, or edit the source that has it.",
            Self::NotInExchange { .. } => "Count what there is: scrubjay list.",
            Self::DamagedPage { .. } => "Make it again from the bytes: scrubjay reindex.",
            Self::NoSuchSource { .. } => "It may have been removed or renamed meanwhile.",
            Self::RunsElsewhere { .. } => "Stop it there first, or give this source another name.",
            Self::NoSuchReplay { .. } => "It may have been stopped meanwhile.",
            Self::NoSuchStream { .. } => "It may have ended meanwhile; ask which streams there are.",
            Self::NoSuchMiss { .. } => "Ask which requests were missed, and name an exchange that this replay serves.",
            Self::NothingOfSource { .. } => "What is in it names no sources: leave out --source.",
            Self::NotEditable => "Skip it, or serve the recording of a text stream.",
            Self::NothingToReplay { .. } => "Record something first, or name another recording.",
            Self::MissesNeedStore { .. } => "Name a store for them: --store PATH.",
            Self::StrictWithFallback => "Leave out --strict or --fallback.",
            Self::SettledAtStart => "Stop the replay and start another.",
            Self::Unread(_) => "Check that the recording is still there.",
            Self::BadPath { .. } => {
                "Give a path such as /api, which stands for all below it, or a pattern such as *.js."
            }
            Self::BadListen { .. } => "Give an address such as 127.0.0.1:5290; port 0 picks a free one.",
            _ => "",
        }
    }
}

impl From<Failed<StoreError>> for EngineError {
    fn from(failed: Failed<StoreError>) -> Self {
        match failed {
            Failed::Shelf(error) => Self::Store(error),
            Failed::Damaged(damaged) => Self::DamagedPage {
                source: Box::new(damaged),
            },
            absent => Self::NotInExchange {
                what: absent.to_string(),
            },
        }
    }
}

impl From<Report> for EngineError {
    fn from(report: Report) -> Self {
        Self::Answer { report }
    }
}

impl From<EngineError> for Report {
    fn from(error: EngineError) -> Self {
        error.report()
    }
}

/// The chain of causes.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // A transparent error repeats its cause.
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

/// With a full stop.
fn stopped(text: String) -> String {
    if text.ends_with(['.', '!', '?']) {
        text
    } else {
        text + "."
    }
}

fn unread_hint(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::NotFound => "Check the path; nothing was taken from it.",
        io::ErrorKind::IsADirectory => "Name a recording file or a store in it.",
        io::ErrorKind::InvalidInput => "Name a recording file or a store.",
        _ => "Check that the file may be read by you.",
    }
}

fn store_code(error: &StoreError) -> Code {
    match error {
        StoreError::Newer { .. } => Code::NewerStore,
        StoreError::NotAStore { .. } | StoreError::Import { .. } => Code::BadFile,
        StoreError::Missing { .. } | StoreError::NoSuchExchange { .. } | StoreError::NoSuchSource { .. } => {
            Code::NotFound
        }
        StoreError::SourceExists { .. } | StoreError::ReadOnly { .. } | StoreError::OfOthers { .. } => Code::BadRequest,
        _ => Code::Store,
    }
}

fn store_hint(error: &StoreError) -> &'static str {
    match error {
        StoreError::Newer { .. } => "Install the newer version; the store was not touched.",
        StoreError::NoDataFolder => "Name a store: --store PATH.",
        StoreError::Missing { .. } => "Check the path; recording makes a store.",
        StoreError::NotAStore { .. } => {
            "Scrubjay opens its recordings and stores, HAR, event streams, JSON events and more: docs/formats.md lists them."
        }
        StoreError::Locked { .. } => "Wait until the other program is done; nothing is lost meanwhile.",
        StoreError::Damaged { .. } => "Copy the file away before anything else; what can be read is still there.",
        StoreError::NoSuchExchange { .. } => "List what there is: scrubjay list.",
        StoreError::SourceExists { .. } => "Choose another name, or edit the source that has it.",
        StoreError::ReadOnly { .. } | StoreError::OlderReadOnly { .. } => {
            "Copy the store to a place where you may write."
        }
        StoreError::OfOthers { .. } => "Record into a store of your own: --store PATH.",
        StoreError::Spool { source, .. } if unfit(source).is_some() => match unfit(source) {
            Some(Unfit::Writable) => {
                "Look at what is in the folder, take it from the others (chmod 700), or record into another store."
            }
            _ => "Look at what stands there and move it away; Scrubjay makes the folder again.",
        },
        StoreError::MakeFolder { .. } | StoreError::Open { .. } | StoreError::Spool { .. } => {
            "Check that you may write there and that the disk has room."
        }
        _ => "",
    }
}

/// Why a file or folder of ours is not used.
fn unfit(source: &io::Error) -> Option<&Unfit> {
    source.get_ref()?.downcast_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_a_sentence_a_hint_and_a_code() {
        let error = EngineError::from(BindError::Bind {
            address: "10.0.0.1:5290".parse().unwrap(),
            source: io::Error::other("no buffers"),
        });
        let report = error.report();
        assert_eq!(report.code, Code::BadAddress);
        assert_eq!(report.message, "Cannot listen on 10.0.0.1:5290: no buffers.");
        assert_eq!(report.hint, "Choose another address.");
    }

    #[test]
    fn a_wrapped_failure_is_named_once() {
        let error = EngineError::from(StoreError::Newer {
            path: "s.db".into(),
            needs: "9.0".into(),
        });
        let report = error.report();
        assert_eq!(report.code, Code::NewerStore);
        assert_eq!(
            report.message,
            "The store s.db was written by a newer Scrubjay: it needs version 9.0 or later."
        );
    }
}
