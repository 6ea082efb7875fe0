//! Bytes on sockets, as no library would send them, around a recorder.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use crate::{process::Process, stage::Stage};

/// Only decides when a failure is reported.
const PATIENCE: Duration = Duration::from_secs(20);

/// A recorder with a store, in front of an upstream.
pub(crate) struct Recorder {
    pub(crate) stage: Stage,
    pub(crate) address: SocketAddr,
    process: Process,
}

impl Recorder {
    pub(crate) fn start(upstream: &str, more: &str) -> Self {
        let stage = Stage::new();
        let args = format!("record --json --upstream up={upstream} --listen 127.0.0.1:0 --store s.db {more}");
        let mut process = Process::start(stage.command(args.split_whitespace()));
        process.read_on();
        Self {
            address: process.url().strip_prefix("http://").unwrap().parse().unwrap(),
            stage,
            process,
        }
    }

    /// Ends it, which it must do well, and gives its folder.
    pub(crate) fn stop(mut self) -> Stage {
        let ended = self.process.stop("-INT");
        assert!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
        assert_eq!(ended.stderr, "");
        self.stage
    }
}

/// How a connection was left by the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    Closed,
    Reset,
    /// It stays, and an answer is whole.
    Open,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) bytes: Vec<u8>,
    pub(crate) left: Left,
}

impl Got {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The status of the answer, or of what came on the way to it.
    pub(crate) fn status(&self) -> u16 {
        status(self.last()).unwrap_or_default()
    }

    /// The answer after those on the way to it.
    fn last(&self) -> &[u8] {
        let mut bytes = &self.bytes[..];
        while status(bytes) == Some(100)
            && let Some(at) = find(bytes, b"\r\n\r\n")
        {
            bytes = &bytes[at + 4..];
        }
        bytes
    }

    /// The answer's body, without its framing, and whether it is whole.
    pub(crate) fn body(&self) -> (Vec<u8>, bool) {
        let bytes = self.last();
        let Some(at) = find(bytes, b"\r\n\r\n") else {
            return (Vec::new(), false);
        };
        let head = String::from_utf8_lossy(&bytes[..at]).to_ascii_lowercase();
        let rest = &bytes[at + 4..];
        let len = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if head.contains("\r\ntransfer-encoding: chunked") {
            return unchunked(rest);
        }
        match len {
            Some(len) => (rest[..rest.len().min(len)].to_vec(), rest.len() >= len),
            None => (rest.to_vec(), self.left == Left::Closed),
        }
    }
}

fn status(bytes: &[u8]) -> Option<u16> {
    let line = bytes.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    String::from_utf8_lossy(line).parse().ok()
}

fn unchunked(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(at) = find(rest, b"\r\n") {
        let size = String::from_utf8_lossy(&rest[..at]).into_owned();
        let size = usize::from_str_radix(size.split(';').next().unwrap(), 16).unwrap();
        if size == 0 {
            return (body, find(&rest[at..], b"\r\n\r\n").is_some());
        }
        let chunk = &rest[at + 2..];
        body.extend_from_slice(&chunk[..chunk.len().min(size)]);
        rest = chunk.get(size + 2..).unwrap_or_default();
    }
    (body, false)
}

pub(crate) fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}

/// Connects, with a limit on how long anything may take.
pub(crate) fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends bytes; that they cannot be sent is no failure.
pub(crate) fn send(stream: &mut TcpStream, bytes: &[u8]) {
    // A server that refuses early need not take all of it.
    stream.write_all(bytes).ok();
}

/// Reads to the end of the connection, or until `is_enough`.
pub(crate) fn read_until(stream: &mut TcpStream, is_enough: impl Fn(&Got) -> bool) -> Got {
    let mut got = Got {
        bytes: Vec::new(),
        left: Left::Open,
    };
    let mut some = [0; 16 << 10];
    loop {
        match stream.read(&mut some) {
            Ok(0) => got.left = Left::Closed,
            Ok(len) => got.bytes.extend_from_slice(&some[..len]),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                panic!(
                    "nothing more came, and the connection stayed; there was {:?}",
                    got.text()
                )
            }
            Err(_) => got.left = Left::Reset,
        }
        if got.left != Left::Open || is_enough(&got) {
            return got;
        }
    }
}

/// Runs a check for each row, so that all failures are reported together.
pub(crate) fn for_each_row<R>(rows: &[R], name: impl Fn(&R) -> &str, mut check: impl FnMut(usize, &R)) {
    let mut failed = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        if catch_unwind(AssertUnwindSafe(|| check(number, row))).is_err() {
            failed.push(name(row).to_owned());
        }
    }
    assert!(failed.is_empty(), "{failed:#?} failed, as said above");
}

/// Sends a request and reads its answer.
pub(crate) fn exchange(to: SocketAddr, request: &[u8]) -> Got {
    let mut stream = connect(to);
    send(&mut stream, request);
    read_until(&mut stream, |got| got.status() >= 200 && got.body().1)
}

/// An upstream that handles each connection by itself; what it was asked is kept.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    pub(crate) asked: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Upstream {
    /// Answers each request, of which it is given head and body as they came,
    /// and goes on if that is said.
    pub(crate) fn start(answer: impl Fn(&[u8], &mut TcpStream) -> bool + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (answer, asked) = (Arc::new(answer), Arc::<Mutex<Vec<Vec<u8>>>>::default());
        let kept = Arc::clone(&asked);
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let (answer, asked) = (Arc::clone(&answer), Arc::clone(&kept));
                thread::spawn(move || {
                    let mut read = Vec::new();
                    while let Some(request) = request(&mut stream, &mut read) {
                        asked.lock().unwrap().push(request.clone());
                        if !answer(&request, &mut stream) {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests it was sent whole.
    pub(crate) fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// One request, head and body as they stand on the wire.
fn request(stream: &mut TcpStream, read: &mut Vec<u8>) -> Option<Vec<u8>> {
    let head = read_to(stream, read, |read| find(read, b"\r\n\r\n").map(|at| at + 4))?;
    let text = String::from_utf8_lossy(&read[..head]).to_ascii_lowercase();
    let end = if text.contains("\r\ntransfer-encoding: chunked\r\n") {
        read_to(stream, read, |read| {
            let rest = &read[head..];
            let last = if rest.starts_with(b"0\r\n") {
                Some(0)
            } else {
                find(rest, b"\r\n0\r\n").map(|at| at + 2)
            };
            last.and_then(|at| find(&rest[at..], b"\r\n\r\n").map(|end| head + at + end + 4))
        })?
    } else {
        let len = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        let end = head + len.unwrap_or_default();
        read_to(stream, read, |read| (read.len() >= end).then_some(end))?
    };
    Some(read.drain(..end).collect())
}

fn read_to(stream: &mut TcpStream, read: &mut Vec<u8>, end: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
    loop {
        if let Some(end) = end(read) {
            return Some(end);
        }
        let mut some = [0; 16 << 10];
        match stream.read(&mut some) {
            Ok(len @ 1..) => read.extend_from_slice(&some[..len]),
            Ok(0) | Err(_) => return None,
        }
    }
}

/// An answer with this body.
pub(crate) fn ok(body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

/// Echoes what it is asked, so that a client sees what went upstream.
pub(crate) fn echo() -> Upstream {
    Upstream::start(|request, stream| stream.write_all(&ok(request)).is_ok())
}
