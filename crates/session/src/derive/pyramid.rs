//! The bucket pyramid: what each lane holds, at every scale.
//!
//! A node covers 16 frames, a node of the next level four of those, and so on
//! to one node over everything. Nodes are cut by *frames*, not by time, so
//! one pyramid serves all three axes, a burst of a thousand frames in one
//! millisecond costs no more than a thousand frames in an hour, and a node
//! costs a byte or two a frame on disk. Each node knows when its first and
//! last frames came, so a picture on the clock takes whole nodes where a node
//! is narrower than a pixel column and goes down where it is not.

use std::sync::Arc;

use scrubjay_protocol::frame::FrameKind;

use super::{
    frames::FrameEntry,
    kinds::{Kind, Severity},
};
use crate::{
    codec::{Damaged, Reader, Writer, open_page},
    shelf::{Page, PageKind},
};

/// Frames in a node of the lowest level.
pub const LEAF: u32 = 16;
/// Nodes in a node of the next level.
pub const FACTOR: u32 = 4;
/// Nodes in a page.
pub const BLOCK: u32 = 256;
/// Lanes in a node.
pub const LANES: usize = 10;
/// Lane of the problems.
pub const PROBLEMS: usize = 9;
/// Lane of the wire.
pub const WIRE: usize = 8;

/// Lane in which a family is counted.
pub fn lane_of(kind: Kind) -> usize {
    match kind {
        Kind::Run | Kind::Wait => 0,
        Kind::Step => 1,
        Kind::Subagent => 2,
        Kind::Text => 3,
        Kind::Reasoning => 4,
        Kind::Tool => 5,
        Kind::State => 6,
        Kind::Activity | Kind::Custom | Kind::Raw | Kind::Messages | Kind::Unknown => 7,
        Kind::Wire => WIRE,
    }
}

/// Frames in a node of a level.
pub fn node_frames(level: u32) -> u64 {
    u64::from(LEAF) * u64::from(FACTOR).pow(level)
}

/// What a lane holds in a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    pub count: u32,
    pub bytes: u64,
    /// Worst finding.
    pub severity: Option<Severity>,
    pub first_seq: u32,
    pub last_seq: u32,
}

impl Cell {
    /// Adds what follows.
    pub(crate) fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            self.first_seq = other.first_seq;
        }
        self.count += other.count;
        self.bytes += other.bytes;
        self.severity = self.severity.max(other.severity);
        self.last_seq = other.last_seq;
    }
}

/// A stretch of frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Node {
    pub frames: u32,
    /// When the first came.
    pub first_at_us: u64,
    /// When the last came.
    pub last_at_us: u64,
    /// Bytes of the decoded body.
    pub bytes: u64,
    /// Longest wait before a frame of it.
    pub max_gap_us: u64,
    pub cells: [Cell; LANES],
}

impl Node {
    /// One frame as a node.
    pub fn of(seq: u32, entry: &FrameEntry, gap_us: u64) -> Self {
        let mut node = Self {
            frames: 1,
            first_at_us: entry.at_us,
            last_at_us: entry.at_us,
            bytes: entry.len,
            max_gap_us: gap_us,
            ..Self::default()
        };
        let cell = Cell {
            count: 1,
            bytes: entry.len,
            severity: entry.severity,
            first_seq: seq,
            last_seq: seq,
        };
        node.cells[lane_of(entry.event.kind())] = cell;
        if entry.kind == FrameKind::Malformed {
            node.cells[WIRE] = cell;
        }
        if entry.severity.is_some() {
            node.cells[PROBLEMS] = cell;
        }
        node
    }

    /// Adds the node that follows.
    pub fn merge(&mut self, other: &Self) {
        if other.frames == 0 {
            return;
        }
        if self.frames == 0 {
            self.first_at_us = other.first_at_us;
        }
        self.frames += other.frames;
        self.last_at_us = other.last_at_us;
        self.bytes += other.bytes;
        self.max_gap_us = self.max_gap_us.max(other.max_gap_us);
        for (cell, more) in self.cells.iter_mut().zip(&other.cells) {
            cell.merge(more);
        }
    }
}

/// Builds the pyramid as frames come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pyramid {
    levels: Vec<Level>,
}

#[derive(Clone, Debug, Default)]
struct Level {
    /// Complete nodes in pages that are full.
    sealed: u32,
    /// Complete nodes after them.
    block: Vec<Node>,
    /// The node that is not complete, from complete children only.
    current: Node,
    dirty: bool,
}

impl Pyramid {
    /// Adds a frame; full pages go to `out`.
    pub(crate) fn push(&mut self, seq: u32, entry: &FrameEntry, gap_us: u64, out: &mut Vec<Page>) {
        let mut node = Node::of(seq, entry, gap_us);
        let mut level = 0;
        loop {
            if self.levels.len() == level {
                self.levels.push(Level::default());
            }
            let here = &mut self.levels[level];
            here.current.merge(&node);
            here.dirty = true;
            if u64::from(here.current.frames) < node_frames(level as u32) {
                return;
            }
            node = std::mem::take(&mut here.current);
            here.block.push(node);
            if here.block.len() == BLOCK as usize {
                out.push(page(level, here.sealed / BLOCK, &std::mem::take(&mut here.block)));
                here.sealed += BLOCK;
            }
            level += 1;
        }
    }

    /// Notes what the end of the body says about the last frame, unless it
    /// completed a node: then the lists of findings and marks have it.
    pub(crate) fn worsen_last(&mut self, seq: u32, len: u64, severity: Option<Severity>) {
        let Some(level) = self.levels.first_mut().filter(|level| level.current.frames > 0) else {
            return;
        };
        let cell = Cell {
            count: u32::from(level.current.cells[PROBLEMS].last_seq != seq),
            bytes: len,
            severity,
            first_seq: seq,
            last_seq: seq,
        };
        let known = &mut level.current.cells[PROBLEMS];
        known.severity = known.severity.max(severity);
        known.merge(&cell);
        level.dirty = true;
    }

