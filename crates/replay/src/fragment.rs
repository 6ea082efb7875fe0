//! A stretch of a body on its way out: the unit that ids and faults work on.

use bytes::{Bytes, BytesMut};
use scrubjay_protocol::event::EventType;

/// A frame, or bytes that are no frame of their own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fragment {
    pub(crate) bytes: Bytes,
    /// Which recorded chunks brought it, in order. They tile `bytes`.
    pub(crate) pieces: Vec<Piece>,
    pub(crate) what: What,
    /// Waiting that a fault puts before it.
    pub(crate) held_us: u64,
    /// A fault made or changed it.
    pub(crate) made: bool,
    /// A fault put it in: no number of the recording is its own.
    pub(crate) inserted: bool,
}

/// What a fragment's bytes are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    /// One SSE frame or record.
    Frame {
        seq: u32,
        event_type: Option<EventType>,
        format: Format,
    },
    /// One JSON text: the whole body.
    Text,
    /// Anything else, and the frames that end in it, if they are known.
    Opaque(Vec<(u32, Option<EventType>)>),
}

/// How a frame is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Sse,
    Record,
}

/// A recorded chunk's share of a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) len: usize,
    /// The chunk's number; nothing for what a fault made, which goes out by itself.
    pub(crate) chunk: Option<u64>,
    pub(crate) at_us: u64,
}

impl Fragment {
    /// When its last byte came.
    pub(crate) fn at_us(&self) -> u64 {
        self.pieces.last().map_or(0, |piece| piece.at_us)
    }

    /// The number of its frame, if it is one.
    pub(crate) fn seq(&self) -> Option<u32> {
        match &self.what {
            What::Frame { seq, .. } => Some(*seq),
            What::Text | What::Opaque(_) => None,
        }
    }

    /// The type of its event, if it is one.
    pub(crate) fn event_type(&self) -> Option<&EventType> {
        match &self.what {
            What::Frame { event_type, .. } => event_type.as_ref(),
            What::Text | What::Opaque(_) => None,
        }
    }

    /// Other bytes in its place, with the recorded splits where `place` moves
    /// them: from an offset in the old bytes to one in the new.
    pub(crate) fn rewritten(&self, bytes: Bytes, place: impl Fn(usize) -> usize) -> Self {
        let (mut old, mut new) = (0, 0);
        let mut pieces = Vec::with_capacity(self.pieces.len());
        for (idx, piece) in self.pieces.iter().enumerate() {
            old += piece.len;
            let is_last = idx + 1 == self.pieces.len();
            let end = if is_last {
                bytes.len()
            } else {
                place(old).clamp(new, bytes.len())
            };
            pieces.push(Piece {
                len: end - new,
                ..*piece
            });
            new = end;
        }
        Self {
            bytes,
            pieces,
            what: self.what.clone(),
            held_us: self.held_us,
            made: self.made,
            inserted: self.inserted,
        }
    }

    /// Other bytes in its place, which go out by themselves.
    pub(crate) fn remade(&self, bytes: Bytes) -> Self {
        let piece = Piece {
            len: bytes.len(),
            chunk: None,
            at_us: self.at_us(),
        };
        Self {
            bytes,
            pieces: vec![piece],
            what: self.what.clone(),
            held_us: 0,
            made: true,
            inserted: self.inserted,
        }
    }
}

/// Bytes that wait for the end of their frame, with the chunks that brought them.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    pieces: std::collections::VecDeque<(Bytes, u64, u64)>,
    len: usize,
}

impl Pending {
    pub(crate) fn push(&mut self, bytes: Bytes, chunk: u64, at_us: u64) {
        self.len += bytes.len();
        self.pieces.push_back((bytes, chunk, at_us));
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Takes `len` bytes from the front. They are not copied when one piece has them.
    pub(crate) fn take(&mut self, len: usize, what: What) -> Fragment {
        let mut taken = Vec::new();
        let mut pieces: Vec<Piece> = Vec::new();
        let mut wanted = len.min(self.len);
        self.len -= wanted;
        while wanted > 0 {
            let Some((mut bytes, chunk, at_us)) = self.pieces.pop_front() else {
                break;
            };
            let share = bytes.split_to(wanted.min(bytes.len()));
            if !bytes.is_empty() {
                self.pieces.push_front((bytes, chunk, at_us));
            }
            wanted -= share.len();
            match pieces.last_mut() {
                Some(last) if last.chunk == Some(chunk) => last.len += share.len(),
                _ => pieces.push(Piece {
                    len: share.len(),
                    chunk: Some(chunk),
                    at_us,
                }),
            }
            taken.push(share);
        }
        Fragment {
            bytes: joined(taken),
            pieces,
            what,
            held_us: 0,
            made: false,
            inserted: false,
        }
    }
}

/// Pieces one after the other; a single one is not copied.
pub(crate) fn joined(mut pieces: Vec<Bytes>) -> Bytes {
    if pieces.len() == 1 {
        return pieces.remove(0);
    }
    let mut bytes = BytesMut::with_capacity(pieces.iter().map(Bytes::len).sum());
    for piece in &pieces {
        bytes.extend_from_slice(piece);
    }
    bytes.freeze()
}
