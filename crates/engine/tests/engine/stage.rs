//! A scripted agent, a frontend, and an engine between them.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use scrubjay_engine::{Asker, Engine, NewsFeed, Opening, Options};
use scrubjay_ipc::{AddSource, AnyAsk, Ask, Encoding, Library, LibraryPage, LibrarySort, News, Report, Source};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{Mutex, mpsc},
};

/// A test that waits longer than this for something has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// An agent whose answers are given piece by piece.
pub(crate) struct Agent {
    pub(crate) address: SocketAddr,
    pieces: mpsc::Sender<Option<String>>,
}

impl Agent {
    /// Listens. Each request is answered with the pieces that are sent next, up to an end.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (pieces, rx) = mpsc::channel(1_000);
        let rx = Arc::new(Mutex::new(rx));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&rx)));
            }
        });
        Self { address, pieces }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends a chunk of an answer.
    pub(crate) async fn send(&self, piece: &str) {
        self.pieces.send(Some(piece.to_owned())).await.unwrap();
    }

    /// Ends an answer.
    pub(crate) async fn end(&self) {
        self.pieces.send(None).await.unwrap();
    }

    /// Sends a whole answer, an event a chunk.
    pub(crate) async fn play(&self, events: &[&str]) {
        for event in events {
            self.send(&frame(event)).await;
        }
        self.end().await;
    }
}

/// An event as a frame.
pub(crate) fn frame(event: &str) -> String {
    format!("data: {event}\n\n")
}

async fn answer(mut stream: TcpStream, pieces: Arc<Mutex<mpsc::Receiver<Option<String>>>>) {
    let mut pieces = pieces.lock_owned().await;
    let mut request = Vec::new();
    while !is_whole(&request) {
        let mut piece = [0; 4096];
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(len) => request.extend_from_slice(&piece[..len]),
        }
    }
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    while let Some(Some(piece)) = pieces.recv().await {
        let chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
        if stream.write_all(chunk.as_bytes()).await.is_err() {
            return;
        }
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
}

/// Whether head and body of a request have come.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let len = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, len)| len.trim().parse().ok())
        .unwrap_or(0);
    body.len() >= len
}

/// A frontend's request through a source; gives the answer's text.
pub(crate) async fn run_agent(source: &Source, run_id: &str) -> String {
    let answer = begin_run(source, run_id).await;
    answer.text().await.unwrap()
}

/// A frontend's request, up to the answer's head.
pub(crate) async fn begin_run(source: &Source, run_id: &str) -> reqwest::Response {
    let input = format!(
        r#"{{"threadId":"t1","runId":"{run_id}","state":{{"n":0}},"messages":[{{"id":"u1","role":"user","content":"hello there"}}],"tools":[],"context":[],"forwardedProps":{{}}}}"#
    );
    // No TLS is spoken here, but a client is not built without; a second installing is refused, which is fine.
    drop(rustls::crypto::ring::default_provider().install_default());
    let request = reqwest::Client::new()
        .post(format!("{}/agent", source.url))
        .header("content-type", "application/json")
        .body(input);
    request.send().await.unwrap()
}

/// An engine over a store, as a window opens it.
pub(crate) fn open(path: &Path) -> Engine {
    let options = Options {
        path: Some(path.to_owned()),
        opening: Opening::Window,
    };
    Engine::open(&options).unwrap()
}

/// Asks, and expects an answer.
pub(crate) async fn ask<A: Ask>(engine: &Engine, ask: A) -> A::Answer {
    try_ask(engine, ask).await.unwrap()
}

/// Asks.
pub(crate) async fn try_ask<A: Ask>(engine: &Engine, ask: A) -> Result<A::Answer, Report> {
    let any: AnyAsk = ask.into();
    let bytes = engine.answer(Asker(1), any).await?;
    Ok(match A::ENCODING {
        Encoding::Json => serde_json::from_slice(&bytes).unwrap(),
        Encoding::Postcard => postcard::from_bytes(&bytes).unwrap(),
    })
}

/// All rows, oldest first.
pub(crate) async fn library(engine: &Engine) -> LibraryPage {
    let all = Library {
        text: String::new(),
        source: None,
        verdicts: Vec::new(),
        others: true,
        sort: LibrarySort::OldestFirst,
        first: 0,
        count: 100,
    };
    ask(engine, all).await
}

/// Adds a source in front of an agent, at a port that the system picks.
pub(crate) async fn add_source(engine: &Engine, name: &str, upstream: &str) -> Source {
    let source = AddSource {
        name: name.to_owned(),
        listen: "127.0.0.1:0".to_owned(),
        upstream: upstream.to_owned(),
        keep_secrets: false,
    };
    ask(engine, source).await
}

/// Waits for news until `found` finds what it looks for.
pub(crate) async fn until<R>(engine: &Engine, mut found: impl AsyncFnMut() -> Option<R>) -> R {
    let mut feed = engine.news().unwrap();
    let search = async {
        loop {
            if let Some(result) = found().await {
                return result;
            }
            feed.next().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, search)
        .await
        .expect("it should have come by now")
}

/// Waits for a piece of news.
pub(crate) async fn hear(feed: &mut NewsFeed, is_it: impl Fn(&News) -> bool) -> News {
    let search = async {
        loop {
            let news = feed.next().await.expect("the engine is open");
            if is_it(&news) {
                return news;
            }
        }
    };
    tokio::time::timeout(PATIENCE, search)
        .await
        .expect("the news should have come by now")
}
