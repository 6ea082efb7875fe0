//! Recordings that are made to cost: time and memory of each command on each.
//!
//! ```text
//! cargo run --release -p scrubjay-cli --example bench_hostile -- FOLDER [PROGRAM] [NAME]
//! ```
//!
//! The files go into FOLDER and stay there: a file of its own for each attack,
//! and `all.db`, a store that holds them all. `diff` is with a copy of the file;
//! `open` is what the window asks of
//! an exchange first, through `scrubjay serve`; `replay` is a client that asks
//! for the answer and reads it whole. With NAME it measures that file alone.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

#[path = "../tests/cli/attacks.rs"]
mod attacks;
#[path = "../tests/cli/files.rs"]
#[expect(dead_code, reason = "captures of real agents are for tests")]
mod files;
#[path = "../tests/cli/page.rs"]
#[expect(dead_code, reason = "the benchmark does not listen to the news")]
mod page;

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use page::Page;
use serde_json::{Value, json};

/// How often the memory of a program that runs is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(2);

type Attack = (&'static str, fn() -> String);

const ATTACKS: [Attack; 13] = [
    ("open-calls", || attacks::open_calls(60_000)),
    ("copied-state", || attacks::copied(24)),
    ("nested", || attacks::nested(40)),
    ("large-event", || attacks::large_event(50_000_000)),
    ("findings", || attacks::findings(60_000)),
    ("wide", || attacks::wide(200_000)),
    ("inserted", || attacks::inserted(60_000)),
    ("pieces", || attacks::pieces(100_000)),
    ("long-ids", || attacks::long_ids(100, 200_000)),
    ("repeated", || attacks::repeated(1_500, 1, 60_000)),
    ("unknown", || attacks::unknown(100_000)),
    ("comments", || attacks::comments(200_000)),
    ("empty-lines", || attacks::empty_lines(1_400_000)),
];

/// What something cost.
struct Cost {
    took: Duration,
    peak_kb: u64,
    /// How it ended when it did not end well.
    remark: String,
}

/// The most memory that a program has had so far; 0 once it has ended.
fn peak_kb(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or_default()
}

/// Runs it to its end; what it prints is read and thrown away.
fn run(program: &Path, args: &[&str]) -> Cost {
    let began = Instant::now();
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0;
    let status = loop {
        peak = peak.max(peak_kb(&child));
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => thread::sleep(LOOK_EVERY),
        }
    };
    Cost {
        took: began.elapsed(),
        peak_kb: peak,
        remark: match status.code() {
            Some(0 | 1) => String::new(),
            _ => format!(" ({status})"),
        },
    }
}

/// Starts it, lets `ask` ask it, and stops it. The time is that from the start
/// to the end of `ask`.
fn ask_of(program: &Path, args: &[&str], ask: impl FnOnce(&Value) -> Result<(), String>) -> Cost {
    let began = Instant::now();
    let mut child = Command::new(program)
        .args(args)
        .args(["--listen", "127.0.0.1:0", "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    // A pipe that nothing reads would hold the program up.
    thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    let asked = serde_json::from_str(&line)
        .map_err(|error| error.to_string())
        .and_then(|ready| ask(&ready));
    let took = began.elapsed();
    let peak_kb = peak_kb(&child);
    child.kill().unwrap();
    child.wait().unwrap();
    Cost {
        took,
        peak_kb,
        remark: asked.err().map(|error| format!(" ({error})")).unwrap_or_default(),
    }
}

fn open(ready: &Value) -> Result<(), String> {
    Page::enter(ready["url"].as_str().unwrap()).open(0).map(drop)
}

/// Asks for the answer and reads it whole.
fn replay(ready: &Value) -> Result<(), String> {
    let host = ready["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    let input = json!({"threadId": "t", "runId": "r", "state": {}, "messages": [], "tools": [], "context": [], "forwardedProps": {}});
    let input = input.to_string();
    let head = format!(
        "POST / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         accept: text/event-stream\r\ncontent-length: {}\r\n\r\n",
        input.len()
    );
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(format!("{head}{input}").as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    if answer.starts_with(b"HTTP/1.1 200") {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&answer[..answer.len().min(300)]).into_owned())
    }
}

/// Writes those that are not there yet.
fn write_files(folder: &Path, program: &Path) -> Vec<(&'static str, PathBuf)> {
    let store = folder.join("all.db");
    let written = ATTACKS.map(|(name, make)| {
        let path = folder.join(format!("{name}.agui.jsonl"));
        if !path.exists() {
            let file = files::file_of(&[files::made_up(make().as_bytes())]);
            fs::write(&path, file).unwrap();
            run(
                program,
                &["import", path.to_str().unwrap(), "--store", store.to_str().unwrap()],
            );
        }
        (name, path)
    });
    written.to_vec()
}

fn main() {
    let mut args = std::env::args().skip(1);
    let folder = PathBuf::from(args.next().expect("the folder for the files"));
    let program = args
        .next()
        .map_or_else(|| PathBuf::from("target/release/scrubjay"), PathBuf::from);
    let only = args.next();
    fs::create_dir_all(&folder).unwrap();
    let files = write_files(&folder, &program);
    println!("seconds / MB at the highest");
    println!("file             MB         list        check        state         diff         open       replay");
    for (name, path) in files {
        if only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        let file = path.to_str().unwrap();
        // What is named twice is read once.
        let again = folder.join("again.agui.jsonl");
        fs::copy(&path, &again).unwrap();
        let again = again.to_str().unwrap();
        let costs = [
            run(&program, &["list", file, "--json"]),
            run(&program, &["check", file, "--json"]),
            run(&program, &["state", file, "--json"]),
            run(&program, &["diff", file, again, "--json"]),
            ask_of(&program, &["serve", file], open),
            ask_of(&program, &["replay", file, "--pace", "instant"], replay),
        ];
        let costs = costs.map(|cost| {
            let figures = format!("{:.2} / {}", cost.took.as_secs_f64(), cost.peak_kb / 1000);
            format!("{figures:>13}{}", cost.remark)
        });
        let len = fs::metadata(&path).unwrap().len() / 1_000_000;
        println!("{name:<14} {len:>4}{}", costs.concat());
    }
}
