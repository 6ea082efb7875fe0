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
    fn a_burst_is_drawn_at_once_and_once_more() {
        let mut pace = Pace::every(100.0);
        assert_eq!(pace.happened(0.0), When::Now);
        assert_eq!(pace.happened(30.0), When::In(70.0));
        assert_eq!(pace.happened(60.0), When::Already);
        pace.done(100.0);
        assert_eq!(pace.happened(150.0), When::In(50.0));
    }
}
