//! What holds for every stream and every way of following it.

use std::sync::Arc;

use proptest::prelude::*;
use scrubjay_session::{
    derive::{Commit, Deriver, Purpose},
    exchange::{Chunk, Ending},
    fold::piece::PieceSource,
    memory::MemoryShelf,
    query::{Axis, Reader, RowsOf, Target},
    shelf::{PageKind, Shelf as _},
};

use crate::stream::{REQUEST, Stream};

/// An event of a small alphabet, so that ids meet.
fn frame() -> impl Strategy<Value = String> {
    let id = 0..4_u8;
    prop_oneof![
        id.clone()
            .prop_map(|id| format!(r#"data: {{"type":"TEXT_MESSAGE_START","messageId":"m{id}"}}"#)),
        (id.clone(), "[a-zäß😀\"]{0,12}").prop_map(|(id, text)| {
            let text = text.replace('"', "\\\"");
            format!(r#"data: {{"type":"TEXT_MESSAGE_CONTENT","messageId":"m{id}","delta":"{text}"}}"#)
        }),
        id.clone()
            .prop_map(|id| format!(r#"data: {{"type":"TEXT_MESSAGE_END","messageId":"m{id}"}}"#)),
        id.clone()
            .prop_map(|id| format!(r#"data: {{"type":"TEXT_MESSAGE_CHUNK","messageId":"m{id}","delta":"c"}}"#)),
        Just(r#"data: {"type":"TEXT_MESSAGE_CHUNK","delta":"more"}"#.to_owned()),
        id.clone().prop_map(|id| format!(
            r#"data: {{"type":"TOOL_CALL_START","toolCallId":"c{id}","toolCallName":"f{id}"}}"#
        )),
        id.clone()
            .prop_map(|id| format!(r#"data: {{"type":"TOOL_CALL_ARGS","toolCallId":"c{id}","delta":"{{}}"}}"#)),
        id.clone()
            .prop_map(|id| format!(r#"data: {{"type":"TOOL_CALL_END","toolCallId":"c{id}"}}"#)),
        id.clone().prop_map(|id| format!(
            r#"data: {{"type":"TOOL_CALL_RESULT","messageId":"x","toolCallId":"c{id}","content":"ok"}}"#
        )),
        id.clone()
            .prop_map(|n| format!(r#"data: {{"type":"STATE_SNAPSHOT","snapshot":{{"n":{n},"list":[1,2]}}}}"#)),
        id.clone().prop_map(|n| format!(
            r#"data: {{"type":"STATE_DELTA","delta":[{{"op":"replace","path":"/list/{n}","value":{n}}}]}}"#
        )),
        id.clone()
            .prop_map(|n| format!(r#"data: {{"type":"STEP_STARTED","stepName":"s{n}"}}"#)),
        id.clone()
            .prop_map(|n| format!(r#"data: {{"type":"STEP_FINISHED","stepName":"s{n}"}}"#)),
        id.clone()
            .prop_map(|n| format!(r#"data: {{"type":"SUBAGENT_STARTED","subagentRunId":"a{n}","name":"n"}}"#)),
        id.clone()
            .prop_map(|n| format!(r#"data: {{"type":"SUBAGENT_FINISHED","subagentRunId":"a{n}"}}"#)),
        id.prop_map(|n| format!(r#"data: {{"type":"RUN_STARTED","threadId":"t","runId":"r{n}"}}"#)),
        Just(r#"data: {"type":"RUN_FINISHED","threadId":"t","runId":"r"}"#.to_owned()),
        Just(": ping".to_owned()),
        Just("data: [DONE]".to_owned()),
        Just(r#"data: {"type":"META","x":1}"#.to_owned()),
    ]
}

/// A stream whose chunks are cut anywhere.
fn stream() -> impl Strategy<Value = Stream> {
    (
        prop::collection::vec(
            (frame(), prop_oneof![4 => 0..3_000_u64, 1 => 400_000..5_000_000_u64]),
            1..60,
        ),
        prop::collection::vec(any::<u16>(), 0..40),
    )
        .prop_map(|(frames, cuts)| {
            let mut whole = Stream::default();
            for (frame, after_us) in frames {
                whole.raw(after_us, format!("{frame}\n\n").as_bytes());
            }
            let len = whole.bytes.len() as u64;
            let mut cuts: Vec<u64> = cuts
                .into_iter()
                .map(|cut| u64::from(cut) % len)
                .chain(whole.chunks.iter().map(|chunk| chunk.offset))
                .collect();
            cuts.sort_unstable();
            cuts.dedup();
            cuts.push(len);
            let times = whole.chunks.clone();
            whole.chunks = cuts
                .windows(2)
                .map(|pair| {
                    let idx = times.partition_point(|chunk| chunk.offset <= pair[0]) - 1;
                    Chunk {
                        offset: pair[0],
                        len: pair[1] - pair[0],
                        at_us: times[idx].at_us,
                    }
                })
                .collect();
            whole
        })
}

/// Hands over chunks in batches; stores what falls due before going on.
fn follow(deriver: &mut Deriver, shelf: &mut MemoryShelf, batch: usize) -> Vec<Commit> {
    let mut all = Vec::new();
    let chunks = shelf.chunks(deriver.next_chunk()..u64::MAX).unwrap();
    for chunks in chunks.chunks(batch) {
        let (first, last) = (chunks[0], chunks[chunks.len() - 1]);
        let bytes = shelf.body(first.offset..last.offset + last.len).unwrap();
        let commits = deriver.push_chunks(chunks, &bytes, &Pieces(shelf));
        commits.iter().cloned().for_each(|commit| shelf.commit(commit));
        all.extend(commits);
    }
    all
}

struct Pieces<'a>(&'a MemoryShelf);

impl PieceSource for Pieces<'_> {
    fn piece(&self, id: u64) -> Option<Arc<[u8]>> {
        self.0.page(PageKind::Piece, id).unwrap()
    }
}

fn bare(stream: &Stream) -> MemoryShelf {
    MemoryShelf::bare(
        stream.exchange(Ending::Complete),
        REQUEST.to_vec(),
        stream.chunks.clone(),
        stream.bytes.clone(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn pages_do_not_depend_on_how_chunks_are_handed_over(stream in stream(), batch in 1..9_usize) {
        let exchange = stream.exchange(Ending::Complete);
        let mut one = Deriver::new(&exchange, REQUEST, Purpose::Store);
        let mut other = Deriver::new(&exchange, REQUEST, Purpose::Store);
        prop_assert_eq!(follow(&mut one, &mut bare(&stream), 1), follow(&mut other, &mut bare(&stream), batch));
        let pieces = bare(&stream);
        prop_assert_eq!(one.end(Ending::Complete, &Pieces(&pieces)), other.end(Ending::Complete, &Pieces(&pieces)));
    }

    #[test]
    fn frames_tile_the_body_and_spans_hold_every_frame_once(stream in stream()) {
        let mut reader = stream.reader(Ending::Complete);
        let frames = reader.summary().frames;
        let mut end = 0;
        for entry in reader.frames(1..frames + 1).unwrap() {
            prop_assert_eq!(entry.offset, end);
            end = entry.end();
        }
        let spans = reader.spans(0..u32::MAX).unwrap();
        prop_assert_eq!(spans.iter().map(|span| span.frames).sum::<u32>(), frames);
        prop_assert!(spans.windows(2).all(|pair| pair[0].first_seq <= pair[1].first_seq));
        for (idx, span) in spans.iter().enumerate() {
            prop_assert_eq!(span.ordinal as usize, idx);
        }
    }

    #[test]
    fn windows_of_rows_put_together_are_the_whole(stream in stream(), expanded in prop::collection::vec(0..40_u32, 0..6), size in 1..17_u32) {
        let mut reader = stream.reader(Ending::Complete);
        for view in [RowsOf::Spans, RowsOf::Events] {
            let whole = reader.rows(view, &expanded, 0, 10_000).unwrap();
            prop_assert_eq!(whole.total, whole.rows.len() as u64);
            let mut rows = Vec::new();
            while (rows.len() as u64) < whole.total {
                rows.extend(reader.rows(view, &expanded, rows.len() as u64, size).unwrap().rows);
            }
            prop_assert_eq!(rows, whole.rows);
        }
    }

    #[test]
    fn a_frame_is_found_where_it_is(stream in stream()) {
        let mut reader = stream.reader(Ending::Complete);
        for axis in [Axis::Clock, Axis::Collapsed, Axis::Index] {
            let mut before = 0.0;
            for seq in 1..=reader.summary().frames {
                let place = reader.place(axis, seq).unwrap();
                prop_assert!(place.x >= before);
                before = place.x;
                let found = reader.locate(axis, Target::X(place.x)).unwrap();
                prop_assert_eq!(found.at_us, place.at_us);
                prop_assert!(found.seq >= seq);
                prop_assert_eq!(reader.locate(axis, Target::Seq(seq)).unwrap(), place);
            }
        }
    }
}

/// Long enough for several checkpoints, with text, state and interleaving calls.
fn long_stream() -> Stream {
    let mut stream = Stream::default();
    stream.event(5, r#"{"type":"RUN_STARTED","threadId":"t","runId":"r"}"#);
    stream.event(5, r#"{"type":"STATE_SNAPSHOT","snapshot":{"list":[0],"n":0}}"#);
    for call in ["a", "b"] {
        stream.event(
            5,
            &format!(r#"{{"type":"TOOL_CALL_START","toolCallId":"{call}","toolCallName":"f"}}"#),
        );
    }
    for n in 0..9_000_u64 {
        let pad = "x".repeat((n * 7 % 90) as usize);
        match n % 6 {
            0 if n % 600 == 0 => stream.event(
                3,
                &format!(r#"{{"type":"TEXT_MESSAGE_START","messageId":"m{}"}}"#, n / 600),
            ),
            0 | 1 => stream.event(
                3,
                &format!(
                    r#"{{"type":"TEXT_MESSAGE_CONTENT","messageId":"m{}","delta":"{pad} {n}"}}"#,
                    n / 600
                ),
            ),
            2 => stream.event(
                3,
                &format!(r#"{{"type":"TOOL_CALL_ARGS","toolCallId":"a","delta":"{pad}"}}"#),
            ),
            3 => stream.event(
                3,
                &format!(r#"{{"type":"TOOL_CALL_ARGS","toolCallId":"b","delta":"{pad}"}}"#),
            ),
            4 => stream.event(
                3,
                &format!(r#"{{"type":"STATE_DELTA","delta":[{{"op":"replace","path":"/n","value":{n}}}]}}"#),
            ),
            _ => stream.event(
                900,
                &format!(r#"{{"type":"CUSTOM","name":"c","value":"{pad}{pad}{pad}"}}"#),
            ),
        };
    }
    stream
}

#[test]
fn going_on_from_any_checkpoint_gives_the_same_pages() {
    goes_on_from_any_checkpoint(&long_stream());
}

/// A checkpoint falls due inside of a chunk then.
#[test]
fn going_on_inside_of_a_chunk_gives_the_same_pages() {
    let mut stream = long_stream();
    let mut merged: Vec<Chunk> = Vec::new();
    for chunk in &stream.chunks {
        match merged.last_mut().filter(|last| last.len < 2_000_000) {
            Some(last) => {
                last.len += chunk.len;
                last.at_us = chunk.at_us;
            }
            None => merged.push(*chunk),
        }
    }
    assert!(merged.len() < 3, "a chunk holds several checkpoints");
    stream.chunks = merged;
    goes_on_from_any_checkpoint(&stream);
}

fn goes_on_from_any_checkpoint(stream: &Stream) {
    let whole = stream.shelf(Ending::Complete);
    let checkpoints = whole.pages().filter(|(kind, ..)| *kind == PageKind::Checkpoint).count();
    assert!(
        checkpoints >= 2,
        "{checkpoints} checkpoints in {} bytes",
        stream.bytes.len()
    );
    let exchange = stream.exchange(Ending::Complete);
    let mut deriver = Deriver::new(&exchange, REQUEST, Purpose::Store);
    let commits = follow(&mut deriver, &mut bare(stream), 100);
    for stop_after in 1..=commits.len() {
        let mut shelf = bare(stream);
        commits[..stop_after]
            .iter()
            .cloned()
            .for_each(|commit| shelf.commit(commit));
        let mut resumed = Deriver::resume(&shelf, Purpose::Store).unwrap();
        assert_eq!(resumed.watermark().seq, commits[stop_after - 1].watermark.seq);
        follow(&mut resumed, &mut shelf, 64);
        let last = resumed.end(Ending::Complete, &Pieces(&shelf)).unwrap();
        shelf.commit(last);
        let all = |shelf: &MemoryShelf| {
            shelf
                .pages()
                .map(|(kind, number, bytes)| (kind, number, bytes.clone()))
                .collect::<Vec<_>>()
        };
        for (one, other) in all(&shelf).into_iter().zip(all(&whole)) {
            assert_eq!((one.0, one.1), (other.0, other.1));
            assert!(
                one.2 == other.2,
                "page {:?} {} differs after commit {stop_after}",
                one.0,
                one.1
            );
        }
        assert_eq!(shelf.watermark(), whole.watermark());
    }
}

#[test]
fn spilled_stretches_give_exact_rows() {
    let stream = long_stream();
    let mut reader = stream.reader(Ending::Complete);
    let spans = reader.spans(0..u32::MAX).unwrap();
    let call = spans.iter().find(|span| span.id == "a").unwrap();
    assert!(call.frames > 1_000);
    let rows = reader
        .rows(RowsOf::Spans, &[call.ordinal], u64::from(call.ordinal) + 1, call.frames)
        .unwrap()
        .rows;
    for (place, row) in rows.iter().enumerate() {
        assert_eq!(reader.frame(row.first_seq).unwrap().span, call.ordinal);
        let found = reader.row_of(RowsOf::Spans, &[call.ordinal], row.first_seq).unwrap();
        assert_eq!(found, u64::from(call.ordinal) + 1 + place as u64);
    }
}

#[test]
fn an_overlay_on_stored_pages_equals_derivation_in_one_go() {
    let stream = long_stream();
    let mut whole = stream.reader(Ending::Complete);
    let exchange = stream.exchange(Ending::Complete);
    let mut deriver = Deriver::new(&exchange, REQUEST, Purpose::Store);
    let commits = follow(&mut deriver, &mut bare(&stream), 100);
    let mut shelf = bare(&stream);
    shelf.commit(commits[0].clone());
    let mut reader = Reader::open(shelf).unwrap();
    assert_eq!(reader.summary().frames, whole.summary().frames);
    assert_eq!(reader.summary().findings, whole.summary().findings);
    let frames = whole.summary().frames;
    assert_eq!(
        reader.frames(1..frames + 1).unwrap(),
        whole.frames(1..frames + 1).unwrap()
    );
    assert_eq!(reader.spans(0..u32::MAX).unwrap(), whole.spans(0..u32::MAX).unwrap());
    let end = whole.extent().unwrap().clock;
    for (from, to) in [(0.0, end), (end * 0.3, end * 0.4)] {
        assert_eq!(
            reader.lanes(Axis::Clock, from, to, 700).unwrap(),
            whole.lanes(Axis::Clock, from, to, 700).unwrap()
        );
    }
}

#[test]
fn the_state_from_a_checkpoint_equals_the_state_folded_from_the_start() {
    let stream = long_stream();
    let mut stored = stream.reader(Ending::Complete);
    let mut folded = Reader::open(bare(&stream)).unwrap();
    let frames = stored.summary().frames;
    let mut seqs: Vec<u32> = (0..40).map(|n| n * 7_919 % frames).collect();
    seqs.push(frames);
    for seq in seqs {
        let (one, other) = (stored.state_at(seq).unwrap(), folded.state_at(seq).unwrap());
        assert_eq!(
            (one.messages, one.state, one.stopped),
            (other.messages, other.state, other.stopped),
            "#{seq}"
        );
    }
    let mut fresh = stream.reader(Ending::Complete);
    assert!(fresh.state_at(frames - 5).unwrap().explain.checkpoint > 0);
}
