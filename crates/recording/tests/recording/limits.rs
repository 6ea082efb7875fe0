//! Files that unpack to more than they look, and lines that hold more than they weigh.

use std::io::{self, BufRead as _, BufReader, Read, Write as _};

use flate2::{Compression, write::GzEncoder};
use scrubjay_recording::{Damage, Limits, ReadError, read_within};

const HEADER: &str = "{\"kind\":\"header\",\"schemaVersion\":1}\n";

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn damage(file: &[u8], limits: Limits) -> Damage {
    read_within(file, limits).unwrap().damage.unwrap()
}

#[test]
fn a_file_is_read_up_to_its_length_unpacked() {
    let line = "{\"kind\":\"request\",\"connId\":\"c\"}\n";
    let file = [HEADER, line, line].concat();
    let exact = Limits::of_len(file.len() as u64);
    let small = Limits {
        file_len: file.len() as u64 - 1,
        held_len: u64::MAX,
        ..exact
    };
    let roomy = Limits {
        held_len: u64::MAX,
        ..exact
    };
    for file in [file.clone().into_bytes(), packed(file.as_bytes())] {
        let whole = read_within(&file[..], roomy).unwrap();
        assert_eq!((whole.damage, whole.exchanges.len()), (None, 2));
        let cut = read_within(&file[..], small).unwrap();
        let damage = cut.damage.unwrap();
        assert_eq!((damage.line, damage.is_limit, cut.exchanges.len()), (3, true, 1));
        assert!(damage.reason.ends_with("bytes, the limit"), "{}", damage.reason);
    }
}

#[test]
fn a_packed_file_may_not_unpack_to_any_multiple() {
    for piece in ["\n", " \n", "x", "{\"kind\":\"header\"}\n"] {
        let file = packed([HEADER, &piece.repeat(4_000_000 / piece.len())].concat().as_bytes());
        let limits = Limits {
            ratio: 20,
            free_len: 100_000,
            ..Limits::of_len(u64::MAX)
        };
        let damage = damage(&file, limits);
        assert!(damage.is_limit, "{piece:?}: {}", damage.reason);
        assert_eq!(
            damage.reason,
            "the file unpacks to more than 20 times its size, the limit"
        );
    }
}

/// An input that counts what was read of it.
struct Endless {
    line: &'static [u8],
    at: usize,
    given: u64,
}

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        for byte in into.iter_mut() {
            *byte = self.line[self.at];
            self.at = (self.at + 1) % self.line.len();
        }
        self.given += into.len() as u64;
        assert!(self.given < 50_000_000, "far more is read than the limits allow");
        Ok(into.len())
    }
}

/// Lines of every kind that are short and cost much, without an end.
#[test]
fn an_endless_file_is_read_up_to_what_may_be_held() {
    for line in [
        &b"{\"kind\":\"request\"}\n"[..],
        b"{\"kind\":\"event\"}\n",
        b"{\"kind\":\"keepalive\",\"comment\":\"\"}\n",
        b"{\"kind\":\"request\",\"scrubjay\":{\"startedAt\":\"\",\"ending\":\"complete\",\"request\":{\"target\":\"\",\"version\":\"\"},\"response\":null,\"sha256\":null,\"labels\":[[\"\",\"\"],[\"\",\"\"]]}}\n",
        b"{\"kind\":\"x\"}\n",
        b"\n",
        b"\r\n",
        b"x",
    ] {
        let input = BufReader::new(HEADER.as_bytes().chain(Endless { line, at: 0, given: 0 }));
        let limits = Limits {
            held_len: 4_000_000,
            ..Limits::of_len(2_000_000)
        };
        match read_within(input, limits) {
            Ok(recording) => {
                let damage = recording.damage.unwrap();
                assert!(damage.is_limit, "{damage:?}");
                assert!(recording.exchanges.len() <= 4_000_000 / 8_192, "an exchange has its price");
                let frames: usize = recording.exchanges.iter().map(|one| one.frame_lines.len()).sum();
                assert!(frames <= 4_000_000 / 768, "a frame has its price");
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// Lists of the smallest items that there are, in one line.
#[test]
fn a_dense_line_is_refused_before_it_is_read() {
    let facts = |list: &str| {
        format!(
            "{{\"kind\":\"request\",\"connId\":\"c\",\"scrubjay\":{{\"startedAt\":\"\",\"ending\":\"complete\",\"request\":{{\"target\":\"\",\
             \"version\":\"\"}},\"response\":null,\"sha256\":null,{list}}}}}\n"
        )
    };
    let many = |name: &str, item: &str| format!("\"{name}\":[{}{item}]", format!("{item},").repeat(100_000));
    for list in [
        many("chunks", "[0,0]"),
        many("holes", "[0,0]"),
        many("labels", "[\"\",\"\"]"),
        many("trailers", "[\"\",\"\"]"),
    ] {
        let file = [HEADER, &facts(&list)].concat();
        let limits = Limits {
            held_len: 2 * file.len() as u64,
            ..Limits::of_len(file.len() as u64)
        };
        let damage = damage(file.as_bytes(), limits);
        assert!(
            damage.is_limit && damage.reason.contains("of memory"),
            "{}",
            damage.reason
        );
        let trusted = read_within(file.as_bytes(), Limits::of_len(20_000_000)).unwrap();
        assert_eq!(trusted.exchanges.len(), 1, "{:?}", trusted.damage);
    }
    let redacted = format!("{{\"kind\":\"header\",{}}}\n", many("redacted", "\"\""));
    let limits = Limits {
        held_len: 2 * redacted.len() as u64,
        ..Limits::of_len(redacted.len() as u64)
    };
    let refused = read_within(redacted.as_bytes(), limits);
    assert!(matches!(refused, Err(ReadError::TooLarge(_))));
    // Members that nothing reads are passed over.
    let members = format!("{{\"kind\":\"header\",{}\"tool\":\"t\"}}\n", "\"a\":1,".repeat(300_000));
    let read = read_within(members.as_bytes(), Limits::of_len(members.len() as u64)).unwrap();
    assert_eq!(read.header.tool, "t");
}

#[test]
fn a_first_line_beyond_the_limit_is_told() {
    let error = read_within(
        &b"{\"kind\":\"header\",\"tool\":\"0123456789\"}"[..],
        Limits::of_len(20),
    )
    .unwrap_err();
    assert_eq!(error.to_string(), "the file is larger than 20 bytes, the limit");
    let mut empty = BufReader::new(&b""[..]);
    assert!(matches!(
        read_within(&mut empty, Limits::of_len(0)),
        Err(ReadError::Empty)
    ));
    assert!(empty.fill_buf().unwrap().is_empty());
}
