//! What nothing recorded answers, and what was not asked for.

use scrubjay_replay::{
    MatchOptions,
    serve::{OnMiss, ServeOptions},
};

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
    let refusal: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let nearest = &refusal["nearest"][0];
    assert_eq!(nearest["exchange"], 0, "{refusal}");
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
async fn a_strict_replay_answers_once_and_lists_what_was_not_asked_for() {
    let rules = MatchOptions {
        strict: true,
        ..MatchOptions::default()
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

/// The answer to a request that nothing answers.
async fn refusal(stage: &Stage, target: &str, body: &str) -> serde_json::Value {
    let len = body.len();
    let request = format!("POST {target} HTTP/1.1\r\nhost: frontend\r\ncontent-length: {len}\r\n\r\n{body}");
    let answer = stage.answer(&request).await;
    assert_eq!(answer.status(), 404);
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test]
async fn a_miss_names_what_keeps_the_closest_recording_back() {
    let mut with_query = Made::run("t3", "third", &[&event("{}")]);
    with_query.exchange.request.target = "/agent?api_key=scrubjay-fp:0011223344556677".into();
    let made: Vec<Made> = two().into_iter().chain([with_query]).collect();
    let stage = Stage::serving(&made, adapted());

    let broken = refusal(&stage, "/agent", "{broken").await;
    assert_eq!(
        broken["error"],
        "No recorded POST /agent has this body, which is no run's input."
    );
    assert_eq!(broken["nearest"][0]["note"], "its body was a run's input");

    let third = crate::stage::input("live", "r-live", "third");
    let without_query = refusal(&stage, "/agent", &third).await;
    assert_eq!(without_query["error"], "No recorded POST /agent has this query.");
    let nearest = &without_query["nearest"][0];
    assert_eq!(nearest["exchange"], 2, "{without_query}");
    assert_eq!(nearest["note"], "its query was `api_key=scrubjay-fp:0011223344556677`");

    let elsewhere = refusal(&stage, "/other", &third).await;
    assert_eq!(elsewhere["error"], "Nothing was recorded for POST /other.");
}

#[tokio::test]
async fn a_strict_miss_is_not_sent_to_a_fallback() {
    for (strict, names_fallback) in [(true, false), (false, true)] {
        let rules = MatchOptions {
            strict,
            ..MatchOptions::default()
        };
        let stage = Stage::ruled(&two(), adapted(), rules);
        let miss = refusal(&stage, "/other", "{}").await;
        let hint = miss["hint"].as_str().unwrap();
        assert_eq!(hint.contains("--fallback"), names_fallback, "{hint}");
    }
}

#[tokio::test]
async fn an_answer_without_ids_keeps_its_length() {
    let mut info = Made::run("t", "hi", &["{\"version\":1}"]).with_header("content-length", "13");
    info.exchange.request.method = "GET".into();
    info.exchange.request.target = "/info".into();
    info.prompt = None;
    let stage = Stage::serving(&[info], adapted());
    for _ in 0..2 {
        let answer = stage.answer("GET /info HTTP/1.1\r\nhost: frontend\r\n\r\n").await;
        assert_eq!(answer.values("content-length"), ["13"]);
        assert!(!answer.values("x-scrubjay-replay")[0].contains("omitted"));
        assert_eq!(answer.text(), "{\"version\":1}");
    }
}

/// Two threads of which each was asked one thing.
async fn missing(on_miss: OnMiss, rules: MatchOptions) -> Stage {
    let options = ServeOptions { on_miss, ..adapted() };
    Stage::ruled(&two(), options, rules)
}

#[tokio::test]
async fn a_miss_can_be_a_run_error_for_who_reads_streams() {
    let stage = missing(OnMiss::RunError, MatchOptions::default()).await;
    let answer = stage.answer(&ask("live", "firs", "")).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.values("content-type"), ["text/event-stream"]);
    assert_eq!(answer.values("x-scrubjay-replay"), ["miss; request=1"]);
    let text = answer.text();
    let event: serde_json::Value = serde_json::from_str(text.trim().strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(
        (&event["type"], &event["code"]),
        (&"RUN_ERROR".into(), &"SCRUBJAY_MISS".into())
    );
    assert_eq!(
        event["message"],
        "No recorded POST /agent asks this: the closest differs at /messages/0/content. The closest recording is \
         exchange 0: at /messages/0/content it has \"first\", and this request \"firs\"."
    );
    assert!(stage.serving.answered_after(0)[0].is_miss);
    // What asked for no stream gets none.
    let plain = ask("live", "firs", "").replace("accept: text/event-stream\r\n", "");
    assert_eq!(stage.answer(&plain).await.status(), 404);
}

#[tokio::test]
async fn a_miss_answered_by_the_user_stays_answered_in_its_session() {
    for rules in [
        MatchOptions::default(),
        MatchOptions {
            strict: true,
            whole_input: true,
        },
    ] {
        let stage = missing(OnMiss::NotFound, rules).await;
        assert_eq!(stage.answer(&ask("live", "third", "")).await.status(), 404);
        let misses = stage.serving.misses();
        assert_eq!(misses.len(), 1);
        assert_eq!((misses[0].request, misses[0].waits, misses[0].chosen), (1, false, None));
        assert_eq!(misses[0].asks, "the last message is “third” of the user");
        assert!(misses[0].nearest.iter().any(|near| near.exchange == 1));
        assert!(!stage.serving.answer_miss(7, Some(1)), "there was no such request");
        assert!(!stage.serving.answer_miss(1, Some(7)), "there is no such exchange");
        assert!(stage.serving.answer_miss(1, Some(1)));
        assert_eq!(stage.serving.misses()[0].chosen, Some(1));
        // In this thread and in the one of a page that was loaded again.
        for thread in ["live", "live", "other"] {
            let answer = stage.answer(&ask(thread, "third", "")).await;
            assert_eq!(answer.status(), 200);
            assert!(
                answer.text().contains(&format!("\"threadId\":\"{thread}\"")),
                "{}",
                answer.text()
            );
        }
        let answered = stage.serving.answered_after(1);
        assert_eq!(answered[0].exchange, Some(1));
        assert!(
            answered[0]
                .why
                .starts_with("chosen by hand for this POST /agent; differs in messages"),
            "{}",
            answered[0].why
        );
        // Another request, and another session, are misses still.
        assert_eq!(stage.answer(&ask("live", "fourth", "")).await.status(), 404);
        let elsewhere = ask("live", "third", "x-scrubjay-session: else\r\n");
        assert_eq!(stage.answer(&elsewhere).await.status(), 404);
    }
}

#[tokio::test]
async fn a_client_can_wait_until_its_miss_is_answered() {
    let stage = missing(OnMiss::Wait, MatchOptions::default()).await;
    let waits = |request: u64| {
        move |serving: &scrubjay_replay::serve::Serving| {
            let misses = serving.misses();
            misses
                .into_iter()
                .find(|missed| missed.request == request && missed.waits)
        }
    };
    let mut client = stage.ask(&ask("live", "third", "")).await;
    stage.until(waits(1)).await;
    assert_eq!(stage.serving.answers(), 0, "nothing was answered yet");
    assert!(stage.serving.answer_miss(1, Some(0)));
    assert!(client.whole_answer().await.text().contains("RUN_STARTED"));

    let mut refused = stage.ask(&ask("live", "fourth", "")).await;
    stage.until(waits(2)).await;
    assert!(stage.serving.answer_miss(2, None));
    assert_eq!(refused.whole_answer().await.status(), 404);

    let left = stage.ask(&ask("live", "fifth", "")).await;
    stage.until(waits(3)).await;
    drop(left);
    stage
        .until(|serving| serving.misses().iter().all(|missed| !missed.waits).then_some(()))
        .await;
}
