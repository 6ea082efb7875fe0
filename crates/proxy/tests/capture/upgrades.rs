//! Connections that change their protocol: each conversation is held directly
//! and through a source, and both sides must see the same.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use scrubjay_session::exchange::{Ending, Relayed};
use scrubjay_testkit::{Closed, MemoryRecorder, PATIENCE, RawClient, Step};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, Interest},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes, protocol::CloseFrame};

use crate::{Proxied, get, source_to};

const ASK: &str = "GET /ws?x=1 HTTP/1.1\r\nhost: frontend\r\nconnection: keep-alive, Upgrade\r\nupgrade: noise/2\r\nx-end: to end\r\n\r\n";
const SWITCH: &str =
    "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: noise/2\r\nx-mine: yes\r\n\r\n";

/// Both ends of one conversation after the change of protocol.
struct Ends {
    client: TcpStream,
    upstream: TcpStream,
    /// The request's head as upstream got it.
    asked: String,
    /// The answer's head as the client got it.
    answered: String,
}

/// A conversation that ends by itself; gives what is worth comparing.
trait Conversation: AsyncFn(Ends) -> String {}
impl<F: AsyncFn(Ends) -> String> Conversation for F {}

async fn through(address: SocketAddr, listener: &TcpListener) -> Ends {
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(ASK.as_bytes()).await.unwrap();
    let (mut upstream, _) = listener.accept().await.unwrap();
    let asked = head(&mut upstream).await;
    upstream.write_all(SWITCH.as_bytes()).await.unwrap();
    let answered = head(&mut client).await;
    Ends {
        client,
        upstream,
        asked,
        answered,
    }
}

/// Holds a conversation directly and through a source, and compares. Gives how
/// it was recorded.
async fn the_same(conversation: impl Conversation) -> (Ending, Relayed) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let direct = conversation(through(address, &listener).await).await;
    let recorder = MemoryRecorder::default();
    let running = source_to(&format!("http://{address}"), &recorder, |_| {});
    let proxied = conversation(through(running.address(), &listener).await).await;
    assert_eq!(proxied, direct);
    let taped = recorder.only().await;
    let response = taped.response.as_ref().unwrap();
    assert_eq!((response.status, taped.body()), (101, Vec::new()));
    (taped.ending, taped.relayed.unwrap())
}

/// Reads a head and not one byte more.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(in_time(stream.read_u8()).await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

async fn in_time<T>(waits: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, waits)
        .await
        .expect("nothing here should hang")
}

async fn read(stream: &mut TcpStream, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    in_time(stream.read_exact(&mut bytes)).await.unwrap();
    bytes
}

/// Everything up to the end, and which end it was.
async fn rest(stream: &mut TcpStream) -> (Vec<u8>, Closed) {
    let mut bytes = Vec::new();
    let ended = in_time(stream.read_to_end(&mut bytes)).await;
    let closed = ended.map_or(Closed::WithReset, |_| Closed::Quietly);
    (bytes, closed)
}

fn reset(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
    drop(stream);
}

fn relayed(sent_len: u64, received_len: u64) -> Relayed {
    Relayed { sent_len, received_len }
}

#[tokio::test]
async fn the_heads_pass_and_every_byte_after_them() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let recorder = MemoryRecorder::default();
    let upstream = format!("http://{}", listener.local_addr().unwrap());
    let running = source_to(&upstream, &recorder, |_| {});
    let mut client = TcpStream::connect(running.address()).await.unwrap();
    // Both sides say something in the write of their head.
    client.write_all(format!("{ASK}\0early").as_bytes()).await.unwrap();
    let (mut agent, _) = listener.accept().await.unwrap();
    let asked = head(&mut agent).await;
    assert_eq!(
        asked,
        format!(
            "GET /ws?x=1 HTTP/1.1\r\nhost: {}\r\nx-end: to end\r\nconnection: Upgrade\r\nupgrade: noise/2\r\n\r\n",
            listener.local_addr().unwrap()
        )
    );
    agent.write_all(format!("{SWITCH}\u{1}first").as_bytes()).await.unwrap();
    assert_eq!(
        head(&mut client).await,
        "HTTP/1.1 101 Switching Protocols\r\nx-mine: yes\r\nconnection: Upgrade\r\nupgrade: noise/2\r\n\r\n"
    );
    assert_eq!(read(&mut client, 6).await, b"\x01first");
    assert_eq!(read(&mut agent, 6).await, b"\0early");
    drop((client, agent));
    let taped = recorder.only().await;
    assert_eq!((taped.ending, taped.relayed), (Ending::Complete, Some(relayed(6, 6))));
    assert_eq!(taped.request.target, "/ws?x=1");
}

