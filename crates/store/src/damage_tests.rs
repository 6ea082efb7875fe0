//! Spools that are cut or damaged at any place: what stands before the place is
//! taken in, and the rest is marked as missing.

use std::{fs, io::Write as _, path::Path};

use scrubjay_session::{
    exchange::{Ending, Hole, RequestHead, ResponseHead},
    shelf::Shelf as _,
};

use crate::{
    Access, Store, os,
    spool::{
        SpoolFolder,
        record::{self, Begin, Record},
    },
};

const EXCHANGES: u32 = 5;
const CHUNKS: u32 = 12;
const ID: &str = "0123456789abcdef";

/// A fixed sequence of numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

/// What a record does to its exchange.
#[derive(Clone, Copy)]
enum Does {
    Begins,
    Adds(usize),
    Ends,
}

/// A spool, and where each of its records ends.
struct Spooled {
    bytes: Vec<u8>,
    records: Vec<(usize, u32, Does)>,
    bodies: Vec<Vec<u8>>,
}

impl Spooled {
    /// Exchanges that overlap; the last is left open.
    fn new() -> Self {
        let mut random = Random(0x5eed);
        let mut spooled = Self {
            bytes: Vec::new(),
            records: Vec::new(),
            bodies: vec![Vec::new(); EXCHANGES as usize],
        };
        for step in 0..EXCHANGES + CHUNKS {
            for exchange in 0..EXCHANGES {
                match step.checked_sub(exchange) {
                    Some(0) => spooled.begin(exchange),
                    Some(age) if age < CHUNKS => spooled.chunk(exchange, 20 + random.below(300)),
                    Some(CHUNKS) if exchange + 1 < EXCHANGES => spooled.end(exchange),
                    _ => {}
                }
            }
        }
        record::place(&mut spooled.bytes, 0);
        spooled
    }

    fn put(&mut self, exchange: u32, record: &Record<'_>, does: Does) {
        record::encode(exchange, record, &mut self.bytes);
        self.records.push((self.bytes.len(), exchange, does));
    }

    fn begin(&mut self, exchange: u32) {
        let begin = Begin {
            source: "main".to_owned(),
            labels: vec![("id".to_owned(), exchange.to_string())],
            head: RequestHead::default(),
            ..Begin::default()
        };
        self.put(exchange, &Record::Begin(Box::new(begin)), Does::Begins);
        let head = ResponseHead {
            status: 200,
            ..ResponseHead::default()
        };
        self.put(exchange, &Record::Response { at_us: 1, head }, Does::Adds(0));
    }

    fn chunk(&mut self, exchange: u32, len: usize) {
        let body = &mut self.bodies[exchange as usize];
        let offset = body.len() as u64;
        let bytes: Vec<u8> = (0..len).map(|place| (place * 7 + exchange as usize) as u8).collect();
        body.extend_from_slice(&bytes);
        let bytes = &bytes;
        self.put(
            exchange,
            &Record::Chunk {
                at_us: 2,
                offset,
                bytes,
            },
            Does::Adds(len),
        );
    }

    fn end(&mut self, exchange: u32) {
        let end = Record::End {
            at_us: 3,
            ending: Ending::Complete,
            body_len: self.bodies[exchange as usize].len() as u64,
        };
        self.put(exchange, &end, Does::Ends);
    }

    /// Of each exchange that began before the records from `count` on: its length, and whether it ended.
    fn after(&self, count: usize) -> Vec<(u32, usize, bool)> {
        let mut found: Vec<(u32, usize, bool)> = Vec::new();
        for (_, exchange, does) in &self.records[..count] {
            let known = found.iter_mut().find(|(known, ..)| known == exchange);
            match (does, known) {
                (Does::Begins, _) => found.push((*exchange, 0, false)),
                (Does::Adds(len), Some((_, sum, _))) => *sum += len,
                (Does::Ends, Some((.., has_ended))) => *has_ended = true,
                _ => unreachable!("an exchange begins first"),
            }
        }
        found
    }

    /// Records that end at or before a place.
    fn whole_before(&self, place: usize) -> usize {
        self.records.iter().filter(|(end, ..)| *end <= place).count()
    }
}

/// A store that has taken in this spool.
fn taken_in(folder: &Path, empty: &[u8], spool: &[u8]) -> Store {
    let path = folder.join("a.db");
    os::create_private_file(&path).unwrap().write_all(empty).unwrap();
    let spools = SpoolFolder::of(&path);
    spools.make().unwrap();
    fs::write(spools.piece_path(ID, 0), spool).unwrap();
    Store::open(&path, Access::Create).unwrap()
}

fn check(store: &Store, spooled: &Spooled, whole: usize, hole: bool) {
    let expected = spooled.after(whole);
    let indexes = store.indexes().unwrap();
    assert_eq!(indexes.len(), expected.len());
    for (index, (id, len, has_ended)) in indexes.into_iter().zip(expected) {
        let exchange = store.exchange(index).unwrap();
        assert_eq!(exchange.labels, [("id".to_owned(), id.to_string())]);
        assert_eq!(exchange.body_len, len as u64);
        let body = store.shelf(index).body(0..u64::MAX).unwrap();
        assert_eq!(body, &spooled.bodies[id as usize][..len]);
        let (ending, holes) = match (has_ended, hole) {
            (true, _) => (Ending::Complete, Vec::new()),
            (false, false) => (Ending::RecorderStopped, Vec::new()),
            (false, true) => {
                let offset = len as u64;
                (Ending::RecorderStopped, vec![Hole { offset, len: None }])
            }
        };
        assert_eq!((exchange.ending, exchange.holes), (ending, holes));
    }
}

fn empty_store() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    drop(Store::open(&path, Access::Create).unwrap());
    fs::read(path).unwrap()
}

#[test]
fn a_spool_cut_anywhere_is_taken_in_up_to_there() {
    let (spooled, empty) = (Spooled::new(), empty_store());
    let mut random = Random(1);
    for _ in 0..125 {
        let folder = tempfile::tempdir().unwrap();
        let cut = random.below(spooled.bytes.len());
        let store = taken_in(folder.path(), &empty, &spooled.bytes[..cut]);
        check(&store, &spooled, spooled.whole_before(cut), false);
        assert!(store.remarks().is_empty(), "{:?}", store.remarks());
    }
}

#[test]
fn a_spool_damaged_anywhere_is_taken_in_up_to_there_and_kept() {
    let (spooled, empty) = (Spooled::new(), empty_store());
    let mut random = Random(2);
    // Damage in the last record looks like a write that was cut off.
    let last = spooled.records[spooled.records.len() - 2].0;
    for _ in 0..125 {
        let folder = tempfile::tempdir().unwrap();
        let place = random.below(last);
        let mut bytes = spooled.bytes.clone();
        bytes[place] ^= 1 << random.below(8);
        let store = taken_in(folder.path(), &empty, &bytes);
        check(&store, &spooled, spooled.whole_before(place), true);
        let kept = SpoolFolder::of(store.path())
            .path()
            .join(format!("{ID}-000000.damaged"));
        assert_eq!(fs::read(&kept).unwrap(), bytes, "nothing is deleted");
        let remarks = store.remarks().concat();
        assert!(remarks.contains(&kept.display().to_string()), "{remarks}");
        let path = store.path().to_owned();
        drop(store);
        let again = Store::open(&path, Access::Create).unwrap();
        check(&again, &spooled, spooled.whole_before(place), true);
    }
}
