//! Each fault strikes as documented, and twice the same.

use std::{sync::Arc, time::Duration};

use scrubjay_protocol::{
    event::EventType,
    frame::{Frame, FrameKind},
    record, sse,
};
use scrubjay_replay::{Cut, End, Faults, Part, ScheduleOptions, fault::Overlay, schedule::EndKind};
use scrubjay_session::exchange::Chunk;

use crate::stage::{Take, corpus, joined, played};

fn options(specs: &[&str], seed: u64) -> ScheduleOptions {
    ScheduleOptions {
        faults: Arc::new(Faults::parse(specs, seed).unwrap()),
        request: 1,
        ..ScheduleOptions::default()
    }
}

/// Six events of a chunk each, 10 ms apart.
fn take() -> Take {
    let mut take = Take::of("mastra/01-chat");
    let events = [
        r#"{"type":"RUN_STARTED","threadId":"t","runId":"r"}"#,
        r#"{"type":"TEXT_MESSAGE_START","messageId":"m"}"#,
        r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":"a"}"#,
        r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":"b"}"#,
        r#"{"type":"TEXT_MESSAGE_END","messageId":"m"}"#,
        r#"{"type":"RUN_FINISHED","threadId":"t","runId":"r"}"#,
    ];
    (take.body, take.chunks) = (Vec::new(), Vec::new());
    for (nth, event) in events.iter().enumerate() {
        let offset = take.body.len() as u64;
        sse::write_event(&mut take.body, event.as_bytes());
        take.chunks.push(Chunk {
            offset,
            len: take.body.len() as u64 - offset,
            at_us: (nth as u64 + 1) * 10_000,
        });
    }
    take
}

fn spoilt(specs: &[&str]) -> (Vec<Part>, End) {
    played(&take().recorded(0), options(specs, 1))
}

fn frames(body: &[u8]) -> Vec<Frame> {
    let mut decoder = sse::Decoder::new();
    decoder.push(body);
    let mut frames: Vec<Frame> = std::iter::from_fn(|| decoder.next_frame()).collect();
    frames.extend(decoder.finish());
    frames
}

/// What a client gets, in short: a letter an event, `?` for what is none.
fn story(parts: &[Part]) -> String {
    let letter = |frame: &Frame| match frame
        .event_type
        .as_ref()
        .filter(|_| frame.kind == FrameKind::Event)
        .map(EventType::name)
    {
        Some("RUN_STARTED") => "s".to_owned(),
        Some("TEXT_MESSAGE_START") => "m".into(),
        Some("TEXT_MESSAGE_CONTENT") => frame
            .value
            .as_ref()
            .unwrap()
            .get("delta")
            .unwrap()
            .as_str()
            .unwrap()
            .into(),
        Some("TEXT_MESSAGE_END") => "e".into(),
        Some("RUN_FINISHED") => "f".into(),
        Some("RUN_ERROR") => "!".into(),
        Some(other) => format!("<{other}>"),
        None => "?".into(),
    };
    frames(&joined(parts)).iter().map(letter).collect()
}

#[test]
fn faults_of_events_do_what_they_say() {
    let complete = || EndKind::Complete(Vec::new());
    for (spec, expected, how) in [
        ("cut:event=3", "sma", EndKind::Reset),
        ("cut:event=3,how=clean", "sma", complete()),
        ("cut:event=3,how=unterminated", "sma", EndKind::Unterminated),
        ("cut:type=TEXT_MESSAGE_CONTENT,nth=2", "smab", EndKind::Reset),
        ("cut:byte=0", "", EndKind::Reset),
        ("cut:byte=57", "s", EndKind::Reset),
        ("cut:byte=60,how=clean", "s?", complete()),
        ("stall:event=2", "sm", EndKind::Never),
        ("drop:event=4", "smaef", complete()),
        ("drop:type=TEXT_MESSAGE_CONTENT", "smef", complete()),
        ("drop:every=2", "sae", complete()),
        ("drop:rate=1", "", complete()),
        ("drop:rate=0", "smabef", complete()),
        ("duplicate:event=3", "smaabef", complete()),
        ("reorder:event=3", "smbaef", complete()),
        ("reorder:event=6", "smabef", complete()),
        ("corrupt:event=3", "sm?bef", complete()),
        ("corrupt:event=3,how=half", "sm?bef", complete()),
        ("corrupt:event=3,how=brace", "sm?bef", complete()),
        ("corrupt:event=3,how=comma", "sm?bef", complete()),
        ("corrupt:event=3,how=bytes", "sm?bef", complete()),
        ("unknown:event=2", "sm<SCRUBJAY_UNKNOWN>abef", complete()),
        ("unknown:event=2,name=META", "sm<META>abef", complete()),
        (
            "edit:event=3,text={\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"m\",\"delta\":\"x, y\"}",
            "smx, ybef",
            complete(),
        ),
        ("error", "smabe!", complete()),
        ("error:code=boom,message=it broke, badly", "smabe!", complete()),
        ("error:event=3", "sma!", complete()),
        ("oversize:event=3,size=2kB", "smabef", complete()),
        ("drop:event=3,exchange=0,request=1", "smbef", complete()),
        ("drop:event=3,exchange=1", "smabef", complete()),
        ("drop:event=3,request=2", "smabef", complete()),
    ] {
        let (parts, end) = spoilt(&[spec]);
        assert_eq!((story(&parts).as_str(), end.how), (expected, how), "{spec}");
    }
}

