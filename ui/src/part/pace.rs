//! How often something may be redrawn.

use crate::{browser, signal::*};

/// Lets one thing through at most every so often; the last one always comes.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    every_ms: f64,
    last_ms: f64,
    due: bool,
}

/// What to do with something that happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    Now,
    /// After so many milliseconds.
    In(f64),
    /// It is already due.
    Already,
}

impl Pace {
    /// At most one every `every_ms`.
    pub fn every(every_ms: f64) -> Self {
        Self {
            every_ms,
            last_ms: f64::NEG_INFINITY,
            due: false,
        }
    }

    /// Something happened.
    pub fn happened(&mut self, now_ms: f64) -> When {
        if self.due {
            return When::Already;
        }
        let wait = self.last_ms + self.every_ms - now_ms;
        if wait <= 0.0 {
            self.last_ms = now_ms;
            return When::Now;
        }
        self.due = true;
        When::In(wait)
    }

    /// What was put off is done now.
    pub fn done(&mut self, now_ms: f64) {
        self.due = false;
        self.last_ms = now_ms;
    }
}

/// From the last change to the painting of a picture that was moved about.
const REST_MS: f64 = 80.0;
/// A picture that never rests is painted this often at most.
const OVERDUE_MS: f64 = 1_000.0;
/// The same once it no longer stands for what is wanted: much of it is out of sight or too large.
const POOR_MS: f64 = 400.0;
/// So much longer than a painting takes is the pause after it, so that what moves goes on moving.
const PAUSE: f64 = 4.0;

/// When a picture that is moved about is painted as it should be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rest {
    changed_ms: f64,
    painted_ms: f64,
    cost_ms: f64,
    is_poor: bool,
}

impl Rest {
    /// Another picture is wanted.
    pub fn changed(&mut self, now_ms: f64) {
        self.changed_ms = now_ms;
    }

    /// What was painted is moved about; whether it still stands for what is wanted.
    pub fn stretched(&mut self, holds: bool) {
        self.is_poor = !holds;
    }

    /// It was painted, and that took so long.
    pub fn painted(&mut self, now_ms: f64, cost_ms: f64) {
        self.painted_ms = now_ms;
        self.cost_ms = cost_ms;
        self.is_poor = false;
    }

    /// How long to wait before the next painting; 0 is now.
    pub fn wait_ms(&self, now_ms: f64) -> f64 {
        let rests = self.changed_ms + REST_MS;
        let often = if self.is_poor { POOR_MS } else { OVERDUE_MS };
        let is_overdue = self.painted_ms + often.max(self.cost_ms * 2.0 * PAUSE);
        let may = self.painted_ms + self.cost_ms * PAUSE;
        (rests.min(is_overdue).max(may) - now_ms).max(0.0)
    }
}

/// A pace that what a model asks for keeps.
#[derive(Clone, Copy)]
pub(crate) struct Paced(StoredValue<Pace>);

impl Paced {
    pub(crate) fn every(millis: f64) -> Self {
        Self(StoredValue::new(Pace::every(millis)))
    }

    /// Acts now, or as soon as the pace allows; what is due already is not put off again.
    pub(crate) fn act(self, act: impl FnOnce() + 'static) {
        match self.0.try_update_value(|pace| pace.happened(browser::now_ms())) {
            Some(When::Now) => act(),
            Some(When::In(millis)) => browser::later(millis, move || {
                self.0.update_value(|pace| pace.done(browser::now_ms()));
                act();
            }),
            Some(When::Already) | None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_painted_when_it_rests_and_seldom_while_it_moves() {
        let mut rest = Rest::default();
        rest.painted(1_000.0, 10.0);
        rest.changed(1_010.0);
        assert_eq!(rest.wait_ms(1_010.0), 80.0);
        // It moves on and on: it is painted all the same, now and then, and sooner when little of it is in sight.
        rest.changed(1_990.0);
        assert_eq!(rest.wait_ms(1_990.0), 10.0);
        assert_eq!(rest.wait_ms(2_000.0), 0.0);
        rest.painted(2_000.0, 10.0);
        rest.changed(2_390.0);
        assert_eq!(rest.wait_ms(2_390.0), 80.0);
        rest.stretched(false);
        assert_eq!(rest.wait_ms(2_390.0), 10.0);
        // A painting that takes long has a long pause after it.
        rest.painted(3_000.0, 100.0);
        rest.changed(3_001.0);
        assert_eq!(rest.wait_ms(3_001.0), 399.0);
    }

    #[test]
    fn a_burst_is_drawn_at_once_and_once_more() {
        let mut pace = Pace::every(100.0);
        assert_eq!(pace.happened(0.0), When::Now);
        assert_eq!(pace.happened(30.0), When::In(70.0));
        assert_eq!(pace.happened(60.0), When::Already);
        pace.done(100.0);
        assert_eq!(pace.happened(150.0), When::In(50.0));
    }
}
