//! Files that unpack to more than they look, or hold more than they weigh.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

use flate2::{Compression, write::GzEncoder};

use crate::{
    agent::{Agent, BODY, post},
    files::{file_of, made_up},
    process::Process,
    stage::Stage,
};

/// Address space for a command, in kB: many threads reserve much and use little.
const SPACE_KB: u32 = 3_000_000;

/// A good exchange, and after it so much of a piece.
pub(crate) fn bomb(piece: &[u8], len: usize) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&file_of(&[made_up(BODY.as_bytes())])).unwrap();
    let block = piece.repeat((1 << 20) / piece.len());
    for _ in 0..len / block.len() {
        packer.write_all(&block).unwrap();
    }
    packer.finish().unwrap()
}

/// Runs it with no more address space than that.
fn confined(stage: &Stage, args: &str) -> Output {
    let scrubjay = stage.command(args.split_whitespace());
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -v {SPACE_KB}; exec \"$0\" \"$@\"")]);
    shell.arg(scrubjay.get_program()).args(scrubjay.get_args());
    shell
        .env_clear()
        .envs(scrubjay.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell
        .current_dir(scrubjay.get_current_dir().unwrap())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_bomb_opens_up_to_the_limit_and_states_which() {
    let stage = Stage::new();
    // 64 MB each: packing more takes a test longer than refusing it.
    stage.put("lines.agui.jsonl.gz", &bomb(b"\n", 64 << 20));
    stage.put("line.agui.jsonl.gz", &bomb(b"x", 64 << 20));
    let reading = ["check", "list", "show", "events", "state", "spans", "body"];
    for (file, commands) in [("lines", &reading[..]), ("line", &reading[..1])] {
        for command in commands {
            let output = confined(&stage, &format!("{command} {file}.agui.jsonl.gz"));
            assert_eq!(output.status.code(), Some(2), "{command} {file}: {}", said(&output));
            assert!(
                !output.stdout.is_empty(),
                "{command} {file}: what stands before is shown"
            );
            let error = said(&output);
            assert!(
                error.contains("200 times its size, the limit"),
                "{command} {file}: {error}"
            );
            assert!(
                error.contains("\nhint: ") && error.contains("--max-size"),
                "{command} {file}: {error}"
            );
        }
        let output = confined(&stage, &format!("import {file}.agui.jsonl.gz --store s.db"));
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains("--max-size"), "{}", said(&output));
        assert!(!stage.path("s.db").exists(), "nothing is taken of it");
    }
}

#[test]
fn small_lines_count_for_what_they_take() {
    let stage = Stage::new();
    let header = b"{\"kind\":\"header\",\"schemaVersion\":1}\n";
    let many = |line: &str| [&header[..], line.repeat(50_000).as_bytes()].concat();
    stage.put("requests.agui.jsonl", &many("{\"kind\":\"request\"}\n"));
    stage.put("frames.agui.jsonl", &many("{\"kind\":\"event\"}\n"));
    for (file, command) in [("requests", "list --all --json"), ("frames", "events --json")] {
        let output = confined(&stage, &format!("{command} {file}.agui.jsonl --max-size 1MB"));
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains("4 MB of memory, the limit"), "{}", said(&output));
        let lines = output.stdout.iter().filter(|byte| **byte == b'\n').count();
        let most = if file == "requests" {
            4_000_000 / 8_192
        } else {
            4_000_000 / 768
        };
        assert!((most / 2..=most).contains(&lines), "{file}: {lines}");
    }
}

#[test]
fn the_limit_can_be_raised() {
    let stage = Stage::new();
    let file = file_of(&[made_up(BODY.as_bytes()), made_up(BODY.as_bytes())]);
    stage.put("two.agui.jsonl", &file);
    let limit = format!("--max-size {}B", file.len() - 1);
    let output = stage.run(&format!("list two.agui.jsonl --all --json {limit}"));
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("bytes, the limit"), "{}", said(&output));
    let output = stage.run(&format!("import two.agui.jsonl --store s.db {limit}"));
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(!stage.path("s.db").exists());
    let raised = format!("--max-size {}B", file.len());
    assert_eq!(
        stage.json(&format!("list two.agui.jsonl --all --json {raised}")).len(),
        2
    );
    stage.said(&format!("import two.agui.jsonl --store s.db {raised}"));
    let bomb = bomb(b"\n", 40 << 20);
    stage.put("packed.agui.jsonl.gz", &bomb);
    assert_eq!(stage.run("list packed.agui.jsonl.gz").status.code(), Some(2));
    assert_eq!(stage.json("list packed.agui.jsonl.gz --json --max-size 60MB").len(), 1);
}

#[test]
fn a_recorder_goes_on_while_a_bomb_is_imported_beside_it() {
    let stage = Stage::new();
    let agent = Agent::start();
    stage.put("bomb.agui.jsonl.gz", &bomb(b"\n", 64 << 20));
    let args = format!(
        "record --upstream {} --listen 127.0.0.1:0 --store s.db --json",
        agent.url()
    );
    let mut recorder = Process::start(stage.command(args.split_whitespace()));
    let output = confined(&stage, "import bomb.agui.jsonl.gz --store s.db");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(post(&recorder.url()).starts_with("HTTP/1.1 200"));
    assert_eq!(recorder.stop("-TERM").status.code(), Some(0));
    assert_eq!(stage.json("list s.db --json").len(), 1);
}
