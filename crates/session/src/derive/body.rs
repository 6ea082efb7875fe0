//! From bytes on the wire to frames with times.
//!
//! The content encoding comes off, the kind of body follows from its content type or
//! its first bytes, frames are cut, and each is stamped with the chunk whose
//! bytes completed it. Stamps follow from offsets, not from when the cutter
//! gave the frame, so they are the same however the bytes were handed over.

use std::{borrow::Cow, collections::VecDeque};

use scrubjay_protocol::{encoding, frame::Frame, framing::Framing, media::Media, problem::rule as problem};

use crate::{
    exchange::{Chunk, Exchange, Hole, field},
    recognise::Transport,
};

/// A gap longer than this is cut on the collapsed axis.
pub const COLLAPSE_OVER_US: u64 = 2_000_000;
/// What it is cut to.
pub const COLLAPSED_TO_US: u64 = 1_000_000;

/// Bytes of a body that are cut into frames at a time: frames take more memory
/// than what they are cut from.
pub(crate) const PART_LEN: usize = 64 * 1024;
/// Bytes of a body with a content encoding that are unpacked at a time.
const PACKED_LEN: usize = 1024;

/// A chunk's share of the decoded body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// Where its last decoded byte ends.
    pub(crate) end: u64,
    pub(crate) chunk: u64,
    pub(crate) at_us: u64,
}

/// A frame and the chunk that completed it.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    pub(crate) frame: Frame,
    pub(crate) chunk: u64,
    pub(crate) at_us: u64,
    pub(crate) edge: Edge,
}

/// Whether a frame stands beside a hole, so that a part of it may be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Edge {
    #[default]
    None,
    /// It is what was begun before a hole.
    Before,
    /// It is the first after a hole.
    After,
}

impl Edge {
    /// Of a frame of a body that is as it came on the wire. Holes are in their order.
    pub(crate) fn of(holes: &[Hole], frame: &Frame) -> Self {
        let (start, end) = (frame.range.start, frame.range.end);
        let before = holes[..holes.partition_point(|hole| hole.offset < start)].last();
        if before.is_some_and(|hole| hole.len.is_some_and(|len| hole.offset.saturating_add(len) == start)) {
            return Self::After;
        }
        let after = holes.get(holes.partition_point(|hole| hole.offset < end));
        let is_part = frame.has(problem::CUT) || frame.has(problem::UNTERMINATED);
        match after.is_some_and(|hole| hole.offset == end) && is_part {
            true => Self::Before,
            false => Self::None,
        }
    }
}

/// Reads one response body as it comes.
pub(crate) struct Body {
    unpacker: Option<encoding::Decoder>,
    framing: Framing,
    arrivals: VecDeque<Arrival>,
    holes: Vec<Hole>,
    next_chunk: u64,
    /// Where the next wire byte is expected.
    wire_end: u64,
    /// Where the next decoded byte stands.
    decoded_end: u64,
    /// Decoded bytes before this were followed already.
    skip_to: u64,
    /// End of the last frame given.
    covered: u64,
    last: Arrival,
    /// Of the next frame that is given.
    edge: Edge,
}

impl Body {
    pub(crate) fn new(exchange: &Exchange) -> Self {
        let headers = exchange.response.as_ref().map(|head| &head.headers);
        let coding = headers
            .map(|headers| field(headers, "content-encoding"))
            .unwrap_or_default();
        let content_type = headers.map(|headers| field(headers, "content-type"));
        Self {
            unpacker: unpacker(&coding),
            framing: Framing::new(content_type.as_deref()),
            arrivals: VecDeque::new(),
            holes: exchange.holes.clone(),
            next_chunk: 0,
            wire_end: 0,
            decoded_end: 0,
            skip_to: 0,
            covered: 0,
            last: Arrival {
                end: 0,
                chunk: 0,
                at_us: 0,
            },
            edge: Edge::None,
        }
    }

    /// Goes on after a frame that ends at `covered`, with the chunk that
    /// holds the byte there. An encoded body is decoded from its start again.
    pub(crate) fn resume(exchange: &Exchange, transport: Transport, covered: u64, chunk: Chunk, number: u64) -> Self {
        let mut body = Self::new(exchange);
        body.framing = Framing::resume(transport.into(), covered);
        body.covered = covered;
        body.skip_to = covered;
        if body.is_identity() {
            body.next_chunk = number;
            body.wire_end = chunk.offset;
            body.decoded_end = chunk.offset;
            body.last = Arrival {
                end: covered,
                chunk: number,
                at_us: chunk.at_us,
            };
        }
        body
    }

    /// The body on the wire is the decoded body.
    pub(crate) fn is_identity(&self) -> bool {
        self.unpacker.is_none()
    }

    pub(crate) fn transport(&self) -> Transport {
        self.framing.media().map_or(Transport::Other, Transport::from)
    }

    pub(crate) fn next_chunk(&self) -> u64 {
        self.next_chunk
    }

    pub(crate) fn covered(&self) -> u64 {
        self.covered
    }

    /// Bytes on the wire so far.
    pub(crate) fn received(&self) -> u64 {
        self.wire_end
    }

    pub(crate) fn has_holes(&self) -> bool {
        !self.holes.is_empty()
    }

    /// Bytes are missing after the last frame, or were not unpacked because there are too many.
    pub(crate) fn ends_in_hole(&self) -> bool {
        let mut problems = self.encoding_problems().iter();
        problems.any(|known| known.rule == problem::OUTPUT_SIZE)
            || ends_in_hole(&self.holes, self.covered, self.is_identity())
    }

