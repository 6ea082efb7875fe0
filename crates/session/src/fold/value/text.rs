//! Text that grows.
//!
//! Most text comes whole and stays. Text that deltas append to is a rope: a
//! tail that takes what comes, and after it sealed chunks that all moments
//! share. Each run of characters knows the frame that delivered it. A chunk
//! may lie outside of memory, as a piece.
//!
//! A half of a surrogate pair waits in the tail until its other half comes,
//! so the two always meet inside one chunk.

use std::sync::{Arc, OnceLock};

use imbl::Vector;
use scrubjay_protocol::json::Wtf8;

use crate::fold::piece::PieceSource;

/// Bytes of a tail after which it is sealed.
const CHUNK_LEN: usize = 4096;
/// Bytes of a whole text from which on it remembers where its characters are.
const LONG_LEN: usize = 2 * CHUNK_LEN;

/// Text: WTF-8, and who delivered which part of it.
#[derive(Clone, Debug)]
pub struct Text(Inner);

#[derive(Clone, Debug)]
enum Inner {
    /// Came whole; the value around it says from which frame.
    Whole(Arc<[u8]>),
    /// The same, of a long text.
    Long(Arc<Long>),
    Rope(Arc<Rope>),
}

/// A long text that came whole.
#[derive(Debug)]
struct Long {
    bytes: Arc<[u8]>,
    /// Bytes and UTF-16 units before a character, about every [`CHUNK_LEN`]
    /// bytes, and both lengths at the end.
    marks: OnceLock<Vec<(usize, u64)>>,
}

impl Long {
    fn marks(&self) -> &[(usize, u64)] {
        self.marks.get_or_init(|| {
            let (mut marks, mut units, mut from) = (Vec::new(), 0, 0);
            while from < self.bytes.len() {
                marks.push((from, units));
                let mut to = (from + CHUNK_LEN).min(self.bytes.len());
                while to < self.bytes.len() && self.bytes[to] & 0xC0 == 0x80 {
                    to += 1;
                }
                units += u64::from(utf16_len(&self.bytes[from..to]));
                from = to;
            }
            marks.push((from, units));
            marks
        })
    }
}

#[derive(Clone, Debug, Default)]
struct Rope {
    chunks: Vector<Arc<Chunk>>,
    /// Lengths of all chunks.
    len: u64,
    utf16_len: u64,
    tail: ChunkBody,
}

/// A sealed part of a text, in memory or as a piece.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) len: u32,
    pub(crate) utf16_len: u32,
    pub(crate) piece: OnceLock<u64>,
    body: OnceLock<Arc<ChunkBody>>,
}

/// Bytes, and where each frame's part of them begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ChunkBody {
    pub(crate) bytes: Vec<u8>,
    pub(crate) utf16_len: u32,
    /// UTF-16 offset and frame, in order.
    pub(crate) runs: Vec<(u32, u32)>,
}

impl Chunk {
    pub(crate) fn stored(piece: u64, len: u32, utf16_len: u32) -> Self {
        Self {
            len,
            utf16_len,
            piece: OnceLock::from(piece),
            body: OnceLock::new(),
        }
    }

    pub(crate) fn sealed(body: ChunkBody) -> Self {
        let len = u32::try_from(body.bytes.len()).expect("an event's text is below 64 MiB");
        Self {
            len,
            utf16_len: body.utf16_len,
            piece: OnceLock::new(),
            body: OnceLock::from(Arc::new(body)),
        }
    }

    /// The body; empty when its piece is lost.
    pub(crate) fn body(&self, pieces: &dyn PieceSource) -> Arc<ChunkBody> {
        if let Some(body) = self.body.get() {
            return body.clone();
        }
        let read = self
            .piece
            .get()
            .and_then(|piece| pieces.piece(*piece))
            .and_then(|bytes| ChunkBody::open(&bytes));
        read.map_or_else(Arc::default, |body| self.body.get_or_init(|| Arc::new(body)).clone())
    }
}

impl ChunkBody {
    fn push(&mut self, delta: &[u8], by: u32) {
        let begins = self.utf16_len;
        if self.runs.last().is_none_or(|(_, frame)| *frame != by) && !delta.is_empty() {
            self.runs.push((begins, by));
        }
        self.utf16_len = begins.saturating_add(utf16_len(delta));
        match (self.bytes.last_chunk::<3>(), delta.first_chunk::<3>()) {
            (Some(high), Some(low)) if is_high(*high) && is_low(*low) => {
                let mut joined = Wtf8::from_bytes(high.to_vec());
                joined.push(&Wtf8::from_bytes(low.to_vec()));
                self.bytes.truncate(self.bytes.len() - 3);
                self.bytes.extend_from_slice(joined.as_bytes());
                self.bytes.extend_from_slice(&delta[3..]);
            }
            _ => self.bytes.extend_from_slice(delta),
        }
    }

    fn cause(&self, offset: u32) -> Option<u32> {
        let after = self.runs.partition_point(|(begins, _)| *begins <= offset);
        Some(self.runs.get(after.checked_sub(1)?)?.1)
    }
}

