//! The quick way to all parts, beside the one that looks at each frame.

use std::sync::Arc;

use proptest::prelude::*;
use scrubjay_protocol::record;
use scrubjay_replay::{
    Bulk, Cut, Faults, IdMap, MatchOptions, Part, Recorded, Schedule, ScheduleOptions, adapt::IdKind, matching::Answer,
};
use scrubjay_session::{exchange::*, memory::MemoryShelf};
use scrubjay_testkit::corpus::workspace;

use crate::stage::{Take, corpus, matcher, played, renamed};

fn options(ids: &IdMap) -> ScheduleOptions {
    ScheduleOptions {
        ids: Some(ids.clone()),
        ..ScheduleOptions::default()
    }
}

fn bulk(recorded: &Recorded, options: ScheduleOptions) -> Option<Bulk> {
    Schedule::new(recorded, options).bulk(recorded)
}

/// Both ways give the same; false when there is no quick one.
fn is_alike(recorded: &Recorded, options: &ScheduleOptions, what: &str) -> bool {
    let Some(mut quick) = bulk(recorded, options.clone()) else {
        return false;
    };
    let (slow, _) = played(recorded, options.clone());
    let mut frames = 0;
    for mut part in slow {
        let got = quick.next().expect("no part should be missing").unwrap();
        frames = part.marks.last().map_or(frames, |mark| mark.seq);
        part.marks.clear();
        assert!(got == part, "{what}: {got:?} instead of {part:?}");
        if options.ids.is_some() {
            assert_eq!(quick.frames(), frames, "{what}, part {}", part.nth);
        }
    }
    assert!(quick.next().is_none(), "{what}");
    true
}

/// The same body in chunks of one length.
fn in_chunks(recorded: &Recorded, body: &[u8], len: usize) -> Recorded {
    let chunk = |(nth, piece): (usize, &[u8])| Chunk {
        offset: (nth * len) as u64,
        len: piece.len() as u64,
        at_us: nth as u64,
    };
    let chunks = body.chunks(len).enumerate().map(chunk).collect();
    let exchange = (*recorded.exchange).clone();
    let input = recorded.request_body.to_vec();
    Recorded::open(Arc::new(MemoryShelf::bare(exchange, input, chunks, body.to_vec()))).unwrap()
}

/// The maps under which a recording is tried: nothing, all that a client of
/// other ids brings, and ids that many events hold.
fn maps(recorded: &Recorded, asked: &scrubjay_replay::IncomingRequest) -> Vec<IdMap> {
    let matcher = scrubjay_replay::Matcher::new(vec![recorded.clone()], MatchOptions::default());
    let mut maps = vec![IdMap::default()];
    if let Answer::Hit(hit) = matcher.ask(asked) {
        let mut more = hit.ids.clone();
        for word in ["assistant", "m-1", "msg", "delta"] {
            more.insert(IdKind::Other, word, "another-0001");
        }
        maps.extend([hit.ids, more]);
    }
    maps
}

/// Tries a recording in several chunkings; gives how often there was a quick way.
fn tried(recorded: &Recorded, body: &[u8], maps: &[IdMap], what: &str) -> usize {
    let mut cases = vec![recorded.clone()];
    for len in [1, 7, 333, 16 * 1024] {
        // A byte a chunk of a long body would take the tests' time, and shows nothing more.
        if body.len() / len <= 5_000 {
            cases.push(in_chunks(recorded, body, len));
        }
    }
    let mut quick = usize::from(is_alike(recorded, &ScheduleOptions::default(), what));
    for recorded in &cases {
        for ids in maps {
            quick += usize::from(is_alike(recorded, &options(ids), what));
        }
    }
    quick
}

#[test]
fn every_captured_stream_comes_out_alike_both_ways() {
    let mut quick = 0;
    for captured in corpus() {
        let take = Take::captured(captured);
        let mut asked = take.asked();
        let input = renamed(&take.input, "live-thread-0001", "live-run-0001");
        if input.is_object() {
            asked.body = serde_json::to_vec(&input).unwrap();
        }
        let recorded = take.recorded(0);
        let maps = maps(&recorded, &asked);
        quick += usize::from(tried(&recorded, &take.body, &maps, &captured.name) > 4);
    }
    assert!(quick > 200, "only {quick} streams have a quick way");
}

#[test]
fn every_sample_comes_out_alike_both_ways() {
    let mut quick = 0;
    for entry in std::fs::read_dir(workspace().join("recordings")).expect("recordings/ is needed") {
        let path = entry.unwrap().path();
        if !path.to_string_lossy().ends_with(".agui.jsonl") {
            continue;
        }
        let file = std::fs::read(&path).unwrap();
        for one in scrubjay_recording::read(file.as_slice()).unwrap().exchanges {
            let body = one.body.clone();
            let input: serde_json::Value = serde_json::from_slice(&one.request_body).unwrap_or_default();
            let shelf = MemoryShelf::bare(one.exchange, one.request_body, one.chunks, one.body);
            let recorded = Recorded::open(Arc::new(shelf)).unwrap();
            let head = &recorded.exchange.request;
            let asked = scrubjay_replay::IncomingRequest {
                method: head.method.clone(),
                target: head.target.clone(),
                headers: head.headers.clone(),
                body: serde_json::to_vec(&renamed(&input, "live-thread-0001", "live-run-0001")).unwrap(),
                isolation: None,
            };
            let maps = maps(&recorded, &asked);
            quick += usize::from(tried(&recorded, &body, &maps, &path.display().to_string()) > 4);
        }
    }
    assert!(quick > 10, "only {quick} exchanges have a quick way");
}

