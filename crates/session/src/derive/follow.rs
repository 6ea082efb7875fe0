//! Follows what lies on a shelf.

use super::{Commit, Deriver, folding::ShelfPieces};
use crate::{
    exchange::{Chunk, Ending},
    shelf::Shelf,
};

/// Chunks read from a shelf at a time.
const CHUNKS_AT_ONCE: u64 = 8_192;
/// Bytes read from a shelf at a time.
const BYTES_AT_ONCE: u64 = 1024 * 1024;

/// Follows what a shelf holds, up to a chunk and about `limit` bytes of body,
/// or until commits fall due: store them, and call again. Nothing happens when
/// there is nothing new.
///
/// # Errors
/// When the shelf cannot be read.
pub fn catch_up<S: Shelf>(
    deriver: &mut Deriver,
    shelf: &S,
    chunk_count: u64,
    limit: u64,
) -> Result<Vec<Commit>, S::Error> {
    let mut commits = Vec::new();
    let mut left = limit;
    // What fell due is stored before going on, so that pieces can be read back.
    while commits.is_empty() && left > 0 && deriver.next_chunk() < chunk_count {
        let first = deriver.next_chunk();
        let chunks = shelf.chunks(first..chunk_count.min(first + CHUNKS_AT_ONCE))?;
        let run = together(&chunks, left.min(BYTES_AT_ONCE));
        let (Some(head), Some(last)) = (run.first(), run.last()) else {
            break;
        };
        let bytes = shelf.body(head.offset..last.offset + last.len)?;
        left = left.saturating_sub(bytes.len().max(1) as u64);
        commits.extend(deriver.push_chunks(run, &bytes, &ShelfPieces(shelf)));
    }
    Ok(commits)
}

/// The first chunks that follow each other without a hole, about `len` bytes of them.
fn together(chunks: &[Chunk], len: u64) -> &[Chunk] {
    let mut end = 0;
    let mut sum = 0;
    for (idx, chunk) in chunks.iter().enumerate() {
        let follows = idx == 0 || chunks[idx - 1].offset + chunks[idx - 1].len == chunk.offset;
        if !follows || (idx > 0 && sum + chunk.len > len) {
            break;
        }
        sum += chunk.len;
        end = idx + 1;
    }
    &chunks[..end]
}

/// Ends a deriver that has caught up with an exchange that has ended.
pub fn end<S: Shelf>(deriver: &mut Deriver, shelf: &S, ending: Ending) -> Option<Commit> {
    // Without the facts there is no more to say than the frames do.
    if let Ok(facts) = shelf.exchange() {
        deriver.set_ended_at(facts.last_at_us);
    }
    deriver.end(ending, &ShelfPieces(shelf))
}
