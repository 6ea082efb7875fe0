//! Answers of the replay itself: a miss, a refusal, an empty history.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Full, combinators::UnsyncBoxBody};
use scrubjay_protocol::{record, text::sentence};
use scrubjay_proxy::{BoxError, http_server::Rejection};
use serde::Serialize;

use super::MARK;
use crate::{
    fault,
    fragment::Format,
    matching::{Difference, Matcher, Miss},
};

/// The code of a `RUN_ERROR` that stands for a miss.
const MISS_CODE: &str = "SCRUBJAY_MISS";

/// What answers are made of.
pub(crate) type MockBody = UnsyncBoxBody<Bytes, BoxError>;

/// No body.
pub(crate) fn empty() -> MockBody {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// An event stream without events: the history of a thread that has none.
pub(crate) fn no_history(request: u64) -> Response<MockBody> {
    let mut response = Response::new(own_body(Vec::new()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(MARK, mark("no-history", request));
    response
}

/// Why there is no recorded answer, as JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Refusal {
    error: String,
    hint: Cow<'static, str>,
    request: u64,
    /// The recordings that come closest, closest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nearest: Vec<Near>,
    #[serde(skip)]
    status: StatusCode,
    /// The first word of the mark.
    #[serde(skip)]
    kind: &'static str,
}

#[derive(Debug, Serialize)]
struct Near {
    exchange: i64,
    method: String,
    target: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
    differences: Vec<Differing>,
}

#[derive(Debug, Serialize)]
struct Differing {
    pointer: String,
    recorded: Option<String>,
    asked: Option<String>,
}

impl From<&Difference> for Differing {
    fn from(difference: &Difference) -> Self {
        Self {
            pointer: difference.pointer.clone(),
            recorded: difference.recorded.clone(),
            asked: difference.asked.clone(),
        }
    }
}

impl Refusal {
    fn new(status: StatusCode, kind: &'static str, error: &str, hint: impl Into<Cow<'static, str>>) -> Self {
        Self {
            error: sentence(error),
            hint: hint.into(),
            request: 0,
            nearest: Vec::new(),
            status,
            kind,
        }
    }

    /// Nothing recorded answers the request.
    pub(crate) fn miss(miss: &Miss, matcher: &Matcher) -> Self {
        let nearest = miss.nearest.iter().filter_map(|near| {
            let exchange = &matcher.recorded(near.recorded)?.exchange;
            Some(Near {
                exchange: exchange.index,
                method: exchange.request.method.clone(),
                target: exchange.request.target.clone(),
                note: near.note.clone(),
                differences: near.differences.iter().map(Differing::from).collect(),
            })
        });
        Self {
            nearest: nearest.collect(),
            ..Self::new(
                StatusCode::NOT_FOUND,
                "miss",
                &miss.reason,
                match matcher.options() {
                    _ if miss.is_of_another_thread => {
                        "Ask it in a thread of its own, by another threadId or by the recorded one; what is asked in one thread is answered from one."
                    }
                    options if options.whole_input => {
                        "Record this request too, or serve without --match exact, which wants every input as it was recorded."
                    }
                    options if options.strict => {
                        "Record this request too, or serve without --strict, which answers each recorded run once."
                    }
                    _ => "Record this request too, or let misses go to an agent: --fallback URL.",
                },
            )
        }
    }

    /// The request's body has more bytes than are compared.
    pub(crate) fn too_large(limit_bytes: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "refused",
            &format!("the body of the request has more than {} MiB", limit_bytes >> 20),
            "Send less: a request is held in memory while it is compared with the recorded ones.",
        )
    }

    /// As a stream with one event, `RUN_ERROR`, if a client with this `Accept` reads one.
    pub(crate) fn as_run_error(&self, request: u64, accept: &str) -> Option<Response<MockBody>> {
        let accept = accept.to_ascii_lowercase();
        let (media_type, format) = if accept.contains("text/event-stream") {
            ("text/event-stream", Format::Sse)
        } else if accept.contains(record::MEDIA_TYPE) {
            (record::MEDIA_TYPE, Format::Record)
        } else {
            return None;
        };
        let event = fault::run_error(format, Some(MISS_CODE), &self.in_a_line());
        let mut response = Response::new(own_body(event.to_vec()));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(MARK, mark(self.kind, request));
        Some(response)
    }

    /// What happened, which recording comes closest, and where it differs.
    fn in_a_line(&self) -> String {
        let Some(near) = self.nearest.first() else {
            return self.error.clone();
        };
        let mut text = format!("{} The closest recording is exchange {}", self.error, near.exchange);
        if !near.note.is_empty() {
            text.push_str(&format!(" ({})", near.note));
        }
        if let Some(first) = near.differences.first() {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
            text.push_str(&format!(
                ": at {} it has {}, and this request {}",
                first.pointer,
                value(&first.recorded),
                value(&first.asked)
            ));
        }
        text.push('.');
        text
    }

    /// A request that the server does not let through.
    pub(crate) fn rejected(why: &Rejection) -> Self {
        Self::new(why.status(), "refused", &why.sentence(), why.hint())
    }

    pub(crate) fn tunnel() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "refused",
            "A replay opens no tunnels; it answers plain HTTP requests",
            "Point the frontend at this address instead of setting HTTPS_PROXY.",
        )
    }

    /// A request to change the protocol.
    pub(crate) fn upgrade() -> Self {
        Self::new(
            StatusCode::NOT_IMPLEMENTED,
            "refused",
            "Upgrading the connection is not supported: of other protocols nothing is recorded",
            "Connect to the agent directly for this endpoint, or let it answer: --fallback URL.",
        )
    }

    /// A page that may not use the replay.
    pub(crate) fn foreign(page: &str) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "refused",
            &format!("Pages of this machine may use this replay, and this request is sent by another: {page}"),
            "If the page is yours, name its origin: --allow-origin ORIGIN.",
        )
    }

    /// Whether this refuses a change of protocol.
    pub(crate) fn is_upgrade(&self) -> bool {
        self.status == StatusCode::NOT_IMPLEMENTED
    }

    /// A fault that answers in place of the recording.
    pub(crate) fn fault(refusal: &fault::Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let error = format!("The fault `{}` answers in place of the recording", refusal.spec);
        Self::new(status, "fault", &error, "Ask again, or serve without this fault.")
    }

    pub(crate) fn error(&self) -> &str {
        &self.error
    }

    pub(crate) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The answer to the request of this number.
    pub(crate) fn response(mut self, request: u64) -> Response<MockBody> {
        self.request = request;
        let text = serde_json::to_vec_pretty(&self).expect("a refusal is plain text");
        let mut response = Response::new(own_body(text));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(MARK, mark(self.kind, request));
        response
    }
}

fn mark(kind: &str, request: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("{kind}; request={request}")).expect("the mark is plain text")
}

fn own_body(text: Vec<u8>) -> MockBody {
    Full::from(text).map_err(|never| match never {}).boxed_unsync()
}
