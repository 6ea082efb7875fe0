//! The wall clock, and what is made of one that stands where no date can be
//! written: times of day are then those of the nearest end.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::{pki_types::UnixTime, time_provider::TimeProvider};

/// The last microsecond of the year 9999, counted from 1970. After it, times
/// of day have five digits for the year, which neither HTTP nor RFC 3339 has.
const LAST_US: i64 = 253_402_300_799_999_999;

/// Microseconds since 1970, never before it and never after the year 9999.
pub fn wall_us() -> i64 {
    within(SystemTime::now()).0
}

/// Whether the clock stands before 1970 or after the year 9999, so that
/// [`wall_us`] differs from it.
pub fn is_off() -> bool {
    within(SystemTime::now()).1
}

/// The time within the years that can be written, and whether that is another one.
fn within(now: SystemTime) -> (i64, bool) {
    let Ok(since) = now.duration_since(UNIX_EPOCH) else {
        return (0, true);
    };
    match i64::try_from(since.as_micros()) {
        Ok(us) if us <= LAST_US => (us, false),
        _ => (LAST_US, true),
    }
}

/// The same clock for certificates. The library's own one ends the process before 1970.
#[derive(Debug)]
pub(crate) struct CertificateClock;

impl TimeProvider for CertificateClock {
    fn current_time(&self) -> Option<UnixTime> {
        let since = Duration::from_micros(u64::try_from(wall_us()).unwrap_or_default());
        Some(UnixTime::since_unix_epoch(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_gives_the_nearest_time_that_can_be_written() {
        let day = Duration::from_secs(86_400);
        assert_eq!(within(UNIX_EPOCH - day), (0, true));
        assert_eq!(within(UNIX_EPOCH), (0, false));
        assert_eq!(within(UNIX_EPOCH + day), (86_400_000_000, false));
        let last = UNIX_EPOCH + Duration::from_micros(LAST_US as u64);
        assert_eq!(within(last), (LAST_US, false));
        assert_eq!(within(last + day), (LAST_US, true));
        assert_eq!(within(last + day * 400 * 366 * 1000), (LAST_US, true));
    }
}
