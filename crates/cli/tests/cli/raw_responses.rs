//! Answers that no upstream should send, one after the other at one recorder:
//! what the client gets, how the exchange ends in the record, what is kept of
//! it, and that a plain exchange passes after each.

mod rows;

use std::{
    io::Write as _,
    net::{Shutdown, TcpStream},
    sync::Arc,
};

use crate::raw::{Got, Left, Recorder, Upstream, connect, exchange, for_each_row, ok, read_until, send};

use self::rows::{
    Comes::{Broken, Unanswered, Whole},
    Row,
    Then::{Closes, Resets, Waits},
    bodies, heads, lengths,
};

/// Answers by the number in the target; anything else is answered plainly.
fn upstream(rows: &Arc<Vec<Row>>) -> Upstream {
    let rows = Arc::clone(rows);
    Upstream::start(move |request, stream| {
        let target = String::from_utf8_lossy(request)
            .split(' ')
            .nth(1)
            .unwrap_or_default()
            .to_owned();
        let number = target
            .strip_prefix("/row/")
            .and_then(|number| number.parse::<usize>().ok());
        let Some(row) = number.and_then(|number| rows.get(number)) else {
            return stream.write_all(&ok(b"alive")).is_ok();
        };
        stream.write_all(&row.bytes).ok();
        match row.then {
            Waits => return true,
            Closes => {
                stream.shutdown(Shutdown::Both).ok();
            }
            Resets => reset(stream),
        }
        false
    })
}

fn reset(stream: &TcpStream) {
    socket2::SockRef::from(stream)
        .set_linger(Some(std::time::Duration::ZERO))
        .unwrap();
}

fn ask(recorder: &Recorder, row: &Row, number: usize) -> Got {
    let mut stream = connect(recorder.address);
    let request = format!(
        "{} /row/{number} HTTP/1.1\r\nhost: localhost\r\naccept: */*\r\n\r\n",
        row.method
    );
    send(&mut stream, request.as_bytes());
    let has_no_body = row.method == "HEAD" || matches!(row.comes, Whole(204 | 304, _));
    read_until(&mut stream, |got| got.status() >= 200 && (has_no_body || got.body().1))
}

/// What must have come, and gives the ending that must be recorded.
fn check(row: &Row, got: &Got) -> &'static str {
    let (body, is_whole) = got.body();
    let (name, body, text) = (row.name, String::from_utf8_lossy(&body).into_owned(), got.text());
    match row.comes {
        Whole(status, expected) => {
            assert_eq!(got.status(), status, "{name}: {text}");
            if !expected.is_empty() {
                assert_eq!((body.as_str(), is_whole), (expected, true), "{name}: {text}");
            }
            assert!(!text.contains("evil"), "{name}: {text}");
            "complete"
        }
        Broken(status, expected, ending) => {
            assert_eq!(got.status(), status, "{name}: {text}");
            assert!(body.starts_with(expected), "{name}: {text}");
            // Never an answer that looks whole.
            assert!(!is_whole, "{name}: {text}");
            assert_ne!(got.left, Left::Open, "{name}");
            ending
        }
        Unanswered(sentence) => {
            assert_eq!(got.status(), 502, "{name}: {text}");
            assert!(is_whole && body.contains(sentence), "{name}: {text}");
            "no_answer"
        }
    }
}

#[test]
fn no_answer_ends_the_recording_or_is_delivered_short_without_a_sign() {
    let rows: Arc<Vec<Row>> = Arc::new(heads().into_iter().chain(lengths()).chain(bodies()).collect());
    assert!(rows.len() >= 60, "there are {} rows", rows.len());
    let upstream = upstream(&rows);
    let recorder = Recorder::start(&upstream.url(), "");
    let mut endings = Vec::new();
    for_each_row(
        &rows,
        |row| row.name,
        |number, row| {
            endings.push(check(row, &ask(&recorder, row, number)));
            let alive = exchange(
                recorder.address,
                b"GET /alive HTTP/1.1\r\nhost: localhost\r\naccept: */*\r\n\r\n",
            );
            assert_eq!(
                (alive.status(), alive.body().0),
                (200, b"alive".to_vec()),
                "after {}",
                row.name
            );
        },
    );
    let stage = recorder.stop();
    let listed = stage.json("list s.db --all --json");
    assert_eq!(listed.len(), 2 * rows.len());
    for_each_row(
        &rows,
        |row| row.name,
        |number, row| {
            let line = &listed[2 * number];
            assert_eq!(line["target"], format!("/row/{number}"), "{}", row.name);
            assert_eq!(line["ending"], endings[number], "{}: {line}", row.name);
            assert_eq!(listed[2 * number + 1]["ending"], "complete");
            assert_eq!(
                line["findings"]["error"],
                u64::from(row.finding),
                "{}: {line}",
                row.name
            );
            if row.finding {
                kept_as_sent(&stage, &line["index"], row);
            }
        },
    );
}

/// Of an answer that contradicts itself the record has what upstream sent, what
/// the client got, and the finding.
fn kept_as_sent(stage: &crate::stage::Stage, index: &serde_json::Value, row: &Row) {
    let shown = &stage.json(&format!("show s.db --exchange {index} --json"))[0];
    assert_eq!(
        shown["findings"][0]["rule"], "transport.framing",
        "{}: {shown}",
        row.name
    );
    let sent = String::from_utf8_lossy(&row.bytes).into_owned();
    let head = sent.split("\r\n\r\n").next().unwrap();
    let lines: Vec<String> = head.lines().skip(1).map(str::to_owned).collect();
    let headers = shown["response"]["headers"].as_array().unwrap();
    let kept: Vec<String> = headers
        .iter()
        .map(|pair| format!("{}: {}", pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
        .collect();
    let (mut kept, mut lines) = (kept, lines);
    kept.sort();
    lines.sort();
    assert_eq!(kept, lines, "{}", row.name);
    let body = stage.bytes(&format!("body s.db --exchange {index}"));
    let expected = match row.comes {
        Whole(_, body) | Broken(_, body, _) => body,
        Unanswered(_) => "",
    };
    assert!(body.starts_with(expected.as_bytes()), "{}", row.name);
}
