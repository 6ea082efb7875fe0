//! Captured exchanges as recordings, and requests that clients could send.

use std::sync::{Arc, OnceLock};

use scrubjay_replay::{End, IncomingRequest, MatchOptions, Matcher, Part, Recorded, Schedule, ScheduleOptions, Step};
use scrubjay_session::{exchange::*, memory::MemoryShelf};
use scrubjay_testkit::corpus::{Captured, captured, workspace};
use serde_json::Value;

/// Every captured exchange, read once.
pub(crate) fn corpus() -> &'static [Captured] {
    static CORPUS: OnceLock<Vec<Captured>> = OnceLock::new();
    CORPUS.get_or_init(|| captured(&workspace().join("tests/corpus")))
}

pub(crate) fn capture(name: &str) -> &'static Captured {
    let found = corpus().iter().find(|captured| captured.name == name);
    found.unwrap_or_else(|| panic!("tests/corpus has no {name}"))
}

/// An exchange to be recorded, with its parts open to changes.
#[derive(Clone, Debug)]
pub(crate) struct Take {
    pub(crate) exchange: Exchange,
    pub(crate) input: Value,
    pub(crate) chunks: Vec<Chunk>,
    pub(crate) body: Vec<u8>,
}

impl Take {
    pub(crate) fn of(name: &str) -> Self {
        Self::captured(capture(name))
    }

    pub(crate) fn captured(captured: &Captured) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let fields = captured.request["headers"].as_object().into_iter().flatten();
        let headers = fields.map(|(name, value)| (name.clone(), text(value).into_bytes()));
        let request = RequestHead {
            method: text(&captured.request["method"]),
            target: text(&captured.request["url_path"]),
            headers: headers.collect(),
            ..RequestHead::default()
        };
        let pairs = captured.meta["headers"].as_array().into_iter().flatten();
        let response = ResponseHead {
            status: captured.meta["status"]
                .as_u64()
                .and_then(|status| u16::try_from(status).ok())
                .unwrap_or(200),
            headers: pairs
                .map(|pair| (text(&pair[0]), text(&pair[1]).into_bytes()))
                .collect(),
            ..ResponseHead::default()
        };
        let is_cut = captured.meta["error"].is_string();
        let chunk = |((offset, len), at_us): (&(usize, usize), &u64)| Chunk {
            offset: *offset as u64,
            len: *len as u64,
            at_us: *at_us,
        };
        Self {
            exchange: Exchange {
                request,
                response: Some(response),
                ending: if is_cut {
                    Ending::UpstreamReset
                } else {
                    Ending::Complete
                },
                upstream: "http://127.0.0.1:9/".into(),
                ..Exchange::default()
            },
            input: captured.request["body"].clone(),
            chunks: captured.reads.iter().zip(&captured.at_us).map(chunk).collect(),
            body: captured.body.clone(),
        }
    }

    /// The same in another recorded thread.
    pub(crate) fn in_thread(mut self, thread: &str) -> Self {
        self.input["threadId"] = thread.into();
        self
    }

    /// The same with other things in its input.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.input);
        self
    }

    pub(crate) fn ending(mut self, ending: Ending) -> Self {
        self.exchange.ending = ending;
        self
    }

    pub(crate) fn recorded(&self, index: usize) -> Recorded {
        let mut exchange = self.exchange.clone();
        exchange.index = i64::try_from(index).unwrap();
        let shelf = MemoryShelf::bare(exchange, body_of(&self.input), self.chunks.clone(), self.body.clone());
        Recorded::open(Arc::new(shelf)).unwrap()
    }

    /// The request as a client would send it again.
    pub(crate) fn asked(&self) -> IncomingRequest {
        IncomingRequest {
            method: self.exchange.request.method.clone(),
            target: self.exchange.request.target.clone(),
            headers: self.exchange.request.headers.clone(),
            body: body_of(&self.input),
            isolation: None,
        }
    }
}

fn body_of(input: &Value) -> Vec<u8> {
    match input {
        Value::String(text) => text.clone().into_bytes(),
        value => serde_json::to_vec(value).unwrap(),
    }
}

pub(crate) fn matcher<'a>(takes: impl IntoIterator<Item = &'a Take>, rules: MatchOptions) -> Matcher {
    let recorded = takes.into_iter().enumerate().map(|(index, take)| take.recorded(index));
    Matcher::new(recorded.collect(), rules)
}

/// All parts and the end.
pub(crate) fn played(recorded: &Recorded, options: ScheduleOptions) -> (Vec<Part>, End) {
    let mut parts = Vec::new();
    for step in Schedule::new(recorded, options) {
        match step.expect("memory can be read") {
            Step::Part(part) => parts.push(part),
            Step::End(end) => return (parts, end),
        }
    }
    panic!("a schedule should end");
}

pub(crate) fn joined(parts: &[Part]) -> Vec<u8> {
    parts.iter().flat_map(|part| part.bytes.to_vec()).collect()
}

/// The input with ids that another client would have chosen: its thread, its
/// run, its own messages.
pub(crate) fn renamed(input: &Value, thread: &str, run: &str) -> Value {
    let mut input = input.clone();
    if !input.is_object() {
        return input;
    }
    let inner = if input["body"].is_object() {
        &mut input["body"]
    } else {
        &mut input
    };
    for (name, id) in [("threadId", thread), ("runId", run)] {
        if let Some(known) = inner.get_mut(name).filter(|known| known.is_string()) {
            *known = id.into();
        }
    }
    for message in inner
        .get_mut("messages")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if matches!(message["role"].as_str(), Some("user" | "tool")) && message["id"].is_string() {
            message["id"] = format!("{thread}-{}", message["id"].as_str().unwrap()).into();
        }
    }
    input
}
