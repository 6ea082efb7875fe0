//! How fast the store is: appending, absorbing, reading.
//!
//! `cargo run --release -p scrubjay-store --example bench_store [MEGABYTES]`
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::time::{Duration, Instant};

use scrubjay_session::{
    exchange::{Ending, RequestHead, ResponseHead},
    shelf::Shelf as _,
};
use scrubjay_store::{Access, Spool, Store, StoreError};

const PATIENCE: Duration = Duration::from_secs(600);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let megabytes: usize = std::env::args().nth(1).map_or(Ok(100), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("bench.db"), Access::Create)?;
    let spool = store.record()?;
    println!("{:<44} {:>10} {:>10} {:>10}", "", "median", "p99", "most");
    print(
        "append 300 B, a pause of 2 ms between",
        appends(&spool, 500, Duration::from_millis(2)),
    );
    print("append 300 B, flat out", appends(&spool, 100_000, Duration::ZERO));
    print("append 300 B, 16 threads flat out", threads(&spool));
    absorb(&spool, megabytes);
    let index = *store.indexes()?.last().ok_or("an exchange")?;
    read(&store, index)?;
    spool.finish(PATIENCE);
    let health = store.health()?;
    println!("{:<44} {:>10} MB", "store on disk", health.store_bytes >> 20);
    Ok(())
}

fn print(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |share: usize| took[(took.len() * share / 1000).min(took.len() - 1)].as_nanos() as f64 / 1000.0;
    println!(
        "{what:<44} {:>7.1} µs {:>7.1} µs {:>7.1} µs",
        at(500),
        at(990),
        at(1000)
    );
}

fn event(number: usize) -> Vec<u8> {
    let text = format!(
        "data: {{\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"msg-{}\",\"delta\":\"token {number} of many\",\"timestamp\":{}}}\n\n",
        number / 100,
        1_700_000_000_000_u64 + number as u64 * 7919 % 1000
    );
    format!(
        "{text}: {:<width$}\n\n",
        number * 2_654_435_761 % 1_000_003,
        width = 300_usize.saturating_sub(text.len() + 4)
    )
    .into_bytes()
}

fn tape(spool: &Spool) -> scrubjay_store::SpoolTape {
    let mut tape = spool.begin("bench", "http://127.0.0.1/", &RequestHead::default(), &[], 0);
    tape.response(
        &ResponseHead {
            status: 200,
            ..ResponseHead::default()
        },
        1,
    );
    tape
}

fn appends(spool: &Spool, count: usize, pause: Duration) -> Vec<Duration> {
    let mut tape = tape(spool);
    let events: Vec<Vec<u8>> = (0..200).map(event).collect();
    let mut took = Vec::with_capacity(count);
    for number in 0..count {
        let start = Instant::now();
        tape.chunk(&events[number % events.len()], number as u64);
        took.push(start.elapsed());
        if !pause.is_zero() {
            std::thread::sleep(pause);
        }
    }
    tape.end(Ending::Complete, count as u64);
    took
}

fn threads(spool: &Spool) -> Vec<Duration> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| appends(spool, 10_000, Duration::ZERO)))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("appending does not panic"))
            .collect()
    })
}

fn absorb(spool: &Spool, megabytes: usize) {
    spool.settle(PATIENCE);
    let mut tape = tape(spool);
    let start = Instant::now();
    let mut len = 0;
    for number in 0.. {
        let event = event(number);
        len += event.len();
        tape.chunk(&event, number as u64 * 100);
        if len > megabytes << 20 {
            break;
        }
    }
    let appended = start.elapsed();
    tape.end(Ending::Complete, 1);
    spool.settle(PATIENCE);
    let absorbed = start.elapsed();
    let rate = |took: Duration| len as f64 / took.as_secs_f64() / 1e6;
    println!(
        "{:<44} {:>7.0} MB/s appended, {:.0} MB/s absorbed",
        format!("one exchange of {megabytes} MB"),
        rate(appended),
        rate(absorbed)
    );
}

fn read(store: &Store, index: i64) -> Result<(), StoreError> {
    let shelf = store.shelf(index);
    let exchange = shelf.exchange()?;
    let mut random = 88_172_645_463_325_252_u64;
    let mut next = |limit: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % limit
    };
    let mut timed = |what: &str, reading: &dyn Fn(u64) -> Result<(), StoreError>, limit: u64| {
        let took: Result<Vec<Duration>, StoreError> = (0..500)
            .map(|_| {
                let at = next(limit);
                let start = Instant::now();
                reading(at).map(|()| start.elapsed())
            })
            .collect();
        took.map(|took| print(what, took))
    };
    timed(
        "read 64 KB of the body at random",
        &|at| shelf.body(at..at + (64 << 10)).map(drop),
        exchange.body_len,
    )?;
    timed(
        "find the chunk of a byte at random",
        &|at| shelf.chunk_at(at).map(drop),
        exchange.body_len,
    )?;
    timed(
        "read 100 chunks at random",
        &|at| shelf.chunks(at..at + 100).map(drop),
        exchange.chunk_count,
    )?;
    timed("read the facts", &|_| shelf.exchange().map(drop), 2)?;
    Ok(())
}
