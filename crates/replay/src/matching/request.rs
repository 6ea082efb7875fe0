//! A request as matching sees it, recorded or live.

use scrubjay_protocol::{
    encoding,
    input::Request,
    json::{Value, to_json},
};
use scrubjay_session::exchange::{Headers, field, path_and_query};

/// Bytes of a request's body without its encoding.
const DECODED_LEN: u64 = 64 * 1024 * 1024;

/// What a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A run of an agent.
    Run,
    /// The events of a thread so far, as CopilotKit's clients ask when they begin.
    Connect,
    /// Anything else: information, lists, preflights, errors.
    Other,
}

/// A request, read.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) method: String,
    pub(super) path: String,
    /// Parameters, sorted.
    pub(super) query: Vec<(String, String)>,
    pub(super) kind: Kind,
    /// Method and parameters of an envelope as JSON text, without the thread's id; else empty.
    pub(super) envelope: String,
    /// The thread that the body names: in a run input, or among an envelope's parameters.
    thread: Option<String>,
    /// The run input, or the whole body when it is JSON.
    pub(super) value: Option<Value>,
    /// The body when it is no JSON.
    pub(super) raw: Vec<u8>,
}

impl Reading {
    pub(super) fn of(method: &str, target: &str, headers: &Headers, body: &[u8]) -> Self {
        let coding = field(headers, "content-encoding");
        let decoded = (!coding.is_empty()).then(|| decoded(&coding, body, DECODED_LEN).0);
        let body = decoded.as_deref().unwrap_or(body);
        let request = Request::read(body);
        let (path, query) = split_target(target);
        let envelope = request.envelope();
        let asked = envelope
            .as_ref()
            .and_then(|envelope| envelope.method)
            .map(|method| method.to_str_lossy());
        let kind = kind(&path, asked.as_deref(), request.input_value().is_some());
        let mut params = envelope.as_ref().and_then(|envelope| envelope.params).cloned();
        if let Some(params) = &mut params {
            params.remove("threadId");
        }
        let is_envelope = envelope.is_some();
        let value = request.input_value().or(request.value.as_ref()).cloned();
        let thread = named_thread(value.as_ref()).or_else(|| named_thread(params_of(request.value.as_ref())));
        let envelope = if is_envelope {
            let params = params.map(|params| to_json(&Value::Object(params)));
            format!("{} {}", asked.unwrap_or_default(), params.unwrap_or_default())
        } else {
            String::new()
        };
        Self {
            method: method.to_ascii_uppercase(),
            path,
            query,
            kind,
            envelope,
            thread,
            raw: if value.is_some() { Vec::new() } else { body.to_vec() },
            value,
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.value.as_ref()?.get(name)?.as_str()
    }

    /// The thread that the body names.
    pub(super) fn thread_id(&self) -> Option<&str> {
        self.thread.as_deref()
    }

    /// The thread that the body names, or else the first of these that path or query name.
    pub(super) fn thread_among(&self, is_thread: impl Fn(&str) -> bool) -> Option<&str> {
        let in_query = self.query.iter().map(|(_, value)| value.as_str());
        let mut named = self.path.split('/').chain(in_query);
        self.thread_id().or_else(|| named.find(|word| is_thread(word)))
    }

    pub(super) fn run_id(&self) -> Option<&str> {
        self.text("runId")
    }

    pub(super) fn messages(&self) -> &[Value] {
        self.list("messages")
    }

    pub(super) fn list(&self, name: &str) -> &[Value] {
        let value = self.value.as_ref().and_then(|value| value.get(name));
        value.and_then(Value::as_array).unwrap_or_default()
    }
}

/// A body without its encoding, as far as the limit; and whether that is all of it.
pub(super) fn decoded(coding: &str, body: &[u8], limit_len: u64) -> (Vec<u8>, bool) {
    let mut decoder = encoding::Decoder::new(coding).with_limits(encoding::Limits {
        output_len: limit_len,
        ..encoding::Limits::default()
    });
    let mut decoded = Vec::new();
    decoder.push(body, &mut |piece| decoded.extend_from_slice(piece));
    decoder.finish(&mut |piece| decoded.extend_from_slice(piece));
    let is_whole = decoder.problems().is_empty();
    (decoded, is_whole)
}

fn named_thread(value: Option<&Value>) -> Option<String> {
    value?.get("threadId")?.as_str().map(str::to_owned)
}

/// What stands beside the method in CopilotKit's single endpoint.
fn params_of(body: Option<&Value>) -> Option<&Value> {
    let body = body?;
    body.get("method")?.as_str()?;
    body.get("params")
}

/// Connects are recognised by where they go, because their bodies are run inputs too.
fn kind(path: &str, asked: Option<&str>, is_input: bool) -> Kind {
    let mut segments = path.trim_end_matches('/').rsplit('/');
    let ends = [segments.next(), segments.next(), segments.next()];
    let connects = match asked {
        Some(method) => method == "agent/connect",
        None => matches!(ends, [Some("connect"), Some(_), Some("agent")]),
    };
    match (is_input, connects) {
        (true, true) => Kind::Connect,
        (true, false) => Kind::Run,
        (false, _) => Kind::Other,
    }
}

fn split_target(target: &str) -> (String, Vec<(String, String)>) {
    let (path, query) = path_and_query(target);
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    pairs.sort();
    (path.to_owned(), pairs)
}
