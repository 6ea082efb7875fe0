//! Odd arguments and odd files, from seeds: with each of them the program ends
//! with a status of the contract, and with a sentence when it could not do it.
//!
//! `SCRUBJAY_FUZZ_RUNS` asks for more runs than the tests make by themselves.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::{
    odd::{Dice, acts, damaged, value},
    stage::Stage,
};

/// Runs unless more are asked for.
const RUNS: u64 = 1_200;
/// Runs at a time.
const LANES: u64 = 4;
/// Where the dice begin. Seeds that found something stand in `FOUND`.
const SEED: u64 = 20_261_130;
/// Runs that once ended otherwise.
const FOUND: &[u64] = &[];
/// Longer than any run takes, and shorter than for ever.
const DEADLINE: Duration = Duration::from_secs(60);

/// Commands, and the options that take a value.
const COMMANDS: &[(&str, &[&str])] = &[
    ("list", &["--thread", "--source", "--since", "--limit", "--max-size"]),
    ("show", &["--exchange", "--max-size"]),
    ("events", &["--exchange"]),
    ("state", &["--exchange", "--at", "--max-size"]),
    ("spans", &["--exchange"]),
    ("body", &["--exchange"]),
    ("export", &["--exchange", "--redact", "--range"]),
    ("share", &["--exchange", "--thread", "--rules", "--output"]),
    ("import", &["--max-size"]),
    ("delete", &["--exchange", "--before"]),
    ("reindex", &[]),
    ("check", &["--exchange", "--fail-on", "--mute", "--mutes", "--max-size"]),
    (
        "diff",
        &[
            "--a",
            "--b",
            "--level",
            "--ignore",
            "--ignore-text",
            "--max-age",
            "--baseline",
        ],
    ),
    (
        "rerecord",
        &["--header", "--level", "--ignore", "--ignore-text", "--deadline"],
    ),
    (
        "replay",
        &[
            "--exchange",
            "--pace",
            "--fault",
            "--seed",
            "--hold",
            "--match",
            "--miss",
            "--overlay",
            "--source",
        ],
    ),
    (
        "record",
        &["--name", "--label", "--listen", "--max-store", "--only", "--skip"],
    ),
    ("nothing", &["--none"]),
];

const FLAGS: &[&str] = &[
    "--json",
    "--all",
    "--failed",
    "--blame",
    "--explain",
    "--request",
    "--decoded",
    "--exact",
    "--strict",
    "--insecure",
    "--format=json",
    "--format=sarif",
    "--format=junit",
    "--format=markdown",
    "--format=text",
    "--help",
    "-x",
    "--",
];

/// The files that runs are given, in a folder of their own.
struct Shelf {
    originals: Vec<Vec<u8>>,
}

impl Shelf {
    fn open() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../recordings");
        let mut files: Vec<PathBuf> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        let is_recording = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "jsonl");
        let originals = files.iter().filter(is_recording).map(|path| fs::read(path).unwrap());
        Self {
            originals: originals.collect(),
        }
    }

    /// Puts a file for this run, and gives how an argument names it.
    fn source(&self, dice: &mut Dice, stage: &Stage, number: u64) -> String {
        let name = format!("f{number}.agui.jsonl");
        let original = &self.originals[dice.below(self.originals.len())];
        match dice.below(14) {
            0 => return "missing.agui.jsonl".to_owned(),
            1 => return ".".to_owned(),
            2 => return "s.db".to_owned(),
            3 => return value(dice).replace('\0', ""),
            4 => drop(stage.put(&name, b"")),
            5 => drop(stage.put(&name, &packed(&damaged(dice, original)))),
            6 => {
                let whole = packed(original);
                stage.put(&name, &damaged(dice, &whole));
            }
            _ => drop(stage.put(&name, &damaged(dice, original))),
        }
        name
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packer, bytes).unwrap();
    packer.finish().unwrap()
}

/// The arguments of a run.
fn arguments(dice: &mut Dice, shelf: &Shelf, stage: &Stage, number: u64) -> Vec<String> {
    let (command, options) = COMMANDS[dice.below(COMMANDS.len())];
    let mut args = vec![command.to_owned()];
    match command {
        "record" => args.push("--upstream=http://127.0.0.1:1".to_owned()),
        "rerecord" => args.extend(["--url=http://127.0.0.1:1/".to_owned(), "--deadline=200ms".to_owned()]),
        "export" => args.push(format!(
            "-oout{number}.{}",
            dice.one(&["agui.jsonl", "agui.jsonl.gz", "txt", "é"])
        )),
        "replay" => args.push("--listen=127.0.0.1:0".to_owned()),
        _ => {}
    }
    let sources = match command {
        "delete" | "reindex" | "record" => 0,
        "diff" | "import" | "check" => 1 + dice.below(3),
        _ => 1,
    };
    for place in 0..sources {
        args.push(shelf.source(dice, stage, number * 8 + place as u64));
    }
    if matches!(command, "delete" | "reindex" | "record" | "import") {
        args.push(format!(
            "--store={}",
            dice.one(&["s.db", "t.db", ".", "nowhere/s.db", "f1.agui.jsonl"])
        ));
    }
    if command == "export" && !dice.is_one_in(4) {
        args.push("--redact=none".to_owned());
    }
    for _ in 0..dice.below(4) {
        if !options.is_empty() && !dice.is_one_in(3) {
            let option = dice.one(options);
            args.push(format!("{option}={}", value(dice)));
        } else {
            args.push(dice.one(FLAGS).to_owned());
        }
    }
    if command == "record" {
        args.extend(["--".to_owned(), "true".to_owned()]);
    }
    args
}

