//! The protobuf transport: records of a length and a message.
//!
//! ```text
//! ┌ 4 bytes, big-endian ┐┌ one `Event` message ┐┌ 4 bytes ┐┌ …
//! ```
//!
//! A message is an envelope, and the number of its only field is that of the event
//! it holds; [`crate::proto`] decodes it.

use std::{collections::VecDeque, ops::Range};

use crate::{
    event::EventType,
    frame::{EVENT_LIMIT, Frame, FrameKind},
    problem::rule,
    proto::{self, Undecoded},
};

/// The media type of the transport, compared exactly by the official client.
pub const MEDIA_TYPE: &str = "application/vnd.ag-ui.event+proto";

/// Bytes of a record, length included, that the official client reads at most.
pub const OFFICIAL_RECORD_LIMIT: u64 = 10 * 1024 * 1024;

/// Bytes of the length in front of each message.
const PREFIX_LEN: usize = 4;

/// Cuts a body into records, at any chunking.
///
/// ```
/// use scrubjay_protocol::{event::EventType, record::Decoder};
///
/// let mut decoder = Decoder::new();
/// decoder.push(b"\x00\x00\x00\x0c\x62\x0a\x0a\x02\x08\x0b\x12\x01t\x1a\x01r");
/// let record = decoder.next_frame().unwrap();
/// assert_eq!(record.event_type, Some(EventType::RunStarted));
/// assert_eq!(record.range, 0..16);
/// assert_eq!(record.value.unwrap().get("runId").unwrap().as_str(), Some("r"));
/// ```
#[derive(Debug, Default)]
pub struct Decoder {
    /// Where the record that is being gathered begins in the body.
    start: u64,
    /// Bytes of it seen.
    seen: u64,
    prefix: Vec<u8>,
    message: Vec<u8>,
    ready: VecDeque<Frame>,
}

impl Decoder {
    /// A decoder at the start of a body.
    pub fn new() -> Self {
        Self::default()
    }

    /// A decoder that goes on at the end of a record, `offset` bytes into the body.
    pub fn resume(offset: u64) -> Self {
        Self {
            start: offset,
            ..Self::default()
        }
    }

    /// Takes the next bytes of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.prefix.len() < PREFIX_LEN {
                let (head, tail) = rest.split_at(rest.len().min(PREFIX_LEN - self.prefix.len()));
                self.prefix.extend_from_slice(head);
                self.seen += head.len() as u64;
                rest = tail;
            } else {
                let wanted = self.wanted() - self.seen;
                let (head, tail) = rest.split_at(usize::try_from(wanted).unwrap_or(usize::MAX).min(rest.len()));
                self.gather(head);
                rest = tail;
            }
            if self.prefix.len() == PREFIX_LEN && self.seen == self.wanted() {
                self.close(FrameKind::Record);
            }
        }
    }

    /// The next whole record.
    pub fn next_frame(&mut self) -> Option<Frame> {
        self.ready.pop_front()
    }

    /// Says that the body has ended, and gives what was not given yet: take
    /// records with [`Decoder::next_frame`] before and after. A record that is
    /// cut comes out as malformed.
    pub fn finish(&mut self) -> Option<Frame> {
        if self.seen > 0 {
            self.close(FrameKind::Malformed);
        }
        self.next_frame()
    }

    /// Bytes of the body that belong to no record yet.
    pub fn tail_range(&self) -> Range<u64> {
        self.start..self.start + self.seen
    }

    /// Length that the record's prefix gives, prefix included.
    fn wanted(&self) -> u64 {
        let prefix = <[u8; PREFIX_LEN]>::try_from(&self.prefix[..]).expect("the prefix is whole");
        PREFIX_LEN as u64 + u64::from(u32::from_be_bytes(prefix))
    }

    fn gather(&mut self, bytes: &[u8]) {
        self.seen += bytes.len() as u64;
        if self.wanted() <= (PREFIX_LEN + EVENT_LIMIT) as u64 {
            self.message.extend_from_slice(bytes);
        }
    }

    fn close(&mut self, kind: FrameKind) {
        let mut frame = Frame {
            range: self.tail_range(),
            kind,
            is_record: true,
            data: std::mem::take(&mut self.message),
            ..Frame::default()
        };
        if self.prefix.len() == PREFIX_LEN {
            self.note_size(&mut frame);
        }
        if kind == FrameKind::Malformed {
            frame.note(rule::CUT, "the body ends inside a record");
        } else if !frame.has(rule::EVENT_SIZE) {
            read(&mut frame);
        }
        if frame.value.is_none() {
            frame.event_type = event_type(&frame.data);
        }
        self.start += self.seen;
        self.seen = 0;
        self.prefix.clear();
        self.ready.push_back(frame);
    }

    fn note_size(&self, frame: &mut Frame) {
        let wanted = self.wanted();
        if wanted > OFFICIAL_RECORD_LIMIT {
            frame.note(
                rule::OVER_10_MIB,
                format!(
                    "the record says it has {wanted} bytes, and the official client reads up to {OFFICIAL_RECORD_LIMIT}"
                ),
            );
        }
        if wanted > (PREFIX_LEN + EVENT_LIMIT) as u64 {
            frame.kind = FrameKind::Malformed;
            frame.note(
                rule::EVENT_SIZE,
                format!("the record says it has {wanted} bytes; up to {EVENT_LIMIT} are read"),
            );
        }
    }
}

