//! What is known of a recorded request without reading it again.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hasher as _},
};

use aho_corasick::AhoCorasick;
use scrubjay_protocol::{
    json::{Value, parse, to_json},
    media::Media,
};
use scrubjay_session::exchange::Ending;

use super::{
    history,
    request::{Kind, Reading},
};
use crate::recorded::Recorded;

/// A recorded request, in short.
#[derive(Debug)]
pub(super) struct RequestDigest {
    /// Without its body, which would take the memory of all recordings together.
    pub(super) reading: Reading,
    /// The thread that its body names, or else its path or query.
    pub(super) thread_id: Option<String>,
    /// The run that its input names.
    pub(super) run_id: Option<String>,
    /// Runs of its thread before it.
    pub(super) place: usize,
    pub(super) conversation: Vec<MessageDigest>,
    /// Its answer is in the binary transport.
    pub(super) is_binary: bool,
    /// Its messages hold a message or a call of an agent.
    pub(super) has_history: bool,
    /// The recorded client gave it up.
    pub(super) is_given_up: bool,
    /// The agent did not answer; the client got an answer of the recorder.
    pub(super) is_unanswered: bool,
    /// A connect that was answered with an empty history.
    pub(super) is_empty_history: bool,
}

/// A message in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MessageDigest {
    /// Role and names of tool calls.
    shape: u64,
    /// The content; nothing when an id of the request stands in it.
    content: Option<u64>,
}

impl MessageDigest {
    /// Whether two messages may be the same under some ids.
    pub(super) fn may_be(self, live: Self) -> bool {
        self.shape == live.shape && self.content.is_none_or(|content| Some(content) == live.content)
    }
}

impl RequestDigest {
    /// Its thread, when only path or query name it, and its place are found
    /// once all threads are known: [`RequestDigest::settle`].
    pub(super) fn of(recorded: &Recorded) -> Self {
        let exchange = &recorded.exchange;
        let mut reading = read(recorded);
        let thread_id = reading.thread_id().map(str::to_owned);
        let run_id = reading.run_id().map(str::to_owned);
        let conversation = conversation(&reading, &Ids::of(&reading));
        let has_history = reading.messages().iter().any(|message| {
            let role = message.get("role").and_then(Value::as_str);
            role == Some("assistant") || role == Some("tool")
        });
        reading.value = None;
        reading.raw = Vec::new();
        // A body that cannot be read still answers: sending it gives the reason.
        let is_binary = reading.kind == Kind::Run && matches!(recorded.media(), Ok(Some(Media::Records)));
        Self {
            thread_id,
            run_id,
            place: 0,
            conversation,
            is_binary,
            has_history,
            is_given_up: exchange.ending == Ending::ClientLeft && (reading.kind != Kind::Run || exchange.body_len == 0),
            // The bytes of another protocol are not recorded.
            is_unanswered: exchange.ending == Ending::NoAnswer || exchange.relayed.is_some(),
            is_empty_history: reading.kind == Kind::Connect && history::is_empty(recorded),
            reading,
        }
    }

    /// Whether a client that does again what was recorded asks for it, and gets it.
    pub(super) fn may_be_asked_for(&self) -> bool {
        self.reading.method != "OPTIONS" && !self.is_given_up && !self.is_unanswered
    }

    /// Finds the thread that path or query name, when the body names none, and
    /// its place there. `runs` counts the runs of each thread so far.
    pub(super) fn settle(&mut self, threads: &BTreeSet<String>, runs: &mut BTreeMap<String, usize>) {
        if self.thread_id.is_none() {
            let named = self.reading.thread_among(|word| threads.contains(word));
            self.thread_id = named.map(str::to_owned);
        }
        if let Some(thread) = &self.thread_id {
            let runs = runs.entry(thread.clone()).or_default();
            self.place = *runs;
            *runs += usize::from(self.reading.kind == Kind::Run);
        }
    }

    /// Whether it may answer a request about a thread that is none of the
    /// recorded ones and follows none yet, though it is of a recorded thread.
    /// A run is chosen by its conversation. Of the rest only what tells nothing
    /// of that thread: an empty history, or a change that came before its first
    /// run, such as the one that makes a thread.
    pub(super) fn may_open_a_thread(&self) -> bool {
        match self.reading.kind {
            Kind::Run => true,
            Kind::Connect => self.is_empty_history,
            Kind::Other => self.place == 0 && self.reading.method != "GET",
        }
    }

    /// Whether it goes on with a conversation that began in another thread: a
    /// fallback's answer to a thread that followed a recorded one is recorded
    /// under that thread's own id.
    pub(super) fn goes_on(&self) -> bool {
        self.reading.kind == Kind::Run && self.place == 0 && self.has_history
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

/// Bytes of ids up to which they are looked for in contents.
const IDS_LEN: usize = 1024 * 1024;

/// Ids that may stand in the contents of messages.
pub(super) enum Ids {
    None,
    Some(AhoCorasick),
    /// More than are looked for; any content may hold one.
    Many,
}

impl Ids {
    fn of(reading: &Reading) -> Self {
        let mut ids = ids_of(reading);
        ids.retain(|id| !id.is_empty());
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Self::None;
        }
        match ids.iter().map(String::len).sum::<usize>() <= IDS_LEN {
            true => AhoCorasick::new(&ids).map_or(Self::Many, Self::Some),
            false => Self::Many,
        }
    }

    fn may_stand_in(&self, text: &str) -> bool {
        match self {
            Self::None => false,
            Self::Some(ids) => ids.is_match(text),
            Self::Many => true,
        }
    }
}

/// The messages in short. `ids` may stand in their contents.
pub(super) fn conversation(reading: &Reading, ids: &Ids) -> Vec<MessageDigest> {
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

fn line(message: &Value, ids: &Ids) -> MessageDigest {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let calls = message.get("toolCalls").and_then(Value::as_array).unwrap_or_default();
    let names: Vec<String> = calls
        .iter()
        .map(|call| text(call.get("function").and_then(|function| function.get("name"))))
        .collect();
    MessageDigest {
        shape: hash((text(message.get("role")), names)),
        content: content(message.get("content"), ids),
    }
}

/// Text is read as it stands, parts and JSON only as far as they are compared by value.
fn content(content: Option<&Value>, ids: &Ids) -> Option<u64> {
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
    (!may_vary && !ids.may_stand_in(&text)).then(|| hash(text))
}

fn hash(value: impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
