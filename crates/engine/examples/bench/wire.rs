//! The two ends of a capture bench, and the bare pass-through beside it.
//!
//! Agent and client speak raw HTTP/1.1 over sockets, so that what is measured
//! is what stands between them.

use std::{
    convert::Infallible,
    error::Error,
    net::SocketAddr,
    sync::OnceLock,
    time::{Duration, Instant},
};

use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, BufWriter},
    net::{TcpListener, TcpStream},
};

/// The body of every request.
const INPUT: &str = "{}";
const RUN_STARTED: &str = "data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n";
const MESSAGE_STARTED: &str = "data: {\"type\":\"TEXT_MESSAGE_START\",\"messageId\":\"m\",\"role\":\"assistant\"}\n\n";

pub(crate) type Failed = Box<dyn Error + Send + Sync>;

/// Nanoseconds since the bench began, for stamps inside events.
fn now_ns() -> u64 {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    u64::try_from(BEGAN.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Listens and answers every request with a stream: `/events/GAP_US/COUNT/LEN`,
/// a run of COUNT deltas, of LEN bytes each.
pub(crate) async fn agent() -> Result<SocketAddr, Failed> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    Ok(address)
}

async fn answer(stream: TcpStream) -> Result<(), Failed> {
    stream.set_nodelay(true)?;
    let (read, write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let first = lines.next_line().await?.ok_or("no request line")?;
    while lines.next_line().await?.is_some_and(|line| !line.is_empty()) {}
    // A request left unread would turn the close at the end into a reset.
    lines.into_inner().read_exact(&mut [0; INPUT.len()]).await?;
    let numbers: Vec<u64> = first.split([' ', '/']).filter_map(|word| word.parse().ok()).collect();
    let [gap_us, count, len, ..] = numbers[..] else {
        return Err("the path gives no gap, count and length".into());
    };
    let mut write = BufWriter::with_capacity(64 << 10, write);
    write
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n")
        .await?;
    for event in [RUN_STARTED, MESSAGE_STARTED] {
        write.write_all(&chunk(event)).await?;
    }
    let filler = "x".repeat(usize::try_from(len)?.saturating_sub(90));
    let mut ticks = tokio::time::interval(Duration::from_micros(gap_us.max(1)));
    for _ in 0..count {
        if gap_us > 0 {
            ticks.tick().await;
        }
        let stamp = if gap_us > 0 { now_ns() } else { 0 };
        let event = format!(
            "data: {{\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"m\",\"delta\":\"{filler}\",\"at\":{stamp:020}}}\n\n"
        );
        write.write_all(&chunk(&event)).await?;
        if gap_us > 0 {
            write.flush().await?;
        }
    }
    write.write_all(b"0\r\n\r\n").await?;
    write.flush().await?;
    Ok(())
}

fn chunk(event: &str) -> Vec<u8> {
    format!("{:x}\r\n{event}\r\n", event.len()).into_bytes()
}

/// Forwards everything to `upstream` and keeps nothing: what hyper alone costs.
pub(crate) async fn pass_through(upstream: SocketAddr) -> Result<SocketAddr, Failed> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Incoming> = Client::builder(TokioExecutor::new()).build(connector);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream.set_nodelay(true));
            let client = client.clone();
            let service = service_fn(move |request| forward(client.clone(), upstream, request));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    Ok(address)
}

async fn forward(
    client: Client<HttpConnector, Incoming>,
    upstream: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<Response<Incoming>, Infallible> {
    *request.uri_mut() = format!("http://{upstream}{}", request.uri().path())
        .parse()
        .expect("the path was one");
    Ok(client.request(request).await.expect("the agent answers"))
}

/// Asks for a stream and gives the delay of each event, in nanoseconds.
pub(crate) async fn delays(address: SocketAddr, gap_us: u64, count: u64) -> Result<Vec<u64>, Failed> {
    let mut stream = request(address, gap_us, count, 200).await?;
    let (mut delays, mut text, mut piece) = (Vec::new(), Vec::new(), vec![0; 64 << 10]);
    while !text.ends_with(b"0\r\n\r\n") {
        let len = stream.read(&mut piece).await?;
        let now = now_ns();
        if len == 0 {
            break;
        }
        text.extend_from_slice(&piece[..len]);
        while let Some(at) = find(&text, b"\"at\":").filter(|at| text.len() >= at + 25) {
            let stamp: u64 = std::str::from_utf8(&text[at + 5..at + 25])?.parse()?;
            delays.push(now.saturating_sub(stamp));
            text.drain(..at + 25);
        }
    }
    Ok(delays)
}

/// Asks for so many streams at once and gives the time until the last ended.
pub(crate) async fn flood(address: SocketAddr, streams: u64, events: u64, len: u64) -> Result<Duration, Failed> {
    let began = Instant::now();
    let tasks: Vec<_> = (0..streams)
        .map(|_| tokio::spawn(swallow(address, events, len)))
        .collect();
    for task in tasks {
        let got = task.await??;
        if got < events * len {
            return Err(format!("a stream ended after {got} bytes").into());
        }
    }
    Ok(began.elapsed())
}

async fn swallow(address: SocketAddr, events: u64, len: u64) -> Result<u64, Failed> {
    let mut stream = request(address, 0, events, len).await?;
    let (mut got, mut piece, mut end) = (0, vec![0; 256 << 10], [0; 5]);
    while &end != b"0\r\n\r\n" {
        let len = stream.read(&mut piece).await?;
        if len == 0 {
            break;
        }
        got += len as u64;
        let last = &piece[len.saturating_sub(5)..len];
        end.rotate_left(last.len());
        end[5 - last.len()..].copy_from_slice(last);
    }
    Ok(got)
}

async fn request(address: SocketAddr, gap_us: u64, count: u64, len: u64) -> Result<TcpStream, Failed> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let request = format!(
        "POST /events/{gap_us}/{count}/{len} HTTP/1.1\r\nhost: {address}\r\naccept: text/event-stream\r\ncontent-length: {}\r\n\r\n{INPUT}",
        INPUT.len()
    );
    stream.write_all(request.as_bytes()).await?;
    Ok(stream)
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}
