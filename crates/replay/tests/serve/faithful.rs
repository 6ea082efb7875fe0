//! Bytes, splits, heads and endings as they were recorded.

use scrubjay_session::exchange::Ending;
use scrubjay_testkit::Closed;

use crate::stage::{Made, Stage, adapted, ask, event, exactly, exchanges_of, recordings, request_of};

const TIMES: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn every_recording_is_replayed_twenty_times_byte_for_byte_and_split_for_split() {
    for path in recordings() {
        let stage = Stage::of_file(&path, exactly());
        for time in 0..TIMES {
            for one in exchanges_of(&path) {
                let what = format!("{} {}, time {time}", path.display(), one.exchange.index);
                let mut client = stage.ask(&request_of(&one)).await;
                let answer = match one.exchange.ending {
                    Ending::Complete => client.whole_answer().await,
                    _ => {
                        assert_eq!(client.until_closed().await, Closed::WithReset, "{what}");
                        client.partial_answer()
                    }
                };
                let head = one.exchange.response.as_ref().unwrap();
                assert_eq!(answer.status(), head.status, "{what}");
                let index = format!("exchange={};", one.exchange.index);
                assert!(
                    answer.values("x-scrubjay-replay")[0].starts_with(&index),
                    "{what}: {}",
                    answer.head
                );
                assert_eq!(answer.body, one.body, "{what}");
                let splits: Vec<u64> = answer.chunks.iter().map(|chunk| chunk.len() as u64).collect();
                let recorded: Vec<u64> = one.chunks.iter().map(|chunk| chunk.len).collect();
                assert_eq!(splits, recorded, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn recorded_fields_are_sent_and_secret_ones_are_named() {
    let made = Made::run("t", "hi", &[&event("{}")])
        .with_header("x-agent", "one")
        .with_header("x-agent", "two")
        .with_header("set-cookie", "scrubjay-fp:0123456789abcdef");
    let stage = Stage::serving(&[made], exactly());
    let answer = stage.answer(&ask("t", "hi", "")).await;
    assert_eq!(answer.values("x-agent"), ["one", "two"]);
    assert_eq!(answer.values("set-cookie"), [""; 0]);
    assert_eq!(
        answer.values("x-scrubjay-replay"),
        ["exchange=0; request=1; mode=exact; omitted=set-cookie"]
    );
    let answered = stage.serving.answered_after(0);
    assert_eq!(answered[0].omitted, ["set-cookie"]);
}

#[tokio::test]
async fn trailers_come_after_the_last_chunk() {
    let mut made = Made::run("t", "hi", &[&event("{}")]).with_header("trailer", "x-cost");
    made.exchange.trailers = vec![("x-cost".into(), b"3".to_vec())];
    let stage = Stage::serving(&[made], exactly());
    let answer = stage.answer(&ask("t", "hi", "te: trailers\r\n")).await;
    assert_eq!(answer.trailers, ["x-cost: 3"]);
}

#[tokio::test]
async fn a_body_that_ended_without_a_terminal_event_ends_so_again() {
    let started = event(r#"{"type":"RUN_STARTED","threadId":"t","runId":"r-recorded"}"#);
    let stage = Stage::serving(&[Made::run("t", "hi", &[&started])], exactly());
    let answer = stage.answer(&ask("t", "hi", "")).await;
    assert!(answer.is_whole);
    assert_eq!(answer.text(), started);
}

#[tokio::test]
async fn a_reset_does_not_overtake_the_bytes_before_it() {
    let chunk = event(&format!(r#"{{"type":"RAW","event":"{}"}}"#, "x".repeat(100_000)));
    let made = Made::run("t", "hi", &[&chunk, &chunk]).ending(Ending::UpstreamReset);
    let stage = Stage::serving(&[made], exactly());
    let mut client = stage.ask(&ask("t", "hi", "")).await;
    assert_eq!(client.until_closed().await, Closed::WithReset);
    assert_eq!(client.partial_answer().body.len(), 2 * chunk.len());
}

/// An orderly end of the connection inside a body is one again.
#[tokio::test]
async fn an_end_stays_an_end() {
    let started = event(r#"{"type":"RUN_STARTED","threadId":"t","runId":"r-recorded"}"#);
    let made = Made::run("t", "hi", &[&started]).ending(Ending::UpstreamClosed);
    let stage = Stage::serving(&[made], exactly());
    let mut client = stage.ask(&ask("t", "hi", "")).await;
    assert_eq!(client.until_closed().await, Closed::Quietly);
    let answer = client.partial_answer();
    assert_eq!((answer.text().as_str(), answer.is_whole), (started.as_str(), false));
    // To a client of HTTP/1.0 that would be the body's end.
    let mut client = stage.ask(&ask("t", "hi", "").replace("HTTP/1.1", "HTTP/1.0")).await;
    assert_eq!(client.until_closed().await, Closed::WithReset);
    assert_eq!(client.partial_answer().text(), started);
}

#[tokio::test]
async fn several_clients_are_served_at_once_and_one_connection_may_ask_again() {
    let frames = [event(r#"{"type":"RUN_STARTED","threadId":"t","runId":"r-recorded"}"#)];
    let made = Made::run("t", "hi", &[&frames[0]]);
    let stage = Stage::serving(&[made], exactly());
    let mut clients = Vec::new();
    for _ in 0..10 {
        clients.push(stage.ask(&ask("t", "hi", "")).await);
    }
    for client in &mut clients {
        assert_eq!(client.whole_answer().await.text(), frames[0]);
        client.received.clear();
        client.send(ask("t", "hi", "").as_bytes()).await;
        assert_eq!(client.whole_answer().await.text(), frames[0]);
    }
    assert_eq!(stage.serving.answers(), 20);
    assert_eq!(stage.serving.unused(), [0; 0]);
}

/// The library that holds fields takes 24,576 names, and aborts at the next one unless it is asked whether it can.
#[tokio::test]
async fn more_fields_than_can_be_sent_are_sent_as_far_as_they_can() {
    let bodies = [event("{}")];
    let made = |nth: usize, (headers, trailers)| {
        let name = format!("many-{nth}");
        Made::run(&name, &name, &[&bodies[0]]).with_many(headers, trailers)
    };
    let counts = [(24_575, 0), (24_576, 0), (100_000, 0), (0, 30_000), (30_000, 30_000)];
    let made: Vec<Made> = counts
        .iter()
        .enumerate()
        .map(|(nth, counts)| made(nth, *counts))
        .collect();
    for options in [adapted(), exactly()] {
        let stage = Stage::serving(&made, options);
        for (nth, (headers, trailers)) in counts.into_iter().enumerate() {
            let name = format!("many-{nth}");
            let answer = stage.answer(&ask(&name, &name, "te: trailers\r\n")).await;
            assert_eq!(answer.status(), 200);
            assert!(answer.text().contains(&bodies[0]), "the body comes whole");
            let sent = answer.head.matches("x-field-").count();
            assert_eq!(sent, headers.min(23_999), "{headers} fields, {trailers} trailers");
            let why = stage.serving.answered_after(nth as u64)[0].why.clone();
            let is_reported = |what: &str| why.contains(&format!("{what}s were left out"));
            assert_eq!(
                (is_reported("field"), is_reported("trailer")),
                (headers > 23_999, trailers > 24_000),
                "{why}"
            );
        }
    }
}
