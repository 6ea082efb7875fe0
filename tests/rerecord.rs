//! `scrubjay rerecord` against agents that keep their threads: LangGraph with
//! a checkpointer, Google ADK with a session service, Agno with a database,
//! each with a scripted model (`tests/agents`). What is recorded first is a
//! conversation of the official client: a question, a tool of the agent, a
//! tool of the frontend, its answer, and all of that once more.

mod stage;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};
use stage::{
    Running,
    agents::python,
    binary,
    node::run,
    record::{Recording, read},
    replay::Replaying,
};

const HTTP_AGENT: &str = "tests/oracle/http-agent.mjs";
/// Longer than a scripted run takes on a busy machine.
const DEADLINE: &str = "15s";

/// A framework, and where its agent is mounted.
#[derive(Clone, Copy)]
struct Framework {
    name: &'static str,
    path: &'static str,
}

const LANGGRAPH: Framework = Framework {
    name: "langgraph",
    path: "/agent",
};
const ADK: Framework = Framework {
    name: "adk",
    path: "/agent",
};
const AGNO: Framework = Framework {
    name: "agno",
    path: "/agui",
};

/// An agent that runs.
struct Agent {
    origin: String,
    endpoint: String,
    _child: Running,
}

impl Framework {
    fn start(self, variables: &[(&str, &str)]) -> Agent {
        let mut command = Command::new(python(self.name));
        command.arg(format!("tests/agents/{}/agent.py", self.name));
        command
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("OTEL_SDK_DISABLED", "true")
            .envs(variables.iter().copied());
        let (child, mut lines) = Running::start_talking(command.stdin(Stdio::null()).stderr(Stdio::null()));
        let origin = lines
            .next()
            .expect("the agent names its address")
            .expect("it names it in UTF-8");
        std::thread::spawn(move || lines.for_each(drop));
        Agent {
            endpoint: format!("{origin}{}", self.path),
            origin,
            _child: child,
        }
    }
}

/// The official client asks twice, and answers the frontend's tool each time.
async fn converse(url: &str) {
    let tools = json!([{"name": "show_card", "description": "Shows a card",
        "parameters": {"type": "object", "properties": {"title": {"type": "string"}}}}]);
    let (mut messages, mut state) = (json!([]), json!({}));
    for (number, city) in [(1, "Paris"), (2, "Rome")] {
        let question = format!("What is the weather in {city}?");
        let user = json!({"id": format!("user-{number}"), "role": "user", "content": question});
        let steps: [&dyn Fn(&Value) -> Value; 2] = [&|_| user.clone(), &|messages| {
            json!({"id": format!("shown-{number}"), "role": "tool", "toolCallId": open_call(messages),
                "content": format!("shown as card {number}")})
        }];
        for (step, added) in (1..).zip(steps) {
            let added = added(&messages);
            messages.as_array_mut().expect("messages are a list").push(added);
            let input = json!({"threadId": "thread-weather-1", "runId": format!("run-{number}-{step}"),
                "messages": messages, "state": state, "tools": tools, "context": [], "forwardedProps": {}});
            let after = run(HTTP_AGENT, url, &input.to_string()).await;
            assert_eq!(after["error"], Value::Null, "{after}");
            (messages, state) = (after["messages"].clone(), after["state"].clone());
        }
        let last = messages.as_array().and_then(|messages| messages.last()).cloned();
        let text = last.expect("there are messages")["content"].to_string();
        assert!(
            text.contains(&format!("shown as card {number}. Questions so far: {number}.")),
            "{text}"
        );
    }
}

/// The call of the frontend's tool that was made last.
fn open_call(messages: &Value) -> Value {
    let messages = messages.as_array().expect("messages are a list");
    let calls = messages
        .iter()
        .filter_map(|message| message["toolCalls"].as_array())
        .flatten();
    let mut shown = calls.filter(|call| call["function"]["name"] == "show_card");
    shown.next_back().expect("the agent calls show_card")["id"].clone()
}

/// Records the conversation into a folder of baselines.
async fn baselines(folder: &Path, framework: Framework) -> PathBuf {
    let agent = framework.start(&[]);
    let store = folder.join("store.db");
    let recording = Recording::start(&store, &agent.origin, &[]);
    converse(&format!("{}{}", recording.url, framework.path)).await;
    assert_eq!(recording.stop(), 0);
    let baselines = folder.join("baselines");
    fs::create_dir(&baselines).expect("a folder can be made");
    let file = baselines.join("weather.agui.jsonl");
    let exported = Command::new(binary("scrubjay"))
        .arg("export")
        .arg(&store)
        .args(["--redact", "none", "-o"])
        .arg(&file)
        .output()
        .expect("the command line can be started");
    assert!(exported.status.success(), "{}", said(&exported));
    file
}

