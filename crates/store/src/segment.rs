//! How bodies lie in the store.
//!
//! A body is a row of *segments*: at most 256 KiB of bytes without a hole,
//! and a map of the chunks that start in them, how long each is and when
//! it came. While an exchange is open, each batch of the writer adds a small
//! *loose* segment; once the loose ones hold enough (or the exchange ends)
//! they are rewritten into *sealed* ones, which are compressed and never
//! change again.
//!
//! ```text
//! bytes   │░░░░│██████│███│████████████▶      ░ lead: rest of a chunk that started before
//! map     lead   len,at len,at len,at         the last chunk may go on in the next segment
//! ```
//!
//! The map is a row of LEB128 numbers: lead, then length and time for each
//! chunk, the time as a zigzag difference to the one before.

use scrubjay_session::exchange::Chunk;

/// Bytes of a sealed segment at most.
pub(crate) const SEGMENT_LEN: usize = 256 << 10;
/// Chunks of a sealed segment at most, so that a body of tiny chunks is cut too.
pub(crate) const SEGMENT_CHUNKS: usize = 4096;

/// Bytes stand as they are.
pub(crate) const PLAIN: i64 = 0;
/// Bytes are one LZ4 block after their length.
pub(crate) const LZ4: i64 = 1;

/// A stretch of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Where its bytes begin in the body.
    pub(crate) offset: u64,
    /// Bytes at its beginning that belong to a chunk that started before.
    pub(crate) lead: u64,
    /// Number of the first chunk that starts here.
    pub(crate) first_chunk: u64,
    /// Length and time of each chunk that starts here.
    pub(crate) chunks: Vec<(u64, u64)>,
    pub(crate) bytes: Vec<u8>,
}

impl Segment {
    /// Place after its bytes.
    pub(crate) fn end(&self) -> u64 {
        self.offset + self.bytes.len() as u64
    }

    /// The map, as it is stored.
    pub(crate) fn map(&self) -> Vec<u8> {
        let mut map = Vec::with_capacity(2 + self.chunks.len() * 4);
        put_number(self.lead, &mut map);
        let mut last = 0_u64;
        for &(len, at_us) in &self.chunks {
            put_number(len, &mut map);
            put_number(zigzag(at_us.wrapping_sub(last).cast_signed()), &mut map);
            last = at_us;
        }
        map
    }
}

/// Reads a map: the lead, and each chunk's length and time. A map that makes
/// no sense gives what could be read.
pub(crate) fn read_map(mut map: &[u8]) -> (u64, Vec<(u64, u64)>) {
    let lead = take_number(&mut map).unwrap_or(0);
    let mut chunks = Vec::new();
    let mut at_us = 0_u64;
    while let Some(len) = take_number(&mut map) {
        let Some(step) = take_number(&mut map) else { break };
        at_us = at_us.wrapping_add(unzigzag(step).cast_unsigned());
        chunks.push((len, at_us));
    }
    (lead, chunks)
}

/// The chunks of a map, with their places in the body.
pub(crate) fn place_chunks(offset: u64, lead: u64, chunks: &[(u64, u64)]) -> impl Iterator<Item = Chunk> + '_ {
    let mut next = offset + lead;
    chunks.iter().map(move |&(len, at_us)| {
        let chunk = Chunk {
            offset: next,
            len,
            at_us,
        };
        next = next.saturating_add(len);
        chunk
    })
}

/// Cuts chunks into segments.
#[derive(Debug)]
pub(crate) struct Cutter {
    open: Option<Segment>,
    next_chunk: u64,
    cut: Vec<Segment>,
}

impl Cutter {
    pub(crate) fn new(first_chunk: u64) -> Self {
        Self {
            open: None,
            next_chunk: first_chunk,
            cut: Vec::new(),
        }
    }

    /// Adds a chunk with all of its bytes.
    pub(crate) fn push_chunk(&mut self, offset: u64, at_us: u64, bytes: &[u8]) {
        self.start_chunk(offset, bytes.len() as u64, at_us);
        self.push_bytes(offset, bytes);
    }

