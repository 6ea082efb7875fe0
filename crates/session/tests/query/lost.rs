//! What a dropped patch loses: said from there on, path by path, until it is mended.

use scrubjay_session::{
    exchange::Ending,
    memory::MemoryShelf,
    query::{Axis, Form, LaneId, Mend, Reader, StateQuery, StateTree},
};

use crate::stream::Stream;

/// #4 is dropped for its second operation, #5 moves on, #6 mends a path, #7 all.
fn reader() -> Reader<MemoryShelf> {
    let mut stream = Stream::default();
    stream
        .event(1_000, r#"{"type":"RUN_STARTED","threadId":"t1","runId":"r1"}"#)
        .event(1_000, r#"{"type":"STATE_SNAPSHOT","snapshot":{"cart":{"total":118.4},"progress":0}}"#)
        .event(1_000, r#"{"type":"STATE_DELTA","delta":[{"op":"replace","path":"/progress","value":1}]}"#)
        .event(1_000, r#"{"type":"STATE_DELTA","delta":[{"op":"replace","path":"/cart/total","value":129.9},{"op":"replace","path":"/items/3","value":1},{"op":"add","path":"/cart/note","value":"gift"}]}"#)
        .event(1_000, r#"{"type":"STATE_DELTA","delta":[{"op":"replace","path":"/progress","value":2}]}"#)
        .event(1_000, r#"{"type":"STATE_DELTA","delta":[{"op":"replace","path":"/cart/total","value":130}]}"#)
        .event(1_000, r#"{"type":"STATE_SNAPSHOT","snapshot":{"cart":{"total":130,"note":"gift"},"progress":2}}"#)
        .event(1_000, r#"{"type":"RUN_FINISHED","threadId":"t1","runId":"r1"}"#);
    stream.reader(Ending::Complete)
}

fn tree_at(reader: &mut Reader<MemoryShelf>, at: u32) -> StateTree {
    let query = StateQuery {
        at,
        expanded: vec!["/cart".into()],
        count: 50,
        ..StateQuery::default()
    };
    reader.state_tree(&query).unwrap()
}

#[test]
fn a_dropped_patch_names_the_frame_that_the_state_is_of() {
    let mut reader = reader();
    let dropped = tree_at(&mut reader, 4).dropped.unwrap();
    assert_eq!((dropped.seq, dropped.applied_seq), (4, 3));
    assert!(dropped.why.contains("/items"), "{}", dropped.why);
    assert!(
        dropped.why.ends_with("; lost with it: /cart/note, /cart/total"),
        "{}",
        dropped.why
    );
    // A patch that applies has moved the state.
    assert_eq!(tree_at(&mut reader, 5).dropped, None);
}

#[test]
fn what_is_lost_is_known_until_it_is_mended() {
    let mut reader = reader();
    let lost = |tree: StateTree| {
        let lost = tree.lost?;
        let paths = lost
            .paths
            .iter()
            .map(|path| (path.pointer.clone(), path.value.clone(), path.last));
        Some((lost.since, paths.collect::<Vec<_>>(), lost.mended_at))
    };
    let note = ("/cart/note".to_owned(), Some("\"gift\"".to_owned()), 4);
    let total = ("/cart/total".to_owned(), Some("129.9".to_owned()), 4);
    assert_eq!(lost(tree_at(&mut reader, 3)), None);
    for at in [4, 5] {
        let both = vec![note.clone(), total.clone()];
        assert_eq!(lost(tree_at(&mut reader, at)), Some((4, both, Some(7))), "#{at}");
    }
    assert_eq!(lost(tree_at(&mut reader, 6)), Some((4, vec![note], Some(7))));
    assert_eq!(lost(tree_at(&mut reader, 7)), None);
}

#[test]
fn a_lost_value_stands_beside_the_held_one_or_where_it_would_be() {
    let mut reader = reader();
    let tree = tree_at(&mut reader, 5);
    let lines: Vec<(&str, &str, Option<&str>, bool)> = tree
        .lines
        .iter()
        .map(|line| {
            let lost = line.lost.as_ref().and_then(|lost| lost.value.as_deref());
            (line.pointer.as_str(), line.preview.as_str(), lost, line.is_lost)
        })
        .collect();
    assert_eq!(
        lines,
        [
            ("/cart", "{total}", None, false),
            ("/cart/total", "118.4", Some("129.9"), false),
            ("/cart/note", "", Some("\"gift\""), true),
            ("/progress", "2", None, false),
        ]
    );
    assert_eq!((tree.total, tree.lines[0].lost_below), (4, 2));
}

#[test]
fn the_finding_names_the_frame_that_mended_it() {
    let mut reader = reader();
    let findings = reader.findings(0..u32::MAX, 10).unwrap();
    let mended: Vec<_> = findings
        .iter()
        .map(|finding| {
            (
                finding.rule.clone(),
                reader.mend_of(finding).unwrap().and_then(Mend::frame),
            )
        })
        .collect();
    assert!(mended.contains(&("patch.failed".to_owned(), Some(7))), "{mended:?}");
    assert_eq!(reader.detail(4, 100).unwrap().mended_at, Some(7));
}

#[test]
fn the_dashed_part_lasts_from_the_failure_to_the_mend() {
    let mut reader = reader();
    // Also where the failure is left of what is shown.
    for from in [0.0, 4.5] {
        let picture = reader.lanes(Axis::Index, from, 9.0, 900).unwrap();
        let lane = picture.lanes.iter().find(|lane| lane.id == LaneId::State).unwrap();
        let dashed: Vec<_> = lane.shapes.iter().filter(|shape| shape.form == Form::Dashed).collect();
        assert_eq!(dashed.len(), 1);
        assert_eq!((dashed[0].first_seq, dashed[0].last_seq), (4, 7));
        assert_eq!((dashed[0].from, dashed[0].to), (4.0, 7.0));
        assert!(dashed[0].label.starts_with("differs from"), "{}", dashed[0].label);
    }
}

const SET: &str = r#"{"type":"ACTIVITY_SNAPSHOT","messageId":"p","activityType":"PLAN","content":{"steps":[]}}"#;
const OTHER: &str = r#"{"type":"ACTIVITY_SNAPSHOT","messageId":"q","activityType":"PLAN","content":{"done":0}}"#;

/// A patch of an activity of which the second operation does not apply.
fn dropped(id: &str) -> String {
    format!(
        r#"{{"type":"ACTIVITY_DELTA","messageId":"{id}","activityType":"PLAN","patch":[{{"op":"add","path":"/title","value":"Trip"}},{{"op":"replace","path":"/none/x","value":1}}]}}"#
    )
}

fn mends_of(events: &[&str]) -> Vec<(u32, Option<Mend>)> {
    let mut stream = Stream::default();
    stream.event(1_000, r#"{"type":"RUN_STARTED","threadId":"t1","runId":"r1"}"#);
    for event in events {
        stream.event(1_000, event);
    }
    stream.event(1_000, r#"{"type":"RUN_FINISHED","threadId":"t1","runId":"r1"}"#);
    let mut reader = stream.reader(Ending::Complete);
    let findings = reader.findings(0..u32::MAX, usize::MAX).unwrap();
    let failed = findings.iter().filter(|finding| finding.rule == "patch.failed");
    let failed: Vec<_> = failed.cloned().collect();
    failed
        .iter()
        .map(|finding| (finding.seq, reader.mend_of(finding).unwrap()))
        .collect()
}

#[test]
fn what_a_dropped_patch_of_an_activity_loses_is_known_until_it_is_mended() {
    let title = r#"{"type":"ACTIVITY_DELTA","messageId":"p","activityType":"PLAN","patch":[{"op":"add","path":"/title","value":"Trip"}]}"#;
    let elsewhere = r#"{"type":"ACTIVITY_DELTA","messageId":"p","activityType":"PLAN","patch":[{"op":"add","path":"/other","value":1}]}"#;
    let (p, q) = (dropped("p"), dropped("q"));
    let gone =
        r#"{"type":"MESSAGES_SNAPSHOT","messages":[{"id":"z","role":"activity","activityType":"PLAN","content":{}}]}"#;
    let kept = r#"{"type":"MESSAGES_SNAPSHOT","messages":[{"id":"u1","role":"user","content":"find a flight"}]}"#;
    let stays = r#"{"type":"ACTIVITY_SNAPSHOT","messageId":"p","activityType":"PLAN","content":{},"replace":false}"#;
    let by = |seq| Some(Mend::By(seq));
    assert_eq!(mends_of(&[SET, &p]), [(3, Some(Mend::Never))]);
    assert_eq!(mends_of(&[SET, &p, elsewhere, title]), [(3, by(5))]);
    assert_eq!(mends_of(&[SET, &p, SET]), [(3, by(4))]);
    assert_eq!(mends_of(&[SET, &p, gone]), [(3, by(4))]);
    // A snapshot that says nothing of activities, and one that does not replace, leave it as it is.
    assert_eq!(mends_of(&[SET, &p, kept, stays]), [(3, Some(Mend::Never))]);
    // Each activity is mended by itself, and the second patch loses the same again.
    assert_eq!(
        mends_of(&[SET, OTHER, &p, &q, &p, title, OTHER]),
        [(4, by(7)), (5, by(8)), (6, by(7))]
    );
    // Nothing else was to be written: nothing is lost.
    let alone = r#"{"type":"ACTIVITY_DELTA","messageId":"p","activityType":"PLAN","patch":[{"op":"replace","path":"/none/x","value":1}]}"#;
    assert_eq!(mends_of(&[SET, alone]), [(3, None)]);
}

#[test]
fn the_conversation_has_what_is_lost_of_an_activity() {
    let mut stream = Stream::default();
    for event in [
        r#"{"type":"RUN_STARTED","threadId":"t1","runId":"r1"}"#,
        SET,
        &dropped("p"),
    ] {
        stream.event(1_000, event);
    }
    let mut reader = stream.reader(Ending::Complete);
    let lost = |reader: &mut Reader<MemoryShelf>, at| {
        let chat = reader.chat(at, None, 5).unwrap();
        let message = chat.messages.into_iter().find(|message| message.id == "p").unwrap();
        let paths = message
            .lost
            .into_iter()
            .map(|path| (path.pointer, path.since, path.value));
        paths.collect::<Vec<_>>()
    };
    assert_eq!(lost(&mut reader, 2), []);
    assert_eq!(
        lost(&mut reader, 3),
        [("/title".to_owned(), 3, Some("\"Trip\"".to_owned()))]
    );
    let findings = reader.findings(3..4, 5).unwrap();
    assert!(
        findings[0].message.ends_with("; lost with it: /title"),
        "{}",
        findings[0].message
    );
}