#[tokio::test]
async fn an_orderly_end_of_the_upstream_leaves_the_other_direction_open() {
    let recorded = the_same(async |mut ends: Ends| {
        ends.upstream.write_all(b"bye").await.unwrap();
        ends.upstream.shutdown().await.unwrap();
        let client = rest(&mut ends.client).await;
        ends.client.write_all(b"and something else").await.unwrap();
        ends.client.shutdown().await.unwrap();
        format!("{client:?} {:?}", rest(&mut ends.upstream).await)
    })
    .await;
    assert_eq!(recorded, (Ending::Complete, relayed(18, 3)));
}

#[tokio::test]
async fn an_orderly_end_of_the_client_leaves_the_other_direction_open() {
    let recorded = the_same(async |mut ends: Ends| {
        ends.client.write_all(b"that is all").await.unwrap();
        ends.client.shutdown().await.unwrap();
        let upstream = rest(&mut ends.upstream).await;
        ends.upstream.write_all(b"then so long").await.unwrap();
        ends.upstream.shutdown().await.unwrap();
        format!("{upstream:?} {:?}", rest(&mut ends.client).await)
    })
    .await;
    assert_eq!(recorded, (Ending::Complete, relayed(11, 12)));
}

#[tokio::test]
async fn a_reset_by_the_upstream_comes_after_its_last_bytes() {
    let recorded = the_same(async |mut ends: Ends| {
        ends.upstream.write_all(&[0xff, 0, 0x81]).await.unwrap();
        let bytes = read(&mut ends.client, 3).await;
        reset(ends.upstream);
        format!("{bytes:?} {:?}", rest(&mut ends.client).await)
    })
    .await;
    assert_eq!(recorded, (Ending::UpstreamReset, relayed(0, 3)));
}

#[tokio::test]
async fn a_client_that_resets_resets_the_upstream() {
    let recorded = the_same(async |mut ends: Ends| {
        ends.client.write_all(b"half a mess").await.unwrap();
        let bytes = read(&mut ends.upstream, 11).await;
        reset(ends.client);
        format!("{bytes:?} {:?}", rest(&mut ends.upstream).await)
    })
    .await;
    assert_eq!(recorded, (Ending::ClientLeft, relayed(11, 0)));
}

/// Nothing more is sent that could fail, so only watching the connection shows it.
#[tokio::test]
async fn a_side_that_ends_and_then_resets_is_noticed_in_silence() {
    let recorded = the_same(async |mut ends: Ends| {
        ends.client.shutdown().await.unwrap();
        let ended = rest(&mut ends.upstream).await;
        reset(ends.client);
        let broken = in_time(ends.upstream.ready(Interest::ERROR)).await.unwrap();
        format!("{ended:?} {}", broken.is_error())
    })
    .await;
    assert_eq!(recorded, (Ending::ClientLeft, relayed(0, 0)));
    let recorded = the_same(async |mut ends: Ends| {
        ends.upstream.shutdown().await.unwrap();
        let ended = rest(&mut ends.client).await;
        reset(ends.upstream);
        let broken = in_time(ends.client.ready(Interest::ERROR)).await.unwrap();
        format!("{ended:?} {}", broken.is_error())
    })
    .await;
    assert_eq!(
        recorded,
        (Ending::Complete, relayed(0, 0)),
        "upstream had sent its last byte"
    );
}