#[test]
fn faults_stand_one_after_the_other() {
    for (specs, expected) in [
        (&["duplicate:event=3", "drop:event=3"][..], "smbef"),
        (&["unknown:event=3", "drop:event=3"], "sm<SCRUBJAY_UNKNOWN>bef"),
        (&["drop:event=3", "cut:event=4"], "smb"),
        (&["error", "cut:event=5"], "smabe"),
        (&["reorder:event=3", "corrupt:event=3"], "smb?ef"),
    ] {
        assert_eq!(story(&spoilt(specs).0), expected, "{specs:?}");
    }
}

#[test]
fn a_cut_at_a_byte_is_exact() {
    let body = take().body;
    for byte in 0..=body.len() {
        let (parts, end) = spoilt(&[&format!("cut:byte={byte},how=clean")]);
        assert!(joined(&parts) == body[..byte], "{byte}");
        assert!(end.why.contains("cut:byte"), "{byte}: {}", end.why);
    }
    let (parts, end) = spoilt(&["cut:byte=100000"]);
    assert_eq!((joined(&parts), end.how), (body, EndKind::Complete(Vec::new())));
}

#[test]
fn waits_are_added_at_any_pace() {
    let held = |spec: &str| {
        let (parts, end) = spoilt(&[spec]);
        assert_eq!(story(&parts), "smabef", "{spec}");
        let mut held: Vec<u64> = parts.iter().map(|part| part.held_us / 1000).collect();
        held.push(end.held_us / 1000);
        held
    };
    assert_eq!(held("delay:event=3,by=2s"), [0, 0, 2000, 2000, 2000, 2000, 2000]);
    assert_eq!(held("delay:every=2,by=1s"), [0, 1000, 1000, 2000, 2000, 3000, 3000]);
    assert_eq!(held("stall:event=3,for=2s"), [0, 0, 0, 2000, 2000, 2000, 2000]);
    assert_eq!(held("stall:event=6,for=2s"), [0, 0, 0, 0, 0, 0, 2000]);
    let schedule = scrubjay_replay::Schedule::new(&take().recorded(0), options(&["slow-head:by=1500ms"], 0));
    assert_eq!(schedule.head().unwrap().held_us, 1_500_000);
}

#[test]
fn faults_of_the_transport_keep_the_bytes() {
    let body = take().body;
    let lens = |specs: &[&str]| -> Vec<usize> {
        let (parts, _) = spoilt(specs);
        assert!(joined(&parts) == body, "{specs:?}");
        let marks: Vec<u32> = parts.iter().flat_map(|part| &part.marks).map(|mark| mark.seq).collect();
        assert_eq!(marks, [1, 2, 3, 4, 5, 6], "{specs:?}");
        assert!(
            parts
                .iter()
                .all(|part| part.marks.iter().all(|mark| mark.end <= part.bytes.len()))
        );
        parts.iter().map(|part| part.bytes.len()).collect()
    };
    assert_eq!(lens(&["split"]), vec![1; body.len()]);
    assert!(lens(&["split:bytes=16"]).iter().all(|len| *len <= 16));
    assert_eq!(lens(&["coalesce"]), [body.len()]);
    assert_eq!(lens(&["coalesce:events=4"]).len(), 2);
    assert_eq!(lens(&["coalesce", "split:bytes=1000"]), [body.len()]);
    let (parts, end) = spoilt(&["drip:bytes=100,every=20ms"]);
    let waits: Vec<u64> = parts.iter().map(|part| part.held_us / 1000).collect();
    assert_eq!(waits, (0..parts.len() as u64).map(|nth| nth * 20).collect::<Vec<_>>());
    assert_eq!(end.held_us, parts.last().unwrap().held_us);
}

