//! Numbers, sizes and times as people write and read them.

use chrono::{DateTime, Local, NaiveDate, SecondsFormat};

/// Microseconds as a short length of time.
pub(crate) fn duration(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{:.1} ms", micros as f64 / 1e3),
        1_000_000..60_000_000 => format!("{:.2} s", micros as f64 / 1e6),
        _ => format!("{}m{:02}s", micros / 60_000_000, micros / 1_000_000 % 60),
    }
}

/// A number of bytes, short.
pub(crate) fn bytes(len: u64) -> String {
    match len {
        0..10_000 => format!("{len} B"),
        10_000..10_000_000 => format!("{:.1} kB", len as f64 / 1e3),
        10_000_000..10_000_000_000 => format!("{:.1} MB", len as f64 / 1e6),
        _ => format!("{:.1} GB", len as f64 / 1e9),
    }
}

/// A number of things that have a regular plural.
pub(crate) fn count(number: u64, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        number => format!("{number} {thing}s"),
    }
}

/// Wall clock as RFC 3339 in UTC, microseconds kept.
pub(crate) fn rfc3339(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Wall clock for people: to the second, in their own time zone.
pub(crate) fn clock(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros)
        .unwrap_or_default()
        .with_timezone(&Local)
        .format("%Y-%m-%d %H:%M:%S")
        .to_string()
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

/// Bytes in `500MB`, `2 GiB`, `1000`.
pub(crate) fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(unit)
}

/// The moment that somebody names, microseconds since 1970: a time, a day
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_sizes_are_short() {
        let times = [
            (7, "7 µs"),
            (1_500, "1.5 ms"),
            (2_340_000, "2.34 s"),
            (125_000_000, "2m05s"),
        ];
        for (micros, text) in times {
            assert_eq!(duration(micros), text);
        }
        for (len, text) in [(999, "999 B"), (12_345, "12.3 kB"), (300_000_000, "300.0 MB")] {
            assert_eq!(bytes(len), text);
        }
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let check = |text, expected| assert_eq!(size(text), expected, "{text}");
        check("500MB", Some(500_000_000));
        check("2 GiB", Some(2 << 30));
        check("1000", Some(1000));
        check("1.5GB", None);
        check("much", None);
        check("99999999999999TB", None);
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
