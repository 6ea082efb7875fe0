//! What it costs an event to pass a source.
//!
//! Every way has the agent and the client on one runtime and, as in life, what
//! stands between them on threads of its own.

use std::{
    net::SocketAddr,
    path::Path,
    sync::Arc,
    thread::available_parallelism,
    time::{Duration, Instant},
};

use scrubjay_engine::{Asker, Engine, Opening, Options, SourceConfig};
use scrubjay_ipc::{Library, LibraryPage, LibrarySort};
use scrubjay_proxy::{Listener, Running, Source, Upstream, recorder::Discard, serve};
use tokio::runtime::{Builder, Runtime};

use crate::{
    percentile,
    wire::{self, Failed},
};

/// Events a round at 2 ms pace, and rounds.
const PACED_EVENTS: u64 = 1_000;
const ROUNDS: usize = 7;
/// Bytes of a flood in all, and of one event in it.
const FLOOD_BYTES: u64 = 128 << 20;
const FLOOD_EVENT: u64 = 300;

/// The ways from client to agent, in the order in which they are measured.
const WAYS: [&str; 4] = ["direct", "bare hyper", "unrecorded", "scrubjay"];
const DIRECT: usize = 0;
const BARE: usize = 1;
const RECORDED: usize = 3;

/// Prints delays and throughput, using a store in `folder`.
pub(crate) fn measure(folder: &Path) -> Result<(), Failed> {
    let ends = threads()?;
    let between = threads()?;
    let agent = ends.block_on(wire::agent())?;
    let bare = between.block_on(wire::pass_through(agent))?;
    let unrecorded = unrecorded(&between, agent)?;
    let options = Options {
        path: Some(folder.join("capture.db")),
        opening: Opening::Writing,
    };
    let engine = Engine::open(&options)?;
    let plan = SourceConfig {
        name: Some("bench".into()),
        listen: Some("127.0.0.1:0".into()),
        upstream: format!("http://{agent}"),
        ..SourceConfig::default()
    };
    let source = engine.run_source(&plan)?;
    let bench = Bench {
        ends,
        addresses: [agent, bare, unrecorded.address(), source.listen.parse()?],
        engine,
    };
    bench.delays()?;
    bench.throughput(1)?;
    bench.throughput(100)?;
    between.block_on(unrecorded.stop(Duration::ZERO));
    if !bench.engine.close() {
        return Err("the store did not take everything".into());
    }
    Ok(())
}

/// As many threads as the engine gives its sources.
pub(crate) fn threads() -> Result<Runtime, Failed> {
    let threads = available_parallelism().map_or(1, usize::from).min(4);
    Ok(Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()?)
}

/// The proxy with a recorder that keeps nothing: what recording adds is the rest.
fn unrecorded(runtime: &Runtime, agent: SocketAddr) -> Result<Running, Failed> {
    let _inside = runtime.enter();
    let listener = Listener::bind("127.0.0.1:0".parse()?)?;
    let upstream = Upstream::parse(&agent.to_string())?;
    Ok(serve(listener, Source::new("unrecorded", upstream), Arc::new(Discard))?)
}

struct Bench {
    ends: Runtime,
    addresses: [SocketAddr; WAYS.len()],
    engine: Engine,
}

impl Bench {
    fn delays(&self) -> Result<(), Failed> {
        println!("delay of an event at 2 ms pace ({ROUNDS} rounds of {PACED_EVENTS}), microseconds");
        let mut all = WAYS.map(|_| Vec::new());
        for _ in 0..ROUNDS {
            for (delays, address) in all.iter_mut().zip(self.addresses) {
                let round = self.ends.block_on(wire::delays(address, 2_000, PACED_EVENTS))?;
                // The first events meet cold caches and connections.
                delays.extend(round.into_iter().skip(20).map(|ns| ns as f64 / 1_000.0));
            }
        }
        let direct = percentile(&mut all[DIRECT], 50.0);
        let added = all.each_mut().map(|delays| percentile(delays, 50.0) - direct);
        for ((delays, name), added) in all.iter_mut().zip(WAYS).zip(added) {
            let [median, p95, p99] = [50.0, 95.0, 99.0].map(|part| percentile(delays, part));
            println!("  {name:<12} median {median:>8.1}   p95 {p95:>8.1}   p99 {p99:>8.1}   added {added:>8.1}");
        }
        println!(
            "  added by scrubjay / by bare hyper: {:.2}",
            added[RECORDED] / added[BARE]
        );
        Ok(())
    }

    fn throughput(&self, streams: u64) -> Result<(), Failed> {
        println!("throughput with {streams} stream(s), events of {FLOOD_EVENT} bytes ({ROUNDS} rounds), MB/s");
        let events = FLOOD_BYTES / FLOOD_EVENT / streams;
        let mut all = WAYS.map(|_| Vec::new());
        let mut behind = Vec::new();
        for _ in 0..ROUNDS {
            for (way, (rates, address)) in all.iter_mut().zip(self.addresses).enumerate() {
                let took = self.ends.block_on(wire::flood(address, streams, events, FLOOD_EVENT))?;
                rates.push((events * streams * FLOOD_EVENT) as f64 / 1e6 / took.as_secs_f64());
                if way == RECORDED {
                    // What is left to do then must not fall on the next way.
                    behind.push(self.catch_up(streams, events)?);
                }
            }
        }
        for (rates, name) in all.iter_mut().zip(WAYS) {
            let (median, low) = (percentile(rates, 50.0), percentile(rates, 5.0));
            println!("  {name:<12} median {median:>8.1}   p5  {low:>8.1}");
        }
        println!(
            "  scrubjay / bare hyper: {:.2}",
            percentile(&mut all[RECORDED], 50.0) / percentile(&mut all[BARE], 50.0)
        );
        let part = |of: fn(&Behind) -> f64| percentile(&mut behind.iter().map(of).collect::<Vec<_>>(), 50.0);
        println!(
            "  when a flood ends, {:.0} MB are not in the store; stored after {:.2} s, derived after {:.2} s (medians)",
            part(|behind| behind.bytes as f64 / 1e6),
            part(|behind| behind.stored.as_secs_f64()),
            part(|behind| behind.derived.as_secs_f64()),
        );
        Ok(())
    }

    /// Waits until what was captured last is stored and derived.
    fn catch_up(&self, streams: u64, events: u64) -> Result<Behind, Failed> {
        let began = Instant::now();
        let bytes = self.engine.health()?.backlog_bytes;
        while self.engine.health()?.backlog_bytes > 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        let stored = began.elapsed();
        let newest = Library {
            text: String::new(),
            source: None,
            verdicts: Vec::new(),
            others: true,
            sort: LibrarySort::NewestFirst,
            first: 0,
            count: u32::try_from(streams)?,
        };
        loop {
            let page = self.engine.ask(Asker::default(), &newest.clone().into());
            let page: LibraryPage = serde_json::from_slice(&page.map_err(|report| report.message)?)?;
            if page.rows.iter().all(|row| row.frames >= events) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Behind {
            bytes,
            stored,
            derived: began.elapsed(),
        })
    }
}

/// How far the store was behind when a flood ended.
struct Behind {
    bytes: u64,
    stored: Duration,
    derived: Duration,
}