#[test]
fn an_oversize_event_has_its_size_and_is_still_json() {
    let (parts, _) = spoilt(&["oversize:event=3"]);
    assert_eq!(parts[2].bytes.len(), 11 << 20);
    assert_eq!(story(&parts), "smabef");
    let (_, end) = spoilt(&["oversize:event=3,size=10"]);
    assert!(end.why.contains("met nothing"), "{}", end.why);
}

#[test]
fn what_strikes_nothing_is_reported() {
    for spec in [
        "drop:event=99",
        "drop:type=STATE_DELTA",
        "reorder:event=6",
        "corrupt:rate=0",
    ] {
        let (_, end) = spoilt(&[spec]);
        assert_eq!(end.why, format!("fault `{spec}` met nothing to strike"));
    }
    assert_eq!(spoilt(&["drop:event=1"]).1.why, "");
}

#[test]
fn records_are_spoilt_as_records() {
    let recorded = Take::of("protobuf-encoder/proto-chat").recorded(0);
    let types = |specs: &[&str]| -> Vec<String> {
        let (parts, _) = played(&recorded, options(specs, 1));
        let mut decoder = record::Decoder::new();
        decoder.push(&joined(&parts));
        let frames = std::iter::from_fn(|| decoder.next_frame()).collect::<Vec<_>>();
        assert!(decoder.tail_range().is_empty(), "{specs:?}");
        frames
            .iter()
            .map(|frame| {
                frame
                    .event_type
                    .as_ref()
                    .map_or("?".into(), |event| event.name().to_owned())
            })
            .collect()
    };
    let plain = types(&[]);
    let last = plain.len() - 1;
    assert_eq!(types(&["error:message=no"])[last], "RUN_ERROR");
    assert_eq!(types(&["unknown:event=1"])[1], "?");
    assert_eq!(types(&["corrupt:event=1"])[0], "?");
    assert_eq!(types(&["oversize:event=1,size=4kB"]), plain);
    let (parts, _) = played(&recorded, options(&["oversize:event=1,size=4kB"], 1));
    assert_eq!(parts[0].bytes.len(), 4000);
    let (_, end) = played(&recorded, options(&["edit:event=1,text={}"], 1));
    assert!(end.why.contains("met nothing"), "the text of a record is not JSON");
}

#[test]
fn a_status_comes_first_and_then_the_answer() {
    let faults = Faults::parse(&["status:code=429,retry-after=2s,times=2", "status:exchange=3"], 0).unwrap();
    let refused = |index, nth| {
        faults
            .refusal(index, nth, 1)
            .map(|refusal| (refusal.status, refusal.retry_after))
    };
    let two = Some(Duration::from_secs(2));
    assert_eq!(
        [refused(0, 0), refused(0, 1), refused(0, 2)],
        [Some((429, two)), Some((429, two)), None]
    );
    assert_eq!([refused(3, 2), refused(3, 3)], [Some((503, None)), None]);
    assert!(!faults.is_empty());
}

#[test]
fn every_fault_is_the_same_twice_with_one_seed() {
    let specs = [
        "cut:byte=400",
        "cut:event=4",
        "drop:rate=0.3",
        "duplicate:rate=0.3",
        "reorder:rate=0.3",
        "corrupt:rate=0.3",
        "unknown:rate=0.3",
        "delay:rate=0.5,by=1s",
        "oversize:event=2,size=20kB",
        "error",
        "split:bytes=3",
        "drip",
        "coalesce:events=3",
    ];
    for captured in corpus().iter().filter(|captured| captured.body.len() < 20_000) {
        let recorded = Take::captured(captured).recorded(0);
        for spec in specs {
            let (one, two) = (
                played(&recorded, options(&[spec], 7)),
                played(&recorded, options(&[spec], 7)),
            );
            assert!(one == two, "{spec} on {}", captured.name);
        }
    }
}

