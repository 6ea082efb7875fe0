//! Playing at the recorded pace.

use std::{cell::RefCell, rc::Rc};

use scrubjay_ipc::{Axis, Target};

use super::Inspect;
use crate::{browser, signal::*};

/// Where playing has come to.
struct Head {
    /// In units of the axis, or of the clock where the axis has no time.
    at: f64,
    last_ms: f64,
}

impl Inspect {
    /// Plays from the playhead, or pauses; while following, stays here.
    pub(crate) fn play_or_pause(self) {
        let tail = self.tail_now();
        if self.playing.get_untracked() {
            self.pause();
            return;
        }
        if self.follow.get_untracked() == crate::screen::inspect::model::follow::Follow::Following && tail.live {
            self.follow.update(|follow| *follow = follow.let_go(tail));
            return;
        }
        if self.seq.get_untracked() >= tail.frames && !tail.live {
            self.set_seq(0);
            self.moment.set(None);
        }
        self.playing.set(true);
        let at = self.moment.with_untracked(|moment| {
            moment.as_ref().map_or(0.0, |moment| match self.axis.get_untracked() {
                Axis::Clock | Axis::Collapsed => moment.x,
                Axis::Index => moment.at_us as f64,
            })
        });
        turn(
            self,
            Rc::new(RefCell::new(Head {
                at,
                last_ms: browser::now_ms(),
            })),
        );
    }

    /// Stops playing where it is.
    pub(crate) fn pause(self) {
        self.playing.set(false);
        self.held_x.set(None);
    }
}

/// One frame of the screen; asks for the next while playing.
fn turn(inspect: Inspect, head: Rc<RefCell<Head>>) {
    browser::next_frame(move || {
        if !inspect.playing.get_untracked() {
            return;
        }
        let at = {
            let mut head = head.borrow_mut();
            let now = browser::now_ms();
            head.at += (now - head.last_ms).min(250.0) * 1e3 * inspect.speed.get_untracked();
            head.last_ms = now;
            head.at
        };
        let is_index = inspect.axis.get_untracked() == Axis::Index;
        let end = if is_index {
            inspect
                .opened
                .with_untracked(|opened| opened.as_ref().map_or(0.0, |opened| opened.extent.clock))
        } else {
            inspect.extent_now()
        };
        let target = if is_index {
            Target::AtMicros(at.min(end) as u64)
        } else {
            Target::X(at.min(end))
        };
        inspect.play_to(target);
        if at >= end {
            inspect.pause();
        } else {
            turn(inspect, head);
        }
    });
}
