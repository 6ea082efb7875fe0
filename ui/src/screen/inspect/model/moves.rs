//! Moving the playhead and the window.

use scrubjay_ipc::{Axis, Code, Jump, JumpTo, Links, Locate, Place, RunView, Target};
use scrubjay_timeline::{Window, axis as axes};

use super::{Inspect, thread};
use crate::{
    bridge::{self, asker::Answered},
    screen::inspect::words,
    signal::*,
};

impl Inspect {
    /// Puts the playhead on a frame at once; where it is comes a moment later.
    pub(crate) fn set_seq(self, seq: u32) {
        self.seq.set(seq);
        if !self.remark.with_untracked(String::is_empty) {
            self.remark.set(String::new());
        }
        self.ask_place(Target::Seq(seq));
    }

    fn ask_place(self, target: Target) {
        let axis = self.axis.get_untracked();
        if let Some(exchange) = self.exchange.get_untracked() {
            self.locator.ask(Locate { exchange, axis, target });
        }
    }

    pub(super) fn located(self, answered: Answered<Locate>) {
        let is_ours = self.is_open(answered.ask.exchange) && self.axis.get_untracked() == answered.ask.axis;
        let Ok(moment) = answered.answer else { return };
        if !is_ours {
            return;
        }
        match answered.ask.target {
            // The playhead is ahead of this answer already; the picture of it follows as fast as answers come.
            Target::Seq(_) if answered.is_overtaken => self.moment.set(Some(moment)),
            // No frame comes within the step: the next one does.
            Target::AtMicros(_) if self.steps_from.get_value() == Some(moment.seq) => {
                self.step_to(Target::Seq(moment.seq.saturating_add(1)));
            }
            _ => self.stand(moment),
        }
    }

    /// The playhead stands here.
    fn stand(self, moment: Place) {
        if self.seq.get_untracked() != moment.seq {
            self.seq.set(moment.seq);
        }
        let x = moment.x;
        self.moment.set(Some(moment));
        if self.reveals.get_value() && self.held_x.get_untracked().is_none() {
            self.reveals.set_value(false);
            let (window, extent) = (self.window.get_untracked(), self.extent_now());
            let revealed = window.reveal(x, extent);
            if revealed != window && window != Window::all(extent) {
                self.window.set(revealed);
            }
        }
    }

    /// A move asked for by a person: lets go of the end and shows the playhead.
    pub(crate) fn step_to(self, target: Target) {
        let tail = self.tail_now();
        self.follow.update(|follow| *follow = follow.let_go(tail));
        self.reveals.set_value(true);
        self.steps_from.set_value(None);
        self.held_x.set(None);
        match target {
            Target::Seq(seq) => self.set_seq(seq.min(tail.frames)),
            other => self.ask_place(other),
        }
    }

    /// A move far away, which can be undone with back.
    pub(crate) fn visit(self, target: Target) {
        self.remember_place();
        self.step_to(target);
    }

    /// The same to a frame of an exchange, which is opened if it is not.
    pub(crate) fn visit_in(self, exchange: i64, seq: u32) {
        self.remember_place();
        self.stand_in(exchange, seq);
    }

    /// To the run that this one leads to, or to where it comes from. Asked for now: of an exchange that was just
    /// opened the links may not be known yet.
    pub(crate) fn follow_link(self, back: bool) {
        let Some(exchange) = self.exchange.get_untracked() else {
            return;
        };
        spawn_local(async move {
            let links = bridge::ask(Links { exchange }).await;
            if !self.is_open(exchange) {
                return;
            }
            let way = if back { thread::origin } else { thread::onward };
            match links.map(|links| way(&links)) {
                Ok(Some(place)) => self.visit_in(place.exchange, place.seq),
                Ok(None) => self.remark.set(words::no_link(back).to_owned()),
                Err(report) => self.remark.set(report.message),
            }
        });
    }

    fn remember_place(self) {
        if let Some(exchange) = self.exchange.get_untracked() {
            let here = (exchange, self.seq.get_untracked());
            self.trail.update(|trail| trail.leave(here));
        }
    }

    /// Back or forward in the places the playhead has been.
    pub(crate) fn retrace(self, forward: bool) {
        let Some(exchange) = self.exchange.get_untracked() else {
            return;
        };
        let here = (exchange, self.seq.get_untracked());
        let place = self
            .trail
            .try_update(|trail| if forward { trail.forward(here) } else { trail.back(here) });
        if let Some(Some((exchange, seq))) = place {
            self.stand_in(exchange, seq);
        }
    }

    /// Drags the playhead to a place of the axis; it follows the pointer at once.
    pub(crate) fn drag_to(self, x: f64) {
        let x = x.clamp(0.0, self.extent_now());
        let tail = self.tail_now();
        self.follow.update(|follow| *follow = follow.let_go(tail));
        self.held_x.set(Some(x));
        self.ask_place(Target::X(x));
    }

    /// Plays on to a place of the axis.
    pub(crate) fn play_to(self, target: Target) {
        if let Target::X(x) = target {
            let (window, extent) = (self.window.get_untracked(), self.extent_now());
            if !window.contains(x) {
                self.window.set(window.reveal(x, extent));
            }
            self.held_x.set(Some(x));
        }
        self.ask_place(target);
    }

    /// The pointer lets go: the playhead snaps to the frame.
    pub(crate) fn drop_here(self) {
        self.held_x.set(None);
    }

    /// To the next place of interest.
    pub(crate) fn jump(self, to: JumpTo, backwards: bool) {
        let axis = self.axis.get_untracked();
        if let Some(exchange) = self.exchange.get_untracked() {
            self.jumper.ask(Jump {
                exchange,
                axis,
                from: self.seq.get_untracked(),
                to,
                backwards,
            });
        }
    }

