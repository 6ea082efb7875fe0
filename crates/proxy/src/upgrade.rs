//! Sending a request that changes the protocol of its connection: over a
//! connection of its own, spoken in HTTP/1.1, whose socket can be taken back
//! once the upstream has answered with 101.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{Extensions, Request, Response, Version, request::Parts};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{body::RequestTee, headers::target, upstream::Upstream, upstream_client::BoxError};

/// Connections that change their protocol, to one upstream.
pub(crate) struct Upgrades {
    upstream: Upstream,
    tls: Arc<ClientConfig>,
    connect_timeout: Duration,
}

/// The upstream's end of such a connection.
pub(crate) enum UpstreamSocket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Upgrades {
    pub(crate) fn new(upstream: &Upstream, mut tls: ClientConfig, connect_timeout: Duration) -> Self {
        // HTTP/2 has no Upgrade.
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self {
            upstream: upstream.clone(),
            tls: Arc::new(tls),
            connect_timeout,
        }
    }

    /// Sends a request over a connection of its own; its URI is the target.
    pub(crate) async fn send(&self, mut parts: Parts, body: RequestTee) -> Result<Response<Incoming>, BoxError> {
        parts.version = Version::HTTP_11;
        parts.extensions = Extensions::new();
        parts.uri = self.upstream.target_of(target(&parts.uri)).parse()?;
        let socket = tokio::time::timeout(self.connect_timeout, self.connect())
            .await
            .map_err(|_elapsed| io::Error::from(io::ErrorKind::TimedOut))??;
        let (mut sender, connection) = http1::Builder::new()
            .max_headers(crate::http_server::MAX_HEADERS)
            .handshake(TokioIo::new(socket))
            .await?;
        // It ends with the answer's body, or gives its socket up. Its errors reach the answer.
        tokio::spawn(async move { connection.with_upgrades().await.ok() });
        Ok(sender.send_request(Request::from_parts(parts, body)).await?)
    }

    async fn connect(&self) -> io::Result<UpstreamSocket> {
        let host = self.upstream.bare_host();
        let addresses = tokio::net::lookup_host((host, self.upstream.port()))
            .await
            .map_err(|error| io::Error::new(error.kind(), format!("dns error: {error}")))?;
        let mut failure = io::Error::new(io::ErrorKind::NotFound, "dns error: no address");
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => return self.secured(stream).await,
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    async fn secured(&self, stream: TcpStream) -> io::Result<UpstreamSocket> {
        // Without it a message could wait for the acknowledgement of the last one.
        stream.set_nodelay(true).ok();
        if !self.upstream.is_tls() {
            return Ok(UpstreamSocket::Plain(stream));
        }
        let name = ServerName::try_from(self.upstream.bare_host().to_owned()).map_err(io::Error::other)?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        Ok(UpstreamSocket::Tls(Box::new(connector.connect(name, stream).await?)))
    }
}

impl UpstreamSocket {
    /// The TCP connection below.
    pub(crate) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }
}

impl AsyncRead for UpstreamSocket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for UpstreamSocket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
