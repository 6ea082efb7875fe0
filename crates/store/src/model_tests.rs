//! The path from sink to tables against plain vectors: random operations,
//! batches of any size, crashes that leave torn bytes, a locked database, and
//! a disk that fills up.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use proptest::prelude::*;
use rusqlite::Connection;
use scrubjay_session::{
    exchange::{Ending, Hole, RequestHead, ResponseHead},
    shelf::Shelf as _,
};

use crate::{
    Access, Spool, SpoolSink, Store,
    absorb::Absorber,
    conn,
    follow::{PieceReader, Step},
    secrets::Secrets,
    spool::{
        Shared, SpoolFolder, SpoolLock, create_piece,
        record::{self, Record},
        tip::AppendFile,
    },
    writer,
};

/// A disk with so much room; a write that does not fit is cut off.
struct SmallDisk {
    file: File,
    room: Arc<AtomicUsize>,
}

impl AppendFile for SmallDisk {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let room = self.room.load(SeqCst);
        let len = bytes.len().min(room);
        self.file.write_all(&bytes[..len])?;
        self.room.store(room - len, SeqCst);
        if len < bytes.len() {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }
}

/// A recording process without a writer's thread: the test absorbs itself.
struct Recorder {
    shared: Arc<Shared>,
    conn: Connection,
    absorber: Option<Absorber>,
    reader: PieceReader,
    _lock: SpoolLock,
}

impl Recorder {
    fn start(store: &Path, id: u64, room: &Arc<AtomicUsize>) -> Self {
        let folder = SpoolFolder::of(store);
        folder.make().unwrap();
        let id = format!("{id:016x}");
        let lock = folder.lock_new(&id).unwrap();
        let disk = SmallDisk {
            file: create_piece(&folder, &id, 0).unwrap(),
            room: Arc::clone(room),
        };
        let reader = PieceReader::open(&folder.piece_path(&id, 0)).unwrap();
        let shared = Arc::new(Shared::new(folder, id, Secrets::new([1; 32]), Box::new(disk)));
        let conn = conn::open_writer(store).unwrap();
        conn.busy_timeout(Duration::ZERO).unwrap();
        Self {
            shared,
            conn,
            absorber: None,
            reader,
            _lock: lock,
        }
    }

    fn begin(&self, label: &str) -> SpoolSink {
        let labels = [("id".to_owned(), label.to_owned())];
        Spool::begin_on(&self.shared, "main", "http://up/", &RequestHead::default(), &labels, 5)
    }

    /// Absorbs what is before a place in the file; false if the database is locked.
    fn absorb(&mut self, limit: u64) -> bool {
        if self.absorber.is_none() {
            self.absorber = Absorber::new(&self.conn, &self.shared.id).ok();
        }
        let Some(absorber) = &mut self.absorber else {
            return false;
        };
        match self.reader.step(absorber, &mut self.conn, limit) {
            Ok(Step::Moved { .. } | Step::AtEnd { .. }) => true,
            Err(error) => {
                assert!(error.is_busy(), "{error}");
                false
            }
        }
    }

    /// Dies, with part of a record at the end of its file.
    fn die(self, torn: usize) {
        let path = self.shared.folder().piece_path(&self.shared.id, 0);
        self.shared.tip.close();
        let mut half = Vec::new();
        record::encode(
            0,
            &Record::Chunk {
                at_us: 1,
                offset: 0,
                bytes: &[7; 64],
            },
            &mut half,
        );
        record::place(&mut half, self.shared.tip.appended());
        let file = OpenOptions::new().append(true).open(path);
        file.unwrap().write_all(&half[..torn.min(half.len() - 1)]).unwrap();
    }
}

/// What an exchange should be.
#[derive(Clone, Debug, Default)]
struct Model {
    request: Vec<u8>,
    body: Vec<u8>,
    chunks: Vec<(u64, u64)>,
    holes: Vec<Hole>,
    status: Option<u16>,
    ending: Option<Ending>,
}

impl Model {
    fn chunk(&mut self, bytes: &[u8]) {
        self.chunks.push((self.body.len() as u64, bytes.len() as u64));
        self.body.extend_from_slice(bytes);
    }

