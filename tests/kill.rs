//! Killed at any point, with the store locked by somebody else: every byte
//! that a client has received is in the store after the next start.
//!
//! `SCRUBJAY_KILL_ROUNDS=50` makes it a long run; the gaps it prints are for
//! people and decide nothing.

mod stage;

use std::{
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rusqlite::Connection;
use serde_json::json;
use stage::{
    agent::{Agent, frame},
    binary,
    record::{Recording, read},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
};

const STREAMS: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_received_is_in_the_store_after_a_kill() {
    let rounds = std::env::var("SCRUBJAY_KILL_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(4);
    let mut largest_gap = Duration::ZERO;
    for round in 1..=rounds {
        largest_gap = largest_gap.max(round_of(round).await);
    }
    println!("{rounds} rounds of {STREAMS} streams; largest gap at a client {largest_gap:?} (pace 2 ms, store locked)");
}

async fn round_of(round: u64) -> Duration {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    let agent = Agent::start().await;
    let recording = Recording::start(&store, &format!("http://{}", agent.address), &[]);
    let received = Arc::new(AtomicU64::new(0));
    let clients: Vec<JoinHandle<Seen>> = (0..STREAMS)
        .map(|number| {
            speak(&agent);
            let address = recording.url.trim_start_matches("http://").to_owned();
            tokio::spawn(listen(address, number, Arc::clone(&received)))
        })
        .collect();

    // A different point each round, the same in every run.
    let bytes_before_kill = 2_000 + round.wrapping_mul(6_364_136_223_846_793_005).rotate_left(17) % 400_000;
    wait_for(&received, bytes_before_kill / 3).await;
    let lock = hold(&store);
    wait_for(&received, bytes_before_kill).await;
    recording.kill();
    drop(lock);

    let mut largest_gap = Duration::ZERO;
    let mut seen = Vec::new();
    for client in clients {
        let one = client.await.expect("a client does not panic");
        largest_gap = largest_gap.max(one.largest_gap);
        seen.push(one);
    }
    let listed = read(&store, "list", &[]);
    for (number, one) in seen.iter().enumerate().filter(|(_, one)| !one.body.is_empty()) {
        let line = listed
            .iter()
            .find(|line| line["labels"]["client"] == number.to_string().as_str());
        let line = line.unwrap_or_else(|| panic!("round {round}: client {number} is not in the list"));
        assert_eq!(line["ending"], "recorder_stopped", "round {round}, client {number}");
        let stored = body(&store, &line["index"].to_string());
        assert!(
            stored.starts_with(&one.body),
            "round {round}: client {number} received {} bytes, the store has {}",
            one.body.len(),
            stored.len()
        );
    }
    let intact: String = Connection::open(&store)
        .and_then(|store| store.query_row("PRAGMA integrity_check", [], |row| row.get(0)))
        .expect("the store can be checked");
    assert_eq!(intact, "ok", "round {round}");
    largest_gap
}

/// An answer without end, an event every 2 ms.
fn speak(agent: &Agent) {
    let pieces = agent.answer_by_hand();
    tokio::spawn(async move {
        for number in 0_u64.. {
            let event = frame(&json!({"type": "CUSTOM", "name": "count", "value": number}));
            if pieces.send(event).is_err() {
                return;
            }
            // Pace of the stream, not synchronisation.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
}

/// What a client saw.
#[derive(Debug)]
struct Seen {
    body: Vec<u8>,
    largest_gap: Duration,
}

async fn listen(address: String, number: usize, received: Arc<AtomicU64>) -> Seen {
    let mut stream = TcpStream::connect(&address).await.expect("the recorder listens");
    let request = format!(
        "POST /agent HTTP/1.1\r\nhost: {address}\r\nx-scrubjay-label: client={number}\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    stream.write_all(request.as_bytes()).await.expect("the recorder reads");
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    let mut largest_gap = Duration::ZERO;
    let mut before = None;
    while let Ok(len @ 1..) = stream.read(&mut buffer).await {
        let now = Instant::now();
        largest_gap = largest_gap.max(before.map_or(Duration::ZERO, |before| now - before));
        before = Some(now);
        bytes.extend_from_slice(&buffer[..len]);
        received.fetch_add(len as u64, Ordering::Relaxed);
    }
    Seen {
        body: without_framing(&bytes),
        largest_gap,
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

/// Holds the store's write lock, as another program might.
fn hold(store: &Path) -> Connection {
    let connection = Connection::open(store).expect("the store can be opened");
    connection
        .busy_timeout(Duration::from_secs(30))
        .expect("a time-out can be set");
    connection
        .execute_batch("BEGIN IMMEDIATE")
        .expect("the lock can be had");
    connection
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
