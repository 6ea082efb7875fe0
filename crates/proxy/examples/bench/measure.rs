//! The measuring: an agent that stamps each event with the time at which it
//! writes it, a client that compares, and the ways between them.
//!
//! Each way is measured in turns with the others, so that a machine that gets
//! slower meanwhile does so for all. Client and agent have a runtime of their
//! own, so that a way between them is charged for its own work only.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt, combinators::BoxBody};
use hyper::{Request, Response, Uri, body::Incoming, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use scrubjay_proxy::{Listener, Running, Source, Upstream, recorder::Recorder, serve};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    task::JoinSet,
};

type Failure = Box<dyn std::error::Error>;

const PACE: Duration = Duration::from_millis(2);
const PACED_EVENTS: usize = 500;
const PACED_ROUNDS: usize = 4;
const FLAT_OUT_ROUNDS: usize = 7;
const FLAT_OUT_EVENTS: usize = 200_000;
const EVENT_LEN: usize = 256;

/// Measures straight, bare and each recorder, and prints the table.
pub(crate) fn run(recorders: Vec<(&'static str, Arc<dyn Recorder>)>) -> Result<(), Failure> {
    let ends = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let between = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let agent = ends.block_on(agent())?;
    let bare = between.block_on(bare(agent))?;
    let mut ways = vec![
        Way::new("straight to the agent", agent),
        Way::new("bare hyper pass-through", bare),
    ];
    let mut running = Vec::new();
    for (name, recorder) in recorders {
        let source = captured(&between, agent, recorder)?;
        ways.push(Way::new(name, source.address()));
        running.push(source);
    }
    measure(&ends, &mut ways)?;
    print(&ways);
    for source in running {
        between.block_on(source.stop(Duration::ZERO));
    }
    Ok(())
}

fn captured(runtime: &Runtime, agent: SocketAddr, recorder: Arc<dyn Recorder>) -> Result<Running, Failure> {
    let _inside = runtime.enter();
    let listener = Listener::bind("127.0.0.1:0".parse()?)?;
    let upstream = Upstream::parse(&agent.to_string())?;
    Ok(serve(listener, Source::new("bench", upstream), recorder)?)
}

/// One way from client to agent, and what was measured on it.
struct Way {
    name: &'static str,
    address: SocketAddr,
    /// Nanoseconds from an event's writing to its reading.
    delays_ns: Vec<u64>,
    /// Bytes per second, a value a round.
    one_stream: Vec<f64>,
    hundred_streams: Vec<f64>,
}

impl Way {
    fn new(name: &'static str, address: SocketAddr) -> Self {
        Self {
            name,
            address,
            delays_ns: Vec::new(),
            one_stream: Vec::new(),
            hundred_streams: Vec::new(),
        }
    }
}

fn measure(ends: &Runtime, ways: &mut [Way]) -> Result<(), Failure> {
    for _ in 0..PACED_ROUNDS {
        for way in &mut *ways {
            let delays = ends.block_on(paced(way.address))?;
            // The first events meet cold caches and connections.
            way.delays_ns.extend(delays.iter().skip(20));
        }
    }
    for _ in 0..FLAT_OUT_ROUNDS {
        for way in &mut *ways {
            way.one_stream.push(ends.block_on(flat_out(way.address, 1))?);
            way.hundred_streams.push(ends.block_on(flat_out(way.address, 100))?);
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a benchmark's table is what it is run for")]
fn print(ways: &[Way]) {
    let straight = quantile(&ways[0].delays_ns, 0.5);
    let added = |way: &Way, at: f64| quantile(&way.delays_ns, at).saturating_sub(straight) as f64 / 1e6;
    let bare_added = added(&ways[1], 0.5);
    println!(
        "{PACED_EVENTS} events of {EVENT_LEN} bytes at {} ms, {PACED_ROUNDS} rounds; added = over the median straight",
        PACE.as_millis()
    );
    println!(
        "{FLAT_OUT_EVENTS} events flat out, {FLAT_OUT_ROUNDS} rounds; MB/s over all streams; median (5th percentile)\n"
    );
    println!(
        "{:<26}{:>12}{:>12}{:>9}{:>18}{:>7}{:>18}{:>7}",
        "way", "added p50", "added p95", "x bare", "1 stream", "x bare", "100 streams", "x bare"
    );
    for way in ways {
        let speed = |rounds: &[f64]| format!("{:.0} ({:.0})", middle(rounds) / 1e6, low(rounds) / 1e6);
        let ratio = |rounds: &[f64], bare: &[f64]| middle(rounds) / middle(bare);
        println!(
            "{:<26}{:>9.3} ms{:>9.3} ms{:>9.2}{:>18}{:>7.2}{:>18}{:>7.2}",
            way.name,
            added(way, 0.5),
            added(way, 0.95),
            added(way, 0.5) / bare_added,
            speed(&way.one_stream),
            ratio(&way.one_stream, &ways[1].one_stream),
            speed(&way.hundred_streams),
            ratio(&way.hundred_streams, &ways[1].hundred_streams),
        );
    }
}

fn quantile(values: &[u64], at: f64) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted[((sorted.len() - 1) as f64 * at) as usize]
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn middle(values: &[f64]) -> f64 {
    sorted(values)[values.len() / 2]
}

fn low(values: &[f64]) -> f64 {
    sorted(values)[values.len() / 20]
}

/// Nanoseconds since the program began, the same clock for both ends.
fn now_ns() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Serves `/paced/N` and `/flat/N`: N events, each one transfer chunk.
async fn agent() -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(play(stream));
        }
    });
    Ok(address)
}

