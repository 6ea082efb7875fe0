//! Rows, places, jumps, details. The snapshots of rows record our own output: a
//! person reads each difference before it is committed.

use std::fmt::Write as _;

use scrubjay_session::{
    exchange::{Chunk, Ending},
    query::{Axis, Direction, JumpTo, LaneId, Outcome, Row, RowsOf, Severity, Target, Transport},
};

use crate::stream::{Stream, everything};

fn lines(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let indent = "  ".repeat(usize::from(row.depth));
        writeln!(
            text,
            "{indent}#{}..{} +{} {:?} {} | {} | {}{}{}",
            row.first_seq,
            row.last_seq,
            row.at_us / 1000,
            row.kind,
            row.subject,
            row.summary,
            row.measure,
            row.severity.map_or(String::new(), |severity| format!(" {severity:?}")),
            if row.open { " open" } else { "" },
        )
        .unwrap();
    }
    text
}

#[test]
fn rows_of_spans() {
    let mut reader = everything().reader(Ending::UpstreamReset);
    let window = reader.rows(RowsOf::Spans, &[], 0, 1000).unwrap();
    assert_eq!(window.total, window.rows.len() as u64);
    insta::assert_snapshot!(lines(&window.rows));
}

#[test]
fn rows_of_events() {
    let mut reader = everything().reader(Ending::UpstreamReset);
    let window = reader.rows(RowsOf::Events, &[], 0, 1000).unwrap();
    insta::assert_snapshot!(lines(&window.rows));
}

#[test]
fn an_expanded_span_shows_its_frames_where_they_belong() {
    let mut reader = everything().reader(Ending::UpstreamReset);
    let tools: Vec<u32> = reader
        .spans(0..1000)
        .unwrap()
        .iter()
        .filter(|span| span.name == "find")
        .map(|span| span.ordinal)
        .collect();
    let window = reader.rows(RowsOf::Spans, &tools, u64::from(tools[0]), 8).unwrap();
    insta::assert_snapshot!(lines(&window.rows));
}

#[test]
fn every_frame_stands_in_the_row_that_row_of_names() {
    let mut reader = everything().reader(Ending::UpstreamReset);
    let frames = reader.summary().frames;
    for expanded in [vec![], vec![0], vec![1, 4, 6], (0..40).collect::<Vec<u32>>()] {
        let all = reader.rows(RowsOf::Spans, &expanded, 0, 1000).unwrap();
        for seq in 1..=frames {
            let row = reader.row_of(RowsOf::Spans, &expanded, seq).unwrap();
            let row = &all.rows[row as usize];
            let span = reader.frame(seq).unwrap().span;
            if expanded.contains(&span) {
                assert_eq!((row.first_seq, row.depth), (seq, 1), "#{seq} with {expanded:?}");
            } else {
                assert_eq!(row.span, Some(span), "#{seq} with {expanded:?}");
            }
        }
    }
}

#[test]
fn the_summary_tells_runs_and_the_first_character() {
    let reader = everything().reader(Ending::UpstreamReset);
    let summary = reader.summary();
    let outcomes: Vec<Outcome> = summary.runs.iter().map(|run| run.outcome).collect();
    assert_eq!(outcomes, [Outcome::Interrupt, Outcome::Open]);
    assert_eq!(summary.ttft_us, Some(225_000));
    assert_eq!((summary.tools, summary.text_chars), (2, 39));
    assert_eq!(
        (summary.title.as_str(), summary.thread_id.as_str()),
        ("find a flight", "t1")
    );
    assert_eq!((summary.runs[0].turn, summary.runs[1].turn), (true, false));
}

#[test]
fn jumps_go_both_ways_and_stop_at_the_ends() {
    let mut reader = everything().reader(Ending::UpstreamReset);
    let mut walk = |to, direction| {
        let mut seqs = Vec::new();
        let mut at = if direction == Direction::Forwards { 0 } else { 1000 };
        while let Some(place) = reader.jump(Axis::Clock, at, to, direction).unwrap() {
            at = place.seq;
            seqs.push(at);
            if at == 0 {
                break;
            }
        }
        seqs
    };
    for to in [
        JumpTo::Tool,
        JumpTo::State,
        JumpTo::Run,
        JumpTo::Turn,
        JumpTo::Gap,
        JumpTo::Problem,
    ] {
        let forwards = walk(to, Direction::Forwards);
        let mut backwards = walk(to, Direction::Backwards);
        backwards.reverse();
        assert_eq!(forwards, backwards, "{to:?}");
        assert!(!forwards.is_empty(), "{to:?}");
    }
    assert_eq!(walk(JumpTo::Tool, Direction::Forwards), [16, 17]);
    assert_eq!(walk(JumpTo::State, Direction::Forwards), [3, 13, 24, 29]);
    assert_eq!(walk(JumpTo::Run, Direction::Forwards), [1, 31, 32]);
    assert_eq!(walk(JumpTo::Turn, Direction::Forwards), [1]);
    assert_eq!(walk(JumpTo::Gap, Direction::Forwards), [23, 32]);
    assert_eq!(walk(JumpTo::Frame, Direction::Forwards).len(), 35);
    assert_eq!(walk(JumpTo::Frame, Direction::Backwards).last(), Some(&0));
}

