//! Types of the store's answers.

use std::path::PathBuf;

/// A listen address and the upstream it forwards to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Unique name, `[a-z0-9_-]+`.
    pub name: String,
    /// Where it listens, `127.0.0.1:5290`.
    pub listen: String,
    /// Where it forwards, as it was given: a password in it is needed to forward.
    pub upstream: String,
    /// Values of secret fields are stored as they are.
    pub keep_secrets: bool,
    /// `Host` is forwarded as the client sent it.
    pub keep_host: bool,
    /// Upstream is read to its end when the client leaves.
    pub drain: bool,
    /// What it is to do when a window starts.
    pub wanted: Wanted,
}

/// What a source is to do when a window starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// Listen, forward and record.
    #[default]
    Recording,
    /// Listen and forward.
    Paused,
    /// Nothing.
    Stopped,
}

/// A note or a tag that a user sets at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Number of the note; given by the store.
    pub id: i64,
    pub exchange: i64,
    /// At which frame; 0 is the exchange as a whole.
    pub seq: u32,
    /// Name of the tag; empty for a plain note.
    pub tag: String,
    /// The text; may be empty for a tag.
    pub text: String,
    /// Wall clock, microseconds since 1970.
    pub made_at_us: i64,
}

/// A span that may hold a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    pub exchange: i64,
    /// Ordinal of the span.
    pub span: u32,
}

/// Room on the disk and size of the store. Why a writer is not getting on is
/// known to its [`Spool`](crate::Spool).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Bytes of the database file.
    pub store_bytes: u64,
    /// Bytes of its WAL and of all spools, which come and go.
    pub passing_bytes: u64,
    /// Bytes free on its disk.
    pub free_bytes: u64,
    /// Less than 1 GB is free.
    pub low_disk: bool,
    /// Bytes in spools, of any process, that are not in the store yet.
    pub backlog_bytes: u64,
    /// What became of the store's file, as the end of a sentence; absent while it is there.
    pub loss: Option<&'static str>,
}

/// A cap on the size of a store, for as long as one process records into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeCap {
    /// Bytes of the database in use, at most.
    pub max_bytes: u64,
    /// Any exchange that is not pinned may go, the oldest first; else only
    /// those that this process recorded.
    pub takes_any: bool,
}

/// Exchanges that went to make room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Their numbers, in the order in which they went.
    pub exchanges: Vec<i64>,
    /// When the first of them started, in microseconds since 1970.
    pub oldest_us: i64,
    /// When the last of them started.
    pub newest_us: i64,
    /// Bytes that became free.
    pub bytes: u64,
}

impl Pruned {
    pub(crate) fn add(&mut self, id: i64, started_at_us: i64) {
        if self.exchanges.is_empty() {
            (self.oldest_us, self.newest_us) = (started_at_us, started_at_us);
        }
        self.exchanges.push(id);
        self.oldest_us = self.oldest_us.min(started_at_us);
        self.newest_us = self.newest_us.max(started_at_us);
    }
}

/// By what a store is larger than a cap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excess {
    /// Bytes of the database in use.
    pub used_bytes: u64,
    /// What would go; a little more or less may, since only lengths were looked at.
    pub would_go: Pruned,
}

/// What a recorder has to say while it records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incident {
    /// Exchanges went, because the store had reached its cap.
    Pruned(Pruned),
    /// The store is larger than its cap, and nothing more may go.
    OverCap {
        /// Bytes of the database in use.
        used_bytes: u64,
    },
    /// The store's file is gone: recording goes on into a new one.
    Moves {
        /// What became of it, as the end of a sentence.
        why: &'static str,
        from: PathBuf,
        /// Where recording goes on.
        to: PathBuf,
    },
    /// It does, and what was in the old file was copied as far as it could be.
    Moved {
        /// Where recording goes on.
        to: PathBuf,
        /// Why not all could be copied; absent when it was.
        lost: Option<String>,
    },
    /// Another recorder was cut off, and the end of what it left cannot be read.
    Damaged {
        /// The file, which is kept.
        path: PathBuf,
    },
    /// The spool's files are gone: recording goes on into new ones, and what
    /// was in the old ones is not lost.
    Respooled { folder: PathBuf },
    /// The spool's files are gone, and new ones cannot be made. What is recorded
    /// still gets into the store, but not if this process is killed before.
    Unspooled { folder: PathBuf, why: String },
    /// Nothing can be written: what passes from here on is not recorded.
    Stopped(Gap),
    /// Recording ended before writing worked again.
    EndedStopped {
        /// Body bytes that passed unrecorded.
        lost_bytes: u64,
        /// Exchanges that lack some.
        exchanges: u64,
    },
    /// Writing works again.
    GoesOn {
        /// Body bytes that passed unrecorded.
        lost_bytes: u64,
        /// Exchanges that lack some.
        exchanges: u64,
    },
}

/// Where a recording stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gap {
    pub why: String,
    /// The exchange's number; absent while the store does not know it.
    pub exchange: Option<i64>,
    /// Its method and target.
    pub request: String,
    /// First byte of the body that is not recorded.
    pub offset: u64,
    /// The body is that of the request.
    pub in_request: bool,
}
