//! Numbers, sizes and times as people write and read them.

use chrono::{DateTime, Local, NaiveDate, SecondsFormat};
use scrubjay_engine::clock::wall_us;
pub(crate) use scrubjay_session::words::{bytes, duration, ending, many as count, outcome, request_name, verdict};

use crate::failure::Failure;

/// Wall clock as RFC 3339 in UTC, microseconds kept.
pub(crate) fn rfc3339(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Wall clock for people: to the second, in their own time zone.
pub(crate) fn clock(micros: i64) -> String {
    // A store or a file may hold any number; near the ends of the calendar a time zone leads out of it.
    let here = DateTime::from_timestamp_micros(scrubjay_ipc::words::written_years(micros))
        .unwrap_or_default()
        .with_timezone(&Local);
    scrubjay_ipc::words::clock(micros, here.offset().local_minus_utc() / 60)
}

/// A length of time in `90s`, `5m`, `500ms`, `1h`.
pub(crate) fn length(text: &str) -> Option<std::time::Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let millis = match text[digits..].trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    Some(std::time::Duration::from_millis(number.checked_mul(millis)?))
}

/// Why a text is no size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoSize {
    /// A number alone.
    NoUnit,
    /// Anything else.
    NoSense,
}

/// Bytes in `500MB`, `1.5 GB`, `2 GiB`. A number without a unit is refused: it
/// may be meant in any.
pub(crate) fn size(text: &str) -> Result<u64, NoSize> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let number: f64 = text[..digits].parse().map_err(|_unparsed| NoSize::NoSense)?;
    let unit: u64 = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" => return Err(NoSize::NoUnit),
        "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return Err(NoSize::NoSense),
    };
    let bytes = number * unit as f64;
    // Every whole number up to here is exact.
    let is_exact = (0.0..=9e15).contains(&bytes);
    is_exact.then_some(bytes.round() as u64).ok_or(NoSize::NoSense)
}

/// The moment that a text names, microseconds since 1970: a time, a day
/// (its beginning here), or an age counted back from `now_us`.
pub(crate) fn moment(text: &str, now_us: i64) -> Option<i64> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_micros());
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let start = day.and_hms_opt(0, 0, 0)?.and_local_timezone(Local).earliest()?;
        return Some(start.timestamp_micros());
    }
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
    let secs: i64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    if number < 0 {
        return None;
    }
    now_us.checked_sub(number.checked_mul(secs)?.checked_mul(1_000_000)?)
}

/// As [`moment`], counted back from now.
///
/// # Errors
/// A sentence about what the argument names, when it names no moment.
pub(crate) fn named_moment(text: &str) -> Result<i64, Failure> {
    moment(text, wall_us()).ok_or_else(|| {
        Failure::bad_argument(
            format!("{text:?} names no moment."),
            "Give a day (2026-11-21), a time (2026-11-21T10:00:00Z) or an age (7d, 12h, 30m).",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let check = |text, expected| assert_eq!(size(text), expected, "{text}");
        check("500MB", Ok(500_000_000));
        check("64 kB", Ok(64_000));
        check("2 GiB", Ok(2 << 30));
        check("1.5GB", Ok(1_500_000_000));
        check("1000", Err(NoSize::NoUnit));
        check("2", Err(NoSize::NoUnit));
        check("much", Err(NoSize::NoSense));
        check("-2GB", Err(NoSize::NoSense));
        check("1.2.3GB", Err(NoSize::NoSense));
        check("99999999999999TB", Err(NoSize::NoSense));
    }

    #[test]
    fn lengths_of_time_have_a_unit() {
        let check = |text, millis: Option<u64>| {
            assert_eq!(length(text), millis.map(std::time::Duration::from_millis), "{text}");
        };
        check("90s", Some(90_000));
        check("5m", Some(300_000));
        check("500ms", Some(500));
        check("60", None);
        check("", None);
        check("1.5s", None);
        check("99999999999999999999h", None);
        check("9999999999999999h", None);
    }

    #[test]
    fn moments_are_times_days_and_ages() {
        let now = 1_790_769_600_000_000;
        let check = |text, expected| assert_eq!(moment(text, now), expected, "{text}");
        check("2026-09-30T12:00:00Z", Some(now));
        check("7d", Some(now - 604_800_000_000));
        check("30m", Some(now - 1_800_000_000));
        check("-7d", None);
        check("soon", None);
        check("", None);
        check("999999999999999d", None);
        assert!(moment("2026-09-30", now).is_some());
    }
}
