//! Content encodings, undone and done again chunk by chunk.
//!
//! A client sees a frame when the chunk has come that completes it. So each
//! chunk is packed again into one chunk that unpacks to the same stretch of the
//! body. Its own length may be another.

use std::io::Write as _;

use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use scrubjay_protocol::problem::rule;
use scrubjay_session::exchange::Chunk;

use crate::body::decoder;

/// A body without its content encoding.
pub(crate) struct Unpacked {
    pub(crate) bytes: Vec<u8>,
    /// How far each chunk reaches in it.
    ends: Vec<usize>,
    /// It had no encoding.
    pub(crate) is_plain: bool,
    /// It has one that cannot be undone here.
    pub(crate) is_unknown: bool,
    /// It could be undone up to a damage.
    is_broken: bool,
}

/// A body with its content encoding.
pub(crate) struct Packed {
    pub(crate) bytes: Vec<u8>,
    pub(crate) chunks: Vec<Chunk>,
    /// It is without it, because nothing here writes it.
    pub(crate) is_decoded: bool,
}

pub(crate) fn unpacked(coding: &str, body: &[u8], chunks: &[Chunk]) -> Unpacked {
    let mut unpacked = Unpacked {
        bytes: Vec::new(),
        ends: Vec::with_capacity(chunks.len()),
        is_plain: false,
        is_unknown: false,
        is_broken: false,
    };
    let is_named = !coding.trim().is_empty() && !coding.trim().eq_ignore_ascii_case("identity");
    let Some(mut decoder) = decoder(coding) else {
        unpacked.is_unknown = is_named && !body.is_empty() && !is_readable(body);
        unpacked.is_plain = !unpacked.is_unknown;
        unpacked.bytes = body.to_vec();
        return unpacked;
    };
    let mut from = 0;
    for chunk in chunks {
        let to = (from + chunk.len as usize).min(body.len());
        decoder.push(&body[from..to], &mut |piece| unpacked.bytes.extend_from_slice(piece));
        unpacked.ends.push(unpacked.bytes.len());
        from = to;
    }
    decoder.finish(&mut |piece| unpacked.bytes.extend_from_slice(piece));
    if let Some(last) = unpacked.ends.last_mut() {
        *last = unpacked.bytes.len();
    }
    let problems = decoder.problems();
    unpacked.is_unknown = problems.iter().any(|problem| problem.rule == rule::UNKNOWN_ENCODING);
    unpacked.is_broken = !problems.is_empty();
    unpacked
}

/// Some servers name an encoding and send text.
fn is_readable(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_ok()
}

pub(crate) fn packed(coding: &str, unpacked: &Unpacked, old: &[Chunk]) -> Packed {
    let mut packer = match coding.trim().to_ascii_lowercase().as_str() {
        _ if unpacked.is_broken => Packer::None,
        "gzip" | "x-gzip" => Packer::Gzip(GzEncoder::new(Vec::new(), Compression::default())),
        "deflate" => Packer::Deflate(ZlibEncoder::new(Vec::new(), Compression::default())),
        _ => Packer::None,
    };
    let mut packed = Packed {
        bytes: Vec::new(),
        chunks: Vec::with_capacity(old.len()),
        is_decoded: matches!(packer, Packer::None),
    };
    let (mut from, mut old_end, mut offset) = (0, 0, 0);
    for (number, (chunk, to)) in old.iter().zip(&unpacked.ends).enumerate() {
        let is_last = number + 1 == old.len();
        let bytes = packer.packed(&unpacked.bytes[from..*to], is_last);
        // What is missing before a chunk stays missing, as long as it was.
        offset += chunk.offset.saturating_sub(old_end);
        packed.chunks.push(Chunk {
            offset,
            len: bytes.len() as u64,
            at_us: chunk.at_us,
        });
        offset += bytes.len() as u64;
        old_end = chunk.offset + chunk.len;
        packed.bytes.extend_from_slice(&bytes);
        from = *to;
    }
    packed.chunks.retain(|chunk| chunk.len > 0);
    packed
}

enum Packer {
    None,
    Gzip(GzEncoder<Vec<u8>>),
    Deflate(ZlibEncoder<Vec<u8>>),
}

impl Packer {
    /// The next stretch, so that it can be unpacked without what follows.
    fn packed(&mut self, bytes: &[u8], is_last: bool) -> Vec<u8> {
        const MEMORY: &str = "memory takes all";
        match self {
            Self::None => bytes.to_vec(),
            Self::Gzip(encoder) => {
                encoder.write_all(bytes).expect(MEMORY);
                match is_last {
                    true => encoder.try_finish().expect(MEMORY),
                    false => encoder.flush().expect(MEMORY),
                }
                std::mem::take(encoder.get_mut())
            }
            Self::Deflate(encoder) => {
                encoder.write_all(bytes).expect(MEMORY);
                match is_last {
                    true => encoder.try_finish().expect(MEMORY),
                    false => encoder.flush().expect(MEMORY),
                }
                std::mem::take(encoder.get_mut())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_chunk_unpacks_to_what_it_did() {
        for coding in ["gzip", "deflate"] {
            let plain = Unpacked {
                bytes: b"data: one\n\ndata: two\n\ndata: three\n\n".to_vec(),
                ends: vec![11, 15, 22, 35],
                is_plain: false,
                is_unknown: false,
                is_broken: false,
            };
            let chunk = |number: u64| Chunk {
                offset: number * 10,
                len: 10,
                at_us: number,
            };
            let first = packed(coding, &plain, &[0, 1, 2, 3].map(chunk));
            let again = unpacked(coding, &first.bytes, &first.chunks);
            assert_eq!((again.bytes, again.ends), (plain.bytes, plain.ends), "{coding}");
            assert!(!again.is_broken && !first.is_decoded);
        }
    }

    #[test]
    fn an_encoding_that_is_not_known_is_said_to_be() {
        let chunk = Chunk {
            offset: 0,
            len: 2,
            at_us: 0,
        };
        assert!(unpacked("xyz", b"\xff\xfe", &[chunk]).is_unknown);
        assert!(unpacked("", b"ab", &[chunk]).is_plain);
    }
}
