//! From the pyramid to pixel columns.

use std::{collections::BTreeMap, sync::Arc};

use super::super::{Failed, Reader, answer::*};
use crate::{
    derive::{
        COLLAPSE_OVER_US, COLLAPSED_TO_US, frames,
        marks::List,
        pyramid::{self, Cell, LANES, Node, PROBLEMS},
    },
    shelf::Shelf,
};

/// Shortest time over which bytes a second mean something: one event within less would be a
/// thousandfold of what flows.
const RATE_OVER_US: f64 = 10_000.0;

/// Times to places, with the gaps that are cut in memory.
#[derive(Clone, Debug)]
pub(crate) struct Warp {
    axis: Axis,
    /// From, to, cut away before; only gaps that are cut, in order.
    gaps: Vec<(u64, u64, u64)>,
    cut: u64,
}

impl Warp {
    pub(crate) fn load<S: Shelf>(reader: &mut Reader<S>, axis: Axis) -> Result<Self, Failed<S::Error>> {
        let mut warp = Self {
            axis,
            gaps: Vec::new(),
            cut: 0,
        };
        if axis != Axis::Collapsed {
            return Ok(warp);
        }
        for idx in 0..reader.pages.mark_count(List::Gaps) {
            let mark = reader.pages.mark(&reader.shelf, List::Gaps, idx)?;
            warp.gap(mark.at_us - mark.extra, mark.at_us);
        }
        warp.gap(reader.pages.summary.last_at_us, reader.end_us());
        Ok(warp)
    }

    fn gap(&mut self, from_us: u64, to_us: u64) {
        if to_us - from_us > COLLAPSE_OVER_US {
            self.gaps.push((from_us, to_us, self.cut));
            self.cut += to_us - from_us - COLLAPSED_TO_US;
        }
    }

    /// Where a moment is.
    pub(crate) fn x(&self, at_us: u64, seq: u32) -> f64 {
        match self.axis {
            Axis::Clock => at_us as f64,
            Axis::Index => f64::from(seq),
            Axis::Collapsed => {
                let idx = self.gaps.partition_point(|(from, ..)| *from < at_us);
                let Some((from, to, before)) = idx.checked_sub(1).map(|idx| self.gaps[idx]) else {
                    return at_us as f64;
                };
                let inside = (at_us.min(to) - from) as f64 / (to - from) as f64;
                (from - before) as f64 + inside * COLLAPSED_TO_US as f64 + at_us.saturating_sub(to) as f64
            }
        }
    }
}

/// What stands in one pixel column.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Column {
    pub(crate) frames: u32,
    pub(crate) bytes: u64,
    pub(crate) max_gap_us: u64,
    pub(crate) cells: [Cell; LANES],
}

/// The columns of a range.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    axis: Axis,
    pub(crate) from: f64,
    pub(crate) step: f64,
    pub(crate) columns: Vec<Column>,
    /// First and last frame in the range; `first > last` when there is none.
    pub(crate) seqs: (u32, u32),
}

/// The block of nodes read last of each level, by number: neighbouring nodes
/// stand in the same one.
type RecentBlocks = BTreeMap<u32, (u32, Arc<Vec<Node>>)>;

impl Columns {
    /// Whether a node that reaches from one place to another counts in one column.
    fn holds(&self, (from, to): (f64, f64), level: u32) -> bool {
        // A node much narrower than a column counts where its middle is.
        let widest = if level == 0 { 1.5 } else { 0.25 } * self.step;
        self.column_of(from) == self.column_of(to) || to - from <= widest
    }

    fn column_of(&self, x: f64) -> usize {
        (((x - self.from) / self.step).max(0.0) as usize).min(self.columns.len() - 1)
    }

    pub(crate) fn x_of(&self, column: usize) -> f64 {
        self.from + column as f64 * self.step
    }

    fn add(&mut self, x: f64, node: &Node) {
        let idx = self.column_of(x);
        let column = &mut self.columns[idx];
        column.frames += node.frames;
        column.bytes += node.bytes;
        column.max_gap_us = column.max_gap_us.max(node.max_gap_us);
        for (cell, more) in column.cells.iter_mut().zip(&node.cells) {
            cell.merge(more);
        }
    }

    pub(crate) fn density(&self) -> Vec<f32> {
        let max = self
            .columns
            .iter()
            .map(|column| column.frames)
            .max()
            .unwrap_or(0)
            .max(1);
        self.columns
            .iter()
            .map(|column| column.frames as f32 / max as f32)
            .collect()
    }

    pub(crate) fn worst(&self) -> Vec<(u32, Severity)> {
        let marked = self.columns.iter().enumerate();
        marked
            .filter_map(|(idx, column)| Some((idx as u32, column.cells[PROBLEMS].severity?)))
            .collect()
    }

