use scrubjay_protocol::json;

use super::*;
use crate::fold::piece::NoPieces;

fn read(text: &str) -> Value {
    Value::from_json(&json::parse(text.as_bytes()).unwrap(), 1)
}

fn wtf8(text: &str) -> json::Wtf8 {
    let json::Value::String(text) = json::parse(format!("\"{text}\"").as_bytes()).unwrap() else {
        panic!("no string")
    };
    text
}

#[test]
fn what_is_read_is_written() {
    let large: Vec<String> = (0..200).map(|place| format!("\"k{place}\":[{place},{{}}]")).collect();
    for text in [
        "null",
        "[true,false]",
        r#"{"b":1,"a":"x\n\ud800"}"#,
        "[]",
        "{}",
        "1.5",
        "-0.25",
        &format!("{{{}}}", large.join(",")),
        &format!("[{}]", vec!["[1]"; 300].join(",")),
    ] {
        let value = read(text);
        assert_eq!(to_json(&value, &NoPieces), *text);
        assert!(value.same(&read(text), &NoPieces), "{text}");
    }
}

#[test]
fn the_weight_is_the_length_of_plain_text_through_changes() {
    let mut value = read(r#"{"a":[1,22,-333],"b":{"c":"text"},"d":1.5}"#);
    let check = |value: &Value| assert_eq!(value.weight(), to_json(value, &NoPieces).len() as u64);
    check(&value);
    let members = value.as_map_mut().unwrap();
    members.change(b"a", |list| list.as_list_mut().unwrap().push(read("true")));
    members.change(b"b", |map| map.as_map_mut().unwrap().set(b"new", read("[[]]")));
    members.remove(b"d");
    check(&value);
    for place in 0..100 {
        value
            .as_map_mut()
            .unwrap()
            .set(format!("k{place}").as_bytes(), read("[0]"));
    }
    check(&value);
    assert_eq!(value.depth(), 4);
}

#[test]
fn a_change_is_not_seen_by_whoever_holds_a_clone() {
    for len in [3, 500] {
        let items: Vec<String> = (0..len).map(|place| place.to_string()).collect();
        let mut value = read(&format!("[{}]", items.join(",")));
        let before = value.clone();
        let list = value.as_list_mut().unwrap();
        list.remove(1);
        list.insert(0, read("\"new\""));
        list.set(2, read("null"));
        assert_eq!(to_json(&before, &NoPieces), format!("[{}]", items.join(",")));
        assert_eq!(value.as_list().unwrap().len(), len);
        assert!(to_json(&value, &NoPieces).starts_with("[\"new\",0,null"));
    }
}

#[test]
fn members_keep_the_order_in_which_they_came() {
    let mut value = Value::map(0);
    for place in (0..100).rev() {
        value
            .as_map_mut()
            .unwrap()
            .set(format!("{place}").as_bytes(), Value::null(0));
    }
    let members = value.as_map_mut().unwrap();
    members.remove(b"50");
    members.set(b"50", Value::null(0));
    members.set(b"99", Value::map(0));
    let names: Vec<_> = members
        .iter()
        .map(|(name, _)| String::from_utf8_lossy(name).into_owned())
        .collect();
    assert_eq!((names[0].as_str(), names[99].as_str(), names.len()), ("99", "50", 100));
}

#[test]
fn text_joins_halves_and_knows_who_delivered_each_unit() {
    let mut text = Text::from_bytes(b"");
    for (delta, by) in [("ab", 3), (r"\ud83d", 4), (r"\ude00", 5), ("é", 6), ("", 7)] {
        text.push(&wtf8(delta), by, 2);
    }
    assert_eq!(text.to_wtf8(&NoPieces), "ab😀é");
    assert_eq!((text.len(), text.utf16_len()), (8, 5));
    let causes: Vec<_> = (0..6).map(|offset| text.cause(offset, 2, &NoPieces)).collect();
    assert_eq!(causes, [Some(3), Some(3), Some(4), Some(5), Some(6), None]);
}

#[test]
fn long_text_is_cut_into_chunks_and_still_one_text() {
    let mut text = Text::from_bytes(b"start ");
    let mut whole = "start ".to_owned();
    for by in 1..2_000 {
        let delta = format!("{by} ü ");
        text.push(&delta.as_str().into(), by, 0);
        whole.push_str(&delta);
    }
    assert_eq!(text.to_wtf8(&NoPieces), whole.as_str());
    assert_eq!(text.utf16_len(), whole.encode_utf16().count() as u64);
    let at = whole.find("1234 ü").unwrap();
    assert_eq!(
        text.cause(whole[..at].encode_utf16().count() as u64, 0, &NoPieces),
        Some(1234)
    );
    assert_eq!(text.cause(0, 0, &NoPieces), Some(0));
    let (tail, skipped) = text.tail(5_000, &NoPieces);
    assert!(whole.ends_with(&*tail.to_str_lossy()) && tail.len() > 4_990);
    assert_eq!(skipped + tail.len() as u64, whole.len() as u64);
    assert!(whole.starts_with(&*text.head(5_001, &NoPieces).to_str_lossy()));
}

#[test]
fn what_was_read_is_the_same_as_the_value_that_it_becomes() {
    let mut grown = Text::from(&wtf8("one "));
    grown.push(&wtf8("text"), 2, 1);
    let texts = [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1e400",
        "-1e400",
        "0.5",
        r#""""#,
        r#""one text""#,
        r#""\ud83d""#,
        "[]",
        "[1]",
        "[1,2]",
        "{}",
        r#"{"a":1}"#,
        r#"{"b":2,"a":1}"#,
        r#"{"a":1,"b":2}"#,
        r#"{"a":1,"a":2}"#,
        r#"{"a":[{"b":null}]}"#,
        r#"{"a":[{"b":1e400}]}"#,
    ];
    let held = texts.iter().map(|text| read(text));
    let grown = Value::new(Node::Text(grown), 1);
    for held in held.chain([grown]) {
        for text in texts {
            let other = json::parse(text.as_bytes()).unwrap();
            let expected = held.same(&Value::from_json(&other, 9), &NoPieces);
            assert_eq!(held.same_as_read(&other, &NoPieces), expected, "{held:?} and {text}");
        }
    }
}
