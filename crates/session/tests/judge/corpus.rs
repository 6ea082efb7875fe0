//! What is found in streams of real frameworks.
//!
//! `tests/corpus` is driven through the recorder and the official client by
//! `cargo xtask corpus`, which compares the stops. Here, what else is found in
//! each capture is written down to be read by people: a finding that appears
//! or goes is a difference to look at. `SCRUBJAY_CORPUS` names other folders
//! to print the findings of.

#![expect(clippy::disallowed_methods, reason = "captures are files")]

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use scrubjay_protocol::json::{self, Value};
use scrubjay_session::{
    exchange::{Chunk, Ending},
    query::{FindingEntry, Severity},
};

use crate::stage::Stage;

fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> Value {
    json::parse(&fs::read(path).unwrap()).unwrap()
}

fn number(value: &Value, name: &str) -> f64 {
    value.get(name).and_then(Value::as_f64).unwrap()
}

fn stage(folder: &Path) -> Stage {
    let meta = read(&folder.join("meta.json"));
    let request = read(&folder.join("request.json"));
    let mut stage = Stage::new("", fs::read(folder.join("response.body")).unwrap());
    stage.request = request.get("body").map(json::to_json).unwrap_or_default().into_bytes();
    let path = request.get("url_path").and_then(Value::as_str);
    stage.exchange.request.target = path.unwrap().to_owned();
    let head = stage.exchange.response.as_mut().unwrap();
    head.status = number(&meta, "status") as u16;
    let headers = meta.get("headers").and_then(Value::as_array).unwrap();
    head.headers = headers.iter().map(header).collect();
    let chunks = fs::read_to_string(folder.join("chunks.jsonl")).unwrap();
    stage.chunks = chunks.lines().map(chunk).collect();
    if meta.get("error").is_some_and(|error| !error.is_null()) {
        stage.exchange.ending = Ending::UpstreamReset;
    }
    stage
}

fn header(pair: &Value) -> (String, Vec<u8>) {
    let text = |place: usize| pair.as_array().unwrap()[place].as_wtf8().unwrap();
    (text(0).to_string(), text(1).as_bytes().to_vec())
}

fn chunk(line: &str) -> Chunk {
    let line = json::parse(line.as_bytes()).unwrap();
    Chunk {
        offset: number(&line, "offset") as u64,
        len: number(&line, "len") as u64,
        at_us: number(&line, "t_us") as u64,
    }
}

fn line(finding: &FindingEntry) -> String {
    let short: String = finding.message.replace('\n', " ").chars().take(150).collect();
    format!(
        "  {} {}@{}: {short}",
        finding.severity.as_str(),
        finding.rule,
        finding.seq
    )
}

fn findings_below(root: &Path) -> String {
    let mut text = String::new();
    for family in folders(root) {
        for folder in folders(&family) {
            let name = folder.strip_prefix(root).unwrap().display().to_string();
            let found = stage(&folder).findings();
            let shown: Vec<_> = found
                .iter()
                .filter(|finding| finding.severity >= Severity::Note)
                .collect();
            if !shown.is_empty() {
                writeln!(text, "{name}").unwrap();
            }
            for finding in shown {
                writeln!(text, "{}", line(finding)).unwrap();
            }
        }
    }
    text
}

#[test]
fn what_is_found_in_captured_streams_is_what_people_have_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus");
    insta::assert_snapshot!(findings_below(&root));
    if let Some(other) = std::env::var_os("SCRUBJAY_CORPUS") {
        panic!("{}", findings_below(Path::new(&other)));
    }
}
