//! Files that are taken away from a recorder while it uses them.

use std::{
    fs,
    io::Read,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    agent::{Agent, BODY, first_frame, post},
    process::Process,
    stage::Stage,
};

fn record(stage: &Stage, agent: &Agent) -> Process {
    let mut process = Process::record(stage, agent, "");
    process.read_on();
    process
}

/// Records one exchange, and waits until it is in the store.
fn exchange(process: &Process) -> Value {
    assert!(post(&process.url()).contains("RUN_FINISHED"));
    process.next_with("ending")
}

/// Waits until recording goes on elsewhere; gives why, and where that is.
fn moved(process: &Process) -> (String, String) {
    let moves = process.next_with("recording");
    assert_eq!(moves["recording"], "moves", "{moves}");
    let moved = process.next_with("recording");
    assert_eq!(
        (&moved["recording"], &moved["complete"]),
        (&"moved".into(), &true.into()),
        "{moved}"
    );
    assert_eq!(moves["store"], moved["store"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&moves["why"]), text(&moved["store"]))
}

fn assert_holds(stage: &Stage, store: &str, exchanges: &[i64]) {
    let rows = stage.json(&format!("list {store} --json"));
    let indexes: Vec<i64> = rows.iter().map(|row| row["index"].as_i64().unwrap()).collect();
    assert_eq!(indexes, exchanges);
    assert!(rows.iter().all(|row| row["ending"] == "complete"), "{rows:?}");
    for index in exchanges {
        let body = stage.bytes(&format!("body {store} --exchange {index}"));
        assert_eq!(String::from_utf8(body).unwrap(), BODY);
    }
}

/// No exchange is lost, and none of the store's files is left without its like.
fn recorder_goes_on(take_away: impl FnOnce(&Stage), why: &str) -> Stage {
    let stage = Stage::new();
    let agent = Agent::start();
    let mut process = record(&stage, &agent);
    exchange(&process);
    exchange(&process);
    take_away(&stage);
    let (said, store) = moved(&process);
    assert_eq!(said, why);
    assert_eq!(Path::new(&store), Path::new("s-recovered-1.db"));
    exchange(&process);
    let ended = process.stop("-TERM");
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_holds(&stage, &store, &[1, 2, 3]);
    assert!(!stage.path("s-recovered-1.db-wal").exists());
    stage
}

#[test]
fn a_store_that_is_removed_goes_on_beside_it() {
    let stage = recorder_goes_on(
        |stage| {
            for name in ["s.db", "s.db-wal", "s.db-shm"] {
                fs::remove_file(stage.path(name)).ok();
            }
        },
        "was removed",
    );
    assert!(!stage.path("s.db").exists());
}

#[test]
fn a_store_that_is_replaced_is_not_written_to() {
    let stage = recorder_goes_on(
        |stage| {
            let other = Agent::start();
            let mut process = Process::start(stage.command([
                "record",
                "--json",
                "--upstream",
                &other.url(),
                "--listen",
                "127.0.0.1:0",
                "--store",
                "other.db",
            ]));
            process.read_on();
            exchange(&process);
            assert!(process.stop("-TERM").status.success());
            fs::rename(stage.path("other.db"), stage.path("s.db")).unwrap();
        },
        "was replaced by another file",
    );
    // Beside it there is still the WAL of the store that is gone, which is not its own.
    for name in ["s.db-wal", "s.db-shm"] {
        fs::remove_file(stage.path(name)).ok();
    }
    assert_holds(&stage, "s.db", &[1]);
}

#[test]
fn a_wal_that_is_removed_counts_as_the_store() {
    recorder_goes_on(
        |stage| fs::remove_file(stage.path("s.db-wal")).unwrap(),
        "has lost the -wal file beside it",
    );
}

#[test]
fn what_streams_meanwhile_is_whole() {
    let stage = Stage::new();
    let agent = Agent::start_stalling();
    let mut process = record(&stage, &agent);
    let mut client = crate::agent::ask(&process.url());
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(first_frame().trim_end()) {
        let mut buffer = [0; 4096];
        let len = client.read(&mut buffer).unwrap();
        assert!(len > 0);
        seen.extend_from_slice(&buffer[..len]);
    }
    fs::remove_file(stage.path("s.db")).unwrap();
    let (_, store) = moved(&process);
    drop(client);
    let ended = process.next_with("ending");
    assert_eq!(ended["ending"], "client_left");
    assert!(process.stop("-TERM").status.success());
    let body = stage.bytes(&format!("body {store} --exchange 1"));
    assert_eq!(String::from_utf8(body).unwrap(), first_frame());
}

/// Reads so many bytes of an answer, or up to its end.
fn read_some(client: &mut impl Read, wanted: usize) -> usize {
    let (mut read, mut buffer) = (0, vec![0; 1 << 16]);
    while read < wanted {
        match client.read(&mut buffer).unwrap() {
            0 => break,
            len => read += len,
        }
    }
    read
}

/// Looks until something is so.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < end, "never: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until a store has all that was recorded, and nothing more is derived.
fn wait_until_quiet(stage: &Stage) {
    let (mut seen, mut still) = (Vec::new(), 0);
    wait_until("the store is quiet", || {
        let rows = stage.json("list s.db --all --json");
        still = if rows == seen { still + 1 } else { 0 };
        seen = rows;
        still == 5
    });
}

