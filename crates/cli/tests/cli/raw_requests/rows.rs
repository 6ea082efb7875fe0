//! The requests, and what must come of each.

use std::net::SocketAddr;

/// What a request comes to.
#[derive(Clone, Debug)]
pub(super) enum Comes {
    /// It passes. Upstream is sent a request with this first line; the record has its method and target.
    Passes(&'static str),
    /// As that, and of the fields as they were sent upstream one contains the
    /// first text, and none the second.
    PassesWith(&'static str, &'static str, &'static str),
    /// The library answers with this status, and closes. Nothing is recorded.
    Bad(u16),
    /// We answer with this status, and the text is in the body. Nothing is recorded.
    Refused(u16, &'static str),
    /// No answer; the exchange of this method and target is recorded, with this ending.
    Broken(&'static str, &'static str),
    /// The client leaves before it has said enough for anything.
    Nothing,
}
use Comes::{Bad, Broken, Nothing, Passes, PassesWith, Refused};

/// A client's way to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// Reads the answer.
    Reads,
    /// Closes its connection at once.
    Leaves,
    /// Closes its sending half, and reads to the end.
    HalfCloses,
}

pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) then: Then,
    pub(super) comes: Comes,
}

fn row(name: &'static str, bytes: impl AsRef<[u8]>, comes: Comes) -> Row {
    Row {
        name,
        bytes: bytes.as_ref().to_vec(),
        then: Then::Reads,
        comes,
    }
}

/// A request of this line with a host that is ours.
fn line(name: &'static str, line: &str, comes: Comes) -> Row {
    row(name, format!("{line}\r\nhost: localhost\r\n\r\n"), comes)
}

/// A request with these fields and a host that is ours.
fn fields(name: &'static str, fields: &str, comes: Comes) -> Row {
    row(
        name,
        format!("GET /f HTTP/1.1\r\nhost: localhost\r\n{fields}\r\n\r\n"),
        comes,
    )
}

/// A request with these fields, a body, and a host that is ours.
fn body(name: &'static str, fields: &str, body: &str, comes: Comes) -> Row {
    row(
        name,
        format!("POST /b HTTP/1.1\r\nhost: localhost\r\n{fields}\r\n\r\n{body}"),
        comes,
    )
}

/// A request with these lines for a host.
fn host(name: &'static str, hosts: &str, comes: Comes) -> Row {
    row(name, format!("GET /h HTTP/1.1\r\n{hosts}accept: */*\r\n\r\n"), comes)
}

pub(super) fn first_lines() -> Vec<Row> {
    const NO_HOST: &str = "no Host field";
    vec![
        line("no method", " /m HTTP/1.1", Bad(400)),
        line("method in small letters", "get /m HTTP/1.1", Passes("get /m HTTP/1.1")),
        line(
            "method of its own",
            "M-SEARCH /m HTTP/1.1",
            Passes("M-SEARCH /m HTTP/1.1"),
        ),
        line("method that is no token", "GE(T /m HTTP/1.1", Bad(400)),
        line("method with NUL", "G\0T /m HTTP/1.1", Bad(400)),
        line("TRACE", "TRACE /m HTTP/1.1", Passes("TRACE /m HTTP/1.1")),
        line("PRI in HTTP/1", "PRI /m HTTP/1.1", Passes("PRI /m HTTP/1.1")),
        line("tab for a space", "GET\t/m HTTP/1.1", Bad(400)),
        line("two spaces", "GET  /m HTTP/1.1", Bad(400)),
        line("no version", "GET /m", Bad(400)),
        line("HTTP/0.9", "GET /m HTTP/0.9", Bad(400)),
        line("HTTP/1.2", "GET /m HTTP/1.2", Bad(400)),
        line("HTTP/1.10", "GET /m HTTP/1.10", Bad(400)),
        line("HTTP/2.0 without a preface", "GET /m HTTP/2.0", Bad(400)),
        line("version in small letters", "GET /m http/1.1", Bad(400)),
        line("text after the version", "GET /m HTTP/1.1 x", Bad(400)),
        line("HTTP/1.0", "GET /m HTTP/1.0", Passes("GET /m HTTP/1.1")),
        row(
            "HTTP/1.0 without host",
            "GET /m HTTP/1.0\r\n\r\n",
            Passes("GET /m HTTP/1.1"),
        ),
        row(
            "HTTP/1.1 without host",
            "GET /m HTTP/1.1\r\n\r\n",
            Refused(400, NO_HOST),
        ),
        row(
            "empty lines before it",
            "\r\n\r\nGET /m HTTP/1.1\r\nhost: localhost\r\n\r\n",
            Passes("GET /m HTTP/1.1"),
        ),
        row(
            "LF alone",
            "GET /m HTTP/1.1\nhost: localhost\n\n",
            Passes("GET /m HTTP/1.1"),
        ),
        row("CR alone", "GET /m HTTP/1.1\rhost: localhost\r\r", Bad(400)),
        line("target without a slash", "GET m HTTP/1.1", Refused(403, "not to m")),
        line("target that is a query", "GET ?m HTTP/1.1", Bad(400)),
        line("target with NUL", "GET /m\0 HTTP/1.1", Bad(400)),
        line("target with a control character", "GET /\u{1}m HTTP/1.1", Bad(400)),
        line("target with a fragment", "GET /m#x HTTP/1.1", Passes("GET /m HTTP/1.1")),
        line(
            "target with two slashes",
            "GET //evil.example/m HTTP/1.1",
            Passes("GET //evil.example/m HTTP/1.1"),
        ),
        line(
            "target with dots",
            "GET /../../m HTTP/1.1",
            Passes("GET /../../m HTTP/1.1"),
        ),
        line("target that is a star", "GET * HTTP/1.1", Passes("GET * HTTP/1.1")),
        line("OPTIONS of a star", "OPTIONS * HTTP/1.1", Passes("OPTIONS * HTTP/1.1")),
        line(
            "CONNECT",
            "CONNECT example.com:443 HTTP/1.1",
            Refused(403, "opens no tunnels"),
        ),
        line(
            "CONNECT to ourselves",
            "CONNECT localhost:1 HTTP/1.1",
            Refused(403, "opens no tunnels"),
        ),
        line(
            "target of 60 kB",
            &format!("GET /{} HTTP/1.1", "m".repeat(60_000)),
            Passes("GET /mm"),
        ),
        line(
            "target of 70 kB",
            &format!("GET /{} HTTP/1.1", "m".repeat(70_000)),
            Bad(414),
        ),
    ]
}

