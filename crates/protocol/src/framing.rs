//! A decoded body into frames, for any kind of body.
//!
//! While the start of a body does not show what it is, its bytes are held.
//! Everything that cuts a whole body cuts it with this, so that a body is a
//! stream of events for all parts or for none.

use std::ops::Range;

use crate::{
    frame::{Detail, Frame},
    media::{self, Media},
    record, sse,
};

/// Cuts one decoded body into frames.
///
/// ```
/// use scrubjay_protocol::{framing::Framing, media::Media};
///
/// let mut framing = Framing::new(None);
/// framing.push(b"dat");
/// assert_eq!(framing.media(), None);
/// framing.push(b"a: {\"type\":\"RUN_STARTED\"}\n\n");
/// assert_eq!(framing.media(), Some(Media::Sse));
/// assert_eq!(framing.next_frame().unwrap().range, 0..30);
/// ```
#[derive(Debug)]
pub struct Framing {
    content_type: Option<String>,
    detail: Detail,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Not recognised yet: where the bytes that came begin, and the bytes.
    Undecided(u64, Vec<u8>),
    Sse(Box<sse::Decoder>),
    Records(Box<record::Decoder>),
    Other,
}

impl State {
    fn of(media: Media, offset: u64, detail: Detail) -> Self {
        match media {
            Media::Sse => Self::Sse(Box::new(sse::Decoder::resume(offset).with_detail(detail))),
            Media::Records => Self::Records(Box::new(record::Decoder::resume(offset))),
            Media::Other => Self::Other,
        }
    }
}

impl Framing {
    /// At the start of a body with this content type; an absent or empty one counts as none.
    pub fn new(content_type: Option<&str>) -> Self {
        let mut framing = Self {
            content_type: content_type.map(str::to_owned),
            detail: Detail::default(),
            state: State::Undecided(0, Vec::new()),
        };
        framing.decide();
        framing
    }

    /// At a byte of a body that was recognised before, where a frame begins.
    pub fn resume(media: Media, offset: u64) -> Self {
        let detail = Detail::default();
        Self {
            content_type: None,
            detail,
            state: State::of(media, offset, detail),
        }
    }

    /// Reads of each frame no more than this. Call it before the first bytes.
    #[must_use]
    pub fn with_detail(mut self, detail: Detail) -> Self {
        self.detail = detail;
        if let Some(media) = self.media() {
            self.state = State::of(media, self.tail_range().start, detail);
        }
        self
    }

    /// What the body is; `None` while that is not known.
    pub fn media(&self) -> Option<Media> {
        match self.state {
            State::Undecided(..) => None,
            State::Sse(_) => Some(Media::Sse),
            State::Records(_) => Some(Media::Records),
            State::Other => Some(Media::Other),
        }
    }

    /// Takes the next bytes of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Undecided(_, start) => {
                start.extend_from_slice(bytes);
                self.decide();
            }
            State::Sse(decoder) => decoder.push(bytes),
            State::Records(decoder) => decoder.push(bytes),
            State::Other => {}
        }
    }

    /// The next frame that is complete.
    pub fn next_frame(&mut self) -> Option<Frame> {
        match &mut self.state {
            State::Sse(decoder) => decoder.next_frame(),
            State::Records(decoder) => decoder.next_frame(),
            State::Undecided(..) | State::Other => None,
        }
    }

    /// The body has ended: a last frame without its end.
    pub fn finish(&mut self) -> Option<Frame> {
        match &mut self.state {
            State::Sse(decoder) => decoder.finish(),
            State::Records(decoder) => decoder.finish(),
            State::Undecided(..) | State::Other => None,
        }
    }

    /// Goes on after a stretch of the body that is missing and ends at
    /// `offset`. What was begun before it is given up.
    pub fn restart(&mut self, offset: u64) {
        self.state = match self.media() {
            Some(media) => State::of(media, offset, self.detail),
            None => State::Undecided(offset, Vec::new()),
        };
    }

    /// Where the bytes stand that belong to no frame yet; empty for a body
    /// without frames.
    pub fn tail_range(&self) -> Range<u64> {
        match &self.state {
            State::Undecided(offset, start) => *offset..offset + start.len() as u64,
            State::Sse(decoder) => decoder.tail_range(),
            State::Records(decoder) => decoder.tail_range(),
            State::Other => 0..0,
        }
    }

    fn decide(&mut self) {
        let State::Undecided(offset, start) = &self.state else {
            return;
        };
        if let Some(media) = media::recognise(self.content_type.as_deref(), start) {
            let mut state = State::of(media, *offset, self.detail);
            match &mut state {
                State::Sse(decoder) => decoder.push(start),
                State::Records(decoder) => decoder.push(start),
                State::Undecided(..) | State::Other => {}
            }
            self.state = state;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b": hello\n\ndata: {\"type\":\"RUN_STARTED\"}\n\ndata: 1\n\n";

    fn ends(content_type: Option<&str>, piece_len: usize) -> Vec<u64> {
        let mut framing = Framing::new(content_type);
        let mut ends = Vec::new();
        for piece in BODY.chunks(piece_len) {
            framing.push(piece);
            ends.extend(std::iter::from_fn(|| framing.next_frame()).map(|frame| frame.range.end));
        }
        ends
    }

    #[test]
    fn a_body_without_a_type_is_cut_as_one_with_it_in_any_pieces() {
        let expected = ends(Some("text/event-stream"), BODY.len());
        assert_eq!(expected, [9, 39, 48]);
        for piece_len in 1..BODY.len() {
            for content_type in [None, Some(""), Some("text/plain"), Some("application/json")] {
                assert_eq!(ends(content_type, piece_len), expected, "{content_type:?} {piece_len}");
            }
        }
    }

    #[test]
    fn a_hole_before_the_start_is_known_leaves_it_open() {
        let mut framing = Framing::new(None);
        framing.push(b": he");
        framing.restart(9);
        framing.push(&BODY[9..]);
        assert_eq!(framing.next_frame().unwrap().range, 9..39);
        assert_eq!(framing.next_frame().unwrap().range, 39..48);
    }

    #[test]
    fn a_body_that_is_something_else_has_no_frames() {
        let mut framing = Framing::new(None);
        framing.push(b"{\"agents\":[]}");
        assert_eq!(framing.media(), Some(Media::Other));
        assert!(framing.next_frame().is_none() && framing.finish().is_none());
        assert!(framing.tail_range().is_empty());
    }
}
