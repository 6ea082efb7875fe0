//! What files look like, and how edited files are read.

use std::io::Write as _;

use crate::sample::{Sample, written};
use scrubjay_recording::{Origin, Packing, ReadError, Recording, Sink, read};
use scrubjay_session::exchange::{Ending, Hole};

const BODY: &[u8] = b"data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"n\":1.50}\n\n: ping\n\ndata: {\"type\":\"CUSTOM\",\"name\":\"caf\xc3\xa9\",\"value\":[ 1,2 ]}\r\n\r\ndata: oops\n\nevent: e\ndata: {\"type\":\"RAW\"}\n\ndata: {\"ty\xff";

fn sample() -> Sample {
    Sample::of_body(BODY, &[10, 57, 64, 120, BODY.len()])
}

fn text(file: &[u8]) -> String {
    String::from_utf8(file.to_vec()).unwrap()
}

fn open(file: &[u8]) -> Recording {
    read(file).unwrap()
}

#[test]
fn a_file_reads_like_this() {
    insta::assert_snapshot!(text(&written(&[sample()])));
}

#[test]
fn a_file_gives_the_exchange_back() {
    let sample = sample();
    let recording = open(&written(&[sample.clone(), sample.clone()]));
    assert_eq!(recording.damage, None);
    assert_eq!(recording.remarks, []);
    assert_eq!(recording.exchanges.len(), 2);
    sample.assert_is(&recording.exchanges[0], 0);
    sample.assert_is(&recording.exchanges[1], 1);
}

#[test]
fn a_packed_file_is_the_same_file_each_time() {
    let plain = written(&[sample()]);
    let pack = || {
        let mut sink = Sink::new(Vec::new(), Packing::Gzip);
        sink.write_all(&plain).unwrap();
        sink.finish().unwrap()
    };
    assert_eq!(pack(), pack());
    assert_eq!(open(&pack()), open(&plain));
}

#[test]
fn a_body_that_stands_once_comes_back() {
    let sample = sample().standing_once();
    let file = written(std::slice::from_ref(&sample));
    assert!(!text(&file).contains("\"raw"), "lines are for readers only");
    sample.assert_is(&open(&file).exchanges[0], 0);
}

#[test]
fn holes_come_back() {
    let mut sample = Sample::of_body(b"0123456789", &[4, 10]).standing_once();
    sample.chunks[1].offset += 100;
    sample.exchange.holes = vec![Hole {
        offset: 4,
        len: Some(100),
    }];
    sample.exchange.body_len = 110;
    sample.assert_is(&open(&written(std::slice::from_ref(&sample))).exchanges[0], 0);
}

#[test]
fn request_bodies_of_any_content_come_back() {
    for body in [
        &b""[..],
        b"null",
        b"{\"a\":\n1}",
        b" {}",
        b"\"text\"",
        b"hello",
        b"\xff\x00",
    ] {
        let mut sample = sample();
        sample.set_request_body(body);
        sample.assert_is(&open(&written(std::slice::from_ref(&sample))).exchanges[0], 0);
    }
}

#[test]
fn an_edited_event_is_said_to_be_edited_and_opens() {
    let file = text(&written(&[sample()])).replace("\"n\":1.50", "\"n\":12345");
    let recording = open(file.as_bytes());
    assert_eq!(
        recording.remarks[0].sentence,
        "the exchange was edited after it was written."
    );
    let recorded = &recording.exchanges[0];
    assert_eq!(recorded.origin, Origin::Edited);
    assert!(
        recorded
            .body
            .starts_with(b"data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"n\":12345}\n\n")
    );
    let covered: u64 = recorded.chunks.iter().map(|chunk| chunk.len).sum();
    assert_eq!(covered, recorded.body.len() as u64);
    assert_eq!(recorded.exchange.body_len, recorded.body.len() as u64);
}

#[test]
fn an_edited_input_is_said_to_be_edited() {
    let file = text(&written(&[sample()])).replace("\"threadId\":\"thread-1\"", "\"threadId\":\"other\"");
    assert_eq!(open(file.as_bytes()).exchanges[0].origin, Origin::Edited);
}

