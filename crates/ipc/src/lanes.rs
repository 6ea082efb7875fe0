//! Shapes for the canvas, already decimated.
//!
//! The engine looks at the buckets of the visible range and answers with at
//! most two shapes a pixel column and lane, whatever the number of events.
//! Coordinates are in the units of the asked axis.

use serde::{Deserialize, Serialize};

use crate::{Axis, Kind, Severity};

/// Asks for the picture of a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lanes {
    /// Of which exchange.
    pub exchange: i64,
    /// In whose units `from`, `to` and all shapes are.
    pub axis: Axis,
    /// Left edge.
    pub from: f64,
    /// Right edge.
    pub to: f64,
    /// Width of the lanes in pixels (without the titles).
    pub width_px: u32,
}

/// The picture of a range.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LanesView {
    /// Left edge.
    pub from: f64,
    /// Right edge.
    pub to: f64,
    /// Density of the *whole* exchange for the overview, one value a pixel
    /// column, 0 to 1 of the maximum.
    pub overview: Vec<f32>,
    /// Worst severity per column of the overview, where there is any.
    pub overview_marks: Vec<(u32, Severity)>,
    /// Long gaps of the whole exchange: from, to, true length in microseconds.
    pub gaps: Vec<(f64, f64, u64)>,
    /// The lanes, top to bottom; a lane without shapes in the whole exchange is absent.
    pub lanes: Vec<Lane>,
    /// Throughput of the range: x, bytes per second. For the small chart.
    pub throughput: Vec<(f64, f64)>,
    /// Gaps between frames of the range: x, milliseconds; the largest of each column.
    pub gap_millis: Vec<(f64, f64)>,
}

/// One lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// What it shows.
    pub id: LaneId,
    /// Rows it is tall (parallel tool calls stack to four).
    pub rows: u8,
    /// Its shapes, back to front.
    pub shapes: Vec<Shape>,
}

/// Names of lanes, in their order from top to bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says it")]
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

/// One shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Form.
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
    /// Worst finding in it; wins its column.
    pub severity: Option<Severity>,
    /// First frame in it.
    pub first_seq: u32,
    /// Last frame in it.
    pub last_seq: u32,
    /// Text on it; empty when there is no room for any.
    pub label: String,
}

/// Form of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A bar with square ends.
    Bar,
    /// A bar whose right end is torn: never closed.
    TornBar,
    /// A hatched bar: waiting for a person, suspended, paused.
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
    /// A dashed line: state stuck until the next snapshot.
    Dashed,
    /// A column of an area; height by strength.
    Column,
    /// A bracket around a step; depth by row.
    Bracket,
}
