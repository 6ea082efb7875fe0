//! The routes of a CopilotKit runtime, as a browser drives them.

use scrubjay_session::exchange::Ending;
use scrubjay_testkit::{Gate, ScriptedAgent, Step};

use crate::{Proxied, get, post};

const RUN: &str = concat!(
    "data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r1\"}\n\n",
    "data: {\"type\":\"RUN_FINISHED\",\"threadId\":\"t\",\"runId\":\"r1\"}\n\n",
);

fn cors_sse() -> Step {
    Step::head(&[
        "HTTP/1.1 200 OK",
        "access-control-allow-origin: *",
        "cache-control: no-cache",
        "connection: keep-alive",
        "content-type: text/event-stream",
        "Transfer-Encoding: chunked",
    ])
}

/// A runtime that knows one thread with two past runs.
async fn runtime(hangs: Gate, left: Gate) -> ScriptedAgent {
    ScriptedAgent::answering(move |asked| {
        let json = |body: &str| {
            let len = format!("content-length: {}", body.len());
            vec![
                Step::head(&["HTTP/1.1 200 OK", "content-type: application/json", &len]),
                Step::Write(body.into()),
            ]
        };
        let body = String::from_utf8_lossy(&asked.body).into_owned();
        let target = asked.line().split(' ').nth(1).unwrap_or_default().to_owned();
        match target.as_str() {
            "/api/copilotkit/info" => json("{\"version\":\"1\",\"agents\":{\"default\":{}}}"),
            "/api/copilotkit" if body.contains("\"method\":\"info\"") => json("{\"version\":\"1\"}"),
            "/api/copilotkit" | "/api/copilotkit/agent/default/run" => vec![cors_sse(), Step::chunk(RUN), Step::end()],
            "/api/copilotkit/agent/default/connect" if body.contains("hangs") => {
                vec![
                    cors_sse(),
                    Step::Tell(hangs.clone()),
                    Step::UntilPeerLeaves,
                    Step::Tell(left.clone()),
                ]
            }
            "/api/copilotkit/agent/default/connect" if body.contains("empty") => vec![cors_sse(), Step::end()],
            "/api/copilotkit/agent/default/connect" => {
                vec![
                    cors_sse(),
                    Step::chunk(RUN),
                    Step::chunk(&RUN.replace("r1", "r2")),
                    Step::end(),
                ]
            }
            _ => vec![
                Step::head(&[
                    "HTTP/1.1 404 Not Found",
                    "content-type: application/json",
                    "content-length: 2",
                ]),
                Step::Write(b"{}".to_vec()),
            ],
        }
    })
    .await
}

#[tokio::test]
async fn a_copilotkit_session_passes_and_is_recorded() {
    let (hangs, left) = (Gate::default(), Gate::default());
    let proxied = Proxied::before(runtime(hangs.clone(), left.clone()).await, |_| {});
    let connect = |thread: &str| {
        post(
            "/api/copilotkit/agent/default/connect",
            &format!("{{\"threadId\":\"{thread}\"}}"),
        )
    };

    let info = proxied.answer(&get("/api/copilotkit/info")).await;
    assert_eq!(
        (info.status(), info.values("content-type")),
        (200, vec!["application/json"])
    );

    // A page that mounts twice connects, aborts, and connects again.
    let aborted = proxied.ask(&connect("hangs")).await;
    hangs.passed().await;
    drop(aborted);
    left.passed().await;
    let empty = proxied.answer(&connect("empty")).await;
    assert_eq!((empty.status(), empty.body.len(), empty.is_whole), (200, 0, true));
    assert_eq!(
        empty.values("access-control-allow-origin"),
        ["*"],
        "given once, by the runtime"
    );

    let history = proxied.answer(&connect("old")).await;
    assert_eq!(history.text(), [RUN, &RUN.replace("r1", "r2")].concat());
    let run = proxied
        .answer(&post(
            "/api/copilotkit/agent/default/run",
            "{\"threadId\":\"t\",\"runId\":\"r1\"}",
        ))
        .await;
    assert_eq!(run.text(), RUN);
    let envelope = "{\"method\":\"agent/run\",\"params\":{\"agentId\":\"default\"},\"body\":{\"threadId\":\"t\"}}";
    assert_eq!(proxied.answer(&post("/api/copilotkit", envelope)).await.text(), RUN);
    assert_eq!(
        proxied
            .answer(&post("/api/copilotkit", "{\"method\":\"info\"}"))
            .await
            .text(),
        "{\"version\":\"1\"}"
    );
    assert_eq!(
        proxied
            .answer(&post("/api/copilotkit/agent/none/run", "{}"))
            .await
            .status(),
        404
    );

    let taped = proxied.recorder.ended(8).await;
    let facts: Vec<_> = taped.iter().map(|taped| (taped.ending, taped.splits())).collect();
    let one = |ending| (ending, vec![RUN.len()]);
    assert_eq!(
        facts,
        [
            (Ending::Complete, vec![39]),
            (Ending::ClientLeft, vec![]),
            (Ending::Complete, vec![]),
            (Ending::Complete, vec![RUN.len(), RUN.len()]),
            one(Ending::Complete),
            one(Ending::Complete),
            (Ending::Complete, vec![15]),
            (Ending::Complete, vec![2]),
        ]
    );
}
