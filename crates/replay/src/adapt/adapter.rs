//! Puts ids in, fragment by fragment.

use bytes::Bytes;
use scrubjay_protocol::{
    json::{Value, parse},
    proto::{self, Leaf, NewLeaf},
};

use super::{
    IdKind, IdMap,
    put::Putter,
    splice::{Splice, apply, place},
};
use crate::{
    data,
    fragment::{Format, Fragment, What},
};

/// Bytes of the length before a record.
const PREFIX_LEN: usize = 4;

/// Adapts the fragments of one answer, in order.
#[derive(Clone)]
pub(crate) struct Adapter {
    putter: Putter,
    turn: Option<u32>,
}

impl Adapter {
    pub(crate) fn new(ids: IdMap, shift_us: i64) -> Self {
        Self {
            turn: ids.turn,
            putter: Putter::new(ids, shift_us),
        }
    }

    /// Whether a frame in which no needle ends stays as it is.
    pub(crate) fn needs_needles(&self) -> bool {
        self.turn.is_none() && self.putter.shift_us == 0 && self.putter.has_needles()
    }

    /// Where the first needle ends: what cannot be absent from a frame that holds an id.
    pub(crate) fn first_needle_end(&self, bytes: &[u8]) -> Option<usize> {
        self.putter.first_needle_end(bytes)
    }

    /// The value of a header field with an id put in, if it is one.
    pub(crate) fn header(&self, name: &str, value: &[u8]) -> Option<Vec<u8>> {
        let live = self.putter.id(name, std::str::from_utf8(value).ok()?)?;
        Some(live.as_bytes().to_vec())
    }

    /// The fragment with ids put in; as it is when there is nothing to put.
    pub(crate) fn adapt(&mut self, fragment: Fragment) -> Fragment {
        let format = match &fragment.what {
            What::Frame { format, .. } => Some(*format),
            What::Text => None,
            What::Opaque(_) => return fragment,
        };
        if self.turn.is_some() {
            self.mint(&fragment, format);
        }
        if self.putter.shift_us == 0 && !self.putter.may_hold(&fragment.bytes) {
            return fragment;
        }
        let splices = match format {
            Some(Format::Sse) => self.sse(&fragment.bytes),
            Some(Format::Record) => self.record(&fragment.bytes),
            None => self.putter.json(&fragment.bytes, 1).0,
        };
        if splices.is_empty() {
            return fragment;
        }
        let bytes = Bytes::from(apply(&fragment.bytes, &splices));
        fragment.rewritten(bytes, |old| place(&splices, old))
    }

    fn sse(&self, frame: &[u8]) -> Vec<Splice> {
        let data = data::of(frame);
        let (mut splices, _) = self.putter.json(&data.text, 0);
        for splice in &mut splices {
            splice.range = data.range(&splice.range);
        }
        splices
    }

    fn record(&self, frame: &[u8]) -> Vec<Splice> {
        let Some((prefix, message)) = frame.split_at_checked(PREFIX_LEN) else {
            return Vec::new();
        };
        // A record that is cut begins with its whole length.
        if u32::from_be_bytes([prefix[0], prefix[1], prefix[2], prefix[3]]) as usize != message.len() {
            return Vec::new();
        }
        let putter = &self.putter;
        let spliced = proto::rewrite(message, &mut |name, leaf| match leaf {
            Leaf::Text(text) => {
                let text = std::str::from_utf8(text).ok()?;
                putter.text(name, text, 0).map(NewLeaf::Text)
            }
            Leaf::Integer(number) if name == "timestamp" && putter.shift_us != 0 => {
                let moved = putter.moved(number.cast_signed());
                Some(NewLeaf::Integer(moved.cast_unsigned()))
            }
            Leaf::Integer(_) => None,
        });
        if spliced.is_empty() {
            return Vec::new();
        }
        let mut splices = vec![Splice {
            range: 0..PREFIX_LEN,
            bytes: Vec::new(),
        }];
        let mut len = message.len();
        for (range, bytes) in spliced {
            len = len + bytes.len() - range.len();
            let range = range.start + PREFIX_LEN..range.end + PREFIX_LEN;
            splices.push(Splice { range, bytes });
        }
        splices[0].bytes = u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes().to_vec();
        splices
    }

    /// Gives the ids that the agent made in this event their mark.
    fn mint(&mut self, fragment: &Fragment, format: Option<Format>) {
        let event = match format {
            Some(Format::Sse) => parse(&data::of(&fragment.bytes).text).ok(),
            Some(Format::Record) => fragment
                .bytes
                .get(PREFIX_LEN..)
                .and_then(|message| proto::decode(message).ok())
                .map(|decoded| decoded.event),
            None => None,
        };
        let (Some(event), Some(turn)) = (event, self.turn) else {
            return;
        };
        let made: Vec<String> = ids_made(&event)
            .into_iter()
            .filter(|id| !id.is_empty() && !self.putter.ids.knows(id))
            .map(str::to_owned)
            .collect();
        if made.is_empty() {
            return;
        }
        let mut ids = self.putter.ids.clone();
        for id in made {
            ids.insert(IdKind::Other, &id, &IdMap::again(&id, turn));
        }
        self.putter = Putter::new(ids, self.putter.shift_us);
    }
}

/// The ids that an event names where only agents name something.
fn ids_made(event: &Value) -> Vec<&str> {
    const OF_EVENTS: [&str; 5] = [
        "messageId",
        "toolCallId",
        "subagentRunId",
        "entityId",
        "parentMessageId",
    ];
    fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
        value.get(name)?.as_str()
    }
    fn list<'a>(value: Option<&'a Value>, name: &str) -> &'a [Value] {
        value.and_then(|value| value.get(name)?.as_array()).unwrap_or_default()
    }
    let mut ids: Vec<&str> = OF_EVENTS.iter().filter_map(|name| text(event, name)).collect();
    for message in list(Some(event), "messages") {
        ids.extend(text(message, "id"));
        ids.extend(text(message, "toolCallId"));
        ids.extend(
            list(Some(message), "toolCalls")
                .iter()
                .filter_map(|call| text(call, "id")),
        );
    }
    for interrupt in list(event.get("outcome"), "interrupts") {
        ids.extend(text(interrupt, "id"));
        ids.extend(text(interrupt, "toolCallId"));
    }
    ids
}
