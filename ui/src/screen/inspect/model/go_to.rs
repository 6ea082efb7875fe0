//! What a person may type to go somewhere.

use scrubjay_ipc::{RunView, Target};

/// Reads `#1842`, `1842`, `+18.2s`, `+2:05`, `12:04:31` or a run's id.
///
/// # Errors
///
/// A sentence with what could have been typed.
pub fn read(text: &str, started_at_millis: i64, zone_offset_min: i32, runs: &[RunView]) -> Result<Target, String> {
    let text = text.trim();
    if let Ok(seq) = text
        .strip_prefix('#')
        .unwrap_or(text)
        .replace([',', ' '], "")
        .parse::<u32>()
    {
        return Ok(Target::Seq(seq));
    }
    if let Some(after) = text.strip_prefix('+') {
        return read_offset(after).map(Target::AtMicros).ok_or_else(|| hint(text));
    }
    if let Some(run) = runs.iter().find(|run| run.run_id == text) {
        return Ok(Target::Seq(run.first_seq));
    }
    if let Some(day_us) = read_clock(text) {
        let local_ms = started_at_millis - i64::from(zone_offset_min) * 60_000;
        let start_us = local_ms.rem_euclid(86_400_000) * 1_000;
        let after = (day_us as i64 - start_us).rem_euclid(86_400_000_000);
        // A time just before the start means the start, not tomorrow.
        return Ok(Target::AtMicros(if after > 43_200_000_000 { 0 } else { after as u64 }));
    }
    let mut near = runs.iter().filter(|run| run.run_id.contains(text) && !text.is_empty());
    match (near.next(), near.next()) {
        (Some(run), None) => Ok(Target::Seq(run.first_seq)),
        _ => Err(hint(text)),
    }
}

fn hint(text: &str) -> String {
    format!("“{text}” is not a place: type an event (#1842), a time (+18.2s, 12:04:31) or a run id.")
}

fn read_offset(text: &str) -> Option<u64> {
    let text = text.trim();
    let secs = if let Some(millis) = text.strip_suffix("ms") {
        millis.trim().parse::<f64>().ok()? / 1e3
    } else if let Some((minutes, secs)) = text.split_once(':') {
        minutes.parse::<f64>().ok()? * 60.0 + secs.trim_end_matches('s').parse::<f64>().ok()?
    } else {
        text.trim_end_matches('s').trim().parse::<f64>().ok()?
    };
    (secs.is_finite() && secs >= 0.0).then_some((secs * 1e6).round() as u64)
}

fn read_clock(text: &str) -> Option<u64> {
    let mut parts = text.split(':');
    let (hours, minutes) = (parts.next()?.parse::<u64>().ok()?, parts.next()?.parse::<u64>().ok()?);
    let secs = parts.next().map_or(Some(0.0), |secs| secs.parse::<f64>().ok())?;
    let fits = hours < 24 && minutes < 60 && (0.0..60.0).contains(&secs) && parts.next().is_none();
    fits.then(|| (hours * 3_600 + minutes * 60) * 1_000_000 + (secs * 1e6).round() as u64)
}

#[cfg(test)]
mod tests {
    use scrubjay_ipc::Verdict;

    use super::*;

    fn go(text: &str) -> Result<Target, String> {
        let run = |id: &str, first_seq| RunView {
            run_id: id.to_owned(),
            thread_id: "t".to_owned(),
            verdict: Verdict::Success,
            first_seq,
            last_seq: first_seq + 9,
        };
        // Started at 12:04:13 local time, two hours east of UTC.
        let started = (10 * 3_600 + 4 * 60 + 13) * 1_000;
        read(text, started, -120, &[run("run_1", 1), run("run_2", 40)])
    }

    #[test]
    fn places_are_read_in_every_form() {
        assert_eq!(go("#1,842"), Ok(Target::Seq(1842)));
        assert_eq!(go(" 17 "), Ok(Target::Seq(17)));
        assert_eq!(go("+18.2s"), Ok(Target::AtMicros(18_200_000)));
        assert_eq!(go("+250 ms"), Ok(Target::AtMicros(250_000)));
        assert_eq!(go("+2:05"), Ok(Target::AtMicros(125_000_000)));
        assert_eq!(go("12:04:31"), Ok(Target::AtMicros(18_000_000)));
        assert_eq!(go("12:04:10"), Ok(Target::AtMicros(0)));
        assert_eq!(go("run_2"), Ok(Target::Seq(40)));
        assert_eq!(go("n_2"), Ok(Target::Seq(40)));
    }

    #[test]
    fn what_is_no_place_gets_a_sentence() {
        assert!(go("run").unwrap_err().contains("#1842"));
        assert!(go("").is_err());
        assert!(go("+-3").is_err());
    }
}
