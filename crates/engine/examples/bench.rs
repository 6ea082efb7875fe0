//! What recording costs, and how quick a million events are: medians and p95.
//!
//! ```text
//! cargo run --release -p scrubjay-engine --example bench [-- EVENTS]
//! ```
//!
//! The capture half runs in turns against the agent itself, a bare hyper
//! pass-through, and a source of an engine (proxy, spool, store, deriver), so
//! that what the machine does meanwhile falls on all three.

#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

#[path = "support/mod.rs"]
mod support;
#[path = "support/wire.rs"]
mod wire;

use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use scrubjay_engine::{Asker, Engine, Opening, Options, SourcePlan};
use scrubjay_ipc::{AnyAsk, Axis, Chat, Lanes, Open, Opened, Rows, RowsOf, State};
use wire::Failed;

/// Events a round at 2 ms pace, and rounds.
const PACED_EVENTS: u64 = 1_000;
const ROUNDS: usize = 5;
/// Bytes of a flood in all, and of one event in it.
const FLOOD_BYTES: u64 = 128 << 20;
const FLOOD_EVENT: u64 = 300;

fn main() -> Result<(), Failed> {
    let events = match std::env::args().nth(1) {
        Some(word) => word.parse()?,
        None => 1_000_000,
    };
    let folder = tempfile::tempdir()?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(capture(folder.path()))?;
    a_million(&folder.path().join("million.db"), events)
}

