//! Numbers, times and sizes as a person reads them.

use chrono::{DateTime, SecondsFormat};

/// A wall clock, RFC 3339 in UTC with microseconds; a time beyond the calendar is 1970.
///
/// ```
/// use scrubjay_session::measures::rfc3339;
///
/// assert_eq!(rfc3339(1_600_000_000_123_456), "2020-09-13T12:26:40.123456Z");
/// assert_eq!(rfc3339(i64::MAX), "1970-01-01T00:00:00.000000Z");
/// ```
pub fn rfc3339(micros_since_1970: i64) -> String {
    DateTime::from_timestamp_micros(micros_since_1970)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A length of time with two or three figures: `212 ms`, `1.9 s`, `2 m 05 s`.
pub fn duration(us: u64) -> String {
    let secs = us as f64 / 1e6;
    match us {
        0 => "0".to_owned(),
        1..1_000 => format!("{us} µs"),
        1_000..10_000 => format!("{:.1} ms", us as f64 / 1e3),
        10_000..1_000_000 => format!("{} ms", us / 1_000),
        1_000_000..10_000_000 => format!("{secs:.1} s"),
        10_000_000..60_000_000 => format!("{secs:.0} s"),
        60_000_000..3_600_000_000 => {
            let whole = us / 1_000_000;
            format!("{} m {:02} s", whole / 60, whole % 60)
        }
        172_800_000_000.. => format!("{} days", us / 86_400_000_000),
        _ => {
            let whole = us / 60_000_000;
            format!("{} h {:02} m", whole / 60, whole % 60)
        }
    }
}

/// A place on the clock, counted from the start: `+18.204 s`, `+2:05.310`.
pub fn offset(us: u64) -> String {
    let millis = us / 1_000;
    let (secs, rest) = (millis / 1_000, millis % 1_000);
    match secs {
        0..60 => format!("+{secs}.{rest:03} s"),
        60..3_600 => format!("+{}:{:02}.{rest:03}", secs / 60, secs % 60),
        _ => format!("+{}:{:02}:{:02}", secs / 3_600, secs / 60 % 60, secs % 60),
    }
}

/// The same without the unit, for a column: `+18.204`.
pub fn offset_short(us: u64) -> String {
    offset(us).trim_end_matches(" s").to_owned()
}

/// A size: `184 B`, `4.1 kB`, `41 MB`, `3.1 GB`.
pub fn bytes(len: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if len < 1_000 {
        return format!("{len} B");
    }
    let mut value = len as f64 / 1_000.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1_000.0;
        unit += 1;
    }
    if value < 9.95 {
        format!("{value:.1} {}", UNITS[unit])
    } else {
        format!("{value:.0} {}", UNITS[unit])
    }
}

/// A count in groups of three: `48,210`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A frame's name in a sentence: `frame 48,210`.
pub fn frame(seq: u32) -> String {
    format!("frame {}", count(u64::from(seq)))
}

/// A frame's name as a mark: `#48,210`.
pub fn frame_mark(seq: u32) -> String {
    format!("#{}", count(u64::from(seq)))
}

/// A number of things that have a regular plural: `1 run`, `1,200 runs`.
pub fn many(number: u64, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        number => format!("{} {thing}s", count(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_two_or_three_figures() {
        let seen: Vec<_> = [
            0,
            900,
            2_400,
            212_000,
            1_900_000,
            41_000_000,
            125_000_000,
            7_260_000_000,
            900_000_000_000,
        ]
        .map(duration)
        .into();
        assert_eq!(
            seen,
            [
                "0", "900 µs", "2.4 ms", "212 ms", "1.9 s", "41 s", "2 m 05 s", "2 h 01 m", "10 days"
            ]
        );
    }

    #[test]
    fn offsets_count_from_the_start() {
        assert_eq!(offset(18_204_900), "+18.204 s");
        assert_eq!(offset(125_310_000), "+2:05.310");
        assert_eq!(offset(3_725_000_000), "+1:02:05");
        assert_eq!(offset_short(18_204_900), "+18.204");
    }

    #[test]
    fn counts_and_sizes() {
        assert_eq!(
            [1, 999, 1_000, 48_210, 1_000_000].map(count),
            ["1", "999", "1,000", "48,210", "1,000,000"]
        );
        assert_eq!(
            [184, 4_100, 41_000_000, 3_100_000_000].map(bytes),
            ["184 B", "4.1 kB", "41 MB", "3.1 GB"]
        );
        assert_eq!(bytes(999_900), "1.0 MB");
        assert_eq!([1, 2_000].map(|number| many(number, "run")), ["1 run", "2,000 runs"]);
        assert_eq!(frame(607_018), "frame 607,018");
        assert_eq!([8, 607_018].map(frame_mark), ["#8", "#607,018"]);
    }
}
