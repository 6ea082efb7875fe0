//! Ids of a request in the place of the recorded ones.

use std::sync::Arc;

use proptest::prelude::*;
use scrubjay_protocol::{frame::Frame, proto, record, sse};
use scrubjay_replay::{
    Cut, IdMap, IncomingRequest, MatchOptions, Matcher, Recorded, ScheduleOptions,
    adapt::IdKind,
    matching::{Answer, Hit},
};
use scrubjay_session::{exchange::*, memory::MemoryShelf};
use serde_json::Value;

use crate::stage::{Take, corpus, joined, matcher, played, renamed};

fn options(ids: &IdMap) -> ScheduleOptions {
    ScheduleOptions {
        ids: Some(ids.clone()),
        ..ScheduleOptions::default()
    }
}

/// The answer to the recorded request under other ids.
fn answered(take: &Take, thread: &str) -> Option<Hit> {
    let mut asked = take.asked();
    let input = renamed(&take.input, thread, &format!("run-1-of-{thread}"));
    if input.is_object() {
        asked.body = serde_json::to_vec(&input).unwrap();
    }
    if !asked.target.ends_with("/connect") {
        return given(&matcher([take], MatchOptions::default()), &asked);
    }
    // A thread has the history of the recorded one that its first run follows.
    let thread_id = take.input["threadId"].as_str().unwrap();
    let first = Take::of("copilotkit-runtime/01-chat").in_thread(thread_id);
    let loaded = matcher([&first, take], MatchOptions::default());
    let run = IncomingRequest {
        body: serde_json::to_vec(&renamed(&first.input, thread, "run-0")).unwrap(),
        ..first.asked()
    };
    given(&loaded, &run).and_then(|_| given(&loaded, &asked))
}

fn given(matcher: &Matcher, asked: &IncomingRequest) -> Option<Hit> {
    match matcher.ask(asked) {
        Answer::Hit(hit) => Some(hit),
        Answer::NoHistory(_) | Answer::Miss(_) => None,
    }
}

/// What came out, as a recording.
fn again(take: &Take, ids: &IdMap) -> Take {
    let (parts, _) = played(&take.recorded(0), options(ids));
    let mut offset = 0;
    let chunks = parts.iter().map(|part| {
        let chunk = Chunk {
            offset,
            len: part.bytes.len() as u64,
            at_us: part.at_us,
        };
        offset += chunk.len;
        chunk
    });
    Take {
        chunks: chunks.collect(),
        body: joined(&parts),
        ..take.clone()
    }
}

fn frames(take: &Take) -> Vec<Frame> {
    let head = take.exchange.response.as_ref().unwrap();
    if field(&head.headers, "content-type") == record::MEDIA_TYPE {
        let mut decoder = record::Decoder::new();
        decoder.push(&take.body);
        let mut frames: Vec<Frame> = std::iter::from_fn(|| decoder.next_frame()).collect();
        frames.extend(decoder.finish());
        return frames;
    }
    let mut decoder = sse::Decoder::new();
    decoder.push(&take.body);
    let mut frames: Vec<Frame> = std::iter::from_fn(|| decoder.next_frame()).collect();
    frames.extend(decoder.finish());
    frames
}

/// The event of a frame, read by a library that is not ours.
fn event(frame: &Frame) -> Option<Value> {
    if let Ok(decoded) = proto::decode(&frame.data) {
        return serde_json::from_str(&scrubjay_protocol::json::to_json(&decoded.event)).ok();
    }
    serde_json::from_slice(&frame.data).ok()
}

