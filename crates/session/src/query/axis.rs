//! Axes: where a frame is, and which frame is at a place.
//!
//! - clock: microseconds since the request.
//! - collapsed: the same with every gap over the cap cut to a fixed width.
//!   Inside a cut gap, places are stretched evenly over its width.
//! - index: frame n stands at n.

use super::{Failed, Reader, answer::*, pages::partition};
use crate::{
    derive::{COLLAPSE_OVER_US, COLLAPSED_TO_US, marks::List},
    shelf::Shelf,
};

/// A gap as the collapsed axis sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Gap {
    pub(crate) from_us: u64,
    pub(crate) to_us: u64,
    /// Cut away by all gaps before it.
    pub(crate) cut_before: u64,
}

impl Gap {
    fn len(&self) -> u64 {
        self.to_us - self.from_us
    }

    fn cut(&self) -> u64 {
        if self.len() > COLLAPSE_OVER_US {
            self.len() - COLLAPSED_TO_US
        } else {
            0
        }
    }
}

impl<S: Shelf> Reader<S> {
    /// Lengths of the axes.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    pub fn extent(&mut self) -> Result<Extent, Failed<S::Error>> {
        let end_us = self.end_us();
        Ok(Extent {
            clock: end_us as f64,
            collapsed: self.collapsed_from_micros(end_us)?,
            index: f64::from(self.frame_count()),
        })
    }

    /// The end of the clock: the last thing that happened.
    pub(crate) fn end_us(&self) -> u64 {
        self.exchange.last_at_us.max(self.pages.summary.last_at_us)
    }

    /// Where a time is on an axis (on the index axis: the last frame before it).
    pub(crate) fn x_from_micros(&mut self, axis: Axis, at_us: u64) -> Result<f64, Failed<S::Error>> {
        match axis {
            Axis::Clock => Ok(at_us as f64),
            Axis::Collapsed => self.collapsed_from_micros(at_us),
            Axis::Index => Ok(f64::from(self.seq_at(at_us)?)),
        }
    }

    /// Where a frame is on an axis; frame 0 is at the start.
    pub(crate) fn x_of(&mut self, axis: Axis, seq: u32) -> Result<f64, Failed<S::Error>> {
        match (axis, seq) {
            (Axis::Index, _) => Ok(f64::from(seq)),
            (_, 0) => Ok(0.0),
            (_, _) => {
                let at_us = self.frame(seq)?.at_us;
                self.x_from_micros(axis, at_us)
            }
        }
    }

    /// The gap that ends at or after a time, and is over the cap, if that time lies in it;
    /// else what was cut away before the time.
    fn gap_around(&mut self, at_us: u64) -> Result<(Option<Gap>, u64), Failed<S::Error>> {
        let idx = self
            .pages
            .mark_past(&self.shelf, List::Gaps, |mark| mark.at_us >= at_us)?;
        let cut_before = match idx {
            0 => 0,
            _ => self.pages.mark(&self.shelf, List::Gaps, idx - 1)?.sum,
        };
        if idx < self.pages.mark_count(List::Gaps) {
            let mark = self.pages.mark(&self.shelf, List::Gaps, idx)?;
            let gap = Gap {
                from_us: mark.at_us - mark.extra,
                to_us: mark.at_us,
                cut_before,
            };
            return Ok(((gap.from_us < at_us).then_some(gap), cut_before));
        }
        let last = self.pages.summary.last_at_us;
        let tail = Gap {
            from_us: last,
            to_us: self.end_us(),
            cut_before,
        };
        Ok((
            (tail.from_us < at_us && tail.len() > COLLAPSE_OVER_US).then_some(tail),
            cut_before,
        ))
    }

    fn collapsed_from_micros(&mut self, at_us: u64) -> Result<f64, Failed<S::Error>> {
        let (gap, cut_before) = self.gap_around(at_us)?;
        let Some(gap) = gap.filter(|gap| gap.cut() > 0) else {
            return Ok((at_us - cut_before.min(at_us)) as f64);
        };
        let inside = (at_us - gap.from_us).min(gap.len()) as f64 / gap.len() as f64;
        Ok((gap.from_us - gap.cut_before) as f64 + inside * COLLAPSED_TO_US as f64)
    }

    /// The time at a place of the clock or the collapsed axis.
    pub(crate) fn micros_at(&mut self, axis: Axis, x: f64) -> Result<u64, Failed<S::Error>> {
        let x = x.max(0.0);
        if axis == Axis::Clock {
            return Ok(x as u64);
        }
        // Gaps are sorted on this axis as on the clock.
        let idx = self
            .pages
            .mark_past(&self.shelf, List::Gaps, |mark| (mark.at_us - mark.sum) as f64 >= x)?;
        let cut_before = match idx {
            0 => 0,
            _ => self.pages.mark(&self.shelf, List::Gaps, idx - 1)?.sum,
        };
        let gap = if idx < self.pages.mark_count(List::Gaps) {
            let mark = self.pages.mark(&self.shelf, List::Gaps, idx)?;
            Gap {
                from_us: mark.at_us - mark.extra,
                to_us: mark.at_us,
                cut_before,
            }
        } else {
            Gap {
                from_us: self.pages.summary.last_at_us,
                to_us: self.end_us(),
                cut_before,
            }
        };
        let begin = gap.from_us.saturating_sub(cut_before) as f64;
        if gap.cut() == 0 || x <= begin {
            return Ok((x + cut_before as f64).round() as u64);
        }
        let inside = (x - begin) / COLLAPSED_TO_US as f64;
        Ok(gap.from_us + (inside.min(1.0) * gap.len() as f64).round() as u64)
    }

    /// The last frame at or before a time; 0 when there is none.
    pub(crate) fn seq_at(&mut self, at_us: u64) -> Result<u32, Failed<S::Error>> {
        let block_len = crate::derive::frames::BLOCK;
        let frames = self.frame_count();
        let blocks = frames.div_ceil(block_len);
        let after = partition(blocks, |block| {
            Ok::<_, Failed<S::Error>>(self.frame(block * block_len + 1)?.at_us <= at_us)
        })?;
        let Some(block) = after.checked_sub(1) else {
            return Ok(0);
        };
        let entries = self.pages.frame_block(&self.shelf, u64::from(block))?;
        let inside = entries.partition_point(|entry| entry.at_us <= at_us) as u32;
        Ok((block * block_len + inside).min(frames))
    }

    /// The last frame at or before a place.
    pub(crate) fn seq_at_x(&mut self, axis: Axis, x: f64) -> Result<u32, Failed<S::Error>> {
        if axis == Axis::Index {
            return Ok((x.max(0.0).floor() as u32).min(self.frame_count()));
        }
        let at_us = self.micros_at(axis, x)?;
        self.seq_at(at_us)
    }
}
