//! The only place in the engine that reads a clock; the wall clock is the capture path's.

use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat};
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

/// RFC 3339 in UTC with microseconds.
pub fn rfc3339(wall_us: i64) -> String {
    DateTime::from_timestamp_micros(wall_us)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_times_read_as_rfc_3339() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(rfc3339(1_600_000_000_123_456), "2020-09-13T12:26:40.123456Z");
        assert_eq!(rfc3339(i64::MAX), "1970-01-01T00:00:00.000000Z");
    }
}