#[tokio::test]
async fn a_side_that_takes_nothing_stops_the_other() {
    const WHOLE: usize = 64 << 20;
    let pour = async |from: &mut TcpStream, to: &mut TcpStream| {
        let bytes: Vec<u8> = (0..WHOLE).map(|at| (at / 7) as u8).collect();
        let mut written = 0;
        // Until the system takes nothing for a while.
        while let Ok(ready) = tokio::time::timeout(Duration::from_millis(500), from.writable()).await {
            ready.unwrap();
            match from.try_write(&bytes[written..]) {
                Ok(len) => written += len,
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
            }
            assert!(written < WHOLE, "it should have had to wait");
        }
        let (sent, taken) = tokio::join!(from.write_all(&bytes[written..]), read(to, WHOLE));
        sent.unwrap();
        assert!(taken == bytes);
    };
    let recorded = the_same(async |mut ends: Ends| {
        pour(&mut ends.upstream, &mut ends.client).await;
        pour(&mut ends.client, &mut ends.upstream).await;
        drop(ends);
        String::new()
    })
    .await;
    assert_eq!(recorded, (Ending::Complete, relayed(WHOLE as u64, WHOLE as u64)));
}

#[tokio::test]
async fn a_refused_upgrade_is_an_answer_like_any_other() {
    let check = async |status: &str, fields: &str, expected: &str| {
        let proxied = Proxied::playing(vec![
            Step::Write(format!("HTTP/1.1 {status}\r\ncontent-length: 4\r\n{fields}\r\n").into_bytes()),
            Step::Write(b"nope".to_vec()),
        ])
        .await;
        let mut client = proxied.ask(ASK).await;
        let answer = client.whole_answer().await;
        assert_eq!(
            (answer.head.as_str(), answer.text().as_str()),
            (expected, "nope"),
            "{status}"
        );
        // The connection still speaks HTTP.
        client.received.clear();
        client.send(get("/next").as_bytes()).await;
        assert_eq!(client.whole_answer().await.text(), "nope");
        let taped = &proxied.recorder.ended(2).await[0];
        assert_eq!(
            (taped.ending, taped.relayed, taped.body().len()),
            (Ending::Complete, None, 4)
        );
    };
    check("200 OK", "", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n").await;
    check(
        "404 Not Found",
        "",
        "HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\n",
    )
    .await;
    check(
        "426 Upgrade Required",
        "connection: Upgrade\r\nupgrade: noise/3\r\n",
        "HTTP/1.1 426 Upgrade Required\r\ncontent-length: 4\r\nconnection: Upgrade\r\nupgrade: noise/3\r\n\r\n",
    )
    .await;
}

#[tokio::test]
async fn an_upgrade_without_an_answer_gives_a_sentence() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let recorder = MemoryRecorder::default();
    let running = source_to(&format!("http://{free}"), &recorder, |_| {});
    let answer = RawClient::ask(running.address(), ASK).await.whole_answer().await;
    assert_eq!(answer.status(), 502);
    assert!(answer.text().contains("connection refused"), "{}", answer.text());
    assert_eq!(recorder.only().await.ending, Ending::NoAnswer);
    let running = source_to(&format!("h2c://{free}"), &MemoryRecorder::default(), |_| {});
    let answer = RawClient::ask(running.address(), ASK).await.whole_answer().await;
    assert_eq!(answer.status(), 501);
    assert!(answer.text().contains("speaks HTTP/2 only"), "{}", answer.text());
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_closes_upstream() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let recorder = MemoryRecorder::default();
    let upstream = format!("http://{}", listener.local_addr().unwrap());
    let running = source_to(&upstream, &recorder, |_| {});
    let client = RawClient::ask(running.address(), ASK).await;
    let (mut agent, _) = listener.accept().await.unwrap();
    head(&mut agent).await;
    drop(client);
    assert_eq!(rest(&mut agent).await.0, b"");
    assert_eq!(recorder.only().await.ending, Ending::ClientLeft);
}

