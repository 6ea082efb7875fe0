//! Requests that no client should send, one after the other at one recorder:
//! what each gets, what the upstream gets of it, what is recorded, and that a
//! plain request passes after it and is recorded.

mod rows;

use std::net::Shutdown;

use crate::raw::{Got, Left, Recorder, Upstream, connect, echo, exchange, for_each_row, read_until, send};

use self::rows::{
    Comes::{Bad, Broken, Nothing, Passes, PassesWith, Refused},
    Row, Then, bodies, first_lines, hosts, odd_fields, targets_in_full,
};

/// What upstream got of a request that passed.
fn forwarded(got: &Got) -> String {
    String::from_utf8_lossy(&got.body().0).into_owned()
}

fn check(row: &Row, recorder: &Recorder, upstream: &Upstream) -> Option<(String, String)> {
    let before = upstream.count();
    let mut stream = connect(recorder.address);
    send(&mut stream, &row.bytes);
    let got = match row.then {
        Then::Leaves => {
            drop(stream);
            None
        }
        Then::HalfCloses => {
            stream.shutdown(Shutdown::Write).ok();
            Some(read_until(&mut stream, |_| false))
        }
        // What cannot be read ends the connection.
        Then::Reads if matches!(row.comes, Bad(_) | Broken(..)) => Some(read_until(&mut stream, |_| false)),
        Then::Reads => Some(read_until(&mut stream, |got| got.status() >= 200 && got.body().1)),
    };
    let (name, text) = (row.name, got.as_ref().map_or_else(String::new, Got::text));
    let recorded = |line: &str, ending: &str| {
        let mut words = line.split(' ');
        let named = format!("{} {}", words.next().unwrap(), words.next().unwrap());
        Some((named, ending.to_owned()))
    };
    match &row.comes {
        Passes(line) | PassesWith(line, ..) => {
            let got = got.unwrap();
            assert_eq!(got.status(), 200, "{name}: {text}");
            let sent = forwarded(&got);
            assert!(sent.starts_with(line), "{name}: {sent}");
            if let PassesWith(_, has, lacks) = &row.comes {
                assert!(sent.contains(has), "{name}: {sent}");
                assert!(!sent.contains(lacks), "{name}: {sent}");
            }
            assert_eq!(upstream.count(), before + 1, "{name}");
            let first = sent.lines().next().unwrap().to_owned();
            recorded(&first, "complete")
        }
        Bad(status) => {
            let got = got.unwrap();
            assert_eq!(got.status(), *status, "{name}: {text}");
            assert_ne!(got.left, Left::Open, "{name}: {text}");
            assert_eq!(upstream.count(), before, "{name}");
            None
        }
        Refused(status, sentence) => {
            let got = got.unwrap();
            assert_eq!(got.status(), *status, "{name}: {text}");
            assert!(text.contains(sentence), "{name}: {text}");
            assert!(text.contains("\r\nx-scrubjay-answer: refused\r\n"), "{name}: {text}");
            assert_eq!(upstream.count(), before, "{name}");
            None
        }
        Broken(line, ending) => {
            assert!(!text.contains("200 OK"), "{name}: {text}");
            recorded(line, ending)
        }
        Nothing => {
            assert!(!text.contains("200 OK"), "{name}: {text}");
            None
        }
    }
}

#[test]
fn no_request_ends_the_recording_or_is_read_in_two_ways() {
    let upstream = echo();
    let recorder = Recorder::start(&upstream.url(), "--allow-host agent.test");
    let rows: Vec<Row> = first_lines()
        .into_iter()
        .chain(targets_in_full(recorder.address, upstream.address))
        .chain(hosts(recorder.address.port()))
        .chain(odd_fields())
        .chain(bodies())
        .collect();
    assert!(rows.len() >= 100, "there are {} rows", rows.len());
    let mut expected = Vec::new();
    for_each_row(
        &rows,
        |row| row.name,
        |_, row| {
            expected.extend(check(row, &recorder, &upstream));
            let alive = exchange(recorder.address, b"GET /alive HTTP/1.1\r\nhost: localhost\r\n\r\n");
            assert_eq!(alive.status(), 200, "after {}: {}", row.name, alive.text());
            expected.push(("GET /alive".to_owned(), "complete".to_owned()));
        },
    );
    let stage = recorder.stop();
    let mut listed: Vec<(String, String)> = stage
        .json("list s.db --all --json")
        .iter()
        .map(|line| {
            let text = |key: &str| line[key].as_str().unwrap().to_owned();
            (format!("{} {}", text("method"), text("target")), text("ending"))
        })
        .collect();
    // A client that leaves at once may be overtaken by the next one.
    listed.sort();
    expected.sort();
    for (number, (listed, expected)) in listed.iter().zip(&expected).enumerate() {
        assert_eq!(listed, expected, "exchange {number}");
    }
    assert_eq!(listed.len(), expected.len());
}
