//! One request, from its head to the head of its answer.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use http::{HeaderValue, Method, Request, Response, StatusCode, Version, header, request::Parts};
use http_body::Body as _;
use hyper::upgrade::OnUpgrade;
use scrubjay_session::exchange::{Ending, HttpVersion, RequestHead, ResponseHead};

use crate::{
    body::{BreakSign, ClientBody, RequestBody, RequestTee, ResponseTee, drain},
    capture::Capture,
    connection::Connection,
    framing::Contradiction,
    headers,
    refusal::Refusal,
    relay::Relay,
    source_state::{Route, SourceState},
    upstream_client::{self, BoxError, Unanswered, UpstreamBody},
};

/// Answers a request with the upstream's answer, or with why there is none.
pub(crate) async fn answer(
    state: Arc<SourceState>,
    connection: Arc<Connection>,
    request: Request<RequestBody>,
) -> Response<ClientBody> {
    let started = Instant::now();
    state.stats.request_came();
    let route = state.route();
    let (mut parts, body) = request.into_parts();
    if let Some(refusal) = refusal(&parts, &state, &route).await {
        state.stats.refused(&refusal.sentence);
        return refusal.response();
    }
    let upgrade = Upgrade::asked(&mut parts);
    let (head, sent) = request_heads(&parts, &route, upgrade.is_some());
    let labels = headers::labels(&parts.headers);
    let capture = Capture::begin(&state, &route, &head, &labels, started);
    if let Some(upgrade) = upgrade.as_ref().filter(|_| route.upstream.is_h2c()) {
        let refusal = Refusal::upgrade(&upgrade.protocol, &route.upstream);
        return answer_ourselves(&capture, &refusal, Ending::NoAnswer);
    }
    let client = Client::of(&parts, &state);
    let (body, unsent) = RequestTee::new(body, Arc::clone(&capture));
    let response = match fetch(&state, &route, sent, body, upgrade.is_some(), &capture).await {
        Ok(response) => response,
        // The upstream is not at fault.
        Err(_) if capture.is_request_broken() => {
            return answer_ourselves(&capture, &Refusal::broken_request(), Ending::ClientLeft);
        }
        Err(error) => {
            unsent.record().await;
            let unanswered = upstream_client::unanswered(&route.upstream, error.as_ref());
            return no_answer(&state, &capture, unanswered);
        }
    };
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return forward(response, &state, &route, &client, capture, connection);
    }
    match upgrade {
        Some(upgrade) => switch(response, &state, &route, &client, upgrade, capture, &connection),
        None => no_answer(&state, &capture, upstream_client::unasked_switch(&route.upstream)),
    }
}

fn no_answer(state: &SourceState, capture: &Capture, unanswered: Unanswered) -> Response<ClientBody> {
    state.stats.unanswered(&unanswered);
    answer_ourselves(capture, &Refusal::unanswered(unanswered), Ending::NoAnswer)
}

/// A client's wish to change the protocol of its connection.
struct Upgrade {
    protocol: String,
    client: OnUpgrade,
}

impl Upgrade {
    /// The wish, if it is one that its connection can fulfil.
    fn asked(parts: &mut Parts) -> Option<Self> {
        let client = parts.extensions.remove::<OnUpgrade>()?;
        let protocol = headers::upgrade_protocol(&parts.headers)?;
        Some(Self { protocol, client })
    }
}

/// What an answer depends on in its client.
struct Client {
    /// Where it reached us.
    authority: String,
    version: Version,
}

impl Client {
    fn of(parts: &Parts, state: &SourceState) -> Self {
        let authority = headers::client_authority(&parts.uri, &parts.headers);
        Self {
            authority: authority.unwrap_or_else(|| state.address.to_string()),
            version: parts.version,
        }
    }
}

/// Whether this request must not be forwarded.
async fn refusal(parts: &Parts, state: &SourceState, route: &Route) -> Option<Refusal> {
    if parts.method == Method::CONNECT {
        return Some(Refusal::tunnel(&route.upstream));
    }
    leads_back(state, route)
        .await
        .then(|| Refusal::own_tail(&route.upstream))
}