    /// Bytes a second, each over a time that is long enough for a rate; on the index axis bytes an event.
    pub(crate) fn throughput(&self, points: usize) -> Vec<(f64, f64)> {
        let mut group = self.columns.len().div_ceil(points).max(1);
        if self.axis != Axis::Index {
            group = group.max((RATE_OVER_US / self.step).ceil() as usize);
            if group > self.columns.len() {
                return Vec::new();
            }
        }
        let of = |idx: usize, columns: &[Column]| {
            let bytes: u64 = columns.iter().map(|column| column.bytes).sum();
            let frames: u32 = columns.iter().map(|column| column.frames).sum();
            let per = match self.axis {
                Axis::Index => f64::from(frames.max(1)),
                Axis::Clock | Axis::Collapsed => self.step * columns.len() as f64 / 1e6,
            };
            (self.x_of(idx * group), bytes as f64 / per)
        };
        let groups = self.columns.chunks(group).enumerate();
        groups
            .filter(|(_, columns)| columns.len() == group || self.axis == Axis::Index)
            .map(|(idx, columns)| of(idx, columns))
            .collect()
    }

    pub(crate) fn gap_millis(&self, points: usize) -> Vec<(f64, f64)> {
        let group = self.columns.len().div_ceil(points).max(1);
        let largest = |columns: &[Column]| columns.iter().map(|column| column.max_gap_us).max().unwrap_or(0);
        let groups = self.columns.chunks(group).enumerate();
        groups
            .map(|(idx, columns)| {
                (
                    self.from + (idx * group) as f64 * self.step,
                    largest(columns) as f64 / 1e3,
                )
            })
            .filter(|(_, millis)| *millis > 0.0)
            .collect()
    }
}

impl<S: Shelf> Reader<S> {
    /// Sorts the frames of a range into columns.
    pub(crate) fn sample(
        &mut self,
        axis: Axis,
        warp: &Warp,
        from: f64,
        to: f64,
        width: u32,
    ) -> Result<Columns, Failed<S::Error>> {
        let seqs = (self.first_seq_from(axis, from)?, self.seq_at_x(axis, to)?);
        let step = (to - from) / f64::from(width);
        let mut columns = Columns {
            axis,
            from,
            step,
            columns: vec![Column::default(); width as usize],
            seqs,
        };
        if seqs.0 > seqs.1 {
            return Ok(columns);
        }
        let mut stack = vec![(super::top_level(u64::from(self.frame_count())), 0_u32)];
        let mut recent = RecentBlocks::new();
        while let Some((level, idx)) = stack.pop() {
            let size = pyramid::node_frames(level);
            let first = u64::from(idx) * size + 1;
            if first > u64::from(seqs.1) || first + size <= u64::from(seqs.0) {
                continue;
            }
            let Some(node) = self.node(level, idx, &mut recent)? else {
                continue;
            };
            let (first, last) = (first as u32, (first + u64::from(node.frames) - 1) as u32);
            let is_whole = first >= seqs.0 && last <= seqs.1;
            let x = (warp.x(node.first_at_us, first), warp.x(node.last_at_us, last));
            if is_whole && columns.holds(x, level) {
                columns.add((x.0 + x.1) / 2.0, node);
            } else if level == 0 {
                self.sample_frames(warp, first.max(seqs.0), last.min(seqs.1), &mut columns)?;
            } else {
                let children = (0..pyramid::FACTOR).rev();
                stack.extend(children.map(|child| (level - 1, idx * pyramid::FACTOR + child)));
            }
        }
        Ok(columns)
    }

    /// A node of the pyramid, if it is there.
    fn node<'r>(
        &mut self,
        level: u32,
        idx: u32,
        recent: &'r mut RecentBlocks,
    ) -> Result<Option<&'r Node>, Failed<S::Error>> {
        let number = idx / pyramid::BLOCK;
        if recent.get(&level).is_none_or(|(kept, _)| *kept != number) {
            let block = self.pages.node_block(&self.shelf, pyramid::number(level, number))?;
            recent.insert(level, (number, block));
        }
        Ok(recent[&level].1.get((idx % pyramid::BLOCK) as usize))
    }

    fn sample_frames(
        &mut self,
        warp: &Warp,
        first: u32,
        last: u32,
        columns: &mut Columns,
    ) -> Result<(), Failed<S::Error>> {
        let mut before_us = if first > 1 {
            self.pages.frame(&self.shelf, first - 1)?.at_us
        } else {
            0
        };
        let mut seq = first;
        while seq <= last {
            let number = (seq - 1) / frames::BLOCK;
            let block = self.pages.frame_block(&self.shelf, u64::from(number))?;
            let from = ((seq - 1) % frames::BLOCK) as usize;
            let until = last.min((number + 1) * frames::BLOCK);
            for entry in block.iter().skip(from).take((until + 1 - seq) as usize) {
                let node = Node::of(seq, entry, entry.at_us - before_us);
                columns.add(warp.x(entry.at_us, seq), &node);
                before_us = entry.at_us;
                seq += 1;
            }
            if seq <= until {
                return Err(Failed::Damaged(crate::derive::Damaged));
            }
        }
        Ok(())
    }

    /// The first frame at or after a place.
    pub(crate) fn first_seq_from(&mut self, axis: Axis, x: f64) -> Result<u32, Failed<S::Error>> {
        if x <= 0.0 {
            return Ok(1);
        }
        if axis == Axis::Index {
            return Ok(x.ceil() as u32);
        }
        let at_us = self.micros_at(axis, x)?;
        Ok(if at_us == 0 { 1 } else { self.seq_at(at_us - 1)? + 1 })
    }
}