#[test]
fn git_may_change_line_ends() {
    let file = text(&written(&[sample()])).replace('\n', "\r\n");
    sample().assert_is(&open(file.as_bytes()).exchanges[0], 0);
}

#[test]
fn a_cut_file_opens_up_to_the_cut_and_says_where() {
    let file = text(&written(&[sample(), sample()]));
    let at = file.rfind("\"comment\":\"ping\"").unwrap();
    let recording = open(&file.as_bytes()[..at]);
    let damage = recording.damage.unwrap();
    assert_eq!((damage.line, damage.reason.as_str()), (11, "it ends in the middle"));
    sample().assert_is(&recording.exchanges[0], 0);
    let cut = &recording.exchanges[1];
    assert_eq!(cut.origin, Origin::Cut);
    assert_eq!(cut.body, BODY[..54]);
    assert_eq!(cut.exchange.holes, [Hole { offset: 54, len: None }]);
    assert_eq!(cut.chunks.len(), 2);
    assert_eq!(cut.exchange.ending, Ending::Complete);
}

#[test]
fn a_file_cut_between_two_lines_is_said_to_be_cut() {
    let file = text(&written(&[sample()]));
    let lines: Vec<&str> = file.lines().take(4).collect();
    let recording = open(lines.join("\n").as_bytes());
    assert_eq!(
        recording.damage.unwrap().reason,
        "the file ends 4 lines before its last exchange does"
    );
    assert_eq!(recording.exchanges[0].origin, Origin::Cut);
}

#[test]
fn a_cut_packed_file_opens_up_to_the_cut() {
    let many: Vec<Sample> = std::iter::repeat_with(sample).take(200).collect();
    let mut sink = Sink::new(Vec::new(), Packing::Gzip);
    sink.write_all(&written(&many)).unwrap();
    let packed = sink.finish().unwrap();
    let recording = open(&packed[..packed.len() - 200]);
    assert_eq!(recording.damage.unwrap().reason, "the packed data ends early");
    assert!(recording.exchanges.len() > 1);
}

#[test]
fn what_is_no_recording_says_what_it_is() {
    for (file, said) in [
        (&b""[..], "it is empty"),
        (b"\n \n", "it is empty"),
        (b"hello\n", "its first line is not JSON at column 1"),
        (b"[1]\n", "its first line is not a JSON object"),
        (
            b"{\"log\":{\"version\":\"1.2\",\"creator\":{},\"entries\":[]}}",
            "it is a HAR file",
        ),
        (
            b"{\n \"log\": {\n  \"version\": \"1.2\",\n  \"creator\": {}\n }\n}",
            "it is a HAR file",
        ),
        (
            b"{\n  \"name\": \"x\"\n}\n",
            "it is a JSON file, and a recording has one JSON object a line",
        ),
        (
            b"data: {\"type\":\"RUN_STARTED\"}\n\n",
            "it is the body of an event stream (SSE)",
        ),
        (b"<!DOCTYPE html>\n<html></html>\n", "it is an HTML page"),
        (b"{\"log\":{}}\n", "its first line has no \"kind\" of a recording"),
        (b"SQLite format 3\0\xff", "its first line is not UTF-8"),
        (
            b"{\"kind\":\"header\",\"sche",
            "it is damaged from line 1 on: it ends in the middle",
        ),
        (
            b"\x1f\x8b\x08",
            "it is damaged from line 1 on: the packed data ends early",
        ),
    ] {
        let error = read(file).unwrap_err();
        assert_eq!(error.to_string(), said);
        assert!(!matches!(error, ReadError::Input(_)));
    }
}

