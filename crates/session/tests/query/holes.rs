//! Bytes that went to the client and are not here: what depends on them is left open.

use scrubjay_session::{
    exchange::{Chunk, Ending, Hole},
    memory::MemoryShelf,
    query::{Axis, Form, LaneId, Reader, StateQuery},
};

use crate::stream::{REQUEST, Stream, everything};

/// The stream as it is recorded when the bytes from `start` to `end` are not.
fn without(stream: &Stream, start: u64, end: u64) -> Reader<MemoryShelf> {
    let mut exchange = stream.exchange(Ending::Complete);
    exchange.holes = vec![Hole {
        offset: start,
        len: Some(end - start),
    }];
    let (mut chunks, mut bytes) = (Vec::new(), Vec::new());
    for chunk in &stream.chunks {
        let (from, to) = (chunk.offset, chunk.offset + chunk.len);
        for (from, to) in [(from, to.min(start)), (from.max(end), to)] {
            if from < to {
                chunks.push(Chunk {
                    offset: from,
                    len: to - from,
                    at_us: chunk.at_us,
                });
                bytes.extend_from_slice(&stream.bytes[from as usize..to as usize]);
            }
        }
    }
    Reader::open(MemoryShelf::new(exchange, REQUEST.to_vec(), chunks, bytes)).unwrap()
}

/// A legal run with messages, calls, reasoning, steps and state.
fn legal() -> Stream {
    let mut stream = Stream::default();
    for event in [
        r#"{"type":"RUN_STARTED","threadId":"t1","runId":"r0"}"#,
        r#"{"type":"STEP_STARTED","stepName":"plan"}"#,
        r#"{"type":"STATE_SNAPSHOT","snapshot":{"n":1,"list":[]}}"#,
        r#"{"type":"REASONING_START","messageId":"g1"}"#,
        r#"{"type":"REASONING_MESSAGE_START","messageId":"g1","role":"reasoning"}"#,
        r#"{"type":"REASONING_MESSAGE_CONTENT","messageId":"g1","delta":"think"}"#,
        r#"{"type":"REASONING_MESSAGE_END","messageId":"g1"}"#,
        r#"{"type":"REASONING_END","messageId":"g1"}"#,
        r#"{"type":"STATE_DELTA","delta":[{"op":"add","path":"/a","value":{"b":1}}]}"#,
        r#"{"type":"STATE_DELTA","delta":[{"op":"replace","path":"/a/b","value":2}]}"#,
        r#"{"type":"TOOL_CALL_START","toolCallId":"c1","toolCallName":"find"}"#,
        r#"{"type":"TOOL_CALL_ARGS","toolCallId":"c1","delta":"{\"to\":"}"#,
        r#"{"type":"TOOL_CALL_ARGS","toolCallId":"c1","delta":"\"Oslo\"}"}"#,
        r#"{"type":"TOOL_CALL_END","toolCallId":"c1"}"#,
        r#"{"type":"TOOL_CALL_RESULT","messageId":"m2","toolCallId":"c1","content":"two flights"}"#,
        r#"{"type":"ACTIVITY_SNAPSHOT","messageId":"p1","activityType":"PLAN","content":{"list":[]}}"#,
        r#"{"type":"ACTIVITY_DELTA","messageId":"p1","activityType":"PLAN","patch":[{"op":"add","path":"/list/-","value":1}]}"#,
        r#"{"type":"STEP_FINISHED","stepName":"plan"}"#,
        r#"{"type":"TEXT_MESSAGE_START","messageId":"m3","role":"assistant"}"#,
        r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m3","delta":"Two flights go to Oslo."}"#,
        r#"{"type":"TEXT_MESSAGE_END","messageId":"m3"}"#,
        r#"{"type":"STATE_SNAPSHOT","snapshot":{"n":2,"list":[1],"a":{"b":2}}}"#,
        r#"{"type":"RUN_FINISHED","threadId":"t1","runId":"r0"}"#,
    ] {
        stream.event(5_000, event);
    }
    stream
}

fn rules(reader: &mut Reader<MemoryShelf>) -> Vec<String> {
    let findings = reader.findings(0..u32::MAX, usize::MAX).unwrap();
    findings.into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn a_hole_in_a_legal_run_accuses_nobody() {
    let stream = legal();
    let whole = rules(&mut stream.reader(Ending::Complete));
    assert_eq!(whole, [""; 0], "the run is legal");
    let len = stream.bytes.len() as u64;
    let mut wrong = Vec::new();
    for start in (0..len - 1).step_by(13) {
        for missing in [1, 61, 300, 900, len] {
            let mut reader = without(&stream, start, (start + missing).min(len));
            let found = rules(&mut reader);
            if found != ["transport.hole"] || reader.summary().stop.is_some() {
                wrong.push(format!("{start}, {missing} bytes: {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn frames_that_are_wrong_by_themselves_are_found_after_a_hole() {
    let mut stream = legal();
    stream.event(1_000, r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":7,"delta":"x"}"#);
    let hole = (stream.chunks[4].offset, stream.chunks[9].offset);
    let mut reader = without(&stream, hole.0, hole.1);
    assert_eq!(rules(&mut reader), ["schema.invalid", "transport.hole"]);
    assert_eq!(reader.summary().stop, None, "the client may have given up before");
}

#[test]
fn what_was_found_before_a_hole_stays() {
    let stream = everything();
    let whole = rules(&mut stream.reader(Ending::Complete));
    let last = stream.chunks.last().unwrap().offset;
    let found = rules(&mut without(&stream, last, last + 10));
    assert!(whole.contains(&"patch.failed".to_owned()) && found.contains(&"patch.failed".to_owned()));
}

#[test]
fn the_state_is_not_known_from_a_hole_to_a_snapshot() {
    let stream = legal();
    let mut reader = without(&stream, stream.chunks[8].offset, stream.chunks[9].offset);
    let unknown = |reader: &mut Reader<MemoryShelf>, at| {
        let query = StateQuery {
            at,
            count: 10,
            ..StateQuery::default()
        };
        let tree = reader.state_tree(&query).unwrap();
        (tree.unknown_since, tree.lost, tree.dropped)
    };
    assert_eq!(unknown(&mut reader, 8), (None, None, None));
    // The patch at #9 does not fit what is here, and no one says that it was dropped.
    assert_eq!(unknown(&mut reader, 9), (Some(8), None, None));
    assert_eq!(unknown(&mut reader, 20), (Some(8), None, None));
    assert_eq!(unknown(&mut reader, 21), (None, None, None));
    assert_eq!(reader.chat(8, None, 10).unwrap().missing_since, None);
    assert_eq!(reader.chat(21, None, 10).unwrap().missing_since, Some(8));
}

#[test]
fn the_hole_lies_over_all_lanes_and_is_not_idle() {
    let mut stream = legal();
    let (from, to) = (stream.chunks[8].offset, stream.chunks[10].offset);
    for chunk in &mut stream.chunks[10..] {
        chunk.at_us += 5_000_000;
    }
    assert_eq!(
        stream
            .reader(Ending::Complete)
            .lanes(Axis::Clock, 0.0, 6e6, 900)
            .unwrap()
            .gaps
            .len(),
        1
    );
    let picture = without(&stream, from, to).lanes(Axis::Clock, 0.0, 6e6, 900).unwrap();
    assert_eq!(picture.gaps, []);
    for lane in &picture.lanes {
        let hatched = lane.shapes.iter().filter(|shape| shape.form == Form::Hatched).count();
        assert_eq!(hatched, 1, "{:?}", lane.id);
    }
    assert!(picture.lanes.iter().any(|lane| lane.id == LaneId::Text));
}
