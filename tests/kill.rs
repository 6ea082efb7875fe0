//! Killed at any point, while another process holds the store locked for five
//! seconds at a time: every byte that a client has received is in the store
//! after the next start.
//!
//! `SCRUBJAY_KILL_ROUNDS=50` makes it a long run; the gaps it prints are for
//! people and decide nothing.

mod stage;

use std::{
    path::Path,
    process::Command,
    sync::{
        Arc, Condvar, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rusqlite::Connection;
use serde_json::{Value, json};
use stage::{
    agent::{Agent, frame},
    binary,
    record::{Recording, read},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const STREAMS: usize = 16;
/// From one event of a stream to the next.
const PACE: Duration = Duration::from_millis(2);
/// How long the store is locked at a time, and how long it is not in between.
const LOCKED: Duration = Duration::from_secs(5);
const FREE: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_received_is_in_the_store_after_a_kill() {
    let rounds = std::env::var("SCRUBJAY_KILL_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(4);
    let mut gaps = Gaps::default();
    let (mut bytes, mut locks) = (0, 0);
    for round in 1..=rounds {
        let outcome = round_of(round).await;
        gaps.before_lock.extend(outcome.gaps.before_lock);
        gaps.under_lock.extend(outcome.gaps.under_lock);
        bytes += outcome.bytes;
        locks += outcome.locks;
    }
    println!("{rounds} rounds of {STREAMS} streams, {bytes} bytes received and found, {locks} locks of {LOCKED:?}");
    println!("gaps at the clients beyond the pace of {PACE:?}:");
    println!("  before the lock {}", Gaps::described(gaps.before_lock));
    println!("  under it        {}", Gaps::described(gaps.under_lock));
}

/// What a round came to.
struct Outcome {
    gaps: Gaps,
    bytes: usize,
    locks: u64,
}

/// How much longer than the pace it took from one read to the next.
#[derive(Default)]
struct Gaps {
    before_lock: Vec<Duration>,
    under_lock: Vec<Duration>,
}

impl Gaps {
    fn described(mut gaps: Vec<Duration>) -> String {
        gaps.sort_unstable();
        let at = |part: f64| {
            gaps.get((gaps.len() as f64 * part) as usize)
                .copied()
                .unwrap_or_default()
        };
        let largest = gaps.last().copied().unwrap_or_default();
        format!("median {:?}, p99.9 {:?}, largest {largest:?}", at(0.5), at(0.999))
    }
}

async fn round_of(round: u64) -> Outcome {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    let agent = Agent::start().await;
    let recording = Recording::start(&store, &format!("http://{}", agent.address), &[]);
    let received = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> = (0..STREAMS)
        .map(|number| {
            speak(&agent);
            let address = recording.url.trim_start_matches("http://").to_owned();
            tokio::spawn(listen(address, number, Arc::clone(&received)))
        })
        .collect();

    // A different point each round, the same in every run; in every fifth round after more than one lock.
    let far = if round.is_multiple_of(5) { 5_000_000 } else { 400_000 };
    let bytes_before_kill = 2_000 + round.wrapping_mul(6_364_136_223_846_793_005).rotate_left(17) % far;
    wait_for(&received, bytes_before_kill / 3).await;
    let lock = Lock::hold(&store);
    let locked_at = lock.held().await;
    wait_for(&received, bytes_before_kill).await;
    recording.kill();

    let mut gaps = Gaps::default();
    let mut seen = Vec::new();
    for client in clients {
        let one = client.await.expect("a client does not panic");
        for (at, gap) in &one.gaps {
            let side = if *at < locked_at {
                &mut gaps.before_lock
            } else {
                &mut gaps.under_lock
            };
            side.push(gap.saturating_sub(PACE));
        }
        seen.push(one.body);
    }
    // The next start has to get past the lock, too.
    let listed = read(&store, "list", &["--all"]);
    let locks = lock.release();
    check_store(&store, round, &listed, &seen);
    Outcome {
        gaps,
        bytes: seen.iter().map(Vec::len).sum(),
        locks,
    }
}

fn check_store(store: &Path, round: u64, listed: &[Value], seen: &[Vec<u8>]) {
    for (number, received) in seen.iter().enumerate().filter(|(_, received)| !received.is_empty()) {
        let line = listed
            .iter()
            .find(|line| line["labels"]["client"] == number.to_string().as_str());
        let line = line.unwrap_or_else(|| panic!("round {round}: client {number} is not in the list"));
        assert_eq!(line["ending"], "recorder_stopped", "round {round}, client {number}");
        let stored = body(store, &line["index"].to_string());
        assert!(
            stored.starts_with(received),
            "round {round}: client {number} received {} bytes, the store has {}",
            received.len(),
            stored.len()
        );
    }
    let intact: String = Connection::open(store)
        .and_then(|store| store.query_row("PRAGMA integrity_check", [], |row| row.get(0)))
        .expect("the store can be checked");
    assert_eq!(intact, "ok", "round {round}");
}

/// An answer without end.
fn speak(agent: &Agent) {
    let pieces = agent.answer_by_hand();
    tokio::spawn(async move {
        for number in 0_u64.. {
            let event = frame(&json!({"type": "CUSTOM", "name": "count", "value": number}));
            if pieces.send(event).is_err() {
                return;
            }
            // Pace of the stream, not synchronisation.
            tokio::time::sleep(PACE).await;
        }
    });
}

/// What a client saw.
#[derive(Debug)]
struct Seen {
    body: Vec<u8>,
    /// Time between reads, and when it ended.
    gaps: Vec<(Instant, Duration)>,
}

async fn listen(address: String, number: usize, received: Arc<AtomicU64>) -> Seen {
    let mut stream = TcpStream::connect(&address).await.expect("the recorder listens");
    let request = format!(
        "POST /agent HTTP/1.1\r\nhost: {address}\r\nx-scrubjay-label: client={number}\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    stream.write_all(request.as_bytes()).await.expect("the recorder reads");
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    let mut gaps = Vec::new();
    let mut before = None;
    while let Ok(len @ 1..) = stream.read(&mut buffer).await {
        let now = Instant::now();
        gaps.extend(before.map(|before| (now, now - before)));
        before = Some(now);
        bytes.extend_from_slice(&buffer[..len]);
        received.fetch_add(len as u64, Ordering::Relaxed);
    }
    Seen {
        body: without_framing(&bytes),
        gaps,
    }
}

/// The body in what arrived, up to the break.
fn without_framing(bytes: &[u8]) -> Vec<u8> {
    let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Vec::new();
    };
    let mut rest = &bytes[head + 4..];
    let mut body = Vec::new();
    while let Some(line) = rest.windows(2).position(|window| window == b"\r\n") {
        let size = std::str::from_utf8(&rest[..line])
            .ok()
            .and_then(|size| usize::from_str_radix(size, 16).ok());
        let size = size.expect("a chunk begins with its size");
        let chunk = &rest[line + 2..];
        body.extend_from_slice(&chunk[..size.min(chunk.len())]);
        if chunk.len() < size + 2 {
            break;
        }
        rest = &chunk[size + 2..];
    }
    body
}

async fn wait_for(received: &AtomicU64, bytes: u64) {
    while received.load(Ordering::Relaxed) < bytes {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Holds the store's write lock again and again, as another program might:
/// this process is not the one that records.
struct Lock {
    shared: Arc<Locking>,
    thread: JoinHandle<u64>,
}

#[derive(Default)]
struct Locking {
    held_at: OnceLock<Instant>,
    is_over: Mutex<bool>,
    over: Condvar,
}

impl Lock {
    fn hold(store: &Path) -> Self {
        let connection = Connection::open(store).expect("the store can be opened");
        connection
            .busy_timeout(Duration::from_secs(30))
            .expect("a time-out can be set");
        let shared = Arc::new(Locking::default());
        let locking = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            for locks in 1.. {
                connection
                    .execute_batch("BEGIN IMMEDIATE")
                    .expect("the lock can be had");
                locking.held_at.get_or_init(Instant::now);
                let is_over = locking.wait(LOCKED);
                connection.execute_batch("COMMIT").expect("the lock can be let go");
                if is_over || locking.wait(FREE) {
                    return locks;
                }
            }
            0
        });
        Self { shared, thread }
    }

    /// Waits for the first lock, and says since when it is held.
    async fn held(&self) -> Instant {
        loop {
            if let Some(at) = self.shared.held_at.get() {
                return *at;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Lets go, and says how often it was held.
    fn release(self) -> u64 {
        *self.shared.is_over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.over.notify_all();
        self.thread.join().expect("the holder does not panic")
    }
}

impl Locking {
    /// Waits for so long; true if it is all over before.
    fn wait(&self, time: Duration) -> bool {
        let is_over = self.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.over.wait_timeout_while(is_over, time, |is_over| !*is_over);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

fn body(store: &Path, exchange: &str) -> Vec<u8> {
    let output = Command::new(binary("scrubjay"))
        .arg("body")
        .arg(store)
        .args(["--exchange", exchange])
        .output()
        .expect("the command line can be started");
    assert!(
        output.status.success(),
        "`scrubjay body` failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}
