//! `kill -9` of a recording process at random points, while another process
//! keeps the database locked: every byte whose append returned is in the store
//! after the next opening.
//!
//! Each round kills twice: what records, and what takes in the rest.
//!
//! This test is its own recorder and its own holder of locks, so it brings its
//! own `main`. `SCRUBJAY_KILL_ROUNDS` and `SCRUBJAY_KILL_HOLD_MS` make it longer.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test with a main of its own")]

use std::{
    collections::BTreeMap,
    env,
    io::{Read as _, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use scrubjay_session::{
    exchange::{Ending, RequestHead, ResponseHead},
    shelf::Shelf as _,
};
use scrubjay_store::{Access, Spool, Store};

const STREAMS: u32 = 16;
/// A stream ends its exchange and begins another after so many chunks.
const CHUNKS_AN_EXCHANGE: u32 = 150;
const ACK_LEN: usize = 13;

fn main() {
    let args: Vec<String> = env::args().collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[1..] {
        ["record", path, round] => record(Path::new(path), round.parse().unwrap()),
        ["hold", path, millis] => hold(Path::new(path), millis.parse().unwrap()),
        ["open", path] => drop(Store::open(Path::new(path), Access::Existing).unwrap()),
        [.., "--list"] => println!("nothing_appended_is_lost_to_kill_9: test"),
        _ => test(),
    }
}

fn number_from_env(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

// ---- the recorder -------------------------------------------------------

/// The byte at a place of an exchange's body.
fn byte_at(id: u32, place: u64) -> u8 {
    (place
        .wrapping_mul(31)
        .wrapping_add(u64::from(id).wrapping_mul(17))
        .wrapping_add(place >> 8)
        % 251) as u8
}

fn record(path: &Path, round: u32) {
    let store = Store::open(path, Access::Create).unwrap();
    let spool = store.record().unwrap();
    thread::scope(|scope| {
        for stream in 0..STREAMS {
            let spool = spool.clone();
            scope.spawn(move || {
                for turn in 0.. {
                    record_exchange(&spool, round << 20 | stream << 14 | turn);
                }
            });
        }
    });
}

fn record_exchange(spool: &Spool, id: u32) {
    let labels = [("id".to_owned(), id.to_string())];
    let mut sink = spool.begin("main", "http://up/", &RequestHead::default(), &labels, i64::from(id));
    sink.request_body(&id.to_le_bytes(), 1);
    sink.response(
        &ResponseHead {
            status: 200,
            ..ResponseHead::default()
        },
        2,
    );
    let mut random = Random(u64::from(id) + 1);
    let mut len = 0;
    for number in 0..CHUNKS_AN_EXCHANGE {
        let chunk: Vec<u8> = (len..len + 1 + random.below(1500))
            .map(|place| byte_at(id, place))
            .collect();
        sink.chunk(&chunk, u64::from(number) * 1000);
        len += chunk.len() as u64;
        acknowledge(id, len, false);
        // An agent's pace; without it, sixteen streams only measure the disk.
        thread::sleep(Duration::from_millis(1));
    }
    sink.end(Ending::Complete, 200_000);
    acknowledge(id, len, true);
}

/// Tells the test what has been recorded. A pipe takes it whole, and keeps it after a kill.
fn acknowledge(id: u32, len: u64, ended: bool) {
    let mut ack = [0; ACK_LEN];
    ack[..4].copy_from_slice(&id.to_le_bytes());
    ack[4..12].copy_from_slice(&len.to_le_bytes());
    ack[12] = u8::from(ended);
    let mut out = std::io::stdout().lock();
    out.write_all(&ack).and_then(|()| out.flush()).unwrap();
}

// ---- the holder of locks ------------------------------------------------

fn hold(path: &Path, millis: u64) {
    let conn = rusqlite::Connection::open(path).unwrap();
    conn.busy_timeout(Duration::from_secs(60)).unwrap();
    loop {
        conn.execute_batch("BEGIN EXCLUSIVE").unwrap();
        thread::sleep(Duration::from_millis(millis));
        conn.execute_batch("COMMIT").unwrap();
        thread::sleep(Duration::from_millis(60));
    }
}

// ---- the test -----------------------------------------------------------

struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % limit
    }
}

fn me(args: &[&str]) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(args)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A child that is killed when it goes out of scope.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn test() {
    let rounds = u32::try_from(number_from_env("SCRUBJAY_KILL_ROUNDS", 26)).unwrap();
    let hold_ms = number_from_env("SCRUBJAY_KILL_HOLD_MS", 150);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let name = path.to_str().unwrap();
    drop(Store::open(&path, Access::Create).unwrap());
    let holder = Killed(me(&["hold", name, &hold_ms.to_string()]));
    let mut exchanges = 0;
    let mut bytes = 0;
    for round in 1..=rounds {
        let mut random = Random(u64::from(round) * 7919);
        let acks = killed_recording(name, round, random.below(2000));
        kill_while_opening(name, random.below(60));
        let store = Store::open(&path, Access::Existing).unwrap();
        bytes += check_round(&store, round, &acks);
        exchanges = check_all(&store, exchanges);
    }
    drop(holder);
    println!("{rounds} rounds, {exchanges} exchanges, {bytes} bytes acknowledged and found");
}

/// What a recorder acknowledged before it was killed: length, and whether it had ended.
fn killed_recording(path: &str, round: u32, after: u64) -> BTreeMap<u32, (u64, bool)> {
    let mut recorder = me(&["record", path, &round.to_string()]);
    let mut pipe = recorder.stdout.take().unwrap();
    let (count_out, count_in) = mpsc::sync_channel(64);
    let reader = thread::spawn(move || {
        let mut acks = BTreeMap::new();
        let mut count = 0_u64;
        let mut ack = [0; ACK_LEN];
        while pipe.read_exact(&mut ack).is_ok() {
            let id = u32::from_le_bytes(ack[..4].try_into().unwrap());
            let len = u64::from_le_bytes(ack[4..12].try_into().unwrap());
            acks.insert(id, (len, ack[12] == 1));
            count += 1;
            // The test stops listening once it has killed.
            count_out.send(count).ok();
        }
        acks
    });
    while count_in.recv().expect("the recorder records until it is killed") < after {}
    drop(count_in);
    recorder.kill().unwrap();
    recorder.wait().unwrap();
    reader.join().unwrap()
}

/// Opening absorbs; dying in the midst of that must not matter either.
fn kill_while_opening(path: &str, millis: u64) {
    let opener = Killed(me(&["open", path]));
    thread::sleep(Duration::from_millis(millis));
    drop(opener);
}

fn check_round(store: &Store, round: u32, acks: &BTreeMap<u32, (u64, bool)>) -> u64 {
    let mut found = BTreeMap::new();
    for index in store.indexes().unwrap() {
        let exchange = store.exchange(index).unwrap();
        let id: u32 = exchange.labels[0].1.parse().unwrap();
        if id >> 20 == round {
            assert!(found.insert(id, exchange).is_none(), "exchange {id} is there twice");
        }
    }
    for (id, (len, ended)) in acks {
        let exchange = found.get(id).unwrap_or_else(|| panic!("exchange {id} is missing"));
        assert!(
            exchange.body_len >= *len,
            "exchange {id}: {} of {len} bytes",
            exchange.body_len
        );
        assert_eq!(exchange.holes, []);
        let ending = if *ended { Ending::Complete } else { exchange.ending };
        assert_eq!(exchange.ending, ending, "exchange {id}");
        assert!(
            matches!(ending, Ending::Complete | Ending::RecorderStopped),
            "exchange {id}: {ending:?}"
        );
        let shelf = store.shelf(exchange.index);
        let body = shelf.body(0..u64::MAX).unwrap();
        assert_eq!(body.len() as u64, exchange.body_len);
        let wrong = (0..).zip(&body).find(|(place, byte)| byte_at(*id, *place) != **byte);
        assert_eq!(wrong, None, "exchange {id}");
        let chunks = shelf.chunks(0..u64::MAX).unwrap();
        assert_eq!(chunks.len() as u64, exchange.chunk_count);
        assert_eq!(chunks.iter().map(|chunk| chunk.len).sum::<u64>(), exchange.body_len);
    }
    let stopped = found
        .values()
        .filter(|exchange| exchange.ending == Ending::RecorderStopped)
        .count();
    assert!(stopped <= STREAMS as usize, "{stopped} were open");
    acks.values().map(|(len, _)| len).sum()
}

fn check_all(store: &Store, before: usize) -> usize {
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    let now = store.indexes().unwrap().len();
    assert!(now >= before, "exchanges of earlier rounds are gone");
    now
}
