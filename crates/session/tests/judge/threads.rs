//! What the requests of a thread say of the interrupts that runs before them left open.

use std::convert::Infallible;

use scrubjay_session::{
    exchange::{Ending, Exchange, Hole},
    memory::MemoryShelf,
    query::{FindingEntry, Reader, Summary},
    threads::{OpenInThreads, about},
};

use crate::stage::Stage;

const STARTED: &str = r#"{"type":"RUN_STARTED","threadId":"t","runId":"r"}"#;
const FINISHED: &str = r#"{"type":"RUN_FINISHED","threadId":"t","runId":"r"}"#;
const ERROR: &str = r#"{"type":"RUN_ERROR","message":"no"}"#;

/// A run that ends with these interrupts.
fn raising(interrupts: &str) -> String {
    FINISHED.replace(
        '}',
        &format!(r#","outcome":{{"type":"interrupt","interrupts":[{interrupts}]}}}}"#),
    )
}

/// An exchange a minute after the one before, with these members in its request.
fn asked(number: i64, members: &str, end: &str) -> Stage {
    let request = format!(r#"{{"threadId":"t","runId":"r","messages":[]{members}}}"#);
    let mut stage = Stage::of_events(&request, [STARTED, end]);
    stage.exchange.index = number;
    stage.exchange.started_at_us = 1_790_000_000_000_000 + number * 60_000_000;
    stage.exchange.last_at_us = 2_000;
    stage
}

fn found(stages: impl IntoIterator<Item = Stage>) -> Vec<String> {
    let mut threads = OpenInThreads::default();
    let mut found = Vec::new();
    let mut earlier: Vec<(Exchange, Summary)> = Vec::new();
    for stage in stages {
        let reader = stage.reader();
        let about = threads.follow(reader.exchange().index, reader.exchange(), reader.summary());
        assert_eq!(
            about,
            looked_back(&reader, &earlier),
            "one exchange that is looked at by itself"
        );
        earlier.push((reader.exchange().clone(), reader.summary().clone()));
        found.extend(about.into_iter().map(|finding| {
            assert_eq!(finding.seq, 0);
            format!("{}: {}", finding.rule, finding.message)
        }));
    }
    found
}

/// What is found where the exchanges before are asked for, of the same source and thread and the latest first.
fn looked_back(reader: &Reader<MemoryShelf>, earlier: &[(Exchange, Summary)]) -> Vec<FindingEntry> {
    let (exchange, summary) = (reader.exchange(), reader.summary());
    let is_of_thread =
        |(other, known): &&(Exchange, Summary)| other.source == exchange.source && known.thread_id == summary.thread_id;
    let mut of_thread = earlier.iter().rev().filter(is_of_thread);
    let Ok(found) = about(exchange, summary, || Ok::<_, Infallible>(of_thread.next().cloned()));
    found
}

/// Runs that left the thread as it was are looked past, and not without end.
#[test]
fn what_is_open_is_looked_for_some_way_back() {
    for (failed, is_found) in [(0, true), (64, true), (65, false)] {
        let stages = (0..failed).map(|number| asked(2 + number, ALL, ERROR));
        let last = asked(2 + failed, "", FINISHED);
        let found = found([asked(1, "", &raising(BOTH))].into_iter().chain(stages).chain([last]));
        assert_eq!(found.len(), usize::from(is_found), "{failed} runs between: {found:?}");
    }
}

/// A run that was asked for in another way may have answered, and so may one whose bytes are missing.
#[test]
fn a_run_of_the_thread_that_cannot_be_read_leaves_open_what_is_open() {
    let mut other = asked(2, "", FINISHED);
    other.request = br#"{"prompt":"yes"}"#.to_vec();
    let mut missing = asked(2, ALL, FINISHED);
    missing.exchange.holes = vec![Hole { offset: 0, len: None }];
    missing.body.clear();
    missing.chunks.clear();
    for between in [other, missing] {
        let found = found([asked(1, "", &raising(BOTH)), between, asked(3, "", FINISHED)]);
        assert_eq!(found, [""; 0]);
    }
}

const BOTH: &str = r#"{"id":"a","reason":"x"},{"id":"b","reason":"x"}"#;
const ALL: &str = r#","resume":[{"interruptId":"a","status":"resolved"},{"interruptId":"b","status":"cancelled"}]"#;
const ONE: &str = r#","resume":[{"interruptId":"a","status":"resolved"}]"#;

#[test]
fn what_is_open_is_to_be_answered_by_the_next_run() {
    let after = |members: &str| found([asked(3, "", &raising(BOTH)), asked(4, members, FINISHED)]);
    assert_eq!(after(ALL), [""; 0]);
    assert_eq!(
        after(""),
        ["resume.missing: each of the interrupts 'a', 'b' of exchange 3 is open, and the request has no resume"]
    );
    assert_eq!(
        after(ONE),
        ["resume.partial: interrupt 'b' of exchange 3 is open, and the resume has no entry for it"]
    );
    let unknown = ALL.replace(']', r#",{"interruptId":"z","status":"resolved"}]"#);
    assert_eq!(
        after(&unknown),
        [
            "resume.unknown: the resume answers interrupt 'z', which exchange 3, the last of the thread, did not leave open"
        ]
    );
}

#[test]
fn an_answer_may_travel_in_another_way() {
    for members in [
        r#","forwardedProps":{"command":{"resume":"yes"}}"#,
        r#","messages":[{"id":"x","role":"tool","toolCallId":"c","content":"yes"}]"#,
    ] {
        let run = asked(4, members, FINISHED);
        assert_eq!(found([asked(3, "", &raising(BOTH)), run]), [""; 0], "{members}");
    }
}

#[test]
fn an_interrupt_that_was_answered_is_open_no_more() {
    let again = found([
        asked(1, "", &raising(BOTH)),
        asked(2, ALL, FINISHED),
        asked(3, ONE, FINISHED),
    ]);
    assert_eq!(
        again,
        [
            "resume.unknown: the resume answers interrupt 'a', which exchange 2, the last of the thread, did not leave open"
        ]
    );
    // A run that fails leaves it open, and so does one that is refused.
    let mut refused = asked(3, ALL, FINISHED);
    refused.exchange.response.as_mut().unwrap().status = 500;
    refused.body.clear();
    refused.chunks.clear();
    let stages = [
        asked(1, "", &raising(BOTH)),
        asked(2, ALL, ERROR),
        refused,
        asked(4, ALL, FINISHED),
    ];
    assert_eq!(found(stages), [""; 0]);
}

#[test]
fn an_expired_interrupt_may_only_be_cancelled() {
    let run = |expires: &str, members: &str| {
        let open = format!(r#"{{"id":"a","reason":"x","expiresAt":"{expires}"}}"#);
        found([asked(1, "", &raising(&open)), asked(2, members, FINISHED)])
    };
    assert_eq!(
        run("2026-09-21T14:15:00Z", ONE),
        [
            "resume.expired: interrupt 'a' of exchange 1 expired at 2026-09-21T14:15:00Z, before the request that resolves it"
        ]
    );
    assert_eq!(
        run("2026-09-21T14:15:00Z", &ONE.replace("resolved", "cancelled")),
        [""; 0]
    );
    assert_eq!(run("2027-09-21T13:00:00Z", ONE), [""; 0]);
    // It came expired: the stream is a replay.
    assert_eq!(run("2026-09-21T14:00:00Z", ONE), [""; 0]);
    assert_eq!(run("soon", ONE), [""; 0]);
}

#[test]
fn where_the_run_before_is_not_recorded_to_its_end_nothing_is_found() {
    type Change = fn(&mut Stage);
    let changes: [Change; 5] = [
        |first| first.exchange.ending = Ending::RecorderStopped,
        |first| first.exchange.ending = Ending::ClientLeft,
        |first| {
            first.exchange.holes = vec![Hole {
                offset: 10_000,
                len: None,
            }];
        },
        |first| first.exchange.source = "other".into(),
        // It was still going on when the next request came.
        |first| first.exchange.last_at_us = 120_000_000,
    ];
    for change in changes {
        let mut first = asked(1, "", &raising(BOTH));
        change(&mut first);
        assert_eq!(found([first, asked(2, "", FINISHED)]), [""; 0]);
    }
    assert_eq!(found([asked(2, ONE, FINISHED)]), [""; 0]);
    let mut other = asked(2, "", FINISHED);
    other.request = String::from_utf8(other.request)
        .unwrap()
        .replace("\"t\"", "\"u\"")
        .into_bytes();
    other.body = String::from_utf8(other.body)
        .unwrap()
        .replace("\"t\"", "\"u\"")
        .into_bytes();
    assert_eq!(found([asked(1, "", &raising(BOTH)), other]), [""; 0]);
}
