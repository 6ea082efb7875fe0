//! What can go wrong with a store: one variant per operation, with its subject.

use std::{io, path::PathBuf};

use rusqlite::ErrorCode;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("this user has no data folder, so the store needs a path")]
    NoDataFolder,
    #[error("cannot make the folder {path}")]
    MakeFolder { path: PathBuf, source: io::Error },
    #[error("cannot make the store {path}")]
    MakeFile { path: PathBuf, source: io::Error },
    #[error("there is no store at {path}")]
    Missing { path: PathBuf },
    #[error("{path} is not a Scrubjay store")]
    NotAStore { path: PathBuf },
    #[error("cannot open the store {path}")]
    Open { path: PathBuf, source: rusqlite::Error },
    #[error("cannot read the file {path}")]
    ReadFile { path: PathBuf, source: io::Error },
    #[error("the store {path} was written by a newer Scrubjay: it needs version {needs} or later")]
    Newer {
        path: PathBuf,
        /// The version that is needed.
        needs: String,
    },
    #[error("the store {path} is from an older Scrubjay and is read-only, so it cannot be brought up to date")]
    OlderReadOnly { path: PathBuf },
    #[error("cannot bring the store {path} up to date")]
    Migrate { path: PathBuf, source: rusqlite::Error },
    #[error("the store {path} is damaged: {detail}")]
    Damaged { path: PathBuf, detail: String },
    #[error("the store {path} is read-only")]
    ReadOnly { path: PathBuf },
    #[error("the store {path} belongs to another user, who could read and change what is recorded into it")]
    OfOthers { path: PathBuf },
    #[error("the store {path} is locked by another program")]
    Locked { path: PathBuf },
    #[error("cannot read {what} from the store {path}")]
    Read {
        what: &'static str,
        path: PathBuf,
        source: rusqlite::Error,
    },
    #[error("cannot write {what} to the store {path}")]
    Write {
        what: &'static str,
        path: PathBuf,
        source: rusqlite::Error,
    },
    #[error("the store {path} holds {what} that cannot be understood")]
    Unreadable { what: &'static str, path: PathBuf },
    #[error("cannot use the spool {path}")]
    Spool { path: PathBuf, source: io::Error },
    #[error("the system gives no random numbers")]
    Random { source: getrandom::Error },
    #[error("cannot start the thread {name}")]
    StartThread { name: &'static str, source: io::Error },
    #[error("there is no exchange {index} in this store")]
    NoSuchExchange { index: i64 },
    #[error("there is no source named {name}")]
    NoSuchSource { name: String },
    #[error("there already is a source named {name}")]
    SourceExists { name: String },
    #[error("cannot read what is to be imported")]
    Import {
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("cannot derive exchange {index}")]
    Derive {
        index: i64,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// Whether the disk is full or may not be written to, so that reading may
    /// still work.
    pub fn forbids_writing(&self) -> bool {
        match self {
            Self::ReadOnly { .. } | Self::Open { .. } | Self::Spool { .. } => true,
            Self::Write { source, .. } => matches!(
                source.sqlite_error_code(),
                Some(
                    ErrorCode::DiskFull
                        | ErrorCode::SystemIoFailure
                        | ErrorCode::CannotOpen
                        | ErrorCode::ReadOnly
                        | ErrorCode::PermissionDenied
                )
            ),
            _ => false,
        }
    }

    /// What happened and why, in one line.
    pub(crate) fn with_cause(&self) -> String {
        match std::error::Error::source(self) {
            Some(cause) => format!("{self}: {cause}"),
            None => self.to_string(),
        }
    }

    /// Whether the file is there but cannot be understood.
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Damaged { .. } | Self::Unreadable { .. } | Self::NotAStore { .. }
        )
    }
}
