//! The body of a replayed answer: parts go out when they are due, or on an order.
//!
//! Due times count from when the request's head was read, so that a part that
//! is late delays no other. They begin anew where a person let the stream
//! wait: what follows comes as long after as it did in the recording.

use std::{future::poll_fn, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use scrubjay_protocol::{event::EventType, sse};
use scrubjay_proxy::{BoxError, Connection};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout},
};

use super::{
    clients::{Client, Stage},
    fields::sendable,
    hold::Calls,
    options::ServeOptions,
    orders::{Next, Order},
    refusal::MockBody,
    state::ReplayState,
};
use crate::{
    pace::Pace,
    recorded::{Recorded, Unread},
    schedule::{Bulk, End, How, Part, Schedule, Step},
};

/// How long the bytes before a broken HTTP/2 stream are waited for.
const LATER_FLUSH: Duration = Duration::from_millis(50);

/// The answer breaks off here, as it was recorded or as it was asked for.
#[derive(Debug, thiserror::Error)]
#[error("the answer breaks off here")]
struct BrokenOff;

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

/// What happens to a part.
enum Turn {
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
                self.over(Stage::Left);
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
                    Turn::Send => return Some(Ok(self.send(part))),
                    Turn::Skip => {}
                    Turn::Break => return Some(Err(self.break_off(true).await)),
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
    /// steered, the schedule goes on behind what went out.
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
            client.sent(of_bulk.or(part.marks.last().map(|mark| mark.seq)), part.at_us);
            self.state.changed();
        }
        Frame::data(part.bytes)
    }

    /// Waits until it is decided what happens to a part.
    async fn turn(&mut self, part: &mut Part) -> Turn {
        let mut not_before = None;
        let mut has_waited = false;
        let holds = self.holds_at(part);
        self.is_stopped |= holds;
        loop {
            self.take_on_changes();
            match self.client.as_ref().and_then(|client| client.orders.take()) {
                None => {}
                Some(Order::Send) => return self.released(part, Turn::Send, has_waited),
                Some(Order::Skip) => return self.released(part, Turn::Skip, has_waited),
                Some(Order::Duplicate) => {
                    self.again = Some(part.clone());
                    return self.released(part, Turn::Send, has_waited);
                }
                Some(Order::Delay(by)) => not_before = Some(Instant::now() + by),
                Some(Order::Edit(text)) => {
                    edit(part, &text);
                    return self.released(part, Turn::Send, has_waited);
                }
                Some(Order::Go) => {
                    self.is_stopped = false;
                    self.is_let_go = true;
                    return self.released(part, Turn::Send, has_waited);
                }
                Some(Order::Reset) => return Turn::Break,
            }
            let due = not_before.map_or_else(|| self.due(part), Due::At);
            match due {
                Due::Now => return self.released(part, Turn::Send, has_waited),
                Due::At(at) if at <= Instant::now() => return self.released(part, Turn::Send, has_waited),
                Due::At(at) => self.wait(Some(at)).await,
                Due::OnOrder => {
                    has_waited = true;
                    self.stands(Stage::Held, Some(next_of(part)));
                    self.wait(None).await;
                }
            }
        }
    }

    /// A part that waited for an order begins time anew.
    fn released(&mut self, part: &Part, turn: Turn, has_waited: bool) -> Turn {
        if has_waited {
            let due = self.pace().due(part.at_us, part.nth).unwrap_or_default();
            let now = Instant::now();
            self.origin = now
                .checked_sub(due + Duration::from_micros(part.held_us))
                .unwrap_or(now);
        }
        if let Some(client) = self.client.as_ref().filter(|_| has_waited && !self.is_stopped) {
            client.resumes();
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
    fn pace(&self) -> Pace {
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
    async fn wait(&mut self, until: Option<Instant>) {
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

    async fn end(&mut self, end: End) -> Option<Result<Frame<Bytes>, BoxError>> {
        let held = Duration::from_micros(end.held_us);
        let due = match self.pace() {
            Pace::Recorded { .. } | Pace::Instant => self.pace().due(end.at_us, 0).unwrap_or_default() + held,
            // Paced by event, and the end is none.
            Pace::Fixed(_) | Pace::Step => {
                self.origin.elapsed() + held.saturating_sub(Duration::from_micros(self.held_us))
            }
        };
        let due = if matches!(end.how, How::Never) {
            None
        } else {
            Some(self.origin + due)
        };
        if self.is_cut_short(due).await {
            return Some(Err(self.break_off(true).await));
        }
        match end.how {
            How::Complete(trailers) => {
                self.over(Stage::Done);
                // The answer to the head has counted those that cannot be sent.
                let (trailers, _missing) = sendable(&trailers);
                (!trailers.is_empty()).then(|| Ok(Frame::trailers(trailers)))
            }
            How::Reset => Some(Err(self.break_off(true).await)),
            How::Unterminated | How::Never => Some(Err(self.break_off(false).await)),
        }
    }

    /// Waits for the end; true when an order breaks the connection off before it.
    async fn is_cut_short(&mut self, due: Option<Instant>) -> bool {
        while due.is_none_or(|due| due > Instant::now()) {
            self.wait(due).await;
            if self.client.as_ref().and_then(|client| client.orders.take()) == Some(Order::Reset) {
                return true;
            }
            self.changes.borrow_and_update();
        }
        false
    }

    async fn break_off(&mut self, with_reset: bool) -> BoxError {
        self.flushed().await;
        if self.is_http2 {
            // The flush may have been another stream's, begun before our bytes
            // were in line. One that begins now takes them along; when none
            // comes, they are gone already.
            let mark = self.connection.flushes() + 1;
            let later = poll_fn(|cx| self.connection.poll_flushed_after(mark, cx));
            timeout(LATER_FLUSH, later).await.ok();
        }
        if (with_reset || self.is_until_closed) && !self.is_http2 {
            self.connection.close_abruptly();
        }
        self.over(Stage::Done);
        BrokenOff.into()
    }

    fn over(&mut self, stage: Stage) {
        self.is_over = true;
        self.stands(stage, None);
    }

    fn stands(&self, stage: Stage, next: Option<Next>) {
        if let Some(client) = &self.client {
            client.stands(stage, next);
            self.state.changed();
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        if !self.is_over {
            self.stands(
                if self.promised == Some(0) {
                    Stage::Done
                } else {
                    Stage::Left
                },
                None,
            );
        }
    }
}

/// Puts an event with another text in a part's place. In a binary stream
/// nothing can take it.
fn edit(part: &mut Part, text: &str) {
    if !next_of(part).is_editable {
        return;
    }
    let mut bytes = Vec::with_capacity(text.len() + 8);
    sse::write_event(&mut bytes, text.as_bytes());
    for mark in &mut part.marks {
        mark.end = bytes.len();
        mark.made = true;
    }
    part.bytes = bytes.into();
}

/// The event of a part, as it is shown before it goes.
fn next_of(part: &Part) -> Next {
    let mark = part.marks.first();
    let text = text_of(&part.bytes);
    Next {
        seq: mark.map_or(0, |mark| mark.seq),
        type_name: mark
            .and_then(|mark| mark.event_type.as_ref())
            .map_or_else(String::new, |event_type| event_type.name().to_owned()),
        is_editable: !text.is_empty() && part.marks.len() == 1,
        text: String::from_utf8_lossy(&text).into_owned(),
    }
}

/// The data of the first SSE frame in some bytes; empty when there is none.
fn text_of(bytes: &[u8]) -> Vec<u8> {
    let mut decoder = sse::Decoder::new();
    decoder.push(bytes);
    decoder.next_frame().map_or_else(Vec::new, |frame| frame.data)
}
