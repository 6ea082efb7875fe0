//! A connection that has changed its protocol: bytes go both ways untouched,
//! and each side's end reaches the other as what it was. An end of one
//! direction is passed on as that (half a close), a reset as a reset.

use std::{
    io,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::{rt::TokioIo, server::conn::auto};
use scrubjay_session::exchange::{Ending, Relayed};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, Interest, ReadHalf},
    net::{TcpStream, tcp},
};
use tokio_rustls::client::TlsStream;

use crate::{
    capture::Capture,
    connection::{ClientSocket, reset_when_taken},
    upgrade::UpstreamSocket,
};

/// Bytes read at once. A side that takes nothing stops the other one after
/// these and what the system holds.
const BUFFER_BYTES: usize = 64 << 10;
/// How often sizes are written down while bytes pass, at most.
const REPORT_INTERVAL: Duration = Duration::from_millis(200);

/// Both ends of a connection before they are free of HTTP.
pub(crate) struct Relay {
    client: OnUpgrade,
    upstream: OnUpgrade,
    capture: Arc<Capture>,
}

/// Who sent something, or broke off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    Client,
    Upstream,
}

impl Relay {
    pub(crate) fn new(client: OnUpgrade, upstream: OnUpgrade, capture: Arc<Capture>) -> Self {
        Self {
            client,
            upstream,
            capture,
        }
    }

    /// Passes bytes on until both sides have ended or one has broken off.
    /// Dropping it closes both.
    pub(crate) async fn run(self) {
        let (client, upstream) = tokio::join!(self.client, self.upstream);
        let Some((mut client, from_client)) = client.ok().and_then(client_socket) else {
            return self.capture.abandon();
        };
        let Some((mut upstream, from_upstream)) = upstream.ok().and_then(upstream_socket) else {
            return self.capture.end(Ending::UpstreamReset);
        };
        let meter = Meter::new(self.capture);
        let client_halves = client.split();
        let passed = match &mut upstream {
            UpstreamSocket::Plain(stream) => {
                both_ways(client_halves, stream.split(), from_client, from_upstream, &meter).await
            }
            UpstreamSocket::Tls(stream) => {
                let upstream_halves = tokio::io::split(stream.as_mut());
                both_ways(client_halves, upstream_halves, from_client, from_upstream, &meter).await
            }
        };
        meter.end(passed);
        match passed {
            Ok(()) => {}
            Err(Peer::Client) => reset_when_taken(upstream.tcp()).await,
            Err(Peer::Upstream) => reset_when_taken(&client).await,
        }
    }
}

/// The client's connection, and what was read of it already.
fn client_socket(upgraded: Upgraded) -> Option<(TcpStream, Bytes)> {
    let parts = auto::upgrade::downcast::<ClientSocket>(upgraded).ok()?;
    Some((parts.io.into_tcp(), parts.read_buf))
}

/// The upstream's connection, and what was read of it already.
fn upstream_socket(upgraded: Upgraded) -> Option<(UpstreamSocket, Bytes)> {
    let parts = upgraded.downcast::<TokioIo<UpstreamSocket>>().ok()?;
    Some((parts.io.into_inner(), parts.read_buf))
}

/// Passes on until both have ended; the error is the side that broke off.
async fn both_ways<R: Reads, W: AsyncWrite + Unpin>(
    (client_reads, client_writes): (tcp::ReadHalf<'_>, tcp::WriteHalf<'_>),
    (upstream_reads, upstream_writes): (R, W),
    from_client: Bytes,
    from_upstream: Bytes,
    meter: &Meter,
) -> Result<(), Peer> {
    let mut to_upstream = pin!(pour(Peer::Client, client_reads, upstream_writes, from_client, meter));
    let mut to_client = pin!(pour(
        Peer::Upstream,
        upstream_reads,
        client_writes,
        from_upstream,
        meter
    ));
    // A side that has ended can still break off, and its peer gets a reset then.
    tokio::select! {
        ended = &mut to_upstream => {
            let (client, _writes) = ended?;
            tokio::select! {
                ended = &mut to_client => ended.map(drop),
                () = client.broken() => Err(Peer::Client),
            }
        }
        ended = &mut to_client => {
            let (upstream, _writes) = ended?;
            tokio::select! {
                ended = &mut to_upstream => ended.map(drop),
                () = upstream.broken() => Err(Peer::Upstream),
            }
        }
    }
}

