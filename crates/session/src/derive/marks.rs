//! Sorted lists of frames of one sort, for jumps and for drawing sparse lanes.
//!
//! Each list is cut into blocks of [`BLOCK`] marks, numbered from 0, so that
//! the next mark after a frame is found by bisection over few pages.

use crate::codec::{Damaged, Reader, Writer, open_page};

use std::sync::Arc;

/// Marks in a block.
pub const BLOCK: u32 = 256;

/// A gap from here on is one to jump to.
pub const GAP_US: u64 = 500_000;

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum List {
    /// Frames with a finding of severity warning or worse; `extra` is the severity's code.
    Problems = 0,
    /// First frames of tool calls; `extra` is the span.
    Tools = 1,
    /// State events; `extra` says what the event did, how many operations it
    /// has, and since which frame something of the state is lost.
    States = 2,
    /// Starts and ends of runs; `extra` is the run's number.
    Runs = 3,
    /// Starts of runs whose input has a new user message; `extra` is the run's number.
    Turns = 4,
    /// Frames after a gap of [`GAP_US`] or more; `extra` is the gap, `sum`
    /// what collapsing has cut away up to and including it.
    Gaps = 5,
    /// Frames whose patch of an activity was dropped and something lost with it, where `extra` is 0; and frames that
    /// mended what was lost at the frame `extra`.
    Activities = 6,
}

impl List {
    pub(crate) const COUNT: usize = 7;
    pub(crate) const ALL: [Self; Self::COUNT] = [
        Self::Problems,
        Self::Tools,
        Self::States,
        Self::Runs,
        Self::Turns,
        Self::Gaps,
        Self::Activities,
    ];

    /// Number of the page that holds a block of it.
    pub(crate) fn page(self, block: u32) -> u64 {
        (self as u64) << 32 | u64::from(block)
    }
}

/// What a state event did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StateMark {
    Snapshot = 0,
    Delta = 1,
    Failed = 2,
}

/// Operations are counted up to here.
const OPERATIONS: u64 = 0xffff;

impl StateMark {
    /// As the `extra` of a mark. `lost_since` is the oldest frame of which
    /// something is lost after the event at `seq`.
    pub(crate) fn extra(self, operations: usize, lost_since: Option<u32>, seq: u32) -> u64 {
        let back = lost_since.map_or(0, |since| u64::from(seq.saturating_sub(since)) + 1);
        self as u64 | (operations as u64).min(OPERATIONS) << 2 | back << 18
    }

    /// What a mark says.
    pub(crate) fn of(mark: &Mark) -> Self {
        match mark.extra & 3 {
            0 => Self::Snapshot,
            1 => Self::Delta,
            _ => Self::Failed,
        }
    }
}

impl Mark {
    /// Operations of a state event.
    pub(crate) fn operations(&self) -> u64 {
        self.extra >> 2 & OPERATIONS
    }

    /// The oldest frame of which something is lost after a state event.
    pub(crate) fn lost_since(&self) -> Option<u32> {
        let back = u32::try_from(self.extra >> 18).unwrap_or(u32::MAX).checked_sub(1)?;
        Some(self.seq.saturating_sub(back))
    }
}

/// A frame in a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    pub seq: u32,
    /// When it came.
    pub at_us: u64,
    /// What the list says about it.
    pub extra: u64,
    /// A running total, where the list keeps one.
    pub sum: u64,
}

pub(crate) fn encode(marks: &[Mark]) -> Arc<[u8]> {
    let mut writer = Writer::default();
    writer.uint(marks.len() as u64);
    let mut before = Mark::default();
    for mark in marks {
        writer.uint(u64::from(mark.seq - before.seq));
        writer.uint(mark.at_us - before.at_us);
        writer.uint(mark.extra);
        writer.uint(mark.sum - before.sum);
        before = *mark;
    }
    writer.into_page()
}

pub(crate) fn decode(page: &[u8]) -> Result<Vec<Mark>, Damaged> {
    let bytes = open_page(page)?;
    let mut reader = Reader::new(&bytes);
    let mut marks = Vec::new();
    let mut before = Mark::default();
    for _ in 0..reader.count()? {
        before = Mark {
            seq: before.seq.wrapping_add(reader.u32()?),
            at_us: before.at_us.wrapping_add(reader.uint()?),
            extra: reader.uint()?,
            sum: before.sum.wrapping_add(reader.uint()?),
        };
        marks.push(before);
    }
    Ok(marks)
}
