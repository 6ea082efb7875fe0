//! From a frontend's request to the answers of the panes.

use scrubjay_engine::Engine;
use scrubjay_ipc::{
    Axis, Chat, Input, JumpTo, Lanes, Locate, News, Open, Rows, RowsOf, SourceState, State, Switch, SwitchSource,
    Target, Verdict,
};

use crate::stage::{Agent, add_source, ask, begin_run, frame, hear, library, open, run_agent, until};

pub(crate) const EVENTS: [&str; 8] = [
    r#"{"type":"RUN_STARTED","threadId":"t1","runId":"r1"}"#,
    r#"{"type":"STATE_SNAPSHOT","snapshot":{"n":1,"list":["a"]}}"#,
    r#"{"type":"TEXT_MESSAGE_START","messageId":"m1","role":"assistant"}"#,
    r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m1","delta":"Hello "}"#,
    r#"{"type":"STATE_DELTA","delta":[{"op":"replace","path":"/n","value":2}]}"#,
    r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m1","delta":"world"}"#,
    r#"{"type":"TEXT_MESSAGE_END","messageId":"m1"}"#,
    r#"{"type":"RUN_FINISHED","threadId":"t1","runId":"r1"}"#,
];

/// Everything that the panes show of an exchange, as text.
pub(crate) async fn panes(engine: &Engine, exchange: i64) -> String {
    let mut answers = Vec::new();
    answers.push(format!("{:?}", ask(engine, Open { exchange }).await));
    for view in [RowsOf::Spans, RowsOf::Events] {
        let rows = Rows {
            exchange,
            view,
            expanded: vec![0],
            first: 0,
            count: 50,
        };
        answers.push(format!("{:?}", ask(engine, rows).await));
    }
    for at in 0..=8 {
        let state = State {
            exchange,
            at,
            expanded: vec!["/list".into()],
            changed_only: false,
            first: 0,
            count: 50,
        };
        answers.push(format!("{:?}", ask(engine, state).await));
        answers.push(format!(
            "{:?}",
            ask(
                engine,
                Chat {
                    exchange,
                    at,
                    first: None,
                    count: 50
                }
            )
            .await
        ));
    }
    let lanes = Lanes {
        exchange,
        axis: Axis::Index,
        from: 0.0,
        to: 8.0,
        width_px: 800,
    };
    answers.push(format!("{:?}", ask(engine, lanes).await));
    answers.push(format!("{:?}", ask(engine, Input { exchange }).await));
    answers.join("\n")
}

/// Waits until the only exchange is through, and gives its number.
pub(crate) async fn the_finished_run(engine: &Engine) -> i64 {
    until(engine, async || {
        let page = library(engine).await;
        page.rows
            .iter()
            .find(|row| row.verdict == Verdict::Success)
            .map(|row| row.exchange)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_seen_as_it_was_and_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let engine = open(&path);
    let agent = Agent::start().await;
    let source = add_source(&engine, "agent", &agent.url()).await;
    assert_eq!(source.state, SourceState::Recording);

    agent.play(&EVENTS);
    let received = run_agent(&source, "r1").await;
    assert_eq!(received, EVENTS.map(frame).concat());

    let exchange = the_finished_run(&engine).await;
    let row = library(&engine).await.rows.remove(0);
    assert_eq!((row.run_id.as_str(), row.thread_id.as_str()), ("r1", "t1"));
    assert_eq!((row.frames, row.title.as_str()), (8, "hello there"));
    assert!(row.ttft_us.is_some());

    let state = State {
        exchange,
        at: 4,
        expanded: Vec::new(),
        changed_only: false,
        first: 0,
        count: 50,
    };
    let before = ask(&engine, state.clone()).await;
    assert_eq!(
        before.lines.iter().find(|line| line.pointer == "/n").unwrap().preview,
        "1"
    );
    let after = ask(&engine, State { at: 5, ..state }).await;
    assert_eq!(
        after.lines.iter().find(|line| line.pointer == "/n").unwrap().preview,
        "2"
    );

    let chat = ask(
        &engine,
        Chat {
            exchange,
            at: 4,
            first: None,
            count: 10,
        },
    )
    .await;
    let texts: Vec<_> = chat.messages.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["hello there", "Hello "]);
    assert!(chat.messages[1].open);

    let moment = ask(
        &engine,
        Locate {
            exchange,
            axis: Axis::Index,
            target: Target::Seq(99),
        },
    )
    .await;
    assert_eq!(moment.seq, 8);
    let jump = scrubjay_ipc::Jump {
        exchange,
        axis: Axis::Index,
        from: 0,
        to: JumpTo::State,
        backwards: false,
    };
    assert_eq!(ask(&engine, jump).await.map(|moment| moment.seq), Some(2));

    let seen = panes(&engine, exchange).await;
    assert!(engine.close());
    drop(engine);
    let engine = open(&path);
    assert_eq!(panes(&engine, exchange).await, seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_run_is_never_behind() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("store.db"));
    let agent = Agent::start().await;
    let source = add_source(&engine, "agent", &agent.url()).await;
    let mut feed = engine.news().unwrap();

    for event in &EVENTS[..4] {
        agent.send(&frame(event));
    }
    let mut answer = begin_run(&source, "r1").await;
    let News::Began { exchange } = hear(&mut feed, |news| matches!(news, News::Began { .. })).await else {
        unreachable!("it was just looked for");
    };
    let opened = until(&engine, async || {
        Some(ask(&engine, Open { exchange }).await).filter(|opened| opened.frames == 4)
    })
    .await;
    assert_eq!(opened.runs[0].verdict, Verdict::Live);
    let chat = ask(
        &engine,
        Chat {
            exchange,
            at: 4,
            first: None,
            count: 10,
        },
    )
    .await;
    assert_eq!(chat.messages.last().unwrap().text, "Hello ");

    agent.play(&EVENTS[4..]);
    while answer.chunk().await.unwrap().is_some() {}
    hear(&mut feed, |news| {
        matches!(
            news,
            News::Grown {
                frames: 8,
                live: false,
                ..
            }
        )
    })
    .await;
    assert_eq!(ask(&engine, Open { exchange }).await.frames, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_draws_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("store.db"));
    let agent = Agent::start().await;
    let source = add_source(&engine, "agent", &agent.url()).await;
    let switch = |to| SwitchSource {
        name: "agent".into(),
        to,
    };

    agent.send(&frame(EVENTS[0]));
    let mut answer = begin_run(&source, "r1").await;
    let first = answer.chunk().await.unwrap().unwrap();
    assert_eq!(ask(&engine, switch(Switch::Pause)).await.state, SourceState::Paused);
    agent.send(&frame(EVENTS[1]));
    let unrecorded = answer.chunk().await.unwrap().unwrap();
    assert_eq!(ask(&engine, switch(Switch::Record)).await.state, SourceState::Recording);
    agent.play(&EVENTS[2..]);
    while answer.chunk().await.unwrap().is_some() {}

    let exchange = the_finished_run(&engine).await;
    let opened = ask(&engine, Open { exchange }).await;
    assert_eq!(opened.holes, [(first.len() as u64, Some(unrecorded.len() as u64))]);
}
