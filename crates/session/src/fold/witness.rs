//! Whoever looks on while events are applied.
//!
//! A witness sees each event as the client applies it (translated, stripped,
//! chunks expanded), and what the client holds just before. It changes
//! nothing: with or without one, a fold comes out the same.

use super::{apply::View, event::Event, finding::Broken, piece::PieceSource, verify::Open};

/// The moment before an event.
pub(crate) struct Scene<'a> {
    /// The frame that brings the event.
    pub(crate) seq: u32,
    /// What is held; behind a stop, what would be.
    pub(crate) view: &'a View,
    /// What is open, the event itself counted in.
    pub(crate) open: &'a Open,
    pub(crate) pieces: &'a dyn PieceSource,
}

/// Looks on.
pub(crate) trait Witness {
    /// An event is about to be applied.
    fn before(&mut self, scene: &Scene<'_>, event: &Event, told: &mut Vec<Broken>);
}

/// Nobody.
pub(crate) struct Unwatched;

impl Witness for Unwatched {
    fn before(&mut self, _: &Scene<'_>, _: &Event, _: &mut Vec<Broken>) {}
}
