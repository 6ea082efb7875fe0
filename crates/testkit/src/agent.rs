//! An upstream that follows a script, down to each write and the way in which it
//! breaks off.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinSet,
};

use crate::Gate;

/// One thing that a scripted agent does.
#[derive(Clone, Debug)]
pub enum Step {
    /// Writes these bytes in one write.
    Write(Vec<u8>),
    /// Writes these bytes as one transfer chunk.
    Chunk(Vec<u8>),
    /// Waits until the test opens the gate.
    Wait(Gate),
    /// Opens a gate, for which the test waits.
    Tell(Gate),
    /// Writes what the test sends, each as one transfer chunk, until the sender is dropped.
    Relay(Arc<tokio::sync::Mutex<UnboundedReceiver<Vec<u8>>>>),
    /// Writes this transfer chunk again and again until the other side leaves, and counts the bytes.
    Flood(Vec<u8>, Arc<AtomicU64>),
    /// Reads until the other side closes or resets, then goes on.
    UntilPeerLeaves,
    /// Closes with a reset.
    Reset,
    /// Closes without a reset, in the middle of an answer too.
    Close,
}

impl Step {
    /// A head of these lines.
    pub fn head(lines: &[&str]) -> Self {
        Self::Write(format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes())
    }

    /// The head of an event stream in transfer chunks.
    pub fn sse_head() -> Self {
        Self::head(&[
            "HTTP/1.1 200 OK",
            "content-type: text/event-stream",
            "transfer-encoding: chunked",
        ])
    }

    pub fn chunk(text: &str) -> Self {
        Self::Chunk(text.as_bytes().to_vec())
    }

    /// Chunks that the test sends while the answer is under way.
    pub fn relay() -> (UnboundedSender<Vec<u8>>, Self) {
        let (sender, pieces) = unbounded_channel();
        (sender, Self::Relay(Arc::new(tokio::sync::Mutex::new(pieces))))
    }

    /// The last transfer chunk.
    pub fn end() -> Self {
        Self::Write(b"0\r\n\r\n".to_vec())
    }
}

/// A request as its bytes arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceivedRequest {
    /// Request line and fields, as sent.
    pub head: String,
    /// The body, without transfer framing.
    pub body: Vec<u8>,
}

impl ReceivedRequest {
    /// Method and target.
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// The values of a field, in their order.
    pub fn values(&self, name: &str) -> Vec<&str> {
        field_values(&self.head, name)
    }
}

/// The values of a field of a head, in their order.
pub(crate) fn field_values<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    fields
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
        .collect()
}

type Script = dyn Fn(&ReceivedRequest) -> Vec<Step> + Send + Sync;

/// A scripted agent on a free port of loopback; gone when dropped.
pub struct ScriptedAgent {
    address: SocketAddr,
    seen: Arc<Seen>,
    _task: JoinSet<()>,
}

#[derive(Default)]
struct Seen {
    asked: Mutex<Vec<ReceivedRequest>>,
    connections: Mutex<usize>,
}

impl ScriptedAgent {
    /// Starts one that answers every request with the same steps.
    pub async fn playing(steps: Vec<Step>) -> Self {
        Self::answering(move |_| steps.clone()).await
    }

    /// Starts one whose steps depend on the request.
    pub async fn answering(script: impl Fn(&ReceivedRequest) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback should have a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let seen = Arc::new(Seen::default());
        let mut task = JoinSet::new();
        task.spawn(accept(listener, Arc::new(script), Arc::clone(&seen)));
        Self {
            address,
            seen,
            _task: task,
        }
    }

