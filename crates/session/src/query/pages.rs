//! Pages by number, decoded and cached: from the overlay in memory where it
//! has them, else from the shelf.

use std::{collections::BTreeMap, sync::Arc};

use super::{Failed, cache::Cache};
use crate::{
    derive::{
        Damaged,
        finding::{self, FindingEntry},
        frames::{self, FrameEntry},
        marks::{self, List, Mark},
        pyramid::{self, Node},
        spans::{self, SpanBlock, Spill},
        summary::Summary,
    },
    shelf::{Page, PageKind, Shelf},
};

/// Decoded blocks of frames kept: 512 × 56 bytes each, 14 MB in all.
const FRAME_BLOCKS: usize = 512;
const SPAN_BLOCKS: usize = 256;
/// Decoded blocks of nodes kept: 256 × 360 bytes each, 15 MB in all.
const NODE_BLOCKS: usize = 160;
const SMALL_BLOCKS: usize = 128;

/// The pages of one exchange.
pub(crate) struct Pages {
    overlay: BTreeMap<(PageKind, u64), Arc<[u8]>>,
    overlay_len: usize,
    frames: Cache<u64, Vec<FrameEntry>>,
    spans: Cache<u64, SpanBlock>,
    spills: Cache<u64, Spill>,
    findings: Cache<u64, Vec<FindingEntry>>,
    marks: Cache<u64, Vec<Mark>>,
    nodes: Cache<u64, Vec<Node>>,
    pub(crate) summary: Summary,
}

impl Pages {
    pub(crate) fn new() -> Self {
        Self {
            overlay: BTreeMap::new(),
            overlay_len: 0,
            frames: Cache::new(FRAME_BLOCKS),
            spans: Cache::new(SPAN_BLOCKS),
            spills: Cache::new(SMALL_BLOCKS),
            findings: Cache::new(SMALL_BLOCKS),
            marks: Cache::new(SMALL_BLOCKS),
            nodes: Cache::new(NODE_BLOCKS),
            summary: Summary::default(),
        }
    }

    /// Lays pages over those of the shelf.
    pub(crate) fn lay(&mut self, pages: Vec<Page>) {
        for page in pages {
            match page.kind {
                PageKind::Frames => self.frames.remove(page.number),
                PageKind::Spans => self.spans.remove(page.number),
                PageKind::Findings => self.findings.remove(page.number),
                PageKind::Marks => {
                    self.marks.remove(page.number);
                    self.spills.remove(page.number);
                }
                PageKind::Buckets => self.nodes.remove(page.number),
                PageKind::Summary | PageKind::Checkpoint | PageKind::Piece => {}
            }
            self.overlay_len += page.bytes.len();
            let replaced = self.overlay.insert((page.kind, page.number), page.bytes);
            self.overlay_len -= replaced.map_or(0, |bytes| bytes.len());
        }
    }

    pub(crate) fn clear(&mut self) {
        self.overlay.clear();
        self.overlay_len = 0;
        self.frames.clear();
        self.spans.clear();
        self.spills.clear();
        self.findings.clear();
        self.marks.clear();
        self.nodes.clear();
    }

    /// Bytes held in memory over the shelf's.
    pub(crate) fn overlay_len(&self) -> usize {
        self.overlay_len
    }

    fn read<S: Shelf>(&self, shelf: &S, kind: PageKind, number: u64) -> Result<Arc<[u8]>, Failed<S::Error>> {
        if let Some(bytes) = self.overlay.get(&(kind, number)) {
            return Ok(Arc::clone(bytes));
        }
        let page = shelf.page(kind, number).map_err(Failed::Shelf)?;
        page.ok_or(Failed::Damaged(Damaged))
    }
}

