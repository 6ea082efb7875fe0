use std::io::Write as _;

use flate2::{Compression, write};

use super::*;

const TEXT: &str = "data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n";

fn text() -> Vec<u8> {
    TEXT.repeat(5000).into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = write::GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = write::ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = write::DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fn decode_in_pieces(content_encoding: &str, body: &[u8], piece_len: usize) -> (Vec<u8>, Vec<Problem>) {
    let mut decoder = Decoder::new(content_encoding);
    let mut decoded = Vec::new();
    for piece in body.chunks(piece_len) {
        decoder.push(piece, &mut |piece| decoded.extend_from_slice(piece));
    }
    decoder.finish(&mut |piece| decoded.extend_from_slice(piece));
    (decoded, decoder.problems().to_vec())
}

fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let text = text();
    vec![
        ("gzip", gzip(&text)),
        ("X-GZip", [gzip(&text[..500]), gzip(&text[500..])].concat()),
        ("deflate", zlib(&text)),
        ("deflate", deflate(&text)),
        ("zstd", zstd(&text)),
        (
            "zstd",
            [
                zstd(&text[..700]),
                b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc".to_vec(),
                zstd(&text[700..]),
            ]
            .concat(),
        ),
        ("identity", text.clone()),
        ("", text.clone()),
        ("deflate, identity, gzip", gzip(&zlib(&text))),
        ("gzip,zstd", zstd(&gzip(&text))),
    ]
}

#[test]
fn bodies_decode_at_any_chunking() {
    for (content_encoding, body) in bodies() {
        for piece_len in [1, 3, 100, body.len()] {
            let (decoded, problems) = decode_in_pieces(content_encoding, &body, piece_len);
            assert_eq!(problems, [], "{content_encoding}");
            assert!(decoded == text(), "{content_encoding} in pieces of {piece_len}");
        }
    }
}

#[test]
fn a_brotli_body_decodes() {
    // "hello hello hello hello\n", made with the reference encoder.
    let body = [
        0x1b, 0x17, 0x00, 0xf8, 0x8d, 0x94, 0x6e, 0xde, 0x44, 0x55, 0x86, 0xd6, 0x0a, 0x20, 0x6c, 0x6f, 0x4a, 0x11,
        0x79, 0xe2, 0x80, 0xae, 0x16,
    ];
    for piece_len in [1, body.len()] {
        let (decoded, problems) = decode_in_pieces("br", &body, piece_len);
        assert_eq!(String::from_utf8_lossy(&decoded), "hello hello hello hello\n");
        assert_eq!(problems, []);
    }
    let (_, problems) = decode("br", &body[..8]);
    assert_eq!(problems[0].rule, rule::BROKEN_ENCODING);
}

#[test]
fn a_cut_body_gives_what_came_before() {
    for (content_encoding, body) in bodies() {
        if matches!(content_encoding, "identity" | "" | "gzip,zstd") {
            continue;
        }
        let (decoded, problems) = decode_in_pieces(content_encoding, &body[..body.len() - 6], 10);
        assert_eq!(problems.len(), 1, "{content_encoding}");
        assert_eq!(problems[0].rule, rule::BROKEN_ENCODING);
        assert!(
            text().starts_with(&decoded) && decoded.len() > 600,
            "{content_encoding}: {} bytes",
            decoded.len()
        );
    }
}

#[test]
fn what_was_flushed_is_given_at_once() {
    let mut encoder = write::GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(TEXT.as_bytes()).unwrap();
    encoder.flush().unwrap();
    let mut decoder = Decoder::new("gzip");
    let mut decoded = Vec::new();
    decoder.push(encoder.get_ref(), &mut |piece| decoded.extend_from_slice(piece));
    assert_eq!(decoded, TEXT.as_bytes());
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let bomb = gzip(&vec![0; 8 << 20]);
    let limits = Limits {
        output_len: 1 << 20,
        free_len: 1 << 30,
        ratio: 10,
    };
    for (limits, content_encoding, body) in [
        (limits, "gzip", bomb.clone()),
        (limits, "gzip, gzip", gzip(&bomb)),
        (
            Limits {
                output_len: 1 << 40,
                free_len: 1 << 16,
                ..limits
            },
            "gzip",
            bomb,
        ),
    ] {
        let mut decoder = Decoder::new(content_encoding).with_limits(limits);
        let mut len = 0;
        decoder.push(&body, &mut |piece| len += piece.len());
        decoder.finish(&mut |piece| len += piece.len());
        assert_eq!(
            decoder
                .problems()
                .iter()
                .map(|problem| problem.rule)
                .collect::<Vec<_>>(),
            [rule::OUTPUT_SIZE]
        );
        assert!(len <= 1 << 20, "{len}");
    }
}

#[test]
fn an_unknown_coding_leaves_the_body_as_it_was() {
    let (decoded, problems) = decode("compress, gzip", &gzip(b"abc"));
    assert_eq!(decoded, b"abc");
    assert_eq!(problems[0].rule, rule::UNKNOWN_ENCODING);
}

#[test]
fn broken_bodies_never_panic() {
    for (content_encoding, body) in bodies() {
        for at in (0..body.len()).step_by(1 + body.len() / 40) {
            let mut body = body.clone();
            body[at] ^= 0x55;
            drop(decode_in_pieces(content_encoding, &body, 50));
        }
    }
    for coding in ["gzip", "deflate", "br", "zstd"] {
        for len in 0..40 {
            drop(decode(coding, &vec![0xFF; len]));
        }
        assert_eq!(decode(coding, b""), (vec![], vec![]), "an empty body is no problem");
    }
}
