//! What does not grow with the library: memory and descriptors of what records
//! and of what shows.

use std::thread;

use crate::{load, page::Page, process::Process, serving::has_page, stage::Stage};

/// Exchanges before the first look and before the second.
const FEW: u64 = 1_000;
const MANY: u64 = 4_000;
const CLIENTS: u64 = 8;
/// What caches and allocators may take in between. Kept for ever, the 3,000
/// exchanges between the looks would be 38 MB at 12.7 kB each.
const SLACK_KB: u64 = 20_000;

/// Memory and descriptors of processes.
fn look(processes: &[Process]) -> Vec<(u64, usize)> {
    let look = |process: &Process| (load::memory_kb(process.id()), load::descriptors(process.id()));
    processes.iter().map(look).collect()
}

/// Waits until all is in the store and derived, and the connections of the clients are gone.
fn settle(stage: &Stage, exchanges: u64) {
    let rows = stage.json("list s.db --json --all");
    assert_eq!(rows.len() as u64, exchanges);
    assert!(rows.iter().all(|row| row["ending"] == "complete" && row["frames"] == 5));
}

#[test]
fn memory_and_descriptors_do_not_grow_with_the_library() {
    let stage = Stage::new();
    let agent = format!("http://{}", load::start_agent());
    let mut record = Process::start(stage.command([
        "record",
        "--json",
        "--upstream",
        &agent,
        "--listen",
        "127.0.0.1:0",
        "--store",
        "s.db",
    ]));
    record.read_on();
    let url = record.url();
    let mut processes = vec![record];
    // Without the page, which is built elsewhere, there is nothing to serve.
    if has_page(&stage) {
        let serve = Process::start(stage.command(["serve", "s.db", "--json", "--listen", "127.0.0.1:0"]));
        let mut news = Page::enter(&serve.url()).news();
        thread::spawn(move || std::io::copy(&mut news, &mut std::io::sink()));
        processes.push(serve);
    }

    load::ask(&url, FEW, CLIENTS);
    wait_for_ends(&processes[0], FEW);
    settle(&stage, FEW);
    let before = look(&processes);
    load::ask(&url, MANY - FEW, CLIENTS);
    wait_for_ends(&processes[0], MANY - FEW);
    settle(&stage, MANY);
    let after = look(&processes);

    for ((before_kb, before_fds), (after_kb, after_fds)) in before.iter().zip(&after) {
        assert!(*after_kb < before_kb + SLACK_KB, "{before:?} {after:?}");
        // Idle connections to the agent and readers of the store come and go.
        assert!(*after_fds <= before_fds + CLIENTS as usize, "{before:?} {after:?}");
    }
    for mut process in processes {
        assert!(process.stop("-TERM").status.success());
    }

    let few = stage.json("list s.db --json --limit 3");
    let indexes: Vec<u64> = few.iter().map(|row| row["index"].as_u64().unwrap()).collect();
    assert_eq!(indexes, [MANY - 2, MANY - 1, MANY]);
    let said = stage.said("list s.db --limit 2");
    assert!(said.ends_with("3,998 older runs left out by --limit\n"), "{said}");
}

/// Each end is printed as a line: then it is in the store.
fn wait_for_ends(record: &Process, count: u64) {
    for _ in 0..count {
        record.next_with("ending");
    }
    record.seen();
}