/// Decodes a whole record.
fn read(frame: &mut Frame) {
    match proto::decode(&frame.data) {
        Ok(decoded) => {
            frame.value = Some(decoded.event);
            frame.event_type = Some(decoded.event_type);
            frame.problems.extend(decoded.problems);
        }
        Err(Undecoded::Broken(what)) => {
            frame.kind = FrameKind::Malformed;
            frame.note(rule::RECORD, format!("the record cannot be decoded: {what}"));
        }
        Err(Undecoded::Later(number)) => frame.note(
            rule::UNKNOWN_EVENT,
            format!("the client drops event {number} of the transport, which protocol 1.0 does not have"),
        ),
        Err(Undecoded::Beyond(problem)) => frame.problems.push(problem),
    }
}

/// The event that a message holds, by the last field of its envelope
/// that names one. Works on broken messages, too, as far as they go.
pub fn event_type(message: &[u8]) -> Option<EventType> {
    let mut rest = message;
    let mut found = None;
    while !rest.is_empty() {
        let tag = varint(&mut rest)?;
        found = u32::try_from(tag >> 3).ok().and_then(proto::event_of_field).or(found);
        let len = match tag & 7 {
            0 => {
                varint(&mut rest)?;
                0
            }
            1 => 8,
            2 => usize::try_from(varint(&mut rest)?).ok()?,
            5 => 4,
            _ => return found,
        };
        let Some(after) = rest.get(len..) else {
            return found;
        };
        rest = after;
    }
    found
}

/// The first field of a message as an envelope: the event it names, and the
/// length of the message if that field is all of it.
pub(crate) fn envelope(message: &[u8]) -> Option<(EventType, u64)> {
    let mut rest = message;
    let tag = varint(&mut rest)?;
    let event_len = varint(&mut rest)?;
    let number = u32::try_from(tag >> 3).ok().filter(|_| tag & 7 == 2)?;
    let head_len = (message.len() - rest.len()) as u64;
    Some((proto::event_of_field(number)?, head_len.saturating_add(event_len)))
}

/// Reads a variable-length number from the front.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for (place, byte) in bytes.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            *bytes = &bytes[place + 1..];
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN_STARTED: &[u8] = b"\x00\x00\x00\x0c\x62\x0a\x0a\x02\x08\x0b\x12\x01t\x1a\x01r";

    fn decode(body: &[u8], piece_len: usize) -> Vec<Frame> {
        let mut decoder = Decoder::new();
        for piece in body.chunks(piece_len) {
            decoder.push(piece);
        }
        let mut frames: Vec<_> = std::iter::from_fn(|| decoder.next_frame()).collect();
        frames.extend(decoder.finish());
        assert!(decoder.tail_range().is_empty());
        frames
    }

    #[test]
    fn records_come_out_alike_at_any_chunking() {
        let body = [RUN_STARTED, RUN_STARTED, b"\x00\x00\x00\x00", &RUN_STARTED[..9]].concat();
        let whole = decode(&body, body.len());
        assert_eq!(
            whole.iter().map(|frame| frame.range.clone()).collect::<Vec<_>>(),
            [0..16, 16..32, 32..36, 36..45]
        );
        assert_eq!(
            whole.iter().map(|frame| frame.kind).collect::<Vec<_>>(),
            [
                FrameKind::Record,
                FrameKind::Record,
                FrameKind::Malformed,
                FrameKind::Malformed
            ]
        );
        assert!(whole[2].has(rule::RECORD) && whole[3].has(rule::CUT));
        assert_eq!(whole[3].event_type, Some(EventType::RunStarted));
        for piece_len in 1..body.len() {
            assert_eq!(decode(&body, piece_len), whole, "pieces of {piece_len}");
        }
    }

    #[test]
    fn a_length_beyond_what_is_read_gathers_nothing() {
        let mut decoder = Decoder::new();
        decoder.push(&[0xFF; 1000]);
        assert!(decoder.message.is_empty());
        let frame = decoder.finish().unwrap();
        assert_eq!((frame.kind, frame.len()), (FrameKind::Malformed, 1000));
        assert!(frame.has(rule::OVER_10_MIB) && frame.has(rule::EVENT_SIZE) && frame.has(rule::CUT));
    }

    #[test]
    fn an_event_of_a_later_protocol_is_still_a_record() {
        let frames = decode(b"\x00\x00\x00\x03\x82\x02\x00", 3);
        assert_eq!(frames[0].kind, FrameKind::Record);
        assert!(frames[0].has(rule::UNKNOWN_EVENT));
        assert_eq!((&frames[0].event_type, &frames[0].value), (&None, &None));
    }

    #[test]
    fn a_record_that_cannot_be_decoded_keeps_the_type_that_it_names() {
        let frames = decode(b"\x00\x00\x00\x04\x62\x02\x12\x00", 3);
        assert_eq!(frames[0].kind, FrameKind::Malformed);
        assert!(frames[0].has(rule::RECORD) && frames[0].is_record);
        assert_eq!(frames[0].event_type, Some(EventType::RunStarted));
        assert_eq!(frames[0].data, b"\x62\x02\x12\x00");
    }
}
