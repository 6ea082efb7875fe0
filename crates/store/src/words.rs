//! Small things that a store keeps or tells.

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

/// What somebody wrote down at a moment, or a tag hung there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Number of the note; given by the store.
    pub id: i64,
    /// Of which exchange.
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
    /// In which exchange.
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
}
