use scrubjay_protocol::json;

use super::*;
use crate::fold::{piece::NoPieces, value::to_json};

fn read(text: &str) -> json::Value {
    json::parse(text.as_bytes()).unwrap()
}

fn patched(document: &str, operations: &str) -> Result<String, Failure> {
    let document = Value::from_json(&read(document), 0);
    let operations = read(operations);
    let before = to_json(&document, &NoPieces);
    let answer = apply(Some(&document), operations.as_array().unwrap(), 7, &NoPieces);
    assert_eq!(
        to_json(&document, &NoPieces),
        before,
        "the document of before has changed"
    );
    answer.map(|value| value.map_or_else(|| "undefined".to_owned(), |value| to_json(&value, &NoPieces)))
}

/// `client.txt` was written by fast-json-patch 3.1.1; see `tests/oracle`.
#[test]
fn patches_come_out_as_the_client_has_them() {
    let mut wrong = Vec::new();
    for line in include_str!("client.txt").lines() {
        let [document, operations, wanted] = line.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let ours = patched(document, operations);
        let same = match &ours {
            Ok(text) if wanted == "undefined" || text == "undefined" => text == wanted,
            Ok(text) => wanted != "fails" && equal(text, wanted),
            Err(_) => wanted == "fails",
        };
        if !same {
            wrong.push(format!("{line}: {ours:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// JavaScript puts integer-like names first; the order of members is not compared.
fn equal(one: &str, two: &str) -> bool {
    let value = |text| Value::from_json(&read(text), 0);
    value(one).same(&value(two), &NoPieces)
}

#[test]
fn a_failure_says_which_operation_and_why() {
    let failure = patched(
        r#"{"a":1}"#,
        r#"[{"op":"add","path":"/b","value":1},{"op":"replace","path":"/steps/0","value":1},{"op":"remove","path":"/a"}]"#,
    );
    let failure = failure.unwrap_err();
    assert_eq!(failure.message, "replace needs an existing member; /steps is missing");
    assert_eq!(failure.operation, 1);
}

#[test]
fn a_patch_that_multiplies_the_state_meets_the_limit() {
    let doubling = r#"{"op":"copy","from":"","path":"/NAME"}"#;
    let operations: Vec<String> = (0..40)
        .map(|place| doubling.replace("NAME", &format!("x{place}")))
        .collect();
    let failure = patched(r#"{"a":"0123456789"}"#, &format!("[{}]", operations.join(","))).unwrap_err();
    assert!(failure.limit && failure.message.contains("256 MiB"), "{failure:?}");
    assert!((20..30).contains(&failure.operation), "{failure:?}");
}

#[test]
fn a_patch_that_nests_the_state_meets_the_limit() {
    let operations = vec![r#"{"op":"copy","from":"","path":"/a"}"#; 600];
    let failure = patched("{}", &format!("[{}]", operations.join(","))).unwrap_err();
    assert!(failure.limit && failure.message.contains("512 levels"), "{failure:?}");
}

#[test]
fn what_a_patch_sets_knows_its_frame_and_the_rest_does_not_change() {
    let document = Value::from_json(&read(r#"{"a":{"b":1,"c":2},"d":[1,2]}"#), 3);
    let operations = read(r#"[{"op":"replace","path":"/a/b","value":5},{"op":"move","from":"/d/0","path":"/a/e"}]"#);
    let patched = apply(Some(&document), operations.as_array().unwrap(), 9, &NoPieces)
        .unwrap()
        .unwrap();
    let by = |pointer: &str| {
        patched
            .lookup(&scrubjay_protocol::pointer::parse(&pointer.into()).unwrap())
            .unwrap()
            .by()
    };
    assert_eq!(
        [
            by(""),
            by("/a"),
            by("/a/b"),
            by("/a/c"),
            by("/a/e"),
            by("/d"),
            by("/d/0")
        ],
        [3, 3, 9, 3, 9, 3, 3]
    );
}