async fn play(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = vec![0; 4096];
    let len = stream.read(&mut request).await?;
    let line = String::from_utf8_lossy(&request[..len]).into_owned();
    let mut words = line.split(['/', ' ']).skip(2);
    let is_paced = words.next() == Some("paced");
    let events: usize = words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        .await?;
    if is_paced {
        let mut ticks = tokio::time::interval(PACE);
        for _ in 0..events {
            ticks.tick().await;
            stream.write_all(&event()).await?;
        }
    } else {
        let many: Vec<u8> = (0..256).flat_map(|_| event()).collect();
        let len = event().len();
        for from in (0..events).step_by(256) {
            stream.write_all(&many[..len * (events - from).min(256)]).await?;
        }
    }
    stream.write_all(b"0\r\n\r\n").await?;
    stream.shutdown().await
}

/// A transfer chunk whose event begins with the time of its writing.
fn event() -> Vec<u8> {
    let mut event = format!("{EVENT_LEN:x}\r\ndata: {:020} ", now_ns());
    while event.len() < EVENT_LEN + 5 - 2 {
        event.push('x');
    }
    event.push_str("\n\n\r\n");
    event.into_bytes()
}

async fn ask(address: SocketAddr, target: &str) -> std::io::Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let request = format!("GET {target} HTTP/1.1\r\nhost: bench\r\naccept: text/event-stream\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    Ok(BufReader::with_capacity(64 << 10, stream))
}

/// How long each event took.
async fn paced(address: SocketAddr) -> std::io::Result<Vec<u64>> {
    let mut stream = ask(address, &format!("/paced/{PACED_EVENTS}")).await?;
    let mut delays = Vec::with_capacity(PACED_EVENTS);
    let mut received = Vec::new();
    while delays.len() < PACED_EVENTS && stream.read_buf(&mut received).await? > 0 {
        let arrived = now_ns();
        while let Some(at) = received.windows(6).position(|window| window == b"data: ") {
            let Some(stamp) = received.get(at + 6..at + 26) else {
                break;
            };
            let written: u64 = String::from_utf8_lossy(stamp).parse().unwrap_or_default();
            delays.push(arrived.saturating_sub(written));
            received.drain(..at + 26);
        }
    }
    Ok(delays)
}

/// Bytes per second over all streams together.
async fn flat_out(address: SocketAddr, streams: usize) -> std::io::Result<f64> {
    let started = Instant::now();
    let mut reading = JoinSet::new();
    for _ in 0..streams {
        reading.spawn(async move {
            let mut stream = ask(address, &format!("/flat/{}", FLAT_OUT_EVENTS / streams))
                .await?
                .into_inner();
            let mut buffer = vec![0; 256 << 10];
            let (mut whole, mut tail) = (0, Vec::new());
            while !tail.ends_with(b"0\r\n\r\n") {
                let len = stream.read(&mut buffer).await?;
                if len == 0 {
                    break;
                }
                whole += len;
                tail.extend_from_slice(&buffer[len.saturating_sub(5)..len]);
                tail.drain(..tail.len().saturating_sub(5));
            }
            std::io::Result::Ok(whole)
        });
    }
    let mut whole = 0;
    while let Some(read) = reading.join_next().await {
        whole += read.map_err(std::io::Error::other)??;
    }
    Ok(whole as f64 / started.elapsed().as_secs_f64())
}

/// The least that hyper can do: pass a request on and its answer back.
async fn bare(agent: SocketAddr) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Incoming> = Client::builder(TokioExecutor::new()).build(connector);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(pass(stream, client.clone(), agent));
        }
    });
    Ok(address)
}

async fn pass(stream: TcpStream, client: Client<HttpConnector, Incoming>, agent: SocketAddr) {
    drop(stream.set_nodelay(true));
    let service = service_fn(move |mut request: Request<Incoming>| {
        let client = client.clone();
        async move {
            let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
            *request.uri_mut() = format!("http://{agent}{target}")
                .parse::<Uri>()
                .expect("a target that was parsed before");
            let body: Response<BoxBody<Bytes, hyper::Error>> = match client.request(request).await {
                Ok(response) => response.map(BodyExt::boxed),
                Err(_) => Response::new(http_body_util::Empty::new().map_err(|never| match never {}).boxed()),
            };
            Ok::<_, Infallible>(body)
        }
    });
    drop(
        auto::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), service)
            .await,
    );
}
