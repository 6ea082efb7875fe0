//! The stretch of bytes ahead that holds no id.

use std::ops::Range;

use crate::adapt::Adapter;

/// What is known of the bytes that were read ahead. They are looked through
/// once, and not frame by frame: a search that begins is a large part of what
/// a search in a short frame costs.
#[derive(Default)]
pub(super) struct Clear {
    /// Bytes ahead in which nothing ends that could be an id, up to the end of the first that could.
    len: usize,
    /// Something ends there; else the bytes do.
    is_hit: bool,
}

impl Clear {
    /// Whether something that could be an id ends in a frame of the bytes ahead. Frames
    /// are asked for in order.
    pub(super) fn is_broken(&mut self, frame: &Range<usize>, ahead: &[u8], adapter: &Adapter) -> bool {
        if frame.start >= self.len {
            let found = adapter.first_needle_end(&ahead[frame.start..]);
            self.is_hit = found.is_some();
            self.len = found.map_or(ahead.len(), |end| frame.start + end);
        }
        self.is_hit && self.len <= frame.end
    }

    /// So many bytes are not ahead any more.
    pub(super) fn advance(&mut self, len: usize) {
        self.len = self.len.saturating_sub(len);
    }
}
