//! What ends no recording beside odd bytes: heads that never end, descriptors that
//! are out, a clock that is wrong, and names that are not ours at a replay.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::SocketAddr,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    process::Process,
    raw::{Recorder, Upstream, connect, echo, exchange, read_until, send},
    stage::Stage,
};

#[test]
fn a_page_of_another_name_reads_nothing_through_a_replay() {
    let upstream = echo();
    let recorder = Recorder::start(&upstream.url(), "");
    assert_eq!(
        exchange(recorder.address, b"GET /x HTTP/1.1\r\nhost: localhost\r\n\r\n").status(),
        200
    );
    let stage = recorder.stop();
    let mut replay = Process::start(
        stage.command("replay s.db --json --listen 127.0.0.1:0 --allow-host agent.test".split_whitespace()),
    );
    replay.read_on();
    let address: SocketAddr = replay.url().strip_prefix("http://").unwrap().parse().unwrap();
    let ask = |head: &str| exchange(address, format!("{head}\r\n\r\n").as_bytes());
    for host in ["localhost", "agent.test", "[::1]:1"] {
        assert_eq!(ask(&format!("GET /x HTTP/1.1\r\nhost: {host}")).status(), 200, "{host}");
    }
    for (head, status) in [
        ("GET /x HTTP/1.1\r\nhost: evil.example", 403),
        ("GET http://evil.example/x HTTP/1.1\r\nhost: evil.example", 403),
        (
            "OPTIONS /x HTTP/1.1\r\nhost: evil.example\r\norigin: http://evil.example\r\naccess-control-request-method: GET",
            403,
        ),
        ("GET /x HTTP/1.1\r\nhost: localhost\r\nhost: evil.example", 400),
        ("GET /x HTTP/1.1", 400),
    ] {
        let got = ask(head);
        assert_eq!(got.status(), status, "{head}: {}", got.text());
        let text = got.text();
        assert!(!text.contains("GET /x HTTP/1.1"), "nothing recorded is printed: {text}");
        assert!(!text.contains("access-control-allow-origin"), "{text}");
        assert!(text.contains("\"hint\""), "{text}");
    }
    let said = replay.stop("-INT");
    assert!(said.status.success(), "{}", said.stderr);
}

