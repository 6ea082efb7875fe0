//! Times and sizes with their units: `500ms`, `4kB`.

use std::time::Duration;

/// `250ms`, `2s`, `1m`; a bare number is milliseconds.
pub(super) fn time(text: &str) -> Option<Duration> {
    let (number, seconds) = split(
        text,
        &[("ms", 0.001), ("us", 0.000_001), ("s", 1.0), ("m", 60.0)],
        0.001,
    )?;
    Duration::try_from_secs_f64(number * seconds).ok()
}

/// `500`, `64kB`, `11MiB`.
pub(super) fn size(text: &str) -> Option<usize> {
    const UNITS: [(&str, f64); 6] = [
        ("KiB", 1024.0),
        ("MiB", 1_048_576.0),
        ("kB", 1e3),
        ("KB", 1e3),
        ("MB", 1e6),
        ("B", 1.0),
    ];
    let (number, unit) = split(text, &UNITS, 1.0)?;
    let bytes = number * unit;
    (bytes.fract() == 0.0 && (0.0..=1e9).contains(&bytes)).then_some(bytes as usize)
}

/// A number and what its unit, if it has one, counts for.
fn split(text: &str, units: &[(&str, f64)], bare: f64) -> Option<(f64, f64)> {
    let found = units
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)));
    let (number, factor) = found.unwrap_or((text, bare));
    // No sign, exponent or word: only what a person means by a number.
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    Some((number.parse().ok().filter(|_| is_number)?, factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read() {
        for (text, ms) in [
            ("250ms", Some(250)),
            ("2s", Some(2000)),
            ("1.5s", Some(1500)),
            ("1m", Some(60_000)),
            ("40", Some(40)),
            ("", None),
            ("s", None),
            ("-1s", None),
            ("1h", None),
            ("inf", None),
        ] {
            assert_eq!(time(text), ms.map(Duration::from_millis), "{text}");
        }
        for (text, bytes) in [
            ("7", Some(7)),
            ("64kB", Some(64_000)),
            ("11MiB", Some(11 << 20)),
            ("1.5KiB", Some(1536)),
            ("", None),
            ("1.5", None),
            ("2TB", None),
            ("9999999MB", None),
        ] {
            assert_eq!(size(text), bytes, "{text}");
        }
    }
}
