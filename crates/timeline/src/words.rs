//! Times, counts and sizes as a person reads them.

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

/// A count in groups of three: `48,210`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A size: `184 B`, `4.1 kB`, `41 MB`, `3.1 GB`.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if n < 1_000 {
        return format!("{n} B");
    }
    let mut value = n as f64 / 1_000.0;
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
    }
}
