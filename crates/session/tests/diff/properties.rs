//! What holds for every pair of streams.

use proptest::prelude::*;
use scrubjay_protocol::json;
use scrubjay_session::{
    changes::operations,
    diff::{Comparison, Level, PairKind},
    fold::{patch, piece::NoPieces, value::Value},
};

use crate::side::{Shelf, by_frames, compare, exchange};

/// An event of a small alphabet, so that things meet.
fn event() -> impl Strategy<Value = String> {
    let n = 0..4_u8;
    prop_oneof![
        (n.clone(), n.clone(), n.clone()).prop_map(|(id, name, n)| format!(
            r#"{{"type":"TOOL_CALL_CHUNK","toolCallId":"c{id}","toolCallName":"f{name}","delta":"{{\"n\":{n}}}"}}"#
        )),
        (n.clone(), n.clone()).prop_map(|(id, n)| format!(
            r#"{{"type":"TOOL_CALL_RESULT","messageId":"x{id}","toolCallId":"c{id}","content":"{n}"}}"#
        )),
        (n.clone(), "[a-d ]{0,40}")
            .prop_map(|(id, text)| format!(r#"{{"type":"TEXT_MESSAGE_CHUNK","messageId":"m{id}","delta":"{text}"}}"#)),
        n.clone()
            .prop_map(|n| format!(r#"{{"type":"STATE_SNAPSHOT","snapshot":{{"n":{n},"list":[1,2]}}}}"#)),
        (n.clone(), n.clone()).prop_map(|(at, n)| format!(
            r#"{{"type":"STATE_DELTA","delta":[{{"op":"add","path":"/k{at}","value":{n}}}]}}"#
        )),
        n.clone()
            .prop_map(|n| format!(r#"{{"type":"STEP_STARTED","stepName":"s{n}"}}"#)),
        n.clone()
            .prop_map(|n| format!(r#"{{"type":"CUSTOM","name":"n{n}","value":{n}}}"#)),
        n.clone().prop_map(|n| format!(
            r#"{{"type":"ACTIVITY_SNAPSHOT","messageId":"a{n}","activityType":"PLAN","content":{{"n":{n}}}}}"#
        )),
        n.clone()
            .prop_map(|n| format!(r#"{{"type":"REASONING_MESSAGE_CHUNK","messageId":"r{n}","delta":"hm"}}"#)),
        n.prop_map(|n| format!(r#"{{"type":"RUN_STARTED","threadId":"t","runId":"r{n}"}}"#)),
        Just(r#"{"type":"RUN_FINISHED","threadId":"t","runId":"r"}"#.to_owned()),
        Just(r#"{"type":"RUN_ERROR","message":"no"}"#.to_owned()),
        Just(r#"{"type":"META","x":1}"#.to_owned()),
        Just("[DONE]".to_owned()),
    ]
}

fn body() -> impl Strategy<Value = String> {
    prop::collection::vec(event(), 0..40)
        .prop_map(|events| events.iter().map(|event| format!("data: {event}\n\n")).collect())
}

/// Two streams that have a beginning and an end in common, mostly.
fn bodies() -> impl Strategy<Value = (String, String)> {
    (body(), body(), body(), body())
        .prop_map(|(head, one, other, tail)| (format!("{head}{one}{tail}"), format!("{head}{other}{tail}")))
}

fn shelf(body: &str) -> Shelf {
    by_frames(b"", body.as_bytes())
}

fn kinds(comparison: &Comparison<Shelf>) -> Vec<PairKind> {
    let mut kinds: Vec<PairKind> = comparison
        .differences()
        .iter()
        .map(|difference| difference.kind)
        .collect();
    kinds.sort_unstable();
    kinds
}

fn mirrored(kinds: Vec<PairKind>) -> Vec<PairKind> {
    let mut kinds: Vec<PairKind> = kinds
        .into_iter()
        .map(|kind| match kind {
            PairKind::OnlyA => PairKind::OnlyB,
            PairKind::OnlyB => PairKind::OnlyA,
            kind => kind,
        })
        .collect();
    kinds.sort_unstable();
    kinds
}

/// JSON of a few names and values.
fn value() -> impl Strategy<Value = json::Value> {
    let leaf = prop_oneof![
        Just(json::Value::Null),
        any::<bool>().prop_map(json::Value::Bool),
        (-3..9_i8).prop_map(|n| json::Value::Number(f64::from(n) / 2.0)),
        "[ab/~{\"]{0,3}".prop_map(json::Value::string),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(json::Value::Array),
            prop::collection::vec(("[abc/~]{0,2}", inner), 0..6).prop_map(|members| {
                json::Value::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_is_the_same_as_itself(body in body()) {
        let shelf = shelf(&body);
        for level in Level::ALL {
            let mut comparison = compare(&shelf, &shelf, level);
            let first = comparison.first().unwrap();
            prop_assert!(comparison.is_same(), "{} {:?}", level.as_str(), first);
        }
    }

    #[test]
    fn who_is_called_a_does_not_matter((one, other) in bodies()) {
        let (one, other) = (shelf(&one), shelf(&other));
        for level in Level::ALL {
            let (mut forth, mut back) = (compare(&one, &other, level), compare(&other, &one, level));
            prop_assert_eq!(kinds(&forth), mirrored(kinds(&back)));
            let (first, mirror) = (forth.first().unwrap(), back.first().unwrap());
            prop_assert_eq!(first.is_some(), mirror.is_some());
            if let (Some(first), Some(mirror)) = (first, mirror) {
                prop_assert_eq!((first.a, first.b), (mirror.b, mirror.a), "{} {:?} {:?}", level.as_str(), first.difference, mirror.difference);
            }
        }
    }

    #[test]
    fn each_level_counts_what_the_ones_before_it_count((one, other) in bodies()) {
        let (one, other) = (shelf(&one), shelf(&other));
        let same: Vec<bool> = Level::ALL.into_iter().map(|level| compare(&one, &other, level).is_same()).collect();
        prop_assert!(same.windows(2).all(|pair| pair[0] || !pair[1]), "{:?}", same);
    }

    #[test]
    fn how_bytes_are_cut_counts_at_level_wire_only(body in body(), cuts in prop::collection::vec(any::<u16>(), 0..30)) {
        let cuts: Vec<usize> = cuts.into_iter().map(|cut| usize::from(cut) % body.len().max(1)).collect();
        let (one, other) = (shelf(&body), exchange(b"", body.as_bytes(), &cuts));
        for level in [Level::Behaviour, Level::State, Level::Text] {
            let mut comparison = compare(&one, &other, level);
            let first = comparison.first().unwrap();
            prop_assert!(comparison.is_same(), "{} {:?}", level.as_str(), first);
        }
    }

    #[test]
    fn every_row_and_difference_can_be_shown((one, other) in bodies()) {
        let mut comparison = compare(&shelf(&one), &shelf(&other), Level::Wire);
        for row in 0..comparison.row_count() {
            comparison.row_at(row, true).unwrap();
            comparison.detail(row).unwrap();
        }
        for number in 0..comparison.differences().len() {
            comparison.divergence(number).unwrap();
        }
        if comparison.nothing_shared().is_some() {
            prop_assert_eq!(comparison.counts().same, 0);
            prop_assert!(comparison.first().unwrap().is_some());
        }
    }

    #[test]
    fn a_difference_of_values_leads_from_one_to_the_other(one in value(), other in value()) {
        let (one, other) = (Value::from_json(&one, 0), Value::from_json(&other, 0));
        let operations = operations(&one, &other, &NoPieces);
        prop_assert_eq!(operations.is_empty(), one.same(&other, &NoPieces));
        let patched = patch::apply(Some(&one), &operations, 1, &NoPieces).unwrap().unwrap();
        prop_assert!(patched.same(&other, &NoPieces));
    }

    #[test]
    fn bytes_of_any_sort_are_compared(one in prop::collection::vec(any::<u8>(), 0..400), other in prop::collection::vec(any::<u8>(), 0..400)) {
        let (one, other) = (exchange(&one, &one, &[]), exchange(&other, &other, &[3]));
        for level in Level::ALL {
            let mut comparison = compare(&one, &other, level);
            comparison.first().unwrap();
        }
    }
}