    /// Adds a segment made before; the last of its chunks may go on in the next.
    pub(crate) fn push_segment(&mut self, segment: &Segment) {
        let lead = usize::try_from(segment.lead)
            .unwrap_or(usize::MAX)
            .min(segment.bytes.len());
        let (mut head, mut rest) = segment.bytes.split_at(lead);
        let mut offset = segment.offset;
        for chunk in place_chunks(segment.offset, segment.lead, &segment.chunks) {
            self.push_bytes(offset, head);
            self.start_chunk(chunk.offset, chunk.len, chunk.at_us);
            let len = usize::try_from(chunk.len).unwrap_or(usize::MAX).min(rest.len());
            (head, rest) = rest.split_at(len);
            offset = chunk.offset;
        }
        self.push_bytes(offset, head);
    }

    fn start_chunk(&mut self, offset: u64, len: u64, at_us: u64) {
        let room = self.open.as_ref().is_some_and(|open| {
            open.end() == offset && open.chunks.len() < SEGMENT_CHUNKS && open.bytes.len() < SEGMENT_LEN
        });
        if !room {
            self.cut_at(offset, 0);
        }
        let open = self.open.get_or_insert_default();
        open.chunks.push((len, at_us));
        self.next_chunk += 1;
    }

    fn push_bytes(&mut self, mut offset: u64, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let open = match &mut self.open {
                Some(open) if open.end() == offset && open.bytes.len() < SEGMENT_LEN => open,
                _ => {
                    self.cut_at(offset, bytes.len() as u64);
                    continue;
                }
            };
            let len = bytes.len().min(SEGMENT_LEN - open.bytes.len());
            open.bytes.extend_from_slice(&bytes[..len]);
            offset += len as u64;
            bytes = &bytes[len..];
        }
    }

    /// Goes on in a new segment, whose first bytes may belong to a chunk that started before.
    fn cut_at(&mut self, offset: u64, rest: u64) {
        self.cut.extend(self.open.take());
        self.open = Some(Segment {
            offset,
            lead: rest.min(SEGMENT_LEN as u64),
            first_chunk: self.next_chunk,
            chunks: Vec::new(),
            bytes: Vec::new(),
        });
    }

    /// The segments, in order.
    pub(crate) fn finish(mut self) -> Vec<Segment> {
        self.cut.extend(self.open.take());
        self.cut
    }
}

/// Compresses bytes where that saves at least an eighth.
pub(crate) fn pack(bytes: &[u8]) -> (i64, Option<Vec<u8>>) {
    let packed = lz4_flex::compress_prepend_size(bytes);
    if packed.len() < bytes.len() - bytes.len() / 8 {
        (LZ4, Some(packed))
    } else {
        (PLAIN, None)
    }
}

/// Gives back what [`pack`] took; `None` if it is damaged.
pub(crate) fn unpack(codec: i64, stored: &[u8], len: u64) -> Option<Vec<u8>> {
    let bytes = match codec {
        PLAIN => stored.to_vec(),
        LZ4 => {
            // The length stands in front; it decides an allocation, so it must agree with the row.
            let claimed = u32::from_le_bytes(stored.get(..4)?.try_into().ok()?);
            if u64::from(claimed) != len {
                return None;
            }
            lz4_flex::decompress_size_prepended(stored).ok()?
        }
        _ => return None,
    };
    (bytes.len() as u64 == len).then_some(bytes)
}

