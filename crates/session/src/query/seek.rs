//! The fold as of a frame.
//!
//! Folds in passing are kept about every 64 KB of stream. A seek begins at
//! the nearest one in memory or on the shelf, whichever is nearer, and folds
//! forward; so a step of the playhead folds a few frames, and a jump to
//! anywhere folds what lies between two checkpoints.

use scrubjay_protocol::problem::rule as problem;

use super::{Failed, Reader, answer::*, frames::cut_one, reader::BySeq};
pub(crate) use crate::derive::ShelfPieces;
use crate::{
    derive::{ROOT_SPACING, Root, ends_in_hole, fold_again, fold_end, fold_of, unpacker_of},
    fold::Fold,
    shelf::{PageKind, Shelf},
};

/// Memory that kept folds may take, as estimated.
const ROOTS_LEN: u64 = 64 * 1024 * 1024;
/// Bytes of memory a byte of stream may become in a fold that shares the rest.
const EXPANSION: u64 = 4;
/// Bytes of body read at a time.
const READ_AHEAD: u64 = 256 * 1024;

/// Folds by frame, the least used go first.
#[derive(Debug, Default)]
pub(crate) struct Roots {
    by_seq: BySeq<Kept>,
    clock: u64,
    cost: u64,
}

#[derive(Debug)]
struct Kept {
    root: Root,
    cost: u64,
    used: u64,
}

impl Roots {
    /// Keeps a fold, unless one is near already.
    pub(crate) fn keep(&mut self, root: Root) {
        let before = self
            .by_seq
            .range(..=root.seq)
            .next_back()
            .map_or(0, |(_, kept)| kept.root.offset);
        if root.offset > 0 && root.offset - before < ROOT_SPACING {
            return;
        }
        let cost = (root.offset - before).min(ROOTS_LEN / 8 / EXPANSION) * EXPANSION;
        self.clock += 1;
        self.cost += cost;
        self.by_seq.insert(
            root.seq,
            Kept {
                root,
                cost,
                used: self.clock,
            },
        );
        while self.cost > ROOTS_LEN && self.by_seq.len() > 1 {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let oldest = self
            .by_seq
            .iter()
            .min_by_key(|(_, kept)| kept.used)
            .map(|(seq, _)| *seq);
        if let Some(kept) = oldest.and_then(|seq| self.by_seq.remove(&seq)) {
            self.cost -= kept.cost;
        }
    }

    fn at_or_before(&mut self, seq: u32) -> Option<Root> {
        self.clock += 1;
        let (_, kept) = self.by_seq.range_mut(..=seq).next_back()?;
        kept.used = self.clock;
        Some(kept.root.clone())
    }
}

impl<S: Shelf> Reader<S> {
    /// The fold after a frame; 0 is the request's input.
    ///
    /// # Errors
    /// When there is no such frame, or the shelf cannot be read.
    pub fn fold_at(&mut self, seq: u32) -> Result<(Fold, Explain), Failed<S::Error>> {
        let last = self.frame_count();
        if seq > last {
            return Err(Failed::NoFrame { seq, last });
        }
        if let Some((at, fold)) = self.last_fold.as_ref().filter(|(at, _)| *at == seq) {
            let explain = Explain {
                checkpoint: *at,
                in_memory: true,
                folded: 0,
            };
            return Ok((fold.clone(), explain));
        }
        let (root, in_memory) = self.nearest_root(seq, last)?;
        let explain = Explain {
            checkpoint: root.seq,
            in_memory,
            folded: seq - root.seq,
        };
        let mut fold = self.fold_forward(root, seq)?;
        if seq == last {
            let covered = if last == 0 { 0 } else { self.frame(last)?.end() };
            let mut rules = self.pages.summary.rules.iter();
            let ends_in_hole = rules.any(|known| known.rule == problem::OUTPUT_SIZE)
                || ends_in_hole(&self.exchange.holes, covered, unpacker_of(&self.exchange).is_none());
            let pieces = ShelfPieces(&self.shelf);
            fold_end(&mut fold, ends_in_hole, self.exchange.ending, &pieces);
        }
        self.last_fold = Some((seq, fold.clone()));
        Ok((fold, explain))
    }

