//! The official client ends with the same messages and state, with the proxy
//! in between and without it.

mod stage;

use serde_json::Value;
use stage::{agent::Agent, agent::capture, node::run, record::Recording};

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
