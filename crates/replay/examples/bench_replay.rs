//! How true the recorded pace is, and how quick an instant replay.
//!
//! ```text
//! cargo run --release -p scrubjay-replay --example bench_replay [-- pace|flood]
//! ```
//!
//! - `pace`: 3,000 events over 60 s at the recorded pace, then at 10×; when each
//!   arrives at the client, against when it was recorded
//! - `flood`: 10,000 events at once, in turns with a bare hyper server that sends
//!   the same chunks, so that what the machine does meanwhile falls on both: as
//!   recorded; with ids put in where a run names them, at its start and its end; and
//!   with an id in every event

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::{
    convert::Infallible,
    error::Error,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use scrubjay_proxy::Listener;
use scrubjay_replay::{
    MatchOptions, Matcher, Pace, Recorded, Schedule, ScheduleOptions,
    serve::{ServeConfig, ServeOptions, Serving, serve},
};
use scrubjay_session::{
    exchange::{Chunk, Ending, Exchange, RequestHead, ResponseHead},
    memory::MemoryShelf,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

type Failed = Box<dyn Error + Send + Sync>;

/// Events of the paced run, and how far apart on average.
const PACED_EVENTS: u64 = 3_000;
const GAP_US: u64 = 20_000;
/// Events of the flood, and rounds of it.
const FLOOD_EVENTS: u64 = 10_000;
const ROUNDS: usize = 15;
/// The recorded thread; a client's has as many letters, so that all servers send as much.
const RECORDED: &str = "thread-recorded-0001";

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let only = std::env::args().nth(1);
    let wants = |part: &str| only.as_deref().is_none_or(|only| only == part);
    if wants("flood") {
        flood().await?;
    }
    if wants("pace") {
        pace(1.0).await?;
        pace(10.0).await?;
    }
    Ok(())
}

/// Chunks of a run, one event each; gaps differ, as a model's do.
struct Run {
    chunks: Vec<Bytes>,
    at_us: Vec<u64>,
}

impl Run {
    /// Every `named`th event names its thread, the first among them.
    fn of(events: u64, gap_us: u64, named: u64) -> Self {
        let chunk = |n: u64| {
            let delta = format!("word number {n} of the answer ");
            let thread = if n.is_multiple_of(named) {
                format!("\"threadId\":\"{RECORDED}\",")
            } else {
                String::new()
            };
            format!(
                "data: {{\"type\":\"TEXT_MESSAGE_CONTENT\",{thread}\"messageId\":\"m-1\",\"delta\":\"{delta}\"}}\n\n"
            )
            .into()
        };
        // Between 0.5 and 1.5 gaps, the same in every run.
        let jitter = |n: u64| gap_us / 2 + (n.wrapping_mul(2_654_435_761) >> 7) % gap_us.max(1);
        let mut at = 0;
        let times = (0..events).map(|n| {
            at += jitter(n);
            at
        });
        Self {
            at_us: times.collect(),
            chunks: (0..events).map(chunk).collect(),
        }
    }

    fn last_at(&self) -> Duration {
        Duration::from_micros(self.at_us.last().copied().unwrap_or_default())
    }

    fn recorded(&self) -> Result<Recorded, Failed> {
        let mut offset = 0;
        let chunks = self.chunks.iter().zip(&self.at_us).map(|(chunk, at_us)| {
            let len = chunk.len() as u64;
            offset += len;
            Chunk {
                offset: offset - len,
                len,
                at_us: *at_us,
            }
        });
        let exchange = Exchange {
            request: RequestHead {
                method: "POST".into(),
                target: "/".into(),
                ..RequestHead::default()
            },
            response: Some(ResponseHead {
                status: 200,
                headers: vec![("content-type".into(), b"text/event-stream".to_vec())],
                ..ResponseHead::default()
            }),
            ending: Ending::Complete,
            ..Exchange::default()
        };
        let shelf = MemoryShelf::bare(
            exchange,
            input(RECORDED).into_bytes(),
            chunks.collect(),
            self.chunks.concat(),
        );
        Ok(Recorded::open(Arc::new(shelf))?)
    }

    fn serve(&self, pace: Pace, exact: bool) -> Result<Serving, Failed> {
        let listener = Listener::bind("127.0.0.1:0".parse()?)?;
        let matcher = Matcher::new(vec![self.recorded()?], MatchOptions::default());
        let options = ServeOptions {
            pace,
            exact,
            ..ServeOptions::default()
        };
        Ok(serve(listener, ServeConfig::new(matcher, options))?)
    }
}

/// The input of a run in a thread.
fn input(thread: &str) -> String {
    format!(r#"{{"threadId":"{thread}","runId":"run-0001","messages":[{{"id":"m","role":"user","content":"hi"}}]}}"#)
}

/// Asks, and gives when each event arrived, and the end.
async fn arrivals(address: SocketAddr) -> Result<(Vec<Duration>, Duration), Failed> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let began = Instant::now();
    // Each in a thread of its own: an answer given again in one has other ids throughout.
    static THREADS: AtomicU32 = AtomicU32::new(0);
    let body = input(&format!("thread-ofclient-{:04}", THREADS.fetch_add(1, Relaxed)));
    let head = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await?;
    let mut arrived = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    let mut tail = Vec::new();
    loop {
        let len = stream.read(&mut buffer).await?;
        let now = began.elapsed();
        // What a read ends in may go on in the next.
        tail.extend_from_slice(&buffer[..len]);
        let events = tail.windows(6).filter(|window| window == b"data: ").count();
        arrived.extend(std::iter::repeat_n(now, events));
        if len == 0 || tail.ends_with(b"0\r\n\r\n") {
            return Ok((arrived, now));
        }
        tail.drain(..tail.len().saturating_sub(5));
    }
}

async fn pace(speed: f64) -> Result<(), Failed> {
    let run = Run::of(PACED_EVENTS, GAP_US, PACED_EVENTS);
    let serving = run.serve(Pace::Recorded { speed }, false)?;
    let (arrived, ended) = arrivals(serving.address()).await?;
    let due = |at_us: &u64| Duration::from_micros(*at_us).div_f64(speed);
    let late_us = |(arrived, at_us): (&Duration, &u64)| arrived.as_micros() as i64 - due(at_us).as_micros() as i64;
    let late: Vec<i64> = arrived.iter().zip(&run.at_us).map(late_us).collect();
    let mut errors: Vec<i64> = late.iter().map(|late| late.abs()).collect();
    errors.sort_unstable();
    let mean = |part: &[i64]| part.iter().sum::<i64>() / part.len().max(1) as i64;
    let tenth = late.len() / 10;
    let drift = mean(&late[late.len() - tenth..]) - mean(&late[..tenth]);
    println!(
        "{} of {} events over {:.1} s at {speed}x: ended after {:.3} s",
        arrived.len(),
        PACED_EVENTS,
        run.last_at().as_secs_f64(),
        ended.as_secs_f64()
    );
    println!(
        "  error per event: median {:.2} ms, p95 {:.2} ms, max {:.2} ms; drift from the first tenth to the last {:.2} ms",
        errors[errors.len() / 2] as f64 / 1e3,
        errors[errors.len() * 95 / 100] as f64 / 1e3,
        errors[errors.len() - 1] as f64 / 1e3,
        drift as f64 / 1e3
    );
    serving.stop().await;
    Ok(())
}

async fn flood() -> Result<(), Failed> {
    // The first event and the last.
    flood_of("ids at both ends", &Run::of(FLOOD_EVENTS, 1, FLOOD_EVENTS - 1)).await?;
    flood_of("an id in every event", &Run::of(FLOOD_EVENTS, 1, 1)).await
}

async fn flood_of(what: &str, run: &Run) -> Result<(), Failed> {
    println!("{what}:");
    let began = Instant::now();
    let parts = Schedule::new(&run.recorded()?, ScheduleOptions::default()).count();
    let alone = began.elapsed();
    println!("  schedule alone: {parts} steps in {:.2} ms", alone.as_secs_f64() * 1e3);
    let bare = bare(run.chunks.clone()).await?;
    let exact = run.serve(Pace::Instant, true)?;
    let adapted = run.serve(Pace::Instant, false)?;
    let mut times: [Vec<Duration>; 3] = Default::default();
    for _ in 0..ROUNDS {
        for (times, address) in times.iter_mut().zip([bare, exact.address(), adapted.address()]) {
            let (arrived, ended) = arrivals(address).await?;
            if arrived.len() as u64 != FLOOD_EVENTS {
                return Err(format!("{} events came", arrived.len()).into());
            }
            times.push(ended);
        }
    }
    let rates = times.map(|mut times| {
        times.sort_unstable();
        FLOOD_EVENTS as f64 / times[ROUNDS / 2].as_secs_f64()
    });
    for (what, rate) in ["bare hyper", "replay, exact", "replay, adapted"].iter().zip(rates) {
        println!("  {what}: {:.0} events/s ({:.2} of bare)", rate, rate / rates[0]);
    }
    Ok(())
}

/// A hyper server that sends the same chunks to every client.
async fn bare(chunks: Vec<Bytes>) -> Result<SocketAddr, Failed> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let chunks = Arc::new(chunks);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream.set_nodelay(true));
            let chunks = Arc::clone(&chunks);
            let service = service_fn(move |_: Request<Incoming>| {
                let chunks = (*chunks).clone();
                async move {
                    let frames = chunks.into_iter().map(|chunk| Ok::<_, Infallible>(Frame::data(chunk)));
                    let head = Response::builder().header("content-type", "text/event-stream");
                    head.body(StreamBody::new(stream::iter(frames)))
                }
            });
            let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(async move { drop(serving.await) });
        }
    });
    Ok(address)
}