pub(super) fn targets_in_full(recorder: SocketAddr, upstream: SocketAddr) -> Vec<Row> {
    let full = |name, target: &str, comes| line(name, &format!("GET {target} HTTP/1.1"), comes);
    let port = recorder.port();
    vec![
        full(
            "the recorder's address in full",
            &format!("http://{recorder}/t"),
            Passes("GET /t HTTP/1.1"),
        ),
        full(
            "its name in full",
            &format!("http://localhost:{port}/t"),
            Passes("GET /t HTTP/1.1"),
        ),
        full(
            "the upstream in full",
            &format!("http://{upstream}/t"),
            Passes("GET /t HTTP/1.1"),
        ),
        full(
            "another server in full",
            "http://evil.example/t",
            Refused(403, "not to evil.example"),
        ),
        full(
            "another port in full",
            "http://127.0.0.1:1/t",
            Refused(403, "not to 127.0.0.1:1"),
        ),
        full(
            "a user in full",
            &format!("http://me@{recorder}/t"),
            Refused(403, "not to me@"),
        ),
        full(
            "another scheme",
            &format!("ftp://evil.example:{port}/t"),
            Refused(403, "not to evil.example"),
        ),
    ]
}

pub(super) fn hosts(port: u16) -> Vec<Row> {
    const FOREIGN: &str = "which anybody could let point here";
    const PASSES: Comes = Passes("GET /h HTTP/1.1");
    vec![
        host("localhost", "host: localhost\r\n", PASSES),
        host("a name below localhost", "Host: App.LocalHost:1\r\n", PASSES),
        host("a dot at the end", "host: localhost.\r\n", PASSES),
        host("an address", &format!("host: 127.0.0.1:{port}\r\n"), PASSES),
        host("another loopback address", "host: 127.9.9.9\r\n", PASSES),
        host("the same in IPv6", "host: [::1]:80\r\n", PASSES),
        host("a name that was allowed", "host: agent.test:1\r\n", PASSES),
        host("a foreign name", "host: evil.example\r\n", Refused(403, FOREIGN)),
        host(
            "a foreign name with our port",
            &format!("host: evil.example:{port}\r\n"),
            Refused(403, FOREIGN),
        ),
        host(
            "a foreign name that begins well",
            "host: localhost.evil.example\r\n",
            Refused(403, FOREIGN),
        ),
        host(
            "a foreign name that looks well",
            "host: 127.0.0.1.evil.example\r\n",
            Refused(403, FOREIGN),
        ),
        host("a number", "host: 2130706433\r\n", Refused(403, FOREIGN)),
        host(
            "an address of a network",
            "host: 192.168.0.7\r\n",
            Refused(403, "--allow-host 192.168.0.7"),
        ),
        host(
            "what containers say",
            "host: host.docker.internal\r\n",
            Refused(403, "--allow-host host.docker.internal"),
        ),
        host("a user", "host: localhost@evil.example\r\n", Refused(400, "is no host")),
        host("a path", "host: localhost/x\r\n", Refused(400, "is no host")),
        host("nothing", "host:\r\n", Refused(400, "is no host")),
        host(
            "two",
            "host: localhost\r\nhost: evil.example\r\n",
            Refused(400, "more than one Host"),
        ),
        host(
            "one twice",
            "host: localhost\r\nhost: localhost\r\n",
            Refused(400, "more than one Host"),
        ),
        host(
            "a port that is none",
            "host: localhost:http\r\n",
            Refused(400, "is no host"),
        ),
        host(
            "letters beyond ASCII",
            "host: l\u{f6}calhost\r\n",
            Refused(400, "is no host"),
        ),
    ]
}

