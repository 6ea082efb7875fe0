//! Questions about one very long exchange.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use scrubjay_engine::{Asker, Engine, Opening, Options};
use scrubjay_ipc::{AnyAsk, Axis, Chat, Lanes, Open, Opened, Rows, RowsOf, State};

use crate::{percentile, support, wire::Failed};

/// Writes the exchange to a store at `path` and asks about it.
pub(crate) fn measure(path: &Path, events: u64) -> Result<(), Failed> {
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
    time("state at a random event", 300, || {
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
    time("chat at a random event", 300, || {
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
    time("rows at a random place", 300, || {
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
    time("lanes of a random range", 300, || {
        let from = f64::from(random.below(1_000)) / 1_000.0 * opened.extent.clock * 0.9;
        ask(&engine, lanes(exchange, from, from + opened.extent.clock * 0.1))
    })?;
    let mut at = opened.frames / 2;
    time("state while scrubbing on", 300, || {
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

pub(crate) fn lanes(exchange: i64, from: f64, to: f64) -> Lanes {
    Lanes {
        exchange,
        axis: Axis::Clock,
        from,
        to,
        width_px: 1_400,
    }
}

fn time(name: &str, rounds: usize, mut work: impl FnMut() -> Result<Vec<u8>, Failed>) -> Result<(), Failed> {
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

/// Makes the kernel forget the highest memory so far, so that writing the exchange does not count.
fn reset_peak() {
    // Where that is not possible the figure includes the writing, which is only worse.
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}

/// `VmHWM` of this process; only on Linux.
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
