//! From recorded times to when a part is due.

use std::{fmt, str::FromStr, time::Duration};

/// How fast a recording is served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// At the recorded times, divided by `speed`.
    Recorded {
        /// 1 is as recorded, 10 is ten times as fast. Above zero and finite.
        speed: f64,
    },
    /// All at once.
    Instant,
    /// One event after the other, so long apart.
    Fixed(Duration),
    /// One event for each order of the user.
    Step,
}

impl Default for Pace {
    fn default() -> Self {
        Self::Recorded { speed: 1.0 }
    }
}

impl Pace {
    /// When a part is due, counted from when the head of the request was
    /// read; `None` when an order decides. Absolute, so that lateness never
    /// adds up: what was late once does not delay what follows.
    ///
    /// `at_us` is the recorded time, and `nth` counts the parts before it.
    pub fn due(self, at_us: u64, nth: u64) -> Option<Duration> {
        match self {
            Self::Recorded { speed } => Some(scaled(at_us, speed)),
            Self::Instant => Some(Duration::ZERO),
            Self::Fixed(gap) => Some(gap.saturating_mul(u32::try_from(nth.saturating_add(1)).unwrap_or(u32::MAX))),
            Self::Step => None,
        }
    }

    /// When the response's head is due, counted as in [`Pace::due`]. It never
    /// waits for a person, or the connection would look dead.
    pub fn head_due(self, at_us: u64) -> Duration {
        match self {
            Self::Recorded { speed } => scaled(at_us, speed),
            Self::Instant | Self::Fixed(_) | Self::Step => Duration::ZERO,
        }
    }

    /// Whether parts are single events, and recorded splits do not count.
    pub fn is_by_event(self) -> bool {
        matches!(self, Self::Fixed(_) | Self::Step)
    }
}

/// Whole microseconds stay exact at 1×, however long the recording.
fn scaled(at_us: u64, speed: f64) -> Duration {
    let at = Duration::from_micros(at_us);
    if speed == 1.0 {
        return at;
    }
    Duration::try_from_secs_f64(at.as_secs_f64() / speed).unwrap_or(Duration::MAX)
}

/// What was given is no pace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no pace; it is `recorded`, a speed such as `2x` or `0.5x`, `instant`, `fixed:MS` or `step`")]
pub struct UnknownPace {
    /// What was given.
    pub given: String,
}

impl FromStr for Pace {
    type Err = UnknownPace;

    fn from_str(text: &str) -> Result<Self, UnknownPace> {
        let unknown = || UnknownPace { given: text.to_owned() };
        match text {
            "recorded" => return Ok(Self::default()),
            "instant" => return Ok(Self::Instant),
            "step" => return Ok(Self::Step),
            _ => {}
        }
        if let Some(gap) = text.strip_prefix("fixed:") {
            let ms: f64 = gap.parse().map_err(|_no_number| unknown())?;
            let gap = Duration::try_from_secs_f64(ms / 1000.0).map_err(|_out_of_range| unknown())?;
            return Ok(Self::Fixed(gap));
        }
        let speed = text.strip_suffix(['x', '×']).ok_or_else(unknown)?;
        let speed: f64 = speed.trim_end().parse().map_err(|_no_number| unknown())?;
        let fits = (0.001..=1_000_000.0).contains(&speed);
        if fits {
            Ok(Self::Recorded { speed })
        } else {
            Err(unknown())
        }
    }
}

/// As it is parsed.
impl fmt::Display for Pace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recorded { speed } if *speed == 1.0 => formatter.write_str("recorded"),
            Self::Recorded { speed } => write!(formatter, "{speed}x"),
            Self::Instant => formatter.write_str("instant"),
            Self::Fixed(gap) => write!(formatter, "fixed:{}", gap.as_secs_f64() * 1000.0),
            Self::Step => formatter.write_str("step"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paces_are_read_and_written() {
        for (text, pace) in [
            ("recorded", Pace::Recorded { speed: 1.0 }),
            ("2x", Pace::Recorded { speed: 2.0 }),
            ("0.5x", Pace::Recorded { speed: 0.5 }),
            ("instant", Pace::Instant),
            ("fixed:20", Pace::Fixed(Duration::from_millis(20))),
            ("fixed:0.5", Pace::Fixed(Duration::from_micros(500))),
            ("step", Pace::Step),
        ] {
            assert_eq!(text.parse(), Ok(pace), "{text}");
            assert_eq!(pace.to_string(), text);
        }
        assert_eq!("1x".parse(), Ok(Pace::default()));
        for text in [
            "",
            "x",
            "0x",
            "-1x",
            "NaNx",
            "infx",
            "fast",
            "fixed",
            "fixed:",
            "fixed:-1",
            "fixed:1e300",
            "2",
        ] {
            assert_eq!(text.parse::<Pace>(), Err(UnknownPace { given: text.into() }), "{text}");
        }
    }

    #[test]
    fn due_times_count_from_the_request() {
        let year_us = 365 * 24 * 3600 * 1_000_000;
        let us = Duration::from_micros;
        for (pace, at_us, nth, due) in [
            ("recorded", 1_234_567, 9, Some(us(1_234_567))),
            ("recorded", year_us + 1, 9, Some(us(year_us + 1))),
            ("10x", 60_000_000, 9, Some(us(6_000_000))),
            ("0.5x", 1_000, 9, Some(us(2_000))),
            ("instant", 1_234_567, 9, Some(us(0))),
            ("fixed:20", 1_234_567, 0, Some(us(20_000))),
            ("fixed:20", 0, 9, Some(us(200_000))),
            ("step", 0, 9, None),
        ] {
            assert_eq!(
                pace.parse::<Pace>().unwrap().due(at_us, nth),
                due,
                "{pace} {at_us} {nth}"
            );
        }
    }
}
