//! Requests of HTTP/2 that no client should send: frames written by hand.

use crate::raw::{Recorder, connect, echo, exchange, for_each_row, read_until, send};

/// Requests of HTTP/2 whose frames are written by hand.
mod http2 {
    /// A field that is neither compressed nor remembered.
    pub(super) fn field(name: &str, value: &str) -> Vec<u8> {
        let mut bytes = vec![0];
        for text in [name, value] {
            len(&mut bytes, text.len());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes
    }

    fn len(bytes: &mut Vec<u8>, len: usize) {
        if len < 127 {
            return bytes.push(u8::try_from(len).unwrap());
        }
        bytes.push(127);
        let mut rest = len - 127;
        while rest >= 128 {
            bytes.push(u8::try_from(rest % 128).unwrap() | 128);
            rest /= 128;
        }
        bytes.push(u8::try_from(rest).unwrap());
    }

    pub(super) fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
        let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut bytes = len[1..].to_vec();
        bytes.extend_from_slice(&[kind, flags, 0, 0, 0, stream]);
        bytes.extend_from_slice(payload);
        bytes
    }

    /// A request of these fields, in as many frames as it takes.
    pub(super) fn request(fields: &[(&str, &str)], body: Option<&str>) -> Vec<u8> {
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        bytes.extend(frame(4, 0, 0, &[]));
        let head: Vec<u8> = fields.iter().flat_map(|(name, value)| field(name, value)).collect();
        let parts: Vec<&[u8]> = head.chunks(16_000).collect();
        for (number, part) in parts.iter().enumerate() {
            let (kind, ends_stream) = if number == 0 {
                (1, u8::from(body.is_none()))
            } else {
                (9, 0)
            };
            let ends_head = if number + 1 == parts.len() { 4 } else { 0 };
            bytes.extend(frame(kind, ends_stream | ends_head, 1, part));
        }
        if let Some(body) = body {
            bytes.extend(frame(0, 1, 1, body.as_bytes()));
        }
        bytes
    }

    /// What came: the kinds of frames of stream 1, or of the end of all, and the data.
    pub(super) fn answer(bytes: &[u8]) -> (Vec<u8>, String) {
        let (mut rest, mut kinds, mut data) = (bytes, Vec::new(), Vec::new());
        while let Some(head) = rest.get(..9) {
            let len = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
            let Some(payload) = rest.get(9..9 + len) else { break };
            let stream = head[8];
            if stream == 1 || head[3] == 7 {
                kinds.push(head[3]);
            }
            if head[3] == 0 {
                data.extend_from_slice(payload);
            }
            // The end of the stream.
            if stream == 1 && matches!(head[3], 0 | 1) && head[4] & 1 == 1 {
                kinds.push(u8::MAX);
            }
            rest = &rest[9 + len..];
        }
        (kinds, String::from_utf8_lossy(&data).into_owned())
    }
}

