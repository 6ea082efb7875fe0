//! Asking a live agent what a recorded thread asked.
//!
//! An agent that keeps its threads knows no recorded id, and makes ids of its
//! own. So a request cannot be sent as it was: this module makes the next one
//! out of the recorded request, the recorded answers before it, and what the
//! live agent answered so far.
//!
//! ```
//! use scrubjay_replay::rerecord::Thread;
//!
//! let mut thread = Thread::new(|| "4e1f".to_owned());
//! let recorded = br#"{"threadId":"thread-1","runId":"run-1","messages":[{"id":"u1","role":"user","content":"hi"}]}"#;
//! let asked = thread.request(recorded).unwrap();
//! assert_eq!(
//!     asked.body,
//!     br#"{"threadId":"4e1f","runId":"4e1f","messages":[{"id":"4e1f","role":"user","content":"hi"}]}"#
//! );
//! ```
//!
//! # Rules
//!
//! - Ids that the client made are fresh, the same one wherever the recorded
//!   one stands. Ids that the agent made are those that it made now.
//! - A message that the recorded client had from an answer is replaced by
//!   what the live agent answered there. What the client itself added (the
//!   user's turns, results of frontend tools, answers to interrupts) is
//!   as recorded, attached to the live agent's calls and interrupts.
//! - The state is the live agent's last one where the recorded request
//!   carried the recorded agent's last one; else it is the recorded one.
//! - A result of a call, or an answer to an interrupt, that the live agent
//!   did not make is left out. A request of which nothing new is left is
//!   [not asked](Unasked::NothingNew).
//! - Everything else stays byte for byte.
//!
//! # Map
//!
//! - `answer`: what a client held after an answer. `pair`: which recorded
//!   message, call and interrupt is which live one.
//! - `input`: the next request. `fresh`: ids in the form of recorded ones.

mod answer;
mod fresh;
mod input;
mod pair;

use std::collections::{BTreeMap, BTreeSet};

pub use self::{
    answer::Answer,
    input::{Request, Unasked},
};
use self::{answer::Message, pair::Pairs};
use crate::adapt::{IdKind, IdMap, Putter};

/// Makes what is unlike everything made before, such as a UUID.
type Fresh = Box<dyn FnMut() -> String + Send>;

/// A recorded thread while a live agent is asked the same.
pub struct Thread {
    fresh: Fresh,
    ids: IdMap,
    /// Requests made so far.
    requests: usize,
    /// Recorded ids of messages, and in which request or answer each stood
    /// first: what an answer brought is not brought by a later one.
    recorded: BTreeMap<String, usize>,
    /// Live ids of messages so far.
    live: BTreeSet<String>,
    answers: Vec<Brought>,
    /// Recorded calls of tools and the live ones, if they were made.
    calls: BTreeMap<String, Known>,
    /// Recorded interrupts and the live ones, if they were raised.
    interrupts: BTreeMap<String, Known>,
    /// States after the last answer, recorded and live, as JSON.
    states: Option<(String, String)>,
}

/// What a recorded call or interrupt is called, and which live one it is.
#[derive(Clone, Debug)]
struct Known {
    /// Of a call the tool's name, of an interrupt the reason.
    name: String,
    live: Option<String>,
}

/// Messages that an answer brought.
#[derive(Debug)]
struct Brought {
    recorded: Vec<Message>,
    live: Vec<Message>,
    /// Of each live message, the recorded one that it stands for.
    partners: Vec<Option<usize>>,
}

impl Thread {
    /// A thread of which nothing was asked yet. `fresh` makes ids.
    pub fn new(fresh: impl FnMut() -> String + Send + 'static) -> Self {
        Self {
            fresh: Box::new(fresh),
            ids: IdMap::default(),
            requests: 0,
            recorded: BTreeMap::new(),
            live: BTreeSet::new(),
            answers: Vec::new(),
            calls: BTreeMap::new(),
            interrupts: BTreeMap::new(),
            states: None,
        }
    }

    /// Takes what both agents answered to the last request.
    pub fn answered(&mut self, recorded: Answer, live: Answer) {
        let brought = self.new_messages(recorded.messages, live.messages);
        let pairs = Pairs::of(&brought.recorded, &brought.live);
        for (call, partner) in &pairs.calls {
            self.learn(&call.id, partner.as_deref());
            let known = Known {
                name: call.name.clone(),
                live: partner.clone(),
            };
            self.calls.insert(call.id.clone(), known);
        }
        for (message, partner) in brought.live.iter().zip(&pairs.messages) {
            if let Some(recorded) = partner.and_then(|place| brought.recorded.get(place)) {
                self.learn(&recorded.id, Some(&message.id));
            }
        }
        for (interrupt, partner) in pair::interrupts(&recorded.interrupts, &live.interrupts, &self.ids) {
            self.learn(&interrupt.id, partner.as_deref());
            let known = Known {
                name: interrupt.reason,
                live: partner,
            };
            self.interrupts.insert(interrupt.id, known);
        }
        for message in &brought.recorded {
            self.recorded.entry(message.id.clone()).or_insert(self.requests);
        }
        self.live.extend(brought.live.iter().map(|message| message.id.clone()));
        self.states = Some((recorded.state, live.state));
        self.answers.push(Brought {
            partners: pairs.messages,
            ..brought
        });
    }

    /// The messages of both answers that no answer before them had.
    fn new_messages(&self, recorded: Vec<Message>, live: Vec<Message>) -> Brought {
        let is_new = |message: &Message| !message.id.is_empty() && !self.recorded.contains_key(&message.id);
        let is_new_live = |message: &Message| !self.live.contains(&message.id);
        Brought {
            recorded: recorded.into_iter().filter(is_new).collect(),
            live: live.into_iter().filter(is_new_live).collect(),
            partners: Vec::new(),
        }
    }

    /// The path and query with this thread's ids in place of the recorded
    /// ones, where a whole segment or value is one.
    pub fn target(&self, target: &str) -> String {
        let putter = self.putter();
        let mut made = String::with_capacity(target.len());
        for piece in target.split_inclusive(['/', '?', '&', '=', '#']) {
            let end = piece.trim_end_matches(['/', '?', '&', '=', '#']).len();
            let (segment, separator) = piece.split_at(end);
            made.push_str(putter.id("", segment).unwrap_or(segment));
            made.push_str(separator);
        }
        made
    }

    /// The value of a header field with an id of this thread put in, if it is a recorded one.
    pub fn header(&self, name: &str, value: &[u8]) -> Vec<u8> {
        let putter = self.putter();
        let live = std::str::from_utf8(value)
            .ok()
            .and_then(|text| putter.id(name, text).map(str::to_owned));
        live.map_or_else(|| value.to_vec(), String::into_bytes)
    }

    fn putter(&self) -> Putter {
        Putter::new(self.ids.clone(), 0)
    }

    fn learn(&mut self, recorded: &str, live: Option<&str>) {
        if let Some(live) = live
            && !recorded.is_empty()
        {
            self.ids.set(IdKind::Other, recorded, live);
        }
    }

    /// What stands for an id that the client made.
    fn name(&mut self, kind: IdKind, recorded: &str) {
        if !recorded.is_empty() && !self.ids.has(kind, recorded) {
            let live = fresh::like(recorded, &(self.fresh)());
            self.ids.insert(kind, recorded, &live);
        }
    }
}

impl std::fmt::Debug for Thread {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Thread")
            .field("ids", &self.ids)
            .field("requests", &self.requests)
            .finish_non_exhaustive()
    }
}
