//! Shapes for the canvas, already decimated.
//!
//! The engine looks at the buckets of the visible range and answers with at
//! most two shapes a pixel column and lane, whatever the number of events.
//! Coordinates are in the units of the asked axis.

pub use scrubjay_session::query::{Form, Lane, LaneId, LanePicture, Shape};
use serde::{Deserialize, Serialize};

use crate::Axis;

/// Asks for the picture of a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lanes {
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