#[test]
fn places_and_times_lead_to_each_other() {
    let mut reader = everything().reader(Ending::UpstreamReset);
    for axis in [Axis::Clock, Axis::Collapsed, Axis::Index] {
        for seq in 1..=reader.summary().frames {
            let place = reader.place(axis, seq).unwrap();
            let found = reader.locate(axis, Target::X(place.x)).unwrap();
            assert_eq!((found.at_us, found.x), (place.at_us, place.x), "{axis:?} #{seq}");
        }
        assert_eq!(reader.locate(axis, Target::X(-5.0)).unwrap().seq, 0);
        assert_eq!(
            reader.locate(axis, Target::X(1e15)).unwrap().seq,
            reader.summary().frames
        );
    }
    let extent = reader.extent().unwrap();
    assert!(extent.collapsed < extent.clock - 39_000_000.0);
}

#[test]
fn a_hint_ends_with_the_last_words() {
    let mut reader = everything().reader(Ending::UpstreamReset);
    assert_eq!(reader.place(Axis::Clock, 12).unwrap().hint, "I am looking");
    assert_eq!(reader.place(Axis::Clock, 13).unwrap().hint, "replace /cart/total");
}

#[test]
fn detail_has_the_fields_as_they_stand_and_the_fate_of_operations() {
    let mut reader = everything().reader(Ending::UpstreamReset);
    let detail = reader.detail(13, 1 << 18).unwrap();
    let fields: Vec<(&str, &str)> = detail
        .fields
        .iter()
        .map(|field| (field.name.as_str(), field.value.as_str()))
        .collect();
    assert_eq!(
        fields,
        [
            ("type", "\"STATE_DELTA\""),
            ("delta", r#"[{"op":"replace","path":"/cart/total","value":2}]"#)
        ]
    );
    assert_eq!(
        (detail.operations.len(), detail.operations[0].path.as_str()),
        (1, "/cart/total")
    );
    let text = reader.detail(14, 1 << 18).unwrap().span.unwrap().text;
    assert_eq!(text, "I am looking for flights.");
}

#[test]
fn chunk_boundaries_inside_a_frame_are_known() {
    let mut stream = Stream::default();
    stream
        .raw(1, b"data: {\"type\":")
        .raw(1, b"\"RAW\",\"event\":1}\n")
        .raw(1, b"\ndata: {\"type\":\"RAW\",\"event\":2}\n\n");
    let mut reader = stream.reader(Ending::Complete);
    let detail = reader.detail(1, 1 << 18).unwrap();
    assert_eq!(
        (detail.chunk_boundaries, detail.chunk, detail.chunk_frames),
        (vec![14, 31], 2, 2)
    );
}

#[test]
fn events_are_iterated_with_their_verbatim_text() {
    let mut reader = everything().reader(Ending::UpstreamReset);
    let lines: Vec<_> = reader.events(1..u32::MAX).map(Result::unwrap).collect();
    assert_eq!(lines.len(), 35);
    assert_eq!(
        lines[0].event.as_deref(),
        Some(r#"{"type":"RUN_STARTED","threadId":"t1","runId":"r1"}"#)
    );
    assert_eq!(
        (lines[3].entry.kind.as_str(), lines[3].type_name.as_deref()),
        ("comment", None)
    );
    assert_eq!(lines[34].entry.kind.as_str(), "malformed");
    let findings: usize = lines.iter().map(|line| line.findings.len()).sum();
    assert_eq!(findings as u32, reader.summary().findings.iter().sum::<u32>());
}

#[test]
fn a_reader_keeps_up_with_what_comes() {
    let stream = everything();
    let mut shelf = scrubjay_session::memory::MemoryShelf::bare(
        stream.exchange(Ending::Open),
        crate::stream::REQUEST.to_vec(),
        Vec::new(),
        Vec::new(),
    );
    let mut whole = stream.reader(Ending::Complete);
    for Chunk { offset, len, at_us } in stream.chunks.clone() {
        let bytes = &stream.bytes[offset as usize..(offset + len) as usize];
        shelf.grow(Chunk { offset, len, at_us }, bytes);
        let mut reader = scrubjay_session::query::Reader::open(shelf.clone()).unwrap();
        let last = reader.summary().frames;
        assert_eq!(reader.frames(1..last + 1).unwrap(), whole.frames(1..last + 1).unwrap());
    }
    shelf.end(Ending::Complete, 50_000_000);
    let mut reader = scrubjay_session::query::Reader::open(shelf).unwrap();
    assert_eq!(reader.frames(1..99).unwrap(), whole.frames(1..99).unwrap());
    assert!(!reader.refresh().unwrap());
}

#[test]
fn what_the_end_reveals_stands_at_the_last_frame() {
    let mut stream = Stream::default();
    stream
        .raw(
            1,
            b"data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\r\n\r\n",
        )
        .raw(1, b"data: {\"type\":\"CUSTOM\",\"name\":\"x\",\"value\":1}\r\n\r\n");
    let mut reader = stream.reader(Ending::Complete);
    // The official client cuts at LF LF only, so it meets both at the end.
    assert_eq!(reader.summary().stop.as_ref().map(|stop| stop.seq), Some(2));
    assert_eq!(reader.frame(2).unwrap().severity, Some(Severity::Error));
    let problem = reader
        .jump(Axis::Clock, 1, JumpTo::Problem, Direction::Forwards)
        .unwrap();
    assert_eq!(problem.map(|place| place.seq), Some(2));
    let picture = reader.lanes(Axis::Clock, 0.0, 3.0, 30).unwrap();
    let problems = picture.lanes.iter().find(|lane| lane.id == LaneId::Problems).unwrap();
    assert_eq!(problems.shapes.last().unwrap().last_seq, 2);
}

/// Gzip of stored blocks, so that the test needs no encoder.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let blocks: Vec<&[u8]> = bytes.chunks(100).collect();
    for (place, block) in blocks.iter().enumerate() {
        packed.push(u8::from(place + 1 == blocks.len()));
        packed.extend_from_slice(&(block.len() as u16).to_le_bytes());
        packed.extend_from_slice(&(!(block.len() as u16)).to_le_bytes());
        packed.extend_from_slice(block);
    }
    let crc = !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 }
        })
    });
    packed.extend_from_slice(&crc.to_le_bytes());
    packed.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    packed
}

