//! Pages after the bytes: made once, by one process, and made again on demand.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{fmt::Write as _, time::Duration};

use scrubjay_session::{
    exchange::{Ending, RequestHead, ResponseHead},
    memory::MemoryShelf,
    shelf::{PageKind, Shelf as _},
    verdict::Verdict,
};
use scrubjay_store::{Access, Query, Spool, SpoolSink, Store};

const PATIENCE: Duration = Duration::from_secs(60);

struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn store(&self) -> Store {
        Store::open(&self.folder.path().join("a.db"), Access::Create).unwrap()
    }
}

/// A run of so many words, each its own event, padded to a length.
fn stream(run: &str, words: usize, frame_len: usize) -> String {
    let mut body = format!("data: {{\"type\":\"RUN_STARTED\",\"threadId\":\"thread-7\",\"runId\":\"{run}\"}}\n\n");
    body.push_str("data: {\"type\":\"TEXT_MESSAGE_START\",\"messageId\":\"m1\",\"role\":\"assistant\"}\n\n");
    for number in 0..words {
        let mut delta = format!("word{} ", number * 2_654_435_761 % 999_983);
        while delta.len() + 72 < frame_len {
            write!(delta, "{:x} ", number.wrapping_mul(delta.len() * 40_503 + 1)).unwrap();
        }
        write!(
            body,
            "data: {{\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"m1\",\"delta\":\"{delta}\"}}\n\n"
        )
        .unwrap();
    }
    body.push_str("data: {\"type\":\"TEXT_MESSAGE_END\",\"messageId\":\"m1\"}\n\n");
    write!(
        body,
        "data: {{\"type\":\"RUN_FINISHED\",\"threadId\":\"thread-7\",\"runId\":\"{run}\"}}\n\n"
    )
    .unwrap();
    body
}

fn sink(spool: &Spool) -> SpoolSink {
    let mut sink = spool.begin(
        "main",
        "http://up/",
        &RequestHead {
            method: "POST".into(),
            ..RequestHead::default()
        },
        &[],
        1,
    );
    sink.request_body(
        br#"{"threadId":"thread-7","runId":"r","messages":[{"id":"u","role":"user","content":"Why is the sky blue?"}],"state":{},"tools":[],"context":[]}"#,
        2,
    );
    let headers = vec![("content-type".to_owned(), b"text/event-stream".to_vec())];
    sink.response(
        &ResponseHead {
            status: 200,
            headers,
            ..ResponseHead::default()
        },
        3,
    );
    sink
}

fn push(sink: &mut SpoolSink, body: &str) {
    for (number, frame) in body.split_inclusive("\n\n").enumerate() {
        sink.chunk(frame.as_bytes(), 10 + number as u64 * 100);
    }
}

fn capture(spool: &Spool, body: &str) {
    let mut sink = sink(spool);
    push(&mut sink, body);
    sink.end(Ending::Complete, 10_000_000);
}

/// Every page of an exchange that reading by kind and number finds.
fn pages(store: &Store, index: i64) -> Vec<(u8, u64, Vec<u8>)> {
    let shelf = store.shelf(index);
    let mut found = Vec::new();
    for kind in [
        PageKind::Summary,
        PageKind::Frames,
        PageKind::Spans,
        PageKind::Findings,
        PageKind::Checkpoint,
        PageKind::Piece,
        PageKind::Buckets,
        PageKind::Marks,
    ] {
        let mut at = u64::MAX;
        while let Some((number, bytes)) = shelf.page_at_or_before(kind, at).unwrap() {
            assert_eq!(shelf.page(kind, number).unwrap().as_deref(), Some(&*bytes));
            found.push((kind as u8, number, bytes.to_vec()));
            let Some(before) = number.checked_sub(1) else { break };
            at = before;
        }
    }
    found
}

fn rows(store: &Store) -> Vec<scrubjay_store::Row> {
    store
        .list(&Query {
            count: 100,
            ..Query::default()
        })
        .unwrap()
        .rows
}

