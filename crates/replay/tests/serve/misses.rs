//! What nothing recorded answers, and what nobody asked for.

use scrubjay_replay::Rules;

use crate::stage::{Made, Stage, adapted, ask, event};

fn two() -> Vec<Made> {
    vec![
        Made::run(
            "t",
            "first",
            &[&event(r#"{"type":"RUN_STARTED","threadId":"t","runId":"r-recorded"}"#)],
        ),
        Made::run(
            "t2",
            "second",
            &[&event(r#"{"type":"RUN_STARTED","threadId":"t2","runId":"r-recorded"}"#)],
        ),
    ]
}

#[tokio::test]
async fn a_miss_names_the_nearest_recording_and_what_differs() {
    let stage = Stage::serving(&two(), adapted());
    let answer = stage.answer(&ask("live", "firs", "")).await;
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.values("x-scrubjay-replay"), ["miss; request=1"]);
    let told: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let nearest = &told["nearest"][0];
    assert_eq!(nearest["exchange"], 0, "{told}");
    let differences = nearest["differences"].as_array().unwrap();
    let content = differences
        .iter()
        .find(|one| one["pointer"] == "/messages/0/content")
        .unwrap();
    assert_eq!(
        (content["recorded"].as_str(), content["asked"].as_str()),
        (Some("\"first\""), Some("\"firs\""))
    );
    let answered = stage.serving.answered_after(0);
    assert_eq!((answered[0].exchange, answered[0].status), (None, 404));
    assert!(!answered[0].differences.is_empty());
}

#[tokio::test]
async fn ids_of_the_request_stand_in_the_answer_and_the_choice_is_explained() {
    let stage = Stage::serving(&two(), adapted());
    let answer = stage.answer(&ask("live", "second", "")).await;
    assert_eq!(
        answer.text(),
        event(r#"{"type":"RUN_STARTED","threadId":"live","runId":"r-live"}"#)
    );
    let answered = stage.serving.answered_after(0);
    assert_eq!(answered[0].exchange, Some(1));
    assert!(answered[0].why.contains("second"), "{}", answered[0].why);
}

#[tokio::test]
async fn a_strict_replay_answers_once_and_tells_what_nobody_asked_for() {
    let rules = Rules {
        strict: true,
        ..Rules::default()
    };
    let stage = Stage::ruled(&two(), adapted(), rules);
    assert_eq!(stage.serving.unused(), [0, 1]);
    assert_eq!(stage.answer(&ask("a", "first", "")).await.status(), 200);
    assert_eq!(stage.answer(&ask("b", "first", "")).await.status(), 404);
    assert_eq!(stage.serving.unused(), [1]);
}

#[tokio::test]
async fn tests_that_name_themselves_do_not_see_each_other() {
    let (one, two) = (
        event(r#"{"type":"RAW","event":1}"#),
        event(r#"{"type":"RAW","event":2}"#),
    );
    let made = [Made::run("t", "again", &[&one]), Made::run("t2", "again", &[&two])];
    let stage = Stage::serving(&made, adapted());
    for session in ["a", "b"] {
        let field = format!("x-scrubjay-session: {session}\r\n");
        assert_eq!(stage.answer(&ask("x", "again", &field)).await.text(), one, "{session}");
        assert_eq!(stage.answer(&ask("y", "again", &field)).await.text(), two, "{session}");
    }
}

#[tokio::test]
async fn what_is_no_plain_request_is_refused() {
    let stage = Stage::serving(&two(), adapted());
    let upgrade = "GET /agent HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n";
    assert_eq!(stage.answer(upgrade).await.status(), 501);
    let tunnel = "CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n";
    let mut client = stage.ask(tunnel).await;
    assert!(client.until("\r\n\r\n").await.starts_with("HTTP/1.1 403"));
}
