//! Sources: a server that forwards what comes to one upstream.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::request::Parts;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::{Request, Response, body::Incoming};
use tokio::{net::TcpStream, sync::watch};

use crate::{
    answer::answer,
    body::{ClientBody, RequestBody},
    connection::{Connection, UnderWay},
    http_server::{Handler, Hangup, HttpServer, Rejection},
    listener::Listener,
    recorder::Recorder,
    refusal::Refusal,
    source_state::{Route, SourceState},
    stats::{Counts, Sightings},
    tls::Tls,
    upstream::Upstream,
    upstream_client::{BoxError, ClientError},
};

/// A source to run: its name and where it forwards.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name, for the recorder.
    pub name: String,
    pub upstream: Upstream,
    /// `Host` is forwarded as the client sent it, not replaced by the upstream's.
    pub keep_host: bool,
    /// Upstream is read to its end when the client leaves.
    pub drain: bool,
    /// TLS with an `https` upstream.
    pub tls: Tls,
}

impl Source {
    /// A source with default options.
    pub fn new(name: &str, upstream: Upstream) -> Self {
        Self {
            name: name.to_owned(),
            upstream,
            keep_host: false,
            drain: false,
            tls: Tls::default(),
        }
    }
}

/// Why a source could not be run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{upstream} is the address that this source itself listens on")]
    Loop { upstream: String },
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("the listening socket cannot be used")]
    Socket(#[source] io::Error),
}

impl ServeError {
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Loop { .. } => "give the agent's address as the upstream",
            Self::Client(ClientError::Identity(_)) => {
                "check that --key holds the key of the first certificate in --cert"
            }
            Self::Client(_) => "install the system's certificates (ca-certificates), or use http://",
            Self::Socket(_) => "choose another address",
        }
    }
}

/// Accepts connections and forwards what comes, until stopped. Must be called
/// inside a tokio runtime with IO and time; one with several threads lets a
/// slow recorder delay its own exchange only.
///
/// # Errors
/// When the source would forward to itself, or TLS cannot be set up.
pub fn serve(listener: Listener, source: Source, recorder: Arc<dyn Recorder>) -> Result<Running, ServeError> {
    let address = listener.address();
    let route = checked_route(&source, address)?;
    let state = Arc::new(SourceState::new(source.name, address, route, recorder));
    let server = HttpServer::open(listener, Arc::clone(&state)).map_err(ServeError::Socket)?;
    Ok(Running { state, server })
}

fn checked_route(source: &Source, address: SocketAddr) -> Result<Route, ServeError> {
    if source.upstream.points_at(address) {
        return Err(ServeError::Loop {
            upstream: source.upstream.to_string(),
        });
    }
    Ok(Route::new(source)?)
}

/// A source that runs. Dropping it cuts everything off at once.
pub struct Running {
    state: Arc<SourceState>,
    server: HttpServer,
}

impl Running {
    pub fn address(&self) -> SocketAddr {
        self.state.address
    }

    /// What to put into a frontend, `http://127.0.0.1:5290`.
    pub fn url(&self) -> String {
        format!("http://{}", self.state.address)
    }

    pub fn is_recording(&self) -> bool {
        self.state.is_recording()
    }

    /// Forwards without recording; an open exchange gets a hole.
    pub fn pause(&self) {
        self.state.set_recording(false);
    }

    /// Records again. An exchange that began meanwhile stays unrecorded.
    pub fn resume(&self) {
        self.state.set_recording(true);
    }

    /// Sends later requests by other settings; open exchanges keep theirs. The
    /// name stays as it was.
    ///
    /// # Errors
    /// As [`serve`]; then everything stays as it was.
    pub fn reroute(&self, source: &Source) -> Result<(), ServeError> {
        self.state.set_route(checked_route(source, self.state.address)?);
        Ok(())
    }

    /// Counts since it was started.
    pub fn counts(&self) -> Counts {
        self.state.stats.counts()
    }

    /// What was seen, and every change of it.
    pub fn sightings(&self) -> watch::Receiver<Sightings> {
        self.state.stats.watch()
    }

    /// Connects to the upstream once and notes whether it answers. Nothing is sent.
    ///
    /// # Errors
    /// The sentence that is noted in [`Sightings::upstream_failure`].
    pub async fn probe(&self) -> Result<(), String> {
        let route = self.state.route();
        let connected = TcpStream::connect((route.upstream.bare_host(), route.upstream.port())).await;
        match connected {
            Ok(_) => {
                self.state.stats.upstream_answered();
                Ok(())
            }
            Err(error) => {
                let unanswered = crate::upstream_client::unanswered(&route.upstream, &error);
                self.state.stats.unanswered(&unanswered);
                Err(format!("{} {}", unanswered.sentence, unanswered.hint))
            }
        }
    }

    /// Stops: accepts no connection, gives open exchanges this long to end, then cuts
    /// them off. When it returns, every sink has got its end.
    pub async fn stop(self, grace: Duration) {
        self.server.stop(grace).await;
    }
}

impl Handler for SourceState {
    type Body = ClientBody;

    async fn answer(
        self: Arc<Self>,
        connection: Arc<Connection>,
        mut request: Request<Incoming>,
    ) -> Result<Response<ClientBody>, Hangup> {
        let under_way = request.extensions_mut().remove::<Arc<UnderWay>>();
        Ok(answer(self, connection, request.map(|body| RequestBody::Live(body, under_way))).await)
    }

    fn reject(self: Arc<Self>, _: &Parts, why: &Rejection) -> Response<ClientBody> {
        let refusal = Refusal::rejected(why, &self.route().upstream);
        self.stats.request_came();
        self.stats.refused(&refusal.sentence);
        refusal.response()
    }

    fn stands_for(&self, authority: &str, usual_port: u16) -> bool {
        self.route().upstream.is_at(authority, usual_port)
    }

    fn begin_stopping(&self) {
        Self::begin_stopping(self);
    }

    async fn settled(&self) {
        self.drained().await;
        // Streams of HTTP/2 run in tasks of their own, which learn of the end a
        // little later than their connection.
        self.stats.all_ended().await;
    }
}

/// The way to one upstream without a listener of its own, for a server that
/// answers most requests itself and forwards what it cannot.
pub struct Forwarder {
    state: Arc<SourceState>,
}

impl Forwarder {
    /// Forwards what came to `address` to the source's upstream, and records it.
    ///
    /// # Errors
    /// When it would forward to that address, or TLS cannot be set up.
    pub fn new(source: Source, address: SocketAddr, recorder: Arc<dyn Recorder>) -> Result<Self, ServeError> {
        let route = checked_route(&source, address)?;
        let state = Arc::new(SourceState::new(source.name, address, route, recorder));
        Ok(Self { state })
    }

    /// Answers a request, whose body was read already, with the upstream's
    /// answer, or with why there is none.
    pub async fn answer(
        &self,
        connection: Arc<Connection>,
        request: Request<Bytes>,
    ) -> Response<UnsyncBoxBody<Bytes, BoxError>> {
        let request = request.map(|body| RequestBody::Whole(body.into()));
        let response = answer(Arc::clone(&self.state), connection, request).await;
        response.map(http_body_util::BodyExt::boxed_unsync)
    }

    /// As [`Handler::begin_stopping`].
    pub fn begin_stopping(&self) {
        self.state.begin_stopping();
    }

    /// As [`Handler::settled`].
    pub async fn settled(&self) {
        self.state.settled().await;
    }
}