#[test]
fn the_library_lists_runs_and_text_is_found() {
    let home = Home::new();
    let store = home.store();
    let spool = store.record().unwrap();
    capture(&spool, &(stream("run-1", 3, 0) + &stream("run-2", 5, 0)));
    capture(
        &spool,
        "data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"cut\"}\n\n",
    );
    assert!(spool.finish(PATIENCE));
    assert_eq!(rows(&store).len(), 2, "one row an exchange before anything is derived");
    store.derive_now().unwrap();
    let rows = rows(&store);
    let listed: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.exchange,
                row.run.run,
                row.run.run_id.as_str(),
                row.verdict,
                row.run.frames,
            )
        })
        .collect();
    assert_eq!(
        listed,
        [
            (2, Some(0), "cut", Verdict::None, 1),
            (1, Some(1), "run-2", Verdict::Success, 9),
            (1, Some(0), "run-1", Verdict::Success, 7),
        ]
    );
    assert_eq!(rows[1].run.title, "Why is the sky blue?");
    assert_eq!(rows[1].run.thread_id, "thread-7");
    let asked = store
        .list(&Query {
            text: "sky run-2".into(),
            count: 9,
            ..Query::default()
        })
        .unwrap();
    assert_eq!(asked.rows.len(), 1);
    assert_eq!(asked.by_verdict, [(Verdict::Success, 2), (Verdict::None, 1)]);
    assert!(store.shelf(1).watermark().unwrap().finished);
    assert_eq!(store.search("no such words", 9).unwrap(), []);
    let hits = store.search("word0 ord", 9).unwrap();
    assert!(!hits.is_empty() && hits.iter().all(|hit| hit.exchange == 1), "{hits:?}");
    store.erase(&[1]).unwrap();
    assert_eq!(store.search("word0 ord", 9).unwrap(), []);
}

#[test]
fn the_exchanges_of_a_thread_are_found_as_far_as_all_between_are_known() {
    let home = Home::new();
    let store = home.store();
    let spool = store.record().unwrap();
    for run in ["run-1", "run-2", "run-3"] {
        capture(&spool, &stream(run, 10, 0));
    }
    assert!(spool.finish(PATIENCE));
    let source = store.exchange(1).unwrap().source;
    let earlier = |before, thread: &str| -> Vec<i64> {
        let earlier = store.earlier_in_thread(before, &source, thread, 9).unwrap();
        earlier.into_iter().map(|known| known.exchange.index).collect()
    };
    // Of the second it is not known yet to which thread it belongs.
    assert!(!store.derive_watched(&mut |_| false).unwrap());
    assert_eq!(store.behind(0, 9).unwrap(), [2, 3]);
    assert_eq!((earlier(2, "thread-7"), earlier(3, "thread-7")), (vec![1], vec![]));
    store.derive_now().unwrap();
    assert_eq!((earlier(3, "thread-7"), earlier(3, "thread-8")), (vec![2, 1], vec![]));
    assert!(store.earlier_in_thread(3, "another", "thread-7", 9).unwrap().is_empty());
    store.hide(&[2]).unwrap();
    assert_eq!(earlier(3, "thread-7"), [1]);
}

#[test]
fn deriving_again_or_twice_at_once_gives_the_same_pages() {
    let home = Home::new();
    let store = home.store();
    let spool = store.record().unwrap();
    capture(&spool, &stream("run-1", 9000, 180));
    capture(&spool, &stream("run-2", 10, 0));
    assert!(spool.finish(PATIENCE));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| home.store().derive_now().unwrap());
        }
    });
    let first = pages(&store, 1);
    let count = |kind: PageKind| first.iter().filter(|(found, ..)| *found == kind as u8).count();
    assert!(
        count(PageKind::Frames) > 1 && count(PageKind::Buckets) > 1,
        "a long exchange has an index"
    );
    let hits = store.search("word", 1000).unwrap();
    assert_eq!(store.reindex().unwrap(), 2);
    assert!(pages(&store, 1) == first);
    assert_eq!(store.search("word", 1000).unwrap(), hits);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());

    // What a shelf in memory holds is what the store holds.
    let shelf = store.shelf(1);
    let body = shelf.body(0..u64::MAX).unwrap();
    let memory = MemoryShelf::new(
        shelf.exchange().unwrap(),
        shelf.request_body().unwrap(),
        shelf.chunks(0..u64::MAX).unwrap(),
        body,
    );
    assert_eq!(memory.exchange().unwrap().body_len, shelf.exchange().unwrap().body_len);
}

#[test]
fn an_open_exchange_is_followed_while_it_grows() {
    let home = Home::new();
    let store = home.store();
    let spool = store.record().unwrap();
    let deriving = store.derive().unwrap();
    let standing_by = home.store().derive().unwrap();
    let body = stream("live", 4000, 180);
    let (first, rest) = body.split_at(body.len() / 2 / 180 * 180);
    let mut changes = store.changes().unwrap();
    let mut sink = sink(&spool);
    push(&mut sink, first);
    let mut wait_until = |reached: &dyn Fn() -> bool| {
        while !reached() {
            // What is derived shows as a change.
            changes.poll().unwrap();
            std::thread::yield_now();
        }
    };
    wait_until(&|| rows(&store).first().is_some_and(|row| row.run.frames > 1000));
    assert_eq!(rows(&store)[0].verdict, Verdict::Live);
    push(&mut sink, rest);
    sink.end(Ending::Complete, 9_000_000);
    wait_until(&|| store.shelf(1).watermark().unwrap().finished);
    let row = &rows(&store)[0];
    assert_eq!((row.verdict, row.run.frames), (Verdict::Success, 4004));
    drop((deriving, standing_by));
    assert!(spool.finish(PATIENCE));
}