fn rerecord(baselines: &Path, url: &str, more: &[&str]) -> Output {
    Command::new(binary("scrubjay"))
        .arg("rerecord")
        .arg(baselines)
        .args(["--url", url, "--deadline", DEADLINE])
        .args(more)
        .stdin(Stdio::null())
        .output()
        .expect("the command line can be started")
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Runs it, and gives what it says and its exit status.
fn reported(baselines: &Path, url: &str, more: &[&str]) -> (String, Option<i32>) {
    let output = rerecord(baselines, url, more);
    (said(&output), output.status.code())
}

async fn nothing_changed_and_a_tool_did(framework: Framework) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = baselines(folder.path(), framework).await;
    let folder = folder.path().join("baselines");
    let before = fs::read(&file).expect("the baseline is there");

    // The same agent, which knows nothing of the recorded ids by now.
    let agent = framework.start(&[]);
    for level in ["behaviour", "state", "text"] {
        let (text, status) = reported(&folder, &agent.endpoint, &["--level", level]);
        assert_eq!(status, Some(0), "{level}: {text}");
        assert!(text.contains("1 same, 0 different, 0 missing, 0 new"), "{text}");
    }
    // Asked once more, and at the recorded path, it is the same.
    let (text, status) = reported(&folder, &agent.origin, &["--accept"]);
    assert_eq!(status, Some(0), "{text}");
    assert!(!text.contains("replaced"), "{text}");
    drop(agent);

    let agent = framework.start(&[("WEATHER_TOOL", "forecast")]);
    let (text, status) = reported(&folder, &agent.endpoint, &[]);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("get_weather") && text.contains("forecast"), "{text}");
    assert!(text.contains("0 same, 1 different, 0 missing, 0 new"), "{text}");
    assert_eq!(
        fs::read(&file).expect("it is there"),
        before,
        "nothing is replaced without --accept"
    );
    drop(agent);

    let agent = framework.start(&[("WEATHER_UNIT", "kelvin")]);
    let output = rerecord(&folder, &agent.endpoint, &["--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let lines: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    let argument = lines
        .iter()
        .find(|line| line["kind"] == "difference" && line["path"] == "/args/unit");
    let argument = argument.unwrap_or_else(|| panic!("the argument differs: {lines:?}"));
    assert_eq!(
        (&argument["aValue"], &argument["bValue"]),
        (&json!("\"celsius\""), &json!("\"kelvin\""))
    );

    accepting(&folder, &file, &agent);
}

/// With `--accept` the baseline becomes what the agent does now.
fn accepting(folder: &Path, file: &Path, agent: &Agent) {
    let written = folder.with_file_name("written");
    let more = [
        "--accept",
        "--output",
        written.to_str().expect("a path of the test is text"),
    ];
    let (text, status) = reported(folder, &agent.endpoint, &more);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("replaced   weather.agui.jsonl  (4 exchanges)"), "{text}");
    let rows = read(file, "list", &[]);
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert!(
        rows.iter()
            .all(|row| row["ending"] == "complete" && row["runs"][0]["outcome"] == "success"),
        "{rows:?}"
    );
    let calls = read(file, "spans", &["--exchange", "0"]);
    assert!(
        calls.iter().any(|span| span["args"].to_string().contains("kelvin")),
        "{calls:?}"
    );
    assert_eq!(read(&written.join("weather.agui.jsonl"), "list", &[]).len(), 4);
    let beside = fs::read_dir(folder).expect("the folder is there").count();
    assert_eq!(beside, 1, "nothing lies beside the baseline");
    let (text, status) = reported(folder, &agent.endpoint, &[]);
    assert_eq!(status, Some(0), "{text}");
}

/// The requests as they were recorded, which is what a script would post:
/// Agno knows neither the thread nor the call that is answered.
#[tokio::test(flavor = "multi_thread")]
async fn recorded_ids_are_not_known_to_an_agent_that_starts_anew() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = baselines(folder.path(), AGNO).await;
    let agent = AGNO.start(&[]);
    let input = Command::new(binary("scrubjay"))
        .arg("body")
        .arg(&file)
        .args(["--exchange", "1", "--request"])
        .output()
        .expect("the command line can be started");
    let input = String::from_utf8(input.stdout).expect("a run input is text");
    let after = run(HTTP_AGENT, &agent.endpoint, &input).await;
    assert!(
        !after.to_string().contains("shown as card 1. Questions so far"),
        "{after}"
    );
}

/// A replay knows the recorded answers and puts in the ids of each request,
/// so all samples are the same, with every protocol, transport and ending.
#[test]
fn samples_are_the_same_when_their_replay_is_asked() {
    let samples = fs::read_dir("recordings").expect("the samples are committed");
    let mut samples: Vec<PathBuf> = samples
        .map(|entry| entry.expect("a folder can be read").path())
        .collect();
    samples.retain(|path| path.to_string_lossy().ends_with(".agui.jsonl"));
    assert!(samples.len() >= 10, "{samples:?}");
    for sample in samples {
        let replay = Replaying::start(&sample, &["--pace", "instant"]);
        // Of the messages in LangGraph's state some have ids of the client, which change, and some the agent's,
        // which a replay keeps: such a list pairs by id.
        let (text, status) = reported(
            &sample,
            &replay.url,
            &["--level", "text", "--ignore", "/state/messages/*"],
        );
        assert_eq!(status, Some(0), "{}: {text}", sample.display());
        assert!(text.contains("0 different, 0 missing, 0 new"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn langgraph_is_asked_again() {
    nothing_changed_and_a_tool_did(LANGGRAPH).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn google_adk_is_asked_again() {
    nothing_changed_and_a_tool_did(ADK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn agno_is_asked_again() {
    nothing_changed_and_a_tool_did(AGNO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_hangs_is_cut_off() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = baselines(folder.path(), AGNO).await;
    let before = fs::read(&file).expect("the baseline is there");
    let agent = AGNO.start(&[("WEATHER_HANG", "Rome")]);
    let (text, status) = reported(&folder.path().join("baselines"), &agent.endpoint, &["--accept"]);
    assert_eq!(status, Some(2), "{text}");
    assert!(
        text.contains("No end came within 15 s to run 3 of thread thread-weather-1 (weather.agui.jsonl, exchange 2)."),
        "{text}"
    );
    assert!(text.contains("weather.agui.jsonl is not replaced: run 3"), "{text}");
    assert_eq!(fs::read(&file).expect("it is there"), before);
}