    /// The fold to go on from, and whether it was in memory.
    fn nearest_root(&mut self, seq: u32, last: u32) -> Result<(Root, bool), Failed<S::Error>> {
        let target = if seq == 0 { 0 } else { self.frame(seq)?.end() };
        let kept = self.root_in_memory(seq, last)?;
        if let Some(root) = kept.as_ref().filter(|root| target - root.offset <= ROOT_SPACING) {
            return Ok((root.clone(), true));
        }
        if let Some(root) = self.root_in_pages(seq, kept.as_ref().map_or(0, |root| root.seq))? {
            self.roots.keep(root.clone());
            return Ok((root, false));
        }
        let root = match kept {
            Some(root) => root,
            None => Root {
                seq: 0,
                offset: 0,
                fold: Fold::new(&self.request_body()?),
            },
        };
        Ok((root, true))
    }

    /// The last fold in memory at or before a frame. The one asked for last
    /// serves small steps forwards.
    fn root_in_memory(&mut self, seq: u32, last: u32) -> Result<Option<Root>, Failed<S::Error>> {
        let kept = self.roots.at_or_before(seq);
        let after = kept.as_ref().map_or(0, |root| root.seq);
        let asked_last = self.last_fold.as_ref();
        let Some((at, fold)) = asked_last.filter(|(at, _)| *at <= seq && *at < last && *at > after) else {
            return Ok(kept);
        };
        let (seq, fold) = (*at, fold.clone());
        let offset = self.frame(seq)?.end();
        Ok(Some(Root { seq, offset, fold }))
    }

    /// The last checkpoint at or before a frame, if it stands after another.
    fn root_in_pages(&self, seq: u32, after: u32) -> Result<Option<Root>, Failed<S::Error>> {
        let page = self.shelf.page_at_or_before(PageKind::Checkpoint, u64::from(seq));
        let page = page
            .map_err(Failed::Shelf)?
            .filter(|(number, _)| *number > u64::from(after));
        let fold = page.and_then(|(_, page)| fold_of(&page));
        Ok(fold.map(|(seq, offset, fold)| Root { seq, offset, fold }))
    }

    fn fold_forward(&mut self, root: Root, until: u32) -> Result<Fold, Failed<S::Error>> {
        let Root {
            seq,
            mut offset,
            mut fold,
        } = root;
        let holes = match unpacker_of(&self.exchange) {
            None => self.exchange.holes.clone(),
            Some(_) => Vec::new(),
        };
        let mut next = seq + 1;
        while next <= until {
            let entries = self.entries_from(next, until)?;
            let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
                break;
            };
            let from = first.offset;
            let bytes = self.decoded(from..last.end())?;
            for entry in &entries {
                let here = (entry.offset - from) as usize..((entry.end() - from) as usize).min(bytes.len());
                let frame = cut_one(
                    self.pages.summary.transport,
                    entry.offset,
                    bytes.get(here).unwrap_or_default(),
                );
                fold_again(&mut fold, &holes, next, &frame, &ShelfPieces(&self.shelf));
                if entry.end() - offset >= ROOT_SPACING {
                    offset = entry.end();
                    self.roots.keep(Root {
                        seq: next,
                        offset,
                        fold: fold.clone(),
                    });
                }
                next += 1;
            }
        }
        Ok(fold)
    }

    /// Entries from a frame on, about [`READ_AHEAD`] bytes of them.
    pub(super) fn entries_from(&mut self, first: u32, last: u32) -> Result<Vec<FrameEntry>, Failed<S::Error>> {
        let mut entries: Vec<FrameEntry> = Vec::new();
        for seq in first..=last {
            let entry = self.frame(seq)?;
            if entries
                .first()
                .is_some_and(|first| entry.end() - first.offset > READ_AHEAD)
            {
                break;
            }
            entries.push(entry);
        }
        Ok(entries)
    }
}
