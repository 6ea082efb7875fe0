//! Misses go to an agent, and into a recording.

use std::sync::Arc;

use scrubjay_proxy::{Source, Upstream};
use scrubjay_replay::{MatchOptions, serve::ServeConfig};
use scrubjay_session::exchange::Ending;
use scrubjay_testkit::{MemoryRecorder, ScriptedAgent, Step};

use crate::stage::{Made, Stage, adapted, ask, event};

async fn before(agent: &ScriptedAgent, recorder: &MemoryRecorder) -> Stage {
    let matcher = Stage::matcher(
        &[Made::run("t", "known", &[&event("{}")])],
        MatchOptions {
            whole_input: true,
            ..MatchOptions::default()
        },
    );
    let source = Source::new("fallback", Upstream::parse(&agent.url()).unwrap());
    Stage::open(ServeConfig {
        fallback: Some((source, Arc::new(recorder.clone()))),
        ..ServeConfig::new(matcher, adapted())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_recorded_is_asked_for_and_recorded() {
    let chunks = [
        event(r#"{"type":"RAW","event":1}"#),
        event(r#"{"type":"RAW","event":2}"#),
    ];
    let agent = ScriptedAgent::playing(vec![
        Step::sse_head(),
        Step::chunk(&chunks[0]),
        Step::chunk(&chunks[1]),
        Step::end(),
    ])
    .await;
    let recorder = MemoryRecorder::default();
    let stage = before(&agent, &recorder).await;

    assert_eq!(stage.answer(&ask("x", "known", "")).await.text(), event("{}"));
    assert_eq!(agent.connections(), 0, "what is recorded goes to no agent");

    let answer = stage
        .answer(&ask("x", "unknown", "origin: http://localhost:3000\r\n"))
        .await;
    assert_eq!(answer.text(), chunks.concat());
    assert_eq!(answer.values("x-scrubjay-replay"), ["fallback; request=2"]);
    assert_eq!(answer.values("access-control-allow-origin"), ["http://localhost:3000"]);
    let taped = recorder.only().await;
    assert_eq!((taped.source.as_str(), taped.ending), ("fallback", Ending::Complete));
    assert_eq!(taped.body(), chunks.concat().into_bytes());
    assert!(String::from_utf8(taped.request_body).unwrap().contains("unknown"));
    let head = taped.response.unwrap();
    assert!(
        head.headers.iter().all(|(name, _)| !name.starts_with("access-control")),
        "nothing of ours is recorded"
    );
    let answered = stage.serving.answered_after(1);
    assert_eq!((answered[0].exchange, answered[0].status), (None, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fallback_that_does_not_answer_is_reported() {
    let agent = ScriptedAgent::playing(vec![]).await;
    let recorder = MemoryRecorder::default();
    let stage = before(&agent, &recorder).await;
    drop(agent);
    let answer = stage.answer(&ask("x", "unknown", "")).await;
    assert_eq!(answer.status(), 502);
    assert!(answer.text().contains("connection refused"), "{}", answer.text());
    let why = &stage.serving.answered_after(0)[0].why;
    assert!(why.ends_with("; the fallback did not answer"), "{why}");
    assert_eq!(recorder.only().await.ending, Ending::NoAnswer);
}

#[tokio::test]
async fn what_the_agent_did_not_answer_answers_nothing() {
    let outage = || Made::run("t", "hi", &["{\"error\":\"nothing listens\"}"]).ending(Ending::NoAnswer);
    let stage = Stage::serving(&[outage(), Made::run("t2", "hi", &[&event("{}")])], adapted());
    for thread in ["x", "y"] {
        assert_eq!(stage.answer(&ask(thread, "hi", "")).await.text(), event("{}"));
    }
    assert!(stage.serving.unused().is_empty(), "no client can ask for an outage");
    let stage = Stage::serving(&[outage()], adapted());
    let answer = stage.answer(&ask("x", "hi", "")).await;
    assert_eq!(answer.status(), 404);
    let refusal: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(
        (&refusal["error"], &refusal["nearest"][0]["note"]),
        (
            &"The agent did not answer this POST /agent when it was recorded.".into(),
            &"the agent did not answer it".into()
        )
    );
}
