//! How much of the page's time goes into showing answers.
//!
//! What a move brings is shown at once. While answers keep coming, as in a live run or under a finger that
//! stays on a key, they get a part of the time and the rest stays for the hand.

/// Part of the time for answers that keep coming.
const PART: f64 = 0.4;
/// Time that is saved up while nothing comes: enough for all panes of one move.
const SAVED_MS: f64 = 250.0;

/// The page's time, shared by all panes.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    saved_ms: f64,
    at_ms: f64,
    /// Until when the time is paid for: two panes that are shown in one frame cost one frame.
    paid_ms: f64,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            saved_ms: SAVED_MS,
            at_ms: 0.0,
            paid_ms: 0.0,
        }
    }
}

impl Budget {
    fn save(&mut self, now_ms: f64) {
        self.saved_ms = (self.saved_ms + (now_ms - self.at_ms).max(0.0) * PART).min(SAVED_MS);
        self.at_ms = self.at_ms.max(now_ms);
    }

    /// How long to wait with a question whose answer takes about so long to show. Nothing is to be waited for
    /// when it is 0, and then that time is set aside for it.
    pub fn wait_ms(&mut self, now_ms: f64, about_ms: f64) -> f64 {
        self.save(now_ms);
        if self.saved_ms < 0.0 {
            return (-self.saved_ms / PART).max(1.0);
        }
        self.saved_ms -= about_ms;
        0.0
    }

    /// The page was busy from one moment to another with an answer for which so much was set aside.
    /// Gives how much of it is that answer's.
    pub fn spend(&mut self, (from_ms, to_ms): (f64, f64), set_aside_ms: f64) -> f64 {
        self.save(to_ms);
        let cost_ms = (to_ms - from_ms.max(self.paid_ms)).max(0.0);
        self.paid_ms = self.paid_ms.max(to_ms);
        self.saved_ms = (self.saved_ms + set_aside_ms - cost_ms).min(SAVED_MS);
        cost_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_move_brings_is_asked_for_at_once() {
        let mut budget = Budget::default();
        for _pane in 0..5 {
            assert_eq!(budget.wait_ms(1_000.0, 25.0), 0.0);
        }
    }

    #[test]
    fn answers_that_keep_coming_get_a_part_of_the_time() {
        let (mut budget, mut now_ms, mut busy_ms) = (Budget::default(), 1_000.0, 0.0);
        let began_ms = now_ms;
        while now_ms < began_ms + 10_000.0 {
            let wait_ms = budget.wait_ms(now_ms, 10.0);
            if wait_ms > 0.0 {
                now_ms += wait_ms;
                continue;
            }
            budget.spend((now_ms, now_ms + 10.0), 10.0);
            now_ms += 10.0;
            busy_ms += 10.0;
        }
        let part = (busy_ms - SAVED_MS) / (now_ms - began_ms);
        assert!((part - PART).abs() < 0.02, "{part}");
    }

    #[test]
    fn panes_that_are_shown_in_one_frame_cost_one_frame() {
        let mut budget = Budget::default();
        assert_eq!(budget.wait_ms(0.0, 0.0), 0.0);
        assert_eq!(budget.spend((0.0, 20.0), 0.0), 20.0);
        assert_eq!(budget.spend((5.0, 24.0), 0.0), 4.0);
    }

    #[test]
    fn a_pane_that_took_longer_than_it_used_to_is_paid_for() {
        let mut budget = Budget::default();
        assert_eq!(budget.wait_ms(0.0, 10.0), 0.0);
        budget.spend((0.0, 500.0), 10.0);
        let wait_ms = budget.wait_ms(500.0, 10.0);
        assert!((wait_ms - 600.0).abs() < 1e-6, "{wait_ms}");
    }
}
