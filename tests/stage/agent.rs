//! An agent that plays prepared answers.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use scrubjay_testkit::{ScriptedAgent, Step};
use tokio::sync::mpsc::UnboundedSender;

/// An agent on a free port.
pub struct Agent {
    /// Where it listens.
    pub address: SocketAddr,
    answers: Arc<Mutex<VecDeque<Step>>>,
    encoding: Arc<Mutex<Option<String>>>,
    _scripted: ScriptedAgent,
}

impl Agent {
    /// Starts it.
    pub async fn start() -> Self {
        let answers = Arc::<Mutex<VecDeque<Step>>>::default();
        let encoding = Arc::<Mutex<Option<String>>>::default();
        let (queue, coding) = (Arc::clone(&answers), Arc::clone(&encoding));
        let scripted = ScriptedAgent::answering(move |_| {
            let next = queue.lock().expect("no holder panics").pop_front();
            let coding = coding.lock().expect("no holder panics");
            next.map_or(vec![Step::Close], |body| {
                vec![head(coding.as_deref()), body, Step::end(), Step::Close]
            })
        });
        let scripted = scripted.await;
        Self {
            address: scripted.address(),
            answers,
            encoding,
            _scripted: scripted,
        }
    }

    /// Queues an answer that the test sends piece by piece, each as one
    /// transfer chunk. It ends when the sender is dropped.
    pub fn answer_by_hand(&self) -> UnboundedSender<Vec<u8>> {
        let (sender, relay) = Step::relay();
        self.answers.lock().expect("no holder panics").push_back(relay);
        sender
    }

    /// Queues a whole answer.
    pub fn answer(&self, pieces: impl IntoIterator<Item = Vec<u8>>) {
        let sender = self.answer_by_hand();
        for piece in pieces {
            sender.send(piece).expect("the queue holds the receiver");
        }
    }

    /// Declares the content coding of the answers; their pieces must have it.
    pub fn encode_as(&self, encoding: &str) {
        *self.encoding.lock().expect("no holder panics") = Some(encoding.to_owned());
    }
}

fn head(encoding: Option<&str>) -> Step {
    let encoding = encoding.map(|encoding| format!("content-encoding: {encoding}"));
    let lines = [
        "HTTP/1.1 200 OK",
        "content-type: text/event-stream",
        "transfer-encoding: chunked",
        "connection: close",
        "access-control-allow-origin: *",
    ];
    Step::head(&lines.into_iter().chain(encoding.as_deref()).collect::<Vec<_>>())
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
