//! The only place in the engine that reads a clock; the wall clock is the capture path's.

use std::time::{Duration, Instant};

pub use scrubjay_proxy::clock::{is_off, wall_us};

/// A moment to measure from.
#[derive(Clone, Copy, Debug)]
pub struct Mark(Instant);

impl Mark {
    pub fn now() -> Self {
        Self(Instant::now())
    }

    /// How long ago.
    pub fn age(self) -> Duration {
        self.0.elapsed()
    }
}