    /// Writes the pages that are not full, open nodes included.
    pub(crate) fn flush(&mut self, out: &mut Vec<Page>) {
        let mut open = Node::default();
        let mut dirty = false;
        for (idx, level) in self.levels.iter_mut().enumerate() {
            // The children of an open node that are not complete are the open node below.
            let mut whole = level.current;
            whole.merge(&open);
            open = whole;
            dirty |= std::mem::take(&mut level.dirty);
            if !dirty {
                continue;
            }
            let mut nodes = level.block.clone();
            nodes.extend((open.frames > 0).then_some(open));
            if !nodes.is_empty() {
                out.push(page(idx, level.sealed / BLOCK, &nodes));
            }
        }
    }

    /// Takes it up again from the pages that [`Pyramid::flush`] wrote after `frames` frames.
    pub(crate) fn resume<E: From<Damaged>>(
        frames: u32,
        mut page: impl FnMut(u64) -> Result<Option<Arc<[u8]>>, E>,
    ) -> Result<Self, E> {
        let mut levels: Vec<Level> = Vec::new();
        for idx in 0_u32.. {
            let complete = (u64::from(frames) / node_frames(idx)) as u32;
            if complete == 0 && idx > 0 && (u64::from(frames) / node_frames(idx - 1)) == 0 {
                break;
            }
            let sealed = complete / BLOCK * BLOCK;
            let mut nodes = match page(number(idx, sealed / BLOCK))? {
                Some(bytes) => decode(&bytes, idx, sealed / BLOCK)?,
                None if sealed == complete => Vec::new(),
                None => return Err(Damaged.into()),
            };
            let open = nodes.split_off(nodes.len().min((complete - sealed) as usize));
            let current = match levels.last() {
                None => open.first().copied().unwrap_or_default(),
                Some(below) => {
                    let children = (below.sealed + below.block.len() as u32) % FACTOR;
                    let mut current = Node::default();
                    let from = below.block.len() - (children as usize).min(below.block.len());
                    below.block[from..].iter().for_each(|child| current.merge(child));
                    current
                }
            };
            levels.push(Level {
                sealed,
                block: nodes,
                current,
                dirty: false,
            });
        }
        Ok(Self { levels })
    }
}

/// Number of the page that holds a block of a level.
pub(crate) fn number(level: u32, block: u32) -> u64 {
    u64::from(level) << 32 | u64::from(block)
}

fn page(level: usize, block: u32, nodes: &[Node]) -> Page {
    Page {
        kind: PageKind::Buckets,
        number: number(level as u32, block),
        bytes: encode(nodes, level as u32, block),
    }
}

fn first_seq_of(level: u32, block: u32) -> u64 {
    u64::from(block) * u64::from(BLOCK) * node_frames(level) + 1
}

fn encode(nodes: &[Node], level: u32, block: u32) -> Arc<[u8]> {
    let mut writer = Writer::default();
    writer.uint(nodes.len() as u64);
    let mut seq = first_seq_of(level, block);
    let mut at_us = 0;
    for node in nodes {
        writer.uint(u64::from(node.frames));
        writer.uint(node.first_at_us - at_us);
        writer.uint(node.last_at_us - node.first_at_us);
        writer.uint(node.bytes);
        writer.uint(node.max_gap_us);
        at_us = node.last_at_us;
        let present = (0..LANES).filter(|lane| node.cells[*lane].count > 0);
        writer.uint(present.clone().fold(0, |mask, lane| mask | 1 << lane));
        for lane in present {
            let cell = &node.cells[lane];
            writer.uint(u64::from(cell.count) << 2 | u64::from(Severity::code(cell.severity)));
            writer.uint(cell.bytes);
            writer.uint(u64::from(cell.first_seq) - seq);
            writer.uint(u64::from(cell.last_seq - cell.first_seq));
        }
        seq += u64::from(node.frames);
    }
    writer.into_page()
}

/// Reads the page of a block of a level.
pub(crate) fn decode(page: &[u8], level: u32, block: u32) -> Result<Vec<Node>, Damaged> {
    let bytes = open_page(page)?;
    let mut reader = Reader::new(&bytes);
    let mut nodes = Vec::new();
    let mut seq = first_seq_of(level, block) as u32;
    let mut at_us = 0_u64;
    for _ in 0..reader.count()? {
        let mut node = Node {
            frames: reader.u32()?,
            first_at_us: at_us.wrapping_add(reader.uint()?),
            ..Node::default()
        };
        node.last_at_us = node.first_at_us.wrapping_add(reader.uint()?);
        at_us = node.last_at_us;
        node.bytes = reader.uint()?;
        node.max_gap_us = reader.uint()?;
        let mask = reader.uint()?;
        for lane in (0..LANES).filter(|lane| mask >> lane & 1 == 1) {
            node.cells[lane] = read_cell(&mut reader, seq)?;
        }
        seq = seq.wrapping_add(node.frames);
        nodes.push(node);
    }
    Ok(nodes)
}

fn read_cell(reader: &mut Reader<'_>, seq: u32) -> Result<Cell, Damaged> {
    let packed = reader.uint()?;
    let bytes = reader.uint()?;
    let first_seq = seq.wrapping_add(reader.u32()?);
    Ok(Cell {
        count: (packed >> 2) as u32,
        severity: Severity::from_code((packed & 3) as u8),
        bytes,
        first_seq,
        last_seq: first_seq.wrapping_add(reader.u32()?),
    })
}
