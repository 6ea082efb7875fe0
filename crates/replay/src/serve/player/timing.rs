//! When a part goes out: once it is due, or on an order.
//!
//! Due times count from when the request's head was read, so that a part that
//! is late delays no other. They begin anew where a person let the stream
//! wait: what follows comes as long after as it did in the recording.

use std::{sync::Arc, time::Duration};

use scrubjay_protocol::event::EventType;
use tokio::time::{Instant, sleep_until};

use super::{
    Player,
    event::{edit, next_of, text_of},
};
use crate::{
    pace::Pace,
    schedule::Part,
    serve::{clients::StreamStage, orders::Order},
};

/// What happens to a part.
pub(super) enum PartAction {
    Send,
    Skip,
    Break,
}

/// When a part goes.
enum Due {
    Now,
    At(Instant),
    OnOrder,
}

impl Player {
    /// Waits until it is decided what happens to a part.
    pub(super) async fn turn(&mut self, part: &mut Part) -> PartAction {
        let mut not_before = None;
        let mut has_waited = false;
        let holds = self.holds_at(part);
        self.is_stopped |= holds;
        loop {
            self.take_on_changes();
            match self.client.as_ref().and_then(|client| client.orders.take()) {
                None => {}
                Some(Order::Send) => return self.released(part, PartAction::Send, has_waited),
                Some(Order::Skip) => return self.released(part, PartAction::Skip, has_waited),
                Some(Order::Duplicate) => {
                    self.again = Some(part.clone());
                    return self.released(part, PartAction::Send, has_waited);
                }
                Some(Order::Delay(by)) => not_before = Some(Instant::now() + by),
                Some(Order::Edit(text)) => {
                    edit(part, &text);
                    return self.released(part, PartAction::Send, has_waited);
                }
                Some(Order::Go) => {
                    self.is_stopped = false;
                    self.is_let_go = true;
                    return self.released(part, PartAction::Send, has_waited);
                }
                Some(Order::Reset) => return PartAction::Break,
            }
            let due = not_before.map_or_else(|| self.due(part), Due::At);
            match due {
                Due::Now => return self.released(part, PartAction::Send, has_waited),
                Due::At(at) if at <= Instant::now() => return self.released(part, PartAction::Send, has_waited),
                Due::At(at) => self.wait(Some(at)).await,
                Due::OnOrder => {
                    has_waited = true;
                    self.set_stage(StreamStage::Held, Some(next_of(part)));
                    self.wait(None).await;
                }
            }
        }
    }

    /// A part that waited for an order begins time anew.
    fn released(&mut self, part: &Part, turn: PartAction, has_waited: bool) -> PartAction {
        if has_waited {
            let due = self.pace().due(part.at_us, part.nth).unwrap_or_default();
            let now = Instant::now();
            self.origin = now
                .checked_sub(due + Duration::from_micros(part.held_us))
                .unwrap_or(now);
        }
        if let Some(client) = self.client.as_ref().filter(|_| has_waited && !self.is_stopped) {
            client.note_resumed();
        }
        turn
    }

    fn due(&self, part: &Part) -> Due {
        if self.is_stopped {
            return Due::OnOrder;
        }
        match self.pace().due(part.at_us, part.nth) {
            // What is no stream of events has nothing to step.
            None if self.client.is_none() || part.marks.is_empty() => Due::Now,
            None => Due::OnOrder,
            Some(Duration::ZERO) if part.held_us == 0 => Due::Now,
            Some(due) => Due::At(self.origin + due + Duration::from_micros(part.held_us)),
        }
    }

    /// The pace of this stream.
    pub(super) fn pace(&self) -> Pace {
        match self.options.pace {
            Pace::Step if self.is_let_go => Pace::default(),
            pace => pace,
        }
    }

    fn holds_at(&mut self, part: &Part) -> bool {
        let hold = &self.options.hold;
        if self.client.is_none() || hold.is_empty() {
            return false;
        }
        let mut from = 0;
        let mut holds = false;
        for mark in &part.marks {
            let frame = part.bytes.get(from..mark.end).unwrap_or_default();
            from = mark.end;
            let type_name = mark.event_type.as_ref().map(EventType::name);
            holds |= hold.stops_at(mark.seq, type_name, &text_of(frame), &mut self.calls);
        }
        holds
    }

    fn take_on_changes(&mut self) {
        if !self.changes.has_changed().unwrap_or(false) {
            return;
        }
        let options = Arc::clone(&self.changes.borrow_and_update());
        let (was, is) = (self.options.pace, options.pace);
        self.schedule.set_cut(options.cut());
        self.options = options;
        if was == is {
            return;
        }
        self.is_let_go = false;
        self.is_stopped = false;
        // What was sent stays sent when it was; what follows keeps its distance from it.
        let (at_us, nth, sent_at) = self.last.unwrap_or((0, 0, self.origin));
        let due = self.pace().due(at_us, nth).unwrap_or_default() + Duration::from_micros(self.held_us);
        self.origin = sent_at.checked_sub(due).unwrap_or(sent_at);
    }

    /// Waits until then, an order, or other options.
    pub(super) async fn wait(&mut self, until: Option<Instant>) {
        let client = self.client.clone();
        let order = async {
            match &client {
                Some(client) => client.orders.come().await,
                None => std::future::pending().await,
            }
        };
        let due = async {
            match until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = order => {}
            () = due => {}
            // The replay has ended, and with it this stream.
            changed = self.changes.changed() => if changed.is_ok() {
                self.changes.mark_changed();
            },
        }
    }
}