#[test]
fn a_file_of_the_extension_opens_and_its_bytes_are_made() {
    let file = concat!(
        r#"{"kind":"header","schemaVersion":1,"tool":"ag-ui-devtools@0.2.0","capturedAt":"2026-09-30T12:00:00.000Z","url":"http://localhost:3000/","framework":"langgraph","transport":"sse","redacted":["text"],"runtime":{"agents":[]}}"#,
        "\n",
        r#"{"kind":"request","connId":"c1","tMs":5,"method":"POST","url":"http://localhost:8000/agent?x=1","input":{"threadId":"t"}}"#,
        "\n",
        r#"{"kind":"request","connId":"c2","tMs":6,"method":"GET","url":"http://localhost:8000","input":null}"#,
        "\n",
        r#"{"kind":"event","connId":"c1","seq":1,"tMs":10.5,"sseEvent":"values","event":{"type":"RUN_STARTED", "a":1e2}}"#,
        "\n",
        r#"{"kind":"event","connId":"c2","seq":2,"tMs":11,"event":null}"#,
        "\n",
        r#"{"kind":"keepalive","connId":"c1","seq":3,"tMs":20,"comment":"ping"}"#,
        "\n",
        r#"{"kind":"event","connId":"c9","seq":4,"tMs":20,"event":{"type":"X"}}"#,
        "\n",
    );
    let recording = open(file.as_bytes());
    assert_eq!(recording.header.framework.as_deref(), Some("langgraph"));
    assert_eq!(recording.header.redacted, ["text"]);
    let [first, second, third] = &recording.exchanges[..] else {
        panic!("three connections");
    };
    assert_eq!(
        first.body,
        b"event: values\ndata: {\"type\":\"RUN_STARTED\", \"a\":1e2}\n\n: ping\n\n"
    );
    assert_eq!(first.origin, Origin::Made);
    assert_eq!(first.request_body, br#"{"threadId":"t"}"#);
    assert_eq!(first.exchange.request.target, "/agent?x=1");
    assert_eq!(first.exchange.upstream, "http://localhost:8000");
    assert_eq!(
        first.chunks.iter().map(|chunk| chunk.at_us).collect::<Vec<_>>(),
        [5_500, 15_000]
    );
    assert_eq!(first.exchange.started_at_us, 1_790_769_600_005_000);
    assert_eq!(second.body, b"data: null\n\n");
    assert_eq!(second.exchange.request.target, "/");
    assert_eq!(third.body, b"data: {\"type\":\"X\"}\n\n");
    assert_eq!(recording.remarks.len(), 1);
}

#[test]
fn a_scrubjay_key_of_another_shape_is_remarked_and_passed_over() {
    let file = text(&written(&[sample()])).replace("\"startedAt\"", "\"begunAt\"");
    let recording = open(file.as_bytes());
    assert_eq!(recording.remarks.len(), 1);
    assert_eq!(recording.exchanges[0].origin, Origin::Made);
}

#[test]
fn impossible_claims_are_not_believed() {
    let file = text(&written(&[Sample::of_body(b"0123456789", &[4, 10]).standing_once()]));
    for (claim, lie) in [
        ("[[4,1000],[6,2000]]", "[[4,1000],[6,2000,9007199254740993]]"),
        ("[[4,1000],[6,2000]]", "[[18446744073709551615,1],[6,2]]"),
        ("[[4,1000],[6,2000]]", "[[4,1000]]"),
        ("\"holes\":[]", "\"holes\":[[0,18446744073709551615]]"),
        ("\"bodyLen\":10", "\"bodyLen\":18446744073709551615"),
    ] {
        let lied = file.replace(claim, lie);
        assert_ne!(lied, file, "{claim} is in the file");
        let recorded = &open(lied.as_bytes()).exchanges[0];
        let sum: u64 = recorded.chunks.iter().map(|chunk| chunk.len).sum();
        assert_eq!((sum, recorded.exchange.body_len), (10, 10), "{lie}");
    }
}

#[test]
fn json_too_deep_for_readers_of_lines_is_kept_as_bytes() {
    let depth = 10_000;
    let body = format!(
        "data: {{\"type\":\"RAW\",\"event\":{}1{}}}\n\n",
        "[".repeat(depth),
        "]".repeat(depth)
    );
    let sample = Sample::of_body(body.as_bytes(), &[body.len()]);
    let file = written(std::slice::from_ref(&sample));
    assert!(text(&file).contains("\"event\":null"));
    sample.assert_is(&open(&file).exchanges[0], 0);
}

#[test]
fn what_was_open_was_recorded_up_to_there() {
    let mut sample = sample();
    sample.exchange.ending = Ending::Open;
    let recording = open(&written(std::slice::from_ref(&sample)));
    assert_eq!(recording.exchanges[0].exchange.ending, Ending::RecorderStopped);
}
