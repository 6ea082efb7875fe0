//! Streams that mean harm, or look like it: each is recorded whole, named by a
//! finding, and nothing else happens.

mod stage;

use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use stage::{
    agent::{Agent, frame},
    flow::ask_agent,
    record::{Recording, read, read_text},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_50_megabytes_is_kept_and_read() {
    let text = "x".repeat(50 << 20);
    let events = [
        run_started(),
        frame(&json!({"type": "CUSTOM", "name": "large", "value": text})),
        run_finished(),
    ];
    let lines = events_of(&events).await;
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1]["type"], "CUSTOM");
    assert!(
        finding(&lines[1]).contains("10 MiB"),
        "the client's own limit is named: {}",
        lines[1]["findings"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn json_ten_thousand_deep_is_named() {
    let deep = format!(
        "data: {{\"type\":\"STATE_SNAPSHOT\",\"snapshot\":{}{}}}\n\n",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = record(folder.path(), &[run_started(), deep.into_bytes(), run_finished()], None).await;
    // The event stands in its line as it came, which is too deep for the reader of this test.
    let text = read_text(&store, "events", &[]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    let (_, findings) = lines[1]
        .rsplit_once("\"findings\":")
        .expect("a line ends with its findings");
    assert!(findings.contains("512"), "the limit is named: {findings}");
    assert_eq!(lines[1].matches('[').count(), 10_001, "the event is kept whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_that_doubles_the_state_forty_times_is_named() {
    let double: Vec<Value> = (0..40)
        .map(|n| json!({"op": "copy", "from": "", "path": format!("/copy{n}")}))
        .collect();
    let events = [
        run_started(),
        frame(&json!({"type": "STATE_SNAPSHOT", "snapshot": {"seed": "0123456789"}})),
        frame(&json!({"type": "STATE_DELTA", "delta": double})),
        run_finished(),
    ];
    let lines = events_of(&events).await;
    assert_eq!(lines.len(), 4);
    assert!(!finding(&lines[2]).is_empty(), "the patch is named: {}", lines[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gzip_bomb_is_named_and_its_bytes_are_kept() {
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    std::io::Write::write_all(&mut bomb, &run_started()).expect("memory takes bytes");
    let zeros = vec![b'\n'; 1 << 20];
    for _ in 0..300 {
        std::io::Write::write_all(&mut bomb, &zeros).expect("memory takes bytes");
    }
    let bomb = bomb.finish().expect("memory takes bytes");
    let len = bomb.len();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = record(folder.path(), &[bomb], Some("gzip")).await;
    let shown = read(&store, "show", &[]);
    let kept: u64 = shown[0]["chunks"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|chunk| chunk["len"].as_u64())
        .sum();
    assert_eq!(kept, len as u64, "the bytes are kept as they came");
    let findings = shown[0]["findings"].to_string();
    assert!(findings.contains("limit"), "the limit is named: {findings}");
}

fn run_started() -> Vec<u8> {
    frame(&json!({"type": "RUN_STARTED", "threadId": "thread-1", "runId": "run-1"}))
}

fn run_finished() -> Vec<u8> {
    frame(&json!({"type": "RUN_FINISHED", "threadId": "thread-1", "runId": "run-1"}))
}

fn finding(line: &Value) -> String {
    let findings = line["findings"].as_array().into_iter().flatten();
    findings
        .filter_map(|finding| finding["message"].as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

async fn events_of(pieces: &[Vec<u8>]) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = record(folder.path(), pieces, None).await;
    read(&store, "events", &[])
}

/// Records one answer and gives the store.
async fn record(folder: &Path, pieces: &[Vec<u8>], encoding: Option<&str>) -> std::path::PathBuf {
    let store = folder.join("store.db");
    let agent = Agent::start().await;
    if let Some(encoding) = encoding {
        agent.encode_as(encoding);
    }
    agent.answer(pieces.to_vec());
    let recording = Recording::start(&store, &format!("http://{}", agent.address), &[]);
    let client = ask_agent(&recording.url).await;
    client.await.expect("the client does not panic");
    assert_eq!(recording.stop(), 0, "the recorder should end cleanly");
    store
}