#[tokio::test]
async fn stopping_ends_a_relay_when_its_grace_is_over() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let recorder = MemoryRecorder::default();
    let upstream = format!("http://{}", listener.local_addr().unwrap());
    let running = source_to(&upstream, &recorder, |_| {});
    let mut ends = through(running.address(), &listener).await;
    ends.client.write_all(b"12345").await.unwrap();
    read(&mut ends.upstream, 5).await;
    assert!(ends.asked.starts_with("GET /ws") && ends.answered.starts_with("HTTP/1.1 101"));
    in_time(running.stop(Duration::from_millis(50))).await;
    let taped = recorder.exchanges().remove(0);
    assert_eq!(
        (taped.ending, taped.relayed),
        (Ending::RecorderStopped, Some(relayed(5, 0)))
    );
    assert_eq!(rest(&mut ends.client).await.0, b"");
    assert_eq!(rest(&mut ends.upstream).await.0, b"");
}

#[tokio::test]
async fn a_relay_may_end_within_the_grace() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let recorder = MemoryRecorder::default();
    let upstream = format!("http://{}", listener.local_addr().unwrap());
    let running = source_to(&upstream, &recorder, |_| {});
    let mut ends = through(running.address(), &listener).await;
    let stopped = tokio::spawn(running.stop(Duration::from_secs(60)));
    ends.upstream.write_all(b"last words").await.unwrap();
    drop(ends.upstream);
    assert_eq!(rest(&mut ends.client).await, (b"last words".to_vec(), Closed::Quietly));
    drop(ends.client);
    in_time(stopped).await.unwrap();
    assert_eq!(recorder.exchanges()[0].ending, Ending::Complete);
}

/// Another implementation on both sides: what it sends arrives, and its
/// closing handshake is an orderly end.
#[tokio::test]
async fn a_websocket_works() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let recorder = MemoryRecorder::default();
    let upstream = format!("http://{}", listener.local_addr().unwrap());
    let running = source_to(&upstream, &recorder, |_| {});
    let echo = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        while let Some(Ok(message)) = socket.next().await {
            if message.is_text() || message.is_binary() {
                socket.send(message).await.unwrap();
            }
        }
    });
    let stream = TcpStream::connect(running.address()).await.unwrap();
    let url = format!("ws://{}/ws", running.address());
    let (mut socket, response) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    assert_eq!(response.status(), 101);
    let big = Message::Binary(Bytes::from(vec![7; 3 << 20]));
    for message in [Message::Text(Utf8Bytes::from_static("hello")), big] {
        socket.send(message.clone()).await.unwrap();
        assert!(in_time(socket.next()).await.unwrap().unwrap() == message);
    }
    let close = CloseFrame {
        code: 1000.into(),
        reason: "done".into(),
    };
    socket.close(Some(close)).await.unwrap();
    while let Some(Ok(_)) = in_time(socket.next()).await {}
    in_time(echo).await.unwrap();
    drop(socket);
    let taped = recorder.only().await;
    assert_eq!(taped.ending, Ending::Complete);
    assert!(taped.relayed.unwrap().sent_len > 3 << 20);
}

/// RFC 8441 is not offered, so that a client takes HTTP/1.1 for it.
#[tokio::test]
async fn http_2_is_offered_no_upgrade() {
    let proxied = Proxied::playing(vec![Step::head(&["HTTP/1.1 200 OK", "content-length: 0"])]).await;
    let stream = TcpStream::connect(proxied.address()).await.unwrap();
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let mut sender = sender.ready().await.unwrap();
    let request = http::Request::get("http://frontend/").body(()).unwrap();
    let (response, _) = sender.send_request(request, true).unwrap();
    assert_eq!(in_time(response).await.unwrap().status(), 200);
    // The server's settings came before its answer.
    assert!(!sender.is_extended_connect_protocol_enabled());
    let mut connect = http::Request::new(());
    *connect.method_mut() = http::Method::CONNECT;
    *connect.uri_mut() = "frontend:80".parse().unwrap();
    let (response, _) = sender.send_request(connect, true).unwrap();
    assert_eq!(in_time(response).await.unwrap().status(), 403);
}