/// Empties the store, and waits until recording goes on in another.
fn empty_store(stage: &Stage, process: &Process) -> String {
    fs::write(stage.path("s.db"), "").unwrap();
    let moves = process.next_with("recording");
    assert_eq!(
        (&moves["recording"], &moves["why"]),
        (&"moves".into(), &"was emptied".into()),
        "{moves}"
    );
    let moved = process.next_with("recording");
    assert_eq!(
        (&moved["recording"], &moved["complete"]),
        (&"moved".into(), &false.into()),
        "{moved}"
    );
    assert_eq!(moves["store"], moved["store"]);
    moved["store"].as_str().unwrap().to_owned()
}

/// Of a file that was emptied nothing can be copied.
#[test]
fn what_streams_while_the_store_is_emptied_goes_on_in_another_under_a_new_number() {
    let stage = Stage::new();
    let agent = Agent::start_stalling();
    let mut process = record(&stage, &agent);
    let mut client = crate::agent::ask(&process.url());
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(first_frame().trim_end()) {
        let mut buffer = [0; 4096];
        let len = client.read(&mut buffer).unwrap();
        assert!(len > 0);
        seen.extend_from_slice(&buffer[..len]);
    }
    wait_until("the stream is in the store", || {
        stage.json("list s.db --json").iter().any(|row| row["frames"] == 1)
    });
    let store = empty_store(&stage, &process);
    drop(client);
    let ended = process.next_with("ending");
    assert_eq!(ended["ending"], "client_left");
    assert_eq!(process.stop("-TERM").status.code(), Some(0));
    let rows = stage.json(&format!("list {store} --json"));
    let indexes: Vec<&Value> = rows.iter().map(|row| &row["index"]).collect();
    assert_eq!(indexes, [2], "{rows:?}");
    let body = stage.bytes(&format!("body {store} --exchange 2"));
    assert_eq!(String::from_utf8(body).unwrap(), first_frame());
}

/// The spool has files of 8 MiB, and the first of them is gone by then.
#[test]
fn a_long_stream_goes_on_with_a_hole_when_the_store_is_emptied() {
    let stage = Stage::new();
    let agent = Agent::flooding();
    let mut process = record(&stage, &agent);
    let mut client = crate::agent::ask(&process.url());
    read_some(&mut client, 12 << 20);
    wait_until("the first file of the spool is gone", || {
        let files = fs::read_dir(stage.path("s.db.spool")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| name.ends_with(".spool"))
            .all(|name| !name.ends_with("-000000.spool"))
    });
    agent.wait_until_held_up();
    wait_until_quiet(&stage);
    let store = empty_store(&stage, &process);
    // More than sockets hold, so that some of it is recorded after the store was emptied.
    read_some(&mut client, 32 << 20);
    drop(client);
    let ended = process.next_with("ending");
    assert_eq!(
        (&ended["ending"], &ended["index"]),
        (&"client_left".into(), &2.into()),
        "{ended}"
    );
    assert_eq!(process.stop("-TERM").status.code(), Some(0));
    let rows = stage.json(&format!("list {store} --all --json"));
    assert_eq!(rows.len(), 1, "{rows:?}");
    let shown = stage.json(&format!("show {store} --exchange 2 --json"));
    let shown = shown.iter().find(|line| line.get("holes").is_some()).unwrap();
    assert_eq!(shown["response"]["status"], 200, "{shown}");
    let hole = &shown["holes"][0];
    assert_eq!(hole["offset"], 0, "{shown}");
    let len = hole["len"].as_u64().unwrap();
    assert!(len > 8 << 20 && len < rows[0]["bytes"].as_u64().unwrap(), "{shown}");
}

#[test]
fn a_spool_that_is_taken_away_is_made_again() {
    let stage = Stage::new();
    let agent = Agent::start();
    let mut process = record(&stage, &agent);
    exchange(&process);
    fs::remove_dir_all(stage.path("s.db.spool")).unwrap();
    let again = process.next_with("recording");
    assert_eq!(again["recording"], "goes on", "{again}");
    exchange(&process);
    assert!(process.stop("-TERM").status.success());
    assert_holds(&stage, "s.db", &[1, 2]);
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_a_spool_is_not_used_and_nothing_is_lost() {
    let stage = Stage::new();
    let agent = Agent::start();
    let mut process = record(&stage, &agent);
    exchange(&process);
    fs::create_dir(stage.path("elsewhere")).unwrap();
    fs::remove_dir_all(stage.path("s.db.spool")).unwrap();
    std::os::unix::fs::symlink(stage.path("elsewhere"), stage.path("s.db.spool")).unwrap();
    let without = process.next_with("recording");
    assert_eq!(without["recording"], "goes on unspooled", "{without}");
    assert!(without["why"].as_str().unwrap().contains("symbolic link"), "{without}");
    exchange(&process);
    assert!(process.stop("-TERM").status.success());
    assert_eq!(fs::read_dir(stage.path("elsewhere")).unwrap().count(), 0);
    fs::remove_file(stage.path("s.db.spool")).unwrap();
    assert_holds(&stage, "s.db", &[1, 2]);
}

/// Who only looks at a store says so too.
#[test]
fn a_window_states_that_its_store_is_gone() {
    let stage = Stage::new();
    let agent = Agent::start();
    let mut process = record(&stage, &agent);
    exchange(&process);
    assert!(process.stop("-TERM").status.success());
    let engine = scrubjay_engine::Engine::open(&scrubjay_engine::Options {
        path: Some(stage.path("s.db")),
        opening: scrubjay_engine::Opening::Window,
    })
    .unwrap();
    assert_eq!(engine.health().unwrap().trouble, None);
    fs::remove_file(stage.path("s.db")).unwrap();
    let trouble = engine.health().unwrap().trouble.unwrap();
    assert!(trouble.contains("was removed while it was open"), "{trouble}");
}