fn put_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Chunks as placed by a list of (gap before, length).
    fn made(shape: &[(u64, usize)]) -> Vec<(u64, u64, Vec<u8>)> {
        let mut offset = 0;
        let mut chunks = Vec::new();
        for (number, &(gap, len)) in shape.iter().enumerate() {
            offset += gap;
            let at_us = if number % 7 == 3 { 5 } else { number as u64 * 1000 };
            let bytes = (0..len).map(|at| ((offset as usize + at) % 251) as u8).collect();
            chunks.push((offset, at_us, bytes));
            offset += len as u64;
        }
        chunks
    }

    fn check(shape: &[(u64, usize)]) {
        let chunks = made(shape);
        let mut cutter = Cutter::new(40);
        for (offset, at_us, bytes) in &chunks {
            cutter.push_chunk(*offset, *at_us, bytes);
        }
        let segments = cutter.finish();
        check_segments(&chunks, &segments);

        // Cutting the segments again, alone and together, changes nothing.
        let mut again = Cutter::new(40);
        for segment in &segments {
            let mut one = Cutter::new(segment.first_chunk);
            one.push_segment(segment);
            for part in one.finish() {
                again.push_segment(&part);
            }
        }
        check_segments(&chunks, &again.finish());
    }

    fn check_segments(chunks: &[(u64, u64, Vec<u8>)], segments: &[Segment]) {
        let mut placed = Vec::new();
        for segment in segments {
            assert!(segment.bytes.len() <= SEGMENT_LEN);
            assert!(segment.chunks.len() <= SEGMENT_CHUNKS);
            assert_eq!(segment.first_chunk, 40 + placed.len() as u64);
            let (lead, read) = read_map(&segment.map());
            assert_eq!((lead, &read), (segment.lead, &segment.chunks));
            placed.extend(place_chunks(segment.offset, lead, &read));
        }
        let expected: Vec<Chunk> = chunks
            .iter()
            .map(|(offset, at_us, bytes)| Chunk {
                offset: *offset,
                len: bytes.len() as u64,
                at_us: *at_us,
            })
            .collect();
        assert_eq!(placed, expected);
        for (offset, _, bytes) in chunks {
            for (at, byte) in bytes.iter().enumerate().step_by(1 + bytes.len() / 50) {
                let place = offset + at as u64;
                let segment = segments.iter().rfind(|segment| segment.offset <= place).unwrap();
                assert_eq!(segment.bytes[(place - segment.offset) as usize], *byte);
            }
        }
    }

    #[test]
    fn chunks_of_any_size_and_with_holes_keep_place_time_and_bytes() {
        check(&[]);
        check(&[(0, 0), (0, 0), (0, 5), (0, 0)]);
        check(&[(0, SEGMENT_LEN), (0, 1)]);
        check(&[(0, SEGMENT_LEN - 1), (0, 2), (0, 3)]);
        check(&[(0, 3 * SEGMENT_LEN + 17), (0, 0), (0, 4)]);
        check(&[(9, 10), (5, 10), (0, 10)]);
        check(&vec![(0, 1); 2 * SEGMENT_CHUNKS + 3]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_chunks_survive_cutting(shape in prop::collection::vec((prop_oneof![8 => Just(0_u64), 1 => 1..300_u64], prop_oneof![8 => 0..2000_usize, 1 => 0..400_000_usize]), 0..40)) {
            check(&shape);
        }

        #[test]
        fn numbers_survive(number: u64) {
            let mut out = Vec::new();
            put_number(number, &mut out);
            prop_assert_eq!(take_number(&mut out.as_slice()), Some(number));
            prop_assert_eq!(zigzag(unzigzag(number)), number);
        }
    }

    #[test]
    fn packing_gives_back_the_bytes_and_refuses_damage() {
        let text = b"data: {\"type\":\"TEXT_MESSAGE_CONTENT\"}\n\n".repeat(100);
        let (codec, packed) = pack(&text);
        let packed = packed.unwrap();
        assert_eq!(codec, LZ4);
        assert_eq!(unpack(codec, &packed, text.len() as u64), Some(text.clone()));
        assert_eq!(unpack(codec, &packed, 1), None);
        assert_eq!(unpack(codec, &packed[..20], text.len() as u64), None);
        assert_eq!(pack(b"abc"), (PLAIN, None));
    }
}
