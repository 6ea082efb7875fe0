//! The picture of a range: shapes, already decimated.
//!
//! `sample` sorts what the pyramid holds into pixel columns, without looking
//! at frames where a node fits into a column. `draw` makes shapes: spans as
//! bars where few enough fit, columns of density where
//! not. In no lane do more than two shapes begin in one pixel column of one
//! row, and the worst finding of a column is always among them.

mod draw;
mod holes;
mod sample;
mod spans;
mod state;

use std::sync::Arc;

use self::{
    draw::{Canvas, Pencil},
    sample::{Columns, Warp},
};
use super::{Failed, Reader, answer::*};
use crate::{
    derive::{marks::List, pyramid},
    shelf::Shelf,
};

/// Widest picture made.
const WIDTH_LIMIT: u32 = 8_192;
/// Points of the small charts.
const CHART_POINTS: usize = 240;
/// Gaps that a picture names.
const GAPS_NAMED: usize = 200;
/// Gaps that are looked at to find the longest.
const GAPS_READ: u32 = 8_192;

/// The picture of a range, in units of the asked axis.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LanePicture {
    /// Left edge.
    pub from: f64,
    /// Right edge.
    pub to: f64,
    /// Density of the whole exchange, one value a pixel column, 0 to 1 of the maximum.
    pub overview: Vec<f32>,
    /// Worst severity per column of the overview, where there is any.
    pub overview_marks: Vec<(u32, Severity)>,
    /// Long gaps of the whole exchange: from, to, true length in microseconds.
    pub gaps: Vec<LongGap>,
    /// The lanes, top to bottom; a lane that is empty in the whole exchange is absent.
    pub lanes: Vec<Lane>,
    /// Throughput of the range: x, bytes per second. On the index axis, which has no time, bytes an event;
    /// empty where the range is too short for a rate.
    pub throughput: Vec<(f64, f64)>,
    /// Gaps between frames of the range: x, milliseconds; the largest of each column.
    pub gap_millis: Vec<(f64, f64)>,
}

/// A long gap: from, to, true length in microseconds.
pub type LongGap = (f64, f64, u64);

/// One lane.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Lane {
    pub id: LaneId,
    /// Rows it is tall.
    pub rows: u8,
    /// Its shapes, back to front.
    pub shapes: Vec<Shape>,
}

/// Names of lanes, in their order from top to bottom; the pyramid counts in the same order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum LaneId {
    Runs,
    Steps,
    Subagents,
    Text,
    Reasoning,
    Tools,
    State,
    Activity,
    Wire,
    Problems,
}

impl LaneId {
    pub(crate) const ALL: [Self; pyramid::LANES] = [
        Self::Runs,
        Self::Steps,
        Self::Subagents,
        Self::Text,
        Self::Reasoning,
        Self::Tools,
        Self::State,
        Self::Activity,
        Self::Wire,
        Self::Problems,
    ];
}

/// One shape.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Shape {
    pub form: Form,
    /// Left edge, or the place of a point.
    pub from: f64,
    /// Right edge.
    pub to: f64,
    /// Row within the lane, from 0.
    pub row: u8,
    /// Hue.
    pub kind: Kind,
    /// Darkness or height, 0 to 255.
    pub strength: u8,
    /// Worst finding in it.
    pub severity: Option<Severity>,
    pub first_seq: u32,
    pub last_seq: u32,
    /// Text on it; empty when there is no room for any. Not made safe for display.
    pub label: String,
}

/// Form of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Form {
    /// A bar with square ends.
    Bar,
    /// A bar whose right end is torn: never closed.
    TornBar,
    /// A hatched bar: waiting for a person, suspended.
    Hatched,
    /// A pale bar: waiting for a result.
    Pale,
    /// A thin line before a bar: time to first character.
    Whisker,
    /// A thin upright line; height by strength.
    Tick,
    /// A small dot.
    Dot,
    /// A diamond: snapshot.
    Diamond,
    /// A cross: failed.
    Cross,
    /// A dashed line: the state differs from what the agent meant.
    Dashed,
    /// A column of an area; height by strength.
    Column,
    /// A bracket around a step; depth by row.
    Bracket,
}

/// A value a column, and the worst finding of those that have any.
type Density = (Vec<f32>, Vec<(u32, Severity)>);

/// The density of the whole exchange, kept until it grows.
#[derive(Clone, Debug)]
pub(crate) struct Overview {
    axis: Axis,
    width: u32,
    frames: u32,
    end_us: u64,
    density: Arc<Density>,
}