/// Nothing is waited for: heads that are not whole are counted.
#[test]
fn heads_that_never_end_do_not_crowd_out_others() {
    let upstream = echo();
    let recorder = Recorder::start(&upstream.url(), "");
    let mut slow: Vec<_> = (0..300)
        .map(|_| {
            let mut stream = connect(recorder.address);
            send(&mut stream, b"GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: ");
            stream
        })
        .collect();
    let alive = exchange(recorder.address, b"GET /alive HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(alive.status(), 200);
    // Of 300, 256 are waited for; the others get 503. Which ones is not certain.
    let mut refused = Vec::new();
    let began = Instant::now();
    while refused.len() < 300 - 256 && began.elapsed() < Duration::from_secs(20) {
        slow.retain_mut(|stream| {
            let mut some = [0; 1024];
            stream.set_nonblocking(true).unwrap();
            match stream.read(&mut some) {
                Ok(len @ 1..) => refused.push(String::from_utf8_lossy(&some[..len]).into_owned()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                ended => panic!("a slow head ended without a word: {ended:?}"),
            }
            false
        });
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!((refused.len(), slow.len()), (44, 256));
    for text in refused {
        assert!(
            text.starts_with("HTTP/1.1 503 ") && text.contains("heads are not whole"),
            "{text}"
        );
    }
    drop(slow);
    assert_eq!(
        exchange(recorder.address, b"GET /alive HTTP/1.1\r\nhost: localhost\r\n\r\n").status(),
        200
    );
    let stage = recorder.stop();
    assert_eq!(stage.json("list s.db --all --json").len(), 2);
}

#[test]
fn descriptors_that_are_out_are_not_the_upstreams_fault() {
    // Every request needs a connection of its own.
    let upstream = Upstream::start(|_, stream| {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok")
            .ok();
        false
    });
    let stage = Stage::new();
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg(format!(
            "ulimit -n 64; exec {} record --json --upstream {} --listen 127.0.0.1:0 --store s.db",
            env!("CARGO_BIN_EXE_scrubjay"),
            upstream.url()
        ))
        .current_dir(stage.path(""))
        .stdin(Stdio::null());
    let mut process = Process::start(shell);
    process.read_on();
    let address: SocketAddr = process.url().strip_prefix("http://").unwrap().parse().unwrap();
    let mut first = connect(address);
    let crowd: Vec<_> = (0..80).map(|_| connect(address)).collect();
    // Asked until it cannot connect: how many of the crowd have been accepted by then is not ours to say.
    let refused = (0..1000).find_map(|_| {
        send(&mut first, b"GET /x HTTP/1.1\r\nhost: localhost\r\n\r\n");
        let got = read_until(&mut first, |got| got.status() >= 200 && got.body().1);
        (got.status() != 200).then_some(got)
    });
    let refused = refused.expect("the descriptors should be out");
    assert_eq!(refused.status(), 503, "{}", refused.text());
    assert!(
        refused.text().contains("has no file descriptor left"),
        "{}",
        refused.text()
    );
    assert!(refused.text().contains("ulimit -n"), "{}", refused.text());
    drop(crowd);
    let alive = (0..1000).find(|_| {
        send(&mut first, b"GET /alive HTTP/1.1\r\nhost: localhost\r\n\r\n");
        read_until(&mut first, |got| got.status() >= 200 && got.body().1).status() == 200
    });
    assert!(alive.is_some());
    drop(first);
    let ended = process.stop("-INT");
    assert!(ended.status.success(), "{}", ended.stderr);
    let listed = stage.json("list s.db --all --json");
    assert!(
        listed
            .iter()
            .any(|line| line["ending"] == "no_answer" && line["status"] == 503),
        "{listed:?}"
    );
    assert!(
        listed
            .iter()
            .any(|line| line["target"] == "/alive" && line["ending"] == "complete"),
        "{listed:?}"
    );
}

/// Sends through a real client.
fn curl(args: &[&str]) -> String {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "30"])
        .args(args)
        .output();
    let output = output.expect("curl is there");
    assert!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn curl_speaks_http_2_with_a_long_head() {
    let upstream = echo();
    let recorder = Recorder::start(&upstream.url(), "");
    let url = format!("http://{}/curl", recorder.address);
    let long = format!("x-long: {}", "a".repeat(60_000));
    let got = curl(&["--http2-prior-knowledge", "--header", &long, &url]);
    assert!(got.contains(&long), "{}", &got[..got.len().min(300)]);
    let refused = curl(&["--header", "host: evil.example", &url]);
    assert!(refused.contains("--allow-host evil.example"), "{refused}");
    let stage = recorder.stop();
    assert_eq!(stage.json("list s.db --all --json").len(), 1);
}

/// A clock that is not the machine's, for one program.
const OTHER_CLOCK: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long shift(void) { return atol(getenv("OTHER_CLOCK_S")); }
int clock_gettime(clockid_t id, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int got = real(id, now);
    if (id == CLOCK_REALTIME) now->tv_sec += shift();
    return got;
}
"#;

#[test]
fn a_clock_that_stands_anywhere_ends_no_recording() {
    let stage = Stage::new();
    stage.put("clock.c", OTHER_CLOCK.as_bytes());
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o", "clock.so", "clock.c", "-ldl"])
        .current_dir(stage.path(""))
        .status();
    assert!(built.expect("there is a C compiler").success());
    let upstream = echo();
    // Before 1970, and after 9999.
    for (shift_s, day) in [("-4000000000", "1970-01-01"), ("300000000000", "9999-12-31")] {
        let store = format!("s{day}.db");
        let args = format!(
            "record --json --upstream {} --listen 127.0.0.1:0 --store {store}",
            upstream.url()
        );
        let mut command = stage.command(args.split_whitespace());
        command
            .env("LD_PRELOAD", stage.path("clock.so"))
            .env("OTHER_CLOCK_S", shift_s);
        let mut process = Process::start(command);
        process.read_on();
        let address = process.url().strip_prefix("http://").unwrap().parse().unwrap();
        for _ in 0..2 {
            let got = exchange(address, b"GET /alive HTTP/1.1\r\nhost: localhost\r\n\r\n");
            assert_eq!(got.status(), 200, "{}", got.text());
        }
        let ended = process.stop("-INT");
        assert!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
        assert!(ended.stderr.contains("before 1970 or after 9999"), "{}", ended.stderr);
        let mut list = stage.command(["list", store.as_str(), "--all", "--json"]);
        list.env("LD_PRELOAD", stage.path("clock.so"))
            .env("OTHER_CLOCK_S", shift_s);
        let listed = String::from_utf8(list.output().unwrap().stdout).unwrap();
        assert_eq!(listed.lines().count(), 2, "{listed}");
        for line in listed.lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(line["startedAt"].as_str().unwrap().starts_with(day), "{line}");
            assert_eq!(line["ending"], "complete");
        }
        let people = stage.run(&format!("list {store} --all"));
        assert!(people.status.success());
    }
}
