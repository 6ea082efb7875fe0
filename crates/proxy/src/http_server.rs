//! An HTTP server: it accepts connections, and closes them when it stops.
//!
//! A [`Handler`] answers requests; an [`HttpServer`] runs it on a listener and
//! stops it. The proxy's sources and the replay server are handlers. Requests
//! that no handler should see (for a foreign host, or readable in two ways) are
//! rejected here, with a [`Rejection`].

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
    connection::{ClientSocket, Connection, UnderWay},
    guard::Guard,
    listener::Listener,
    timeouts::UNFINISHED,
    upstream_client::BoxError,
};

pub use crate::guard::Rejection;

/// Fields of a head, at most; more than any frontend sends.
pub(crate) const MAX_HEADERS: usize = 1000;
/// Bytes of a head, at most: what the library takes of HTTP/1, and so of HTTP/2.
pub(crate) const MAX_HEAD_BYTES: u32 = (8 << 10) + (4 << 10) * 100;

/// Answers the requests of one listener.
pub trait Handler: Send + Sync + 'static {
    /// What answers are made of. A body that fails breaks its answer off.
    type Body: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static;

    /// Answers a request that came over a connection, or breaks it off.
    fn answer(
        self: Arc<Self>,
        connection: Arc<Connection>,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Self::Body>, Hangup>> + Send + 'static;

    /// The answer to a request that is rejected.
    fn reject(self: Arc<Self>, request: &Parts, why: &Rejection) -> Response<Self::Body>;

    /// Whether it answers in the place of a server that a request line names,
    /// as for a client that uses it as its HTTP proxy.
    fn stands_for(&self, authority: &str, usual_port: u16) -> bool {
        let _: (&str, u16) = (authority, usual_port);
        false
    }

    /// Connections that end from here on were cut off by the server.
    fn begin_stopping(&self);

    /// Returns when everything that was open has ended.
    fn settled(&self) -> impl Future<Output = ()> + Send;
}

/// No answer: the connection is broken off (on HTTP/2, the stream). To reset a
/// TCP connection, call [`Connection::close_abruptly`] before.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the connection is broken off without an answer")]
pub struct Hangup;

/// A server that runs. Dropping it cuts everything off at once.
pub struct HttpServer {
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

impl HttpServer {
    /// Accepts connections until stopped. Must be called inside a tokio
    /// runtime with IO and time.
    ///
    /// # Errors
    /// When the runtime does not take the socket.
    pub fn open<H: Handler>(listener: Listener, handler: Arc<H>) -> io::Result<Self> {
        let address = listener.address();
        let guard = Guard {
            hosts: listener.hosts,
            bound: address,
        };
        let socket = TcpListener::from_std(listener.socket)?;
        let stop = Stop::default();
        let shared = Shared {
            handler,
            guard: Arc::new(guard),
            unfinished: Arc::new(Semaphore::new(UNFINISHED)),
        };
        Ok(Self {
            address,
            accepting: Some(tokio::spawn(accept(socket, shared, stop.clone()))),
            stop,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops: accepts no connection, gives open exchanges this long to end, then cuts
    /// them off. When it returns, the handler has settled.
    pub async fn stop(mut self, grace: Duration) {
        self.stop.begin(grace);
        if let Some(accepting) = self.accepting.take() {
            // It ends by itself; the panic hook has reported a panic in it.
            accepting.await.ok();
        }
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        if self.accepting.is_some() {
            self.stop.begin(Duration::ZERO);
        }
    }
}

/// What all connections of a server share.
struct Shared<H> {
    handler: Arc<H>,
    guard: Arc<Guard>,
    /// A permit for each head that may be waited for at a time.
    unfinished: Arc<Semaphore>,
}

impl<H> Clone for Shared<H> {
    fn clone(&self) -> Self {
        Self {
            handler: Arc::clone(&self.handler),
            guard: Arc::clone(&self.guard),
            unfinished: Arc::clone(&self.unfinished),
        }
    }
}

async fn accept<H: Handler>(socket: TcpListener, shared: Shared<H>, stop: Stop) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(stream, shared.clone(), stop.begun.clone()));
                }
                // Out of descriptors, or a client that was gone already: both pass.
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            () = stop.begun.cancelled() => break,
        }
    }
    drop(socket);
    let handler = shared.handler;
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(stop.grace(), all_ended).await.is_err() || stop.grace().is_zero() {
        handler.begin_stopping();
        connections.shutdown().await;
    }
    handler.begin_stopping();
    handler.settled().await;
}

/// One connection of a client.
async fn serve_connection<H: Handler>(stream: TcpStream, shared: Shared<H>, stopping: CancellationToken) {
    // Without it a chunk could wait for the acknowledgement of the last one.
    stream.set_nodelay(true).ok();
    let connection = Arc::new(Connection::default());
    let socket = ClientSocket::new(stream, Arc::clone(&connection), Arc::clone(&shared.unfinished));
    speak_http(socket, shared, Arc::clone(&connection), stopping).await;
    // It has changed its protocol, and ends as that ends.
    if let Some(successor) = connection.successor() {
        successor.await;
    }
}

async fn speak_http<H: Handler>(
    socket: ClientSocket,
    shared: Shared<H>,
    connection: Arc<Connection>,
    stopping: CancellationToken,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        // At once, and not when the answer is first polled: from here on nothing is a head.
        let (under_way, head) = connection.begin_request();
        answer(shared.clone(), Arc::clone(&connection), request, head, under_way)
    });
    let builder = builder();
    let mut serving = pin!(builder.serve_connection_with_upgrades(socket, service));
    // The set polls what was woken, so that a chunk does not touch the lock that
    // all connections share in the token.
    let mut stop: FuturesUnordered<_> = [stopping.cancelled()].into_iter().collect();
    tokio::select! {
        biased;
        // How a connection ended is recorded by the sinks of its exchanges.
        _ended = serving.as_mut() => return,
        Some(()) = stop.next() => serving.as_mut().graceful_shutdown(),
    }
    serving.await.ok();
}

/// Passes a request to the handler, or rejects it.
async fn answer<H: Handler>(
    shared: Shared<H>,
    connection: Arc<Connection>,
    request: Request<Incoming>,
    head: Vec<u8>,
    under_way: UnderWay,
) -> Result<Response<CountedBody<H::Body>>, Hangup> {
    let Shared { handler, guard, .. } = shared;
    let (mut parts, body) = request.into_parts();
    let under_way = Arc::new(under_way);
    let stands_for = |authority: &str, usual_port: u16| handler.stands_for(authority, usual_port);
    let response = match guard.check(&parts, &head, stands_for) {
        Ok(()) => {
            drop(head);
            parts.extensions.insert(Arc::clone(&under_way));
            handler.answer(connection, Request::from_parts(parts, body)).await?
        }
        Err(why) => {
            let mut response = handler.reject(&parts, &why);
            if why.closes() {
                let headers = response.headers_mut();
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            response
        }
    };
    Ok(response.map(|body| CountedBody {
        body,
        _under_way: under_way,
    }))
}

/// A body that ends its request when it has gone.
struct CountedBody<B> {
    body: B,
    _under_way: Arc<UnderWay>,
}

impl<B: Body + Unpin> Body for CountedBody<B> {
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
