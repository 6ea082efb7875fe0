//! Files of other tools, as recordings.

#![expect(clippy::disallowed_methods, reason = "fixtures are files")]

use std::{fs, io::Write as _, path::Path};

use flate2::{Compression, write::DeflateEncoder, write::GzEncoder};
use rawzip::{CompressionMethod, ZipArchiveWriter};
use scrubjay_recording::{Limits, Origin, ReadError, Recorded, Recording, open_within, read};
use scrubjay_session::exchange::{Chunk, Ending};

/// One run in the shapes in which people have it.
const STREAM: &str = "stream.sse";

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The second exchange of a recording that `scrubjay replay` served while the
/// tools below wrote what they saw.
fn served() -> Recorded {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../recordings/frontend-tool.agui.jsonl");
    read(&fs::read(path).unwrap()[..]).unwrap().exchanges.swap_remove(1)
}

fn open(file: &[u8]) -> Recording {
    open_within(file, Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(file: &[u8]) -> String {
    open_within(file, Limits::default()).unwrap_err().to_string()
}

fn only(recording: &Recording) -> &Recorded {
    let [one] = &recording.exchanges[..] else {
        panic!("{} exchanges", recording.exchanges.len());
    };
    one
}

fn times(recorded: &Recorded) -> Vec<u64> {
    recorded.chunks.iter().map(|chunk| chunk.at_us).collect()
}

/// Events without white space between their tokens, as the stream has them.
fn compact(body: &[u8]) -> String {
    let body = String::from_utf8_lossy(body);
    let lines = body.lines().map(|line| match line.strip_prefix("data: ") {
        Some(data) => format!("data: {}\n", serde_json::from_str::<serde_json::Value>(data).unwrap()),
        None => format!("{line}\n"),
    });
    lines.collect()
}

#[test]
fn one_run_is_the_same_in_every_shape() {
    let stream = compact(&fixture(STREAM));
    for (name, starts_at_us, has_request, noted) in [
        (STREAM, 0, false, "the body of an event stream"),
        ("events.jsonl", 0, false, "a list of JSON events"),
        ("events-array.json", 0, false, "a JSON array of events"),
        (
            "inspector.json",
            1_770_029_417_490_000,
            false,
            "the log of CopilotKit's inspector",
        ),
        ("aimock.json", 0, true, "a set of aimock fixtures"),
        ("chrome.har", 1_788_256_800_000_000, true, "a HAR of WebInspector"),
    ] {
        let recording = open(&fixture(name));
        let one = only(&recording);
        assert_eq!(compact(&one.body), stream, "{name}");
        assert_eq!((one.origin, recording.damage.as_ref()), (Origin::Made, None), "{name}");
        assert_eq!(one.exchange.started_at_us, starts_at_us, "{name}");
        assert_eq!(!one.request_body.is_empty(), has_request, "{name}");
        assert!(recording.notes[0].contains(noted), "{name}: {}", recording.notes[0]);
        assert_eq!(one.exchange.ending, Ending::Complete, "{name}");
        let sum: u64 = one.chunks.iter().map(|chunk| chunk.len).sum();
        assert_eq!((sum, one.exchange.body_len), (one.body.len() as u64, sum), "{name}");
    }
}

#[test]
fn an_exchange_of_a_har_has_its_heads_and_the_time_of_its_end() {
    let recording = open(&fixture("chrome.har"));
    let one = only(&recording);
    assert_eq!(one.exchange.url(), "http://localhost:8000/agent");
    assert_eq!(
        one.exchange.request.headers,
        [("content-type".to_owned(), b"application/json".to_vec())]
    );
    assert!(one.request_body.starts_with(b"{\"threadId\": \"th-7527\""));
    assert_eq!(one.exchange.response_at_us, Some(50_100));
    assert_eq!((times(one), one.exchange.last_at_us), (vec![820_100], 820_100));
}

#[test]
fn events_of_a_har_have_their_times_under_either_name() {
    let plain = String::from_utf8(fixture("chrome.har")).unwrap();
    let body = String::from_utf8(fixture(STREAM)).unwrap();
    let messages: Vec<String> = body
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .enumerate()
        .map(|(place, data)| {
            let time = 1_788_256_800.0 + place as f64 / 10.0;
            serde_json::json!({"time": time, "eventName": "message", "eventId": "", "data": data}).to_string()
        })
        .collect();
    for name in ["_eventSourceMessages", "_eventStreamMessages"] {
        let member = format!("\"{name}\": [{}], \"startedDateTime\"", messages.join(","));
        let timed = plain.replace("\"startedDateTime\"", &member);
        let recording = open(timed.as_bytes());
        let one = only(&recording);
        assert_eq!(one.body, body.as_bytes());
        assert_eq!(times(one), (0..9).map(|place| place * 100_000).collect::<Vec<_>>());
        assert!(
            recording.notes[0].ends_with("one for each event at its time."),
            "{}",
            recording.notes[0]
        );
        let text = serde_json::to_string(&body).unwrap();
        let without_body = timed.replace(&format!("\"text\": {text}"), "\"x\": 0");
        assert_ne!(without_body, timed);
        assert_eq!(only(&open(without_body.as_bytes())).body, body.as_bytes());
    }
}

#[test]
fn the_log_of_the_inspector_may_stand_with_the_latest_first() {
    let log: Vec<serde_json::Value> = serde_json::from_slice(&fixture("inspector.json")).unwrap();
    let turned: Vec<_> = log.iter().rev().cloned().collect();
    let turned = serde_json::to_vec(&turned).unwrap();
    let recording = open(&turned);
    let one = only(&recording);
    assert_eq!(compact(&one.body), compact(&fixture(STREAM)));
    assert_eq!(times(one), (0..9).map(|place| place * 1_000).collect::<Vec<_>>());
    assert_eq!(one.exchange.labels, [("agent".to_owned(), "agent".to_owned())]);
}

#[test]
fn a_fixture_of_aimock_has_a_request_that_it_matches() {
    let recording = open(&fixture("aimock.json"));
    let request: serde_json::Value = serde_json::from_slice(&only(&recording).request_body).unwrap();
    assert_eq!(request["messages"][0]["content"], "Price?");
    assert_eq!(
        (&request["threadId"], &request["runId"]),
        (&"th-7527".into(), &"run-1".into())
    );
    let delayed =
        br#"[{"match":{"stateKey":"k"},"delayMs":20,"events":[{"type":"RUN_STARTED"},{"type":"RUN_FINISHED"}]}]"#;
    let recording = open(delayed);
    assert_eq!(times(only(&recording)), [0, 20_000]);
    assert_eq!(
        refusal(br#"{"fixtures":[{"match":{"userMessage":"hi"},"response":{"content":"ho"}}]}"#),
        "it is a file of aimock fixtures for language models and holds no exchange of an agent"
    );
}

#[test]
fn a_session_of_gentui_has_an_exchange_a_question() {
    let session = r#"{
 "format": "gentui-session", "version": 1, "gentui": "0.4.0",
 "recorded_at": "2026-09-01T12:00:00+02:00", "target": "http://localhost:8000/agent",
 "items": [
  {"t": 0.5, "kind": "user", "text": "Price?"},
  {"t": 0.75, "kind": "event", "event": {"type": "RUN_STARTED", "threadId": "t", "runId": "r1"}},
  {"t": 1.0, "kind": "event", "event": {"type": "RUN_FINISHED", "threadId": "t", "runId": "r1"}},
  {"t": 9.0, "kind": "resume", "entries": [{"interruptId": "i1", "status": "resolved"}]},
  {"t": 9.25, "kind": "event", "event": {"type": "RUN_STARTED", "threadId": "t", "runId": "r2"}}
 ]
}"#;
    let recording = open(session.as_bytes());
    let [first, second] = &recording.exchanges[..] else {
        panic!("two questions");
    };
    let [asked, resumed] =
        [first, second].map(|one| serde_json::from_slice::<serde_json::Value>(&one.request_body).unwrap());
    assert_eq!(
        (&asked["runId"], &asked["messages"][0]["content"]),
        (&"r1".into(), &"Price?".into())
    );
    assert_eq!(
        (&resumed["runId"], &resumed["resume"][0]["interruptId"]),
        (&"r2".into(), &"i1".into())
    );
    assert_eq!((times(first), times(second)), (vec![250_000, 500_000], vec![250_000]));
    assert_eq!(first.exchange.started_at_us, 1_788_256_800_500_000);
    assert_eq!(first.exchange.url(), "http://localhost:8000/agent");
    let newer = session.replace("\"version\": 1", "\"version\": 2");
    assert!(refusal(newer.as_bytes()).contains("version 2, and this program reads version 1"));
}

#[test]
fn a_session_of_agui_inspector_has_its_frames_as_they_came() {
    let session = r#"{"version":0,"session":{"id":"s","exchanges":[
{"id":"e1","kind":"conversation","method":"POST","path":"/agent","requestBody":"{\"threadId\":\"t\"}","status":200,
 "startedAt":1788256800000,"elapsedMs":40.5,"transport":"completed","frameIds":["f1","f2"]},
{"id":"e2","kind":"raw","method":"GET","path":"http://h:1/info","status":404,"responseBody":"no","startedAt":1788256800050,
 "elapsedMs":3,"transport":"completed","frameIds":[]},
{"id":"e3","kind":"raw","method":"GET","path":"/x","startedAt":1788256800060,"transport":"transport-error","frameIds":[]}],
"runs":[],"frames":[
{"id":"f1","exchangeId":"e1","index":0,"classification":"control","envelope":": hi\r\n\r\n","offsetMs":10,"summary":""},
{"id":"f2","exchangeId":"e1","index":1,"classification":"data","envelope":"data:{\"type\":\"RUN_STARTED\"}\n\n","offsetMs":20.25}
],"findings":[],"derived":[]}}"#;
    let recording = open(session.as_bytes());
    let [run, info, lost] = &recording.exchanges[..] else {
        panic!("three exchanges");
    };
    assert_eq!(run.body, b": hi\r\n\r\ndata:{\"type\":\"RUN_STARTED\"}\n\n");
    assert_eq!((times(run), run.exchange.last_at_us), (vec![10_000, 20_250], 40_500));
    assert_eq!(run.request_body, br#"{"threadId":"t"}"#);
    assert_eq!(
        (info.body.as_slice(), info.exchange.url().as_str()),
        (&b"no"[..], "http://h:1/info")
    );
    assert_eq!(info.exchange.response.as_ref().unwrap().status, 404);
    assert_eq!(
        (lost.exchange.response.as_ref(), lost.exchange.ending),
        (None, Ending::NoAnswer)
    );
    let newer = session.replace("\"version\":0", "\"version\":1");
    assert!(refusal(newer.as_bytes()).contains("version 1, and this program reads version 0"));
}

