//! A replay on a free port, and recordings to serve.

use std::{fs::File, io::BufReader, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use scrubjay_proxy::{Hosts, Listener};
use scrubjay_replay::{
    MatchOptions, Matcher, Pace, Recorded,
    serve::{ServeConfig, ServeOptions, Serving, serve},
};
use scrubjay_session::{
    exchange::{Chunk, Ending, Exchange, HttpVersion, RequestHead, ResponseHead},
    memory::MemoryShelf,
};
use scrubjay_testkit::{Answer, RawClient, corpus::workspace};

/// The committed recordings.
pub(crate) fn recordings() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(workspace().join("recordings")).unwrap();
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(".agui.jsonl"));
    paths.sort();
    assert!(paths.len() >= 10, "the samples should be there: {paths:?}");
    paths
}

/// What a recording file holds.
pub(crate) fn exchanges_of(path: &PathBuf) -> Vec<scrubjay_recording::Recorded> {
    let file = File::open(path).unwrap();
    scrubjay_recording::read(BufReader::new(file)).unwrap().exchanges
}

/// As it is served.
pub(crate) fn recorded(one: &scrubjay_recording::Recorded) -> Recorded {
    let shelf = MemoryShelf::bare(
        one.exchange.clone(),
        one.request_body.clone(),
        one.chunks.clone(),
        one.body.clone(),
    );
    Recorded::open(Arc::new(shelf)).unwrap()
}

/// The request that was recorded, as a client sends it.
pub(crate) fn request_of(one: &scrubjay_recording::Recorded) -> String {
    let head = &one.exchange.request;
    let body = String::from_utf8_lossy(&one.request_body);
    let mut text = format!("{} {} HTTP/1.1\r\nhost: frontend\r\n", head.method, head.target);
    for (name, value) in &head.headers {
        if ["accept", "content-type"].contains(&name.to_ascii_lowercase().as_str()) {
            text.push_str(&format!("{name}: {}\r\n", String::from_utf8_lossy(value)));
        }
    }
    if head.method != "GET" {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    text + "\r\n" + &body
}

/// A recorded run, as small as can be: its prompt, and what each chunk holds.
pub(crate) struct Made {
    pub(crate) exchange: Exchange,
    /// Absent for a request without a body.
    pub(crate) prompt: Option<String>,
    thread: String,
    chunks: Vec<String>,
}

impl Made {
    pub(crate) fn run(thread: &str, prompt: &str, chunks: &[&str]) -> Self {
        let head = RequestHead {
            method: "POST".into(),
            target: "/agent".into(),
            headers: vec![("content-type".into(), b"application/json".to_vec())],
            ..RequestHead::default()
        };
        let response = ResponseHead {
            status: 200,
            version: HttpVersion::Http11,
            headers: vec![("content-type".into(), b"text/event-stream".to_vec())],
            delivered_headers: None,
        };
        Self {
            exchange: Exchange {
                request: head,
                response: Some(response),
                response_at_us: Some(0),
                ending: Ending::Complete,
                ..Exchange::default()
            },
            prompt: Some(prompt.into()),
            thread: thread.into(),
            chunks: chunks.iter().map(|chunk| (*chunk).to_owned()).collect(),
        }
    }

    /// A field of the answer.
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        let head = self.exchange.response.as_mut().unwrap();
        head.headers.push((name.into(), value.as_bytes().to_vec()));
        self
    }

    /// Fields of the answer, and after it.
    pub(crate) fn with_many(mut self, headers: usize, trailers: usize) -> Self {
        let many = |what: &str, count: usize| -> Vec<_> {
            (0..count)
                .map(|nth| (format!("x-{what}-{nth}"), b"v".to_vec()))
                .collect()
        };
        let head = self.exchange.response.as_mut().unwrap();
        head.headers.extend(many("field", headers));
        self.exchange.trailers.extend(many("trailer", trailers));
        self
    }

    pub(crate) fn ending(mut self, ending: Ending) -> Self {
        self.exchange.ending = ending;
        self
    }

    fn recorded(&self, index: i64) -> Recorded {
        let mut chunks = Vec::new();
        let mut offset = 0;
        for (place, chunk) in self.chunks.iter().enumerate() {
            let len = chunk.len() as u64;
            let at_us = 1000 * place as u64;
            chunks.push(Chunk { offset, len, at_us });
            offset += len;
        }
        let exchange = Exchange {
            index,
            ..self.exchange.clone()
        };
        let body = self.chunks.concat().into_bytes();
        let prompt = self.prompt.as_ref();
        let input = prompt.map_or_else(String::new, |prompt| input(&self.thread, "r-recorded", prompt));
        let shelf = MemoryShelf::bare(exchange, input.into_bytes(), chunks, body);
        Recorded::open(Arc::new(shelf)).unwrap()
    }
}

