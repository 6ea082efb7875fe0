//! A source that is paused inside a run: what depends on bytes that were not recorded is no finding.

use scrubjay_engine::Engine;
use scrubjay_ipc::{
    Chat, Detail, LibraryRow, Open, ProblemRows, Source, SourceState, State, StateTree, Switch, SwitchSource, Verdict,
};
use scrubjay_session::fold::Fold;
use scrubjay_testkit::RawClient;

use crate::stage::{Agent, add_source, ask, begin_run, frame, library, open, until};

/// A legal run with messages, a call, a step, and a state that patches need.
const EVENTS: [&str; 14] = [
    r#"{"type":"RUN_STARTED","threadId":"t1","runId":"r1"}"#,
    r#"{"type":"STATE_SNAPSHOT","snapshot":{"n":1}}"#,
    r#"{"type":"STEP_STARTED","stepName":"plan"}"#,
    r#"{"type":"TEXT_MESSAGE_START","messageId":"m1","role":"assistant"}"#,
    r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m1","delta":"Hello "}"#,
    r#"{"type":"STATE_DELTA","delta":[{"op":"add","path":"/cart","value":{}}]}"#,
    r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m1","delta":"world"}"#,
    r#"{"type":"TEXT_MESSAGE_END","messageId":"m1"}"#,
    r#"{"type":"STATE_DELTA","delta":[{"op":"add","path":"/cart/total","value":3}]}"#,
    r#"{"type":"TOOL_CALL_START","toolCallId":"c1","toolCallName":"pay"}"#,
    r#"{"type":"TOOL_CALL_END","toolCallId":"c1"}"#,
    r#"{"type":"STEP_FINISHED","stepName":"plan"}"#,
    r#"{"type":"TOOL_CALL_RESULT","messageId":"m2","toolCallId":"c1","content":"paid"}"#,
    r#"{"type":"RUN_FINISHED","threadId":"t1","runId":"r1"}"#,
];

async fn switch(engine: &Engine, to: Switch, state: SourceState) {
    let name = "agent".into();
    assert_eq!(ask(engine, SwitchSource { name, to }).await.state, state);
}

/// Plays the run while the source is paused from one event up to another; gives the row in the end, when the client
/// has read every byte.
async fn run_paused(engine: &Engine, agent: &Agent, source: &Source, from: usize, to: usize) -> LibraryRow {
    let earlier = library(engine).await.rows.len();
    let mut answer = begin_run(source, "r1").await;
    let mut client = Fold::new(b"{}");
    let mut seq = 0;
    for (place, event) in EVENTS.iter().enumerate() {
        if place == from {
            switch(engine, Switch::Pause, SourceState::Paused).await;
        }
        if place == to {
            switch(engine, Switch::Record, SourceState::Recording).await;
        }
        agent.send(&frame(event));
        // Each event has gone through before the next is sent.
        let piece = answer.chunk().await.unwrap().unwrap();
        let mut decoder = scrubjay_protocol::sse::Decoder::new();
        decoder.push(&piece);
        while let Some(frame) = decoder.next_frame() {
            seq += 1;
            assert!(client.push(seq, &frame).is_empty(), "the client is served well");
        }
    }
    agent.end();
    assert!(answer.chunk().await.unwrap().is_none());
    if to >= EVENTS.len() {
        switch(engine, Switch::Record, SourceState::Recording).await;
    }
    assert_eq!((seq as usize, client.stop()), (EVENTS.len(), None));
    until(engine, async || {
        let mut rows = library(engine).await.rows;
        let is_listed = rows.len() > earlier;
        let row = rows.pop().filter(|_| is_listed)?;
        (row.verdict != Verdict::Live && row.notes > 0).then_some(row)
    })
    .await
}

async fn found(engine: &Engine, exchange: i64) -> Vec<String> {
    let rows = ProblemRows {
        exchange,
        rule: None,
        first: 0,
        count: 50,
    };
    let rows = ask(engine, rows).await.rows.into_iter();
    rows.map(|row| row.finding.rule).collect()
}