#[test]
fn what_has_to_be_looked_at_frame_by_frame_has_no_quick_way() {
    let take = Take::of("mastra/01-chat");
    let recorded = take.recorded(0);
    let ids = |turn| {
        let mut ids = IdMap::default();
        ids.set_turn(turn);
        ids
    };
    assert!(bulk(&recorded, options(&ids(1))).is_some());
    assert!(bulk(&recorded, options(&ids(2))).is_none(), "ids are made anew");
    let faults = Arc::new(Faults::parse(&["cut:event=2"], 0).unwrap());
    for slow in [
        ScheduleOptions {
            shift_us: 1,
            ..options(&ids(1))
        },
        ScheduleOptions {
            cut: Cut::Frames,
            ..ScheduleOptions::default()
        },
        ScheduleOptions {
            faults,
            ..ScheduleOptions::default()
        },
    ] {
        assert!(bulk(&recorded, slow.clone()).is_none(), "{slow:?}");
    }
    let mut text = take.clone();
    text.body = b"{\"threadId\":\"thread-0001\"}".to_vec();
    text.exchange.response.as_mut().unwrap().headers = vec![("content-type".into(), b"application/json".to_vec())];
    let text = in_chunks(&text.recorded(0), &text.body, 9);
    assert!(bulk(&text, options(&ids(1))).is_none(), "no frames");
    let mut strange = ids(1);
    strange.insert(IdKind::Other, "\u{e9}/\u{e9}", "ok");
    assert!(bulk(&recorded, options(&strange)).is_none(), "any text may hold it");
}

/// Pieces of bodies that decoders stumble over.
fn pieces() -> impl Strategy<Value = Vec<&'static [u8]>> {
    let piece = prop::sample::select(vec![
        &b"\n"[..],
        b"\r",
        b"\r\n",
        b"\n\n",
        b": ping",
        b"data",
        b"data: ",
        b"data: {\"threadId\":\"thread-0001\"}\n\n",
        b"data: {\"x\":[\"thread-0001\",\"{\\\"id\\\":\\\"thread-0001\\\"}\"]}\r\n\r\n",
        b"data: {\"x\":\"thread-0001\"\n\n",
        b"data: {\"x\":\ndata: \"thread-0001\"}\r\r",
        b"data: {\"delta\":\"more and more of it\"}\n\n",
        b"\xEF\xBB\xBF",
        b"\0\0\0\x02\x0a\0",
        b"\0\0\0\x1a\x62\x18\x0a\x02\x08\x0b\x12\x0bthread-0001\x1a\x05run-1",
        b"\0\0\0\0",
        b"thread-0001",
        b"\0\0\x02",
    ]);
    prop::collection::vec(piece, 0..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_body_comes_out_alike_both_ways(
        pieces in pieces(),
        lens in prop::collection::vec((0_u64..60, prop::bool::weighted(0.1)), 1..40),
        records: bool,
        live in prop::sample::select(vec!["", "L", "live-thread-that-is-longer"]),
    ) {
        let body = pieces.concat();
        let (mut chunks, mut holes, mut taken, mut offset) = (Vec::new(), Vec::new(), 0, 0);
        for (nth, (len, has_hole)) in lens.iter().cycle().enumerate().take(400) {
            if *has_hole {
                holes.push(Hole { offset, len: Some(5) });
                offset += 5;
            }
            let len = (*len).min(body.len() as u64 - taken);
            // Times that go back are not promised to be absent.
            chunks.push(Chunk { offset, len, at_us: (nth as u64 * 7) % 50 });
            offset += len;
            taken += len;
        }
        let body = body[..usize::try_from(taken).unwrap()].to_vec();
        let content_type = if records { record::MEDIA_TYPE } else { "text/event-stream" };
        let mut take = Take::of("mastra/01-chat");
        take.exchange.response.as_mut().unwrap().headers = vec![("content-type".into(), content_type.into())];
        take.exchange.holes = holes;
        (take.chunks, take.body) = (chunks, body);
        let mut ids = IdMap::default();
        ids.insert(IdKind::Thread, "thread-0001", live);
        let recorded = take.recorded(0);
        for options in [ScheduleOptions::default(), options(&IdMap::default()), options(&ids)] {
            is_alike(&recorded, &options, "made up");
        }
    }
}

#[test]
fn a_frame_that_is_too_large_to_be_held_comes_out_alike() {
    const CHUNK_LEN: usize = 1 << 20;
    let mut take = Take::of("mastra/01-chat");
    let named = b"data: {\"threadId\":\"thread-0001\"}\n\n";
    take.body = [&named[..], b"data: \"thread-0001"].concat();
    take.body.resize(66 * CHUNK_LEN, b'x');
    take.body.extend(b"\n\n");
    take.body.extend(named);
    let mut ids = IdMap::default();
    ids.insert(IdKind::Thread, "thread-0001", "live-0001");
    let recorded = in_chunks(&take.recorded(0), &take.body, CHUNK_LEN);
    assert!(is_alike(&recorded, &options(&ids), "a large frame"));
}

#[test]
fn the_same_ids_are_the_bytes_as_recorded() {
    let take = Take::of("copilotkit-runtime/01-chat");
    let Answer::Hit(hit) = matcher([&take], MatchOptions::default()).ask(&take.asked()) else {
        panic!("it should be answered");
    };
    let recorded = take.recorded(0);
    let parts: Vec<Part> = bulk(&recorded, options(&hit.ids))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(crate::stage::joined(&parts), take.body);
}