macro_rules! block {
    ($name:ident, $cache:ident, $kind:ident, $value:ty, $decode:expr) => {
        pub(crate) fn $name<S: Shelf>(&mut self, shelf: &S, number: u64) -> Result<Arc<$value>, Failed<S::Error>> {
            crate::steps::tick();
            if let Some(block) = self.$cache.get(number) {
                return Ok(block);
            }
            let bytes = self.read(shelf, PageKind::$kind, number)?;
            let decode: fn(&[u8], u64) -> Result<$value, Damaged> = $decode;
            let block = Arc::new(decode(&bytes, number)?);
            self.$cache.insert(number, Arc::clone(&block));
            Ok(block)
        }
    };
}

/// Blocks by number, and entries by index.
impl Pages {
    block!(frame_block, frames, Frames, Vec<FrameEntry>, |bytes, _| frames::decode(
        bytes
    ));
    block!(span_block, spans, Spans, SpanBlock, |bytes, _| SpanBlock::from_page(
        bytes
    ));
    block!(spill, spills, Marks, Spill, |bytes, _| Spill::from_page(bytes));
    block!(finding_block, findings, Findings, Vec<FindingEntry>, |bytes, _| {
        finding::decode(bytes)
    });
    block!(mark_block, marks, Marks, Vec<Mark>, |bytes, _| marks::decode(bytes));
    block!(node_block, nodes, Buckets, Vec<Node>, |bytes, number| pyramid::decode(
        bytes,
        (number >> 32) as u32,
        number as u32
    ));

    /// A frame by its number, which must exist.
    pub(crate) fn frame<S: Shelf>(&mut self, shelf: &S, seq: u32) -> Result<FrameEntry, Failed<S::Error>> {
        let idx = seq.wrapping_sub(1);
        let block = self.frame_block(shelf, u64::from(idx / frames::BLOCK))?;
        block
            .get((idx % frames::BLOCK) as usize)
            .copied()
            .ok_or(Failed::Damaged(Damaged))
    }

    /// A span by its number, which must exist.
    pub(crate) fn span<S: Shelf>(&mut self, shelf: &S, ordinal: u32) -> Result<spans::Span, Failed<S::Error>> {
        let block = self.span_block(shelf, u64::from(ordinal / spans::BLOCK))?;
        block
            .spans
            .get((ordinal % spans::BLOCK) as usize)
            .cloned()
            .ok_or(Failed::Damaged(Damaged))
    }

    pub(crate) fn finding<S: Shelf>(&mut self, shelf: &S, idx: u32) -> Result<FindingEntry, Failed<S::Error>> {
        let block = self.finding_block(shelf, u64::from(idx / finding::BLOCK))?;
        block
            .get((idx % finding::BLOCK) as usize)
            .cloned()
            .ok_or(Failed::Damaged(Damaged))
    }

    pub(crate) fn mark<S: Shelf>(&mut self, shelf: &S, list: List, idx: u32) -> Result<Mark, Failed<S::Error>> {
        let block = self.mark_block(shelf, list.page(idx / marks::BLOCK))?;
        block
            .get((idx % marks::BLOCK) as usize)
            .copied()
            .ok_or(Failed::Damaged(Damaged))
    }

    pub(crate) fn mark_count(&self, list: List) -> u32 {
        self.summary.marks[list as usize]
    }

    pub(crate) fn finding_count(&self) -> u32 {
        self.summary.findings.iter().sum()
    }

    /// Index of the first mark of a list for which `past` holds.
    pub(crate) fn mark_past<S: Shelf>(
        &mut self,
        shelf: &S,
        list: List,
        past: impl Fn(&Mark) -> bool,
    ) -> Result<u32, Failed<S::Error>> {
        let count = self.mark_count(list);
        partition(count, |idx| Ok(!past(&self.mark(shelf, list, idx)?)))
    }
}

/// The first index of `0..count` for which `before` does not hold.
pub(crate) fn partition<E>(count: u32, mut before: impl FnMut(u32) -> Result<bool, E>) -> Result<u32, E> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle)? {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}