/// Whether the upstream is this source. Only an equal port makes it worth asking.
async fn leads_back(state: &SourceState, route: &Route) -> bool {
    let (host, port) = (route.upstream.host(), route.upstream.port());
    if port != state.address.port() {
        return false;
    }
    if route.upstream.points_at(state.address) {
        return true;
    }
    let is_ours = |ip: std::net::IpAddr| {
        let own = state.address.ip();
        ip == own || (ip.is_loopback() && own.is_loopback()) || (own.is_unspecified() && is_of_this_machine(ip))
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    tokio::net::lookup_host((bare, port))
        .await
        .is_ok_and(|mut found| found.any(|address| is_ours(address.ip())))
}

/// An address can be bound if an interface has it.
fn is_of_this_machine(ip: std::net::IpAddr) -> bool {
    std::net::UdpSocket::bind((ip, 0)).is_ok()
}

/// The head as the client sent it, and the one that goes upstream.
fn request_heads(parts: &Parts, route: &Route, is_upgrade: bool) -> (RequestHead, Parts) {
    let client_host = headers::client_authority(&parts.uri, &parts.headers);
    let host = client_host
        .as_deref()
        .filter(|_| route.keeps_host)
        .and_then(|host| HeaderValue::from_str(host).ok())
        .or_else(|| HeaderValue::from_str(&route.upstream.authority()).ok())
        .unwrap_or(HeaderValue::from_static(""));
    let mut sent = parts.clone();
    sent.headers = headers::to_upstream(&parts.headers, &host);
    if is_upgrade {
        headers::keep_upgrade(&mut sent.headers, &parts.headers);
    }
    if parts.version == Version::HTTP_2 {
        headers::join_cookies(&mut sent.headers);
    }
    let mut fields = headers::fields(&parts.headers);
    if let Some(host) = client_host.filter(|_| !parts.headers.contains_key(header::HOST)) {
        // HTTP/2 has it in `:authority`; readers look for it here.
        fields.insert(0, ("host".to_owned(), host.into_bytes()));
    }
    let delivered = headers::fields(&sent.headers);
    let head = RequestHead {
        method: parts.method.to_string(),
        target: headers::target(&parts.uri).to_owned(),
        version: version(parts.version),
        delivered_headers: (delivered != fields).then_some(delivered),
        headers: fields,
    };
    (head, sent)
}

/// Waits for the upstream's head.
async fn fetch(
    state: &Arc<SourceState>,
    route: &Arc<Route>,
    sent: Parts,
    body: RequestTee,
    is_upgrade: bool,
    capture: &Arc<Capture>,
) -> Result<Response<UpstreamBody>, BoxError> {
    let sender = Arc::clone(route);
    let waiting = Waiting {
        sending: Some(Box::pin(async move {
            if is_upgrade {
                sender.client.send_upgrade(sent, body).await
            } else {
                sender.client.send(sent, body).await
            }
        })),
        capture: Arc::clone(capture),
        drains: (route.drains && !is_upgrade).then(|| Arc::clone(state)),
    };
    waiting.await
}

/// The request under way. Dropped when the client leaves: that cancels it, or
/// lets it be read to its end in the background.
struct Waiting {
    sending: Option<Sending>,
    capture: Arc<Capture>,
    drains: Option<Arc<SourceState>>,
}

type Sending = Pin<Box<dyn Future<Output = Result<Response<UpstreamBody>, BoxError>> + Send>>;

impl Future for Waiting {
    type Output = Result<Response<UpstreamBody>, BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let sending = self.sending.as_mut().expect("a finished request is not polled");
        let response = ready!(sending.as_mut().poll(cx));
        self.sending = None;
        Poll::Ready(response)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Some(sending) = self.sending.take() else {
            return;
        };
        match self.drains.take().filter(|state| !state.is_stopping()) {
            Some(state) => state.spawn_drain(drain_from_head(sending, Arc::clone(&self.capture))),
            None => self.capture.abandon(),
        }
    }
}