/// One direction, to its end. Gives both halves back.
async fn pour<R: Reads, W: AsyncWrite + Unpin>(
    peer: Peer,
    mut from: R,
    mut to: W,
    read_already: Bytes,
    meter: &Meter,
) -> Result<(R, W), Peer> {
    let mut taken = read_already.to_vec();
    let mut len = taken.len();
    taken.resize(BUFFER_BYTES.max(len), 0);
    loop {
        if len > 0 {
            meter.passed(peer, len);
            let written = async {
                to.write_all(&taken[..len]).await?;
                to.flush().await
            };
            written.await.map_err(|_broken: io::Error| peer.other())?;
        }
        len = match from.read(&mut taken).await {
            Ok(0) => break,
            Ok(len) => len,
            // A TLS peer that closes TCP without a close_notify.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(_) => return Err(peer),
        };
    }
    meter.ended(peer);
    to.shutdown().await.map_err(|_broken| peer.other())?;
    Ok((from, to))
}

impl Peer {
    fn other(self) -> Self {
        match self {
            Self::Client => Self::Upstream,
            Self::Upstream => Self::Client,
        }
    }
}

/// A half that is read, and that can be watched once it has ended.
trait Reads: AsyncRead + Unpin {
    /// Returns when the peer has reset the connection.
    fn broken(&self) -> impl Future<Output = ()>;
}

impl Reads for tcp::ReadHalf<'_> {
    async fn broken(&self) {
        self.ready(Interest::ERROR).await.ok();
    }
}

impl Reads for ReadHalf<&mut TlsStream<TcpStream>> {
    /// Noticed when something is written.
    async fn broken(&self) {
        std::future::pending::<()>().await;
    }
}

/// Counts what passes, and writes that down now and then.
struct Meter {
    capture: Arc<Capture>,
    sent: AtomicU64,
    received: AtomicU64,
    upstream_has_ended: AtomicBool,
    noted_at: Mutex<Instant>,
}

impl Meter {
    fn new(capture: Arc<Capture>) -> Self {
        let meter = Self {
            capture,
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            upstream_has_ended: AtomicBool::new(false),
            noted_at: Mutex::new(Instant::now()),
        };
        meter.note();
        meter
    }

    fn passed(&self, peer: Peer, len: usize) {
        let total = match peer {
            Peer::Client => &self.sent,
            Peer::Upstream => &self.received,
        };
        total.fetch_add(len as u64, Relaxed);
        let mut noted_at = self.noted_at.lock().unwrap_or_else(PoisonError::into_inner);
        if noted_at.elapsed() >= REPORT_INTERVAL {
            *noted_at = Instant::now();
            self.note();
        }
    }

    fn ended(&self, peer: Peer) {
        if peer == Peer::Upstream {
            self.upstream_has_ended.store(true, Relaxed);
        }
    }

    fn note(&self) {
        self.capture.relayed(Relayed {
            sent_len: self.sent.load(Relaxed),
            received_len: self.received.load(Relaxed),
        });
    }

    /// The sizes and the end. An upstream that had sent its last byte before it
    /// broke off has ended: it only took nothing more.
    fn end(&self, passed: Result<(), Peer>) {
        self.note();
        self.capture.end(match passed {
            Err(Peer::Client) => Ending::ClientLeft,
            Err(Peer::Upstream) if !self.upstream_has_ended.load(Relaxed) => Ending::UpstreamReset,
            Ok(()) | Err(Peer::Upstream) => Ending::Complete,
        });
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        // Cut off by stopping; after an end it is ignored.
        self.note();
    }
}
