//! How chunks cut a frame.

use crate::{
    derive::{frames::FrameEntry, unpacker_of},
    diff::hash,
    exchange::{Chunk, Exchange},
    query::{Failed, Reader},
    shelf::Shelf,
};

/// Chunks read at a time.
const AT_ONCE: u64 = 4_096;

/// Follows the chunks beside the frames.
pub(super) struct Cuts {
    wanted: bool,
    /// Frames are places in what the chunks hold packed: only their numbers tell.
    packed: bool,
    ahead: std::collections::VecDeque<Chunk>,
    next: u64,
    count: u64,
    last_chunk: Option<u64>,
}

impl Cuts {
    pub(super) fn new(wanted: bool, exchange: &Exchange) -> Self {
        Self {
            wanted,
            packed: unpacker_of(exchange).is_some(),
            ahead: std::collections::VecDeque::new(),
            next: 0,
            count: exchange.chunk_count,
            last_chunk: None,
        }
    }

    /// Whether a chunk begins with the frame, and how many begin inside it.
    /// Where inside does not count, because ids have lengths.
    pub(super) fn of<S: Shelf>(
        &mut self,
        reader: &Reader<S>,
        entry: &FrameEntry,
    ) -> Result<Option<u64>, Failed<S::Error>> {
        if !self.wanted {
            return Ok(None);
        }
        if self.packed {
            let same = self.last_chunk.replace(entry.chunk) == Some(entry.chunk);
            return Ok(Some(u64::from(same)));
        }
        let mut begins = false;
        let mut inside = 0_u64;
        while let Some(chunk) = self.front(reader)? {
            if chunk.offset >= entry.end() {
                break;
            }
            begins |= chunk.offset == entry.offset;
            inside += u64::from(chunk.offset > entry.offset);
            self.ahead.pop_front();
        }
        Ok(Some(hash::of((begins, inside))))
    }

    fn front<S: Shelf>(&mut self, reader: &Reader<S>) -> Result<Option<Chunk>, Failed<S::Error>> {
        if self.ahead.is_empty() && self.next < self.count {
            let end = self.count.min(self.next + AT_ONCE);
            let chunks = reader.shelf().chunks(self.next..end).map_err(Failed::Shelf)?;
            self.next = if chunks.is_empty() { self.count } else { end };
            self.ahead.extend(chunks);
        }
        Ok(self.ahead.front().copied())
    }
}
