//! The same events over both transports: whatever is asked, the answer is the
//! same, bytes and lengths aside.

use scrubjay_protocol::{
    event::EventType,
    frame::Frame,
    json::{self, Value},
};
use scrubjay_session::{
    derive::{self, Deriver, Purpose},
    exchange::{Chunk, Ending, Exchange, ResponseHead},
    fold::{Fold, piece::NoPieces},
    memory::MemoryShelf,
    query::{Reader, RowsOf},
};

use crate::{Case, cases};

fn case(name: &str) -> Case {
    cases().into_iter().find(|case| case.name == name).unwrap()
}

type Make = fn(Exchange, Vec<u8>, Vec<Chunk>, Vec<u8>) -> MemoryShelf;

/// An exchange whose body comes in these pieces, a millisecond apart.
fn exchange(make: Make, case: &Case, content_type: &str, pieces: &[Vec<u8>]) -> MemoryShelf {
    let mut offset = 0;
    let mut chunks = Vec::new();
    for (piece, n) in pieces.iter().zip(1..) {
        let len = piece.len() as u64;
        chunks.push(Chunk {
            offset,
            len,
            at_us: n * 1_000,
        });
        offset += len;
    }
    let head = ResponseHead {
        status: 200,
        headers: vec![("content-type".into(), content_type.as_bytes().to_vec())],
        ..ResponseHead::default()
    };
    let exchange = Exchange {
        response: Some(head),
        ending: Ending::Complete,
        ..Exchange::default()
    };
    make(exchange, case.request.clone(), chunks, pieces.concat())
}

fn records(case: &Case, make: Make) -> MemoryShelf {
    let pieces: Vec<Vec<u8>> = case
        .frames
        .iter()
        .map(|frame| {
            let len = u32::try_from(frame.data.len()).unwrap();
            [&len.to_be_bytes()[..], &frame.data].concat()
        })
        .collect();
    exchange(make, case, scrubjay_protocol::record::MEDIA_TYPE, &pieces)
}

fn sse(case: &Case) -> MemoryShelf {
    let pieces: Vec<Vec<u8>> = case
        .frames
        .iter()
        .map(|frame| format!("data: {}\n\n", json::to_json(frame.value.as_ref().unwrap())).into_bytes())
        .collect();
    exchange(MemoryShelf::new, case, "text/event-stream", &pieces)
}

/// All that is asked here, as text.
fn answers(shelf: MemoryShelf) -> Vec<String> {
    let mut reader = Reader::open(shelf).unwrap();
    let frames = reader.summary().frames;
    let mut told = Vec::new();
    for span in reader.spans(0..u32::MAX).unwrap() {
        let text = reader.span_text(span.ordinal, 10_000).unwrap();
        told.push(format!(
            "{:?} {} {} {}..{} {text:?}",
            span.kind, span.id, span.name, span.first_seq, span.last_seq
        ));
    }
    for view in [RowsOf::Spans, RowsOf::Events] {
        for row in reader.rows(view, &[], 0, 10_000).unwrap().rows {
            told.push(format!(
                "{:?} {} {} {}",
                row.kind, row.subject, row.summary, row.first_seq
            ));
        }
    }
    for seq in 1..=frames {
        let detail = reader.detail(seq, 1_000_000).unwrap();
        told.push(format!(
            "{} {:?} {:?} {:?}",
            detail.type_name, detail.fields, detail.operations, detail.findings
        ));
        let (fold, _) = reader.fold_at(seq).unwrap();
        told.push(fold.messages_json(&NoPieces) + &fold.state_json(&NoPieces));
        told.push(reader.event(seq).unwrap().event.unwrap());
    }
    told
}

#[test]
fn both_transports_give_the_same_answers() {
    for name in ["all types", "an error", "an interrupt", "a sub-agent that fails"] {
        let case = case(name);
        let (ours, theirs) = (answers(records(&case, MemoryShelf::new)), answers(sse(&case)));
        assert_eq!(ours.len(), theirs.len(), "{name}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(ours, theirs, "{name}");
        }
    }
}

#[test]
fn a_record_shows_its_event_and_keeps_its_bytes() {
    let case = case("all types");
    let mut reader = Reader::open(records(&case, MemoryShelf::new)).unwrap();
    for (frame, seq) in case.frames.iter().zip(1..) {
        let detail = reader.detail(seq, 1_000_000).unwrap();
        assert_eq!(detail.bytes[4..], frame.data);
        let text = detail.raw;
        assert!(detail.raw_decoded && !detail.raw_cut);
        assert!(json::parse(text.as_bytes()).unwrap() == frame.value.clone().unwrap_or(Value::Null));
        let line = reader.event(seq).unwrap();
        assert_eq!((line.entry.kind.as_str(), line.event), ("record", Some(text)));
    }
}

#[test]
fn a_broken_record_shows_its_bytes_and_why() {
    let case = case("a cut string, in a run");
    let mut reader = Reader::open(records(&case, MemoryShelf::new)).unwrap();
    let detail = reader.detail(1, 1_000_000).unwrap();
    assert!(!detail.raw_decoded && detail.fields.is_empty());
    assert_eq!(detail.findings[0].rule, "framing.record");
    let line = reader.event(1).unwrap();
    assert_eq!((line.entry.kind.as_str(), line.event), ("malformed", None));
    let row = &reader.rows(RowsOf::Events, &[], 0, 1).unwrap().rows[0];
    assert_eq!(row.summary, format!("{} bytes", case.frames[0].data.len()));
}

/// A deriver that stops at every commit and goes on from what was stored.
#[test]
fn a_moment_in_a_long_body_is_what_folding_all_before_it_gives() {
    let mut case = case("all types");
    let last = case.frames.pop().unwrap();
    let (head, end) = (case.frames[..2].to_vec(), case.frames[5].clone());
    let is_snapshot = |frame: &&Frame| frame.event_type == Some(EventType::StateSnapshot);
    let snapshot = case.frames.iter().find(is_snapshot).unwrap().clone();
    let pair = vec![case.frames[2].clone(), snapshot];
    let pair_len = pair.iter().map(Frame::len).sum::<u64>();
    let count = usize::try_from(3 * derive::CHECKPOINT_SPACING / pair_len).unwrap();
    case.frames = [head, vec![pair; count].concat(), vec![end, last]].concat();
    let mut shelf = records(&case, MemoryShelf::bare);
    let (chunk_count, mut resumed) = (case.frames.len() as u64, 0);
    loop {
        let mut deriver = Deriver::resume(&shelf, Purpose::Store).unwrap();
        let commits = derive::catch_up(&mut deriver, &shelf, chunk_count, u64::MAX).unwrap();
        if commits.is_empty() {
            shelf.commit(derive::end(&mut deriver, &shelf, Ending::Complete).unwrap());
            break;
        }
        resumed += 1;
        commits.into_iter().for_each(|commit| shelf.commit(commit));
    }
    assert!(resumed >= 2, "derived in {resumed} goes");
    let mut reader = Reader::open(shelf).unwrap();
    let mut fold = Fold::new(&case.request);
    for (frame, seq) in case.frames.iter().zip(1..) {
        fold.push(seq, frame);
        if seq % 499 == 0 || seq as usize == case.frames.len() {
            let held = reader.state_at(seq).unwrap();
            assert_eq!(
                (held.messages, held.state),
                (fold.messages_json(&NoPieces), fold.state_json(&NoPieces))
            );
        }
    }
}
