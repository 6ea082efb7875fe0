//! What can go wrong with a store: one variant per operation, with its subject.

use std::{io, path::PathBuf};

use rusqlite::ErrorCode;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The platform names no folder for data.
    #[error("this user has no data folder, so the store needs a path")]
    NoDataFolder,
    /// A folder could not be made.
    #[error("cannot make the folder {path}")]
    MakeFolder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file could not be made.
    #[error("cannot make the store {path}")]
    MakeFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no store at this path, and making one was not asked for.
    #[error("there is no store at {path}")]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// The file exists and is something else.
    #[error("{path} is not a Scrubjay store")]
    NotAStore {
        /// Which.
        path: PathBuf,
    },
    /// The file could not be opened.
    #[error("cannot open the store {path}")]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The file could not be looked at.
    #[error("cannot read the file {path}")]
    ReadFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A newer program wrote the store.
    #[error("the store {path} was written by a newer Scrubjay: it needs version {needs} or later")]
    Newer {
        /// Which.
        path: PathBuf,
        /// The version that is needed.
        needs: String,
    },
    /// The store is older than this program and cannot be written to.
    #[error("the store {path} is from an older Scrubjay and is read-only, so it cannot be brought up to date")]
    OlderReadOnly {
        /// Which.
        path: PathBuf,
    },
    /// Bringing the store up to date failed; it is as it was.
    #[error("cannot bring the store {path} up to date")]
    Migrate {
        /// Which.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The database is damaged.
    #[error("the store {path} is damaged: {detail}")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What SQLite says.
        detail: String,
    },
    /// Something was to be written to a store that is open for reading only.
    #[error("the store {path} is read-only")]
    ReadOnly {
        /// Which.
        path: PathBuf,
    },
    /// The file belongs to another user, who could read what is recorded into it.
    #[error("the store {path} belongs to another user, who could read and change what is recorded into it")]
    OfOthers {
        /// Which.
        path: PathBuf,
    },
    /// Another program keeps the database locked.
    #[error("the store {path} is locked by another program")]
    Locked {
        /// Which.
        path: PathBuf,
    },
    /// Reading failed.
    #[error("cannot read {what} from the store {path}")]
    Read {
        /// The subject.
        what: &'static str,
        /// Which store.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// Writing failed.
    #[error("cannot write {what} to the store {path}")]
    Write {
        /// The subject.
        what: &'static str,
        /// Which store.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// A value in the store cannot be understood.
    #[error("the store {path} holds {what} that cannot be understood")]
    Unreadable {
        /// The subject.
        what: &'static str,
        /// Which store.
        path: PathBuf,
    },
    /// The spool could not be made or read.
    #[error("cannot use the spool {path}")]
    Spool {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No random numbers for a key or a name.
    #[error("the system gives no random numbers")]
    Random {
        /// Why.
        source: getrandom::Error,
    },
    /// A thread could not be started.
    #[error("cannot start the thread {name}")]
    StartThread {
        /// Which.
        name: &'static str,
        /// Why.
        source: io::Error,
    },
    /// There is no such exchange.
    #[error("there is no exchange {index} in this store")]
    NoSuchExchange {
        /// Which.
        index: i64,
    },
    /// There is no such source.
    #[error("there is no source named {name}")]
    NoSuchSource {
        /// Which.
        name: String,
    },
    /// The name of a source is taken.
    #[error("there already is a source named {name}")]
    SourceExists {
        /// Which.
        name: String,
    },
    /// What was to be imported could not be read.
    #[error("cannot read what is to be imported")]
    Import {
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The derivation of an exchange failed.
    #[error("cannot derive exchange {index}")]
    Derive {
        /// Which.
        index: i64,
        /// Why.
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