/// The three ways from client to agent.
struct Ways([(&'static str, SocketAddr); 3]);

async fn capture(folder: &Path) -> Result<(), Failed> {
    let agent = wire::agent().await?;
    let bare = wire::pass_through(agent).await?;
    let options = Options {
        path: Some(folder.join("capture.db")),
        opening: Opening::Writing,
    };
    let engine = Engine::open(&options)?;
    let plan = SourcePlan {
        name: Some("bench".into()),
        listen: Some("127.0.0.1:0".into()),
        upstream: format!("http://{agent}"),
        ..SourcePlan::default()
    };
    let source = engine.run_source(&plan)?;
    let ways = Ways([
        ("direct", agent),
        ("bare hyper", bare),
        ("scrubjay", source.listen.parse()?),
    ]);
    latency(&ways).await?;
    throughput(&ways, 1).await?;
    throughput(&ways, 100).await?;
    if !engine.close() {
        return Err("the store did not take everything".into());
    }
    Ok(())
}

async fn latency(ways: &Ways) -> Result<(), Failed> {
    println!("delay of an event at 2 ms pace ({ROUNDS} rounds of {PACED_EVENTS}), microseconds");
    let mut all = [(); 3].map(|()| Vec::new());
    for _ in 0..ROUNDS {
        for (delays, (_, address)) in all.iter_mut().zip(ways.0) {
            let round = wire::delays(address, 2_000, PACED_EVENTS).await?;
            delays.extend(round.into_iter().map(|ns| ns as f64 / 1_000.0));
        }
    }
    let direct = percentile(&mut all[0], 50.0);
    let mut added = Vec::new();
    for (delays, (name, _)) in all.iter_mut().zip(ways.0) {
        let (median, p95) = (percentile(delays, 50.0), percentile(delays, 95.0));
        println!(
            "  {name:<12} median {median:>8.1}   p95 {p95:>8.1}   added {:>8.1}",
            median - direct
        );
        added.push(median - direct);
    }
    println!("  added by scrubjay / by bare hyper: {:.2}", added[2] / added[1]);
    Ok(())
}

async fn throughput(ways: &Ways, streams: u64) -> Result<(), Failed> {
    println!("throughput with {streams} stream(s), events of {FLOOD_EVENT} bytes ({ROUNDS} rounds), MB/s");
    let events = FLOOD_BYTES / FLOOD_EVENT / streams;
    let mut all = [(); 3].map(|()| Vec::new());
    for _ in 0..ROUNDS {
        for (rates, (_, address)) in all.iter_mut().zip(ways.0) {
            let took = wire::flood(address, streams, events, FLOOD_EVENT).await?;
            rates.push((events * streams * FLOOD_EVENT) as f64 / 1e6 / took.as_secs_f64());
        }
    }
    for (rates, (name, _)) in all.iter_mut().zip(ways.0) {
        let (median, low) = (percentile(rates, 50.0), percentile(rates, 5.0));
        println!("  {name:<12} median {median:>8.1}   p5  {low:>8.1}");
    }
    println!(
        "  scrubjay / bare hyper: {:.2}",
        percentile(&mut all[2], 50.0) / percentile(&mut all[1], 50.0)
    );
    Ok(())
}

fn a_million(path: &Path, events: u64) -> Result<(), Failed> {
    let began = Instant::now();
    let exchange = support::write_synthetic(path, events).map_err(|error| error.to_string())?;
    let disk = path.metadata()?.len() as f64 / 1e6;
    println!(
        "an exchange of {events} events: recorded and derived in {:.1} s, {disk:.0} MB on disk",
        began.elapsed().as_secs_f64()
    );
    reset_peak();
    let began = Instant::now();
    let engine = Engine::open(&Options {
        path: Some(path.to_owned()),
        opening: Opening::Reading,
    })?;
    let opened: Opened = serde_json::from_slice(&ask(&engine, Open { exchange })?)?;
    ask(
        &engine,
        Rows {
            exchange,
            view: RowsOf::Spans,
            expanded: Vec::new(),
            first: 0,
            count: 60,
        },
    )?;
    ask(&engine, lanes(exchange, 0.0, opened.extent.clock))?;
    println!(
        "  open, first rows and overview  {:>8.1} ms   ({} frames, {:.0} MB)",
        millis(began.elapsed()),
        opened.frames,
        opened.bytes as f64 / 1e6
    );
    let mut random = Random(42);
    measure("state at a random event", 300, || {
        let at = random.below(opened.frames) + 1;
        ask(
            &engine,
            State {
                exchange,
                at,
                expanded: vec!["/entries".into()],
                changed_only: false,
                first: 0,
                count: 60,
            },
        )
    })?;
    measure("chat at a random event", 300, || {
        let at = random.below(opened.frames) + 1;
        ask(
            &engine,
            Chat {
                exchange,
                at,
                first: None,
                count: 20,
            },
        )
    })?;
    measure("rows at a random place", 300, || {
        let first = u64::from(random.below(opened.frames));
        ask(
            &engine,
            Rows {
                exchange,
                view: RowsOf::Events,
                expanded: Vec::new(),
                first,
                count: 60,
            },
        )
    })?;
    measure("lanes of a random range", 300, || {
        let from = f64::from(random.below(1_000)) / 1_000.0 * opened.extent.clock * 0.9;
        ask(&engine, lanes(exchange, from, from + opened.extent.clock * 0.1))
    })?;
    let mut at = opened.frames / 2;
    measure("state while scrubbing on", 300, || {
        at += 37;
        ask(
            &engine,
            State {
                exchange,
                at,
                expanded: Vec::new(),
                changed_only: false,
                first: 0,
                count: 60,
            },
        )
    })?;
    if let Some(peak) = peak_mb() {
        println!("  memory at its highest since opening: {peak:.0} MB");
    }
    Ok(())
}

fn ask(engine: &Engine, ask: impl Into<AnyAsk>) -> Result<Vec<u8>, Failed> {
    engine
        .ask(Asker::default(), &ask.into())
        .map_err(|report| report.message.into())
}

fn lanes(exchange: i64, from: f64, to: f64) -> Lanes {
    Lanes {
        exchange,
        axis: Axis::Clock,
        from,
        to,
        width_px: 1_400,
    }
}

fn measure(name: &str, rounds: usize, mut work: impl FnMut() -> Result<Vec<u8>, Failed>) -> Result<(), Failed> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let began = Instant::now();
        work()?;
        times.push(millis(began.elapsed()));
    }
    let [median, p95, most] = [50.0, 95.0, 100.0].map(|part| percentile(&mut times, part));
    println!("  {name:<30} median {median:>7.2} ms   p95 {p95:>7.2} ms   most {most:>7.2} ms");
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// The value that so many per cent are at or below.
fn percentile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * part / 100.0).ceil().max(1.0) as usize;
    values.get(place - 1).copied().unwrap_or(f64::NAN)
}

/// Makes the kernel forget the highest memory so far, so that writing the exchange does not count.
fn reset_peak() {
    // Where that is not possible the figure includes the writing, which is only worse.
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}

/// `VmHWM` of this process; only Linux tells.
fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kb: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kb / 1_000.0)
}

/// Xorshift: the same places each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 % u64::from(end.max(1))).unwrap_or(0)
    }
}
