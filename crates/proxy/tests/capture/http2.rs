//! HTTP/2 on either side, and TLS to the upstream.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt as _, Empty, StreamBody};
use hyper::{Request, Response, body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use scrubjay_session::exchange::{Ending, HttpVersion};
use scrubjay_testkit::{Gate, MemoryRecorder, RawClient, Step};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::{Proxied, get, post, source_to};

type Part = Result<Frame<Bytes>, std::io::Error>;
type PartBody = StreamBody<std::pin::Pin<Box<dyn futures_util::Stream<Item = Part> + Send>>>;

/// Plays parts to every client; an error resets the stream.
fn played(parts: mpsc::Receiver<Part>) -> PartBody {
    let stream = futures_util::stream::unfold(parts, |mut parts| async { Some((parts.recv().await?, parts)) });
    StreamBody::new(Box::pin(stream))
}

/// Speaks HTTP/2 on one connection, handing each request's writer to the test.
async fn speak_h2(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, sender: mpsc::Sender<mpsc::Sender<Part>>) {
    let service = service_fn(move |_: Request<Incoming>| {
        let sender = sender.clone();
        async move {
            let (parts, played_parts) = mpsc::channel(16);
            sender.send(parts).await.expect("the test should wait for requests");
            let head = Response::builder().header("content-type", "text/event-stream");
            Ok::<_, Infallible>(head.body(played(played_parts)).unwrap())
        }
    });
    // A connection that the test breaks off is no failure of this server.
    drop(
        http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(io), service)
            .await,
    );
}

async fn h2c_agent() -> (SocketAddr, mpsc::Receiver<mpsc::Sender<Part>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, requests) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(speak_h2(stream, sender.clone()));
        }
    });
    (address, requests)
}

/// An agent behind TLS that offers HTTP/2, and its certificate.
async fn tls_agent() -> (SocketAddr, Vec<u8>, mpsc::Receiver<mpsc::Sender<Part>>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate: CertificateDer<'static> = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let mut config = builder
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, requests) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, sender) = (acceptor.clone(), sender.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    speak_h2(stream, sender).await;
                }
            });
        }
    });
    (address, certificate.to_vec(), requests)
}

fn data(text: &str) -> Frame<Bytes> {
    Frame::data(Bytes::copy_from_slice(text.as_bytes()))
}

#[tokio::test]
async fn an_h2c_upstream_streams_and_resets() {
    let (address, mut requests) = h2c_agent().await;
    let recorder = MemoryRecorder::default();
    let running = source_to(&format!("h2c://{address}"), &recorder, |_| {});
    let mut client = RawClient::ask(running.address(), &post("/agent", "{}")).await;
    let parts = requests.recv().await.unwrap();
    parts.send(Ok(data("data: 1\n\n"))).await.unwrap();
    client.until("data: 1\n\n").await;
    parts.send(Ok(data("data: 2\n\n"))).await.unwrap();
    drop(parts);
    assert_eq!(client.whole_answer().await.chunks, [b"data: 1\n\n", b"data: 2\n\n"]);

    let mut client = RawClient::ask(running.address(), &get("/agent")).await;
    let parts = requests.recv().await.unwrap();
    parts.send(Ok(data("data: 3\n\n"))).await.unwrap();
    client.until("data: 3\n\n").await;
    parts.send(Err(std::io::Error::other("the agent died"))).await.unwrap();
    client.until_closed().await;
    let answer = client.partial_answer();
    assert_eq!((answer.text().as_str(), answer.is_whole), ("data: 3\n\n", false));
    let taped = recorder.ended(2).await;
    assert_eq!(
        (taped[0].ending, taped[1].ending),
        (Ending::Complete, Ending::UpstreamReset)
    );
    assert_eq!(taped[0].response.as_ref().unwrap().version, HttpVersion::Http2);
    assert_eq!(taped[0].request.version, HttpVersion::Http11);
}