#[test]
fn derived_and_all_a_store_stays_within_its_budget() {
    for (words, frame_len, budget) in [(20_000, 150, 2.0), (4_000, 1200, 1.3)] {
        let home = Home::new();
        let store = home.store();
        let spool = store.record().unwrap();
        let mut captured = 0;
        for run in 0..2 {
            let body = stream(&run.to_string(), words, frame_len);
            captured += body.len();
            capture(&spool, &body);
        }
        store.derive_now().unwrap();
        assert!(spool.finish(PATIENCE));
        let share = store.health().unwrap().store_bytes as f64 / captured as f64;
        assert!(
            share < budget,
            "{share:.2} times the bytes captured, for frames of {frame_len} bytes"
        );
    }
}

const INPUT: &[u8] = br#"{"threadId":"thread-7","runId":"r","messages":[{"id":"u","role":"user","content":"Why is the sky blue?"}],"state":{},"tools":[],"context":[]}"#;

/// An exchange as far as its request.
fn asked(spool: &Spool, method: &str, target: &str, body: &[u8]) -> SpoolSink {
    let head = RequestHead {
        method: method.into(),
        target: target.into(),
        ..RequestHead::default()
    };
    let mut sink = spool.begin("main", "http://up/", &head, &[], 1);
    if !body.is_empty() {
        sink.request_body(body, 2);
    }
    sink
}

fn answered(mut sink: SpoolSink, status: u16) {
    let head = ResponseHead {
        status,
        ..ResponseHead::default()
    };
    sink.response(&head, 3);
    sink.end(Ending::Complete, 4);
}

/// What a person sees of runs among other requests: title and outcome, and how many others there are.
fn seen(store: &Store) -> (Vec<(String, Verdict)>, u64) {
    let query = Query {
        sort: scrubjay_store::Sort::OldestFirst,
        count: 100,
        ..Query::default()
    };
    let listing = store.list(&query).unwrap();
    assert_eq!(listing.total, listing.total_unfiltered);
    let runs = listing.rows.into_iter().map(|row| (row.run.title, row.verdict));
    (runs.collect(), listing.others)
}

#[test]
fn runs_are_told_from_other_requests_from_their_beginning() {
    let home = Home::new();
    let store = home.store();
    let spool = store.record().unwrap();
    let connect = [br#"{"method":"agent/connect","params":{},"body":"#, INPUT, b"}"].concat();
    let open = asked(&spool, "POST", "/run", INPUT);
    answered(asked(&spool, "OPTIONS", "/run", b""), 204);
    answered(asked(&spool, "POST", "/single", br#"{"method":"info"}"#), 200);
    answered(asked(&spool, "POST", "/single", &connect), 200);
    answered(asked(&spool, "POST", "/run", INPUT), 502);
    asked(&spool, "POST", "/run", INPUT).end(Ending::NoAnswer, 5);
    answered(asked(&spool, "POST", "/run", br#"{"threadId":"t"}"#), 400);
    answered(asked(&spool, "POST", "/info", b"{}"), 422);
    answered(asked(&spool, "GET", "/favicon.ico", b""), 404);
    assert!(spool.settle(PATIENCE));
    store.derive_now().unwrap();
    let sky = || "Why is the sky blue?".to_owned();
    let failed = [
        (sky(), Verdict::Refused),
        (sky(), Verdict::Error),
        (String::new(), Verdict::Refused),
    ];
    let mut runs = vec![(sky(), Verdict::Live)];
    runs.extend(failed.clone());
    assert_eq!(seen(&store), (runs, 5), "the first has no answer yet");

    open.end(Ending::ClientLeft, 6);
    assert!(spool.finish(PATIENCE));
    store.derive_now().unwrap();
    let mut runs = vec![(sky(), Verdict::None)];
    runs.extend(failed);
    assert_eq!(seen(&store), (runs, 5));

    let all = Query {
        others: true,
        count: 100,
        ..Query::default()
    };
    let all = store.list(&all).unwrap();
    assert_eq!((all.total, all.others), (9, 5));
    let refused = all.by_verdict.iter().find(|(verdict, _)| *verdict == Verdict::Refused);
    assert_eq!(refused, Some(&(Verdict::Refused, 4)), "runs and other requests");
    let titles: Vec<&str> = all
        .rows
        .iter()
        .filter(|row| row.verdict == Verdict::NoRun)
        .map(|row| row.run.title.as_str())
        .collect();
    assert_eq!(titles, ["agent/connect", "info", ""], "named by what they ask for");
}