const ANSWER: &str = "data: {\"type\":\"RUN_STARTED\"}\n\n";

#[test]
fn a_transcript_of_curl_has_heads_and_body() {
    let verbose = format!(
        "*   Trying 127.0.0.1:8000...\n* Connected to localhost (127.0.0.1) port 8000 (#0)\n\
         > POST /agent?x=1 HTTP/1.1\r\n> Host: localhost:8000\r\n> Content-Length: 2\r\n>\r\n\
         }} [2 bytes data]\n* upload completely sent off: 2 bytes\n\
         < HTTP/1.1 200 OK\r\n< content-type: text/event-stream\r\n<\r\n{{ [5 bytes data]\n{ANSWER}\
         * transfer closed with outstanding read data remaining\ncurl: (18) transfer closed\n"
    );
    let recording = open(verbose.as_bytes());
    let one = only(&recording);
    assert_eq!(one.body, ANSWER.as_bytes());
    assert_eq!(
        (one.exchange.url().as_str(), one.exchange.ending),
        ("http://localhost:8000/agent?x=1", Ending::UpstreamClosed)
    );
    assert_eq!(one.exchange.request.headers.len(), 2);
    let printed =
        format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/2 200 \r\ncontent-type: text/event-stream\r\n\r\n{ANSWER}");
    let recording = open(printed.as_bytes());
    assert_eq!(only(&recording).body, ANSWER.as_bytes());
    assert_eq!(only(&recording).exchange.response.as_ref().unwrap().status, 200);
    let both = "> GET / HTTP/1.1\n>\n< HTTP/1.1 200 OK\n< a: b\n<\nHTTP/1.1 200 OK\na: b\n\nhello* Connection #0 to host left intact\n";
    let recording = open(both.as_bytes());
    let one = only(&recording);
    assert_eq!(one.body, b"hello");
    assert_eq!(one.exchange.response.as_ref().unwrap().headers.len(), 1);
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut writer = ZipArchiveWriter::new(&mut archive);
    for (name, bytes) in files {
        let (mut entry, config) = writer
            .new_file(name)
            .compression_method(CompressionMethod::DEFLATE)
            .start()
            .unwrap();
        let mut packer = config.wrap(DeflateEncoder::new(&mut entry, Compression::best()));
        packer.write_all(bytes).unwrap();
        let (packer, descriptor) = packer.finish().unwrap();
        packer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    writer.finish().unwrap();
    archive
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

#[test]
fn what_is_packed_opens_as_what_is_in_it() {
    for name in [
        STREAM,
        "events.jsonl",
        "events-array.json",
        "inspector.json",
        "aimock.json",
        "chrome.har",
    ] {
        let file = fixture(name);
        let plain = open(&file);
        assert_eq!(open(&gzipped(&file)), plain, "{name}");
        let mut unzipped = open(&zipped(&[("notes.txt", b"hello"), ("renamed.bin", &file)]));
        assert_eq!(
            unzipped.notes.remove(0),
            "The file is a zip archive: \"renamed.bin\" in it was opened."
        );
        assert_eq!(unzipped, plain, "{name}");
    }
    let inner = zipped(&[("a.sse", ANSWER.as_bytes())]);
    assert_eq!(
        refusal(&zipped(&[("a.zip", &inner)])),
        "it is a zip archive without a file that can be opened"
    );
    assert_eq!(
        refusal(&zipped(&[("trace.trace", b"{}")])),
        "it is a trace of Playwright, which is not read; let it write a HAR (recordHar) instead"
    );
    assert_eq!(
        refusal(&inner[..inner.len() - 30]),
        "it is damaged from line 1 on: it is a zip archive that ends early"
    );
}

#[test]
fn bodies_that_lie_beside_a_har_are_found() {
    let body = String::from_utf8(fixture(STREAM)).unwrap();
    let text = serde_json::to_string(&body).unwrap();
    let har = String::from_utf8(fixture("chrome.har")).unwrap();
    let har = har.replace(&format!("\"text\": {text}"), "\"_file\": \"0a1b.sse\"");
    let archive = zipped(&[("0a1b.sse", body.as_bytes()), ("har.har", har.as_bytes())]);
    assert_eq!(only(&open(&archive)).body, body.as_bytes());
    let alone = open(har.as_bytes());
    assert_eq!(only(&alone).body, b"");
    assert_eq!(
        alone.notes[1],
        "1 of its answers have no body in the file, though they had one."
    );
}

#[test]
fn a_damaged_file_opens_up_to_the_damage() {
    for (name, reason) in [
        ("events.jsonl", "it ends in the middle"),
        ("events-array.json", "it ends in the middle"),
        ("inspector.json", "it ends in the middle"),
    ] {
        let file = fixture(name);
        let recording = open(&file[..file.len() - 20]);
        let damage = recording.damage.as_ref().unwrap();
        assert_eq!(damage.reason, reason, "{name}");
        let one = only(&recording);
        assert_eq!(one.origin, Origin::Cut, "{name}");
        assert_eq!(compact(&one.body).matches("data: ").count(), 8, "{name}");
    }
    let lines = fixture("events.jsonl");
    let broken = String::from_utf8(lines)
        .unwrap()
        .replacen("\"TOOL_CALL_ARGS\"", "nonsense", 1);
    let recording = open(broken.as_bytes());
    assert_eq!(recording.damage.as_ref().map(|damage| damage.line), Some(3));
    assert_eq!(
        only(&recording)
            .frame_lines
            .iter()
            .map(|(line, _)| *line)
            .collect::<Vec<_>>(),
        [1, 2]
    );
    let packed = gzipped(&fixture("chrome.har").repeat(3));
    assert!(matches!(
        open_within(&packed[..40], Limits::default()),
        Err(ReadError::Damaged(damage)) if damage.reason == "the packed data ends early"
    ));
    let mut bytes = fixture("events.jsonl");
    bytes.extend_from_slice(b"{\"type\":\"RAW\",\"x\":\"\xff\"}\n");
    assert_eq!(open(&bytes).damage.unwrap().reason, "it is not UTF-8");
}

#[test]
fn what_windows_shells_write_opens() {
    let stream = String::from_utf8(fixture(STREAM)).unwrap();
    let mut wide = vec![0xff, 0xfe];
    wide.extend(stream.encode_utf16().flat_map(u16::to_le_bytes));
    let recording = open(&wide);
    assert_eq!(only(&recording).body, stream.as_bytes());
    assert_eq!(recording.notes[0], "The file was UTF-16 and was read as UTF-8.");
}

#[test]
fn what_cannot_be_read_is_refused_by_its_name() {
    for (file, said) in [
        (
            &b"5555:9:websocket;0:~8:response;"[..],
            "it is a mitmproxy flow file, which is not read; write it as HAR: mitmdump -nr FILE --set hardump=FILE.har",
        ),
        (
            b"\xd4\xc3\xb2\xa1\x02\0",
            "it is a packet capture (pcap), which is not read; record with scrubjay record instead",
        ),
        (b"PAR1\x15", "it is a Parquet file, which is not read"),
        (
            b"\x28\xb5\x2f\xfd\x24",
            "it is packed with zstd; unpack it first: zstd -d FILE",
        ),
        (
            b"== Info:   Trying 127.0.0.1",
            "it is what curl --trace prints, which is not read; ask with curl -v or curl -i instead",
        ),
        (
            b"{\"info\":{\"name\":\"x\"},\"item\":[]}",
            "it is a Postman collection, which holds no exchange",
        ),
        (
            b"{\"threadId\":\"t\",\"messages\":[]}",
            "it is the input of a run, and holds no answer",
        ),
        (b"[]", "it is an empty JSON array"),
        (b"[1,2]", "it is a JSON array of something that is no AG-UI event"),
        (
            b"{\"type\":\"message_start\"}\n{\"type\":\"ping\"}\n",
            "its JSON objects have types, and none is of an AG-UI event",
        ),
        (
            b"{\"log\":{\"version\":\"1.2\",\"creator\":{},\"entries\":[]}}",
            "it is a HAR file and holds no exchange of an agent",
        ),
        (
            b"{\"log\":{\"version\":\"2.0\",\"creator\":{},\"entries\":[]}}",
            "it is damaged from line 1 on: it is of HAR version \"2.0\", and this program reads version 1.2; a newer program is needed",
        ),
        (
            b"{\"kind\":\"header\",\"schemaVersion\":2}\n",
            "it is a recording of schema version 2, and this program reads version 1; a newer program is needed",
        ),
        (b"hello\n", "its first line is not JSON at column 1"),
        (b"<!DOCTYPE html>\n<html></html>\n", "it is an HTML page"),
        (b"", "it is empty"),
    ] {
        assert_eq!(refusal(file), said);
    }
}

#[test]
fn other_files_keep_to_the_limits() {
    let har = fixture("chrome.har");
    let small = Limits {
        file_len: har.len() as u64 - 1,
        ..Limits::default()
    };
    let bomb = zipped(&[("a.sse", &[ANSWER.as_bytes(), &vec![b'\n'; 40_000_000]].concat())]);
    for (file, limits, said) in [
        (&har[..], small, "limit"),
        (
            &bomb,
            Limits::default(),
            "the file unpacks to more than 200 times its size, the limit",
        ),
        (
            &[b":\n\n".repeat(2_000_000), ANSWER.into()].concat(),
            Limits::default(),
            "limit",
        ),
        (
            &format!("[{ANSWER}").replace("data: ", "").into_bytes(),
            Limits {
                held_len: 100,
                ..Limits::default()
            },
            "limit",
        ),
    ] {
        let said_of = match open_within(file, limits) {
            Ok(recording) => recording.damage.unwrap().reason,
            Err(error) => error.to_string(),
        };
        assert!(said_of.contains(said), "{said_of}");
    }
}

#[test]
fn pages_are_left_out_of_a_har_and_what_went_wrong_is_an_ending() {
    let entry = |url: &str, mime: &str, status: u16, error: &str| {
        format!(
            r#"{{"startedDateTime":"2026-09-01T10:00:00Z","time":5,"request":{{"method":"GET","url":"{url}","httpVersion":"h2",
            "headers":[{{"name":":authority","value":"h"}},{{"name":"a","value":"b"}}]}},
            "response":{{"status":{status},"httpVersion":"HTTP/2","headers":[{{"name":"Content-Encoding","value":"br"}}],
            "content":{{"size":3,"mimeType":"{mime}","text":"aGk=","encoding":"base64"}},"_error":{error}}},
            "timings":{{"blocked":-1,"send":1,"wait":2,"receive":0.5}}}}"#
        )
    };
    let entries = [
        entry("http://h/app.js", "text/javascript", 200, "null"),
        entry("ws://h/socket", "", 101, "null"),
        entry("http://h/info", "application/json", 200, "null"),
        entry(
            "http://h/run",
            "text/event-stream",
            200,
            "\"net::ERR_INCOMPLETE_CHUNKED_ENCODING\"",
        ),
        entry("http://h/gone", "x-unknown", 0, "\"net::ERR_CONNECTION_REFUSED\""),
        entry("http://h/left", "text/event-stream", 200, "\"net::ERR_ABORTED\""),
    ];
    let har = format!(
        r#"{{"log":{{"version":"1.2","creator":{{"name":"x"}},"entries":[{}]}}}}"#,
        entries.join(",")
    );
    let recording = open(har.as_bytes());
    let endings: Vec<_> = recording.exchanges.iter().map(|one| one.exchange.ending).collect();
    assert_eq!(
        endings,
        [
            Ending::Complete,
            Ending::UpstreamClosed,
            Ending::NoAnswer,
            Ending::ClientLeft
        ]
    );
    let info = &recording.exchanges[0];
    assert_eq!(info.body, b"hi");
    assert_eq!(info.exchange.request.headers.len(), 1);
    assert_eq!(
        info.chunks,
        [Chunk {
            offset: 0,
            len: 2,
            at_us: 3_500
        }]
    );
    let head = info.exchange.response.as_ref().unwrap();
    assert_eq!(
        head.headers,
        [("content-type".to_owned(), b"application/json".to_vec())]
    );
    assert!(recording.notes[1].starts_with("2 of its 6 entries were left out"));
}

