//! What goes out when, and how it ends.

use scrubjay_replay::{Cut, End, Pace, Schedule, ScheduleOptions, Step, schedule::EndKind};
use scrubjay_session::exchange::*;

use crate::stage::{Take, corpus, joined, played};

#[test]
fn every_captured_stream_goes_out_in_its_own_chunks() {
    for captured in corpus() {
        let take = Take::captured(captured);
        let recorded = take.recorded(0);
        let (parts, end) = played(&recorded, ScheduleOptions::default());
        assert!(joined(&parts) == take.body, "{}", captured.name);
        let times: Vec<(usize, u64)> = parts.iter().map(|part| (part.bytes.len(), part.at_us)).collect();
        let chunks = take.chunks.iter().filter(|chunk| chunk.len > 0);
        let chunks: Vec<(usize, u64)> = chunks.map(|chunk| (chunk.len as usize, chunk.at_us)).collect();
        assert_eq!(times, chunks, "{}", captured.name);
        assert!(parts.is_sorted_by_key(|part| part.at_us));
        assert!(
            parts
                .iter()
                .enumerate()
                .all(|(nth, part)| part.nth == nth as u64 && part.held_us == 0)
        );
        let is_cut = captured.meta["error"].is_string();
        assert_eq!(
            end.how,
            if is_cut {
                EndKind::Reset
            } else {
                EndKind::Complete(Vec::new())
            },
            "{}",
            captured.name
        );
    }
}

#[test]
fn twenty_schedules_are_alike() {
    let recorded = Take::of("copilotkit-runtime/01-chat").recorded(0);
    let first = played(&recorded, ScheduleOptions::default());
    assert!((1..20).all(|_| played(&recorded, ScheduleOptions::default()) == first));
}

#[test]
fn frames_are_numbered_as_in_the_recording_and_can_go_one_by_one() {
    for captured in corpus() {
        let recorded = Take::captured(captured).recorded(0);
        let (chunks, _) = played(&recorded, ScheduleOptions::default());
        let marks = |parts: &[scrubjay_replay::Part]| -> Vec<_> {
            let marks = parts.iter().flat_map(|part| &part.marks);
            marks.map(|mark| (mark.seq, mark.event_type.clone())).collect()
        };
        let (frames, _) = played(
            &recorded,
            ScheduleOptions {
                cut: Cut::Frames,
                ..ScheduleOptions::default()
            },
        );
        assert_eq!(marks(&chunks), marks(&frames), "{}", captured.name);
        let seqs: Vec<u32> = marks(&frames).iter().map(|(seq, _)| *seq).collect();
        assert_eq!(seqs, (1..=u32::try_from(seqs.len()).unwrap()).collect::<Vec<_>>());
        assert!(frames.iter().all(|part| part.marks.len() <= 1), "{}", captured.name);
        assert!(joined(&frames) == captured.body, "{}", captured.name);
    }
}

#[test]
fn a_stream_can_be_stepped_from_where_it_is() {
    let take = Take::of("copilotkit-runtime/01-chat");
    let mut one_chunk = take.clone();
    one_chunk.chunks = vec![Chunk {
        offset: 0,
        len: take.body.len() as u64,
        at_us: 5,
    }];
    let mut schedule = Schedule::new(
        &one_chunk.recorded(0),
        ScheduleOptions {
            cut: Cut::Frames,
            ..ScheduleOptions::default()
        },
    );
    let mut bytes = Vec::new();
    let mut parts = 0;
    while let Some(Ok(Step::Part(part))) = schedule.next() {
        bytes.extend_from_slice(&part.bytes);
        parts += 1;
        if parts == 3 {
            schedule.set_cut(Cut::Recorded);
        }
    }
    assert_eq!(parts, 4, "three by order, and the rest of the chunk");
    assert!(bytes == take.body);
    assert!(schedule.frames() > 4);
}

#[test]
fn endings_are_replayed_as_themselves() {
    let take = Take::of("mastra/01-chat");
    for (ending, how) in [
        (
            Ending::Complete,
            EndKind::Complete(vec![("x-sum".into(), b"1".to_vec())]),
        ),
        (Ending::UpstreamReset, EndKind::Reset),
        (Ending::UpstreamClosed, EndKind::Unterminated),
        (Ending::ClientLeft, EndKind::Never),
        (Ending::RecorderStopped, EndKind::Reset),
        (Ending::Open, EndKind::Reset),
    ] {
        let mut take = take.clone().ending(ending);
        take.exchange.trailers = vec![("x-sum".into(), b"1".to_vec())];
        take.exchange.last_at_us = 90_000_000;
        let (_, end) = played(&take.recorded(0), ScheduleOptions::default());
        assert_eq!((end.how, end.at_us), (how, 90_000_000), "{ending:?}");
    }
    let mut nothing = take.ending(Ending::NoAnswer);
    (nothing.exchange.response, nothing.body, nothing.chunks) = (None, Vec::new(), Vec::new());
    let mut schedule = Schedule::new(&nothing.recorded(0), ScheduleOptions::default());
    assert!(schedule.head().is_none());
    let steps: Vec<Step> = schedule.by_ref().map(Result::unwrap).collect();
    assert!(matches!(
        steps.as_slice(),
        [Step::End(End {
            how: EndKind::Reset,
            ..
        })]
    ));
}