/// What a run came to, if it was not as it should be.
fn run(number: u64, shelf: &Shelf, stage: &Stage) -> Result<(), String> {
    let mut dice = Dice::of(SEED ^ number.wrapping_mul(0x1000_0000_01b3));
    let args: Vec<String> = arguments(&mut dice, shelf, stage, number)
        .into_iter()
        .map(|arg| arg.replace('\0', ""))
        .collect();
    let serves = args[0] == "replay" && !args.iter().any(|arg| arg == "--help");
    let child = stage
        .command(&args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("run {number}: {args:?}: {error}"))?;
    let wrong = |what: &str| Err(format!("run {number}: {what}: {}", shown(&args)));
    let Some((status, stdout, stderr)) = ended(child, serves) else {
        return wrong("it does not end");
    };
    let said = String::from_utf8_lossy(&stderr);
    if !matches!(status, Some(0..=2)) {
        return wrong(&format!("it ends with {status:?} and says {said:?}"));
    }
    if said.contains("panicked") || (status == Some(2) && said.trim().is_empty()) {
        return wrong(&format!("it says {said:?}"));
    }
    let is_verbatim = matches!(args[0].as_str(), "body" | "events");
    let acting = said.chars().find(|c| acts(*c));
    let acting = acting.or_else(|| {
        String::from_utf8_lossy(&stdout)
            .chars()
            .find(|c| acts(*c) && !is_verbatim)
    });
    match acting {
        Some(c) => wrong(&format!("it prints {c:?} as it is")),
        None => Ok(()),
    }
}

fn shown(args: &[String]) -> String {
    let short = args.iter().map(|arg| arg.chars().take(200).collect::<String>());
    format!("{:?}", short.collect::<Vec<_>>())
}

/// Its status and what it said; one that serves is asked to stop once it does.
fn ended(mut child: Child, serves: bool) -> Option<(Option<i32>, Vec<u8>, Vec<u8>)> {
    let id = child.id();
    let (sender, receiver) = mpsc::channel();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut stderr = child.stderr.take().unwrap();
    let errors = thread::spawn(move || {
        let mut said = Vec::new();
        stderr.read_to_end(&mut said).ok();
        said
    });
    thread::spawn(move || {
        let mut said = Vec::new();
        if serves && stdout.read_until(b'\n', &mut said).is_ok_and(|len| len > 0) {
            signal(id, "-TERM");
        }
        stdout.read_to_end(&mut said).ok();
        let status = child.wait().ok().and_then(|status| status.code());
        sender.send((status, said, errors.join().unwrap_or_default())).ok();
    });
    let ended = receiver.recv_timeout(DEADLINE).ok();
    if ended.is_none() {
        signal(id, "-KILL");
    }
    ended
}

fn signal(id: u32, signal: &str) {
    Command::new("kill").args([signal, &id.to_string()]).status().ok();
}

#[test]
fn odd_arguments_and_odd_files_end_with_a_status_and_a_sentence() {
    let asked = std::env::var("SCRUBJAY_FUZZ_RUNS").ok();
    let runs: u64 = asked.map_or(RUNS, |runs| runs.parse().unwrap());
    let shelf = Shelf::open();
    let lanes = (0..LANES).map(|lane| {
        let numbers = FOUND.iter().copied().filter(move |number| number % LANES == lane);
        let numbers: Vec<u64> = numbers.chain((lane..runs).step_by(LANES as usize)).collect();
        let shelf = &shelf;
        move || {
            let stage = Stage::new();
            stage.put("sample.agui.jsonl", &shelf.originals[0]);
            stage.said("import sample.agui.jsonl --store s.db");
            let found = numbers
                .into_iter()
                .filter_map(|number| run(number, shelf, &stage).err());
            found.collect::<Vec<String>>()
        }
    });
    let found = thread::scope(|scope| {
        let lanes: Vec<_> = lanes.map(|lane| scope.spawn(lane)).collect();
        lanes
            .into_iter()
            .flat_map(|lane| lane.join().unwrap())
            .collect::<Vec<String>>()
    });
    assert!(
        found.is_empty(),
        "{} of {runs} runs:\n{}",
        found.len(),
        found.join("\n")
    );
}