/// The rule in its simplest words: whole strings, and JSON in strings.
fn replace(value: &mut Value, name: &str, ids: &IdMap) {
    match value {
        Value::String(text) => {
            let is_id_name = name.ends_with("Id") || name.ends_with("_id") || name == "id";
            let distinct = text.len() >= 8 && text.bytes().any(|byte| byte.is_ascii_digit());
            let kind = match name.to_lowercase() {
                name if name.contains("thread") => IdKind::Thread,
                name if name.contains("run") => IdKind::Run,
                _ => IdKind::Other,
            };
            if let Some(live) = ids.get(kind, text).filter(|_| is_id_name || distinct) {
                *text = live.to_owned();
            } else if let Ok(mut inner) = serde_json::from_str::<Value>(text)
                && (inner.is_object() || inner.is_array())
            {
                replace(&mut inner, name, ids);
                *text = inner.to_string();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, name, ids)),
        Value::Object(members) => members.iter_mut().for_each(|(name, value)| replace(value, name, ids)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn every_captured_stream_is_the_same_under_other_ids() {
    let mut changed = 0;
    for captured in corpus() {
        let take = Take::captured(captured);
        let Some(hit) = answered(&take, "live-thread-0001") else {
            panic!("{}", captured.name)
        };
        let adapted = again(&take, &hit.ids);
        changed += usize::from(adapted.body != take.body);
        let (before, after) = (frames(&take), frames(&adapted));
        assert_eq!(before.len(), after.len(), "{}", captured.name);
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(
                (before.kind, &before.event_type),
                (after.kind, &after.event_type),
                "{}",
                captured.name
            );
            let (Some(mut wanted), Some(mut got)) = (event(before), event(after)) else {
                continue;
            };
            replace(&mut wanted, "", &hit.ids);
            // Both through the same printer, for JSON inside strings.
            replace(&mut got, "", &IdMap::default());
            assert_eq!(wanted, got, "{}", captured.name);
        }
    }
    assert!(changed > 200, "only {changed} streams name an id of their request");
}

#[test]
fn there_and_back_is_the_identity() {
    for captured in corpus() {
        let take = Take::captured(captured);
        let Some(hit) = answered(&take, "live-thread-0001") else {
            panic!("{}", captured.name)
        };
        let back = again(&again(&take, &hit.ids), &hit.ids.inverse());
        assert!(back.body == take.body, "{}", captured.name);
    }
}

#[test]
fn the_same_ids_change_nothing() {
    for captured in corpus() {
        let take = Take::captured(captured);
        let recorded = take.recorded(0);
        let Answer::Hit(hit) = matcher([&take], MatchOptions::default()).ask(&take.asked()) else {
            panic!()
        };
        let (exact, _) = played(&recorded, ScheduleOptions::default());
        let (adapted, _) = played(&recorded, options(&hit.ids));
        if take
            .exchange
            .response
            .as_ref()
            .is_some_and(|head| !field(&head.headers, "content-type").contains("json"))
        {
            assert_eq!(exact, adapted, "{}", captured.name);
        }
        assert!(joined(&exact) == joined(&adapted), "{}", captured.name);
    }
}

#[test]
fn splits_stay_where_they_were() {
    for captured in corpus() {
        let take = Take::captured(captured);
        let hit = answered(&take, "a-longer-live-thread-0001").unwrap();
        let recorded = take.recorded(0);
        let (exact, _) = played(&recorded, ScheduleOptions::default());
        let (adapted, _) = played(&recorded, options(&hit.ids));
        let ends = |parts: &[scrubjay_replay::Part]| -> Vec<(u64, Vec<u32>, bool)> {
            let ends_a_frame =
                |part: &scrubjay_replay::Part| part.marks.last().is_some_and(|mark| mark.end == part.bytes.len());
            parts
                .iter()
                .map(|part| {
                    (
                        part.at_us,
                        part.marks.iter().map(|mark| mark.seq).collect(),
                        ends_a_frame(part),
                    )
                })
                .collect()
        };
        assert_eq!(ends(&exact), ends(&adapted), "{}", captured.name);
    }
}

/// A recording of one body, in chunks of these lengths.
fn recording(content_type: &str, body: &[u8], lens: &[usize]) -> Recorded {
    let mut chunks = Vec::new();
    let mut offset = 0;
    let lens = lens.iter().copied().chain([usize::MAX]);
    for (nth, len) in lens.enumerate() {
        let len = len.clamp(1, (body.len() - offset).max(1)).min(body.len() - offset);
        chunks.push(Chunk {
            offset: offset as u64,
            len: len as u64,
            at_us: nth as u64 * 1000,
        });
        offset += len;
        if offset == body.len() {
            break;
        }
    }
    let exchange = Exchange {
        response: Some(ResponseHead {
            status: 200,
            headers: vec![("content-type".into(), content_type.into())],
            ..ResponseHead::default()
        }),
        ending: Ending::Complete,
        ..Exchange::default()
    };
    Recorded::open(Arc::new(MemoryShelf::bare(exchange, Vec::new(), chunks, body.to_vec()))).unwrap()
}

fn ids() -> IdMap {
    let mut ids = IdMap::default();
    ids.insert(IdKind::Thread, "thread-0001", "L");
    ids.insert(IdKind::Run, "run-0000001", "a \"live\" run/1");
    ids.insert(IdKind::Thread, "t", "thread of the client");
    ids.insert(IdKind::Run, "t", "run of the client");
    ids.insert(IdKind::Other, "a/b-000\u{e9}", "ok");
    ids
}

#[test]
fn ids_are_put_in_where_they_are_whole_strings() {
    for (before, after) in [
        (r#"{"threadId":"thread-0001"}"#, r#"{"threadId":"L"}"#),
        (r#"{ "x" : [ "thread-0001" , 1.0 ] }"#, r#"{ "x" : [ "L" , 1.0 ] }"#),
        (r#"{"x":"run-0000001"}"#, r#"{"x":"a \"live\" run/1"}"#),
        // Not the whole string, and names of members.
        (
            r#"{"x":"thread-0001!","thread-0001":1}"#,
            r#"{"x":"thread-0001!","thread-0001":1}"#,
        ),
        // However it is written.
        (r#"{"x":"a\/b-000\u00e9","y":"a/b-000é"}"#, r#"{"x":"ok","y":"ok"}"#),
        // JSON in strings, however deep, and only whole.
        (r#"{"x":"{\"id\": \"thread-0001\"}"}"#, r#"{"x":"{\"id\": \"L\"}"}"#),
        (r#"{"x":"[\"run-0000001\"]"}"#, r#"{"x":"[\"a \\\"live\\\" run/1\"]"}"#),
        (
            r#"{"x":"{\"y\":\"{\\\"id\\\":\\\"thread-0001\\\"}\"}"}"#,
            r#"{"x":"{\"y\":\"{\\\"id\\\":\\\"L\\\"}\"}"}"#,
        ),
        (
            r#"{"x":"{\"id\": \"thread-0001\""}"#,
            r#"{"x":"{\"id\": \"thread-0001\""}"#,
        ),
        (r#"{"x":"see \"thread-0001\""}"#, r#"{"x":"see \"thread-0001\""}"#),
        // A word is an id only where the name is one for ids, and of its kind.
        (
            r#"{"delta":"t","threadId":"t","run_id":"t"}"#,
            r#"{"delta":"t","threadId":"thread of the client","run_id":"run of the client"}"#,
        ),
        (
            r#"{"ids":["t","u"],"list":["t"]}"#,
            r#"{"ids":["thread of the client","u"],"list":["t"]}"#,
        ),
        // What is cut or broken, up to there.
        (
            r#"{"threadId":"thread-0001","x":"thread-00"#,
            r#"{"threadId":"L","x":"thread-00"#,
        ),
        ("[DONE]", "[DONE]"),
    ] {
        for (content_type, before, after) in [
            (
                "text/event-stream",
                format!("data: {before}\n\n"),
                format!("data: {after}\n\n"),
            ),
            (
                "text/event-stream",
                format!(": hi\r\nid: 7\r\ndata:{before}\r\n\r\n"),
                format!(": hi\r\nid: 7\r\ndata:{after}\r\n\r\n"),
            ),
            (
                "text/event-stream",
                format!("\u{feff}data: {before}\n\n"),
                format!("\u{feff}data: {after}\n\n"),
            ),
            ("text/event-stream", format!("data: {before}"), format!("data: {after}")),
            ("application/json", before.to_owned(), after.to_owned()),
        ] {
            let recorded = recording(content_type, before.as_bytes(), &[]);
            let (parts, _) = played(&recorded, options(&ids()));
            assert_eq!(String::from_utf8_lossy(&joined(&parts)), after, "{content_type}");
        }
    }
}

#[test]
fn data_in_several_lines_is_one_text() {
    let body = "data: {\"threadId\":\ndata:\"thread-0001\",\ndata: \"x\":\"thread-0001\"}\n\n";
    let (parts, _) = played(&recording("text/event-stream", body.as_bytes(), &[]), options(&ids()));
    assert_eq!(
        joined(&parts),
        b"data: {\"threadId\":\ndata:\"L\",\ndata: \"x\":\"L\"}\n\n"
    );
}

#[test]
fn timestamps_are_kept_or_moved_in_their_own_unit() {
    let body = "data: {\"timestamp\":1763600000000,\"x\":{\"timestamp\":1763600000000}}\n\n\
                data: {\"timestamp\":1763600000}\n\ndata: {\"timestamp\":1763600000000000}\n\n\
                data: {\"timestamp\":1.5}\n\ndata: {\"timestamp\":\"1763600000000\"}\n\n";
    let recorded = recording("text/event-stream", body.as_bytes(), &[]);
    let shifted = |shift_us| {
        let options = ScheduleOptions {
            shift_us,
            ..options(&IdMap::default())
        };
        String::from_utf8(joined(&played(&recorded, options).0)).unwrap()
    };
    assert_eq!(shifted(0), body);
    assert_eq!(
        shifted(60_000_000),
        "data: {\"timestamp\":1763600060000,\"x\":{\"timestamp\":1763600000000}}\n\n\
         data: {\"timestamp\":1763600060}\n\ndata: {\"timestamp\":1763600060000000}\n\n\
         data: {\"timestamp\":1.5}\n\ndata: {\"timestamp\":\"1763600000000\"}\n\n"
    );
    assert_ne!(shifted(-60_000_000), body);
}

#[test]
fn records_move_their_timestamps_too() {
    // RUN_STARTED, timestamp 1763600000000, thread "t", run "t".
    let message = b"\x62\x11\x0a\x09\x08\x0b\x10\x80\xb8\xbc\xf0\xa9\x33\x12\x01t\x1a\x01t";
    let body = [&u32::try_from(message.len()).unwrap().to_be_bytes()[..], message].concat();
    let recorded = recording(record::MEDIA_TYPE, &body, &[]);
    let options = ScheduleOptions {
        shift_us: 60_000_000,
        ..options(&ids())
    };
    let bytes = joined(&played(&recorded, options).0);
    let before = proto::decode(message).unwrap().event;
    let after = proto::decode(&bytes[4..]).unwrap().event;
    let timestamp = |event: &scrubjay_protocol::json::Value| event.get("timestamp").unwrap().as_f64().unwrap();
    assert_eq!(timestamp(&after) - timestamp(&before), 60_000.0);
    assert_eq!(after.get("threadId").unwrap().as_str(), Some("thread of the client"));
    assert_eq!(after.get("runId").unwrap().as_str(), Some("run of the client"));
    assert_eq!(
        u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize,
        bytes.len() - 4
    );
}

#[test]
fn an_answer_given_again_makes_its_ids_anew() {
    let take = Take::of("mastra/03-frontend-tool-run1");
    let mut ids = IdMap::default();
    ids.set_turn(2);
    let again = again(&take, &ids);
    let mut marked = 0;
    for (before, after) in frames(&take).iter().zip(&frames(&again)) {
        let (before, after) = (event(before).unwrap(), event(after).unwrap());
        for name in ["messageId", "toolCallId", "parentMessageId"] {
            if let Some(id) = before[name].as_str() {
                marked += 1;
                assert_eq!(after[name].as_str(), Some(IdMap::again(id, 2).as_str()));
            }
        }
        assert_eq!(before["runId"], after["runId"]);
    }
    assert!(marked > 3);
}

#[test]
fn a_repeated_history_keeps_its_ids() {
    let take = Take::of("copilotkit-runtime/12-connect-replays-history");
    let loaded = matcher([&take], MatchOptions::default());
    let mut runs = (0..2).map(|_| {
        let Answer::Hit(hit) = loaded.ask(&take.asked()) else {
            panic!("it should be answered");
        };
        joined(&played(&take.recorded(0), options(&hit.ids)).0)
    });
    let first = runs.next().unwrap();
    assert!(!first.is_empty());
    assert!(runs.next().unwrap() == first);
}

#[test]
fn encoded_bodies_are_decoded_to_be_adapted() {
    use std::io::Write as _;
    let body = b"data: {\"threadId\":\"thread-0001\"}\n\ndata: {\"x\":1}\n\n";
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(body).unwrap();
    let packed = packer.finish().unwrap();
    let mut recorded = recording("text/event-stream", &packed, &[10, 10]);
    let head = Arc::make_mut(&mut recorded.exchange).response.as_mut().unwrap();
    head.headers.push(("Content-Encoding".into(), b"gzip".to_vec()));
    head.headers
        .push(("Content-Length".into(), packed.len().to_string().into_bytes()));
    let (exact, _) = played(&recorded, ScheduleOptions::default());
    assert_eq!(joined(&exact), packed);
    assert_eq!(exact.len(), 3);
    assert_eq!(
        exact
            .iter()
            .flat_map(|part| &part.marks)
            .map(|mark| mark.seq)
            .collect::<Vec<_>>(),
        [1, 2]
    );
    let (adapted, _) = played(&recorded, options(&ids()));
    assert_eq!(joined(&adapted), b"data: {\"threadId\":\"L\"}\n\ndata: {\"x\":1}\n\n");
    let head = scrubjay_replay::Schedule::new(&recorded, options(&ids()))
        .head()
        .unwrap()
        .clone();
    assert_eq!(head.omitted, ["Content-Encoding", "Content-Length"]);
    let head = scrubjay_replay::Schedule::new(&recorded, ScheduleOptions::default())
        .head()
        .unwrap()
        .clone();
    assert_eq!(head.omitted, [""; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_splits_give_the_same_bytes(lens in prop::collection::vec(1_usize..40, 0..40), cut_frames: bool) {
        let body = "data: {\"threadId\":\"thread-0001\",\"x\":\"run-0000001\"}\n\n: ping\n\n\
                    data: {\"delta\":\"😀\",\"runId\":\"t\"}\r\n\r\ndata: {\"y\":\"{\\\"id\\\":\\\"t\\\"}\"}\n\ntail";
        let whole = joined(&played(&recording("text/event-stream", body.as_bytes(), &[]), options(&ids())).0);
        let cut = if cut_frames { Cut::Frames } else { Cut::Recorded };
        let recorded = recording("text/event-stream", body.as_bytes(), &lens);
        let (parts, _) = played(&recorded, ScheduleOptions { cut, ..options(&ids()) });
        prop_assert_eq!(joined(&parts), whole);
        prop_assert!(parts.iter().all(|part| !part.bytes.is_empty()));
        prop_assert!(parts.is_sorted_by_key(|part| part.at_us));
    }

    #[test]
    fn any_bytes_pass(body: Vec<u8>, lens in prop::collection::vec(1_usize..9, 0..9), records: bool) {
        let content_type = if records { record::MEDIA_TYPE } else { "text/event-stream" };
        let recorded = recording(content_type, &body, &lens);
        let options = ScheduleOptions { shift_us: 5, ..options(&ids()) };
        prop_assert_eq!(joined(&played(&recorded, ScheduleOptions::default()).0), body.clone());
        // Nothing in them is an id.
        prop_assert_eq!(joined(&played(&recorded, options).0), body);
    }
}

#[test]
fn a_header_that_is_an_id_is_adapted() {
    let mut recorded = recording("text/event-stream", b"", &[]);
    let head = Arc::make_mut(&mut recorded.exchange).response.as_mut().unwrap();
    for (name, value) in [
        ("X-Thread-Id", "thread-0001"),
        ("X-Run", "run-0000001"),
        ("X-Text", "t"),
    ] {
        head.headers.push((name.into(), value.into()));
    }
    let head = scrubjay_replay::Schedule::new(&recorded, options(&ids()))
        .head()
        .unwrap()
        .clone();
    let values: Vec<_> = head.headers[1..]
        .iter()
        .map(|(_, value)| String::from_utf8_lossy(value))
        .collect();
    assert_eq!(values, ["L", "a \"live\" run/1", "t"]);
}
