//! What an exchange is, before anything is derived of it: what its request asks
//! for, and how the body of its response is read.
//!
//! AG-UI is recognised by content. Neither the path nor the content type
//! decides alone.

use scrubjay_protocol::{
    input::Request,
    media::{Media, Recogniser},
};

use crate::{
    exchange::{RequestHead, field},
    shelf::Shelf,
};

/// Bytes read at a time.
const PIECE_BYTES: u64 = 4 * 1024;
/// Characters of the method in an envelope.
const METHOD_CHARS: usize = 60;

/// What a body is read as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Transport {
    /// Server-sent events.
    Sse,
    /// Length-prefixed protobuf records.
    Protobuf,
    /// Neither; a single document such as JSON. It has no frames.
    #[default]
    Other,
}

impl From<Media> for Transport {
    fn from(media: Media) -> Self {
        match media {
            Media::Sse => Self::Sse,
            Media::Records => Self::Protobuf,
            Media::Other => Self::Other,
        }
    }
}

impl From<Transport> for Media {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Sse => Self::Sse,
            Transport::Protobuf => Self::Records,
            Transport::Other => Self::Other,
        }
    }
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::FromRepr)]
#[repr(u8)]
pub enum Asks {
    /// Something that has nothing to do with runs, as far as is known.
    #[default]
    Other,
    /// Which agents there are, and what they can do.
    Info,
    /// What was said before in a thread.
    Connect,
    Run,
    /// Perhaps a run: it is posted with a part of a RunAgentInput.
    Attempt,
}

impl Asks {
    pub(crate) fn from_code(code: u8) -> Self {
        Self::from_repr(code).unwrap_or_default()
    }
}

/// What a request asks of CopilotKit's single endpoint; empty for another one.
pub fn endpoint_method(body: &[u8]) -> String {
    method_of(&Request::read(body))
}

pub(crate) fn method_of(request: &Request) -> String {
    let method = request.envelope().and_then(|envelope| envelope.method);
    method.map_or_else(String::new, |method| {
        method.to_str_lossy().chars().take(METHOD_CHARS).collect()
    })
}

/// What a request asks for. A connect is recognised by its path or its
/// envelope, because its body is a run input too.
pub(crate) fn asks(head: &RequestHead, request: &Request) -> Asks {
    let path = head.target.split(['?', '#']).next().unwrap_or_default();
    let is_last = |name: &str| path.trim_end_matches('/').rsplit('/').next() == Some(name);
    let method = request.envelope().and_then(|envelope| envelope.method);
    let asks_for = |name: &str| method.as_ref().is_some_and(|method| **method == *name);
    if request.input_value().is_some() {
        return match is_last("connect") || asks_for("agent/connect") {
            true => Asks::Connect,
            false => Asks::Run,
        };
    }
    match head.method.as_str() {
        "POST" if asks_for("info") => Asks::Info,
        "GET" if is_last("info") => Asks::Info,
        // A runtime of one endpoint has the method in the body; without one, the path says it.
        "POST" if is_last("info") && method.is_none() && !request.has_input_member() => Asks::Info,
        "POST" if asks_for("agent/run") || request.has_input_member() => Asks::Attempt,
        _ => Asks::Other,
    }
}

/// How the body of an exchange is read, from its head and its first bytes.
/// `None` while there are too few of them.
///
/// # Errors
/// When the shelf cannot be read.
pub fn transport<S: Shelf>(shelf: &S) -> Result<Option<Transport>, S::Error> {
    let exchange = shelf.exchange()?;
    let Some(head) = &exchange.response else {
        return Ok(None);
    };
    let mut recogniser = Recogniser::new(
        Some(&field(&head.headers, "content-type")),
        &field(&head.headers, "content-encoding"),
    );
    let mut offset = 0;
    while recogniser.media().is_none() && offset < exchange.body_len {
        let piece = shelf.body(offset..exchange.body_len.min(offset + PIECE_BYTES))?;
        if piece.is_empty() {
            break;
        }
        recogniser.push(&piece);
        offset += piece.len() as u64;
    }
    Ok(recogniser.media().map(Transport::from))
}
