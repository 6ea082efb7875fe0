//! Numbers, times, sizes and endings as a person reads them.
//!
//! The command line, the window and reports all take their words from here,
//! so that a row reads the same in each.

use chrono::{DateTime, SecondsFormat};

use crate::{
    derive::summary::Summary,
    exchange::{Ending, RequestHead},
    verdict::Verdict,
};

/// A wall clock, RFC 3339 in UTC with microseconds; a time beyond the calendar is 1970.
///
/// ```
/// use scrubjay_session::words::rfc3339;
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

/// How the transport ended.
pub fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Open => "open",
        Ending::Complete => "complete",
        Ending::UpstreamReset => "upstream reset",
        Ending::UpstreamClosed => "upstream closed",
        Ending::NoAnswer => "no answer",
        Ending::ClientLeft => "client left",
        Ending::RecorderStopped => "recorder stopped",
    }
}

/// Whether an ending needs a second look.
pub fn is_bad_ending(ending: Ending) -> bool {
    match ending {
        Ending::Open | Ending::Complete | Ending::ClientLeft => false,
        Ending::UpstreamReset | Ending::UpstreamClosed | Ending::NoAnswer | Ending::RecorderStopped => true,
    }
}

/// How a run came out.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Live => "running",
        Verdict::Success => "success",
        Verdict::Interrupt => "interrupt",
        Verdict::Cancelled => "cancelled",
        Verdict::Error => "error",
        Verdict::None => "no ending",
        Verdict::NoRun => "no run",
        Verdict::Refused => "refused",
        Verdict::Redirected => "redirected",
    }
}

/// How a run came out; where an answer carries none, what its status is: `HTTP 401`.
///
/// ```
/// use scrubjay_session::{verdict::Verdict, words::outcome};
///
/// assert_eq!(outcome(Verdict::Refused, Some(401)), "HTTP 401");
/// assert_eq!(outcome(Verdict::Success, Some(200)), "success");
/// ```
pub fn outcome(of: Verdict, status: Option<u16>) -> String {
    match (of, status) {
        (Verdict::Refused | Verdict::Redirected, Some(status)) => format!("HTTP {status}"),
        _ => verdict(of).to_owned(),
    }
}

/// What a request is called: method and path, or what it asks of CopilotKit's
/// single endpoint and where that is.
pub fn request_name(request: &RequestHead, summary: &Summary) -> String {
    name_of(&request.method, &request.target, &summary.endpoint_method)
}

/// The same of its parts; `endpoint_method` is empty for another endpoint.
pub fn name_of(method: &str, target: &str, endpoint_method: &str) -> String {
    match endpoint_method {
        "" => format!("{method} {target}"),
        asked => format!("{asked} {target}"),
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

    #[test]
    fn a_request_to_a_single_endpoint_is_named_by_what_it_asks() {
        let request = RequestHead {
            method: "POST".into(),
            target: "/api/copilotkit".into(),
            ..RequestHead::default()
        };
        let mut summary = Summary::default();
        assert_eq!(request_name(&request, &summary), "POST /api/copilotkit");
        summary.endpoint_method = "agent/connect".into();
        assert_eq!(request_name(&request, &summary), "agent/connect /api/copilotkit");
    }
}
