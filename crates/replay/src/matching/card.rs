//! What is known of a recorded request without reading it again.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hasher as _},
};

use scrubjay_protocol::{
    json::{Value, parse, to_json},
    media::Media,
};
use scrubjay_session::exchange::Ending;

use super::request::{Kind, Reading};
use crate::recorded::Recorded;

/// A recorded request, in short.
#[derive(Debug)]
pub(super) struct Card {
    /// Without its body, which would take the memory of all recordings together.
    pub(super) reading: Reading,
    /// The thread that its input names, or its path.
    pub(super) thread_id: Option<String>,
    /// Runs of its thread before it.
    pub(super) place: usize,
    pub(super) talk: Vec<Line>,
    /// Its answer is in the binary transport.
    pub(super) is_binary: bool,
    /// The recorded client gave it up.
    pub(super) is_given_up: bool,
    /// The agent did not answer; what the client got instead was the recorder's word.
    pub(super) is_unanswered: bool,
}

/// A message in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Role and names of tool calls.
    shape: u64,
    /// The content; nothing when an id of the request stands in it.
    content: Option<u64>,
}

impl Line {
    /// Whether two messages may be the same under some ids.
    pub(super) fn may_be(self, live: Self) -> bool {
        self.shape == live.shape && self.content.is_none_or(|content| Some(content) == live.content)
    }
}

impl Card {
    pub(super) fn of(recorded: &Recorded, runs: &mut BTreeMap<String, usize>) -> Self {
        let exchange = &recorded.exchange;
        let mut reading = read(recorded);
        let thread_id = reading.thread_id().map(str::to_owned);
        let talk = talk(&reading, &ids_of(&reading));
        let place = thread_id.as_ref().map_or(0, |thread| {
            let runs = runs.entry(thread.clone()).or_default();
            let place = *runs;
            *runs += usize::from(reading.kind == Kind::Run);
            place
        });
        reading.value = None;
        reading.raw = Vec::new();
        // A body that cannot be read is no reason to answer nothing: sending it says why.
        let is_binary = reading.kind == Kind::Run && matches!(recorded.media(), Ok(Some(Media::Records)));
        Self {
            thread_id,
            place,
            talk,
            is_binary,
            is_given_up: exchange.ending == Ending::ClientLeft && (reading.kind != Kind::Run || exchange.body_len == 0),
            is_unanswered: exchange.ending == Ending::NoAnswer,
            reading,
        }
    }

    /// Whether a client that does again what was recorded asks for it, and gets it.
    pub(super) fn may_be_asked_for(&self) -> bool {
        self.reading.method != "OPTIONS" && !self.is_given_up && !self.is_unanswered
    }

    /// Finds the thread that the path names, when the input names none.
    pub(super) fn find_thread(&mut self, threads: &BTreeSet<String>) {
        if self.thread_id.is_none() {
            let named = self.reading.path.split('/').find(|segment| threads.contains(*segment));
            self.thread_id = named.map(str::to_owned);
        }
    }
}

/// The recorded request as it was sent.
pub(super) fn read(recorded: &Recorded) -> Reading {
    let request = &recorded.exchange.request;
    Reading::of(
        &request.method,
        &request.target,
        &request.headers,
        &recorded.request_body,
    )
}

/// The messages in short. `ids` may stand in their contents.
pub(super) fn talk(reading: &Reading, ids: &[String]) -> Vec<Line> {
    reading.messages().iter().map(|message| line(message, ids)).collect()
}

/// Ids that a request names: of its thread, run and messages.
fn ids_of(reading: &Reading) -> Vec<String> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut ids: Vec<String> = [reading.thread_id(), reading.run_id()]
        .into_iter()
        .flatten()
        .map(str::to_owned)
        .collect();
    for message in reading.messages() {
        ids.extend(text(message, "id"));
        let calls = message.get("toolCalls").and_then(Value::as_array).unwrap_or_default();
        ids.extend(calls.iter().filter_map(|call| text(call, "id")));
    }
    ids
}

fn line(message: &Value, ids: &[String]) -> Line {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let calls = message.get("toolCalls").and_then(Value::as_array).unwrap_or_default();
    let names: Vec<String> = calls
        .iter()
        .map(|call| text(call.get("function").and_then(|function| function.get("name"))))
        .collect();
    Line {
        shape: hash((text(message.get("role")), names)),
        content: content(message.get("content"), ids),
    }
}

/// Text is read as it stands, parts and JSON only as far as they are compared by value.
fn content(content: Option<&Value>, ids: &[String]) -> Option<u64> {
    let text = match content {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.to_str_lossy().into_owned(),
        Some(parts) => {
            let Value::Array(parts) = parts else { return None };
            parts
                .iter()
                .map(|part| part.get("text").and_then(Value::as_str).unwrap_or_default())
                .collect()
        }
    };
    let may_vary = parse(text.as_bytes())
        .is_ok_and(|value| to_json(&value) != text || value.as_object().is_some_and(|object| object.len() > 1));
    let names_an_id = ids.iter().any(|id| !id.is_empty() && text.contains(id.as_str()));
    (!may_vary && !names_an_id).then(|| hash(text))
}

fn hash(value: impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