    /// As [`ScriptedAgent::answering`] for tests without a runtime: it runs on
    /// a thread of its own until the tests end.
    pub fn on_a_thread(script: impl Fn(&ReceivedRequest) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime should start");
        let listener = runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .expect("loopback should have a free port");
        let agent = Self {
            address: listener.local_addr().expect("a bound socket has an address"),
            seen: Arc::default(),
            _task: JoinSet::new(),
        };
        let seen = Arc::clone(&agent.seen);
        thread::Builder::new()
            .name("agent".into())
            .spawn(move || runtime.block_on(accept(listener, Arc::new(script), seen)))
            .expect("a thread should start");
        agent
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Requests whose heads and bodies have been read.
    pub fn asked(&self) -> Vec<ReceivedRequest> {
        self.seen.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        *self.seen.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn accept(listener: TcpListener, script: Arc<Script>, seen: Arc<Seen>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        *seen.connections.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        stream.set_nodelay(true).expect("a fresh socket takes options");
        connections.spawn(converse(stream, Arc::clone(&script), Arc::clone(&seen)));
    }
}

/// Answers the requests of one connection until a script ends it.
async fn converse(mut stream: TcpStream, script: Arc<Script>, seen: Arc<Seen>) {
    let mut buffer = Vec::new();
    while let Some(asked) = read_request(&mut stream, &mut buffer).await {
        seen.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(asked.clone());
        for step in script(&asked) {
            if play(&mut stream, step).await.is_none() {
                return;
            }
        }
    }
}

/// `None` when the connection is over.
async fn play(stream: &mut TcpStream, step: Step) -> Option<()> {
    match step {
        Step::Write(bytes) => stream.write_all(&bytes).await.ok(),
        Step::Chunk(bytes) => stream.write_all(&framed(&bytes)).await.ok(),
        Step::Wait(gate) => {
            gate.passed().await;
            Some(())
        }
        Step::Tell(gate) => {
            gate.open();
            Some(())
        }
        Step::Relay(pieces) => {
            let mut pieces = pieces.lock().await;
            while let Some(piece) = pieces.recv().await {
                stream.write_all(&framed(&piece)).await.ok()?;
            }
            Some(())
        }
        Step::Flood(bytes, written) => {
            let framed = framed(&bytes);
            loop {
                stream.write_all(&framed).await.ok()?;
                written.fetch_add(framed.len() as u64, Ordering::Relaxed);
            }
        }
        Step::UntilPeerLeaves => {
            let mut rest = [0; 1024];
            while matches!(stream.read(&mut rest).await, Ok(1..)) {}
            Some(())
        }
        Step::Reset => {
            stream.set_zero_linger().expect("an open socket takes options");
            None
        }
        Step::Close => None,
    }
}

fn framed(bytes: &[u8]) -> Vec<u8> {
    let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
    framed.extend_from_slice(bytes);
    framed.extend_from_slice(b"\r\n");
    framed
}

/// One request with its body, of either framing.
async fn read_request(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Option<ReceivedRequest> {
    let end = read_until(stream, buffer, b"\r\n\r\n").await?;
    let head = String::from_utf8_lossy(&buffer.drain(..end).collect::<Vec<_>>()).into_owned();
    let mut asked = ReceivedRequest { head, body: Vec::new() };
    if asked.values("transfer-encoding").contains(&"chunked") {
        asked.body = read_chunked(stream, buffer).await?;
    } else if let Some(len) = asked.values("content-length").first().and_then(|len| len.parse().ok()) {
        asked.body = read_exactly(stream, buffer, len).await?;
    }
    Some(asked)
}

async fn read_chunked(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = read_until(stream, buffer, b"\r\n").await?;
        let line = String::from_utf8_lossy(&buffer.drain(..end).collect::<Vec<_>>())
            .trim()
            .to_owned();
        let len = usize::from_str_radix(&line, 16).ok()?;
        let chunk = read_exactly(stream, buffer, len + 2).await?;
        if len == 0 {
            return Some(body);
        }
        body.extend_from_slice(&chunk[..len]);
    }
}

async fn read_exactly(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>, len: usize) -> Option<Vec<u8>> {
    while buffer.len() < len {
        if !matches!(stream.read_buf(buffer).await, Ok(1..)) {
            return None;
        }
    }
    Some(buffer.drain(..len).collect())
}

/// The length up to and including the mark.
async fn read_until(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>, mark: &[u8]) -> Option<usize> {
    loop {
        if let Some(at) = buffer.windows(mark.len()).position(|window| window == mark) {
            return Some(at + mark.len());
        }
        if !matches!(stream.read_buf(buffer).await, Ok(1..)) {
            return None;
        }
    }
}