    pub(super) fn jumped(self, answered: Answered<Jump>) {
        if !self.is_open(answered.ask.exchange) {
            return;
        }
        match answered.answer {
            Ok(Some(moment)) => self.visit(Target::Seq(moment.seq)),
            Ok(None) if answered.ask.to == JumpTo::Problem => self.jump_around(answered.ask),
            Ok(None) => self.remark.set(words::nothing_further(&answered.ask)),
            Err(report) => self.remark.set(report.message),
        }
    }

    /// To the first problem when there is none after the playhead, to the last when there is none before it.
    fn jump_around(self, ask: Jump) {
        let end = self.tail_now().frames.saturating_add(1);
        let from = if ask.backwards { end } else { 0 };
        spawn_local(async move {
            let found = bridge::ask(Jump { from, ..ask.clone() }).await;
            if !self.is_open(ask.exchange) {
                return;
            }
            if let Ok(Some(moment)) = found {
                self.visit(Target::Seq(moment.seq));
                self.remark.set(words::went_around(&ask));
            } else {
                self.remark.set(words::nothing_further(&ask));
            }
        });
    }

    /// To the end, and stay there while it grows.
    pub(crate) fn end(self) {
        let tail = self.tail_now();
        self.playing.set(false);
        self.held_x.set(None);
        self.follow.update(|follow| *follow = follow.glue());
        // What showed everything before shows everything again.
        if self.stood.get_value() == Some(self.window.get_untracked()) {
            self.fit_all();
        }
        self.stood.set_value(None);
        self.reveals.set_value(true);
        self.set_seq(tail.frames);
    }

    /// By so many microseconds on the clock.
    pub(crate) fn step_micros(self, by: i64) {
        let at = self
            .moment
            .with_untracked(|moment| moment.as_ref().map_or(0, |moment| moment.at_us));
        let here = self.seq.get_untracked();
        self.step_to(Target::AtMicros(at.saturating_add_signed(by)));
        self.steps_from.set_value((by > 0).then_some(here));
    }

    /// By so many frames.
    pub(crate) fn step_frames(self, by: i32) {
        self.step_to(Target::Seq(self.seq.get_untracked().saturating_add_signed(by)));
    }

    /// To a tenth of what is visible.
    pub(crate) fn step_to_part(self, tenths: u8) {
        let window = self.window.get_untracked();
        self.visit(Target::X(window.from + window.span() * f64::from(tenths) / 10.0));
    }

    /// Where the playhead is on the axis.
    pub(crate) fn playhead_x(self) -> f64 {
        let ahead = || match self.axis.get() {
            Axis::Clock | Axis::Index if self.is_ahead() => Some(self.extent()),
            _ => None,
        };
        self.held_x
            .get()
            .or_else(ahead)
            .or_else(|| self.moment.with(|moment| moment.as_ref().map(|moment| moment.x)))
            .unwrap_or(0.0)
    }

    /// Closer (below 1) or further, around a value or the playhead.
    pub(crate) fn zoom(self, factor: f64, fixed: Option<f64>) {
        let window = self.window.get_untracked();
        let head = self
            .moment
            .with_untracked(|moment| moment.as_ref().map(|moment| moment.x));
        let middle = f64::midpoint(window.from, window.to);
        let fixed = fixed.or(head.filter(|x| window.contains(*x))).unwrap_or(middle);
        let least = axes::least_span(self.axis.get_untracked());
        self.window.set(window.zoom(factor, fixed, self.extent_now(), least));
    }

    /// By a share of what is visible.
    pub(crate) fn pan(self, share: f64) {
        let extent = self.extent_now();
        self.window.update(|window| *window = window.pan(share, extent));
    }

    pub(crate) fn fit_all(self) {
        self.window.set(Window::all(self.extent_now()));
    }

    /// A range of frames, with a little air on both sides.
    pub(crate) fn fit_frames(self, first: u32, last: u32) {
        let (Some(exchange), axis) = (self.exchange.get_untracked(), self.axis.get_untracked()) else {
            return;
        };
        spawn_local(async move {
            let at = |seq| place_of(exchange, axis, seq);
            if let (Some(from), Some(to)) = (at(first).await, at(last).await) {
                let air = ((to.x - from.x) * 0.05).max(axes::least_span(axis) / 2.0);
                self.window
                    .set(Window::new((from.x - air).max(0.0), to.x + air).within(self.extent_now()));
            }
        });
    }

    /// The run under the playhead.
    pub(crate) fn run_here(self) -> Option<RunView> {
        let seq = self.seq.get();
        self.opened.with(|opened| {
            let runs = &opened.as_ref()?.runs;
            runs.iter()
                .rev()
                .find(|run| run.first_seq <= seq)
                .or(runs.first())
                .cloned()
        })
    }

    /// Clock, idle collapsed, event number.
    pub(crate) fn cycle_axis(self) {
        self.set_axis(words::next_axis(self.axis.get_untracked()));
    }

    /// Another axis, all of it.
    pub(crate) fn set_axis(self, axis: Axis) {
        if axis == self.axis.get_untracked() {
            return;
        }
        self.axis.set(axis);
        self.lanes.set(None);
        self.held_x.set(None);
        self.fit_all();
        self.ask_place(Target::Seq(self.seq.get_untracked()));
    }
}

/// Where a frame is on an axis; asks again when another question got in the way.
async fn place_of(exchange: i64, axis: Axis, seq: u32) -> Option<Place> {
    for _ in 0..5 {
        let target = Target::Seq(seq);
        match bridge::ask(Locate { exchange, axis, target }).await {
            Ok(moment) => return Some(moment),
            Err(report) if report.code == Code::Superseded => {}
            Err(_) => return None,
        }
    }
    None
}