    fn check(&self, store: &Store, index: i64) {
        let shelf = store.shelf(index);
        let exchange = shelf.exchange().unwrap();
        assert_eq!(exchange.ending, self.ending.unwrap_or(Ending::RecorderStopped));
        assert_eq!(exchange.response.as_ref().map(|head| head.status), self.status);
        assert_eq!(exchange.request_len, self.request.len() as u64);
        assert_eq!(exchange.body_len, self.body.len() as u64);
        assert_eq!(exchange.chunk_count, self.chunks.len() as u64);
        assert_eq!(exchange.holes, self.holes);
        assert!(shelf.request_body().unwrap() == self.request);
        assert!(shelf.body(0..u64::MAX).unwrap() == self.body);
        let chunks = shelf.chunks(0..u64::MAX).unwrap();
        let places: Vec<_> = chunks.iter().map(|chunk| (chunk.offset, chunk.len)).collect();
        assert_eq!(places, self.chunks);
        let middle = self.body.len() as u64 / 2;
        assert!(
            shelf.body(middle..middle + 9).unwrap()
                == self.body[middle as usize..].iter().copied().take(9).collect::<Vec<_>>()
        );
        let holder = self
            .chunks
            .iter()
            .position(|(offset, len)| *offset <= middle && middle < offset + len);
        assert_eq!(shelf.chunk_at(middle).unwrap(), holder.map(|number| number as u64));
        for number in [0, self.chunks.len() / 2, self.chunks.len().saturating_sub(1)] {
            let one = shelf.chunks(number as u64..number as u64 + 1).unwrap();
            assert_eq!(one, chunks.get(number).copied().into_iter().collect::<Vec<_>>());
        }
    }
}

