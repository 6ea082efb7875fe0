//! The next request of a thread that is asked again.
//!
//! A folder of `rerecord/` is a thread: `1.request.json` and what was
//! answered, `1.recorded.sse` by the recorded agent and `1.live.sse` by the
//! live one, then `2.…`. `N.asked.json` is what the live agent must be asked,
//! or `N.unasked.txt` why it is not, and `N.left-out.txt` what is left out.
//! Fresh ids are `fresh-1`, `fresh-2`, and so on.

use std::{fs, path::Path};

use scrubjay_replay::rerecord::{Answer, Thread};
use scrubjay_session::{exchange::*, memory::MemoryShelf, query::Reader};
use serde_json::Value;

fn counting() -> Thread {
    let mut number = 0;
    Thread::new(move || {
        number += 1;
        format!("fresh-{number}")
    })
}

fn answer(request: &[u8], body: &[u8]) -> Answer {
    let head = ResponseHead {
        status: 200,
        headers: vec![("content-type".into(), b"text/event-stream".to_vec())],
        ..ResponseHead::default()
    };
    let exchange = Exchange {
        response: Some(head),
        ending: Ending::Complete,
        ..Exchange::default()
    };
    let chunks = vec![Chunk {
        offset: 0,
        len: body.len() as u64,
        at_us: 0,
    }];
    let shelf = MemoryShelf::new(exchange, request.to_vec(), chunks, body.to_vec());
    Answer::read(&mut Reader::open(shelf).unwrap()).unwrap()
}

/// What is not as expected.
fn check(folder: &Path) -> Vec<String> {
    let mut thread = counting();
    let mut wrong = Vec::new();
    for number in 1.. {
        let path = |name: &str| folder.join(format!("{number}.{name}"));
        let read = |name: &str| fs::read(path(name));
        let Ok(recorded) = read("request.json") else { break };
        let recorded = recorded.trim_ascii_end().to_vec();
        let text = |name: &str| read(name).map_or_else(|_| String::new(), |text| String::from_utf8(text).unwrap());
        match thread.request(&recorded) {
            Err(unasked) => {
                if unasked.to_string() != text("unasked.txt").trim_end() {
                    wrong.push(format!("{number} is not asked: {unasked}"));
                }
                break;
            }
            Ok(asked) => {
                let expected: Value = serde_json::from_str(&text("asked.json")).unwrap_or_default();
                let made: Value = serde_json::from_slice(&asked.body).unwrap();
                if made != expected {
                    wrong.push(format!("{number} asks\n{}", String::from_utf8_lossy(&asked.body)));
                }
                let left_out = asked.left_out.join("\n");
                if left_out != text("left-out.txt").trim_end() {
                    wrong.push(format!("{number} leaves out: {left_out}"));
                }
                if let (Ok(theirs), Ok(live)) = (read("recorded.sse"), read("live.sse")) {
                    thread.answered(answer(&recorded, &theirs), answer(&asked.body, &live));
                }
            }
        }
    }
    wrong
}

#[test]
fn threads_are_asked_as_a_person_expects() {
    let folders = fs::read_dir("tests/pure/rerecord").unwrap();
    let mut folders: Vec<_> = folders.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() >= 8, "{folders:?}");
    let wrong: Vec<String> = folders
        .iter()
        .flat_map(|folder| {
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            check(folder).into_iter().map(move |wrong| format!("{name}: {wrong}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn bytes_that_are_no_ids_stay() {
    let recorded = br#" {"threadId" : "thread-1","runId":"run-12345678","big":12345678901234567890,
        "messages":[ {"id":"u1","role":"user","content":"\u00e9 thread-1 and u1"} ],"state":{"n":1.50,"of":"thread-1"}} "#;
    let asked = counting().request(recorded).unwrap();
    let expected = br#" {"threadId" : "fresh-1","runId":"fresh-2","big":12345678901234567890,
        "messages":[{"id":"fresh-3","role":"user","content":"\u00e9 thread-1 and u1"}],"state":{"n":1.50,"of":"fresh-1"}} "#;
    assert_eq!(String::from_utf8_lossy(&asked.body), String::from_utf8_lossy(expected));
}

#[test]
fn an_envelope_stays_around_its_input() {
    let recorded = br#"{"method":"agent/run","params":{"agentId":"default","threadId":"thread-1"},"body":{"threadId":"thread-1","runId":"run-1","messages":[]}}"#;
    let mut thread = counting();
    let asked = thread.request(recorded).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&asked.body),
        r#"{"method":"agent/run","params":{"agentId":"default","threadId":"fresh-1"},"body":{"threadId":"fresh-1","runId":"fresh-2","messages":[]}}"#
    );
    assert_eq!(
        thread.target("/threads/thread-1/runs?thread=thread-1&x=1"),
        "/threads/fresh-1/runs?thread=fresh-1&x=1"
    );
    assert_eq!(thread.header("x-thread-id", b"thread-1"), b"fresh-1");
    assert_eq!(thread.header("accept", b"text/event-stream"), b"text/event-stream");
}

#[test]
fn what_is_no_run_input_is_not_asked() {
    for body in [&b""[..], b"[]", b"{\"method\":\"info\"}", b"nonsense"] {
        assert!(counting().request(body).is_err());
    }
}
