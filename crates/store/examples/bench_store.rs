//! How fast the store is: appending, absorbing, reading.
//!
//! `cargo run --release -p scrubjay-store --example bench_store [MEGABYTES]`
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::time::{Duration, Instant};

use scrubjay_session::{
    exchange::{Ending, RequestHead, ResponseHead},
    shelf::{PageKind, Shelf as _},
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
    let holder = rusqlite::Connection::open(store.path())?;
    holder.execute_batch("BEGIN EXCLUSIVE")?;
    print(
        "the same while the database is locked",
        appends(&spool, 500, Duration::from_millis(2)),
    );
    holder.execute_batch("COMMIT")?;
    print("append 300 B, flat out", appends(&spool, 100_000, Duration::ZERO));
    print("append 300 B, 16 threads flat out", threads(&spool));
    absorb(&spool, megabytes);
    let index = *store.indexes()?.last().ok_or("an exchange")?;
    read(&store, index)?;
    derive(&store, index)?;
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

/// Event `number` of a run that speaks in messages of a thousand tokens, 300 bytes each.
fn event(number: usize) -> Vec<u8> {
    let message = number / 1000;
    let members = match (number, number % 1000) {
        (0, _) => "\"type\":\"RUN_STARTED\",\"threadId\":\"thread\",\"runId\":\"run\"".to_owned(),
        (_, 1) => format!("\"type\":\"TEXT_MESSAGE_START\",\"messageId\":\"m{message}\",\"role\":\"assistant\""),
        (_, 999) => format!("\"type\":\"TEXT_MESSAGE_END\",\"messageId\":\"m{message}\""),
        (_, 0) => format!("\"type\":\"STATE_SNAPSHOT\",\"snapshot\":{{\"message\":{message}}}"),
        _ => format!("\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"m{message}\",\"delta\":\"token {number} \""),
    };
    let mut noise = number as u64 + 1;
    let mut event = format!("data: {{{members},\"rawEvent\":{{\"id\":\"");
    while event.len() < 294 {
        noise = noise
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        event.push(char::from(b"0123456789abcdef"[(noise >> 60) as usize]));
    }
    event.push_str("\"}}\n\n");
    event.into_bytes()
}

fn sink(spool: &Spool) -> scrubjay_store::SpoolSink {
    let mut sink = spool.begin("bench", "http://127.0.0.1/", &RequestHead::default(), &[], 0);
    let headers = vec![("content-type".to_owned(), b"text/event-stream".to_vec())];
    sink.response(
        &ResponseHead {
            status: 200,
            headers,
            ..ResponseHead::default()
        },
        1,
    );
    sink
}

fn appends(spool: &Spool, count: usize, pause: Duration) -> Vec<Duration> {
    let mut sink = sink(spool);
    let events: Vec<Vec<u8>> = (0..200).map(event).collect();
    let mut took = Vec::with_capacity(count);
    for number in 0..count {
        let start = Instant::now();
        sink.chunk(&events[number % events.len()], number as u64);
        took.push(start.elapsed());
        if !pause.is_zero() {
            std::thread::sleep(pause);
        }
    }
    sink.end(Ending::Complete, count as u64);
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
    let mut sink = sink(spool);
    let start = Instant::now();
    let mut len = 0;
    for number in 0.. {
        let event = event(number);
        len += event.len();
        sink.chunk(&event, number as u64 * 100);
        if len > megabytes << 20 {
            break;
        }
    }
    let appended = start.elapsed();
    sink.end(Ending::Complete, 1);
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

fn derive(store: &Store, index: i64) -> Result<(), StoreError> {
    let start = Instant::now();
    store.derive_now()?;
    let took = start.elapsed();
    let shelf = store.shelf(index);
    let (frames, len) = (shelf.watermark()?.seq, shelf.exchange()?.body_len);
    println!(
        "{:<44} {:>7.0} MB/s, {frames} frames",
        "derive everything",
        len as f64 / took.as_secs_f64() / 1e6
    );
    let mut took = Vec::new();
    let mut at = u64::MAX;
    for _ in 0..500 {
        let start = Instant::now();
        let page = shelf.page_at_or_before(PageKind::Frames, at)?;
        took.push(start.elapsed());
        at = page.and_then(|(number, _)| number.checked_sub(1)).unwrap_or(u64::MAX);
    }
    print("read a page of frames", took);
    Ok(())
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
