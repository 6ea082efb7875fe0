//! An agent that plays prepared answers over plain sockets.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

/// One answer: pieces that are sent as they come, each as one transfer chunk.
/// The answer ends when the sender is dropped.
pub type Pieces = UnboundedReceiver<Vec<u8>>;

/// An agent on a free port.
#[derive(Clone, Debug)]
pub struct Agent {
    /// Where it listens.
    pub address: SocketAddr,
    answers: Arc<Mutex<VecDeque<Pieces>>>,
    encoding: Arc<Mutex<Option<String>>>,
    /// Bodies of the requests that came.
    pub requests: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Agent {
    /// Starts it.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has a free port");
        let agent = Self {
            address: listener.local_addr().expect("a bound socket has an address"),
            answers: Arc::default(),
            encoding: Arc::default(),
            requests: Arc::default(),
        };
        let serving = agent.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let agent = serving.clone();
                tokio::spawn(async move { agent.serve(stream).await });
            }
        });
        agent
    }

    /// Queues an answer that is sent piece by piece, as the test says.
    pub fn answer_by_hand(&self) -> UnboundedSender<Vec<u8>> {
        let (sender, pieces) = unbounded_channel();
        self.answers.lock().expect("no holder panics").push_back(pieces);
        sender
    }

    /// Queues a whole answer.
    pub fn answer(&self, pieces: impl IntoIterator<Item = Vec<u8>>) {
        let sender = self.answer_by_hand();
        for piece in pieces {
            sender.send(piece).expect("the queue holds the receiver");
        }
    }

    /// Says that answers are encoded; the pieces must be.
    pub fn encode_as(&self, encoding: &str) {
        *self.encoding.lock().expect("no holder panics") = Some(encoding.to_owned());
    }

    async fn serve(&self, mut stream: TcpStream) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        let (read, mut write) = stream.split();
        let mut read = BufReader::new(read);
        let mut line = String::new();
        let mut len = 0;
        loop {
            line.clear();
            if read.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let Some((name, value)) = line.trim_end().split_once(':') else {
                if line.trim_end().is_empty() {
                    break;
                }
                continue;
            };
            if name.eq_ignore_ascii_case("content-length") {
                len = value.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; len];
        read.read_exact(&mut body).await.ok()?;
        self.requests.lock().expect("no holder panics").push(body);
        let mut pieces = self.answers.lock().expect("no holder panics").pop_front()?;
        let encoding = self.encoding.lock().expect("no holder panics").clone();
        let encoding = encoding.map_or(String::new(), |encoding| format!("content-encoding: {encoding}\r\n"));
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\
             connection: close\r\naccess-control-allow-origin: *\r\n{encoding}\r\n"
        );
        write.write_all(head.as_bytes()).await.ok()?;
        while let Some(piece) = pieces.recv().await {
            write
                .write_all(format!("{:x}\r\n", piece.len()).as_bytes())
                .await
                .ok()?;
            write.write_all(&piece).await.ok()?;
            write.write_all(b"\r\n").await.ok()?;
        }
        write.write_all(b"0\r\n\r\n").await.ok()
    }
}

/// An SSE frame around an event.
pub fn frame(event: &serde_json::Value) -> Vec<u8> {
    format!("data: {event}\n\n").into_bytes()
}

/// The chunks of a committed capture: request body and pieces.
pub fn capture(name: &str) -> (String, Vec<Vec<u8>>) {
    let folder = std::path::Path::new("tests/corpus").join(name);
    let read = |file: &str| std::fs::read(folder.join(file)).unwrap_or_else(|error| panic!("{name}/{file}: {error}"));
    let body = read("response.body");
    let chunks = String::from_utf8(read("chunks.jsonl")).expect("chunks.jsonl is text");
    let pieces = chunks.lines().map(|line| {
        let chunk: serde_json::Value = serde_json::from_str(line).expect("a chunk is JSON");
        let (offset, len) = (
            chunk["offset"].as_u64().unwrap_or(0),
            chunk["len"].as_u64().unwrap_or(0),
        );
        body[usize::try_from(offset).expect("small")..usize::try_from(offset + len).expect("small")].to_vec()
    });
    let request: serde_json::Value = serde_json::from_slice(&read("request.json")).expect("request.json is JSON");
    (request["body"].to_string(), pieces.collect())
}