impl Text {
    /// Text that came whole.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(match bytes.len() < LONG_LEN {
            true => Inner::Whole(bytes.into()),
            false => Inner::Long(Arc::new(Long {
                bytes: bytes.into(),
                marks: OnceLock::new(),
            })),
        })
    }

    /// Appends what a frame delivered. `first` is the frame that set the text
    /// if it came whole.
    pub fn push(&mut self, delta: &Wtf8, by: u32, first: u32) {
        if let Some(bytes) = self.as_whole() {
            let mut rope = Rope::default();
            rope.push(bytes, first);
            self.0 = Inner::Rope(Arc::new(rope));
        }
        if let Inner::Rope(rope) = &mut self.0 {
            Arc::make_mut(rope).push(delta.as_bytes(), by);
        }
    }

    /// Length in bytes of WTF-8.
    pub fn len(&self) -> u64 {
        match &self.0 {
            Inner::Whole(bytes) => bytes.len() as u64,
            Inner::Long(long) => long.bytes.len() as u64,
            Inner::Rope(rope) => rope.len + rope.tail.bytes.len() as u64,
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Length in UTF-16 units, as a page counts.
    pub fn utf16_len(&self) -> u64 {
        match &self.0 {
            Inner::Whole(bytes) => u64::from(utf16_len(bytes)),
            Inner::Long(long) => long.marks().last().map_or(0, |(_, units)| *units),
            Inner::Rope(rope) => rope.utf16_len + u64::from(rope.tail.utf16_len),
        }
    }

    /// The bytes, part by part.
    pub fn each_part(&self, pieces: &dyn PieceSource, take: &mut dyn FnMut(&[u8])) {
        match &self.0 {
            Inner::Whole(bytes) => take(bytes),
            Inner::Long(long) => take(&long.bytes),
            Inner::Rope(rope) => {
                for chunk in &rope.chunks {
                    take(&chunk.body(pieces).bytes);
                }
                take(&rope.tail.bytes);
            }
        }
    }

    /// All of it.
    pub fn to_wtf8(&self, pieces: &dyn PieceSource) -> Wtf8 {
        let mut bytes = Vec::with_capacity(usize::try_from(self.len()).unwrap_or(0));
        self.each_part(pieces, &mut |part| bytes.extend_from_slice(part));
        Wtf8::from_bytes(bytes)
    }

    /// At most the last `limit` bytes, cut between characters, and how many
    /// bytes stand before them.
    pub fn tail(&self, limit: usize, pieces: &dyn PieceSource) -> (Wtf8, u64) {
        let mut parts = Vec::new();
        let mut have = 0;
        match &self.0 {
            Inner::Whole(bytes) => parts.push(bytes.to_vec()),
            Inner::Long(long) => parts.push(long.bytes[long.bytes.len().saturating_sub(limit)..].to_vec()),
            Inner::Rope(rope) => {
                parts.push(rope.tail.bytes.clone());
                have += rope.tail.bytes.len();
                for chunk in rope.chunks.iter().rev() {
                    if have >= limit {
                        break;
                    }
                    have += chunk.len as usize;
                    parts.push(chunk.body(pieces).bytes.clone());
                }
            }
        }
        parts.reverse();
        let bytes = parts.concat();
        let mut from = bytes.len().saturating_sub(limit);
        while from < bytes.len() && bytes[from] & 0xC0 == 0x80 {
            from += 1;
        }
        let kept = Wtf8::from_bytes(bytes[from..].to_vec());
        let skipped = self.len() - kept.len() as u64;
        (kept, skipped)
    }

    /// At most the first `limit` bytes, cut between characters.
    pub fn head(&self, limit: usize, pieces: &dyn PieceSource) -> Wtf8 {
        let mut bytes = Vec::new();
        match &self.0 {
            Inner::Whole(whole) => bytes.extend_from_slice(&whole[..whole.len().min(limit + 4)]),
            Inner::Long(long) => bytes.extend_from_slice(&long.bytes[..long.bytes.len().min(limit + 4)]),
            Inner::Rope(rope) => {
                for chunk in &rope.chunks {
                    if bytes.len() > limit {
                        break;
                    }
                    bytes.extend_from_slice(&chunk.body(pieces).bytes);
                }
                if bytes.len() <= limit {
                    bytes.extend_from_slice(&rope.tail.bytes);
                }
            }
        }
        let mut end = bytes.len().min(limit);
        while end > 0 && end < bytes.len() && bytes[end] & 0xC0 == 0x80 {
            end -= 1;
        }
        bytes.truncate(end);
        Wtf8::from_bytes(bytes)
    }

    /// The frame that delivered the UTF-16 unit at an offset; `first` is the
    /// one that set the text if it came whole.
    pub fn cause(&self, utf16_offset: u64, first: u32, pieces: &dyn PieceSource) -> Option<u32> {
        match &self.0 {
            Inner::Whole(_) | Inner::Long(_) => (utf16_offset < self.utf16_len()).then_some(first),
            Inner::Rope(rope) => {
                let mut offset = utf16_offset;
                for chunk in &rope.chunks {
                    if offset < u64::from(chunk.utf16_len) {
                        return chunk.body(pieces).cause(u32::try_from(offset).ok()?);
                    }
                    offset -= u64::from(chunk.utf16_len);
                }
                (offset < u64::from(rope.tail.utf16_len)).then(|| rope.tail.cause(u32::try_from(offset).ok()?))?
            }
        }
    }

    /// Whether it says the same.
    pub fn same(&self, other: &Self, pieces: &dyn PieceSource) -> bool {
        match (&self.0, &other.0) {
            (Inner::Whole(one), Inner::Whole(two)) => one == two,
            (Inner::Long(one), Inner::Long(two)) => Arc::ptr_eq(one, two) || one.bytes == two.bytes,
            (Inner::Rope(one), Inner::Rope(two)) if Arc::ptr_eq(one, two) => true,
            _ => self.len() == other.len() && self.to_wtf8(pieces) == other.to_wtf8(pieces),
        }
    }

    /// Whether it is exactly this.
    pub fn is(&self, text: &str) -> bool {
        self.is_bytes(text.as_bytes())
    }

    /// Whether it came whole and is exactly this. Ids are never appended to.
    pub fn is_bytes(&self, bytes: &[u8]) -> bool {
        self.as_whole() == Some(bytes)
    }

    /// The bytes, if it came whole.
    pub fn as_whole(&self) -> Option<&[u8]> {
        match &self.0 {
            Inner::Whole(bytes) => Some(bytes),
            Inner::Long(long) => Some(&long.bytes),
            Inner::Rope(_) => None,
        }
    }

    /// The same, to hold on to.
    pub(crate) fn shared(&self) -> Option<Arc<[u8]>> {
        match &self.0 {
            Inner::Whole(bytes) => Some(bytes.clone()),
            Inner::Long(long) => Some(long.bytes.clone()),
            Inner::Rope(_) => None,
        }
    }

    /// The UTF-16 unit at an index, if the text came whole; half of a pair
    /// whose other half is missing reads as U+FFFD.
    pub(crate) fn unit(&self, index: u64) -> Option<u16> {
        let (bytes, index) = match &self.0 {
            Inner::Whole(bytes) => (&**bytes, index),
            Inner::Long(long) => {
                let after = long.marks().partition_point(|(_, units)| *units <= index);
                let (from, before) = long.marks()[after.checked_sub(1)?];
                let to = long.marks().get(after).map_or(from, |(to, _)| *to);
                (&long.bytes[from..to], index - before)
            }
            Inner::Rope(_) => return None,
        };
        let text = Wtf8::from_bytes(bytes.to_vec());
        text.to_str_lossy().encode_utf16().nth(usize::try_from(index).ok()?)
    }

    /// For checkpoints: sealed chunks and the tail, if it is a rope.
    pub(crate) fn as_rope(&self) -> Option<(&Vector<Arc<Chunk>>, &ChunkBody)> {
        match &self.0 {
            Inner::Whole(_) | Inner::Long(_) => None,
            Inner::Rope(rope) => Some((&rope.chunks, &rope.tail)),
        }
    }

    /// For checkpoints: a rope again.
    pub(crate) fn from_rope(chunks: Vector<Arc<Chunk>>, tail: ChunkBody) -> Self {
        let len = chunks.iter().map(|chunk| u64::from(chunk.len)).sum();
        let utf16_len = chunks.iter().map(|chunk| u64::from(chunk.utf16_len)).sum();
        Self(Inner::Rope(Arc::new(Rope {
            chunks,
            len,
            utf16_len,
            tail,
        })))
    }
}

impl Rope {
    fn push(&mut self, delta: &[u8], by: u32) {
        self.tail.push(delta, by);
        let waits = self.tail.bytes.last_chunk::<3>().is_some_and(|end| is_high(*end));
        if self.tail.bytes.len() >= CHUNK_LEN && !waits {
            let chunk = Chunk::sealed(std::mem::take(&mut self.tail));
            self.len += u64::from(chunk.len);
            self.utf16_len += u64::from(chunk.utf16_len);
            self.chunks.push_back(Arc::new(chunk));
        }
    }
}

impl From<&Wtf8> for Text {
    fn from(text: &Wtf8) -> Self {
        Self::from_bytes(text.as_bytes())
    }
}

fn is_high(bytes: [u8; 3]) -> bool {
    bytes[0] == 0xED && (0xA0..=0xAF).contains(&bytes[1])
}

fn is_low(bytes: [u8; 3]) -> bool {
    bytes[0] == 0xED && (0xB0..=0xBF).contains(&bytes[1])
}

fn utf16_len(bytes: &[u8]) -> u32 {
    let units: usize = bytes
        .iter()
        .map(|byte| usize::from(byte & 0xC0 != 0x80) + usize::from(*byte >= 0xF0))
        .sum();
    u32::try_from(units).unwrap_or(u32::MAX)
}