#[test]
fn an_encoded_body_reads_like_the_plain_one() {
    let plain = everything();
    let mut exchange = plain.exchange(Ending::Complete);
    let head = exchange.response.as_mut().unwrap();
    head.headers.push(("Content-Encoding".into(), b"gzip".to_vec()));
    let packed = gzip(&plain.bytes);
    let mut chunks = Vec::new();
    for (place, piece) in packed.chunks(333).enumerate() {
        chunks.push(Chunk {
            offset: place as u64 * 333,
            len: piece.len() as u64,
            at_us: place as u64 * 1_000,
        });
    }
    let shelf = scrubjay_session::memory::MemoryShelf::new(exchange, crate::stream::REQUEST.to_vec(), chunks, packed);
    let mut reader = scrubjay_session::query::Reader::open(shelf).unwrap();
    let mut plain = plain.reader(Ending::Complete);
    let texts = |reader: &mut scrubjay_session::query::Reader<_>| -> Vec<_> {
        reader
            .events(1..u32::MAX)
            .map(|line| line.map(|line| line.event).unwrap())
            .collect()
    };
    assert_eq!(texts(&mut reader), texts(&mut plain));
    assert_eq!(reader.state_at(35).unwrap().state, plain.state_at(35).unwrap().state);
    let frames = reader.frames(1..36).unwrap();
    assert!(frames.windows(2).all(|pair| pair[0].at_us <= pair[1].at_us));
    assert!(frames[34].chunk > 5);
}

#[test]
fn a_body_without_a_content_type_reads_like_one_with_it() {
    for content_type in [None, Some(&b"text/plain"[..]), Some(b"application/json")] {
        let plain = everything();
        let mut exchange = plain.exchange(Ending::Complete);
        exchange.chunk_count = plain.chunks.len() as u64;
        exchange.body_len = plain.bytes.len() as u64;
        let headers = &mut exchange.response.as_mut().unwrap().headers;
        headers.clear();
        headers.extend(content_type.map(|value| ("content-type".into(), value.to_vec())));
        let shelf = scrubjay_session::memory::MemoryShelf::new(
            exchange,
            crate::stream::REQUEST.to_vec(),
            plain.chunks.clone(),
            plain.bytes.clone(),
        );
        assert_eq!(
            scrubjay_session::recognise::transport(&shelf).unwrap(),
            Some(Transport::Sse)
        );
        let untyped = scrubjay_session::query::Reader::open(shelf).unwrap();
        let typed = plain.reader(Ending::Complete);
        assert_eq!(untyped.summary().transport, Transport::Sse, "{content_type:?}");
        assert_eq!(untyped.summary().frames, typed.summary().frames);
        assert_eq!(untyped.summary().runs, typed.summary().runs);
    }
}