pub(super) fn odd_fields() -> Vec<Row> {
    const PASSES: Comes = Passes("GET /f HTTP/1.1");
    let many = |count: usize| {
        let lines: Vec<String> = (0..count).map(|number| format!("x-{number}: 1")).collect();
        lines.join("\r\n")
    };
    vec![
        fields("a folded field", "x-a: 1\r\n 2", Bad(400)),
        fields("a space before the colon", "x-a : 1", Bad(400)),
        fields("no colon", "x-a", Bad(400)),
        fields("no name", ": 1", Bad(400)),
        fields("a space in a name", "x a: 1", Bad(400)),
        fields("no value", "x-a:", PASSES),
        fields("NUL in a value", "x-a: 1\0", Bad(400)),
        fields("a control character in a value", "x-a: \u{1}", Bad(400)),
        fields("CR in a value", "x-a: 1\r2", Bad(400)),
        fields("bytes beyond ASCII in a value", "x-a: \u{fc}\u{202e}", PASSES),
        row(
            "a space before the first field",
            "GET /f HTTP/1.1\r\n host: localhost\r\n\r\n",
            Bad(400),
        ),
        fields("1000 fields", &many(999), PASSES),
        fields("1001 fields", &many(1000), Bad(431)),
        fields("a field of 100 kB", &format!("x-a: {}", "1".repeat(100_000)), PASSES),
        fields("a field of 500 kB", &format!("x-a: {}", "1".repeat(500_000)), Bad(431)),
        fields(
            "TE with codings",
            "te: gzip, chunked",
            PassesWith("GET /f HTTP/1.1", "", "te:"),
        ),
        fields(
            "TE with trailers among others",
            "te: gzip, trailers",
            PassesWith("GET /f HTTP/1.1", "te: trailers", "gzip"),
        ),
        fields(
            "a connection that names what it must not",
            "connection: host, content-length, x-a\r\nx-a: 1",
            PassesWith("GET /f HTTP/1.1", "host: 127.", "x-a"),
        ),
        fields(
            "cookies of ours among others",
            "cookie: a=1; ScrubJay-5292=secret; b=2\r\ncookie: scrubjay_x=secret",
            PassesWith("GET /f HTTP/1.1", "cookie: a=1; b=2\r\n", "secret"),
        ),
        fields(
            "an offer of HTTP/2",
            "connection: upgrade\r\nupgrade: h2c",
            PassesWith("GET /f HTTP/1.1", "", "upgrade"),
        ),
        fields(
            "a change of protocol with a cookie of ours",
            "connection: upgrade\r\nupgrade: websocket\r\ncookie: scrubjay-1=secret",
            PassesWith("GET /f HTTP/1.1", "upgrade: websocket", "secret"),
        ),
        fields("an expectation of its own", "expect: 200-ok", PASSES),
    ]
}

