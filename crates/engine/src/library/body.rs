//! Walking through a body piece by piece: raw, decoded, and cut into frames.
//!
//! Nothing here holds more than a piece and the frame that is being gathered,
//! however long the body is.

use std::io::Write;

use scrubjay_protocol::{encoding, frame::Frame, framing::Framing, media::Media};
use scrubjay_session::{
    exchange::{Exchange, field},
    query::answer::Transport,
    shelf::Shelf,
};

use crate::{EngineError, shelf::AnyShelf};

/// Bytes read at once.
const PIECE: u64 = 1 << 20;

/// Which bytes of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyOf {
    /// The request's body.
    Request,
    /// The response's body as it was on the wire. A hole is left out.
    Wire,
    /// The response's body with its content encoding undone.
    Decoded,
}

/// Writes a body.
pub(crate) fn write(shelf: &AnyShelf, of: BodyOf, out: &mut dyn Write) -> Result<(), EngineError> {
    let failed = |source: std::io::Error| EngineError::Export {
        source: Box::new(source),
    };
    if of == BodyOf::Request {
        return out.write_all(&shelf.request_body()?).map_err(failed);
    }
    let facts = shelf.exchange()?;
    let mut outcome = Ok(());
    let mut write = |piece: &[u8]| {
        if outcome.is_ok() {
            outcome = out.write_all(piece);
        }
    };
    if of == BodyOf::Wire {
        wire(shelf, &facts, |piece| write(piece))?;
    } else {
        decoded(shelf, &facts, |piece| write(piece))?;
    }
    outcome.map_err(failed)
}

/// Gives the wire body without its holes, in pieces.
pub(crate) fn wire(
    shelf: &impl Shelf<Error = scrubjay_store::StoreError>,
    facts: &Exchange,
    mut each: impl FnMut(&[u8]),
) -> Result<(), EngineError> {
    for range in stretches(facts) {
        let mut offset = range.start;
        while offset < range.end {
            let piece = shelf.body(offset..range.end.min(offset + PIECE))?;
            if piece.is_empty() {
                break;
            }
            each(&piece);
            offset += piece.len() as u64;
        }
    }
    Ok(())
}

/// Gives the decoded body, in pieces. What cannot be decoded ends it.
pub(crate) fn decoded(
    shelf: &impl Shelf<Error = scrubjay_store::StoreError>,
    facts: &Exchange,
    mut each: impl FnMut(&[u8]),
) -> Result<(), EngineError> {
    let mut decoder = encoding::Decoder::new(&content_encoding(facts));
    wire(shelf, facts, |piece| decoder.push(piece, &mut each))?;
    decoder.finish(&mut each);
    Ok(())
}

/// Whether the body is encoded.
pub(crate) fn is_encoded(facts: &Exchange) -> bool {
    !encoding::Decoder::new(&content_encoding(facts)).is_identity()
}

/// Stretches of the wire body for which there are bytes.
fn stretches(facts: &Exchange) -> Vec<std::ops::Range<u64>> {
    let mut holes: Vec<_> = facts.holes.iter().map(|hole| (hole.offset, hole.len)).collect();
    holes.sort_unstable_by_key(|(offset, _)| *offset);
    let mut stretches = Vec::new();
    let mut from = 0;
    for (offset, len) in holes {
        if offset > from {
            stretches.push(from..offset);
        }
        // A hole of unknown length reaches to the end of what is known.
        from = len.map_or(facts.body_len, |len| offset.saturating_add(len)).max(from);
    }
    if from < facts.body_len {
        stretches.push(from..facts.body_len);
    }
    stretches
}

fn content_encoding(facts: &Exchange) -> String {
    let response = facts.response.as_ref();
    response.map_or_else(String::new, |head| field(&head.headers, "content-encoding"))
}

/// Cuts a decoded body into frames, with the bytes of each.
pub(crate) struct Cutter {
    framing: Framing,
    /// Bytes from `offset` on that belong to no frame yet.
    pending: Vec<u8>,
    offset: u64,
}

impl Cutter {
    pub(crate) fn new(transport: Transport) -> Self {
        Self {
            framing: Framing::resume(transport.into(), 0),
            pending: Vec::new(),
            offset: 0,
        }
    }

    /// Takes a piece and gives the frames that it completes.
    pub(crate) fn push(&mut self, piece: &[u8], each: &mut dyn FnMut(&Frame, &[u8])) {
        if self.framing.media() == Some(Media::Other) {
            return;
        }
        self.framing.push(piece);
        self.pending.extend_from_slice(piece);
        while let Some(frame) = self.framing.next_frame() {
            self.give(&frame, each);
        }
        let used = self.used();
        self.pending.drain(..used);
        self.offset += used as u64;
    }

    /// Gives the frames that the end completes, and then the tail.
    pub(crate) fn finish(mut self, each: &mut dyn FnMut(&Frame, &[u8])) -> Vec<u8> {
        while let Some(frame) = self.framing.next_frame() {
            self.give(&frame, each);
        }
        while let Some(frame) = self.framing.finish() {
            self.give(&frame, each);
        }
        let used = self.used();
        self.pending.split_off(used)
    }

    fn give(&self, frame: &Frame, each: &mut dyn FnMut(&Frame, &[u8])) {
        let place = |at: u64| usize::try_from(at - self.offset).expect("a frame's bytes are pending");
        each(frame, &self.pending[place(frame.range.start)..place(frame.range.end)]);
    }

    /// Bytes of `pending` that frames have covered.
    fn used(&self) -> usize {
        let used = self.framing.tail_range().start.saturating_sub(self.offset);
        usize::try_from(used).unwrap_or(usize::MAX).min(self.pending.len())
    }
}

#[cfg(test)]
mod tests {
    use scrubjay_session::exchange::Hole;

    use super::*;

    #[test]
    fn holes_are_left_out_of_a_body() {
        let check = |holes: &[(u64, Option<u64>)], expected: &[(u64, u64)]| {
            let facts = Exchange {
                body_len: 100,
                holes: holes.iter().map(|&(offset, len)| Hole { offset, len }).collect(),
                ..Exchange::default()
            };
            let found: Vec<_> = stretches(&facts)
                .into_iter()
                .map(|range| (range.start, range.end))
                .collect();
            assert_eq!(found, expected);
        };
        check(&[], &[(0, 100)]);
        check(&[(10, Some(5))], &[(0, 10), (15, 100)]);
        check(&[(0, Some(5)), (50, None)], &[(5, 50)]);
        check(&[(100, Some(7))], &[(0, 100)]);
    }

    #[test]
    fn frames_come_with_their_bytes_for_any_pieces() {
        let body = b"data: {\"type\":\"A\"}\n\n: c\r\n\r\ndata: x\n\ndata: cut\n";
        for size in 1..body.len() {
            let mut joined = Vec::new();
            let mut cutter = Cutter::new(Transport::Sse);
            let mut each = |frame: &Frame, bytes: &[u8]| {
                assert_eq!(frame.len(), bytes.len() as u64);
                joined.extend_from_slice(bytes);
            };
            for piece in body.chunks(size) {
                cutter.push(piece, &mut each);
            }
            let tail = cutter.finish(&mut each);
            joined.extend_from_slice(&tail);
            assert_eq!(joined, body);
        }
    }
}
