//! Stopping while something hangs: an output that is not read, a client that does
//! not read, an agent that says nothing.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
    process::Stdio,
    thread,
};

use crate::{
    agent::{Agent, ask, first_frame, post, post_and_stay},
    process::{Process, free_port, kill},
    replaying::sample,
    stage::Stage,
};

/// More lines than a pipe holds.
const MANY: usize = 400;

#[test]
fn a_recorder_whose_lines_are_not_read_stops_and_has_everything() {
    let stage = Stage::new();
    let mut recorder = Process::record(&stage, &Agent::start(), "");
    for _ in 0..MANY {
        assert!(post(&recorder.url()).starts_with("HTTP/1.1 200"));
    }
    let ended = recorder.stop("-INT");
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
    let listed = stage.json("list s.db --json");
    assert_eq!(listed.len(), MANY);
    assert!(listed.iter().all(|line| line["ending"] == "complete"));
}

#[test]
fn lines_that_are_read_late_are_whole() {
    let stage = Stage::new();
    let mut recorder = Process::record(&stage, &Agent::start(), "");
    for _ in 0..MANY {
        post(&recorder.url());
    }
    recorder.read_on();
    for index in 1..=MANY {
        assert_eq!(recorder.next_with("index")["index"], index);
    }
    assert_eq!(recorder.stop("-INT").status.code(), Some(0));
    assert_eq!(recorder.last_lines(), Vec::<serde_json::Value>::new());
}

#[test]
fn a_log_beside_a_command_that_is_not_read_holds_up_nothing() {
    let stage = Stage::new();
    let args = format!(
        "record --upstream a={} --listen 127.0.0.1:0 --store s.db --json -- sh -c",
        Agent::start().url()
    );
    let mut child = stage
        .command(args.split_whitespace())
        .arg("echo $SCRUBJAY_URL; read -r _; exit 3")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut url).unwrap();
    for _ in 0..MANY {
        post(url.trim());
    }
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(3));
    assert_eq!(stage.json("list s.db --json").len(), MANY);
}

#[test]
fn a_log_that_goes_to_a_full_disk_ends_no_recording() {
    let Ok(full) = std::fs::File::create("/dev/full") else {
        eprintln!("NOT TESTED: this system has no /dev/full");
        return;
    };
    let stage = Stage::new();
    let port = free_port();
    let args = format!(
        "record --upstream a={} --listen {port} --store s.db --json",
        Agent::start().url()
    );
    let mut child = stage.command(args.split_whitespace()).stdout(full).spawn().unwrap();
    let url = format!("http://127.0.0.1:{port}");
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert_eq!(child.try_wait().unwrap(), None, "it ended by itself");
        thread::yield_now();
    }
    for _ in 0..3 {
        assert!(post(&url).starts_with("HTTP/1.1 200"));
    }
    kill("-INT", &child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(stage.json("list s.db --json").len(), 3);
}

#[test]
fn a_replay_whose_lines_are_not_read_stops() {
    let stage = Stage::new();
    for (rest, status) in [("", 0), ("--strict", 1)] {
        let file = sample("tool-call-parallel.agui.jsonl");
        let args = format!("replay {file} --listen 127.0.0.1:0 --pace instant --json {rest}");
        let mut replay = Process::start(stage.command(args.split_whitespace()));
        for _ in 0..MANY {
            post(&replay.url());
        }
        let ended = replay.stop("-INT");
        assert_eq!(ended.status.code(), Some(status), "{rest}: {}", ended.stderr);
    }
}

#[test]
fn clients_and_agents_that_hang_do_not_hold_up_the_end() {
    for signal in ["-INT", "-TERM"] {
        let stage = Stage::new();
        let flood = Agent::flooding();
        let mut recorder = Process::record(&stage, &flood, "");
        // One that never reads, so that the agent is held up by it.
        let stuck = ask(&recorder.url());
        let silent = Agent::start_stalling();
        let mut second = {
            let args = format!(
                "record --upstream quiet={} --listen 127.0.0.1:0 --store s.db --json",
                silent.url()
            );
            Process::start(stage.command(args.split_whitespace()))
        };
        let waiting = post_and_stay(&second.url());
        flood.wait_until_held_up();
        for process in [&mut recorder, &mut second] {
            let ended = process.stop(signal);
            assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
        }
        drop((stuck, waiting));
        let listed = stage.json("list s.db --json");
        let endings: Vec<_> = listed.iter().map(|line| &line["ending"]).collect();
        assert_eq!(endings, ["recorder_stopped", "recorder_stopped"]);
        assert!(listed.iter().all(|line| line["bytes"].as_u64().unwrap() > 0));
    }
}

#[test]
fn the_page_server_stops_with_a_client_that_hangs() {
    if !scrubjay_door::is_built() {
        return;
    }
    let stage = Stage::new();
    let agent = Agent::start_stalling();
    let args = format!(
        "serve --store s.db --listen 127.0.0.1:0 --upstream agent={} --json",
        agent.url()
    );
    let mut server = Process::start(stage.command(args.split_whitespace()));
    let source = server.ready["sources"][0]["url"].as_str().unwrap().to_owned();
    let waiting = post_and_stay(&source);
    // Half a request to the page.
    let address = server.url().replace("http://", "");
    let mut half = TcpStream::connect(address.split('/').next().unwrap()).unwrap();
    half.write_all(b"GET / HTTP/1.1\r\nhost:").unwrap();
    let ended = server.stop("-INT");
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
    drop((waiting, half));
    assert_eq!(stage.said("body s.db"), first_frame());
}
