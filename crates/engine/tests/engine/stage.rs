//! A scripted agent, a frontend, and an engine between them.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use scrubjay_engine::{Asker, Engine, NewsFeed, Opening, Options};
use scrubjay_ipc::{AddSource, AnyAsk, Ask, Encoding, Library, LibraryPage, LibrarySort, News, Report, Source};
use scrubjay_testkit::{ReceivedRequest, ScriptedAgent, Step};
use tokio::sync::mpsc::UnboundedSender;

/// A test that waits longer than this for something has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// An agent whose answers are given piece by piece.
pub(crate) struct Agent {
    scripted: ScriptedAgent,
    answers: Arc<Mutex<Answers>>,
}

/// Answers and requests wait for each other; both are taken in their order.
#[derive(Default)]
struct Answers {
    /// The answer that pieces are sent to.
    current: Option<UnboundedSender<Vec<u8>>>,
    /// Answers that were begun before a request came for them.
    begun: VecDeque<Step>,
    /// Requests that came before their answers were begun.
    asked: VecDeque<UnboundedSender<Vec<u8>>>,
}

impl Answers {
    /// The pieces of the next answer, for a request.
    fn next(&mut self) -> Step {
        self.begun.pop_front().unwrap_or_else(|| {
            let (sender, step) = Step::relay();
            self.asked.push_back(sender);
            step
        })
    }

    fn current(&mut self) -> UnboundedSender<Vec<u8>> {
        let (asked, begun) = (&mut self.asked, &mut self.begun);
        let current = self.current.get_or_insert_with(|| {
            asked.pop_front().unwrap_or_else(|| {
                let (sender, step) = Step::relay();
                begun.push_back(step);
                sender
            })
        });
        current.clone()
    }
}

impl Agent {
    /// Listens. Each request is answered with the pieces that are sent next, up to an end.
    pub(crate) async fn start() -> Self {
        let answers = Arc::<Mutex<Answers>>::default();
        let to_ask = Arc::clone(&answers);
        let script = move |_: &ReceivedRequest| {
            vec![
                Step::sse_head(),
                to_ask.lock().unwrap().next(),
                Step::end(),
                Step::Close,
            ]
        };
        Self {
            scripted: ScriptedAgent::answering(script).await,
            answers,
        }
    }

    pub(crate) fn url(&self) -> String {
        self.scripted.url()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.scripted.address()
    }

    /// Sends a chunk of an answer. It is lost if its client has left.
    pub(crate) fn send(&self, piece: &str) {
        let current = self.answers.lock().unwrap().current();
        current.send(piece.as_bytes().to_vec()).ok();
    }

    /// Ends an answer.
    pub(crate) fn end(&self) {
        let mut answers = self.answers.lock().unwrap();
        answers.current();
        answers.current = None;
    }

    /// Sends a whole answer, an event a chunk.
    pub(crate) fn play(&self, events: &[&str]) {
        for event in events {
            self.send(&frame(event));
        }
        self.end();
    }
}

/// An event as a frame.
pub(crate) fn frame(event: &str) -> String {
    format!("data: {event}\n\n")
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
