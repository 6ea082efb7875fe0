//! Who wrote a value, what a span is made of, what was not recorded.

use scrubjay_session::{
    exchange::{Ending, Exchange, Hole},
    memory::MemoryShelf,
    query::{Axis, Form, LaneId, Reader, Severity, WriteHistory},
};

use crate::stream::{REQUEST, Stream};

/// `/n` is 0 in the request, and set by #2, #4 and #6; `/kept` by #2 alone.
fn counting() -> Stream {
    let mut stream = Stream::default();
    stream
        .event(1_000, r#"{"type":"RUN_STARTED","threadId":"t1","runId":"r1"}"#)
        .event(
            1_000,
            r#"{"type":"STATE_SNAPSHOT","snapshot":{"n":1,"kept":{"a":true}}}"#,
        )
        .event(
            1_000,
            r#"{"type":"TEXT_MESSAGE_START","messageId":"m1","role":"assistant"}"#,
        )
        .event(
            1_000,
            r#"{"type":"STATE_DELTA","delta":[{"op":"replace","path":"/n","value":2}]}"#,
        )
        .event(
            7_000,
            r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m1","delta":"Hello, "}"#,
        )
        .event(
            1_000,
            r#"{"type":"STATE_DELTA","delta":[{"op":"replace","path":"/n","value":3}]}"#,
        )
        .event(
            1_000,
            r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m1","delta":"world."}"#,
        )
        .event(1_000, r#"{"type":"TEXT_MESSAGE_END","messageId":"m1"}"#)
        .event(1_000, r#"{"type":"RUN_FINISHED","threadId":"t1","runId":"r1"}"#);
    stream
}

fn told(writes: &WriteHistory) -> Vec<(u32, &str)> {
    writes
        .writes
        .iter()
        .map(|write| (write.seq, write.value.as_str()))
        .collect()
}

#[test]
fn writes_of_a_value_are_told_back_to_the_request() {
    let mut reader = counting().reader(Ending::Complete);
    let writes = reader.writes(5, "/n", 10).unwrap();
    assert_eq!(told(&writes), [(4, "2"), (2, "1"), (0, "0")]);
    assert_eq!((writes.more, writes.next), (false, Some(6)));
    assert_eq!(writes.writes[0].at_us, 4_000);

    let writes = reader.writes(9, "/n", 2).unwrap();
    assert_eq!(told(&writes), [(6, "3"), (4, "2")]);
    assert_eq!((writes.more, writes.next), (true, None));
}

#[test]
fn a_branch_is_written_when_something_in_it_is() {
    let mut reader = counting().reader(Ending::Complete);
    let all = reader.writes(9, "", 10).unwrap();
    let frames: Vec<u32> = all.writes.iter().map(|write| write.seq).collect();
    assert_eq!(frames, [6, 4, 2, 0]);
    let kept = reader.writes(9, "/kept", 10).unwrap();
    assert_eq!(told(&kept), [(2, "{a}")]);
    assert_eq!(reader.writes(9, "/nowhere", 10).unwrap(), WriteHistory::default());
}

#[test]
fn looking_for_writes_leaves_the_state_at_the_playhead_alone() {
    let mut reader = counting().reader(Ending::Complete);
    let before = reader.state_at(5).unwrap();
    reader.writes(5, "/n", 10).unwrap();
    assert_eq!(reader.state_at(5).unwrap().state, before.state);
}

#[test]
fn a_spans_text_is_as_of_the_frame() {
    let mut reader = counting().reader(Ending::Complete);
    let span = reader.detail(5, 1_000).unwrap().span.unwrap().ordinal;
    let at = |reader: &mut Reader<MemoryShelf>, seq| {
        let text = reader.span_text_until(span, seq, 1_000).unwrap();
        (text.text, text.later)
    };
    assert_eq!(at(&mut reader, 3), (String::new(), 3));
    assert_eq!(at(&mut reader, 6), ("Hello, ".to_owned(), 2));
    assert_eq!(at(&mut reader, 9), ("Hello, world.".to_owned(), 0));
    assert_eq!(reader.detail(5, 1_000).unwrap().span.unwrap().text, "Hello, ");
}

#[test]
fn a_spans_events_are_told_with_their_gaps_and_when_they_came() {
    let mut reader = counting().reader(Ending::Complete);
    let span = reader.detail(5, 1_000).unwrap().span.unwrap().ordinal;
    let events = reader.span_events(span, 7, 2, 10).unwrap();
    assert_eq!((events.first, events.total), (1, 4));
    let shown: Vec<_> = events.events.iter().map(|event| (event.seq, event.gap_us)).collect();
    assert_eq!(shown, [(5, 8_000), (7, 2_000)]);
    // From 3 to 14 ms in ten parts: one at the start, the rest at the end.
    assert_eq!(events.rate, [1, 0, 0, 0, 0, 0, 0, 1, 0, 2]);
    assert_eq!(events.rate.iter().sum::<u32>(), events.total);
}

#[test]
fn what_was_not_recorded_is_hatched_between_the_bytes_around_it() {
    let mut stream = counting();
    let hole = 40;
    // The bytes after the third chunk stand further back by as many as are missing.
    let at = stream.chunks[2].offset + stream.chunks[2].len;
    for chunk in &mut stream.chunks[3..] {
        chunk.offset += hole;
    }
    let exchange = Exchange {
        holes: vec![Hole {
            offset: at,
            len: Some(hole),
        }],
        ..stream.exchange(Ending::Complete)
    };
    let shelf = MemoryShelf::new(exchange, REQUEST.to_vec(), stream.chunks.clone(), stream.bytes.clone());
    let mut reader = Reader::open(shelf).unwrap();
    let picture = reader.lanes(Axis::Clock, 0.0, 16_000.0, 1_000).unwrap();
    let wire = picture.lanes.iter().find(|lane| lane.id == LaneId::Wire).unwrap();
    let hatched: Vec<_> = wire.shapes.iter().filter(|shape| shape.form == Form::Hatched).collect();
    assert_eq!(hatched.len(), 1, "{wire:?}");
    assert_eq!((hatched[0].from, hatched[0].to), (3_000.0, 4_000.0));
    assert_eq!(hatched[0].severity, Some(Severity::Warning));
    assert_eq!(hatched[0].label, "40 bytes not recorded");
}