#[test]
fn another_seed_strikes_elsewhere_and_an_old_one_where_it_did() {
    let recorded = Take::of("langgraph/02-backend-tool-run1").recorded(0);
    let struck = |seed| -> Vec<u32> {
        let (parts, _) = played(
            &recorded,
            ScheduleOptions {
                cut: Cut::Frames,
                ..options(&["corrupt:rate=0.1"], seed)
            },
        );
        parts
            .iter()
            .flat_map(|part| &part.marks)
            .filter(|mark| mark.made)
            .map(|mark| mark.seq)
            .collect()
    };
    assert_ne!(struck(1), struck(2));
    // The numbers of ChaCha8 for this seed, for good: overlays are kept in git.
    assert_eq!(struck(7), [8, 14]);
}

#[test]
fn the_recording_stays_as_it_is() {
    let recorded = take().recorded(0);
    played(&recorded, options(&["corrupt:rate=1", "error", "split"], 3));
    assert!(joined(&played(&recorded, ScheduleOptions::default()).0) == take().body);
}

#[test]
fn bad_specs_say_what_is_wrong_and_what_there_is() {
    for (spec, message, hint) in [
        ("", "there is no fault ``", "Faults are cut, stall,"),
        (
            "cutt:event=1",
            "there is no fault `cutt`; is `cut` meant?",
            "such as `cut:event=12,how=reset`",
        ),
        ("zzzzzz", "there is no fault `zzzzzz`", "status"),
        ("cut", "`cut` does not say which event", "event=12"),
        ("cut:12", "`12` in `cut:12` is not `key=value`", "`cut` takes event"),
        (
            "cut:evnt=12",
            "`cut` has no `evnt`; is `event` meant?",
            "`cut` takes event",
        ),
        ("cut:event=0", "`event=0` in `cut:event=0` is not a number from 1", ""),
        ("cut:event=x", "`event=x` in `cut:event=x` is not a number from 1", ""),
        (
            "cut:event=1,how=rest",
            "`how=rest` in `cut:event=1,how=rest` is not known; is `reset` meant?",
            "reset, clean, unterminated",
        ),
        (
            "cut:event=1,byte=2",
            "gives `event` twice, or where it does not belong",
            "",
        ),
        ("drop:event=1,event=2", "gives `event` twice", ""),
        (
            "drop:event=1,rate=0.5",
            "says more than once which events",
            "Give one of",
        ),
        (
            "drop:rate=2",
            "`rate=2` in `drop:rate=2` is not a share from 0 to 1",
            "",
        ),
        (
            "drop:event=1,nth=2",
            "gives `nth` twice, or where it does not belong",
            "",
        ),
        ("delay:event=1", "does not say how long", "by=500ms"),
        ("delay:event=1,by=soon", "is not a time such as `250ms`", ""),
        ("oversize:event=1,size=big", "is not a size such as", ""),
        (
            "status:code=42",
            "`code=42` in `status:code=42` is not a status from 200 to 599",
            "",
        ),
        ("edit:event=1", "does not say the new text", "text="),
        (
            "corrupt:event=1,how=halff",
            "is `half` meant?",
            "half, brace, comma, bytes",
        ),
    ] {
        let error = Faults::parse(&[spec], 0).unwrap_err();
        assert!(error.message.contains(message), "{spec}: {}", error.message);
        assert!(
            error.hint.contains(hint) && error.hint.ends_with('.'),
            "{spec}: {}",
            error.hint
        );
        assert!(!error.message.ends_with('.'));
    }
}

#[test]
fn an_overlay_is_a_file_of_specs() {
    let overlay = Overlay {
        name: "slow-network".into(),
        seed: 7,
        faults: vec!["drip:bytes=64,every=50ms".into(), "cut:event=12".into()],
    };
    assert_eq!(Overlay::read(overlay.write().as_bytes()), Ok(overlay.clone()));
    let faults = Faults::from_overlay(overlay.write().as_bytes()).unwrap();
    assert_eq!(
        (faults.specs().collect::<Vec<_>>(), faults.seed()),
        (overlay.faults.iter().map(String::as_str).collect(), 7)
    );
    for (text, message) in [
        (&b"{"[..], "this is no overlay of faults"),
        (br#"{"name":"x","faults":["cutt"]}"#, "is `cut` meant?"),
        (br#"{"name":"x","fault":[]}"#, "unknown field `fault`"),
        (b"\xFF", "this is no overlay of faults"),
    ] {
        let error = Faults::from_overlay(text).unwrap_err();
        assert!(error.message.contains(message), "{}", error.message);
    }
}
