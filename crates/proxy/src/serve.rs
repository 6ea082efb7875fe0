//! Accepting connections, and letting go of them.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

use crate::{
    answer::answer,
    exit::ExitError,
    facts::{Counts, Sightings},
    listener::Listener,
    recorder::Recorder,
    station::{Route, Station},
    upstream::Upstream,
    wire::{ClientSocket, Wire},
};

/// Fields of a head, at most; more than any frontend sends.
const MAX_HEADERS: usize = 1000;

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
    /// Certificates (DER) trusted beside the system's, for an `https` upstream.
    pub extra_roots: Vec<Vec<u8>>,
}

impl Source {
    /// A source with nothing out of the ordinary.
    pub fn new(name: &str, upstream: Upstream) -> Self {
        Self {
            name: name.to_owned(),
            upstream,
            keep_host: false,
            drain: false,
            extra_roots: Vec::new(),
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
    let socket = TcpListener::from_std(listener.socket).map_err(ServeError::Socket)?;
    let station = Arc::new(Station::new(source.name, address, route, recorder));
    let stop = Stop::default();
    let accepting = tokio::spawn(accept(socket, Arc::clone(&station), stop.clone()));
    Ok(Running {
        station,
        stop,
        accepting: Some(accepting),
    })
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
    stop: Stop,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Clone, Default)]
struct Stop {
    begun: CancellationToken,
    grace: Arc<Mutex<Duration>>,
}

impl Stop {
    fn begin(&self, grace: Duration) {
        *self.grace.lock().unwrap_or_else(PoisonError::into_inner) = grace;
        self.begun.cancel();
    }

    fn grace(&self) -> Duration {
        *self.grace.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        self.station.facts.gauges.counts()
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
        let host = route.upstream.host().trim_start_matches('[').trim_end_matches(']');
        let connected = TcpStream::connect((host, route.upstream.port())).await;
        match connected {
            Ok(_) => {
                self.station.facts.upstream_answered();
                Ok(())
            }
            Err(error) => {
                let (sentence, hint) = crate::exit::sentence(&route.upstream, &error);
                self.station.facts.upstream_failed(&sentence);
                Err(format!("{sentence} {hint}"))
            }
        }
    }

    /// Stops: accepts nobody, gives open exchanges this long to end, then cuts
    /// them off. When it returns, every tape has got its end.
    pub async fn stop(mut self, grace: Duration) {
        self.stop.begin(grace);
        if let Some(accepting) = self.accepting.take() {
            // It ends by itself; a panic in it was told already.
            drop(accepting.await);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.accepting.is_some() {
            self.stop.begin(Duration::ZERO);
        }
    }
}

async fn accept(socket: TcpListener, station: Arc<Station>, stop: Stop) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(attend(stream, Arc::clone(&station), stop.begun.clone()));
                }
                // Out of descriptors, or a client that was gone already: both pass.
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            () = stop.begun.cancelled() => break,
        }
    }
    drop(socket);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(stop.grace(), all_ended).await.is_err() || stop.grace().is_zero() {
        station.begin_stopping();
        connections.shutdown().await;
    }
    station.begin_stopping();
    station.drained().await;
    all_told(&station).await;
}

/// Streams of HTTP/2 run in tasks of their own, which learn of the end a little
/// later than their connection.
async fn all_told(station: &Station) {
    for _ in 0..200 {
        if station.facts.gauges.counts().open == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// One connection of a client.
async fn attend(stream: TcpStream, station: Arc<Station>, stopping: CancellationToken) {
    // Without it a chunk could wait for the acknowledgement of the last one.
    drop(stream.set_nodelay(true));
    let wire = Arc::new(Wire::default());
    let socket = ClientSocket::new(stream, Arc::clone(&wire));
    let service = service_fn(move |request: Request<Incoming>| {
        let answering = answer(Arc::clone(&station), Arc::clone(&wire), request);
        async move { Ok::<_, Infallible>(answering.await) }
    });
    let builder = builder();
    let mut connection = pin!(builder.serve_connection(socket, service));
    // The set polls what was woken, so that a chunk does not touch the lock that
    // all connections share in the token.
    let mut stop: FuturesUnordered<_> = [stopping.cancelled()].into_iter().collect();
    tokio::select! {
        biased;
        // How a connection ended was told to the tapes of its exchanges.
        ended = connection.as_mut() => return drop(ended),
        Some(()) = stop.next() => connection.as_mut().graceful_shutdown(),
    }
    drop(connection.await);
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .auto_date_header(false)
        .header_read_timeout(None)
        .max_headers(MAX_HEADERS)
        .timer(TokioTimer::new());
    builder
        .http2()
        .auto_date_header(false)
        .max_concurrent_streams(None)
        .timer(TokioTimer::new());
    builder
}
