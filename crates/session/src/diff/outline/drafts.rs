//! Items whose frames are still coming.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use scrubjay_protocol::frame::Frame;

use crate::diff::{document::Draft, hash::join, item::ItemKind};

/// Bytes of text that all open items may hold together.
const ROOM: usize = 64 * 1024 * 1024;

/// One item in the making.
pub(super) struct Unfinished {
    pub(super) item: Option<usize>,
    pub(super) draft: Draft,
    /// Frames that are still to come.
    left: u32,
    pub(super) wire: u64,
    pub(super) own: Option<u32>,
    last_seq: u32,
}

/// All of them, by span.
#[derive(Default)]
pub(super) struct Drafts {
    open: BTreeMap<u32, Unfinished>,
    /// Those that have no place yet, in order.
    unplaced: BTreeSet<u32>,
    /// Spans that do not count at this level.
    skipped: HashSet<u32>,
    held: usize,
}

impl Drafts {
    pub(super) fn holds(&self, span: u32) -> bool {
        self.open.contains_key(&span)
    }

    pub(super) fn skip(&mut self, span: u32) {
        self.skipped.insert(span);
    }

    pub(super) fn is_skipped(&self, span: u32) -> bool {
        self.skipped.contains(&span)
    }

    pub(super) fn begin(&mut self, span: u32, kind: ItemKind, item: Option<usize>, frames: u32, own: Option<u32>) {
        let open = Unfinished {
            item,
            draft: Draft::new(kind),
            left: frames,
            wire: 0,
            own,
            last_seq: 0,
        };
        if item.is_none() {
            self.unplaced.insert(span);
        }
        self.open.insert(span, open);
    }

    /// Adds a frame; gives the item, and whether it was the last frame of it.
    pub(super) fn take(&mut self, span: u32, seq: u32, frame: &Frame, wire: u64) -> (Option<usize>, bool) {
        let Some(open) = self.open.get_mut(&span) else {
            return (None, false);
        };
        let before = open.draft.text.len();
        open.draft.take(frame, ROOM.saturating_sub(self.held));
        self.held += open.draft.text.len() - before;
        open.wire = join(open.wire, wire);
        open.left = open.left.saturating_sub(1);
        open.last_seq = seq;
        (open.item, open.left == 0)
    }

    pub(super) fn place(&mut self, span: u32, item: usize) {
        if let Some(open) = self.open.get_mut(&span) {
            open.item = Some(item);
        }
        self.unplaced.remove(&span);
    }

    pub(super) fn last_seq(&self, span: u32) -> u32 {
        self.open.get(&span).map_or(0, |open| open.last_seq)
    }

    /// Runs that have not ended.
    pub(super) fn unplaced(&self) -> Vec<u32> {
        let has_begun = |span: &&u32| self.open.get(span).is_some_and(|open| open.last_seq > 0);
        self.unplaced.iter().filter(has_begun).copied().collect()
    }

    pub(super) fn spans(&self) -> Vec<u32> {
        self.open.keys().copied().collect()
    }

    pub(super) fn end(&mut self, span: u32) -> Option<Unfinished> {
        let open = self.open.remove(&span)?;
        self.unplaced.remove(&span);
        self.held -= open.draft.text.len();
        // Frames that come after the last one expected do not begin it anew.
        self.skipped.insert(span);
        Some(open)
    }
}
