//! Each fault does over a socket exactly what is documented, and the same again with the same seed.

use std::sync::Arc;

use scrubjay_replay::{Faults, serve::ServeOptions};
use scrubjay_testkit::{Answer, Closed};

use crate::stage::{Made, Stage, adapted, ask, event};

const EVENTS: u32 = 5;

fn number(n: u32) -> String {
    event(&format!(r#"{{"type":"RAW","event":{n}}}"#))
}

fn numbers(which: &[u32]) -> String {
    which.iter().copied().map(number).collect()
}

/// A run of numbered events, one a chunk, served with faults.
fn spoiled(events: u32, specs: &[&str], seed: u64) -> Stage {
    let chunks: Vec<String> = (1..=events).map(number).collect();
    let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
    let options = ServeOptions {
        faults: Arc::new(Faults::parse(specs, seed).unwrap()),
        ..adapted()
    };
    Stage::serving(&[Made::run("t", "hi", &chunks)], options)
}

/// What a client gets, and how it ends for it.
async fn got(spec: &str, seed: u64) -> (Answer, Closed) {
    let stage = spoiled(EVENTS, &[spec], seed);
    let mut client = stage.ask(&ask("x", "hi", "connection: close\r\n")).await;
    let closed = client.until_closed().await;
    (client.partial_answer(), closed)
}

/// What a client gets of a stream that ends well, twice.
async fn text(spec: &str) -> String {
    let (first, closed) = got(spec, 7).await;
    let (again, _) = got(spec, 7).await;
    assert_eq!(again.chunks, first.chunks, "{spec}");
    assert!(first.is_whole && closed == Closed::Quietly, "{spec}");
    first.text()
}

#[tokio::test]
async fn an_answer_can_be_cut_in_three_ways() {
    for (spec, closed, is_whole) in [
        ("cut:event=2,how=clean", Closed::Quietly, true),
        ("cut:event=2,how=unterminated", Closed::Quietly, false),
        ("cut:event=2,how=reset", Closed::WithReset, false),
    ] {
        let (answer, how) = got(spec, 0).await;
        assert_eq!(
            (answer.text(), how, answer.is_whole),
            (numbers(&[1, 2]), closed, is_whole),
            "{spec}"
        );
    }
    assert_eq!(text("cut:byte=10,how=clean").await, number(1)[..10]);
}

#[tokio::test]
async fn events_are_left_out_doubled_and_swapped() {
    assert_eq!(text("drop:event=2").await, numbers(&[1, 3, 4, 5]));
    assert_eq!(text("duplicate:event=2").await, numbers(&[1, 2, 2, 3, 4, 5]));
    assert_eq!(text("reorder:event=2").await, numbers(&[1, 3, 2, 4, 5]));
    let mine = r#"{"type":"RAW","event":"mine"}"#;
    let edited = text(&format!("edit:event=2,text={mine}")).await;
    assert_eq!(edited, number(1) + &event(mine) + &numbers(&[3, 4, 5]));
}

/// The JSON of the event in a place, or nothing when it is none.
fn parsed(text: &str, place: usize) -> Option<serde_json::Value> {
    let frame = text.split("\n\n").nth(place)?;
    serde_json::from_str(frame.strip_prefix("data: ")?).ok()
}

#[tokio::test]
async fn events_are_broken_blown_up_and_made_up() {
    for how in ["half", "brace", "comma", "bytes"] {
        let (answer, _) = got(&format!("corrupt:event=2,how={how}"), 0).await;
        let text = answer.text();
        assert!(
            parsed(&text, 0).is_some() && parsed(&text, 1).is_none(),
            "{how}: {text}"
        );
    }
    let large = text("oversize:event=2,size=20kB").await;
    assert_eq!(large.split_inclusive("\n\n").nth(1).unwrap().len(), 20_000);
    let unknown = text("unknown:event=2,name=NOVELTY").await;
    assert_eq!(parsed(&unknown, 2).unwrap()["type"], "NOVELTY");
    let failed = text("error:event=2,code=E1,message=no, really").await;
    let error = parsed(&failed, 2).unwrap();
    assert_eq!(
        (&error["type"], &error["code"], &error["message"]),
        (&"RUN_ERROR".into(), &"E1".into(), &"no, really".into())
    );
    assert_eq!(parsed(&failed, 3), None, "the answer ends with the error");
}

#[tokio::test]
async fn writes_are_split_joined_and_dripped() {
    let whole = numbers(&[1, 2, 3, 4, 5]);
    let (split, _) = got("split", 0).await;
    assert!(split.chunks.iter().all(|chunk| chunk.len() == 1) && split.text() == whole);
    let (joined, _) = got("coalesce", 0).await;
    assert_eq!(joined.chunks, [whole.clone().into_bytes()]);
    let (pairs, _) = got("coalesce:events=2", 0).await;
    assert_eq!(pairs.chunks.len(), 3);
    let (dripped, _) = got("drip:bytes=8,every=1ms", 0).await;
    assert!(dripped.chunks.iter().all(|chunk| chunk.len() <= 8) && dripped.text() == whole);
}

#[tokio::test]
async fn waiting_changes_no_byte() {
    let whole = numbers(&[1, 2, 3, 4, 5]);
    for spec in ["delay:event=2,by=2ms", "stall:event=2,for=2ms", "slow-head:by=2ms"] {
        assert_eq!(text(spec).await, whole, "{spec}");
    }
}

#[tokio::test]
async fn a_stall_without_end_leaves_the_connection_open() {
    let stage = spoiled(EVENTS, &["stall:event=2"], 0);
    let mut client = stage.ask(&ask("x", "hi", "")).await;
    assert!(client.until(&number(2)).await.ends_with(&format!("{}\r\n", number(2))));
    let listening = stage.serving.listening().remove(0);
    assert_eq!(listening.stage, scrubjay_replay::serve::StreamStage::Streaming);
    // Only an order ends it.
    assert!(
        stage
            .serving
            .order(listening.client, scrubjay_replay::serve::Order::Reset)
    );
    assert_eq!(client.until_closed().await, Closed::WithReset);
    assert!(!client.partial_answer().is_whole);
}

#[tokio::test]
async fn a_status_comes_first_and_then_the_answer() {
    let stage = spoiled(EVENTS, &["status:code=429,retry-after=1500ms,times=2"], 0);
    for _ in 0..2 {
        let refused = stage.answer(&ask("x", "hi", "")).await;
        assert_eq!((refused.status(), refused.values("retry-after")), (429, vec!["2"]));
        assert!(refused.values("x-scrubjay-replay")[0].starts_with("fault;"));
    }
    assert_eq!(
        stage.answer(&ask("x", "hi", "")).await.text(),
        numbers(&[1, 2, 3, 4, 5])
    );
}

#[tokio::test]
async fn chance_depends_on_the_seed_alone() {
    let mut texts = Vec::new();
    for seed in [1, 1, 2] {
        let stage = spoiled(200, &["drop:rate=0.5"], seed);
        texts.push(stage.answer(&ask("x", "hi", "")).await.text());
    }
    assert_eq!(texts[0], texts[1]);
    assert_ne!(texts[0], texts[2]);
    let kept = texts[0].matches("data: ").count();
    assert!((60..140).contains(&kept), "about half should be left, not {kept}");
}

#[tokio::test]
async fn faults_that_strike_are_counted_and_those_that_do_not() {
    let specs = [
        "drop:type=RAW",
        "cut:event=999",
        "slow-head:by=1ms",
        "split",
        "status:code=503",
    ];
    let stage = spoiled(EVENTS, &specs, 0);
    assert_eq!(stage.answer(&ask("x", "hi", "")).await.status(), 503);
    let answer = stage.answer(&ask("x", "hi", "")).await;
    assert_eq!(answer.text(), "");
    let mark = answer.values("x-scrubjay-replay")[0].to_owned();
    assert!(mark.ends_with("; faults=drop,cut,slow-head,split,status"), "{mark}");
    let why = stage.serving.answered_after(1)[0].why.clone();
    assert!(why.ends_with("; with faults: drop,cut,slow-head,split,status"), "{why}");
    let options = stage.serving.options();
    let struck: Vec<u64> = options.faults.struck().map(|(_, times)| times).collect();
    // All events were dropped, so there was nothing to split.
    assert_eq!(struck, [EVENTS.into(), 0, 1, 0, 1]);
}

/// Information that a page asks for before it runs anything.
fn info() -> Made {
    let mut info = Made::run("", "", &["{\"version\":1}"]);
    info.exchange.request.method = "GET".into();
    info.exchange.request.target = "/api/info".into();
    info.prompt = None;
    info
}

async fn statuses(spec: &str) -> [u16; 3] {
    let options = ServeOptions {
        faults: Arc::new(Faults::parse(&[spec], 0).unwrap()),
        ..adapted()
    };
    let stage = Stage::serving(&[info(), Made::run("t", "hi", &[&number(1)])], options);
    let get = "GET /api/info HTTP/1.1\r\nhost: frontend\r\n\r\n";
    [
        stage.answer(get).await.status(),
        stage.answer(&ask("x", "hi", "")).await.status(),
        stage.answer(&ask("x", "hi", "")).await.status(),
    ]
}

#[tokio::test]
async fn a_fault_is_meant_for_runs_unless_it_names_others() {
    for (spec, expected) in [
        ("status:code=503", [200, 503, 200]),
        ("status:code=503,path=*/info", [503, 200, 200]),
        ("status:code=503,path=*", [503, 503, 200]),
        ("status:code=503,path=/agent", [200, 503, 200]),
        ("status:code=503,exchange=0", [503, 200, 200]),
        ("status:code=503,request=3", [200, 200, 503]),
    ] {
        assert_eq!(statuses(spec).await, expected, "{spec}");
    }
    // Nothing goes wrong with what is asked beside runs.
    let options = ServeOptions {
        faults: Arc::new(Faults::parse(&["cut:byte=1,how=clean"], 0).unwrap()),
        ..adapted()
    };
    let stage = Stage::serving(&[info(), Made::run("t", "hi", &[&number(1)])], options);
    let whole = stage.answer("GET /api/info HTTP/1.1\r\nhost: frontend\r\n\r\n").await;
    assert_eq!(whole.text(), "{\"version\":1}");
    assert_eq!(stage.answer(&ask("x", "hi", "")).await.text(), "d");
}