/// The order in which AG2 sends the events of a call, and its legal neighbours.
#[test]
fn a_result_before_the_end_of_its_call_belongs_to_the_same_span() {
    const START: &str = r#"{"type":"TOOL_CALL_START","toolCallId":"c1","toolCallName":"find"}"#;
    const ARGS: &str = r#"{"type":"TOOL_CALL_ARGS","toolCallId":"c1","delta":"{}"}"#;
    const END: &str = r#"{"type":"TOOL_CALL_END","toolCallId":"c1"}"#;
    const RESULT: &str = r#"{"type":"TOOL_CALL_RESULT","messageId":"x1","toolCallId":"c1","content":"3 flights"}"#;
    for (calls, expected) in [
        (&[START, ARGS, RESULT, END][..], &["find 2..5 closed"][..]),
        (&[START, ARGS, END, RESULT], &["find 2..5 closed"]),
        (&[START, ARGS, RESULT], &["find 2..4 closed"]),
        (&[START, ARGS, END], &["find 2..4 closed"]),
        (&[START, ARGS, END, RESULT, END], &["find 2..5 closed", " 6..6 closed"]),
        (&[RESULT], &[" 2..2 closed"]),
        (&[END], &[" 2..2 closed"]),
    ] {
        let mut stream = Stream::default();
        stream.event(1_000, r#"{"type":"RUN_STARTED","threadId":"t1","runId":"r1"}"#);
        for call in calls {
            stream.event(1_000, call);
        }
        stream.event(1_000, r#"{"type":"CUSTOM","name":"later","value":1}"#);
        stream.event(1_000, r#"{"type":"RUN_FINISHED","threadId":"t1","runId":"r1"}"#);
        let mut reader = stream.reader(Ending::Complete);
        let spans = reader.spans(0..100).unwrap();
        let tools: Vec<String> = spans
            .iter()
            .filter(|span| span.kind == scrubjay_session::query::Kind::Tool)
            .map(|span| {
                let closed = if span.closed && !span.open { "closed" } else { "open" };
                format!("{} {}..{} {closed}", span.name, span.first_seq, span.last_seq)
            })
            .collect();
        assert_eq!(tools, expected, "{calls:?}");
    }
}

#[test]
fn tool_calls_and_parts_that_are_left_out_are_counted() {
    let window = |parts: &[String], calls: usize| {
        let call = |number| {
            format!(r#"{{"id":"c{number}","type":"function","function":{{"name":"find","arguments":"{{}}"}}}}"#)
        };
        let calls: Vec<String> = (0..calls).map(call).collect();
        let mut stream = Stream::default();
        stream
            .event(1_000, r#"{"type":"RUN_STARTED","threadId":"t1","runId":"r1"}"#)
            .event(
                1_000,
                &format!(
                    r#"{{"type":"MESSAGES_SNAPSHOT","messages":[{{"id":"u1","role":"user","content":[{}]}},{{"id":"m1","role":"assistant","content":"","toolCalls":[{}]}}]}}"#,
                    parts.join(","),
                    calls.join(",")
                ),
            );
        stream.reader(Ending::Complete).chat(2, Some(0), 10).unwrap().messages
    };
    let image = r#"{"type":"image","source":{"type":"url","value":"http://127.0.0.1/a.png"}}"#.to_owned();
    let text = |len: usize| format!(r#"{{"type":"text","text":"{}"}}"#, "x".repeat(len));

    let messages = window(&vec![image.clone(); 1_003], 1_002);
    assert_eq!((messages[0].parts.len(), messages[0].parts_skipped), (1_000, 3));
    assert_eq!((messages[1].tools.len(), messages[1].tools_skipped), (1_000, 2));

    let messages = window(&vec![image.clone(); 1_000], 1_000);
    assert_eq!((messages[0].parts.len(), messages[0].parts_skipped), (1_000, 0));
    assert_eq!((messages[1].tools.len(), messages[1].tools_skipped), (1_000, 0));

    // A text that is cut, and two parts after it.
    let messages = window(&[text(10), text((1 << 20) + 1), image.clone(), image.clone()], 0);
    assert_eq!((messages[0].parts.len(), messages[0].parts_skipped), (0, 3));
    assert_eq!(messages[0].text.len(), 10 + (1 << 20));
}

#[test]
fn blame_says_where_it_is_cut() {
    for (leaves, is_cut) in [(100_000, false), (100_001, true)] {
        let list = vec!["0"; leaves].join(",");
        let mut stream = Stream::default();
        stream
            .event(1_000, r#"{"type":"RUN_STARTED","threadId":"t1","runId":"r1"}"#)
            .event(1_000, &format!(r#"{{"type":"STATE_SNAPSHOT","snapshot":[{list}]}}"#));
        let (blame, cut) = stream.reader(Ending::Complete).blame_at(2).unwrap();
        assert_eq!((blame.len(), cut), (100_000, is_cut));
    }
}
