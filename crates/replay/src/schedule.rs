//! The answer, part by part, each with its recorded time.
//!
//! ```text
//! body ─cutter─▶ fragments ─adapter─▶ fragments ─faults─▶ fragments ─joiner─▶ parts ─faults─▶ parts
//! ```
//!
//! A fragment is a frame with the recorded splits that fall into it, so that what
//! works on frames need not know of chunks, and the joiner can put the chunks
//! together again. Bytes that are not changed come out as they were
//! recorded, split by split.

mod bulk;
mod ending;
mod head;
mod joiner;

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use scrubjay_protocol::event::EventType;
use scrubjay_session::exchange::Headers;

pub use self::bulk::Bulk;
use self::joiner::Joiner;
use crate::{
    adapt::{Adapter, IdMap},
    cutter::Cutter,
    fault::{Faults, Flow, Injector},
    recorded::{Recorded, Unread},
};

/// Where parts begin and end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    /// Where the recorded chunks did.
    #[default]
    Recorded,
    /// A part is one frame. Bodies without frames, and encoded bodies served
    /// as they are, keep their chunks.
    Frames,
}

/// How an exchange is served.
#[derive(Clone, Debug, Default)]
pub struct ScheduleOptions {
    /// Ids to put in, from [`crate::matching::Hit`]; absent for the bytes as recorded.
    pub ids: Option<IdMap>,
    /// Microseconds to add to the events' `timestamp`; zero keeps them. Only where ids are put in.
    pub shift_us: i64,
    /// Where parts begin and end.
    pub cut: Cut,
    /// What goes wrong.
    pub faults: Arc<Faults>,
    /// Number of the request at this replay, from 1: for faults that name one.
    pub request: u64,
}

/// A step of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Bytes to send.
    Part(Part),
    /// The end; nothing follows.
    End(End),
}

/// Bytes to send as one data frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// Recorded time, microseconds since the request head: for [`crate::Pace::due`].
    pub at_us: u64,
    /// Waiting that faults add, at any pace: to be added to the due time.
    pub held_us: u64,
    /// Parts before this one.
    pub nth: u64,
    /// The bytes; never empty.
    pub bytes: Bytes,
    /// The frames that end in it, in order.
    pub marks: Vec<Mark>,
}

/// Where a frame ends in a part.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Its number in the recording; of a frame that a fault made, that of the frame before.
    pub seq: u32,
    /// The type of its event, if it is one.
    pub event_type: Option<EventType>,
    /// Bytes of the part up to its end. Of an encoded body, the part's length.
    pub end: usize,
    /// A fault made or changed it.
    pub made: bool,
}

/// How an answer ends.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// Recorded time, as in [`Part`].
    pub at_us: u64,
    /// Waiting that faults add, as in [`Part`].
    pub held_us: u64,
    pub how: EndKind,
    /// Why it does not end as recorded, or that what was recorded is not all; else empty.
    pub why: String,
}

/// The ways in which an answer ends.
#[derive(Clone, Debug, PartialEq)]
pub enum EndKind {
    /// In an orderly way by HTTP, with these trailers.
    Complete(Headers),
    /// The connection is reset.
    Reset,
    /// The connection closes without the end of the body: no last chunk, or
    /// fewer bytes than announced.
    Unterminated,
    /// Never: nothing more comes, and the connection stays.
    Never,
}

/// The head of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// Recorded time, microseconds since the request head: for [`crate::Pace::head_due`].
    pub at_us: u64,
    /// Waiting that faults add, at any pace.
    pub held_us: u64,
    pub status: u16,
    /// Fields to send, without those that belong to a connection.
    pub headers: Headers,
    /// Names of fields that are left out because their values were not kept
    /// (secrets), or no longer fit (lengths and encodings of adapted bodies).
    pub omitted: Vec<String>,
}

/// The answer of a recorded exchange, part by part.
///
/// An iterator of [`Step`]s: parts, then one end, or an error when the
/// recording cannot be read (then nothing follows). Reading is blocking.
pub struct Schedule {
    head: Option<Head>,
    end: End,
    cutter: Cutter,
    adapter: Option<Adapter>,
    injector: Injector,
    joiner: Joiner,
    ready: VecDeque<Step>,
    nth: u64,
    /// Nothing is to be read any more.
    done: bool,
}

