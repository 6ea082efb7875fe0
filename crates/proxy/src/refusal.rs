//! Answers that are ours and not the upstream's: one sentence and a hint.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

use crate::{body::ClientBody, guard::Rejection, headers::fields, upstream::Upstream, upstream_client::Unanswered};
use scrubjay_session::exchange::{HttpVersion, ResponseHead};

/// Marks an answer of ours.
const MARK: HeaderName = HeaderName::from_static("x-scrubjay-answer");
/// The sentence, for clients that read no body.
const REASON: HeaderName = HeaderName::from_static("x-scrubjay-reason");

/// An answer of ours.
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) kind: &'static str,
    pub(crate) sentence: String,
    pub(crate) hint: String,
}

impl Refusal {
    /// A request that the server does not let through.
    pub(crate) fn rejected(why: &Rejection, upstream: &Upstream) -> Self {
        let (sentence, hint) = match why {
            Rejection::OtherTarget { asked } => (
                format!("This source forwards to {upstream} only, not to {asked}."),
                "Do not use it as a general HTTP proxy; add a source for each agent.".to_owned(),
            ),
            why => (why.sentence(), why.hint()),
        };
        Self {
            status: why.status(),
            kind: "refused",
            sentence,
            hint,
        }
    }

    pub(crate) fn tunnel(upstream: &Upstream) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            kind: "refused",
            sentence: format!("This source opens no tunnels; it forwards plain HTTP requests to {upstream}."),
            hint: "Point the frontend at this address instead of setting HTTPS_PROXY.".to_owned(),
        }
    }

    /// A request to change the protocol of a connection that cannot.
    pub(crate) fn upgrade(protocol: &str, upstream: &Upstream) -> Self {
        let protocol: String = protocol.chars().filter(char::is_ascii_graphic).take(40).collect();
        Self {
            status: StatusCode::NOT_IMPLEMENTED,
            kind: "refused",
            sentence: format!("{upstream} speaks HTTP/2 only, in which no connection can be upgraded to {protocol}."),
            hint: "Give the upstream as http:// if it speaks HTTP/1.1 too.".to_owned(),
        }
    }

    /// The upstream is this very source.
    pub(crate) fn own_tail(upstream: &Upstream) -> Self {
        Self {
            status: StatusCode::LOOP_DETECTED,
            kind: "refused",
            sentence: format!("This source forwards to itself: {upstream} is the address that it listens on."),
            hint: "Give the agent's address as the upstream.".to_owned(),
        }
    }

    /// The client broke its request off, or its body is not framed as its head announces.
    pub(crate) fn broken_request() -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind: "refused",
            sentence: "The body of the request breaks off, or is not framed as its head says.".to_owned(),
            hint: "Send as many bytes as Content-Length says, or whole chunks and the last one.".to_owned(),
        }
    }

    /// The upstream gave no answer, or could not be asked.
    pub(crate) fn unanswered(unanswered: Unanswered) -> Self {
        Self {
            status: if unanswered.is_ours {
                StatusCode::SERVICE_UNAVAILABLE
            } else {
                StatusCode::BAD_GATEWAY
            },
            kind: "no-answer",
            sentence: unanswered.sentence,
            hint: unanswered.hint.to_owned(),
        }
    }

    /// The body's text.
    pub(crate) fn text(&self) -> Bytes {
        Bytes::from(format!("Scrubjay: {}\n{}\n", self.sentence, self.hint))
    }

    pub(crate) fn response(&self) -> Response<ClientBody> {
        let text = self.text();
        let mut response = Response::new(ClientBody::Own(None));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(text.len()));
        headers.insert(MARK, HeaderValue::from_static(self.kind));
        let is_plain = |c: &char| !c.is_control();
        if let Ok(reason) = HeaderValue::from_str(&self.sentence.chars().filter(is_plain).collect::<String>()) {
            headers.insert(REASON, reason);
        }
        *response.body_mut() = ClientBody::Own(Some(text));
        response
    }

    /// As it goes over a connection of HTTP/1 that ends with it.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut response = self.response();
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
        let reason = self.status.canonical_reason().unwrap_or_default();
        let mut bytes = format!("HTTP/1.1 {} {reason}\r\n", self.status.as_u16()).into_bytes();
        for (name, value) in response.headers() {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.text());
        bytes
    }

    /// The head as it is recorded: nothing was sent by the upstream, all was delivered by us.
    pub(crate) fn head(&self) -> ResponseHead {
        ResponseHead {
            status: self.status.as_u16(),
            version: HttpVersion::Http11,
            headers: Vec::new(),
            delivered_headers: Some(fields(self.response().headers())),
        }
    }
}