impl<S: Shelf> Reader<S> {
    /// The picture of a range of an axis for lanes of `width_px` pixels.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    pub fn lanes(&mut self, axis: Axis, from: f64, to: f64, width_px: u32) -> Result<LanePicture, Failed<S::Error>> {
        let width = width_px.clamp(1, WIDTH_LIMIT);
        let (from, to) = sensible(from, to);
        let warp = Warp::load(self, axis)?;
        let columns = self.sample(axis, &warp, from, to, width)?;
        let overview = self.overview(axis, &warp, width)?;
        let pencil = Pencil::new(axis, warp, from, to, width);
        Ok(LanePicture {
            from,
            to,
            overview: overview.0.clone(),
            overview_marks: overview.1.clone(),
            gaps: self.long_gaps(&pencil)?,
            lanes: self.draw(&pencil, &columns)?,
            throughput: columns.throughput(CHART_POINTS),
            gap_millis: columns.gap_millis(CHART_POINTS),
        })
    }

    fn overview(&mut self, axis: Axis, warp: &Warp, width: u32) -> Result<Arc<Density>, Failed<S::Error>> {
        let (frames, end_us) = (self.frame_count(), self.end_us());
        let kept = self
            .overview
            .as_ref()
            .filter(|kept| (kept.axis, kept.width, kept.frames, kept.end_us) == (axis, width, frames, end_us));
        if let Some(kept) = kept {
            return Ok(Arc::clone(&kept.density));
        }
        let extent = self.extent()?;
        let end = match axis {
            Axis::Clock => extent.clock,
            Axis::Collapsed => extent.collapsed,
            Axis::Index => extent.index,
        };
        let columns = self.sample(axis, warp, 0.0, end.max(1.0), width)?;
        let density = Arc::new((columns.density(), columns.worst()));
        self.overview = Some(Overview {
            axis,
            width,
            frames,
            end_us,
            density: Arc::clone(&density),
        });
        Ok(density)
    }

    /// The longest gaps, in their order.
    fn long_gaps(&mut self, pencil: &Pencil) -> Result<Vec<LongGap>, Failed<S::Error>> {
        let mut gaps = Vec::new();
        let after_holes = self.frames_after_holes()?;
        let count = self.pages.mark_count(List::Gaps).min(GAPS_READ);
        for idx in 0..count {
            let mark = self.pages.mark(&self.shelf, List::Gaps, idx)?;
            if mark.extra >= crate::derive::COLLAPSE_OVER_US && !after_holes.contains(&mark.seq) {
                gaps.push(mark);
            }
        }
        if gaps.len() > GAPS_NAMED {
            gaps.sort_by_key(|mark| std::cmp::Reverse(mark.extra));
            gaps.truncate(GAPS_NAMED);
            gaps.sort_by_key(|mark| mark.seq);
        }
        let place = |mark: crate::derive::marks::Mark| {
            let from = pencil.x(mark.at_us - mark.extra, mark.seq - 1);
            (from, pencil.x(mark.at_us, mark.seq), mark.extra)
        };
        Ok(gaps.into_iter().map(place).collect())
    }

    fn draw(&mut self, pencil: &Pencil, columns: &Columns) -> Result<Vec<Lane>, Failed<S::Error>> {
        let whole = self.whole()?;
        let mut canvas = Canvas::new(pencil);
        let detailed = self.draw_spans(pencil, columns, &mut canvas)?;
        self.draw_runs(pencil, &mut canvas);
        self.draw_state(pencil, columns, &mut canvas)?;
        for lane in [
            LaneId::Steps,
            LaneId::Subagents,
            LaneId::Text,
            LaneId::Reasoning,
            LaneId::Tools,
        ] {
            if !detailed {
                draw::density(columns, lane, &mut canvas);
            }
        }
        self.draw_dots(columns, &mut canvas)?;
        draw::wire(columns, &mut canvas);
        self.draw_holes(pencil, &mut canvas)?;
        draw::problems(columns, &mut canvas);
        Ok(canvas.lanes(&whole))
    }

    /// The node over everything.
    pub(crate) fn whole(&mut self) -> Result<pyramid::Node, Failed<S::Error>> {
        let frames = u64::from(self.frame_count());
        if frames == 0 {
            return Ok(pyramid::Node::default());
        }
        let level = top_level(frames);
        let nodes = self.pages.node_block(&self.shelf, pyramid::number(level, 0))?;
        Ok(nodes.first().copied().unwrap_or_default())
    }
}

/// The lowest level on which one node covers all frames.
fn top_level(frames: u64) -> u32 {
    let mut level = 0;
    while pyramid::node_frames(level) < frames {
        level += 1;
    }
    level
}

/// A range that is not empty, upside down or not a number.
fn sensible(from: f64, to: f64) -> (f64, f64) {
    let from = if from.is_finite() { from } else { 0.0 };
    let to = if to.is_finite() { to } else { from };
    if to - from >= 1e-3 {
        (from, to)
    } else {
        (from, from + 1.0)
    }
}