impl Schedule {
    /// The answer of an exchange, served with these options.
    pub fn new(recorded: &Recorded, options: ScheduleOptions) -> Self {
        let injector = Injector::new(&options.faults, recorded.exchange.index, options.request);
        let changes = options.ids.is_some() || injector.changes_bytes();
        let cutter = Cutter::new(recorded, changes, options.ids.is_some());
        let adapter = options.ids.map(|ids| Adapter::new(ids, options.shift_us));
        let mut head = head::recorded(
            &recorded.exchange,
            head::BodyChange {
                is_altered: changes,
                is_decoded: cutter.decodes(),
            },
        );
        if let Some(head) = &mut head {
            head.held_us = injector.head_held_us();
            for (name, value) in &mut head.headers {
                let live = adapter.as_ref().and_then(|adapter| adapter.header(name, value));
                *value = live.unwrap_or_else(|| std::mem::take(value));
            }
        }
        let end = ending::of(&recorded.exchange);
        Self {
            done: head.is_none(),
            ready: head.is_none().then(|| Step::End(end.clone())).into_iter().collect(),
            head,
            end,
            cutter,
            adapter,
            injector,
            joiner: Joiner::new(options.cut),
            nth: 0,
        }
    }

    /// The head, or nothing when none was recorded: then the connection is
    /// to be broken off, and the only step is that end.
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// Where the parts that follow begin and end: a stream may be stepped from
    /// here on, or let go.
    pub fn set_cut(&mut self, cut: Cut) {
        let rest = self.joiner.set_cut(cut);
        self.give(rest);
    }

    /// The parts of the whole answer, for who wants them all at once and
    /// nothing of their frames but their number: the same bytes, splits and
    /// times. Nothing where each frame has to be looked at: where something
    /// goes wrong, parts are frames, instants move, the agent's ids are made
    /// anew, or the body is encoded or none of frames.
    ///
    /// `recorded` is the exchange that the schedule was made of.
    pub fn bulk(&self, recorded: &Recorded) -> Option<Bulk> {
        if !self.injector.is_idle() || self.joiner.cut() != Cut::Recorded {
            return None;
        }
        match &self.adapter {
            None => Some(Bulk::exact(recorded)),
            Some(_) if self.cutter.decodes() => None,
            Some(adapter) => Bulk::adapted(recorded, adapter),
        }
    }

    /// The recorded end of an answer, without faults.
    pub(crate) fn untouched_end(&self) -> End {
        self.end.clone()
    }

    /// Frames cut so far; all of the body's once the end was given.
    pub fn frames(&self) -> u32 {
        self.cutter.frames()
    }

    fn step(&mut self) -> Result<(), Unread> {
        let mut flow = Vec::new();
        match self.cutter.next()? {
            Some(fragment) => {
                let fragment = match &mut self.adapter {
                    Some(adapter) => adapter.adapt(fragment),
                    None => fragment,
                };
                self.injector.take(fragment, &mut flow);
            }
            None => self.injector.finish(self.end.clone(), &mut flow),
        }
        for flow in flow {
            match flow {
                Flow::Fragment(fragment) => {
                    let parts = self.joiner.take(&fragment);
                    self.give(parts);
                }
                Flow::End(end) => {
                    self.finish(end);
                    break;
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self, mut end: End) {
        let last = self.joiner.flush();
        self.give(last.into_iter().collect());
        let last = self.injector.last_parts();
        self.number(last);
        end.at_us = end.at_us.max(self.joiner.at_us());
        end.held_us += self.joiner.held_us() + self.injector.spread_us();
        self.ready.push_back(Step::End(end));
        self.done = true;
    }

    fn give(&mut self, parts: Vec<Part>) {
        for part in parts {
            let parts = self.injector.spread(part);
            self.number(parts);
        }
    }

    fn number(&mut self, parts: Vec<Part>) {
        for mut part in parts {
            part.nth = self.nth;
            self.nth += 1;
            self.ready.push_back(Step::Part(part));
        }
    }
}

impl Iterator for Schedule {
    type Item = Result<Step, Unread>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(step) = self.ready.pop_front() {
                return Some(Ok(step));
            }
            if self.done {
                return None;
            }
            if let Err(unread) = self.step() {
                self.done = true;
                return Some(Err(unread));
            }
        }
    }
}
