//! The ids of a request in place of the recorded ones.

/// Recorded ids and what stands for them now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdMap {
    pairs: Vec<(IdKind, String, String)>,
}

/// What an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdKind {
    /// A thread.
    Thread,
    /// A run.
    Run,
    /// Anything else: a message, a tool call, an interrupt.
    Other,
}

impl IdMap {
    /// Puts `live` in the place of `recorded`.
    pub fn insert(&mut self, kind: IdKind, recorded: &str, live: &str) {
        self.pairs.push((kind, recorded.into(), live.into()));
    }
}
