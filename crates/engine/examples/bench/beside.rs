//! What recordings that are made to cost do to an event that passes a source
//! at the same time.
//!
//! Rounds go in turns: nothing beside it, questions in the process that
//! records, commands in other processes. Each has the agent itself and the
//! source, as a machine that is busy delays both.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use scrubjay_engine::{Asker, Engine, Opening, Options, SourceConfig};
use scrubjay_ipc::{AnyAsk, Chat, Open, Opened, Problems, Rows, RowsOf, State};
use tokio::runtime::Runtime;

use crate::{
    capture::threads,
    million::lanes,
    percentile,
    wire::{self, Failed},
};

const PACED_EVENTS: u64 = 1_000;
const ROUNDS: usize = 7;

#[derive(Clone, Copy, PartialEq)]
enum Load {
    Nothing,
    Questions,
    Commands,
}

const LOADS: [(Load, &str); 3] = [
    (Load::Nothing, "nothing"),
    (Load::Questions, "questions"),
    (Load::Commands, "commands"),
];

/// Prints delays, with a store in `folder` and the recording files of `hostile`.
/// `program` is the command line.
pub(crate) fn measure(folder: &Path, hostile: &Path, program: &Path) -> Result<(), Failed> {
    let files = files_of(hostile)?;
    let ends = threads()?;
    let agent = ends.block_on(wire::agent())?;
    let engine = Engine::open(&Options {
        path: Some(folder.join("beside.db")),
        opening: Opening::Writing,
    })?;
    let source = engine.run_source(&SourceConfig {
        name: Some("bench".into()),
        listen: Some("127.0.0.1:0".into()),
        upstream: format!("http://{agent}"),
        ..SourceConfig::default()
    })?;
    let mut exchanges = Vec::new();
    for file in &files {
        exchanges.extend(engine.import_file(file, None)?.exchanges);
    }
    let beside = Beside {
        ends,
        addresses: [agent, source.listen.parse()?],
        engine,
        exchanges,
        files,
        program: program.to_owned(),
    };
    beside.measure()?;
    if !beside.engine.close() {
        return Err("the store did not take everything".into());
    }
    Ok(())
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".agui.jsonl") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

struct Beside {
    ends: Runtime,
    /// Of the agent and of the source.
    addresses: [SocketAddr; 2],
    engine: Engine,
    exchanges: Vec<i64>,
    files: Vec<PathBuf>,
    program: PathBuf,
}

impl Beside {
    fn measure(&self) -> Result<(), Failed> {
        println!("delay of an event at 2 ms pace ({ROUNDS} rounds of {PACED_EVENTS}), microseconds");
        let mut delays = LOADS.map(|_| [Vec::new(), Vec::new()]);
        let mut done = LOADS.map(|_| 0);
        for _ in 0..ROUNDS {
            for (place, (load, _)) in LOADS.into_iter().enumerate() {
                let (round, count) = self.round(load)?;
                done[place] += count;
                for (all, of_round) in delays[place].iter_mut().zip(round) {
                    // The first events meet cold caches and connections.
                    all.extend(of_round.into_iter().skip(20).map(|ns| ns as f64 / 1_000.0));
                }
            }
        }
        for (([direct, source], done), (_, name)) in delays.iter_mut().zip(done).zip(LOADS) {
            let [direct, source] = [direct, source].map(|delays| [50.0, 95.0].map(|part| percentile(delays, part)));
            println!(
                "  beside {name:<10} direct median {:>7.1} p95 {:>7.1}   source median {:>7.1} p95 {:>7.1}   added median {:>7.1}   ({done} done)",
                direct[0],
                direct[1],
                source[0],
                source[1],
                source[0] - direct[0],
            );
        }
        Ok(())
    }

    /// Delays of both ways, and how many questions or commands ended meanwhile.
    fn round(&self, load: Load) -> Result<([Vec<u64>; 2], u64), Failed> {
        let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
        thread::scope(|scope| {
            scope.spawn(|| match load {
                Load::Nothing => {}
                Load::Questions => self.questions(&stop, &done),
                Load::Commands => self.commands(&stop, &done),
            });
            let measured = self
                .addresses
                .map(|address| self.ends.block_on(wire::delays(address, 2_000, PACED_EVENTS)));
            stop.store(true, Ordering::Relaxed);
            let [direct, source] = measured;
            Ok(([direct?, source?], done.load(Ordering::Relaxed)))
        })
    }

    /// Asks about one exchange after the other what a window asks.
    fn questions(&self, stop: &AtomicBool, done: &AtomicU64) {
        for exchange in self.exchanges.iter().copied().cycle() {
            let opened = self.engine.ask(Asker::default(), &Open { exchange }.into());
            let opened: Opened = serde_json::from_slice(&opened.expect("it opens")).expect("it is an answer");
            for question in questions_of(exchange, &opened) {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                self.engine.ask(Asker::default(), &question).expect("it is answered");
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Runs one command after the other on one file after the other.
    fn commands(&self, stop: &AtomicBool, done: &AtomicU64) {
        for file in self.files.iter().cycle() {
            for command in ["list", "check", "state", "diff"] {
                let mut command_line = Command::new(&self.program);
                command_line.arg(command).arg(file).arg("--json");
                if command == "diff" {
                    command_line.arg(file);
                }
                let mut child = command_line
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .expect("the program starts");
                while child.try_wait().expect("it is a child").is_none() {
                    if stop.load(Ordering::Relaxed) {
                        child.kill().expect("it can be ended");
                    }
                    thread::sleep(std::time::Duration::from_millis(5));
                }
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

fn questions_of(exchange: i64, opened: &Opened) -> [AnyAsk; 6] {
    let at = opened.frames;
    let rows = |view| Rows {
        exchange,
        view,
        expanded: Vec::new(),
        first: 0,
        count: 60,
    };
    [
        rows(RowsOf::Spans).into(),
        rows(RowsOf::Events).into(),
        lanes(exchange, 0.0, opened.extent.clock).into(),
        Problems { exchange }.into(),
        State {
            exchange,
            at,
            expanded: Vec::new(),
            changed_only: false,
            first: 0,
            count: 60,
        }
        .into(),
        Chat {
            exchange,
            at,
            first: None,
            count: 20,
        }
        .into(),
    ]
}