/// The input of a run with one prompt.
pub(crate) fn input(thread: &str, run: &str, prompt: &str) -> String {
    format!(
        r#"{{"threadId":"{thread}","runId":"{run}","state":{{}},"messages":[{{"id":"u1","role":"user","content":"{prompt}"}}],"tools":[],"context":[],"forwardedProps":{{}}}}"#
    )
}

/// A request for a run.
pub(crate) fn ask(thread: &str, prompt: &str, fields: &str) -> String {
    let body = input(thread, "r-live", prompt);
    format!(
        "POST /agent HTTP/1.1\r\nhost: frontend\r\naccept: text/event-stream\r\ncontent-type: application/json\r\n{fields}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A frame of an event.
pub(crate) fn event(json: &str) -> String {
    format!("data: {json}\n\n")
}

/// A replay that runs.
pub(crate) struct Stage {
    pub(crate) serving: Serving,
}

/// All at once, byte for byte.
pub(crate) fn exactly() -> ServeOptions {
    ServeOptions {
        pace: Pace::Instant,
        exact: true,
        ..ServeOptions::default()
    }
}

/// All at once, with the ids of the request.
pub(crate) fn adapted() -> ServeOptions {
    ServeOptions {
        pace: Pace::Instant,
        ..ServeOptions::default()
    }
}

impl Stage {
    pub(crate) fn serving(made: &[Made], options: ServeOptions) -> Self {
        Self::ruled(made, options, MatchOptions::default())
    }

    pub(crate) fn ruled(made: &[Made], options: ServeOptions, rules: MatchOptions) -> Self {
        Self::open(ServeConfig::new(Self::matcher(made, rules), options))
    }

    pub(crate) fn matcher(made: &[Made], rules: MatchOptions) -> Matcher {
        let recorded = (0..).zip(made).map(|(index, made)| made.recorded(index));
        Matcher::new(recorded.collect(), rules)
    }

    pub(crate) fn of_file(path: &PathBuf, options: ServeOptions) -> Self {
        let recorded = exchanges_of(path).iter().map(recorded).collect();
        Self::open(ServeConfig::new(
            Matcher::new(recorded, MatchOptions::default()),
            options,
        ))
    }

    pub(crate) fn open(config: ServeConfig) -> Self {
        // What frontends are called in these tests.
        let hosts = Hosts::allowing(["frontend", "x"]).unwrap();
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = listener.answering_to(hosts);
        Self {
            serving: serve(listener, config).unwrap(),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.serving.address()
    }

    pub(crate) async fn ask(&self, request: &str) -> RawClient {
        RawClient::ask(self.address(), request).await
    }

    pub(crate) async fn answer(&self, request: &str) -> Answer {
        self.ask(request).await.whole_answer().await
    }

    /// Waits for what the replay reports in no other way.
    pub(crate) async fn until<T>(&self, look: impl Fn(&Serving) -> Option<T>) -> T {
        let looking = async {
            loop {
                if let Some(found) = look(&self.serving) {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let found = tokio::time::timeout(scrubjay_testkit::PATIENCE, looking).await;
        found.expect("what is looked for should come")
    }
}