/// Chromium 156 ran a fetch while its DevTools were open on the network panel,
/// and they exported the HAR.
#[test]
fn a_har_of_the_devtools_of_chromium_has_the_bytes_and_a_time_an_event() {
    let recording = open(&fixture("chromium-devtools.har"));
    let (one, served) = (only(&recording), served());
    assert_eq!(one.body, served.body);
    assert_eq!(one.request_body, served.request_body);
    assert_eq!(one.exchange.ending, Ending::Complete);
    assert!(one.chunks.len() > 3, "{:?}", one.chunks);
    assert!(
        recording.notes[0].ends_with("one for each event at its time."),
        "{}",
        recording.notes[0]
    );
}

/// Playwright 1.65 wrote it with `recordHar`, `content: "attach"`.
#[test]
fn a_zipped_har_of_playwright_has_the_attached_bodies() {
    let recording = open(&fixture("playwright-attached.har.zip"));
    let (run, served) = (&recording.exchanges[1], served());
    assert_eq!((&run.body, &run.request_body), (&served.body, &served.request_body));
    assert_eq!(recording.exchanges[0].exchange.response.as_ref().unwrap().status, 404);
}

/// mitmproxy wrote it with `hardump` as a reverse proxy, and curl printed what it got through it.
#[test]
fn what_mitmproxy_and_curl_saw_has_the_bytes() {
    let served = served();
    for name in ["mitmproxy.har", "curl-v.txt", "curl-i.txt"] {
        let recording = open(&fixture(name));
        let one = &recording.exchanges[0];
        // What is served again to one client has ids of its own.
        let body = String::from_utf8_lossy(&one.body).replace("~2", "");
        assert_eq!(body.as_bytes(), served.body, "{name}");
        assert_eq!(one.exchange.ending, Ending::Complete, "{name}");
        assert_eq!(one.exchange.response.as_ref().unwrap().status, 200, "{name}");
        if name != "curl-i.txt" {
            assert_eq!(one.exchange.request.target, "/s_chat/", "{name}");
        }
    }
    let har = open(&fixture("mitmproxy.har"));
    assert_eq!(har.exchanges.len(), 2);
    assert_eq!(har.exchanges[0].request_body, served.request_body);
    assert!(refusal(&fixture("mitmproxy.flow")).starts_with("it is a mitmproxy flow file"));
}