async fn drain_from_head(sending: Sending, capture: Arc<Capture>) {
    match sending.await {
        Ok(response) => {
            let (parts, body) = response.into_parts();
            capture.response(&response_head(&parts, None));
            drain(body, capture).await;
        }
        Err(_) => capture.abandon(),
    }
}

/// Passes the upstream's consent to another protocol on, and then its bytes.
fn switch(
    mut response: Response<UpstreamBody>,
    state: &Arc<SourceState>,
    route: &Route,
    client: &Client,
    upgrade: Upgrade,
    capture: Arc<Capture>,
    connection: &Connection,
) -> Response<ClientBody> {
    state.stats.upstream_answered();
    let upstream_end = hyper::upgrade::on(&mut response);
    let (mut parts, _empty) = response.into_parts();
    let mut delivered = headers::to_client(&parts.headers, &route.upstream, &client.authority);
    headers::keep_upgrade(&mut delivered, &parts.headers);
    capture.response(&response_head(&parts, Some(&delivered)));
    connection.succeed(Relay::new(upgrade.client, upstream_end, capture).run());
    parts.headers = delivered;
    parts.extensions = http::Extensions::new();
    Response::from_parts(parts, ClientBody::Own(None))
}

/// Passes the upstream's answer on.
fn forward(
    response: Response<UpstreamBody>,
    state: &Arc<SourceState>,
    route: &Route,
    client: &Client,
    capture: Arc<Capture>,
    connection: Arc<Connection>,
) -> Response<ClientBody> {
    state.stats.upstream_answered();
    let (mut parts, body) = response.into_parts();
    let mut delivered = headers::to_client(&parts.headers, &route.upstream, &client.authority);
    if parts.status == StatusCode::UPGRADE_REQUIRED && client.version < Version::HTTP_2 {
        headers::keep_upgrade(&mut delivered, &parts.headers);
    }
    capture.response(&response_head(&parts, Some(&delivered)));
    let contradiction = Contradiction::of(&parts);
    parts.headers = delivered;
    // HTTP/2 wakes under a lock of its own.
    let takes_ahead = parts.version < Version::HTTP_2;
    // The client's connection has its own version, and hyper's extensions are the upstream's.
    parts.version = Version::default();
    parts.extensions = http::Extensions::new();
    let sign = match client.version {
        Version::HTTP_2 => BreakSign::Stream,
        Version::HTTP_11 => BreakSign::AsUpstream,
        _ if body.size_hint().exact().is_some() => BreakSign::AsUpstream,
        _ => BreakSign::Reset,
    };
    let drains = route.drains.then(|| Arc::clone(state));
    let tee = ResponseTee::new(body, takes_ahead, capture, connection, sign, drains).contradicted(contradiction);
    let body = if parts.status == StatusCode::NOT_MODIFIED && tee.is_end_stream() {
        ClientBody::Silent
    } else {
        ClientBody::Tee(tee)
    };
    Response::from_parts(parts, body)
}

fn response_head(parts: &http::response::Parts, delivered: Option<&http::HeaderMap>) -> ResponseHead {
    ResponseHead {
        status: parts.status.as_u16(),
        version: version(parts.version),
        headers: headers::fields(&parts.headers),
        delivered_headers: delivered
            .filter(|delivered| **delivered != parts.headers)
            .map(headers::fields),
    }
}

/// Answers in the upstream's place, and records that.
fn answer_ourselves(capture: &Capture, refusal: &Refusal, ending: Ending) -> Response<ClientBody> {
    capture.response(&refusal.head());
    capture.own_text(&refusal.text());
    capture.end(ending);
    refusal.response()
}

fn version(version: Version) -> HttpVersion {
    match version {
        Version::HTTP_09 | Version::HTTP_10 => HttpVersion::Http10,
        Version::HTTP_2 => HttpVersion::Http2,
        _ => HttpVersion::Http11,
    }
}
