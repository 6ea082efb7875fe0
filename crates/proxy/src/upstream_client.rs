//! The client that sends requests to the upstream.
//!
//! Requests leave through reqwest. It cannot leave two kinds alone: one without
//! `Accept` would gain the field, and a target like `/a/../b` or `/a|b` would be
//! tidied up. Those leave through the hyper client that reqwest itself stands
//! on, so that an agent gets what the frontend sent.

use std::{
    error::Error as StdError,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, Uri, header, request::Parts};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use reqwest::Url;
use rustls::ClientConfig;
use scrubjay_session::exchange::Ending;

use crate::{
    body::RequestTee,
    descriptors,
    headers::target,
    http_server::{MAX_HEAD_BYTES, MAX_HEADERS},
    tls::Tls,
    upgrade::Upgrades,
    upstream::Upstream,
};

/// Establishing a connection may take this long; nothing after it is timed.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Shorter than the five seconds after which common agent servers close an
/// idle connection, so that a request seldom meets one that is closing.
const IDLE: Duration = Duration::from_secs(3);

/// Why a body or a request failed.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Connections to one upstream.
pub(crate) struct UpstreamClient {
    tidy: reqwest::Client,
    verbatim: Client<HttpsConnector<HttpConnector>, RequestTee>,
    upgrades: Upgrades,
    origin: String,
    upstream: Upstream,
}

/// Why TLS or a client could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("TLS cannot be used: no trusted certificates could be loaded")]
    Certificates(#[source] rustls::Error),
    #[error("the client certificate cannot be used: {0}")]
    Identity(#[source] rustls::Error),
    #[error("the HTTP client could not be set up")]
    Client(#[source] reqwest::Error),
}

impl UpstreamClient {
    /// Makes the clients, and opens no connection.
    pub(crate) fn new(upstream: &Upstream, tls: &Tls) -> Result<Self, ClientError> {
        let tls = tls.config(upstream)?;
        Ok(Self {
            tidy: tidy_client(upstream, tls.clone()).map_err(ClientError::Client)?,
            verbatim: verbatim_client(upstream, tls.clone()),
            upgrades: Upgrades::new(upstream, tls, CONNECT_TIMEOUT),
            origin: format!("{}://{}", upstream.scheme(), upstream.authority()),
            upstream: upstream.clone(),
        })
    }

    /// Sends a request; its URI is the target, its fields are as they shall arrive.
    pub(crate) async fn send(&self, parts: Parts, body: RequestTee) -> Result<Response<UpstreamBody>, BoxError> {
        let target = self.upstream.target_of(target(&parts.uri)).into_owned();
        let url = Url::parse(&format!("{}{target}", self.origin)).ok();
        let is_left_alone = |url: &Url| url.as_str().strip_prefix(&self.origin) == Some(&target);
        match url.filter(is_left_alone) {
            Some(url) if parts.headers.contains_key(header::ACCEPT) => self.send_tidy(url, parts, body).await,
            _ => self.send_verbatim(&target, parts, body).await,
        }
    }

    /// As [`UpstreamClient::send`], for a request that changes the protocol of its connection.
    pub(crate) async fn send_upgrade(
        &self,
        parts: Parts,
        body: RequestTee,
    ) -> Result<Response<UpstreamBody>, BoxError> {
        Ok(self.upgrades.send(parts, body).await?.map(UpstreamBody::Verbatim))
    }

    async fn send_tidy(&self, url: Url, parts: Parts, body: RequestTee) -> Result<Response<UpstreamBody>, BoxError> {
        let mut request = reqwest::Request::new(parts.method, url);
        *request.headers_mut() = parts.headers;
        if !body.is_end_stream() {
            *request.body_mut() = Some(reqwest::Body::wrap(body));
        }
        let response: Response<reqwest::Body> = self.tidy.execute(request).await?.into();
        Ok(response.map(UpstreamBody::Tidy))
    }

    async fn send_verbatim(
        &self,
        target: &str,
        parts: Parts,
        body: RequestTee,
    ) -> Result<Response<UpstreamBody>, BoxError> {
        // In its parts: put after the origin, a target such as `*` would become a part of the host or of its port.
        let uri = Uri::builder()
            .scheme(self.upstream.scheme())
            .authority(self.upstream.authority())
            .path_and_query(target)
            .build()?;
        let mut request = Request::new(body);
        *request.method_mut() = parts.method;
        *request.uri_mut() = uri;
        *request.headers_mut() = parts.headers;
        Ok(self.verbatim.request(request).await?.map(UpstreamBody::Verbatim))
    }
}

fn tidy_client(upstream: &Upstream, mut tls: ClientConfig) -> reqwest::Result<reqwest::Client> {
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE)
        .tcp_nodelay(true)
        .http1_max_headers(MAX_HEADERS)
        .http2_max_header_list_size(MAX_HEAD_BYTES);
    let builder = if upstream.is_h2c() {
        builder.http2_prior_knowledge()
    } else {
        builder
    };
    builder.build()
}

fn verbatim_client(upstream: &Upstream, tls: ClientConfig) -> Client<HttpsConnector<HttpConnector>, RequestTee> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(http);
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .retry_canceled_requests(false)
        .http1_max_headers(MAX_HEADERS)
        .http2_max_header_list_size(MAX_HEAD_BYTES)
        .http2_only(upstream.is_h2c())
        .build(connector)
}

/// The upstream's body, by whichever way it came.
pub(crate) enum UpstreamBody {
    Tidy(reqwest::Body),
    Verbatim(Incoming),
}

