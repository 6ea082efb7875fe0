//! An agent to record: a socket that answers every request with one stream.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

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
    pub(crate) address: SocketAddr,
    /// Bytes that a flooding agent has written.
    flooded: Arc<AtomicU64>,
}

impl Agent {
    /// Answers with the whole stream.
    pub(crate) fn start() -> Self {
        Self::saying(BODY)
    }

    /// Answers with a stream of the caller's.
    pub(crate) fn saying(body: &'static str) -> Self {
        Self::answering(move |stream| answer(stream, body))
    }

    /// Answers with the first frame, and then with nothing for as long as the client stays.
    pub(crate) fn start_stalling() -> Self {
        Self::answering(stall)
    }

    /// Answers with the start of a stream, and with its end once the sender is dropped.
    pub(crate) fn holding(start: String, end: &'static str) -> (Self, mpsc::Sender<()>) {
        let (sender, dropped) = mpsc::channel();
        let dropped = Arc::new(Mutex::new(dropped));
        let agent = Self::answering(move |mut stream| {
            read_request(&stream);
            let chunk = |body: &str| format!("{:x}\r\n{body}\r\n", body.len());
            drop(stream.write_all(format!("{HEAD}{}", chunk(&start)).as_bytes()));
            assert!(dropped.lock().unwrap().recv().is_err(), "nothing is sent");
            drop(stream.write_all(format!("{}0\r\n\r\n", chunk(end)).as_bytes()));
        });
        (agent, sender)
    }

    /// Answers with bytes that need not be text, in one chunk.
    pub(crate) fn saying_bytes(body: &'static [u8]) -> Self {
        Self::answering(move |mut stream| {
            read_request(&stream);
            let head = format!("{HEAD}{:x}\r\n", body.len());
            drop(stream.write_all(&[head.as_bytes(), body, b"\r\n0\r\n\r\n"].concat()));
        })
    }

    /// Answers with more than any buffer takes, for as long as the client stays.
    pub(crate) fn flooding() -> Self {
        let flooded = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&flooded);
        let agent = Self::answering(move |stream| flood(stream, &counted));
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

    fn answering(answer: impl Fn(TcpStream) + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let answer = answer.clone();
                thread::spawn(move || answer(stream));
            }
        });
        Self {
            address,
            flooded: Arc::default(),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

pub(crate) const HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";

/// One request a connection, and one chunk a frame.
fn answer(mut stream: TcpStream, body: &str) {
    read_request(&stream);
    let mut response = HEAD.to_owned();
    for frame in body.split_inclusive("\n\n") {
        response.push_str(&format!("{:x}\r\n{frame}\r\n", frame.len()));
    }
    response.push_str("0\r\n\r\n");
    drop(stream.write_all(response.as_bytes()));
}

fn flood(mut stream: TcpStream, flooded: &AtomicU64) {
    read_request(&stream);
    let frame = format!("data: {}\n\n", "x".repeat(16_000));
    let chunk = format!("{:x}\r\n{frame}\r\n", frame.len());
    let mut sent = stream.write_all(HEAD.as_bytes());
    while sent.is_ok() {
        sent = stream.write_all(chunk.as_bytes());
        flooded.fetch_add(chunk.len() as u64, Ordering::Relaxed);
    }
}

fn stall(mut stream: TcpStream) {
    read_request(&stream);
    let frame = first_frame();
    let sent = stream.write_all(format!("{HEAD}{:x}\r\n{frame}\r\n", frame.len()).as_bytes());
    // Ends when the client leaves.
    drop(sent.and_then(|()| stream.read_to_end(&mut Vec::new())));
}

/// What a stalling agent says.
pub(crate) fn first_frame() -> &'static str {
    BODY.split_inclusive("\n\n").next().unwrap()
}

pub(crate) fn read_request(stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut len = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            len = value.trim().parse().unwrap();
        }
    }
    drop(reader.read_exact(&mut vec![0; len]));
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
