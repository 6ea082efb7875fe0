//! Sources: a front that forwards what comes to one upstream.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::request::Parts;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::{Request, Response, body::Incoming};
use tokio::{net::TcpStream, sync::watch};

use crate::{
    answer::answer,
    body::{ClientBody, Inflow},
    exit::{BoxError, ExitError},
    facts::{Counts, Sightings},
    front::{Attendant, Front, Hangup, Unwelcome},
    listener::Listener,
    recorder::Recorder,
    refusal::Refusal,
    station::{Route, Station},
    tls::Tls,
    upstream::Upstream,
    wire::{UnderWay, Wire},
};

/// A source to run: its name and where it forwards.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name, told to the recorder.
    pub name: String,
    /// Where it forwards.
    pub upstream: Upstream,
    /// `Host` is forwarded as the client sent it, not replaced by the upstream's.
    pub keep_host: bool,
    /// Upstream is read to its end when the client leaves.
    pub drain: bool,
    /// TLS with an `https` upstream.
    pub tls: Tls,
}

impl Source {
    /// A source with nothing out of the ordinary.
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
    /// It would forward to itself.
    #[error("{upstream} is the address that this source itself listens on")]
    Loop {
        /// The upstream, as text.
        upstream: String,
    },
    /// The way to the upstream.
    #[error(transparent)]
    Exit(#[from] ExitError),
    /// The listening socket.
    #[error("the listening socket cannot be used")]
    Socket(#[source] io::Error),
}

impl ServeError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Loop { .. } => "give the agent's address as the upstream",
            Self::Exit(ExitError::Identity(_)) => "check that --key holds the key of the first certificate in --cert",
            Self::Exit(_) => "install the system's certificates (ca-certificates), or use http://",
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
    let station = Arc::new(Station::new(source.name, address, route, recorder));
    let front = Front::open(listener, Arc::clone(&station)).map_err(ServeError::Socket)?;
    Ok(Running { station, front })
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
    station: Arc<Station>,
    front: Front,
}

impl Running {
    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.station.address
    }

    /// What to put into a frontend, `http://127.0.0.1:5290`.
    pub fn url(&self) -> String {
        format!("http://{}", self.station.address)
    }

    /// Whether what passes is recorded.
    pub fn is_recording(&self) -> bool {
        self.station.is_recording()
    }

    /// Forwards without recording; an open exchange gets a hole.
    pub fn pause(&self) {
        self.station.set_recording(false);
    }

    /// Records again. An exchange that began meanwhile stays unrecorded.
    pub fn resume(&self) {
        self.station.set_recording(true);
    }

    /// Sends later requests by other settings; open exchanges keep theirs. The
    /// name stays as it was.
    ///
    /// # Errors
    /// As [`serve`]; then everything stays as it was.
    pub fn reroute(&self, source: &Source) -> Result<(), ServeError> {
        self.station.set_route(checked_route(source, self.station.address)?);
        Ok(())
    }

    /// Counts since it was started.
    pub fn counts(&self) -> Counts {
        self.station.facts.counts()
    }

    /// What was seen, and word of every change.
    pub fn sightings(&self) -> watch::Receiver<Sightings> {
        self.station.facts.watch()
    }

    /// Connects to the upstream once and notes whether it answers. Nothing is sent.
    ///
    /// # Errors
    /// The sentence that is noted in [`Sightings::upstream_failure`].
    pub async fn probe(&self) -> Result<(), String> {
        let route = self.station.route();
        let connected = TcpStream::connect((route.upstream.bare_host(), route.upstream.port())).await;
        match connected {
            Ok(_) => {
                self.station.facts.upstream_answered();
                Ok(())
            }
            Err(error) => {
                let unanswered = crate::exit::unanswered(&route.upstream, &error);
                self.station.facts.unanswered(&unanswered);
                Err(format!("{} {}", unanswered.sentence, unanswered.hint))
            }
        }
    }

    /// Stops: accepts nobody, gives open exchanges this long to end, then cuts
    /// them off. When it returns, every tape has got its end.
    pub async fn stop(self, grace: Duration) {
        self.front.stop(grace).await;
    }
}

impl Attendant for Station {
    type Body = ClientBody;

    async fn answer(
        self: Arc<Self>,
        wire: Arc<Wire>,
        mut request: Request<Incoming>,
    ) -> Result<Response<ClientBody>, Hangup> {
        let under_way = request.extensions_mut().remove::<Arc<UnderWay>>();
        Ok(answer(self, wire, request.map(|body| Inflow::Live(body, under_way))).await)
    }

    fn turn_away(self: Arc<Self>, _: &Parts, why: &Unwelcome) -> Response<ClientBody> {
        let refusal = Refusal::unwelcome(why, &self.route().upstream);
        self.facts.request_came();
        self.facts.refused(&refusal.sentence);
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
        self.facts.all_ended().await;
    }
}

/// The way to one upstream without a listener of its own, for a server that
/// answers most requests itself and hands on what it cannot.
pub struct Forwarder {
    station: Arc<Station>,
}

impl Forwarder {
    /// Forwards what came to `address` as the source says, and records it.
    ///
    /// # Errors
    /// When it would forward to that address, or TLS cannot be set up.
    pub fn new(source: Source, address: SocketAddr, recorder: Arc<dyn Recorder>) -> Result<Self, ServeError> {
        let route = checked_route(&source, address)?;
        let station = Arc::new(Station::new(source.name, address, route, recorder));
        Ok(Self { station })
    }

    /// Answers a request, whose body was read already, with what the upstream
    /// says, or with why it does not.
    pub async fn answer(&self, wire: Arc<Wire>, request: Request<Bytes>) -> Response<UnsyncBoxBody<Bytes, BoxError>> {
        let request = request.map(|body| Inflow::Whole(body.into()));
        let response = answer(Arc::clone(&self.station), wire, request).await;
        response.map(http_body_util::BodyExt::boxed_unsync)
    }

    /// As [`Attendant::begin_stopping`].
    pub fn begin_stopping(&self) {
        self.station.begin_stopping();
    }

    /// As [`Attendant::settled`].
    pub async fn settled(&self) {
        self.station.settled().await;
    }
}