impl Body for UpstreamBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = match self.get_mut() {
            Self::Tidy(body) => ready!(Pin::new(body).poll_frame(cx)).map(|frame| frame.map_err(Into::into)),
            Self::Verbatim(body) => ready!(Pin::new(body).poll_frame(cx)).map(|frame| frame.map_err(Into::into)),
        };
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Tidy(body) => body.is_end_stream(),
            Self::Verbatim(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Tidy(body) => body.size_hint(),
            Self::Verbatim(body) => body.size_hint(),
        }
    }
}

/// How a body broke off, by its error: an orderly end of the connection inside
/// of it, or a reset (of the connection, or of its stream) and all else.
pub(crate) fn ending_of(error: &(dyn StdError + 'static)) -> Ending {
    let is_end = causes(error).any(|cause| {
        // HTTP/2 calls every end of a connection a broken pipe.
        let of_h2 = cause.downcast_ref::<h2::Error>().and_then(h2::Error::get_io);
        let io_kind = of_h2.or_else(|| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
        let is_incomplete = cause
            .downcast_ref::<hyper::Error>()
            .is_some_and(hyper::Error::is_incomplete_message);
        is_incomplete || matches!(io_kind, Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe))
    });
    if is_end {
        Ending::UpstreamClosed
    } else {
        Ending::UpstreamReset
    }
}

/// Why no answer came, as it is shown in the place of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unanswered {
    pub(crate) sentence: String,
    pub(crate) hint: &'static str,
    /// It is not the upstream's doing.
    pub(crate) is_ours: bool,
}

/// Why no answer came: a sentence and a hint.
pub(crate) fn unanswered(to: &Upstream, error: &(dyn StdError + 'static)) -> Unanswered {
    let is_of_names = causes(error).any(|cause| cause.to_string().contains("dns error"));
    if descriptors::are_out(error) || is_of_names && descriptors::none_is_left() {
        return Unanswered {
            sentence: format!(
                "Scrubjay has no file descriptor left for a connection to {}; the agent was not asked.",
                to.origin()
            ),
            hint: "Close connections that are not needed, or allow more: ulimit -n.",
            is_ours: true,
        };
    }
    let (sentence, hint) = sentence(to, error);
    Unanswered {
        sentence,
        hint,
        is_ours: false,
    }
}

/// An answer that changes the protocol of a connection, to a request that did not ask for it.
pub(crate) fn unasked_switch(to: &Upstream) -> Unanswered {
    Unanswered {
        sentence: format!(
            "{} changed the protocol of the connection, which was not asked for.",
            to.origin()
        ),
        hint: "Look at the agent's own log.",
        is_ours: false,
    }
}

/// An error, and what caused it, outermost first.
pub(crate) fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn sentence(to: &Upstream, error: &(dyn StdError + 'static)) -> (String, &'static str) {
    let upstream = to.origin();
    let is_hyper = |test: fn(&hyper::Error) -> bool| {
        causes(error)
            .filter_map(|cause| cause.downcast_ref::<hyper::Error>())
            .find(|error| test(error))
    };
    if let Some(tls) = causes(error).find_map(tls_error) {
        let (reason, hint) = crate::tls::reason(to, tls);
        return (format!("TLS with {upstream} failed: {reason}."), hint);
    }
    if causes(error).any(|cause| cause.to_string().contains("dns error")) {
        return (
            format!("The name {} could not be resolved.", to.host()),
            "Check the upstream's address.",
        );
    }
    if let Some(parse) = is_hyper(hyper::Error::is_parse) {
        return unreadable(&upstream, parse);
    }
    if is_hyper(hyper::Error::is_incomplete_message).is_some() {
        return (
            format!("{upstream} closed the connection without an answer."),
            "Look at the agent's own log.",
        );
    }
    unconnected(&upstream, error)
}

/// The system refused or broke the connection, or something else happened that has no sentence of its own.
fn unconnected(upstream: &str, error: &(dyn StdError + 'static)) -> (String, &'static str) {
    let io_error = causes(error).find_map(|cause| cause.downcast_ref::<io::Error>());
    match io_error.map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => (
            format!("Nothing listens at {upstream}: connection refused."),
            "Is the agent running, and on that port?",
        ),
        Some(io::ErrorKind::TimedOut) => (
            format!("{upstream} could not be reached: timed out."),
            "Check the upstream's address and the network.",
        ),
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted) => (
            format!("{upstream} broke off the connection without an answer."),
            "Look at the agent's own log.",
        ),
        _ => {
            let last = causes(error).last().map(ToString::to_string).unwrap_or_default();
            (
                format!("{upstream} gave no answer: {last}."),
                "Check the upstream's address, and the agent's own log.",
            )
        }
    }
}

/// An answer whose head could not be read. What is wrong with its length, the
/// library gives only as text.
fn unreadable(upstream: &str, parse: &hyper::Error) -> (String, &'static str) {
    let message = parse.to_string();
    if parse.is_parse_too_large() {
        return (
            format!("{upstream} answered with a head of more than {MAX_HEADERS} fields or {MAX_HEAD_BYTES} bytes."),
            "Make the agent send fewer or shorter fields.",
        );
    }
    if message.contains("content-length") {
        return (
            format!("{upstream} answered with a Content-Length that is no number, or with two that differ."),
            "Make the agent send one Content-Length, or none.",
        );
    }
    if message.contains("transfer-encoding") {
        return (
            format!("{upstream} answered with a Transfer-Encoding in HTTP/1.0, which has none."),
            "Make the agent answer in HTTP/1.1, or without Transfer-Encoding.",
        );
    }
    (
        format!("{upstream} answered something that is not HTTP."),
        "Check the upstream's scheme and port.",
    )
}

/// TLS errors travel inside of IO errors, at times several deep.
fn tls_error<'a>(cause: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut inner = cause;
    while let Some(wrapped) = inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        inner = wrapped;
    }
    inner.downcast_ref()
}
