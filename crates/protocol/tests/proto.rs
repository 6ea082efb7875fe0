//! Messages of records against what the official decoder made of them.
//! `tests/oracle/records.mjs` asked it, and documents how to ask again.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

use proptest::{prelude::*, sample::Index, test_runner::RngSeed};
use scrubjay_protocol::{
    frame::{Frame, FrameKind},
    json::{self, Object, Value, Wtf8, to_json},
    problem::rule,
    proto::{Decoded, Undecoded, decode},
    record::Decoder,
};

const MESSAGES: &str = include_str!("proto/messages.jsonl");

fn lines() -> Vec<Value> {
    MESSAGES
        .lines()
        .map(|line| json::parse(line.as_bytes()).unwrap())
        .collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = |place: usize| u8::from_str_radix(&hex[place..place + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digits).collect()
}

fn compare(line: &Value) -> Result<(), String> {
    let name = line.get("name").unwrap();
    let message = bytes(line.get("hex").unwrap().as_str().unwrap());
    let theirs = match (line.get("event"), line.get("later")) {
        (Some(event), _) => to_json(event),
        (None, Some(_)) => "later".to_owned(),
        (None, None) => "broken".to_owned(),
    };
    let (ours, why) = match decode(&message) {
        Ok(decoded) => (to_json(&decoded.event), String::new()),
        Err(Undecoded::Later(_)) => ("later".to_owned(), String::new()),
        Err(Undecoded::Broken(why)) => ("broken".to_owned(), why),
        Err(Undecoded::Beyond(problem)) => ("beyond".to_owned(), problem.message),
    };
    if ours == theirs {
        return Ok(());
    }
    Err(format!(
        "{name:?}: {message:?}\ntheirs: {theirs}\nours:   {ours} {why}\n"
    ))
}

#[test]
fn every_message_decodes_as_it_does_in_the_official_client() {
    let lines = lines();
    let differences: Vec<String> = lines.iter().filter_map(|line| compare(line).err()).collect();
    assert!(lines.len() > 500, "only {} messages were found", lines.len());
    assert!(
        differences.is_empty(),
        "{} of {} messages differ\n{}",
        differences.len(),
        lines.len(),
        differences[..differences.len().min(10)].join("\n")
    );
}

// ---- what is noted, and where we stop ----------------------------------------

/// A field with its length before it.
fn sized(number: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut len = payload.len();
    while len >= 0x80 {
        bytes.push((len & 0x7F) as u8 | 0x80);
        len >>= 7;
    }
    bytes.push(len as u8);
    bytes.extend_from_slice(payload);
    bytes
}

/// `STATE_SNAPSHOT` of a `google.protobuf.Value`.
fn snapshot(value: &[u8]) -> Vec<u8> {
    sized(7, &[sized(1, &[8, 6]), sized(2, value)].concat())
}

fn named(name: &str) -> Result<Decoded, Undecoded> {
    let lines = lines();
    let line = lines
        .iter()
        .find(|line| line.get("name").unwrap().as_str() == Some(name))
        .unwrap();
    decode(&bytes(line.get("hex").unwrap().as_str().unwrap()))
}

#[test]
fn what_the_event_does_not_show_is_reported() {
    for (name, expected) in [
        ("RUN_STARTED 2", None),
        ("MESSAGES_SNAPSHOT 1", None),
        ("an event beside a later one", Some(rule::STRIPPED)),
        ("a group inside an event", Some(rule::STRIPPED)),
        ("unknown fields", Some(rule::STRIPPED)),
        ("a string as a number", Some(rule::STRIPPED)),
        ("a member that is a prototype", Some(rule::STRIPPED)),
        ("a string twice", Some(rule::REPEATED)),
        ("an input in two parts", Some(rule::REPEATED)),
        ("a source of two kinds in two parts", Some(rule::REPEATED)),
        ("a part of nothing", Some(rule::STRIPPED_VARIANT)),
        ("a string that is not UTF-8", Some(rule::UTF8)),
        ("not a number", Some(rule::NOT_JSON)),
        ("a list with an item of no value", Some(rule::NOT_JSON)),
    ] {
        let problems = named(name).unwrap().problems;
        assert_eq!(
            problems.first().map(|problem| problem.rule),
            expected,
            "{name}: {problems:?}"
        );
    }
}

#[test]
fn a_broken_message_names_what_is_broken() {
    for (name, message) in [
        ("nothing at all", "it holds no event"),
        ("two events", "it holds two events, RUN_STARTED and STATE_SNAPSHOT"),
        (
            "a base of no type",
            "its envelope says RUN_STARTED and its base type 99",
        ),
        ("a cut string", "a field in it says it has 5 bytes, and 1 are left"),
        ("a number that is cut", "in TEXT, it ends inside a field"),
    ] {
        let message = message.replace("in TEXT", "in STATE_SNAPSHOT, in snapshot");
        assert_eq!(named(name), Err(Undecoded::Broken(message)), "{name}");
    }
}

#[test]
fn what_is_nested_too_deep_or_joined_over_and_over_is_not_read() {
    let beyond = |value: &[u8]| match decode(&snapshot(value)) {
        Err(Undecoded::Beyond(problem)) => Some(problem.rule),
        other => panic!("{other:?}"),
    };
    let list = |inner: Vec<u8>, _| sized(6, &sized(1, &inner));
    assert_eq!(beyond(&(0..5_000).fold(Vec::new(), list)), Some(rule::NESTING));
    let deepest = (0..json::NESTING_LIMIT - 2).fold(sized(6, &[]), list);
    assert!(decode(&snapshot(&deepest)).is_ok());
    assert_eq!(beyond(&list(deepest, 0)), Some(rule::NESTING));
    let twice = |inner: Vec<u8>, _| [sized(6, &sized(1, &inner)), sized(6, &[])].concat();
    assert_eq!(beyond(&(0..300).fold(vec![0x1A, 0], twice)), Some(rule::EVENT_SIZE));
}

// ---- any input -----------------------------------------------------------------

fn frames(pieces: &[&[u8]]) -> Vec<Frame> {
    let mut decoder = Decoder::new();
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        frames.extend(std::iter::from_fn(|| decoder.next_frame()));
    }
    frames.extend(decoder.finish());
    frames
}

