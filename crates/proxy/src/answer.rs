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
    body::{BreakSign, ClientBody, Inflow, RequestTee, ResponseTee, drain},
    exit::{self, BoxError, Unanswered, UpstreamBody},
    framing::Contradiction,
    headers,
    reel::Reel,
    refusal::Refusal,
    relay::Relay,
    station::{Route, Station},
    wire::Wire,
};

/// Answers a request with what the upstream says, or with why it does not.
pub(crate) async fn answer(station: Arc<Station>, wire: Arc<Wire>, request: Request<Inflow>) -> Response<ClientBody> {
    let started = Instant::now();
    station.facts.request_came();
    let route = station.route();
    let (mut parts, body) = request.into_parts();
    if let Some(refusal) = refusal(&parts, &station, &route).await {
        station.facts.refused(&refusal.sentence);
        return refusal.response();
    }
    let upgrade = Upgrade::asked(&mut parts);
    let (head, sent) = request_heads(&parts, &route, upgrade.is_some());
    let labels = headers::labels(&parts.headers);
    let reel = Reel::begin(&station, &route.upstream.to_string(), &head, &labels, started);
    if route.is_unverified {
        reel.unverified();
    }
    if let Some(upgrade) = &upgrade
        && route.upstream.is_h2c()
    {
        let refusal = Refusal::upgrade(&upgrade.protocol, &route.upstream);
        return answer_ourselves(&reel, &refusal, Ending::NoAnswer);
    }
    let client = Client::of(&parts, &station);
    let (body, unsent) = RequestTee::new(body, Arc::clone(&reel));
    match fetch(&station, &route, sent, body, upgrade.is_some(), &reel).await {
        Ok(response) => match upgrade.filter(|_| response.status() == StatusCode::SWITCHING_PROTOCOLS) {
            Some(upgrade) => switch(response, &station, &route, &client, upgrade, reel, &wire),
            None if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
                no_answer(&station, &reel, exit::unasked_switch(&route.upstream))
            }
            None => forward(response, &station, &route, &client, reel, wire),
        },
        // It says nothing about the upstream.
        Err(_) if reel.is_request_broken() => answer_ourselves(&reel, &Refusal::broken_request(), Ending::ClientLeft),
        Err(error) => {
            unsent.record().await;
            no_answer(&station, &reel, exit::unanswered(&route.upstream, error.as_ref()))
        }
    }
}

fn no_answer(station: &Station, reel: &Reel, unanswered: Unanswered) -> Response<ClientBody> {
    station.facts.unanswered(&unanswered);
    answer_ourselves(reel, &Refusal::unanswered(unanswered), Ending::NoAnswer)
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
        let protocol = headers::upgrade(&parts.headers)?;
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
    fn of(parts: &Parts, station: &Station) -> Self {
        let authority = headers::client_authority(&parts.uri, &parts.headers);
        Self {
            authority: authority.unwrap_or_else(|| station.address.to_string()),
            version: parts.version,
        }
    }
}

/// Whether this request must not be forwarded.
async fn refusal(parts: &Parts, station: &Station, route: &Route) -> Option<Refusal> {
    if parts.method == Method::CONNECT {
        return Some(Refusal::tunnel(&route.upstream));
    }
    leads_back(station, route)
        .await
        .then(|| Refusal::own_tail(&route.upstream))
}

/// Whether the upstream is this source. Only an equal port makes it worth asking.
async fn leads_back(station: &Station, route: &Route) -> bool {
    let (host, port) = (route.upstream.host(), route.upstream.port());
    if port != station.address.port() {
        return false;
    }
    if route.upstream.points_at(station.address) {
        return true;
    }
    let is_ours = |ip: std::net::IpAddr| {
        let own = station.address.ip();
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
        // HTTP/2 says it elsewhere; readers look for it here.
        fields.insert(0, ("host".to_owned(), host.into_bytes()));
    }
    let delivered = headers::fields(&sent.headers);
    let head = RequestHead {
        method: parts.method.to_string(),
        target: parts
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str())
            .to_owned(),
        version: version(parts.version),
        delivered_headers: (delivered != fields).then_some(delivered),
        headers: fields,
    };
    (head, sent)
}

