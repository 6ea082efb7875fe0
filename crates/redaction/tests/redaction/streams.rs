//! Random streams with secrets anywhere, under random rules.

use proptest::prelude::*;
use scrubjay_redaction::{Plan, Profile, Whole};
use serde_json::{Value, json};

use crate::outline::{parted, redacted, streamed};

/// Texts in which something is secret, and texts that only look so.
fn said() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8".to_owned()),
        Just("ada@example.org".to_owned()),
        Just("password: hunter2x9".to_owned()),
        Just("4111 1111 1111 1111".to_owned()),
        Just("https://ada:h0pper1@db.local/x?token=zz9zz9zz9".to_owned()),
        Just("YWRhQGV4YW1wbGUub3JnIGlzIGhlcmU=".to_owned()),
        Just("{\"password\":\"swordfish\",\"mail\":\"ada@example.org\"}".to_owned()),
        Just("*bold* **text** *._-".to_owned()),
        Just("😀 ünïcode 密码\n\"quoted\" \\ / ~".to_owned()),
        "[ -~]{0,12}",
        "\\PC{0,6}",
    ];
    proptest::collection::vec(part, 0..4).prop_map(|parts| parts.join(" "))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        said().prop_map(Value::String),
        any::<i32>().prop_map(Value::from),
        Just(json!(4_111_111_111_111_111_u64)),
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let name = prop_oneof![
            Just("password".to_owned()),
            Just("apiKey".to_owned()),
            Just("mail".to_owned()),
            said()
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name, inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Pieces of a text, cut anywhere.
fn pieces(text: &str, len: usize) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(len.max(1)).map(|piece| piece.iter().collect()).collect()
}

fn events() -> impl Strategy<Value = Vec<Value>> {
    let text = (said(), 1..9_usize).prop_map(|(text, len)| {
        let mut events = vec![json!({"type":"TEXT_MESSAGE_START","messageId":"m","role":"assistant"})];
        events.extend(
            pieces(&text, len)
                .iter()
                .map(|piece| json!({"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":piece})),
        );
        events.push(json!({"type":"TEXT_MESSAGE_END","messageId":"m"}));
        events
    });
    let call = (value(), 1..9_usize).prop_map(|(value, len)| {
        let mut events = vec![json!({"type":"TOOL_CALL_START","toolCallId":"c","toolCallName":"t"})];
        events.extend(
            pieces(&value.to_string(), len)
                .iter()
                .map(|piece| json!({"type":"TOOL_CALL_ARGS","toolCallId":"c","delta":piece})),
        );
        events.push(json!({"type":"TOOL_CALL_END","toolCallId":"c"}));
        events
    });
    let state = (value(), value()).prop_map(|(before, after)| {
        vec![
            json!({"type":"STATE_SNAPSHOT","snapshot":{"password":before,"x":after}}),
            json!({"type":"STATE_DELTA","delta":[
                {"op":"test","path":"/password","value":before},
                {"op":"copy","from":"/password","path":"/y"},
                {"op":"replace","path":"/x","value":after},
                {"op":"test","path":"/x","value":after},
            ]}),
        ]
    });
    let other = value().prop_map(|value| {
        vec![
            json!({"type":"CUSTOM","name":"c","value":value}),
            json!({"type":"RAW","event":value}),
        ]
    });
    let group = prop_oneof![text, call, state, other];
    proptest::collection::vec(group, 0..5).prop_map(|groups| {
        let run = |name: &str| json!({"type":name,"threadId":"t","runId":"r"});
        let groups = groups.into_iter().flatten();
        std::iter::once(run("RUN_STARTED"))
            .chain(groups)
            .chain([run("RUN_FINISHED")])
            .collect()
    })
}

fn plan() -> impl Strategy<Value = Plan> {
    let rules = prop_oneof![
        Just("{}"),
        Just(r#"{"rules":[{"pointer":"/x"},{"pattern":"[a-f]{3,}"}]}"#),
        Just(r#"{"rules":[{"key":"mail"}],"off":["email","name"]}"#),
        Just(r#"{"rules":[{"pattern":"TEXT|user|\\w+@"}]}"#),
    ];
    (prop_oneof![Just(Profile::Safe), Just(Profile::Structure)], rules).prop_map(|(profile, rules)| {
        let mut plan = Plan::new(profile);
        plan.add_rules(rules).unwrap();
        plan
    })
}

fn whole(events: &[Value], chunk_len: usize) -> Whole {
    let input =
        json!({"threadId":"t","runId":"r","state":{},"messages":[],"tools":[],"context":[],"forwardedProps":{}});
    let body: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    streamed(&input.to_string(), &body, chunk_len)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_stream_is_the_same_run_and_is_redacted_once(events in events(), plan in plan(), chunk_len in 1..200_usize) {
        let whole = whole(&events, chunk_len);
        let (once, first) = redacted(&plan, 1, &whole);
        prop_assert_eq!(&once.chunks, &whole.chunks);
        prop_assert_eq!(once.body.len(), whole.body.len());
        prop_assert_eq!(parted(&whole, &once), Vec::<String>::new());
        let (twice, second) = redacted(&plan, 2, &once);
        let left: Vec<_> = second.findings.iter().map(|finding| (&finding.rule, &finding.before, &finding.after)).collect();
        prop_assert_eq!(String::from_utf8_lossy(&once.body), String::from_utf8_lossy(&twice.body), "{:?}", left);
        let mut rescan = first.secrets.rescan();
        rescan.push(&once.body);
        prop_assert_eq!(rescan.finish(), []);
    }
}