#[test]
fn heads_lose_what_belongs_to_a_connection_or_was_not_kept() {
    let mut take = Take::of("mastra/01-chat");
    let head = take.exchange.response.as_mut().unwrap();
    head.status = 307;
    head.headers = [
        ("Connection", "keep-alive, X-Hop"),
        ("Transfer-Encoding", "chunked"),
        ("X-Hop", "1"),
        ("Set-Cookie", "scrubjay-fp:0011223344556677"),
        ("Location", "http://127.0.0.1:9/chat/?a=b"),
        ("Link", "<http://127.0.0.1:9/x>"),
        ("X-Twice", "1"),
        ("X-Twice", "2"),
        ("Content-Length", "7"),
    ]
    .map(|(name, value)| (name.into(), value.into()))
    .into();
    take.exchange.response_at_us = Some(7_000);
    let head = Schedule::new(&take.recorded(0), ScheduleOptions::default())
        .head()
        .unwrap()
        .clone();
    assert_eq!((head.status, head.at_us), (307, 7_000));
    assert_eq!(head.omitted, ["Set-Cookie"]);
    let headers: Vec<(&str, &str)> = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), std::str::from_utf8(value).unwrap()))
        .collect();
    assert_eq!(
        headers,
        [
            ("Location", "/chat/?a=b"),
            ("Link", "<http://127.0.0.1:9/x>"),
            ("X-Twice", "1"),
            ("X-Twice", "2"),
            ("Content-Length", "7")
        ]
    );
}

#[test]
fn a_hole_ends_what_was_begun_before_it() {
    let mut take = Take::of("mastra/01-chat");
    take.body = b"data: {\"type\":\"RUN_STdata: {\"type\":\"RUN_FINISHED\"}\n\n".to_vec();
    take.chunks = vec![
        Chunk {
            offset: 0,
            len: 21,
            at_us: 1,
        },
        Chunk {
            offset: 1000,
            len: take.body.len() as u64 - 21,
            at_us: 2,
        },
    ];
    take.exchange.holes = vec![Hole {
        offset: 21,
        len: Some(979),
    }];
    let (parts, _) = played(&take.recorded(0), ScheduleOptions::default());
    assert_eq!(joined(&parts), take.body);
    let marks: Vec<_> = parts
        .iter()
        .map(|part| part.marks.iter().map(|mark| mark.seq).collect::<Vec<_>>())
        .collect();
    assert_eq!(marks, [[1], [2]]);
}

#[test]
fn due_times_never_go_back_at_any_pace() {
    let recorded = Take::of("langgraph/02-backend-tool-run1").recorded(0);
    for pace in ["recorded", "10x", "0.1x", "instant", "fixed:5"] {
        let pace: Pace = pace.parse().unwrap();
        let cut = if pace.is_by_event() { Cut::Frames } else { Cut::Recorded };
        let (parts, end) = played(
            &recorded,
            ScheduleOptions {
                cut,
                ..ScheduleOptions::default()
            },
        );
        let mut due: Vec<_> = parts
            .iter()
            .map(|part| pace.due(part.at_us, part.nth).unwrap())
            .collect();
        due.push(pace.due(end.at_us, parts.len() as u64).unwrap());
        assert!(due.is_sorted(), "{pace}");
    }
}

#[test]
fn a_frame_that_is_too_large_to_be_held_goes_out_as_it_came() {
    const CHUNK_LEN: usize = 1 << 20;
    let mut take = Take::of("mastra/01-chat");
    take.body = b"data: {\"type\":\"RUN_STARTED\"}\n\ndata: ".to_vec();
    take.body.resize(66 * CHUNK_LEN, b'x');
    take.body.extend(b"\n\ndata: {\"type\":\"RUN_FINISHED\"}\n\n");
    let offsets = (0..take.body.len()).step_by(CHUNK_LEN);
    take.chunks = offsets
        .map(|offset| Chunk {
            offset: offset as u64,
            len: CHUNK_LEN.min(take.body.len() - offset) as u64,
            at_us: offset as u64,
        })
        .collect();
    let recorded = take.recorded(0);
    let mut ids = scrubjay_replay::IdMap::default();
    ids.insert(scrubjay_replay::adapt::IdKind::Thread, "thread-0001", "live-0001");
    let adapted = ScheduleOptions {
        ids: Some(ids),
        ..ScheduleOptions::default()
    };
    for options in [ScheduleOptions::default(), adapted] {
        let (parts, _) = played(&recorded, options);
        assert!(joined(&parts) == take.body);
        assert_eq!(parts.len(), take.chunks.len());
        let seqs: Vec<u32> = parts.iter().flat_map(|part| &part.marks).map(|mark| mark.seq).collect();
        assert_eq!(seqs, [1, 2, 3]);
    }
}
