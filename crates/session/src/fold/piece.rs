//! Parts that checkpoints share.
//!
//! Messages that will hardly change again, and long texts, are written once,
//! each as a *piece* under a number, and checkpoints only name them. After a
//! checkpoint is read, a piece is loaded when something asks for what is in
//! it, so going on from a checkpoint does not cost what came before it.

use std::sync::Arc;

/// Where pieces lie.
pub trait PieceSource {
    /// The bytes of a piece. `None` loses what is in it: text reads as empty
    /// and messages as absent, so an implementation should note the failure.
    fn piece(&self, id: u64) -> Option<Arc<[u8]>>;
}

/// Takes pieces as a checkpoint is written.
pub trait PieceSink {
    /// Keeps a piece. Its number never returns with other bytes.
    fn keep(&mut self, id: u64, bytes: Vec<u8>);
}

/// Where there are none: for a fold that was never read from a checkpoint.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPieces;

impl PieceSource for NoPieces {
    fn piece(&self, _: u64) -> Option<Arc<[u8]>> {
        None
    }
}

impl PieceSource for std::collections::BTreeMap<u64, Arc<[u8]>> {
    fn piece(&self, id: u64) -> Option<Arc<[u8]>> {
        self.get(&id).cloned()
    }
}

impl PieceSink for std::collections::BTreeMap<u64, Arc<[u8]>> {
    fn keep(&mut self, id: u64, bytes: Vec<u8>) {
        self.insert(id, bytes.into());
    }
}