async fn state(engine: &Engine, exchange: i64, at: u32) -> StateTree {
    let state = State {
        exchange,
        at,
        expanded: Vec::new(),
        changed_only: false,
        first: 0,
        count: 50,
    };
    ask(engine, state).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_in_a_run_accuses_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("store.db"));
    let agent = Agent::start().await;
    let source = add_source(&engine, "agent", &agent.url()).await;
    // The start of a message and the patch that others need, the end of a step, almost everything.
    for (from, to) in [(3, 6), (5, 8), (9, 12), (1, 13)] {
        let row = run_paused(&engine, &agent, &source, from, to).await;
        let exchange = row.exchange;
        assert_eq!(found(&engine, exchange).await, ["transport.hole"], "{from} to {to}");
        assert_eq!((row.errors, row.warnings, row.notes), (0, 0, 1), "{from} to {to}");
        assert_eq!(row.verdict, Verdict::Success, "its end is here");
        let opened = ask(&engine, Open { exchange }).await;
        assert_eq!((opened.stop, opened.findings), (None, [0, 0, 1]));
        let hole: usize = EVENTS[from..to].iter().map(|event| frame(event).len()).sum();
        assert_eq!(
            opened.holes.iter().map(|(_, len)| *len).collect::<Vec<_>>(),
            [Some(hole as u64)]
        );
        let last = opened.frames;
        assert_eq!(last as usize, EVENTS.len() - (to - from));
        let tree = state(&engine, exchange, last).await;
        assert_eq!(
            (tree.unknown_since, tree.dropped, tree.lost),
            (Some(from as u32), None, None)
        );
        let chat = Chat {
            exchange,
            at: last,
            first: None,
            count: 50,
        };
        assert_eq!(ask(&engine, chat).await.missing_since, Some(from as u32));
        for seq in 1..=last {
            let detail = ask(&engine, Detail { exchange, seq }).await;
            let others = detail
                .findings
                .iter()
                .filter(|finding| finding.rule != "transport.hole");
            assert_eq!(others.count(), 0, "#{seq}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_may_begin_in_the_middle_of_a_body() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("store.db"));
    let agent = Agent::start().await;
    let source = add_source(&engine, "agent", &agent.url()).await;
    let row = run_paused(&engine, &agent, &source, 0, 8).await;
    assert_eq!(found(&engine, row.exchange).await, ["transport.hole"]);
    // What is here of the run begins with the first frame, and its end says how it came out.
    assert_eq!(
        (row.verdict, row.run_id.as_str(), row.frames),
        (Verdict::Success, "r1", 6)
    );
    let tree = state(&engine, row.exchange, 1).await;
    assert_eq!((tree.unknown_since, tree.dropped), (Some(0), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_end_was_not_recorded_is_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("store.db"));
    let agent = Agent::start().await;
    let source = add_source(&engine, "agent", &agent.url()).await;
    for (from, runs) in [(8, 1), (0, 0)] {
        let row = run_paused(&engine, &agent, &source, from, EVENTS.len()).await;
        assert_eq!(row.verdict, Verdict::Unknown, "from {from}");
        let opened = ask(&engine, Open { exchange: row.exchange }).await;
        assert_eq!(opened.runs.len(), runs);
        let of_none = (runs == 0).then_some(Verdict::Unknown);
        assert_eq!((opened.without_run, opened.findings), (of_none, [0, 0, 1]));
        assert_eq!(found(&engine, row.exchange).await, ["transport.hole"]);
    }
    let page = library(&engine).await;
    assert_eq!(page.by_verdict, [(Verdict::Unknown, 2)]);
}

/// A request whose body goes on while recording is paused.
#[tokio::test(flavor = "multi_thread")]
async fn a_hole_in_the_request_leaves_open_what_depends_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("store.db"));
    let agent = Agent::start().await;
    let source = add_source(&engine, "agent", &agent.url()).await;
    let body = r#"{"threadId":"t1","runId":"r1","state":{"cart":{}},"messages":[{"id":"u1","role":"user","content":"pay"}],"tools":[],"context":[],"forwardedProps":{}}"#;
    let address = source.url.strip_prefix("http://").unwrap();
    let mut client = RawClient::connect(address.parse().unwrap()).await;
    let head = format!(
        "POST /agent HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let (first, rest) = body.split_at(50);
    client.send(format!("{head}{first}").as_bytes()).await;
    // The exchange has begun, so that it stays recorded.
    until(&engine, async || library(&engine).await.rows.pop()).await;
    switch(&engine, Switch::Pause, SourceState::Paused).await;
    client.send(rest.as_bytes()).await;
    client.until("\r\n\r\n").await;
    switch(&engine, Switch::Record, SourceState::Recording).await;
    // The patch fits the state of the request alone.
    let delta = r#"{"type":"STATE_DELTA","delta":[{"op":"add","path":"/cart/total","value":3}]}"#;
    agent.play(&[EVENTS[0], delta, EVENTS[13]]);
    client.whole_answer().await;
    let row = until(&engine, async || {
        let row = library(&engine).await.rows.pop()?;
        (row.verdict == Verdict::Success && row.notes > 0).then_some(row)
    })
    .await;
    assert_eq!(found(&engine, row.exchange).await, ["transport.hole"]);
    let tree = state(&engine, row.exchange, 3).await;
    assert_eq!((tree.unknown_since, tree.dropped), (Some(0), None));
}