#[tokio::test]
async fn an_upstream_behind_tls_is_spoken_to_as_it_wishes() {
    let (address, certificate, mut requests) = tls_agent().await;
    let recorder = MemoryRecorder::default();
    let url = format!("https://localhost:{}", address.port());
    let running = source_to(&url, &recorder, |source| source.tls.roots = vec![certificate]);
    // With and without `Accept`: both ways out.
    for request in [get("/a"), "GET /b HTTP/1.1\r\nhost: f\r\n\r\n".to_owned()] {
        let mut client = RawClient::ask(running.address(), &request).await;
        let parts = requests.recv().await.unwrap();
        parts.send(Ok(data("data: 1\n\n"))).await.unwrap();
        drop(parts);
        assert_eq!(client.whole_answer().await.text(), "data: 1\n\n");
    }
    for taped in recorder.ended(2).await {
        assert_eq!(
            (taped.ending, taped.response.unwrap().version),
            (Ending::Complete, HttpVersion::Http2)
        );
    }
}

#[tokio::test]
async fn an_untrusted_certificate_gives_a_sentence() {
    let (address, certificate, _record) = tls_agent().await;
    let (_, stranger, _unused) = tls_agent().await;
    assert_ne!(certificate, stranger);
    let recorder = MemoryRecorder::default();
    let url = format!("https://localhost:{}", address.port());
    let running = source_to(&url, &recorder, |source| source.tls.roots = vec![stranger]);
    let answer = RawClient::ask(running.address(), &get("/")).await.whole_answer().await;
    assert_eq!(answer.status(), 502);
    assert!(
        answer.text().contains(&format!("TLS with {url} failed")),
        "{}",
        answer.text()
    );
    assert_eq!(recorder.only().await.ending, Ending::NoAnswer);
}

async fn h2_client(address: SocketAddr) -> hyper::client::conn::http2::SendRequest<Empty<Bytes>> {
    let stream = TcpStream::connect(address).await.unwrap();
    let io = TokioIo::new(stream);
    let (sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}

fn h2_request(address: SocketAddr) -> Request<Empty<Bytes>> {
    let builder = Request::builder()
        .uri(format!("http://{address}/agent?x=1"))
        .header("accept", "*/*");
    builder
        .header("cookie", "a=1")
        .header("cookie", "b=2")
        .body(Empty::new())
        .unwrap()
}

#[tokio::test]
async fn a_client_may_speak_http_2() {
    let broken = Gate::default();
    let proxied = Proxied::playing(vec![
        Step::sse_head(),
        Step::chunk("data: 1\n\n"),
        Step::Wait(broken.clone()),
        Step::chunk("data: 2\n\n"),
        Step::Close,
    ])
    .await;
    let mut sender = h2_client(proxied.address()).await;
    let response = sender.send_request(h2_request(proxied.address())).await.unwrap();
    assert!(!response.headers().contains_key("transfer-encoding"));
    let mut body = response.into_body();
    let mut next = async || {
        body.frame()
            .await
            .map(|frame| frame.map(|frame| frame.into_data().unwrap()))
    };
    assert_eq!(next().await.unwrap().unwrap(), "data: 1\n\n");
    broken.open();
    assert_eq!(next().await.unwrap().unwrap(), "data: 2\n\n");
    assert!(next().await.unwrap().is_err(), "the stream should be reset, not end");
    let taped = proxied.recorder.only().await;
    assert_eq!(
        (taped.ending, taped.request.version),
        (Ending::UpstreamClosed, HttpVersion::Http2)
    );
    assert_eq!(
        taped.request.headers[0],
        ("host".to_owned(), proxied.address().to_string().into_bytes())
    );
    assert_eq!(proxied.agent.asked()[0].line(), "GET /agent?x=1 HTTP/1.1");
    assert_eq!(
        proxied.agent.asked()[0].values("cookie"),
        ["a=1; b=2"],
        "HTTP/1 wants one"
    );
}

#[tokio::test]
async fn an_http_2_client_that_resets_its_stream_cancels_upstream() {
    let left = Gate::default();
    let proxied = Proxied::playing(vec![
        Step::sse_head(),
        Step::chunk("data: 1\n\n"),
        Step::UntilPeerLeaves,
        Step::Tell(left.clone()),
    ])
    .await;
    let mut sender = h2_client(proxied.address()).await;
    let response = sender.send_request(h2_request(proxied.address())).await.unwrap();
    let mut body = response.into_body();
    assert!(body.frame().await.is_some());
    drop(body);
    left.passed().await;
    assert_eq!(proxied.recorder.only().await.ending, Ending::ClientLeft);
    drop(sender);
}

#[tokio::test]
async fn stopping_ends_the_sinks_of_http_2_streams_too() {
    let proxied = Proxied::playing(vec![
        Step::sse_head(),
        Step::chunk("data: 1\n\n"),
        Step::UntilPeerLeaves,
    ])
    .await;
    let mut sender = h2_client(proxied.address()).await;
    let response = sender.send_request(h2_request(proxied.address())).await.unwrap();
    let mut body = response.into_body();
    assert!(body.frame().await.is_some());
    proxied.running.stop(Duration::ZERO).await;
    assert_eq!(proxied.recorder.exchanges()[0].ending, Ending::RecorderStopped);
}

/// How a stream of HTTP/2 ends at its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum H2End {
    /// `RST_STREAM` with a code.
    Reset(h2::Reason),
    /// The connection ends in order.
    Closed,
}

