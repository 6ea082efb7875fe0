use super::*;
use crate::{
    frame::{Detail, FrameKind},
    problem::rule,
};

fn event(len: usize) -> Vec<u8> {
    let mut body = Vec::new();
    write_event(
        &mut body,
        format!(r#"{{"type":"RAW","event":"{}"}}"#, "é".repeat(len)).as_bytes(),
    );
    body
}

#[test]
fn a_frame_over_the_limit_keeps_its_place_and_nothing_else() {
    let body = [event(10), event(1000), b": 1\n:2\n\n".to_vec(), event(10)].concat();
    for piece_len in [1, 7, 300, body.len()] {
        let mut decoder = Decoder::new().with_event_limit(200);
        for piece in body.chunks(piece_len) {
            decoder.push(piece);
        }
        let frames: Vec<_> = std::iter::from_fn(|| decoder.next_frame()).collect();
        let kinds: Vec<_> = frames.iter().map(|frame| frame.kind).collect();
        assert_eq!(
            kinds,
            [
                FrameKind::Event,
                FrameKind::Malformed,
                FrameKind::Comment,
                FrameKind::Event
            ]
        );
        assert!(frames[1].has(rule::EVENT_SIZE) && frames[1].data.is_empty());
        assert_eq!(frames[1].len(), event(1000).len() as u64);
        assert_eq!(decoder.tail_range(), body.len() as u64..body.len() as u64);
    }
}

#[test]
fn many_small_lines_count_together() {
    let mut decoder = Decoder::new().with_event_limit(100);
    decoder.push(&b"data: 1234567890\n".repeat(20));
    decoder.push(b"\n");
    assert!(decoder.next_frame().unwrap().has(rule::EVENT_SIZE));
}

#[test]
fn the_official_limit_counts_characters() {
    const MIB: usize = 1024 * 1024;
    for (len, is_over) in [(9 * MIB, false), (11 * MIB, true)] {
        let mut decoder = Decoder::new().with_detail(Detail::TypeOnly);
        decoder.push(&event(len));
        let frame = decoder.next_frame().unwrap();
        assert_eq!((frame.kind, frame.has(rule::OVER_10_MIB)), (FrameKind::Event, is_over));
    }
}

#[test]
fn text_of_several_lines_takes_several_fields() {
    let mut body = Vec::new();
    write_event(&mut body, b"{\n\"type\":\"X\"}");
    write_comment(&mut body, b"a\nb");
    assert_eq!(body, b"data: {\ndata: \"type\":\"X\"}\n\n: a\n: b\n\n");
}