pub(super) fn bodies() -> Vec<Row> {
    const PASSES: Comes = Passes("POST /b HTTP/1.1");
    const TWICE: &str = "both Content-Length and Transfer-Encoding";
    let chunked = "transfer-encoding: chunked";
    let leaves = |row: Row| Row {
        then: Then::Leaves,
        ..row
    };
    let half_closes = |row: Row| Row {
        then: Then::HalfCloses,
        ..row
    };
    vec![
        body(
            "length, then chunks",
            &format!("content-length: 5\r\n{chunked}"),
            "0\r\n\r\n",
            Refused(400, TWICE),
        ),
        body(
            "chunks, then length",
            &format!("{chunked}\r\nContent-Length: 5"),
            "0\r\n\r\n",
            Refused(400, TWICE),
        ),
        body(
            "a request inside of one with two lengths",
            &format!("{chunked}\r\ncontent-length: 4"),
            "0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n",
            Refused(400, TWICE),
        ),
        body(
            "two lengths that differ",
            "content-length: 5\r\ncontent-length: 6",
            "hello!",
            Bad(400),
        ),
        body(
            "one length twice",
            "content-length: 5\r\ncontent-length: 5",
            "hello",
            PASSES,
        ),
        body("a list of lengths", "content-length: 5, 5", "hello", Bad(400)),
        body("a length with a sign", "content-length: +5", "hello", Bad(400)),
        body("a length below zero", "content-length: -1", "", Bad(400)),
        body("a length in hexadecimal", "content-length: 0x5", "hello", Bad(400)),
        body("a length that is no number", "content-length: five", "hello", Bad(400)),
        body("no length", "content-length:", "", Bad(400)),
        body(
            "a length beyond numbers",
            "content-length: 99999999999999999999",
            "",
            Bad(400),
        ),
        body(
            "a coding before chunks",
            "transfer-encoding: gzip, chunked",
            "0\r\n\r\n",
            Refused(501, "gzip, chunked"),
        ),
        body(
            "chunks in chunks",
            "transfer-encoding: chunked, chunked",
            "0\r\n\r\n",
            Refused(501, "chunked, chunked"),
        ),
        body("a coding alone", "transfer-encoding: gzip", "hello", Bad(400)),
        body(
            "chunks that are not last",
            "transfer-encoding: chunked\r\ntransfer-encoding: gzip",
            "0\r\n\r\n",
            Bad(400),
        ),
        body("nearly chunked", "transfer-encoding: xchunked", "0\r\n\r\n", Bad(400)),
        body(
            "chunked after a control character",
            "transfer-encoding: \u{b}chunked",
            "0\r\n\r\n",
            Bad(400),
        ),
        body(
            "a name with a space before its colon",
            "transfer-encoding : chunked",
            "0\r\n\r\n",
            Bad(400),
        ),
        row(
            "chunks in HTTP/1.0",
            format!("POST /b HTTP/1.0\r\nhost: localhost\r\n{chunked}\r\n\r\n0\r\n\r\n"),
            Bad(400),
        ),
        body(
            "chunks with extensions",
            chunked,
            "5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n",
            PASSES,
        ),
        body(
            "a size with zeros before it",
            chunked,
            "0000005\r\nhello\r\n000\r\n\r\n",
            PASSES,
        ),
        body(
            "trailers",
            chunked,
            "5\r\nhello\r\n0\r\nx-a: 1\r\nhost: evil.example\r\n\r\n",
            PASSES,
        ),
        body(
            "a size that is no number",
            chunked,
            "5\r\nhello\r\nxyz\r\n",
            Broken("POST /b", "client_left"),
        ),
        body(
            "a size beyond numbers",
            chunked,
            "5\r\nhello\r\nfffffffffffffffff\r\n",
            Broken("POST /b", "client_left"),
        ),
        body(
            "a size below zero",
            chunked,
            "5\r\nhello\r\n-5\r\n",
            Broken("POST /b", "client_left"),
        ),
        body(
            "a chunk longer than its size",
            chunked,
            "5\r\nhello?\r\n0\r\n\r\n",
            Broken("POST /b", "client_left"),
        ),
        body(
            "an extension of 20 kB",
            chunked,
            &format!("5;{}\r\nhello\r\n0\r\n\r\n", "a".repeat(20_000)),
            Broken("POST /b", "client_left"),
        ),
        body(
            "100 to continue with",
            "expect: 100-continue\r\ncontent-length: 5",
            "hello",
            PASSES,
        ),
        leaves(body(
            "half a body, then gone",
            "content-length: 5",
            "he",
            Broken("POST /b", "client_left"),
        )),
        half_closes(body(
            "half a body, then closed",
            "content-length: 5",
            "he",
            Broken("POST /b", "client_left"),
        )),
        leaves(row("half a head, then gone", "GET /n HTTP/1.1\r\nhost: local", Nothing)),
        half_closes(row(
            "half a head, then closed",
            "GET /n HTTP/1.1\r\nhost: local",
            Nothing,
        )),
        leaves(row("nothing, then gone", "", Nothing)),
        half_closes(row("nothing, then closed", "", Nothing)),
        row("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", Bad(400)),
        row("no HTTP at all", "hello?\r\n\r\n", Bad(400)),
        row(
            "a preface of HTTP/2 that goes wrong",
            "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
            Bad(400),
        ),
        row(
            "rubbish after a request",
            "GET /n HTTP/1.1\r\nhost: localhost\r\n\r\n\0\0\0",
            Passes("GET /n HTTP/1.1"),
        ),
    ]
}