/// Waits for the upstream's head.
async fn fetch(
    station: &Arc<Station>,
    route: &Arc<Route>,
    sent: Parts,
    body: RequestTee,
    is_upgrade: bool,
    reel: &Arc<Reel>,
) -> Result<Response<UpstreamBody>, BoxError> {
    let sender = Arc::clone(route);
    let waiting = Waiting {
        sending: Some(Box::pin(async move {
            if is_upgrade {
                sender.exit.send_upgrade(sent, body).await
            } else {
                sender.exit.send(sent, body).await
            }
        })),
        reel: Arc::clone(reel),
        drains: (route.drains && !is_upgrade).then(|| Arc::clone(station)),
    };
    waiting.await
}

/// The request under way. Dropped when the client leaves: that cancels it, or
/// hands it over to be read to its end.
struct Waiting {
    sending: Option<Sending>,
    reel: Arc<Reel>,
    drains: Option<Arc<Station>>,
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
        match self.drains.take().filter(|station| !station.is_stopping()) {
            Some(station) => station.spawn_drain(drain_from_head(sending, Arc::clone(&self.reel))),
            None => self.reel.abandon(),
        }
    }
}

async fn drain_from_head(sending: Sending, reel: Arc<Reel>) {
    match sending.await {
        Ok(response) => {
            let (parts, body) = response.into_parts();
            reel.response(&response_head(&parts, None));
            drain(body, reel).await;
        }
        Err(_) => reel.abandon(),
    }
}

/// Passes the upstream's consent to another protocol on, and then its bytes.
fn switch(
    mut response: Response<UpstreamBody>,
    station: &Arc<Station>,
    route: &Route,
    client: &Client,
    upgrade: Upgrade,
    reel: Arc<Reel>,
    wire: &Wire,
) -> Response<ClientBody> {
    station.facts.upstream_answered();
    let upstream_end = hyper::upgrade::on(&mut response);
    let (mut parts, _empty) = response.into_parts();
    let mut delivered = headers::to_client(&parts.headers, &route.upstream, &client.authority);
    headers::keep_upgrade(&mut delivered, &parts.headers);
    reel.response(&response_head(&parts, Some(&delivered)));
    wire.succeed(Relay::new(upgrade.client, upstream_end, reel).run());
    parts.headers = delivered;
    parts.extensions = http::Extensions::new();
    Response::from_parts(parts, ClientBody::Own(None))
}

/// Passes the upstream's answer on.
fn forward(
    response: Response<UpstreamBody>,
    station: &Arc<Station>,
    route: &Route,
    client: &Client,
    reel: Arc<Reel>,
    wire: Arc<Wire>,
) -> Response<ClientBody> {
    station.facts.upstream_answered();
    let (mut parts, body) = response.into_parts();
    let mut delivered = headers::to_client(&parts.headers, &route.upstream, &client.authority);
    if parts.status == StatusCode::UPGRADE_REQUIRED && client.version < Version::HTTP_2 {
        headers::keep_upgrade(&mut delivered, &parts.headers);
    }
    reel.response(&response_head(&parts, Some(&delivered)));
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
    let drains = route.drains.then(|| Arc::clone(station));
    let tee = ResponseTee::new(body, takes_ahead, reel, wire, sign, drains).contradicted(contradiction);
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
fn answer_ourselves(reel: &Reel, refusal: &Refusal, ending: Ending) -> Response<ClientBody> {
    reel.response(&refusal.head());
    reel.own_text(&refusal.text());
    reel.end(ending);
    refusal.response()
}

fn version(version: Version) -> HttpVersion {
    match version {
        Version::HTTP_09 | Version::HTTP_10 => HttpVersion::Http10,
        Version::HTTP_2 => HttpVersion::Http2,
        _ => HttpVersion::Http11,
    }
}