#[derive(Clone, Debug)]
enum Op {
    Begin,
    Request(usize, usize),
    Response(usize),
    Chunk(usize, usize),
    ManyChunks(usize, usize),
    End(usize),
    Absorb(u8),
    Lock,
    Unlock,
    Crash(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let which = 0..6_usize;
    prop_oneof![
        3 => Just(Op::Begin),
        2 => (which.clone(), 0..3000_usize).prop_map(|(at, len)| Op::Request(at, len)),
        2 => which.clone().prop_map(Op::Response),
        12 => (which.clone(), prop_oneof![9 => 0..2000_usize, 1 => 0..600_000_usize]).prop_map(|(at, len)| Op::Chunk(at, len)),
        1 => (which.clone(), 0..6000_usize).prop_map(|(at, count)| Op::ManyChunks(at, count)),
        2 => which.prop_map(Op::End),
        6 => any::<u8>().prop_map(Op::Absorb),
        1 => Just(Op::Lock),
        1 => Just(Op::Unlock),
        1 => (0..100_usize).prop_map(Op::Crash),
    ]
}

fn made_bytes(seed: usize, len: usize) -> Vec<u8> {
    (0..len)
        .map(|at| ((at * 7 + seed * 13 + at / 251) % 256) as u8)
        .collect()
}

/// One life of a store, with everything that should be in it.
struct World {
    folder: tempfile::TempDir,
    room: Arc<AtomicUsize>,
    recorder: Option<Recorder>,
    lives: u64,
    /// Exchanges by label; sinks of those that are open in this life.
    models: Vec<Model>,
    open: Vec<(usize, SpoolSink)>,
    holder: Option<Connection>,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            folder: tempfile::tempdir().unwrap(),
            room: Arc::new(AtomicUsize::new(usize::MAX)),
            recorder: None,
            lives: 0,
            models: Vec::new(),
            open: Vec::new(),
            holder: None,
        };
        drop(world.store());
        world.live();
        world
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("store.db")
    }

    fn store(&self) -> Store {
        Store::open(&self.path(), Access::Create).unwrap()
    }

    fn live(&mut self) {
        self.lives += 1;
        self.recorder = Some(Recorder::start(&self.path(), self.lives, &self.room));
    }

    fn recorder(&mut self) -> &mut Recorder {
        self.recorder.as_mut().unwrap()
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Begin => {
                let label = self.models.len();
                let sink = self.recorder().begin(&label.to_string());
                self.open.push((label, sink));
                self.models.push(Model::default());
            }
            Op::Absorb(part) => {
                let appended = self.recorder().shared.tip.appended();
                self.recorder().absorb(appended * u64::from(part) / 255);
            }
            Op::Lock if self.holder.is_none() => {
                let holder = Connection::open(self.path()).unwrap();
                holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
                self.holder = Some(holder);
            }
            Op::Unlock => self.holder = None,
            Op::Crash(torn) => self.crash(torn),
            Op::End(at) if at < self.open.len() => {
                let (label, sink) = self.open.remove(at);
                sink.end(Ending::Complete, 99);
                self.models[label].ending = Some(Ending::Complete);
            }
            other => self.grow(&other),
        }
    }

    fn grow(&mut self, op: &Op) {
        let (Op::Request(at, _) | Op::Response(at) | Op::Chunk(at, _) | Op::ManyChunks(at, _)) = op else {
            return;
        };
        let Some((label, sink)) = self.open.get_mut(*at) else {
            return;
        };
        let model = &mut self.models[*label];
        match op {
            Op::Request(_, len) => {
                let bytes = made_bytes(*len, *len);
                sink.request_body(&bytes, 1);
                model.request.extend(bytes);
            }
            Op::Response(_) => {
                sink.response(
                    &ResponseHead {
                        status: 207,
                        ..ResponseHead::default()
                    },
                    2,
                );
                model.status = Some(207);
            }
            Op::Chunk(_, len) => {
                let bytes = made_bytes(*label, *len);
                sink.chunk(&bytes, 3);
                model.chunk(&bytes);
            }
            Op::ManyChunks(_, count) => {
                // In batches of every length.
                let bytes: Vec<u8> = (0..*count).map(|number| number as u8).collect();
                for (number, batch) in bytes.chunks(1 + count % 97).enumerate() {
                    sink.chunks(batch.chunks(1).map(|chunk| (chunk, number as u64)));
                    batch.chunks(1).for_each(|chunk| model.chunk(chunk));
                }
            }
            _ => {}
        }
    }

    fn crash(&mut self, torn: usize) {
        self.holder = None;
        let recorder = self.recorder.take().unwrap();
        recorder.die(torn);
        self.open.clear();
        self.check();
        self.live();
    }

    /// Opens the store as the next process would, and compares everything.
    fn check(&self) {
        let store = self.store();
        let indexes = store.indexes().unwrap();
        assert_eq!(indexes.len(), self.models.len());
        let mut seen = Vec::new();
        for index in indexes {
            let label: usize = store.exchange(index).unwrap().labels[0].1.parse().unwrap();
            self.models[label].check(&store, index);
            seen.push(label);
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..self.models.len()).collect::<Vec<_>>());
        assert_eq!(store.check().unwrap(), Vec::<String>::new());
        assert_eq!(SpoolFolder::of(&self.path()).ids(), Vec::<String>::new());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn after_any_operations_the_store_holds_what_was_appended_once(ops in prop::collection::vec(op(), 1..80)) {
        let mut world = World::new();
        for op in ops {
            world.apply(op);
        }
        world.crash(3);
    }
}

#[test]
fn a_full_disk_leaves_a_hole_that_the_recording_marks() {
    let mut world = World::new();
    world.apply(Op::Begin);
    world.apply(Op::Chunk(0, 500));
    world.room.store(40, SeqCst);
    let (_, sink) = &mut world.open[0];
    sink.chunk(&[1; 300], 4);
    sink.chunk(&[2; 100], 5);
    world.room.store(usize::MAX, SeqCst);
    let model = &mut world.models[0];
    model.holes = vec![Hole {
        offset: 500,
        len: Some(400),
    }];
    model.body.resize(900, 0);
    world.apply(Op::Chunk(0, 70));
    world.apply(Op::End(0));
    world.crash(0);
}