fn record(message: &[u8]) -> Vec<u8> {
    [&u32::try_from(message.len()).unwrap().to_be_bytes()[..], message].concat()
}

/// Records of messages that were seen, some of their bytes replaced.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let messages: Vec<Vec<u8>> = lines()
        .iter()
        .map(|line| bytes(line.get("hex").unwrap().as_str().unwrap()))
        .collect();
    let records = prop::collection::vec(prop::sample::select(messages), 0..6);
    let changes = prop::collection::vec((any::<Index>(), any::<u8>()), 0..4);
    (records, changes).prop_map(|(messages, changes)| {
        let mut body: Vec<u8> = messages.iter().flat_map(|message| record(message)).collect();
        for (place, byte) in changes {
            if !body.is_empty() {
                let place = place.index(body.len());
                body[place] = byte;
            }
        }
        body
    })
}

/// JSON as a protobuf encoder has it: no name twice, no halves of characters.
fn open() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<f64>()
            .prop_filter("JSON has it", |number| number.is_finite())
            .prop_map(Value::Number),
        any::<String>().prop_map(Value::string),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let name = any::<String>().prop_filter("it is a member", |name| name != "__proto__");
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((name.prop_map(Wtf8::from), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Object>())),
        ]
    })
}

fn encoded(value: &Value) -> Vec<u8> {
    match value {
        Value::Null => vec![8, 0],
        Value::Bool(value) => vec![32, u8::from(*value)],
        Value::Number(number) => [&[17], &number.to_le_bytes()[..]].concat(),
        Value::String(text) => sized(3, text.as_bytes()),
        Value::Array(items) => sized(
            6,
            &items
                .iter()
                .flat_map(|item| sized(1, &encoded(item)))
                .collect::<Vec<_>>(),
        ),
        Value::Object(members) => {
            let entry = |(name, value): &(Wtf8, Value)| {
                sized(1, &[sized(1, name.as_bytes()), sized(2, &encoded(value))].concat())
            };
            sized(5, &members.iter().flat_map(entry).collect::<Vec<_>>())
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        rng_seed: RngSeed::Fixed(0x5C_4B_1A),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn records_are_the_same_at_any_chunking_and_lose_no_byte(body in body(), cut in prop::collection::vec(any::<Index>(), 0..8)) {
        let whole = frames(&[&body]);
        let mut cuts: Vec<usize> = cut.iter().map(|cut| cut.index(body.len() + 1)).collect();
        cuts.extend([0, body.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &body[pair[0]..pair[1]]).collect();
        // As text: a number that is none equals nothing, not even itself.
        prop_assert_eq!(format!("{:?}", frames(&pieces)), format!("{:?}", whole));
        let mut end = 0;
        for frame in &whole {
            prop_assert_eq!(frame.range.start, end);
            end = frame.range.end;
            prop_assert_eq!(frame.kind == FrameKind::Malformed, frame.has(rule::RECORD) || frame.has(rule::CUT) || frame.has(rule::EVENT_SIZE));
        }
        prop_assert_eq!(end, body.len() as u64);
    }

    #[test]
    fn any_bytes_are_a_message_or_are_not(message in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(decoded) = decode(&message) {
            prop_assert_eq!(decoded.event.get("type").and_then(Value::as_str), Some(decoded.event_type.name()));
        }
    }

    #[test]
    fn open_json_comes_out_as_it_went_in(value in open()) {
        let decoded = decode(&snapshot(&encoded(&value))).unwrap();
        prop_assert_eq!(decoded.event.get("snapshot"), Some(&value));
        prop_assert!(decoded.problems.is_empty());
    }
}