#[test]
fn no_request_of_http_2_ends_the_recording_or_is_read_in_two_ways() {
    /// A reset of the stream, or the end of the connection.
    const REFUSED: Option<&str> = None;
    let upstream = echo();
    let recorder = Recorder::start(&upstream.url(), "");
    let own = recorder.address.to_string();
    let plain = [
        (":method", "GET"),
        (":scheme", "http"),
        (":path", "/2"),
        (":authority", own.as_str()),
    ];
    let with = |more: &[(&'static str, &'static str)]| [&plain[..], more].concat();
    let long = "1".repeat(60_000);
    let rows: Vec<(&str, Vec<u8>, Option<&str>)> = vec![
        ("plain", http2::request(&plain, None), Some("GET /2 HTTP/1.1")),
        (
            "a head of 60 kB",
            http2::request(&[&plain[..], &[("x-a", &long)]].concat(), None),
            Some("GET /2 HTTP/1.1"),
        ),
        (
            "a foreign host",
            http2::request(&[plain[0], plain[1], plain[2], (":authority", "evil.example")], None),
            Some("could let point here"),
        ),
        (
            "a host beside it that differs",
            http2::request(&with(&[("host", "evil.example")]), None),
            Some("Host differ"),
        ),
        (
            "two hosts beside it",
            http2::request(&with(&[("host", "a"), ("host", "b")]), None),
            Some("more than one Host"),
        ),
        (
            "a host that is no host",
            http2::request(&[plain[0], plain[1], plain[2], ("host", "a b")], None),
            Some("is no host"),
        ),
        (
            "cookies of ours",
            http2::request(&with(&[("cookie", "scrubjay-1=secret"), ("cookie", "a=1")]), None),
            Some("cookie: a=1"),
        ),
        (
            "no path",
            http2::request(&[plain[0], plain[1], plain[3]], None),
            REFUSED,
        ),
        (
            "no method",
            http2::request(&[plain[1], plain[2], plain[3]], None),
            REFUSED,
        ),
        (
            "two methods",
            http2::request(&with(&[(":method", "POST")]), None),
            REFUSED,
        ),
        (
            "two authorities",
            http2::request(&with(&[(":authority", "evil.example")]), None),
            REFUSED,
        ),
        (
            "a pseudo field of its own",
            http2::request(&with(&[(":x", "1")]), None),
            REFUSED,
        ),
        ("a status", http2::request(&with(&[(":status", "200")]), None), REFUSED),
        (
            "a pseudo field after others",
            http2::request(&[plain[0], plain[1], ("x-a", "1"), plain[2], plain[3]], None),
            REFUSED,
        ),
        (
            "large letters in a name",
            http2::request(&with(&[("X-A", "1")]), None),
            REFUSED,
        ),
        (
            "a field of a connection",
            http2::request(&with(&[("connection", "x-a")]), None),
            REFUSED,
        ),
        (
            "chunks",
            http2::request(&with(&[("transfer-encoding", "chunked")]), None),
            REFUSED,
        ),
        (
            "a coding in TE",
            http2::request(&with(&[("te", "gzip")]), None),
            REFUSED,
        ),
        (
            "NUL in a value",
            http2::request(&with(&[("x-a", "1\0")]), None),
            REFUSED,
        ),
        (
            "CR and LF in a value",
            http2::request(&with(&[("x-a", "1\r\nx-b: 2")]), None),
            REFUSED,
        ),
        (
            "a space in a path",
            http2::request(&[plain[0], plain[1], (":path", "/ HTTP/1.1\r\nx: y"), plain[3]], None),
            REFUSED,
        ),
        (
            "more data than its length",
            http2::request(&with(&[("content-length", "1")]), Some("hello")),
            REFUSED,
        ),
        (
            "less data than its length",
            http2::request(&with(&[("content-length", "9")]), Some("hello")),
            REFUSED,
        ),
        (
            "CONNECT",
            http2::request(&[(":method", "CONNECT"), (":authority", "evil.example:443")], None),
            Some("opens no tunnels"),
        ),
    ];
    for_each_row(
        &rows,
        |row| row.0,
        |_, (name, bytes, expected)| {
            let mut stream = connect(recorder.address);
            send(&mut stream, bytes);
            let got = read_until(&mut stream, |got| {
                let (kinds, _) = http2::answer(&got.bytes);
                kinds.iter().any(|kind| matches!(kind, 3 | 7 | &u8::MAX))
            });
            let (kinds, data) = http2::answer(&got.bytes);
            match expected {
                Some(text) => assert!(data.contains(text), "{name}: {kinds:?} {data}"),
                None => assert!(!data.contains("HTTP/1.1"), "{name}: {kinds:?} {data}"),
            }
            assert!(!data.contains("secret"), "{name}: {data}");
            let alive = exchange(recorder.address, b"GET /alive HTTP/1.1\r\nhost: localhost\r\n\r\n");
            assert_eq!(alive.status(), 200, "after {name}");
        },
    );
    let stage = recorder.stop();
    let listed = stage.json("list s.db --all --json");
    let alive = listed
        .iter()
        .filter(|line| line["target"] == "/alive" && line["ending"] == "complete")
        .count();
    assert_eq!(alive, rows.len());
    let passed = listed
        .iter()
        .filter(|line| line["target"] == "/2" && line["ending"] == "complete")
        .count();
    assert_eq!(passed, 3, "{listed:?}");
}
