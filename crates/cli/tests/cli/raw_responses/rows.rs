//! The answers, and what must come of each.

use crate::raw::ok;

/// What the client gets, and what the record says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Comes {
    /// The answer is whole: status and body.
    Whole(u16, &'static str),
    /// The answer begins, and breaks off after this much of its body: status,
    /// body, ending.
    Broken(u16, &'static str, &'static str),
    /// We answer with 502, and this is in the sentence.
    Unanswered(&'static str),
}
use Comes::{Broken, Unanswered, Whole};

/// How the upstream goes on when it has sent its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Waits,
    Closes,
    Resets,
}
use Then::{Closes, Resets, Waits};

pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) method: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) then: Then,
    pub(super) comes: Comes,
    /// The finding that is made of its framing.
    pub(super) finding: bool,
}

fn row(name: &'static str, bytes: impl AsRef<[u8]>, then: Then, comes: Comes) -> Row {
    Row {
        name,
        method: "GET",
        bytes: bytes.as_ref().to_vec(),
        then,
        comes,
        finding: false,
    }
}

/// An answer with status 200.
fn fine(name: &'static str, fields: &str, body: &str, then: Then, comes: Comes) -> Row {
    row(name, format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n{body}"), then, comes)
}

/// An answer that says its length in two ways, which is a finding.
fn twice(name: &'static str, fields: &str, body: &str, then: Then, comes: Comes) -> Row {
    Row {
        finding: true,
        ..fine(name, fields, body, then, comes)
    }
}

const HELLO: &str = "5\r\nhello\r\n0\r\n\r\n";
const X115: &str = concat!(
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
);

pub(super) fn heads() -> Vec<Row> {
    const NO_HTTP: &str = "something that is not HTTP";
    let many = |count: usize| -> String {
        let lines: Vec<String> = (0..count).map(|number| format!("x-{number}: 1\r\n")).collect();
        lines.concat()
    };
    vec![
        fine("plain", "content-length: 5", "hello", Waits, Whole(200, "hello")),
        row(
            "no reason",
            "HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok",
            Waits,
            Whole(200, "ok"),
        ),
        row(
            "LF alone",
            "HTTP/1.1 200 OK\ncontent-length: 2\n\nok",
            Waits,
            Whole(200, "ok"),
        ),
        row("HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nok", Closes, Whole(200, "ok")),
        row(
            "a status of its own",
            "HTTP/1.1 799 Odd\r\ncontent-length: 2\r\n\r\nok",
            Waits,
            Whole(799, "ok"),
        ),
        row(
            "a status of two digits",
            "HTTP/1.1 20 OK\r\n\r\n",
            Waits,
            Unanswered(NO_HTTP),
        ),
        row(
            "a status of four digits",
            "HTTP/1.1 2000 OK\r\n\r\n",
            Waits,
            Unanswered(NO_HTTP),
        ),
        row(
            "a status below 100",
            "HTTP/1.1 099 OK\r\n\r\n",
            Waits,
            Unanswered(NO_HTTP),
        ),
        row(
            "a status without a space",
            "HTTP/1.1 200OK\r\n\r\n",
            Waits,
            Unanswered(NO_HTTP),
        ),
        row("no version", "200 OK\r\n\r\n", Waits, Unanswered(NO_HTTP)),
        row("another version", "HTTP/3.0 200 OK\r\n\r\n", Waits, Unanswered(NO_HTTP)),
        row("another protocol", "ICY 200 OK\r\n\r\n", Waits, Unanswered(NO_HTTP)),
        row("rubbish", b"\0\xff\x16\x03\r\n\r\n", Waits, Unanswered(NO_HTTP)),
        row("nothing", "", Closes, Unanswered("without an answer")),
        row("nothing, reset", "", Resets, Unanswered("without an answer")),
        row(
            "half a head",
            "HTTP/1.1 200 OK\r\ncontent-le",
            Closes,
            Unanswered("without an answer"),
        ),
        row(
            "half a head, reset",
            "HTTP/1.1 200 OK\r\ncontent-le",
            Resets,
            Unanswered("without an answer"),
        ),
        fine(
            "NUL in a value",
            "x-a: 1\0\r\ncontent-length: 2",
            "ok",
            Waits,
            Unanswered(NO_HTTP),
        ),
        fine(
            "a folded field",
            "x-a: 1\r\n 2\r\ncontent-length: 2",
            "ok",
            Waits,
            Unanswered(NO_HTTP),
        ),
        fine("no colon", "x-a\r\ncontent-length: 2", "ok", Waits, Unanswered(NO_HTTP)),
        fine(
            "a space before the colon",
            "x-a : 1\r\ncontent-length: 2",
            "ok",
            Waits,
            Unanswered(NO_HTTP),
        ),
        fine(
            "bytes beyond ASCII",
            "x-a: \u{fc}\u{202e}\r\ncontent-length: 2",
            "ok",
            Waits,
            Whole(200, "ok"),
        ),
        row(
            "900 fields",
            format!("HTTP/1.1 200 OK\r\n{}content-length: 2\r\n\r\nok", many(900)),
            Waits,
            Whole(200, "ok"),
        ),
        row(
            "1001 fields",
            format!("HTTP/1.1 200 OK\r\n{}\r\n", many(1001)),
            Waits,
            Unanswered("more than 1000 fields"),
        ),
        fine(
            "a field of 100 kB",
            &format!("x-a: {}\r\ncontent-length: 2", "1".repeat(100_000)),
            "ok",
            Waits,
            Whole(200, "ok"),
        ),
        fine(
            "a field of 500 kB",
            &format!("x-a: {}", "1".repeat(500_000)),
            "",
            Waits,
            Unanswered("a head of more than"),
        ),
        row(
            "1000 answers on the way",
            [
                b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(1000),
                ok(b"ok"),
            ]
            .concat(),
            Waits,
            Whole(200, "ok"),
        ),
        row(
            "100 that was not asked for",
            [&b"HTTP/1.1 100 Continue\r\n\r\n"[..], &ok(b"ok")].concat(),
            Waits,
            Whole(200, "ok"),
        ),
        row(
            "101 that was not asked for",
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
            Closes,
            Unanswered("which was not asked for"),
        ),
    ]
}

pub(super) fn lengths() -> Vec<Row> {
    const NO_LENGTH: &str = "a Content-Length that is no number, or with two that differ";
    let chunked = "transfer-encoding: chunked";
    let x165 = format!("{X115}{}", "y".repeat(50));
    let chunks = |text: &str| format!("{:x}\r\n{text}\r\n0\r\n\r\n", text.len());
    vec![
        twice(
            "10 and 115 in chunks",
            &format!("content-length: 10\r\n{chunked}"),
            &chunks(X115),
            Waits,
            Broken(200, X115, "upstream_reset"),
        ),
        twice(
            "115 in chunks and 10",
            &format!("{chunked}\r\ncontent-length: 10"),
            &chunks(X115),
            Waits,
            Broken(200, X115, "upstream_reset"),
        ),
        twice(
            "10 and 165 in chunks",
            &format!("content-length: 10\r\n{chunked}"),
            &chunks(&x165),
            Waits,
            Broken(200, X115, "upstream_reset"),
        ),
        twice(
            "0 and 115 in chunks",
            &format!("content-length: 0\r\n{chunked}"),
            &chunks(X115),
            Waits,
            Broken(200, X115, "upstream_reset"),
        ),
        twice(
            "200 and 115 in chunks",
            &format!("content-length: 200\r\n{chunked}"),
            &chunks(X115),
            Closes,
            Broken(200, X115, "upstream_reset"),
        ),
        twice(
            "5 and nothing in chunks",
            &format!("content-length: 5\r\n{chunked}"),
            "0\r\n\r\n",
            Waits,
            Broken(200, "", "upstream_reset"),
        ),
        twice(
            "two lengths that agree with chunks",
            &format!("content-length: 5\r\n{chunked}"),
            HELLO,
            Waits,
            Whole(200, "hello"),
        ),
        twice(
            "10 and 115 in chunks with trailers",
            &format!("content-length: 10\r\n{chunked}"),
            &format!("73\r\n{X115}\r\n0\r\nx-t: 1\r\n\r\n"),
            Waits,
            Broken(200, X115, "upstream_reset"),
        ),
        fine(
            "two lengths that differ",
            "content-length: 5\r\ncontent-length: 6",
            "hello!",
            Waits,
            Unanswered(NO_LENGTH),
        ),
        fine(
            "a list of lengths that differ",
            "content-length: 5, 6",
            "hello!",
            Waits,
            Unanswered(NO_LENGTH),
        ),
        twice(
            "one length twice",
            "content-length: 5\r\ncontent-length: 5",
            "hello",
            Waits,
            Whole(200, "hello"),
        ),
        twice(
            "a list of one length",
            "content-length: 5, 5",
            "hello",
            Waits,
            Whole(200, "hello"),
        ),
        fine(
            "a length that is no number",
            "content-length: five",
            "hello",
            Waits,
            Unanswered(NO_LENGTH),
        ),
        fine(
            "a length below zero",
            "content-length: -5",
            "hello",
            Waits,
            Unanswered(NO_LENGTH),
        ),
        fine(
            "a length beyond numbers",
            "content-length: 99999999999999999999",
            "hello",
            Waits,
            Unanswered(NO_LENGTH),
        ),
        twice(
            "a coding before chunks",
            "transfer-encoding: gzip, chunked",
            HELLO,
            Waits,
            Broken(200, "hello", "upstream_reset"),
        ),
        twice(
            "chunks in chunks",
            "transfer-encoding: chunked, chunked",
            HELLO,
            Waits,
            Broken(200, "hello", "upstream_reset"),
        ),
        twice(
            "a coding alone",
            "transfer-encoding: gzip",
            "hello",
            Closes,
            Broken(200, "hello", "upstream_reset"),
        ),
        fine(
            "a coding that is none",
            "transfer-encoding: identity",
            "hello",
            Closes,
            Whole(200, "hello"),
        ),
        row(
            "chunks in HTTP/1.0",
            format!("HTTP/1.0 200 OK\r\n{chunked}\r\n\r\n{HELLO}"),
            Waits,
            Unanswered("a Transfer-Encoding in HTTP/1.0"),
        ),
    ]
}

pub(super) fn bodies() -> Vec<Row> {
    let chunked = "transfer-encoding: chunked";
    let of = |method: &'static str, row: Row| Row { method, ..row };
    vec![
        fine("until the end", "x-a: 1", "hello", Closes, Whole(200, "hello")),
        fine(
            "a size that is no number",
            chunked,
            "5\r\nhello\r\nxyz\r\n",
            Waits,
            Broken(200, "hello", "upstream_reset"),
        ),
        fine(
            "a size beyond numbers",
            chunked,
            "5\r\nhello\r\nffffffffffffffffff\r\n",
            Waits,
            Broken(200, "hello", "upstream_reset"),
        ),
        fine(
            "a size below zero",
            chunked,
            "5\r\nhello\r\n-1\r\n",
            Waits,
            Broken(200, "hello", "upstream_reset"),
        ),
        fine(
            "a chunk longer than its size",
            chunked,
            "5\r\nhello?\r\n0\r\n\r\n",
            Waits,
            Broken(200, "hello", "upstream_reset"),
        ),
        fine(
            "chunks with extensions",
            chunked,
            "5;a=\"b\"\r\nhello\r\n0;x\r\n\r\n",
            Waits,
            Whole(200, "hello"),
        ),
        fine(
            "an extension of 20 kB",
            chunked,
            &format!("5\r\nhello\r\n5;{}\r\nhello\r\n0\r\n\r\n", "a".repeat(20_000)),
            Waits,
            Broken(200, "hello", "upstream_reset"),
        ),
        fine(
            "no last chunk",
            chunked,
            "5\r\nhello\r\n",
            Closes,
            Broken(200, "hello", "upstream_closed"),
        ),
        fine(
            "no last chunk, reset",
            chunked,
            "5\r\nhello\r\n",
            Resets,
            Broken(200, "hello", "upstream_reset"),
        ),
        fine(
            "half a chunk",
            chunked,
            "9\r\nhello",
            Closes,
            Broken(200, "hello", "upstream_closed"),
        ),
        fine(
            "trailers",
            chunked,
            "5\r\nhello\r\n0\r\nx-t: 1\r\ncontent-length: 9\r\n\r\n",
            Waits,
            Whole(200, "hello"),
        ),
        fine(
            "a trailer of 50 kB",
            chunked,
            &format!("5\r\nhello\r\n0\r\nx-t: {}\r\n\r\n", "1".repeat(50_000)),
            Waits,
            Broken(200, "hello", "upstream_reset"),
        ),
        fine(
            "less than its length",
            "content-length: 9",
            "hello",
            Closes,
            Broken(200, "hello", "upstream_closed"),
        ),
        fine(
            "less than its length, reset",
            "content-length: 9",
            "hello",
            Resets,
            Broken(200, "hello", "upstream_reset"),
        ),
        fine(
            "more than its length",
            "content-length: 5",
            "hello, and more",
            Waits,
            Whole(200, "hello"),
        ),
        fine(
            "another answer after it",
            "content-length: 5",
            "helloHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
            Waits,
            Whole(200, "hello"),
        ),
        row(
            "204 with a body",
            "HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello",
            Waits,
            Whole(204, ""),
        ),
        row(
            "204 in chunks",
            format!("HTTP/1.1 204 No Content\r\n{chunked}\r\n\r\n{HELLO}"),
            Waits,
            Whole(204, ""),
        ),
        row(
            "304 with a length",
            "HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n",
            Waits,
            Whole(304, ""),
        ),
        of(
            "HEAD",
            fine("a body for HEAD", "content-length: 5", "hello", Waits, Whole(200, "")),
        ),
        of(
            "HEAD",
            fine(
                "two lengths for HEAD",
                &format!("content-length: 5\r\n{chunked}"),
                "",
                Waits,
                Whole(200, ""),
            ),
        ),
    ]
}
