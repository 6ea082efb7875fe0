//! Accepting connections, and letting go of them: what every server here
//! does alike, whoever answers.
//!
//! An [`Attendant`] answers requests; a [`Front`] runs it on a listener and
//! stops it. The proxy's sources stand on it, and so does the replay server.
//! What no attendant should see (a host that is not ours, a request that two
//! servers could read in two ways) is [`Unwelcome`] and turned away here.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use http::{HeaderValue, header, request::Parts};
use http_body::{Body, Frame, SizeHint};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

use crate::{
    exit::BoxError,
    guard::Guard,
    listener::Listener,
    patience::UNFINISHED,
    wire::{ClientSocket, UnderWay, Wire},
};

pub use crate::guard::Unwelcome;

/// Fields of a head, at most; more than any frontend sends.
pub(crate) const MAX_HEADERS: usize = 1000;
/// Bytes of a head, at most: what the library takes of HTTP/1, and so of HTTP/2.
pub(crate) const MAX_HEAD_BYTES: u32 = (8 << 10) + (4 << 10) * 100;

/// Whoever answers the requests of one listener.
pub trait Attendant: Send + Sync + 'static {
    /// What answers are made of. A body that fails breaks its answer off.
    type Body: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static;

    /// Answers a request that came over a connection, or breaks it off.
    fn answer(
        self: Arc<Self>,
        wire: Arc<Wire>,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Self::Body>, Hangup>> + Send + 'static;

    /// Answers a request that must not be answered, or not by this front.
    fn turn_away(self: Arc<Self>, request: &Parts, why: &Unwelcome) -> Response<Self::Body>;

    /// Whether it answers in the place of a server that a request line names,
    /// as for a client that uses it as its HTTP proxy.
    fn stands_for(&self, authority: &str, usual_port: u16) -> bool {
        let _: (&str, u16) = (authority, usual_port);
        false
    }

    /// From here on whatever is cut off was cut off by us.
    fn begin_stopping(&self);

    /// Ends when everything that was open knows of its end.
    fn settled(&self) -> impl Future<Output = ()> + Send;
}

/// No answer: the connection is broken off (on HTTP/2, the stream). To reset a
/// TCP connection, call [`Wire::close_abruptly`] before.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the connection is broken off without an answer")]
pub struct Hangup;

/// A listener that is attended. Dropping it cuts everything off at once.
pub struct Front {
    address: SocketAddr,
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

impl Front {
    /// Accepts connections until stopped. Must be called inside a tokio
    /// runtime with IO and time.
    ///
    /// # Errors
    /// When the runtime does not take the socket.
    pub fn open<A: Attendant>(listener: Listener, attendant: Arc<A>) -> io::Result<Self> {
        let address = listener.address();
        let guard = Guard {
            hosts: listener.hosts,
            bound: address,
        };
        let socket = TcpListener::from_std(listener.socket)?;
        let stop = Stop::default();
        let gate = Gate {
            attendant,
            guard: Arc::new(guard),
            unfinished: Arc::new(Semaphore::new(UNFINISHED)),
        };
        Ok(Self {
            address,
            accepting: Some(tokio::spawn(accept(socket, gate, stop.clone()))),
            stop,
        })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops: accepts nobody, gives open exchanges this long to end, then cuts
    /// them off. When it returns, the attendant has settled.
    pub async fn stop(mut self, grace: Duration) {
        self.stop.begin(grace);
        if let Some(accepting) = self.accepting.take() {
            // It ends by itself; a panic in it was told already.
            drop(accepting.await);
        }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        if self.accepting.is_some() {
            self.stop.begin(Duration::ZERO);
        }
    }
}

/// What all connections of a front share.
struct Gate<A> {
    attendant: Arc<A>,
    guard: Arc<Guard>,
    /// A permit for each head that may be waited for at a time.
    unfinished: Arc<Semaphore>,
}

impl<A> Clone for Gate<A> {
    fn clone(&self) -> Self {
        Self {
            attendant: Arc::clone(&self.attendant),
            guard: Arc::clone(&self.guard),
            unfinished: Arc::clone(&self.unfinished),
        }
    }
}

async fn accept<A: Attendant>(socket: TcpListener, gate: Gate<A>, stop: Stop) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(attend(stream, gate.clone(), stop.begun.clone()));
                }
                // Out of descriptors, or a client that was gone already: both pass.
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            () = stop.begun.cancelled() => break,
        }
    }
    drop(socket);
    let attendant = gate.attendant;
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(stop.grace(), all_ended).await.is_err() || stop.grace().is_zero() {
        attendant.begin_stopping();
        connections.shutdown().await;
    }
    attendant.begin_stopping();
    attendant.settled().await;
}

/// One connection of a client.
async fn attend<A: Attendant>(stream: TcpStream, gate: Gate<A>, stopping: CancellationToken) {
    // Without it a chunk could wait for the acknowledgement of the last one.
    drop(stream.set_nodelay(true));
    let wire = Arc::new(Wire::default());
    let socket = ClientSocket::new(stream, Arc::clone(&wire), Arc::clone(&gate.unfinished));
    speak_http(socket, gate, Arc::clone(&wire), stopping).await;
    // It has changed its protocol, and ends as that ends.
    if let Some(successor) = wire.successor() {
        successor.await;
    }
}

async fn speak_http<A: Attendant>(socket: ClientSocket, gate: Gate<A>, wire: Arc<Wire>, stopping: CancellationToken) {
    let service = service_fn(move |request: Request<Incoming>| {
        // At once, and not when the answer is first polled: from here on nothing is a head.
        let (under_way, head) = wire.begin_request();
        answer(gate.clone(), Arc::clone(&wire), request, head, under_way)
    });
    let builder = builder();
    let mut connection = pin!(builder.serve_connection_with_upgrades(socket, service));
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

/// Lets a request through to the attendant, or turns it away.
async fn answer<A: Attendant>(
    gate: Gate<A>,
    wire: Arc<Wire>,
    request: Request<Incoming>,
    head: Vec<u8>,
    under_way: UnderWay,
) -> Result<Response<Attended<A::Body>>, Hangup> {
    let Gate { attendant, guard, .. } = gate;
    let (mut parts, body) = request.into_parts();
    let under_way = Arc::new(under_way);
    let stands_for = |authority: &str, usual_port: u16| attendant.stands_for(authority, usual_port);
    let response = match guard.check(&parts, &head, stands_for) {
        Ok(()) => {
            drop(head);
            parts.extensions.insert(Arc::clone(&under_way));
            attendant.answer(wire, Request::from_parts(parts, body)).await?
        }
        Err(why) => {
            let mut response = attendant.turn_away(&parts, &why);
            if why.closes() {
                let headers = response.headers_mut();
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            response
        }
    };
    Ok(response.map(|body| Attended {
        body,
        _under_way: under_way,
    }))
}

/// A body that ends its request when it has gone.
struct Attended<B> {
    body: B,
    _under_way: Arc<UnderWay>,
}

impl<B: Body + Unpin> Body for Attended<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .auto_date_header(false)
        // Many small chunks copied together need fewer calls than a list of them.
        .writev(false)
        // The library's own limit would end connections between requests, too.
        .header_read_timeout(None)
        .max_headers(MAX_HEADERS)
        .timer(TokioTimer::new());
    builder
        .http2()
        .auto_date_header(false)
        .max_header_list_size(MAX_HEAD_BYTES)
        .max_concurrent_streams(None)
        .timer(TokioTimer::new());
    builder
}
