//! What is the date of a response, for any state of the clock?
//!
//! hyper's server writes the date down as often as a connection is polled,
//! also where no `Date` field is wanted, and the library of this name ends the
//! process when the clock stands before 1970 or after 9999. A clock is an
//! outside thing, and a recording must not end of it. So this crate takes that
//! library's place (`[patch.crates-io]`), with as much of it as hyper uses.
//!
//! ```
//! use std::time::{Duration, UNIX_EPOCH};
//! let date = httpdate::HttpDate::from(UNIX_EPOCH + Duration::from_secs(784_111_777));
//! assert_eq!(date.to_string(), "Sun, 06 Nov 1994 08:49:37 GMT");
//! ```
//!
//! # Not here
//!
//! Reading dates: hyper only writes them.
#![warn(missing_docs)]

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use chrono::DateTime;

/// The last second of the year 9999, counted from 1970.
const LAST_S: i64 = 253_402_300_799;

/// A moment in the years that HTTP can write, 1970 to 9999; of others the nearest one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpDate {
    since_1970_s: i64,
}

impl From<SystemTime> for HttpDate {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            since_1970_s: i64::try_from(since.as_secs()).unwrap_or(LAST_S).min(LAST_S),
        }
    }
}

impl fmt::Display for HttpDate {
    /// `Sun, 06 Nov 1994 08:49:37 GMT`, which has always the same length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = DateTime::from_timestamp(self.since_1970_s, 0).unwrap_or_default();
        write!(f, "{}", date.format("%a, %d %b %Y %H:%M:%S GMT"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_may_stand_anywhere() {
        let year = Duration::from_secs(366 * 86_400);
        for (time, expected) in [
            (UNIX_EPOCH, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (UNIX_EPOCH - year * 10, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (UNIX_EPOCH + year * 8100, "Fri, 31 Dec 9999 23:59:59 GMT"),
            (
                UNIX_EPOCH + Duration::from_secs(1_600_000_000),
                "Sun, 13 Sep 2020 12:26:40 GMT",
            ),
        ] {
            assert_eq!(HttpDate::from(time).to_string(), expected);
            // hyper writes it into a field of just this length.
            assert_eq!(expected.len(), 29);
        }
    }
}