    /// Bytes that are missing, if that is known of every hole.
    pub(crate) fn missing_len(&self) -> Option<u64> {
        self.holes.iter().map(|hole| hole.len).sum()
    }

    pub(crate) fn set_holes(&mut self, holes: &[Hole]) {
        self.holes = holes.to_vec();
    }

    /// What went wrong with the content encoding.
    pub(crate) fn encoding_problems(&self) -> &[scrubjay_protocol::problem::Problem] {
        self.unpacker.as_ref().map_or(&[], encoding::Decoder::problems)
    }

    /// A chunk of so many bytes begins; gives the frames that a hole before it
    /// cuts off. Its bytes follow by [`Body::unpack`] and [`Body::feed`].
    pub(crate) fn begin(&mut self, chunk: &Chunk, len: usize) -> Vec<Cut> {
        let mut cuts = Vec::new();
        if chunk.offset > self.wire_end {
            self.jump(chunk.offset, &mut cuts);
        }
        self.next_chunk += 1;
        self.wire_end = chunk.offset + len as u64;
        cuts
    }

    /// Bytes of the chunk that has begun, without their encoding. It is given
    /// little of an encoded one at a time, because that may be worth much.
    pub(crate) fn unpack<'b>(&mut self, part: &'b [u8]) -> Cow<'b, [u8]> {
        let Some(unpacker) = &mut self.unpacker else {
            return Cow::Borrowed(part);
        };
        let mut unpacked = Vec::new();
        unpacker.push(part, &mut |piece| unpacked.extend_from_slice(piece));
        Cow::Owned(unpacked)
    }

    /// How many bytes of a chunk to unpack at a time.
    pub(crate) fn part_len(&self) -> usize {
        if self.is_identity() { PART_LEN } else { PACKED_LEN }
    }

    /// Takes bytes that were unpacked; gives the frames that they complete.
    pub(crate) fn feed(&mut self, part: &[u8], at_us: u64) -> Vec<Cut> {
        let mut cuts = Vec::new();
        self.decoded(part, self.next_chunk.saturating_sub(1), at_us, &mut cuts);
        cuts
    }

    /// The body has ended: what was held back, and a last frame without its end.
    pub(crate) fn finish(&mut self) -> Vec<Cut> {
        let mut cuts = Vec::new();
        if let Some(mut unpacker) = self.unpacker.take() {
            let last = self.last;
            unpacker.finish(&mut |piece| self.decoded(piece, last.chunk, last.at_us, &mut cuts));
            self.unpacker = Some(unpacker);
        }
        let is_cut_off = self.holes.iter().any(|hole| hole.offset >= self.wire_end);
        self.drain(&mut cuts);
        if is_cut_off {
            self.edge = Edge::Before;
        }
        self.drain_end(&mut cuts);
        cuts
    }

    /// A hole: what was begun before it cannot be finished.
    fn jump(&mut self, offset: u64, cuts: &mut Vec<Cut>) {
        if !self.is_identity() {
            // The decoder meets the damage itself and says so.
            return;
        }
        self.drain(cuts);
        self.edge = Edge::Before;
        self.drain_end(cuts);
        self.edge = Edge::After;
        self.decoded_end = offset;
        self.skip_to = self.skip_to.max(offset);
        self.framing.restart(offset);
    }

    fn drain_end(&mut self, cuts: &mut Vec<Cut>) {
        self.drain(cuts);
        if let Some(frame) = self.framing.finish() {
            self.give(frame, cuts);
        }
        self.drain(cuts);
    }

    fn decoded(&mut self, bytes: &[u8], chunk: u64, at_us: u64, cuts: &mut Vec<Cut>) {
        let known = self.skip_to.saturating_sub(self.decoded_end).min(bytes.len() as u64);
        self.decoded_end += bytes.len() as u64;
        let bytes = &bytes[known as usize..];
        if bytes.is_empty() {
            return;
        }
        self.last = Arrival {
            end: self.decoded_end,
            chunk,
            at_us,
        };
        self.arrivals.push_back(self.last);
        self.framing.push(bytes);
        self.drain(cuts);
    }

    fn drain(&mut self, cuts: &mut Vec<Cut>) {
        while let Some(frame) = self.framing.next_frame() {
            self.give(frame, cuts);
        }
        if self.framing.media() == Some(Media::Other) {
            self.arrivals.clear();
        }
    }

    fn give(&mut self, frame: Frame, cuts: &mut Vec<Cut>) {
        self.covered = frame.range.end;
        while self.arrivals.len() > 1 && self.arrivals.front().is_some_and(|first| first.end < frame.range.end) {
            self.arrivals.pop_front();
        }
        let arrival = self.arrivals.front().copied().unwrap_or(self.last);
        cuts.push(Cut {
            frame,
            chunk: arrival.chunk,
            at_us: arrival.at_us,
            edge: std::mem::take(&mut self.edge),
        });
    }
}

/// Whether bytes are missing after the last frame, which ends at `covered`. Where in an encoded body they are missing
/// cannot be said.
pub(crate) fn ends_in_hole(holes: &[Hole], covered: u64, is_identity: bool) -> bool {
    holes.iter().any(|hole| hole.offset >= covered || !is_identity)
}

/// A decoder for a content encoding; none when the bytes are as they are.
pub(crate) fn unpacker(coding: &str) -> Option<encoding::Decoder> {
    let unpacker = encoding::Decoder::new(coding);
    (!unpacker.is_identity()).then_some(unpacker)
}
