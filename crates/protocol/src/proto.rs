//! Protobuf messages as the events that the official client makes of them.
//!
//! [`decode`] takes the message of a record and gives the JSON value that
//! `@ag-ui/proto` 1.0.0 gives to its client, members in its order, or the reason
//! why that client gives up. In reading order, which is the order of its stages:
//!
//! - `wire`: numbers, tags, lengths.
//! - `schema`: the messages as tables.
//! - `guard`: what is refused before anything is built.
//! - `merge`: messages that came in parts.
//! - `message`, `open`: fields by the tables; open JSON.
//! - `event`: the event's members.
//!
//! The wire format is read here and not by a library because the official
//! reader decides what odd input means (a field twice, a choice made twice,
//! slack in a number, bytes after the end), and what it leaves out is reported.
//! Nothing here encodes; [`rewrite()`] puts other texts into the bytes of a
//! message and leaves the rest.

mod event;
mod guard;
mod merge;
mod message;
mod open;
mod rewrite;
mod schema;
mod wire;

pub use self::rewrite::{Leaf, NewLeaf, Splice, rewrite};
use std::borrow::Cow;

use self::{
    message::Node,
    open::{Opener, Unread},
    schema::ENVELOPE,
    wire::{DecodeError, Reader, Tag},
};
use crate::{
    event::EventType,
    json::{Value, Wtf8},
    problem::{Problem, rule},
};

/// Problems listed of one record.
const PROBLEMS: usize = 32;

/// What a message holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The event, as the official client gets it.
    pub event: Value,
    pub event_type: EventType,
    /// What the event does not show of the message.
    pub problems: Vec<Problem>,
}

/// Why a message gives no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undecoded {
    /// It is broken, and the official client gives up: the end of a sentence
    /// about it.
    Broken(String),
    /// It holds only what a later protocol may have, under this number, and
    /// the official client drops it.
    Later(u32),
    /// It is beyond our limits.
    Beyond(Problem),
}

impl From<DecodeError> for Undecoded {
    fn from(broken: DecodeError) -> Self {
        Self::Broken(broken.0)
    }
}

impl From<Unread> for Undecoded {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Broken(broken) => broken.into(),
            Unread::Beyond(problem) => Self::Beyond(problem),
        }
    }
}

/// Decodes the message of a record.
///
/// ```
/// use scrubjay_protocol::{json::to_json, proto::decode};
///
/// let decoded = decode(b"\x62\x0a\x0a\x02\x08\x0b\x12\x01t\x1a\x01r").unwrap();
/// assert_eq!(to_json(&decoded.event), r#"{"threadId":"t","runId":"r","type":"RUN_STARTED"}"#);
/// ```
///
/// # Errors
/// When the message gives no event; what the client does then stands in
/// [`Undecoded`].
pub fn decode(message: &[u8]) -> Result<Decoded, Undecoded> {
    let mut notes = Notes::default();
    let mut whole = Cow::Borrowed(message);
    if guard::check(message)? {
        let mut joined = Vec::new();
        whole = merge::merged(message, &mut joined)?;
        joined.into_iter().for_each(|name| notes.repeated(name));
    }
    let mut opener = Opener::new(whole.len(), &mut notes);
    let envelope = message::decode(&mut Reader::new(&whole), whole.len(), &ENVELOPE, 0, &mut opener)?;
    let mut events = envelope.into_nodes();
    let Some((name, Node::Message(fields))) = events.next() else {
        return Err(match guard::later_event(message) {
            Some(number) => Undecoded::Later(number),
            None => Undecoded::Broken("it holds no event".to_owned()),
        });
    };
    // A field that runs over its message's end leaves the reader anywhere.
    if let Some((other, _)) = events.next() {
        return Err(Undecoded::Broken(format!("it holds two events, {name} and {other}")));
    }
    Ok(Decoded {
        event: event::event(name, fields, &mut notes)?,
        event_type: EventType::from_name(name),
        problems: notes.problems,
    })
}

/// The event that a field of the envelope holds.
pub(crate) fn event_of_field(number: u32) -> Option<EventType> {
    ENVELOPE.field(number).map(|field| EventType::from_name(field.name))
}

/// What is noted on the way.
#[derive(Debug, Default)]
struct Notes {
    problems: Vec<Problem>,
}

impl Notes {
    fn note(&mut self, rule: &'static str, message: String) {
        let problem = Problem::new(rule, message);
        if self.problems.len() < PROBLEMS && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// The text of a field.
    fn text(&mut self, bytes: &[u8]) -> Wtf8 {
        let text = String::from_utf8_lossy(bytes);
        if matches!(text, Cow::Owned(_)) {
            self.note(
                rule::UTF8,
                "a text in the record is not UTF-8, and reads as U+FFFD".to_owned(),
            );
        }
        Wtf8::from(&*text)
    }

    fn unknown(&mut self, message: &str, tag: Tag) {
        let Tag { number, wire } = tag;
        self.note(
            rule::STRIPPED,
            format!(
                "the client skips field {number} (wire type {wire}) of {message}, which protocol 1.0 does not describe"
            ),
        );
    }

    fn repeated(&mut self, name: &str) {
        self.note(
            rule::REPEATED,
            format!("{name} stands more than once; the client joins messages, and of anything else keeps the last"),
        );
    }

    fn lost(&mut self, what: &str) {
        self.note(rule::STRIPPED, format!("the client loses {what}"));
    }

    fn not_json(&mut self, what: &str) {
        self.note(rule::NOT_JSON, format!("the record holds {what}"));
    }

    fn dropped_part(&mut self) {
        self.note(
            rule::STRIPPED_VARIANT,
            "the client removes a content part, which is of a kind that protocol 1.0 does not have".to_owned(),
        );
    }
}
