//! The official client ends with the same messages and state, with the proxy
//! in between and without it.

mod stage;

use std::process::{Command, Stdio};

use serde_json::Value;
use stage::{agent::Agent, agent::capture, record::Recording};
use tokio::io::AsyncWriteExt as _;

const HTTP_AGENT: &str = "tests/oracle/http-agent.mjs";
const COPILOTKIT: &str = "tests/copilotkit/runtime.mjs";

/// One of each kind of stream.
const CAPTURES: [&str; 8] = [
    "pydantic-ai/01-chat-run1",
    "pydantic-ai/02-backend-tool-run1",
    "pydantic-ai/04-shared-state-run1",
    "ag2/03-frontend-tool-run1",
    "mastra/07-reasoning",
    "google-adk/09-generative-ui",
    "microsoft-agent-framework/05-error-mid-run",
    "langgraph/11-unicode-run1",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_official_client_cannot_tell_the_proxy_from_the_agent() {
    let agent = Agent::start().await;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let recording = Recording::start(
        &folder.path().join("store.db"),
        &format!("http://{}", agent.address),
        &[],
    );
    for name in CAPTURES {
        let (input, pieces) = capture(name);
        agent.answer(pieces.clone());
        let direct = run(HTTP_AGENT, &format!("http://{}/agent", agent.address), &input).await;
        agent.answer(pieces);
        let through = run(HTTP_AGENT, &format!("{}/agent", recording.url), &input).await;
        assert!(direct["messages"].is_array(), "{name}: {direct}");
        assert_eq!(through, direct, "{name}");
    }
    assert_eq!(recording.stop(), 0, "the recorder should end cleanly");
}

#[tokio::test(flavor = "multi_thread")]
async fn copilotkits_runtime_cannot_tell_the_proxy_from_the_agent() {
    let agent = Agent::start().await;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let recording = Recording::start(
        &folder.path().join("store.db"),
        &format!("http://{}", agent.address),
        &[],
    );
    for name in &CAPTURES[..3] {
        let (input, pieces) = capture(name);
        agent.answer(pieces.clone());
        let direct = run(COPILOTKIT, &format!("http://{}/agent", agent.address), &input).await;
        agent.answer(pieces);
        let through = run(COPILOTKIT, &format!("{}/agent", recording.url), &input).await;
        assert_eq!(direct["error"], Value::Null, "{name}");
        assert_eq!(through, direct, "{name}");
    }
    assert_eq!(recording.stop(), 0, "the recorder should end cleanly");
}

async fn run(script: &str, url: &str, input: &str) -> Value {
    let node = std::env::var("SCRUBJAY_NODE").unwrap_or_else(|_absent| "node".to_owned());
    let mut command = Command::new(&node);
    command.args([script, url]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = tokio::process::Command::from(command)
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("`{node}` could not be started ({error}); `cargo xtask setup` installs it"));
    let mut stdin = child.stdin.take().expect("stdin is piped");
    stdin.write_all(input.as_bytes()).await.expect("node reads its input");
    drop(stdin);
    let output = child.wait_with_output().await.expect("node ends");
    assert!(
        output.status.success(),
        "node failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}
