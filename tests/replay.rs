//! A recording in the agent's place: what the official client, another
//! capture and a real page in a browser make of it.

mod stage;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use scrubjay_testkit::{ScriptedAgent, Step};
use serde_json::Value;
use stage::{
    Page, Running,
    node::{node, run},
    record::{Recording, read, read_text},
    replay::Replaying,
    web::page_server,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const HTTP_AGENT: &str = "tests/oracle/http-agent.mjs";

/// The committed recordings.
fn recordings() -> Vec<PathBuf> {
    let folder = fs::read_dir("recordings").expect("the samples are committed");
    let mut paths: Vec<PathBuf> = folder
        .map(|entry| entry.expect("a folder can be read").path())
        .collect();
    paths.retain(|path| path.to_string_lossy().ends_with(".agui.jsonl"));
    paths.sort();
    assert!(paths.len() >= 10, "the samples should be there: {paths:?}");
    paths
}

/// Target and input of each run of a recording.
fn runs(path: &Path) -> Vec<(String, Value)> {
    let text = fs::read_to_string(path).expect("a recording is text");
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"));
    lines
        .filter(|line| line["kind"] == "request" && line["input"]["runId"].is_string())
        .map(|line| {
            let target = line["scrubjay"]["request"]["target"]
                .as_str()
                .expect("ours has a target");
            (target.to_owned(), line["input"].clone())
        })
        .filter(|(target, _)| !target.ends_with("/connect"))
        .collect()
}

/// The input with fresh ids in place of the recorded ones.
fn fresh(text: &str, ids: &[(String, String)]) -> String {
    ids.iter()
        .fold(text.to_owned(), |text, (recorded, fresh)| text.replace(recorded, fresh))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_client_ends_with_the_same_under_fresh_ids() {
    let mut accepted = 0;
    for path in recordings() {
        let faithful = Replaying::start(&path, &["--pace", "instant", "--exact"]);
        let adapted = Replaying::start(&path, &["--pace", "instant"]);
        for (place, (target, input)) in runs(&path).into_iter().enumerate() {
            let what = format!("{} {target} {place}", path.display());
            let ids = ["threadId", "runId"].map(|key| {
                let recorded = input[key].as_str().expect("a run has ids").to_owned();
                (recorded, format!("fresh-{key}-{place}"))
            });
            let as_recorded = run(HTTP_AGENT, &format!("{}{target}", faithful.url), &input.to_string()).await;
            let asked = fresh(&input.to_string(), &ids);
            let now = run(HTTP_AGENT, &format!("{}{target}", adapted.url), &asked).await;
            let expected = fresh(&as_recorded.to_string(), &ids);
            assert_eq!(now.to_string(), expected, "{what}: {:?}", adapted.answers());
            accepted += usize::from(now["error"].is_null());
        }
        assert_eq!(faithful.stop(), 0);
        assert_eq!(adapted.stop(), 0);
    }
    assert!(accepted >= 15, "most runs should be accepted, not {accepted}");
}

/// The request that was recorded, over a socket; gives when the answer has ended.
async fn ask_again(url: &str, shown: &Value, body: &[u8]) {
    let address = url.trim_start_matches("http://");
    let request = &shown["request"];
    let (method, target) = (
        request["method"].as_str().expect("shown"),
        request["target"].as_str().expect("shown"),
    );
    let mut head = format!("{method} {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for field in request["headers"].as_array().expect("shown") {
        let (name, value) = (field[0].as_str().expect("shown"), field[1].as_str().expect("shown"));
        if ["accept", "content-type"].contains(&name) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let mut stream = TcpStream::connect(address).await.expect("the recorder listens");
    stream.write_all(head.as_bytes()).await.expect("it reads");
    stream.write_all(body).await.expect("it reads");
    let mut answer = Vec::new();
    // A recorded reset is a reset here too.
    stream.read_to_end(&mut answer).await.ok();
}

/// The bytes of a body.
fn body(source: &Path, index: i64, more: &[&str]) -> Vec<u8> {
    let output = Command::new(stage::binary("scrubjay"))
        .arg("body")
        .arg(source)
        .args(["--exchange", &index.to_string()])
        .args(more)
        .output()
        .expect("the command line can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_captured_from_a_replay_is_what_was_captured_before() {
    for path in recordings() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let store = folder.path().join("again.db");
        let replay = Replaying::start(&path, &["--pace", "instant", "--exact", "--strict"]);
        let recording = Recording::start(&store, &replay.url, &[]);
        let before = read(&path, "list", &["--all"]);
        for index in 0..before.len() as i64 {
            let shown = read(&path, "show", &["--exchange", &index.to_string()]).remove(0);
            ask_again(&recording.url, &shown, &body(&path, index, &["--request"])).await;
        }
        assert_eq!(recording.stop(), 0);
        assert_eq!(replay.stop(), 0, "{}: every exchange was asked for", path.display());
        let after = read(&store, "list", &["--all"]);
        assert_eq!(after.len(), before.len(), "{}", path.display());
        for (index, (before, after)) in before.iter().zip(&after).enumerate() {
            let what = format!("{} {index}", path.display());
            for key in ["method", "target", "status", "ending", "frames", "bytes"] {
                assert_eq!(after[key], before[key], "{what} {key}");
            }
            let (old, new) = (index as i64, after["index"].as_i64().expect("a number"));
            assert_eq!(body(&store, new, &[]), body(&path, old, &[]), "{what}");
            if before["frames"] != 0 {
                assert_eq!(difference(&path, old, &store, new), "", "{what}");
            }
            assert_eq!(
                joined(&splits(&store, new), &splits(&path, old)),
                splits(&path, old),
                "{what}"
            );
        }
    }
}

/// What `diff` says of two exchanges down to their texts; nothing when they are the same.
fn difference(old: &Path, a: i64, new: &Path, b: i64) -> String {
    let output = Command::new(stage::binary("scrubjay"))
        .arg("diff")
        .args([old, new])
        .args(["--level", "text", "--a", &a.to_string(), "--b", &b.to_string()])
        .output()
        .expect("the command line can be started");
    match output.status.code() {
        Some(0) => String::new(),
        _ => String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
    }
}

/// Lengths of an exchange's chunks.
fn splits(source: &Path, index: i64) -> Vec<u64> {
    let shown = read(source, "show", &["--exchange", &index.to_string()]).remove(0);
    let chunks = shown["chunks"].as_array().expect("shown");
    chunks
        .iter()
        .map(|chunk| chunk["len"].as_u64().expect("a number"))
        .collect()
}

/// A transfer chunk that a read of the recorder ended in came in two; those
/// are put together again. Nothing else is: no chunk may hold bytes of two.
fn joined(splits: &[u64], wanted: &[u64]) -> Vec<u64> {
    let mut rest = splits.iter().copied();
    let whole = wanted.iter().map(|len| {
        let mut whole = rest.next().unwrap_or_default();
        while whole < *len {
            whole += rest.next().unwrap_or(*len);
        }
        whole
    });
    let mut joined: Vec<u64> = whole.collect();
    joined.extend(rest);
    joined
}

/// Asks the chat to change the background, and sees the answer stream, the
/// tool run, and the second run's answer.
async fn chat(origin: &str, runtime: &str, profile: &Path) {
    let url = format!("{origin}/?runtime={runtime}/api/copilotkit");
    let page = Page::tab(&url, profile, (1000, 800)).await;
    let prompt = page.wait_for("textarea").await;
    page.eval(
        "window.seen = new Set(); new MutationObserver(() => seen.add(document.body.innerText)) \
         .observe(document.body, { subtree: true, childList: true, characterData: true }); return true",
    )
    .await;
    prompt
        .send_keys("Make the background orange\u{e007}")
        .await
        .expect("the field takes text");
    page.wait_until(
        "the second run's answer is whole",
        "document.body.innerText.includes('Done: the background is a warm orange now.')",
    )
    .await;
    assert_eq!(
        page.eval("return document.body.dataset.background").await,
        "rgb(255, 126, 95)",
        "the frontend's tool should have run"
    );
    for partial in ["Sure, changing", "Done: the background"] {
        let script = format!(
            "return [...seen].some((text) => text.includes('{partial}') && !/(it\\.|now\\.)\\s*(AI can|$)/.test(text))"
        );
        assert_eq!(page.eval(&script).await, true, "`{partial}` should have streamed");
    }
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copilotkit_page_runs_on_the_replay_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("session.db");
    let origin = page_server(&folder.path().join("page")).await;

    let mut backend = Command::new(node());
    backend.arg("tests/copilotkit/backend.mjs").stdin(Stdio::null());
    let (backend, mut lines) = Running::start_talking(&mut backend);
    let runtime = lines.next().expect("the runtime names its address").expect("in UTF-8");
    let recording = Recording::start(&store, &runtime, &[]);
    chat(&origin, &recording.url, &folder.path().join("live")).await;
    assert_eq!(recording.stop(), 0);
    backend.kill();

    let replay = Replaying::start(&store, &["--strict"]);
    chat(&origin, &replay.url, &folder.path().join("replayed")).await;
    let listed = read_text(&store, "list", &["--all"]);
    assert_eq!(replay.stop(), 0, "every recorded run should be asked for: {listed}");
}

/// A run of a thread: its prompt, and what the agent says.
fn said(thread: &str, turn: usize, history: &[Value]) -> (Value, String) {
    let mut messages = history.to_vec();
    messages.push(serde_json::json!({"id": format!("user-{turn}-of-{thread}"), "role": "user", "content": "hello"}));
    let run = format!("run-{turn}-of-{thread}");
    let input = serde_json::json!({
        "threadId": thread, "runId": run, "state": {}, "messages": messages,
        "tools": [], "context": [], "forwardedProps": {},
    });
    let events = [
        serde_json::json!({"type": "RUN_STARTED", "threadId": thread, "runId": run}),
        serde_json::json!({"type": "TEXT_MESSAGE_CHUNK", "messageId": format!("m-{turn}-of-{thread}"), "role": "assistant",
            "delta": format!("hello {turn} from {thread}")}),
        serde_json::json!({"type": "RUN_FINISHED", "threadId": thread, "runId": run}),
    ];
    (input, events.iter().map(|event| format!("data: {event}\n\n")).collect())
}

/// Answers runs and connects as CopilotKit's runtime does: it keeps the history of each thread.
async fn keeping_agent() -> ScriptedAgent {
    let kept = std::sync::Mutex::new(std::collections::BTreeMap::<String, Vec<String>>::new());
    ScriptedAgent::answering(move |asked| {
        let input: Value = serde_json::from_slice(&asked.body).expect("a run input");
        let thread = input["threadId"].as_str().expect("it has a thread").to_owned();
        let mut kept = kept.lock().expect("no holder panics");
        let history = kept.entry(thread.clone()).or_default();
        let target = asked.line().split(' ').nth(1).unwrap_or_default();
        let answer = if target.ends_with("/run") {
            history.push(said(&thread, history.len(), &[]).1);
            history.last().cloned().unwrap_or_default()
        } else {
            history.concat()
        };
        let head = [
            "HTTP/1.1 200 OK",
            "content-type: text/event-stream",
            "connection: close",
        ];
        vec![Step::head(&head), Step::Write(answer.into_bytes()), Step::Close]
    })
    .await
}

const RUN: &str = "/api/copilotkit/agent/default/run";
const CONNECT: &str = "/api/copilotkit/agent/default/connect";

/// Load, ask, reload, ask again, with two threads in turns: what the official
/// client of each page had heard after each step.
async fn two_pages(origin: &str, threads: [&str; 2]) -> [Vec<Vec<String>>; 2] {
    let mut steps = Vec::new();
    for turn in 0..2 {
        for (page, thread) in threads.iter().enumerate() {
            // What is asked has no history, as of a frontend whose agent keeps it.
            let (input, _) = said(thread, turn, &[]);
            let mut loads = input.clone();
            loads["messages"] = serde_json::json!([]);
            loads["runId"] = format!("load-{turn}-of-{thread}").into();
            steps.push((page, serde_json::json!({"target": CONNECT, "input": loads})));
            steps.push((page, serde_json::json!({"target": RUN, "input": input})));
        }
    }
    let asked = Value::from(steps.iter().map(|(_, step)| step.clone()).collect::<Vec<_>>());
    let ended = run(HTTP_AGENT, origin, &asked.to_string()).await;
    let mut got = [Vec::new(), Vec::new()];
    for ((page, step), ended) in steps.iter().zip(ended.as_array().expect("a list")) {
        // A stream without events is an empty history; run as a run, the client may complain of it.
        if step["target"] == RUN {
            assert_eq!(
                (&ended["error"], &ended["runError"]),
                (&Value::Null, &Value::Null),
                "{step}"
            );
        }
        let messages = ended["messages"].as_array().expect("messages").iter();
        let heard = messages.filter(|message| message["role"] == "assistant");
        got[*page].push(
            heard
                .map(|message| message["content"].as_str().unwrap_or_default().to_owned())
                .collect(),
        );
    }
    got
}

#[tokio::test(flavor = "multi_thread")]
async fn two_threads_with_equal_prompts_do_not_mix_in_twenty_rounds() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("two.db");
    let agent = keeping_agent().await;
    let recording = Recording::start(&store, &agent.url(), &[]);
    let live = two_pages(&recording.url, ["thread-a", "thread-b"]).await;
    assert_eq!(recording.stop(), 0);
    let of = |thread: &str| -> Vec<Vec<String>> {
        let hello = |turn: usize| format!("hello {turn} from {thread}");
        vec![vec![], vec![hello(0)], vec![hello(0)], vec![hello(1)]]
    };
    assert_eq!(live, [of("thread-a"), of("thread-b")]);

    // Recorded names, the other way round, fresh ones, and one of each: five rounds of four.
    for round in 0..5 {
        let names = [
            ["thread-a".to_owned(), "thread-b".to_owned()],
            ["thread-b".to_owned(), "thread-a".to_owned()],
            [format!("fresh-x-{round}"), format!("fresh-y-{round}")],
            [format!("fresh-x-{round}"), "thread-a".to_owned()],
        ];
        for [one, other] in &names {
            let replay = Replaying::start(&store, &["--pace", "instant", "--strict"]);
            let replayed = two_pages(&replay.url, [one, other]).await;
            let follows = |name: &String, first: &str| if name.starts_with("fresh") { of(first) } else { of(name) };
            // The recorded thread that comes second is not there yet when the fresh one takes the first.
            let expected = [follows(one, "thread-a"), follows(other, "thread-b")];
            assert_eq!(replayed, expected, "{one} and {other}: {:?}", replay.answers());
            let ended = replay.stop();
            let is_complete = other != "thread-a" || !one.starts_with("fresh");
            assert_eq!(ended, i32::from(!is_complete), "{one} and {other}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_client_reads_a_miss_as_a_run_error() {
    let path = recordings()
        .into_iter()
        .find(|path| path.ends_with("tool-call-parallel.agui.jsonl"))
        .expect("the sample is committed");
    let replay = Replaying::start(&path, &["--pace", "instant", "--miss", "run-error"]);
    let (input, _) = said("thread-x", 0, &[]);
    let asked = serde_json::json!([{"target": "/tools", "input": input}]);
    let now = run(HTTP_AGENT, &replay.url, &asked.to_string()).await;
    let error = now[0]["runError"].as_str().unwrap_or_default();
    assert!(
        error.starts_with("RUN_ERROR SCRUBJAY_MISS: ") && error.contains("exchange 0"),
        "{now}"
    );
    assert_eq!(replay.stop(), 0);
}
