//! The body of a replayed answer: parts go out when they are due, or on an order.
//!
//! - `timing`: when a part goes out, and what becomes of it.
//! - `ending`: how the answer ends.
//! - `event`: the event of a part.

mod ending;
mod event;
mod timing;

use std::{future::poll_fn, sync::Arc};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use scrubjay_proxy::{BoxError, Connection};
use tokio::{sync::watch, time::Instant};

use self::timing::PartAction;
use super::{
    clients::{Client, StreamStage},
    hold::Calls,
    options::ServeOptions,
    orders::Next,
    refusal::MockBody,
    state::ReplayState,
};
use crate::{
    pace::Pace,
    recorded::{Recorded, Unread},
    schedule::{Bulk, Part, Schedule, Step},
};

/// One answer on its way to a client.
pub(crate) struct Player {
    state: Arc<ReplayState>,
    connection: Arc<Connection>,
    schedule: Schedule,
    /// The same parts quicker, while they are neither paced nor steered.
    bulk: Option<Bulk>,
    options: Arc<ServeOptions>,
    changes: watch::Receiver<Arc<ServeOptions>>,
    client: Option<Arc<Client>>,
    is_http2: bool,
    /// Bytes that the head promises and that are still to come.
    promised: Option<u64>,
    /// The client knows a body's end only by the connection's.
    is_until_closed: bool,
    /// From when due times count.
    origin: Instant,
    /// Recorded time and place of the last part that was sent, and when it was.
    last: Option<(u64, u64, Instant)>,
    /// Waiting that faults have added so far.
    held_us: u64,
    /// Flushes of the socket when the last bytes were passed to it.
    mark: Option<u64>,
    /// Waits for an order before each part.
    is_stopped: bool,
    /// A stream that would be stepped goes on as recorded.
    is_let_go: bool,
    /// The part that was sent, and is to be sent once more.
    again: Option<Part>,
    calls: Calls,
    /// Parts of the bulk that went out.
    given: u64,
    is_over: bool,
}

impl Player {
    pub(crate) fn new(
        state: &Arc<ReplayState>,
        connection: &Arc<Connection>,
        schedule: Schedule,
        came: Instant,
    ) -> Self {
        let changes = state.watch_options();
        Self {
            state: Arc::clone(state),
            connection: Arc::clone(connection),
            schedule,
            bulk: None,
            options: state.options(),
            changes,
            client: None,
            is_http2: false,
            promised: None,
            is_until_closed: false,
            origin: came,
            last: None,
            held_us: 0,
            mark: None,
            is_stopped: false,
            is_let_go: false,
            again: None,
            calls: Calls::default(),
            given: 0,
            is_over: false,
        }
    }

    pub(crate) fn on_http2(mut self, is_http2: bool) -> Self {
        self.is_http2 = is_http2;
        self
    }

    /// All at once, and nothing changes but ids.
    pub(crate) fn with_bulk(mut self, recorded: &Recorded) -> Self {
        self.bulk = self.is_unpaced().then(|| self.schedule.bulk(recorded)).flatten();
        self
    }

