//! Recordings compared with themselves and with their replays, by the
//! installed commands: `record`, `replay`, `diff`.

mod stage;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use scrubjay_testkit::{ScriptedAgent, Step};
use serde_json::Value;
use stage::{
    binary,
    record::{Recording, read},
    replay::Replaying,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A request as it was recorded, or as it is to be recorded.
#[derive(Clone, Debug)]
struct Asked {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Runs a command that must end well; gives what it wrote.
fn written(args: &[&str], source: &Path) -> Vec<u8> {
    let output = Command::new(binary("scrubjay"))
        .arg(args[0])
        .arg(source)
        .args(&args[1..])
        .output()
        .expect("the command line can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?} {}: {said}", source.display());
    output.stdout
}

/// The report of a comparison, and whether it found nothing.
fn compared(a: &Path, b: &Path, more: &[&str]) -> (bool, String) {
    let output = Command::new(binary("scrubjay"))
        .arg("diff")
        .args([a, b])
        .args(more)
        .output()
        .expect("the command line can be started");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

fn is_empty(a: &Path, b: &Path, more: &[&str]) {
    let (same, report) = compared(a, b, more);
    assert!(same, "{} {} {more:?}:\n{report}", a.display(), b.display());
}

/// The requests of a recording, in their order.
fn requests(source: &Path) -> Vec<Asked> {
    let exchanges = read(source, "list", &["--all"]);
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let mut asked: Vec<(i64, Asked)> = exchanges
        .iter()
        .map(|row| {
            let exchange = row["index"].as_i64().expect("a row has its number");
            let body = written(&["body", "--request", "--exchange", &exchange.to_string()], source);
            let asked = Asked {
                method: text(row, "method"),
                target: text(row, "target"),
                headers: vec![("content-type".to_owned(), "application/json".to_owned())],
                body,
            };
            (exchange, asked)
        })
        .collect();
    asked.sort_by_key(|(exchange, _)| *exchange);
    asked.dedup_by_key(|(exchange, _)| *exchange);
    asked.into_iter().map(|(_, asked)| asked).collect()
}

/// Sends a request over a connection of its own, and reads its answer to the
/// end, whichever end it has.
async fn ask(origin: &str, asked: &Asked) {
    let host = origin.trim_start_matches("http://").trim_end_matches('/');
    let mut connection = TcpStream::connect(host).await.expect("it listens");
    let fields: String = asked
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let head = format!(
        "{} {} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\naccept: */*\r\ncontent-length: {}\r\n{fields}\r\n",
        asked.method,
        asked.target,
        asked.body.len()
    );
    connection.write_all(head.as_bytes()).await.expect("it takes a request");
    connection.write_all(&asked.body).await.expect("it takes a body");
    // A recorded reset is an error here, and as it should be.
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.ok();
}

/// Asks everything of an origin through a recorder; gives the store.
async fn recorded(folder: &Path, name: &str, upstream: &str, asked: &[Asked]) -> PathBuf {
    let store = folder.join(name);
    let recorder = Recording::start(&store, upstream, &[]);
    for asked in asked {
        ask(&recorder.url, asked).await;
    }
    assert_eq!(recorder.stop(), 0, "the recorder ends well");
    store
}

/// Records the replay of a recording.
async fn replayed(folder: &Path, source: &Path, asked: &[Asked]) -> PathBuf {
    let replay = Replaying::start(source, &["--pace", "instant"]);
    let store = recorded(folder, "replayed.db", &replay.url, asked).await;
    replay.stop();
    store
}

/// With itself at these levels; with its replay what a client can see of it.
async fn is_the_same(folder: &Path, source: &Path, asked: &[Asked], levels: &[&str]) {
    for level in levels {
        is_empty(source, source, &["--all", "--level", level]);
    }
    let again = replayed(folder, source, asked).await;
    is_empty(source, &again, &["--all", "--level", "text"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_recording_is_the_same_as_itself_and_as_its_replay() {
    let recordings = fs::read_dir("recordings").expect("the samples are committed");
    let mut paths: Vec<PathBuf> = recordings
        .map(|entry| entry.expect("a folder can be read").path())
        .collect();
    paths.retain(|path| path.to_string_lossy().ends_with(".agui.jsonl"));
    paths.sort();
    assert!(paths.len() >= 10, "the samples should be there: {paths:?}");
    for path in paths {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        is_the_same(folder.path(), &path, &requests(&path), &["behaviour", "text", "wire"]).await;
    }
}

// ---- captured streams ---------------------------------------------------

/// A captured answer.
struct Captured {
    status: u64,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    breaks_off: bool,
}

/// Captures of a folder, and what asked for them; a header says which is wanted.
fn captures(corpus: &Path) -> Vec<(Asked, Captured)> {
    let folders = |path: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(path).expect("a folder can be read");
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.retain(|path| path.is_dir());
        paths.sort();
        paths
    };
    let found: Vec<PathBuf> = folders(corpus).iter().flat_map(|family| folders(family)).collect();
    found.iter().enumerate().map(|(n, folder)| capture(n, folder)).collect()
}

fn capture(n: usize, folder: &Path) -> (Asked, Captured) {
    let bytes = |name: &str| fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{folder:?} {name}: {error}"));
    let json = |name: &str| -> Value { serde_json::from_slice(&bytes(name)).expect("it is JSON") };
    let (request, meta) = (json("request.json"), json("meta.json"));
    let asked = Asked {
        method: request["method"].as_str().expect("a method").to_owned(),
        target: request["url_path"].as_str().expect("a path").to_owned(),
        headers: vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("x-capture".to_owned(), n.to_string()),
        ],
        body: match &request["body"] {
            Value::String(text) => text.clone().into_bytes(),
            body => body.to_string().into_bytes(),
        },
    };
    let header = |pair: &Value| -> Option<(String, String)> {
        let (name, value) = (pair[0].as_str()?.to_ascii_lowercase(), pair[1].as_str()?.to_owned());
        let framing = ["transfer-encoding", "content-length", "connection", "keep-alive"];
        (!framing.contains(&name.as_str())).then_some((name, value))
    };
    let captured = Captured {
        status: meta["status"].as_u64().unwrap_or(200),
        headers: meta["headers"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(header)
            .collect(),
        body: bytes("response.body"),
        breaks_off: meta.get("error").is_some_and(|error| !error.is_null()),
    };
    (asked, captured)
}

/// Answers each request with the capture that its header names.
async fn agent(captured: Vec<Captured>) -> ScriptedAgent {
    ScriptedAgent::answering(move |asked| {
        let number: Option<usize> = asked.values("x-capture").first().and_then(|number| number.parse().ok());
        let captured: &Captured = &captured[number.unwrap_or_else(|| panic!("no capture is named: {}", asked.head))];
        let mut lines = vec![format!("HTTP/1.1 {} OK", captured.status)];
        lines.extend(captured.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        lines.extend(["connection: close".to_owned(), "transfer-encoding: chunked".to_owned()]);
        let mut steps = vec![Step::head(&lines.iter().map(String::as_str).collect::<Vec<_>>())];
        if !captured.body.is_empty() {
            steps.push(Step::Chunk(captured.body.clone()));
        }
        if !captured.breaks_off {
            steps.push(Step::end());
        }
        steps.push(Step::Close);
        steps
    })
    .await
}

/// All streams of the corpus in one store: as many threads, compared at once.
/// `SCRUBJAY_CORPUS` names another folder of the same form.
#[tokio::test(flavor = "multi_thread")]
async fn every_captured_stream_is_the_same_as_itself_and_as_its_replay() {
    let corpus = std::env::var_os("SCRUBJAY_CORPUS").map_or_else(|| PathBuf::from("tests/corpus"), PathBuf::from);
    let (asked, captured): (Vec<Asked>, Vec<Captured>) = captures(&corpus).into_iter().unzip();
    assert!(asked.len() > 2, "the corpus should be there");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let agent = agent(captured).await;
    let origin = agent.url();
    let store = recorded(folder.path(), "recorded.db", &origin, &asked).await;
    // Each by itself is compared at every level by the tests of `session`.
    is_the_same(folder.path(), &store, &asked, &["behaviour"]).await;
}
