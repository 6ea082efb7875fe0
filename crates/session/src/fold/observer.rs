//! An observer, which is called before each event is applied.
//!
//! It gets the event as the client applies it (translated, stripped, chunks
//! expanded), and what the client holds just before. It changes nothing: with
//! or without one, a fold comes out the same.

use super::{apply::View, event::Event, finding::Violation, open::OpenItems, piece::PieceSource};

/// What there is before an event is applied.
pub(crate) struct BeforeEvent<'a> {
    /// The frame that brings the event.
    pub(crate) seq: u32,
    /// What the client holds; after a stop, what it would hold.
    pub(crate) view: &'a View,
    /// What is open, the event itself counted in.
    pub(crate) open: &'a OpenItems,
    /// Events of this run could not be read: what seems missing may have stood in them.
    pub(crate) is_lossy: bool,
    pub(crate) pieces: &'a dyn PieceSource,
}

/// Called before each event is applied.
pub(crate) trait EventObserver {
    fn before(&mut self, before: &BeforeEvent<'_>, event: &Event, findings: &mut Vec<Violation>);
}

/// An observer that does nothing.
pub(crate) struct NoObserver;

impl EventObserver for NoObserver {
    fn before(&mut self, _: &BeforeEvent<'_>, _: &Event, _: &mut Vec<Violation>) {}
}