    /// A body of known length is over with its last byte.
    pub(crate) fn with_length(mut self, headers: &HeaderMap) -> Self {
        let length = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok());
        self.promised = length.and_then(|length| length.parse().ok());
        self
    }

    /// A client of HTTP/1.0 would take an orderly end of the connection for the body's.
    pub(crate) fn until_closed(mut self, is_http1_0: bool) -> Self {
        self.is_until_closed = is_http1_0 && self.promised.is_none();
        self
    }

    /// The client that can be seen and steered.
    pub(crate) fn watched_as(mut self, client: Option<Arc<Client>>) -> Self {
        self.client = client;
        self
    }

    pub(crate) fn into_body(self) -> MockBody {
        let playing = stream::unfold(Box::new(self), |mut player| async move {
            let frame = player.next().await?;
            Some((frame, player))
        });
        StreamBody::new(playing).boxed_unsync()
    }

    async fn next(&mut self) -> Option<Result<Frame<Bytes>, BoxError>> {
        if self.is_over {
            return None;
        }
        if !self.is_unpaced() {
            self.flushed().await;
        }
        match self.next_of_bulk() {
            Some(Ok(Step::Part(part))) => return Some(Ok(self.send(part))),
            Some(Ok(Step::End(end))) => return self.end(end).await,
            Some(Err(unread)) => {
                self.over(StreamStage::Left);
                return Some(Err(unread.into()));
            }
            None => {}
        }
        loop {
            if let Some(part) = self.again.take() {
                return Some(Ok(self.send(part)));
            }
            match self.schedule.next()? {
                Ok(Step::Part(mut part)) => match self.turn(&mut part).await {
                    PartAction::Send => return Some(Ok(self.send(part))),
                    PartAction::Skip => {}
                    PartAction::Break => return Some(Err(self.break_off(true).await)),
                },
                Ok(Step::End(end)) => return self.end(end).await,
                Err(unread) => {
                    self.break_off(false).await;
                    return Some(Err(unread.into()));
                }
            }
        }
    }

    /// The next part of the bulk, or the end. Once the stream is paced or
    /// steered, the schedule goes on after what went out.
    fn next_of_bulk(&mut self) -> Option<Result<Step, Unread>> {
        let is_steered = self.client.as_ref().is_some_and(|client| client.orders.is_waiting());
        let bulk = self.bulk.as_mut()?;
        if is_steered || self.changes.has_changed().unwrap_or(false) {
            self.bulk = None;
            self.skip_given();
            return None;
        }
        let part = bulk.next();
        self.given += u64::from(part.is_some());
        let end = || Ok(Step::End(self.schedule.untouched_end()));
        Some(part.map_or_else(end, |part| part.map(Step::Part)))
    }

    /// Leaves out the parts that went out already.
    fn skip_given(&mut self) {
        for _ in 0..self.given {
            if !matches!(self.schedule.next(), Some(Ok(Step::Part(_)))) {
                return;
            }
        }
    }

    /// All at once: parts stay transfer chunks of their own, but a write may
    /// carry several.
    fn is_unpaced(&self) -> bool {
        let options = &self.options;
        options.pace == Pace::Instant && options.hold.is_empty() && options.faults.is_empty() && !self.is_stopped
    }

    /// Waits until the last part is on its way: else each is sent by itself,
    /// and a break does not overtake it.
    async fn flushed(&mut self) {
        if let Some(mark) = self.mark.take() {
            poll_fn(|cx| self.connection.poll_flushed_after(mark, cx)).await;
        }
    }

    fn send(&mut self, part: Part) -> Frame<Bytes> {
        if !self.is_unpaced() {
            self.last = Some((part.at_us, part.nth, Instant::now()));
        }
        self.held_us = self.held_us.max(part.held_us);
        self.promised = self.promised.map(|len| len.saturating_sub(part.bytes.len() as u64));
        if !part.bytes.is_empty() {
            self.mark = Some(self.connection.flushes());
        }
        if let Some(client) = &self.client {
            let of_bulk = self.bulk.as_ref().map(Bulk::frames);
            client.note_sent(of_bulk.or(part.marks.last().map(|mark| mark.seq)), part.at_us);
            self.state.changed();
        }
        Frame::data(part.bytes)
    }

    fn over(&mut self, stage: StreamStage) {
        self.is_over = true;
        self.set_stage(stage, None);
    }

    fn set_stage(&self, stage: StreamStage, next: Option<Next>) {
        if let Some(client) = &self.client {
            client.set_stage(stage, next);
            self.state.changed();
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        if !self.is_over {
            self.set_stage(
                if self.promised == Some(0) {
                    StreamStage::Done
                } else {
                    StreamStage::Left
                },
                None,
            );
        }
    }
}
