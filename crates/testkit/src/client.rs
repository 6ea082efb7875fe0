//! A client that sends bytes as given and notes bytes as they come.

use std::{net::SocketAddr, time::Instant};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::agent::field_values;

/// How a connection ended for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The other side closed.
    Quietly,
    /// The other side reset the connection.
    WithReset,
}

/// A raw connection to a server.
pub struct RawClient {
    stream: TcpStream,
    started: Instant,
    pub received: Vec<u8>,
    /// Length after each read, and when it came, microseconds since connecting.
    pub reads: Vec<(usize, u64)>,
}

impl RawClient {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address)
            .await
            .expect("the server under test should accept");
        stream.set_nodelay(true).expect("a fresh socket takes options");
        Self {
            stream,
            started: Instant::now(),
            received: Vec::new(),
            reads: Vec::new(),
        }
    }

    pub async fn ask(address: SocketAddr, request: &str) -> Self {
        let mut client = Self::connect(address).await;
        client.send(request.as_bytes()).await;
        client
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream
            .write_all(bytes)
            .await
            .expect("the server under test should take bytes");
    }

    /// Sends bytes to a server that may have closed already.
    pub async fn send_to_anyone(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.ok();
    }

    /// Reads until these bytes were received.
    ///
    /// # Panics
    /// If the connection ends first.
    pub async fn until(&mut self, mark: &str) -> String {
        while !contains(&self.received, mark.as_bytes()) {
            let ended = self.read().await;
            assert!(
                ended.is_none(),
                "`{mark}` should come, but got {ended:?} after: {}",
                self.text()
            );
        }
        self.text()
    }

    /// Whether something has come or the connection has ended; waits a moment for it.
    pub async fn has_come(&mut self) -> bool {
        tokio::time::timeout(std::time::Duration::from_millis(20), self.read())
            .await
            .is_ok()
    }

    pub async fn until_closed(&mut self) -> Closed {
        loop {
            if let Some(closed) = self.read().await {
                return closed;
            }
        }
    }

    /// Reads an answer with `Content-Length`, or in transfer chunks, to its end.
    pub async fn whole_answer(&mut self) -> Answer {
        self.until("\r\n\r\n").await;
        let needed = self.partial_answer().needed();
        loop {
            // Taking it apart costs its length, so not after every read.
            let may_be_whole = needed.map_or(self.received.ends_with(b"\r\n"), |len| self.received.len() >= len);
            if let Some(answer) = may_be_whole.then(|| Answer::of(&self.received)).flatten() {
                return answer;
            }
            let ended = self.read().await;
            assert!(
                ended.is_none(),
                "the answer should be whole, but got {ended:?} after: {}",
                self.text()
            );
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }

    /// What came so far, as an answer that may lack its end.
    pub fn partial_answer(&self) -> Answer {
        Answer::split(&self.received).unwrap_or_default()
    }

    async fn read(&mut self) -> Option<Closed> {
        let read = tokio::time::timeout(crate::PATIENCE, self.stream.read_buf(&mut self.received)).await;
        match read.expect("the server under test should not hang") {
            Ok(0) => Some(Closed::Quietly),
            Ok(_) => {
                let at_us = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
                self.reads.push((self.received.len(), at_us));
                None
            }
            Err(_) => Some(Closed::WithReset),
        }
    }
}

/// An answer, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Status line and fields.
    pub head: String,
    /// The body without transfer framing.
    pub body: Vec<u8>,
    /// Its transfer chunks; one for a body of known length.
    pub chunks: Vec<Vec<u8>>,
    pub trailers: Vec<String>,
    /// The body reached the end that its framing promises.
    pub is_whole: bool,
}

impl Answer {
    pub fn status(&self) -> u16 {
        self.head
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .unwrap_or_default()
    }

    /// The values of a field, in their order.
    pub fn values(&self, name: &str) -> Vec<&str> {
        field_values(&self.head, name)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Bytes of the whole answer, if its head has them.
    fn needed(&self) -> Option<usize> {
        let len = self.values("content-length").first()?.parse::<usize>().ok()?;
        Some(self.head.len() + len)
    }

    fn of(bytes: &[u8]) -> Option<Self> {
        Self::split(bytes).filter(|answer| answer.is_whole)
    }

    fn split(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
        let mut answer = Self {
            head: String::from_utf8_lossy(&bytes[..end]).into_owned(),
            ..Self::default()
        };
        let rest = &bytes[end..];
        if answer.values("transfer-encoding").contains(&"chunked") {
            answer.read_chunks(rest);
        } else {
            let len = answer.values("content-length").first().and_then(|len| len.parse().ok());
            answer.is_whole = len.is_none_or(|len: usize| rest.len() >= len);
            answer.body = rest.to_vec();
            answer.chunks = vec![rest.to_vec()];
        }
        Some(answer)
    }

    fn read_chunks(&mut self, mut rest: &[u8]) {
        while let Some(at) = rest.windows(2).position(|window| window == b"\r\n") {
            let len = usize::from_str_radix(&String::from_utf8_lossy(&rest[..at]), 16).expect("a chunk's length");
            let from = at + 2;
            if len == 0 {
                self.trailers = String::from_utf8_lossy(&rest[from..])
                    .lines()
                    .map(str::to_owned)
                    .collect();
                self.is_whole = rest[from..].ends_with(b"\r\n") && self.trailers.pop().as_deref() == Some("");
                return;
            }
            let chunk = &rest[from..rest.len().min(from + len)];
            self.body.extend_from_slice(chunk);
            self.chunks.push(chunk.to_vec());
            rest = rest.get(from + len + 2..).unwrap_or_default();
        }
    }
}

fn contains(bytes: &[u8], mark: &[u8]) -> bool {
    mark.is_empty() || bytes.windows(mark.len()).any(|window| window == mark)
}
