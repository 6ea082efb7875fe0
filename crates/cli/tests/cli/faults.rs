//! Stores that are damaged at any place: every command that reads ends with
//! what it can show or with a sentence, and never by itself.

use std::{
    fs,
    process::{Command, Output},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    thread,
};

use crate::{
    files::{capture, file_of, made_up},
    stage::Stage,
};

/// Damaged stores.
const STORES: u64 = 260;
/// What reads them; the last makes all anew.
const COMMANDS: [&str; 5] = [
    "list --all",
    "show --exchange 1",
    "events --exchange 1",
    "check",
    "reindex",
];
/// A command that takes so many seconds hangs.
const DEADLINE: &str = "60";

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

/// A store with some exchanges, all derived.
fn sound_store() -> Vec<u8> {
    let stage = Stage::new();
    let captured = [
        capture("mastra/01-chat"),
        made_up(b"data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n: x\n\ndata: {\n\n"),
    ];
    stage.put("a.agui.jsonl", &file_of(&captured));
    stage.said("import a.agui.jsonl --store s.db");
    fs::read(stage.path("s.db")).unwrap()
}

/// One kind of damage, the same for the same number.
fn damage(store: &[u8], number: u64) -> Vec<u8> {
    const PAGE: usize = 8192;
    let mut random = Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut bytes = store.to_vec();
    let pages = bytes.len() / PAGE;
    match number % 6 {
        0 => {
            for _ in 0..1 + random.below(64) {
                let place = random.below(bytes.len());
                bytes[place] ^= 1 << random.below(8);
            }
        }
        1 => bytes.truncate(random.below(store.len())),
        2 => {
            let (one, other) = (random.below(pages) * PAGE, random.below(pages) * PAGE);
            bytes[one..one + PAGE].copy_from_slice(&store[other..other + PAGE]);
            bytes[other..other + PAGE].copy_from_slice(&store[one..one + PAGE]);
        }
        3 => {
            // The header and the schema after it.
            for _ in 0..1 + random.below(16) {
                let place = random.below(600);
                bytes[place] = random.below(256) as u8;
            }
        }
        4 => {
            let page = random.below(pages) * PAGE;
            bytes[page..page + PAGE]
                .iter_mut()
                .for_each(|byte| *byte = random.below(256) as u8);
        }
        _ => {
            let from = random.below(bytes.len());
            let to = (from + random.below(3 * PAGE)).min(bytes.len());
            bytes[from..to].fill(0);
        }
    }
    bytes
}

fn run(stage: &Stage, name: &str, command: &str) -> Output {
    let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
    let program = stage.command([] as [&str; 0]).get_program().to_owned();
    let store = if verb == "reindex" {
        vec!["--store", name]
    } else {
        vec![name]
    };
    Command::new("timeout")
        .args(["--signal=KILL", DEADLINE])
        .arg(program)
        .arg(verb)
        .args(store)
        .args(rest.split_whitespace())
        .current_dir(stage.path(""))
        .output()
        .unwrap()
}

/// Gives how many of the commands could not do it.
fn check(stage: &Stage, store: &[u8], number: u64) -> u64 {
    let name = format!("{number}.db");
    let mut refused = 0;
    for command in COMMANDS {
        stage.put(&name, store);
        let output = run(stage, &name, command);
        let said = String::from_utf8_lossy(&output.stderr);
        let code = output.status.code();
        assert!(
            matches!(code, Some(0..=2)),
            "store {number}, {command}: {} {said}",
            output.status
        );
        assert!(!said.contains("panicked"), "store {number}, {command}: {said}");
        if code == Some(2) {
            refused += 1;
            assert!(
                said.trim_end().ends_with(['.', '?', '!']) && said.len() > 20,
                "store {number}, {command}: {said:?}"
            );
            if command != "reindex" {
                let now = fs::read(stage.path(&name)).unwrap();
                assert!(
                    now == store || !said.contains("not a Scrubjay store"),
                    "store {number}, {command}"
                );
            }
        }
        for suffix in ["-wal", "-shm"] {
            fs::remove_file(stage.path(&format!("{name}{suffix}"))).ok();
        }
        fs::remove_dir_all(stage.path(&format!("{name}.spool"))).ok();
    }
    fs::remove_file(stage.path(&name)).ok();
    refused
}

#[test]
fn damaged_stores_get_an_answer_or_a_sentence() {
    let store = sound_store();
    let stage = Stage::new();
    assert_eq!(check(&stage, &store, STORES), 0, "the sound one is read");
    let (next, refused) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Relaxed);
                    if number >= STORES {
                        return;
                    }
                    refused.fetch_add(check(&stage, &damage(&store, number), number), Relaxed);
                }
            });
        }
    });
    let refused = refused.into_inner();
    assert!(refused > STORES / 4, "hardly any damage was noticed: {refused}");
}
