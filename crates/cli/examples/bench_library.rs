//! A library that grows: many short exchanges through one `record`, with
//! `serve` open on its store, and a page that listens to it.
//!
//! ```text
//! cargo run --release -p scrubjay-cli --example bench_library -- [COUNT] [CLIENTS] [FOLDER] [PROGRAM]
//! ```
//!
//! At 10,000, at 100,000 and at the end it prints the memory and descriptors
//! of both processes and how long `list` and `check` take; then how long
//! stopping takes. The store goes into FOLDER, and is removed.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

#[path = "../tests/cli/load.rs"]
mod load;
#[path = "../tests/cli/page.rs"]
#[expect(dead_code, reason = "the page asks for rows only")]
mod page;

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use page::Page;
use serde_json::json;

/// A command that runs until it is stopped, and the address that it said first.
struct Running {
    child: Child,
    url: String,
}

fn start(program: &Path, args: &[&str]) -> Running {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    // Its lines are read and thrown away.
    thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
    Running {
        child,
        url: ready["url"].as_str().unwrap().to_owned(),
    }
}

fn timed(program: &Path, args: &[&str]) -> (Duration, usize) {
    let began = Instant::now();
    let output = Command::new(program).args(args).output().unwrap();
    let took = began.elapsed();
    (took, output.stdout.iter().filter(|byte| **byte == b'\n').count())
}

fn stop(running: &mut Running) -> Duration {
    let began = Instant::now();
    let sent = Command::new("kill").arg(running.child.id().to_string()).status();
    assert!(sent.unwrap().success());
    running.child.wait().unwrap();
    began.elapsed()
}

fn main() {
    let mut args = std::env::args().skip(1);
    let count: u64 = args.next().map_or(100_000, |text| text.parse().unwrap());
    let clients: u64 = args.next().map_or(16, |text| text.parse().unwrap());
    let folder = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let program = args
        .next()
        .map_or_else(|| PathBuf::from("target/release/scrubjay"), PathBuf::from);
    let place = tempfile::Builder::new()
        .prefix("bench_library")
        .tempdir_in(folder)
        .unwrap();
    let store = place.path().join("store.db");
    let store = store.to_str().unwrap();
    let agent = format!("http://{}", load::start_agent());
    let record = [
        "record",
        "--json",
        "--upstream",
        &agent,
        "--listen",
        "127.0.0.1:0",
        "--store",
        store,
    ];
    let mut record = start(&program, &record);
    let mut serve = start(&program, &["serve", store, "--json", "--listen", "127.0.0.1:0"]);
    let page = Page::enter(&serve.url);
    let mut news = page.news();
    thread::spawn(move || std::io::copy(&mut news, &mut std::io::sink()));

    println!(
        "                                                         list, ms, at once     list, ms, at rest\n\
         exchanges  /s      record MB  fds  serve MB  fds  store MB     100        all       100     all    rows  check ms"
    );
    let mut done = 0;
    let marks = [10_000, 100_000, count];
    for mark in marks.into_iter().filter(|mark| *mark <= count) {
        let began = Instant::now();
        let step = mark - done;
        if step > 0 {
            load::ask(&record.url, step, clients);
        }
        done = mark;
        let rate = step as f64 / began.elapsed().as_secs_f64();
        let (few_at_once, _) = timed(&program, &["list", store, "--json", "--limit", "100"]);
        // What is behind is derived by the processes that run, and by this list.
        let (catching_up, _) = timed(&program, &["list", store, "--json"]);
        let rows = json!({"ask": "library", "text": "", "source": null, "verdicts": [], "others": true, "sort": "newest_first", "first": 0, "count": 60});
        page.ask(&rows).unwrap();
        thread::sleep(Duration::from_secs(3));
        let (few, _) = timed(&program, &["list", store, "--json", "--limit", "100"]);
        let (all, rows) = timed(&program, &["list", store, "--json"]);
        let (check, _) = timed(&program, &["check", store, "--json"]);
        println!(
            "{done:>9}  {rate:>6.0}  {:>9}  {:>3}  {:>8}  {:>3}  {:>8}  {:>6}  {:>9}  {:>8}  {:>6}  {rows:>6}  {:>8}",
            load::memory_kb(record.child.id()) / 1000,
            load::descriptors(record.child.id()),
            load::memory_kb(serve.child.id()) / 1000,
            load::descriptors(serve.child.id()),
            std::fs::metadata(store).unwrap().len() / 1_000_000,
            few_at_once.as_millis(),
            catching_up.as_millis(),
            few.as_millis(),
            all.as_millis(),
            check.as_millis(),
        );
    }
    println!("stopping record took {} ms", stop(&mut record).as_millis());
    println!("stopping serve took {} ms", stop(&mut serve).as_millis());
    let (all, rows) = timed(&program, &["list", store, "--json"]);
    println!("list of {rows} afterwards took {} ms", all.as_millis());
}
