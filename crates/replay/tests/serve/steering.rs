//! Events sent one at a time, held, edited, left out.

use std::time::Duration;

use scrubjay_replay::{
    Pace,
    serve::{ClientState, Order, ServeOptions, StreamStage},
};
use scrubjay_testkit::{Closed, RawClient};

use crate::stage::{Made, Stage, adapted, ask, event};

fn number(n: u32) -> String {
    event(&format!(r#"{{"type":"RAW","event":{n}}}"#))
}

/// A run of four events in two chunks, served by orders.
fn stepped() -> Stage {
    let chunks = [number(1) + &number(2), number(3) + &number(4)];
    let options = ServeOptions {
        pace: Pace::Step,
        ..ServeOptions::default()
    };
    Stage::serving(&[Made::run("t", "hi", &[&chunks[0], &chunks[1]])], options)
}

/// Waits until the stream is held before this frame.
async fn held_at(stage: &Stage, seq: u32) -> ClientState {
    let is_held = move |one: &ClientState| {
        one.stage == StreamStage::Held && one.next.as_ref().is_some_and(|next| next.seq == seq)
    };
    stage
        .until(move |serving| serving.listening().into_iter().find(|one| is_held(one)))
        .await
}

async fn order(stage: &Stage, seq: u32, order: Order) {
    let client = held_at(stage, seq).await.client;
    assert!(stage.serving.order(client, order));
}

#[tokio::test]
async fn nothing_goes_without_an_order() {
    let stage = stepped();
    let mut client = stage.ask(&ask("x", "hi", "")).await;
    let held = held_at(&stage, 1).await;
    assert_eq!((held.seq, held.exchange, held.request), (0, 0, 1));
    let next = held.next.unwrap();
    assert_eq!(
        (next.type_name.as_str(), next.text.as_str()),
        ("RAW", r#"{"type":"RAW","event":1}"#)
    );
    assert!(next.is_editable);
    for seq in 1..=4 {
        assert_eq!(client.partial_answer().body.len(), (seq as usize - 1) * number(1).len());
        order(&stage, seq, Order::Send).await;
        client.until(&number(seq)).await;
    }
    let answer = client.whole_answer().await;
    assert_eq!(answer.chunks.len(), 4, "each event is sent by itself");
    let over = stage
        .until(|serving| serving.listening().pop().filter(|one| one.stage == StreamStage::Done))
        .await;
    assert_eq!(over.seq, 4);
    assert!(
        !stage.serving.order(over.client, Order::Send),
        "what is over takes no orders"
    );
}

#[tokio::test]
async fn the_next_event_can_be_left_out_doubled_and_edited() {
    let stage = stepped();
    let mut client = stage.ask(&ask("x", "hi", "")).await;
    order(&stage, 1, Order::Skip).await;
    order(&stage, 2, Order::Duplicate).await;
    order(&stage, 3, Order::Edit(r#"{"type":"RAW","event":"mine"}"#.into())).await;
    order(&stage, 4, Order::Delay(Duration::from_millis(1))).await;
    let answer = client.whole_answer().await;
    let edited = event(r#"{"type":"RAW","event":"mine"}"#);
    assert_eq!(answer.text(), number(2) + &number(2) + &edited + &number(4));
}

#[tokio::test]
async fn a_stepped_stream_goes_on_when_it_is_let_go() {
    let stage = stepped();
    let mut client = stage.ask(&ask("x", "hi", "")).await;
    order(&stage, 1, Order::Go).await;
    let answer = client.whole_answer().await;
    assert_eq!(answer.text(), (1..=4).map(number).collect::<String>());
}

#[tokio::test]
async fn an_order_can_break_the_connection_off() {
    let stage = stepped();
    let mut client = stage.ask(&ask("x", "hi", "")).await;
    order(&stage, 1, Order::Send).await;
    order(&stage, 2, Order::Reset).await;
    assert_eq!(client.until_closed().await, Closed::WithReset);
    assert_eq!(client.partial_answer().text(), number(1));
}

#[tokio::test]
async fn a_stream_stops_at_a_filter_and_goes_on_to_the_next() {
    let text = [
        number(1),
        event(r#"{"type":"CUSTOM","name":"n","value":1}"#),
        number(3),
        number(4),
    ]
    .concat();
    let options = ServeOptions {
        hold: "CUSTOM #4".parse().unwrap(),
        ..adapted()
    };
    let stage = Stage::serving(&[Made::run("t", "hi", &[&text])], options);
    let mut client = stage.ask(&ask("x", "hi", "")).await;
    let held = held_at(&stage, 2).await;
    assert_eq!(held.next.unwrap().type_name, "CUSTOM");
    assert_eq!(client.until(&number(1)).await.matches("data:").count(), 1);
    order(&stage, 2, Order::Go).await;
    held_at(&stage, 4).await;
    client.until(&number(3)).await;
    order(&stage, 4, Order::Go).await;
    assert_eq!(client.whole_answer().await.text(), text);
}

#[tokio::test]
async fn another_pace_frees_a_stream_that_waits() {
    let stage = stepped();
    let mut client = stage.ask(&ask("x", "hi", "")).await;
    held_at(&stage, 1).await;
    stage.serving.set_options(adapted());
    assert_eq!(
        client.whole_answer().await.text(),
        (1..=4).map(number).collect::<String>()
    );
}

#[tokio::test]
async fn a_client_that_leaves_is_seen_to_leave() {
    let stage = stepped();
    let client: RawClient = stage.ask(&ask("x", "hi", "user-agent: Frontend/1\r\n")).await;
    let held = held_at(&stage, 1).await;
    assert_eq!(held.name, "Frontend/1");
    drop(client);
    stage
        .until(|serving| serving.listening().pop().filter(|one| one.stage == StreamStage::Left))
        .await;
}

#[tokio::test]
async fn what_is_no_stream_is_not_stepped() {
    let mut made = Made::run("t", "hi", &["{\"version\":1}"]);
    let head = made.exchange.response.as_mut().unwrap();
    head.headers = vec![("content-type".into(), b"application/json".to_vec())];
    let options = ServeOptions {
        pace: Pace::Step,
        ..ServeOptions::default()
    };
    let stage = Stage::serving(&[made], options);
    assert_eq!(stage.answer(&ask("x", "hi", "")).await.text(), "{\"version\":1}");
    assert_eq!(stage.serving.listening(), []);
}

#[tokio::test]
async fn each_word_of_a_filter_counts_where_it_stopped() {
    let text = [number(1), event(r#"{"type":"CUSTOM","name":"n","value":1}"#)].concat();
    let options = ServeOptions {
        hold: "CUSTOM #2 BOGUS".parse().unwrap(),
        ..adapted()
    };
    let stage = Stage::serving(&[Made::run("t", "hi", &[&text])], options);
    let mut client = stage.ask(&ask("x", "hi", "")).await;
    order(&stage, 2, Order::Go).await;
    assert_eq!(client.whole_answer().await.text(), text);
    let options = stage.serving.options();
    let stopped: Vec<_> = options.hold.stopped().collect();
    assert_eq!(stopped, [("CUSTOM", 1), ("#2", 1), ("BOGUS", 0)]);
}

#[tokio::test]
async fn a_stream_is_stepped_and_held_for_any_content_type() {
    for content_type in [None, Some("text/plain; charset=utf-8"), Some("application/json")] {
        for options in [
            ServeOptions {
                pace: Pace::Step,
                ..ServeOptions::default()
            },
            ServeOptions {
                hold: "#1".parse().unwrap(),
                ..adapted()
            },
        ] {
            let mut run = Made::run("t", "hi", &[&number(1), &number(2)]);
            let headers = content_type.map(|name| ("content-type".to_owned(), name.as_bytes().to_vec()));
            run.exchange.response.as_mut().unwrap().headers = headers.into_iter().collect();
            let stage = Stage::serving(&[run], options);
            let mut client = stage.ask(&ask("x", "hi", "")).await;
            held_at(&stage, 1).await;
            assert_eq!(client.partial_answer().body, b"", "{content_type:?}");
            order(&stage, 1, Order::Go).await;
            assert_eq!(
                client.whole_answer().await.text(),
                number(1) + &number(2),
                "{content_type:?}"
            );
        }
    }
}