/// An agent of HTTP/2 that sends something, waits for the gate, and ends so.
async fn h2_agent_ending(end: H2End, gate: Gate) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let gate = gate.clone();
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                let mut bodies = Vec::new();
                // A source asks for everything over one connection.
                loop {
                    let accepted = tokio::select! {
                        accepted = connection.accept() => accepted,
                        () = gate.passed(), if !bodies.is_empty() => break,
                    };
                    let Some(Ok((_, mut respond))) = accepted else { return };
                    let head = Response::builder().header("content-type", "text/event-stream");
                    let mut body = respond.send_response(head.body(()).unwrap(), false).unwrap();
                    body.send_data(Bytes::from_static(b"data: 1\n\n"), false).unwrap();
                    bodies.push(body);
                }
                if let H2End::Reset(reason) = end {
                    bodies.iter_mut().for_each(|body| body.send_reset(reason));
                    while connection.accept().await.is_some() {}
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn each_end_of_an_http_2_upstream_is_kept_apart() {
    let check = async |end: H2End, ending: Ending, closed: scrubjay_testkit::Closed| {
        let gate = Gate::default();
        let address = h2_agent_ending(end, gate.clone()).await;
        let recorder = MemoryRecorder::default();
        let running = source_to(&format!("h2c://{address}"), &recorder, |_| {});
        let mut client = RawClient::ask(running.address(), &get("/")).await;
        client.until("data: 1\n\n").await;
        // A client of HTTP/2 asks for the same.
        let mut sender = h2_client(running.address()).await;
        let response = sender.send_request(h2_request(running.address())).await.unwrap();
        let mut body = response.into_body();
        assert!(body.frame().await.unwrap().is_ok());
        gate.open();
        assert_eq!(client.until_closed().await, closed, "{end:?}");
        assert!(!client.partial_answer().is_whole, "{end:?}");
        let broken = body.frame().await.expect("the stream should not end").unwrap_err();
        let reset = std::error::Error::source(&broken).and_then(|cause| cause.downcast_ref::<h2::Error>());
        let reset = reset.expect("the stream should be reset");
        assert!(reset.is_reset() && reset.is_remote(), "{end:?}: {reset:?}");
        if let H2End::Reset(reason) = end {
            assert_eq!(reset.reason(), Some(reason), "the code passes");
        }
        for taped in recorder.ended(2).await {
            assert_eq!(
                (taped.ending, taped.body()),
                (ending, b"data: 1\n\n".to_vec()),
                "{end:?}"
            );
        }
    };
    use scrubjay_testkit::Closed::{Quietly, WithReset};
    check(
        H2End::Reset(h2::Reason::INTERNAL_ERROR),
        Ending::UpstreamReset,
        WithReset,
    )
    .await;
    check(H2End::Reset(h2::Reason::CANCEL), Ending::UpstreamReset, WithReset).await;
    check(H2End::Closed, Ending::UpstreamClosed, Quietly).await;
}

/// A stream that is reset without an error inside its body has not ended.
#[tokio::test]
async fn a_reset_without_an_error_is_no_end() {
    let gate = Gate::default();
    let address = h2_agent_ending(H2End::Reset(h2::Reason::NO_ERROR), gate.clone()).await;
    let recorder = MemoryRecorder::default();
    let running = source_to(&format!("h2c://{address}"), &recorder, |_| {});
    let mut client = RawClient::ask(running.address(), &get("/")).await;
    client.until("data: 1\n\n").await;
    gate.open();
    client.until_closed().await;
    assert!(!client.partial_answer().is_whole);
    assert_eq!(recorder.only().await.ending, Ending::UpstreamReset);
}
