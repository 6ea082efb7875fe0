//! Numbers, times and outcomes as a person reads them, for the views of this
//! vocabulary. They are `session`'s words, so that a row reads the same in a
//! window, on the command line and in a report.

use chrono::{DateTime, FixedOffset};
pub use scrubjay_session::words::{
    bytes, count, duration, ending, is_bad_ending, many, offset, offset_short, outcome, verdict,
};

/// Wall clock to the second, as it stands on a clock so many minutes east of
/// UTC: `2026-11-20 10:00:05`.
pub fn clock(micros_since_1970: i64, minutes_east: i32) -> String {
    let zone = FixedOffset::east_opt(minutes_east.saturating_mul(60))
        .unwrap_or_else(|| FixedOffset::east_opt(0).expect("UTC is a zone"));
    DateTime::from_timestamp_micros(written_years(micros_since_1970))
        .unwrap_or_default()
        .with_timezone(&zone)
        .format("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// The nearest time in a year that is written in four digits, a day from either end.
pub fn written_years(micros_since_1970: i64) -> i64 {
    micros_since_1970.clamp(-62_135_510_400_000_000, 253_402_214_400_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_stand_where_the_reader_is() {
        let at_us = 1_600_000_000_123_456;
        assert_eq!(clock(at_us, 0), "2020-09-13 12:26:40");
        assert_eq!(clock(at_us, 330), "2020-09-13 17:56:40");
        assert_eq!(clock(at_us, -90), "2020-09-13 10:56:40");
        assert_eq!(clock(at_us, i32::MAX), "2020-09-13 12:26:40");
        assert_eq!(clock(i64::MAX, 60), "9999-12-31 01:00:00");
        assert_eq!(clock(i64::MIN, -60), "0001-01-01 23:00:00");
    }
}
