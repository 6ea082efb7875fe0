//! Bytes that went to the client and are not here: what depends on them is left open.

use scrubjay_session::{
    exchange::{Chunk, Ending, Hole},
    memory::MemoryShelf,
    query::{Axis, Form, LaneId, Outcome, Reader, StateQuery},
    verdict::{self, Verdict},
};

use crate::stream::{REQUEST, Stream, everything};

/// The stream as it is recorded when the bytes from `start` to `end` are not.
fn without(stream: &Stream, start: u64, end: u64) -> Reader<MemoryShelf> {
    without_each(stream, &[(start, end)])
}

/// The same of several stretches, in their order.
fn without_each(stream: &Stream, missing: &[(u64, u64)]) -> Reader<MemoryShelf> {
    let mut exchange = stream.exchange(Ending::Complete);
    let hole = |(start, end): &(u64, u64)| Hole {
        offset: *start,
        len: Some(end - start),
    };
    exchange.holes = missing.iter().map(hole).collect();
    let (mut chunks, mut bytes) = (Vec::new(), Vec::new());
    for chunk in &stream.chunks {
        let (from, to) = (chunk.offset, chunk.offset + chunk.len);
        let ends = missing.iter().map(|(start, _)| *start).chain([u64::MAX]);
        let begins = [0].into_iter().chain(missing.iter().map(|(_, end)| *end));
        for (begin, end) in begins.zip(ends) {
            let (from, to) = (from.max(begin), to.min(end));
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

/// A run of a thread that goes on after another, with a mistake of its own if there is one.
fn two_runs(mistake: Option<&str>) -> Stream {
    let mut stream = legal();
    stream.event(5_000, r#"{"type":"RUN_STARTED","threadId":"t1","runId":"r1"}"#);
    stream.event(
        5_000,
        r#"{"type":"TEXT_MESSAGE_START","messageId":"m9","role":"assistant"}"#,
    );
    stream.event(
        5_000,
        r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m9","delta":"Booked."}"#,
    );
    stream.event(5_000, r#"{"type":"TEXT_MESSAGE_END","messageId":"m9"}"#);
    if let Some(event) = mistake {
        stream.event(5_000, event);
    }
    stream.event(5_000, r#"{"type":"RUN_FINISHED","threadId":"t1","runId":"r1"}"#);
    stream
}

#[test]
fn a_run_that_begins_after_a_hole_is_judged_again() {
    for (mistake, rule) in [
        (r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m9","delta":"x"}"#, "V08"),
        (r#"{"type":"STEP_STARTED","stepName":"s"}"#, "V19"),
        (r#"{"type":"STEP_FINISHED","stepName":"s"}"#, "V12"),
        (r#"{"type":"TOOL_CALL_END","toolCallId":"c"}"#, "V10"),
        (r#"{"type":"RUN_STARTED","threadId":"t1","runId":"r2"}"#, "V04"),
        (r#"{"type":"RUN_ERROR","message":"no"}"#, "run.error"),
    ] {
        let stream = two_runs(Some(mistake));
        let mut reader = without(&stream, stream.chunks[8].offset, stream.chunks[9].offset);
        let found = rules(&mut reader);
        assert!(found.contains(&rule.to_owned()), "{mistake}: {found:?}");
        assert_eq!(
            reader.summary().stop,
            None,
            "the client may have given up in what is missing"
        );
        // A second hole in the run leaves it open again, and what was found before it stays.
        let last = stream.chunks.len() - 2;
        let missing = [
            (stream.chunks[8].offset, stream.chunks[9].offset),
            (stream.chunks[24].offset, stream.chunks[last].offset),
        ];
        let found = rules(&mut without_each(&stream, &missing));
        let is_of_one_frame = rule == "run.error";
        assert_eq!(
            found.contains(&rule.to_owned()),
            is_of_one_frame,
            "{mistake}: {found:?}"
        );
    }
}

/// The neighbours: nothing that may stand in the hole is missed in the run after it, and the client's stops are those
/// of the stream with every byte.
#[test]
fn a_legal_run_after_a_hole_finds_nothing_but_the_hole() {
    let stream = two_runs(None);
    let whole = rules(&mut stream.reader(Ending::Complete));
    assert_eq!(whole, ["run.several"], "both runs are legal");
    let len = stream.bytes.len() as u64;
    let mut wrong = Vec::new();
    for start in (0..len - 1).step_by(29) {
        for missing in [1, 300, 900, 1_700, len] {
            let found = rules(&mut without(&stream, start, (start + missing).min(len)));
            let is_quiet = found
                .iter()
                .all(|rule| rule == "transport.hole" || rule == "run.several");
            if !is_quiet || !found.contains(&"transport.hole".to_owned()) {
                wrong.push(format!("{start}, {missing} bytes: {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_run_after_a_hole_may_end_without_its_end() {
    let mut stream = two_runs(None);
    let last = stream.chunks.pop().unwrap();
    stream.bytes.truncate(last.offset as usize);
    let mut reader = without(&stream, stream.chunks[8].offset, stream.chunks[9].offset);
    assert_eq!(rules(&mut reader), ["transport.hole", "run.truncated"]);
    let outcomes: Vec<Outcome> = reader.summary().runs.iter().map(|run| run.outcome).collect();
    assert_eq!(outcomes, [Outcome::Success, Outcome::Open]);
}

#[test]
fn a_run_whose_end_may_be_missing_has_no_outcome_that_is_known() {
    let stream = two_runs(None);
    let at = |place: usize| stream.chunks[place].offset;
    let len = stream.bytes.len() as u64;
    let outcomes = |missing: (u64, u64)| {
        let reader = without(&stream, missing.0, missing.1);
        let runs = reader.summary().runs.iter();
        let runs: Vec<String> = runs
            .map(|run| {
                format!(
                    "{} {} {}-{}",
                    run.run_id,
                    run.outcome.as_str(),
                    run.first_seq,
                    run.last_seq
                )
            })
            .collect();
        (runs, verdict::of_exchange(reader.exchange(), reader.summary()))
    };
    let (success, unknown) = (Verdict::Success, Verdict::Unknown);
    let check = |missing, runs: &[&str], verdicts: &[Verdict]| {
        let runs: Vec<String> = runs.iter().map(|run| (*run).to_owned()).collect();
        assert_eq!(outcomes(missing), (runs, verdicts.to_vec()), "{missing:?}");
    };
    // In the middle of the first run, whose end is here.
    check(
        (at(8), at(9)),
        &["r0 success 1-22", "r1 success 23-27"],
        &[success, success],
    );
    // From there to the middle of the second: the end of the first, the start of the second.
    check(
        (at(8), at(25)),
        &["r0 unknown 1-8", "r1 success 9-11"],
        &[unknown, success],
    );
    // The end of the first, and not the start of the second.
    check(
        (at(22), at(23)),
        &["r0 unknown 1-22", "r1 success 23-27"],
        &[unknown, success],
    );
    // To the end of the body, and all of it.
    check((at(8), len), &["r0 unknown 1-8"], &[unknown]);
    check((0, len), &[], &[unknown]);
    // The capture begins in the middle of a run: what is here of it begins with the first frame.
    check((0, at(25)), &["r1 success 1-3"], &[success]);
    check(
        (0, at(9)),
        &["r0 success 1-14", "r1 success 15-19"],
        &[success, success],
    );
}

#[test]
fn a_snapshot_of_the_messages_says_again_what_the_client_holds() {
    let snapshot = |roles: &str| {
        let mut stream = legal();
        let last = stream.chunks.pop().unwrap();
        stream.bytes.truncate(last.offset as usize);
        let event =
            format!(r#"{{"type":"MESSAGES_SNAPSHOT","messages":[{{"id":"u","role":"user","content":"hi"}}{roles}]}}"#);
        stream.event(5_000, &event);
        stream.event(5_000, r#"{"type":"RUN_FINISHED","threadId":"t1","runId":"r0"}"#);
        let (from, to) = (stream.chunks[8].offset, stream.chunks[9].offset);
        let mut reader = without(&stream, from, to);
        let mut missing = |at| {
            let chat = reader.chat(at, None, 20).unwrap();
            (chat.missing_since, chat.kept_missing_since)
        };
        [missing(8), missing(21), missing(22), missing(23)]
    };
    // Activities and reasoning are kept beside a snapshot that has none, so that those in the hole may be there.
    assert_eq!(
        snapshot(""),
        [(None, None), (Some(8), None), (None, Some(8)), (None, Some(8))]
    );
    let all =
        r#",{"id":"g","role":"reasoning","content":"x"},{"id":"p","role":"activity","activityType":"A","content":{}}"#;
    assert_eq!(
        snapshot(all),
        [(None, None), (Some(8), None), (None, None), (None, None)]
    );
}

#[test]
fn patches_are_judged_on_what_is_known_after_a_hole() {
    let mut stream = legal();
    let last = stream.chunks.pop().unwrap();
    stream.bytes.truncate(last.offset as usize);
    for event in [
        // Neither the state of the snapshot at #22 nor the activity that is set here has these.
        r#"{"type":"STATE_DELTA","delta":[{"op":"replace","path":"/none","value":1}]}"#,
        r#"{"type":"ACTIVITY_SNAPSHOT","messageId":"p2","activityType":"PLAN","content":{}}"#,
        r#"{"type":"ACTIVITY_DELTA","messageId":"p2","activityType":"PLAN","patch":[{"op":"remove","path":"/none"}]}"#,
        // This one may have been changed in what is missing.
        r#"{"type":"ACTIVITY_DELTA","messageId":"p1","activityType":"PLAN","patch":[{"op":"remove","path":"/none"}]}"#,
        r#"{"type":"RUN_FINISHED","threadId":"t1","runId":"r0"}"#,
    ] {
        stream.event(5_000, event);
    }
    let mut reader = without(&stream, stream.chunks[17].offset, stream.chunks[18].offset);
    let findings = reader.findings(0..u32::MAX, usize::MAX).unwrap();
    let found: Vec<(u32, &str)> = findings
        .iter()
        .map(|finding| (finding.seq, finding.rule.as_str()))
        .collect();
    assert_eq!(
        found,
        [(22, "patch.failed"), (24, "patch.failed"), (26, "transport.hole")]
    );
}

/// What the request holds is not known where bytes of it are missing, and the client has all of it.
#[test]
fn a_hole_in_the_request_accuses_nobody() {
    let request = br#"{"threadId":"t1","runId":"r0","state":{"cart":{"total":1}},"messages":[{"id":"u1","role":"user","content":"buy it"},{"id":"a1","role":"assistant","toolCalls":[{"id":"c0","type":"function","function":{"name":"pay","arguments":"{}"}}]}],"tools":[],"context":[],"forwardedProps":{}}"#;
    let mut stream = Stream::default();
    for event in [
        r#"{"type":"RUN_STARTED","threadId":"t1","runId":"r0"}"#,
        r#"{"type":"STATE_DELTA","delta":[{"op":"replace","path":"/cart/total","value":2}]}"#,
        r#"{"type":"TOOL_CALL_RESULT","messageId":"m2","toolCallId":"c0","content":"paid"}"#,
        r#"{"type":"TEXT_MESSAGE_START","messageId":"m3","role":"assistant"}"#,
        r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m3","delta":"Bought."}"#,
        r#"{"type":"TEXT_MESSAGE_END","messageId":"m3"}"#,
        r#"{"type":"RUN_FINISHED","threadId":"t1","runId":"r0"}"#,
    ] {
        stream.event(1_000, event);
    }
    let reader = |request: Vec<u8>, stream: &Stream| {
        let exchange = stream.exchange(Ending::Complete);
        let shelf = MemoryShelf::new(exchange, request, stream.chunks.clone(), stream.bytes.clone());
        Reader::open(shelf).unwrap()
    };
    assert_eq!(
        rules(&mut reader(request.to_vec(), &stream)),
        [""; 0],
        "the run is legal"
    );
    let len = request.len();
    for missing in [0..10, 40..90, 100..len, 0..len] {
        let mut body = request.to_vec();
        body[missing.clone()].fill(0);
        let mut reader = reader(body, &stream);
        assert_eq!(rules(&mut reader), ["transport.hole"], "{missing:?}");
        let verdicts = verdict::of_exchange(reader.exchange(), reader.summary());
        assert_eq!(
            (verdicts, reader.summary().stop.clone()),
            (vec![Verdict::Success], None)
        );
        assert_eq!(reader.chat(7, None, 5).unwrap().missing_since, Some(0));
        let query = StateQuery {
            at: 7,
            count: 5,
            ..StateQuery::default()
        };
        let tree = reader.state_tree(&query).unwrap();
        assert_eq!((tree.unknown_since, tree.dropped), (Some(0), None));
    }
    // A run is judged by its own frames all the same.
    stream.event(1_000, r#"{"type":"TEXT_MESSAGE_END","messageId":"m3"}"#);
    let mut body = request.to_vec();
    body[40..90].fill(0);
    assert_eq!(rules(&mut reader(body, &stream)), ["V02", "transport.hole"]);
}

/// An event beyond our limits is one that the client reads and that is not read here.
#[test]
fn what_is_too_deep_to_be_read_accuses_nobody() {
    let deep = format!(
        r#"{{"type":"STATE_SNAPSHOT","snapshot":{{"deep":{}1{}}}}}"#,
        "[".repeat(600),
        "]".repeat(600)
    );
    let mut stream = Stream::default();
    for event in [
        r#"{"type":"RUN_STARTED","threadId":"t1","runId":"r0"}"#,
        &deep,
        r#"{"type":"STATE_DELTA","delta":[{"op":"replace","path":"/deep","value":1}]}"#,
        r#"{"type":"STATE_SNAPSHOT","snapshot":{}}"#,
        r#"{"type":"STATE_DELTA","delta":[{"op":"replace","path":"/deep","value":1}]}"#,
        r#"{"type":"RUN_FINISHED","threadId":"t1","runId":"r0"}"#,
    ] {
        stream.event(1_000, event);
    }
    let mut reader = stream.reader(Ending::Complete);
    let findings = reader.findings(0..u32::MAX, usize::MAX).unwrap();
    let found: Vec<(u32, &str)> = findings
        .iter()
        .map(|finding| (finding.seq, finding.rule.as_str()))
        .collect();
    assert_eq!(found, [(2, "limit.nesting"), (5, "patch.failed")]);
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
