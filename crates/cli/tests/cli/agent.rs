//! An agent to record: it answers every request with one stream.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use scrubjay_testkit::{Gate, ScriptedAgent, Step};

/// What the agent streams.
pub(crate) const BODY: &str = concat!(
    "data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n",
    "data: {\"type\":\"TEXT_MESSAGE_START\",\"messageId\":\"m\",\"role\":\"assistant\"}\n\n",
    "data: {\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"m\",\"delta\":\"Hello\"}\n\n",
    "data: {\"type\":\"TEXT_MESSAGE_END\",\"messageId\":\"m\"}\n\n",
    "data: {\"type\":\"RUN_FINISHED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n",
);

/// An agent that answers until the test ends.
pub(crate) struct Agent {
    scripted: ScriptedAgent,
    /// Bytes that a flooding agent has written.
    flooded: Arc<AtomicU64>,
}

impl Agent {
    /// Answers with the whole stream.
    pub(crate) fn start() -> Self {
        Self::saying(BODY)
    }

    /// Answers with a stream of the caller's, a chunk a frame.
    pub(crate) fn saying(body: &str) -> Self {
        let chunks = body.split_inclusive("\n\n").map(Step::chunk);
        Self::playing(chunks.chain([Step::end()]).collect())
    }

    /// Answers with the first frame, and then with nothing for as long as the client stays.
    pub(crate) fn start_stalling() -> Self {
        Self::playing(vec![Step::chunk(first_frame()), Step::UntilPeerLeaves])
    }

    /// Answers with the start of a stream, and with its end once the gate is open.
    pub(crate) fn holding(start: &str, end: &str) -> (Self, Gate) {
        let gate = Gate::default();
        let steps = vec![
            Step::chunk(start),
            Step::Wait(gate.clone()),
            Step::chunk(end),
            Step::end(),
        ];
        (Self::playing(steps), gate)
    }

    /// Answers with bytes that need not be text, in one chunk.
    pub(crate) fn saying_bytes(body: &[u8]) -> Self {
        Self::playing(vec![Step::Chunk(body.to_vec()), Step::end()])
    }

    /// Answers with more than any buffer takes, for as long as the client stays.
    pub(crate) fn flooding() -> Self {
        let flooded = Arc::<AtomicU64>::default();
        let frame = format!("data: {}\n\n", "x".repeat(16_000));
        let agent = Self::playing(vec![Step::Flood(frame.into_bytes(), Arc::clone(&flooded))]);
        Self { flooded, ..agent }
    }

    /// Waits until a flooding agent gets nothing written any more.
    pub(crate) fn wait_until_held_up(&self) {
        let (mut seen, mut still) = (0, 0);
        while seen == 0 || still < 20 {
            thread::sleep(Duration::from_millis(10));
            let now = self.flooded.load(Ordering::Relaxed);
            still = if now == seen { still + 1 } else { 0 };
            seen = now;
        }
    }

    /// Answers the head of a stream, then these, and closes.
    pub(crate) fn playing(mut steps: Vec<Step>) -> Self {
        steps.insert(0, head());
        steps.push(Step::Close);
        Self {
            scripted: ScriptedAgent::on_a_thread(move |_| steps.clone()),
            flooded: Arc::default(),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.scripted.address().port()
    }

    pub(crate) fn url(&self) -> String {
        self.scripted.url()
    }
}

/// The head of an event stream in transfer chunks, on a connection that ends with it.
fn head() -> Step {
    Step::head(&[
        "HTTP/1.1 200 OK",
        "content-type: text/event-stream",
        "transfer-encoding: chunked",
        "connection: close",
    ])
}

/// What a stalling agent says.
pub(crate) fn first_frame() -> &'static str {
    BODY.split_inclusive("\n\n").next().unwrap()
}

/// Posts a run to an address.
pub(crate) fn ask(url: &str) -> TcpStream {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let body = r#"{"threadId":"t","runId":"r","state":{},"messages":[],"tools":[],"context":[],"forwardedProps":{}}"#;
    let request = format!(
        "POST /run HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nx-scrubjay-label: kind=test\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// Posts a run to an address and gives the whole answer, head and body.
pub(crate) fn post(url: &str) -> String {
    let mut answer = String::new();
    ask(url).read_to_string(&mut answer).unwrap();
    answer
}

/// Asks an address for a path, and gives the whole answer.
pub(crate) fn get_path(url: &str, path: &str) -> String {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Posts a run and waits until the first frame was delivered; the client stays while the socket lives.
pub(crate) fn post_and_stay(url: &str) -> TcpStream {
    let mut stream = ask(url);
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(first_frame()) {
        let mut some = [0; 1024];
        let len = stream.read(&mut some).unwrap();
        assert!(len > 0, "the answer ended early: {}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&some[..len]);
    }
    stream
}