#[test]
fn a_batch_that_does_not_fit_is_one_hole_and_leaves_no_part_of_itself() {
    let mut world = World::new();
    world.apply(Op::Begin);
    world.apply(Op::Chunk(0, 500));
    // Room for the first of them.
    world.room.store(250, SeqCst);
    let (_, sink) = &mut world.open[0];
    sink.chunks([(&[1; 200][..], 4), (&[2; 100], 5), (&[3; 50], 6)]);
    world.room.store(usize::MAX, SeqCst);
    let model = &mut world.models[0];
    model.holes = vec![Hole {
        offset: 500,
        len: Some(350),
    }];
    model.body.resize(850, 0);
    world.apply(Op::ManyChunks(0, 1000));
    world.apply(Op::End(0));
    world.crash(0);
}

#[test]
fn a_disk_full_from_the_beginning_to_the_end_loses_bytes_but_no_exchange() {
    let mut world = World::new();
    world.room.store(10, SeqCst);
    world.apply(Op::Begin);
    world.apply(Op::Response(0));
    let (_, mut sink) = world.open.remove(0);
    sink.chunk(&[1; 300], 4);
    sink.end(Ending::Complete, 6);
    world.room.store(usize::MAX, SeqCst);
    world.recorder().shared.tip.append_overdue();
    let model = &mut world.models[0];
    model.holes = vec![Hole {
        offset: 0,
        len: Some(300),
    }];
    model.body.resize(300, 0);
    model.ending = Some(Ending::Complete);
    world.crash(0);
}

#[test]
fn a_failed_write_leaves_nothing_torn_between_records() {
    let mut world = World::new();
    world.apply(Op::Begin);
    for number in 0..50 {
        world.room.store(number * 3, SeqCst);
        let (_, sink) = &mut world.open[0];
        sink.chunk(&[9; 200], 1);
        world.room.store(usize::MAX, SeqCst);
        let model = &mut world.models[0];
        // Part of what was written must have been cut off again.
        let fits = number * 3 >= 200 + 37;
        assert!(!fits, "the room is too small for the record on purpose");
        model.holes.push(Hole {
            offset: model.body.len() as u64,
            len: Some(200),
        });
        model.body.resize(model.body.len() + 200, 0);
        world.apply(Op::Chunk(0, 5));
    }
    world.crash(0);
}

#[test]
fn a_paused_source_draws_the_gap_and_begins_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store.db"), Access::Create).unwrap();
    let spool = store.record().unwrap();
    let mut sink = spool.begin("main", "", &RequestHead::default(), &[], 0);
    sink.chunk(b"before", 1);
    spool.set_recording("main", false);
    sink.chunk(b"missing", 2);
    assert!(spool.settle(Duration::from_secs(30)));
    let index = store.indexes().unwrap()[0];
    assert_eq!(store.exchange(index).unwrap().holes, [Hole { offset: 6, len: None }]);
    spool
        .begin("main", "", &RequestHead::default(), &[], 0)
        .end(Ending::Complete, 3);
    spool
        .begin("other", "", &RequestHead::default(), &[], 0)
        .end(Ending::Complete, 3);
    spool.set_recording("main", true);
    sink.chunk(b"after", 4);
    sink.end(Ending::Complete, 5);
    assert!(spool.finish(Duration::from_secs(30)));
    assert_eq!(
        store.indexes().unwrap().len(),
        2,
        "what began while paused is not there"
    );
    let exchange = store.exchange(index).unwrap();
    assert_eq!(
        exchange.holes,
        [Hole {
            offset: 6,
            len: Some(7)
        }]
    );
    assert_eq!((exchange.body_len, exchange.chunk_count), (18, 2));
    assert_eq!(store.shelf(index).body(0..18).unwrap(), b"before\0\0\0\0\0\0\0after");
}

#[test]
fn a_living_recorder_is_left_alone() {
    let mut world = World::new();
    world.apply(Op::Begin);
    world.apply(Op::Chunk(0, 100));
    let mut conn = conn::open_writer(&world.path()).unwrap();
    writer::absorb_dead(&mut conn, &SpoolFolder::of(&world.path()), &mut Vec::new()).unwrap();
    assert_eq!(world.store().indexes().unwrap(), Vec::<i64>::new());
    world.apply(Op::Chunk(0, 100));
    world.crash(0);
}
