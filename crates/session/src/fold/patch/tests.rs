use scrubjay_protocol::json;

use super::*;
use crate::fold::{piece::NoPieces, value::to_json};

fn read(text: &str) -> json::Value {
    json::parse(text.as_bytes()).unwrap()
}

fn patched(document: &str, operations: &str) -> Result<String, String> {
    let document = Value::from_json(&read(document), 0);
    let operations = read(operations);
    let before = to_json(&document, &NoPieces);
    let answer = apply(Some(&document), operations.as_array().unwrap(), 7, &NoPieces);
    assert_eq!(to_json(&document, &NoPieces), before, "the document of before has changed");
    answer
        .map(|value| value.map_or_else(|| "undefined".to_owned(), |value| to_json(&value, &NoPieces)))
        .map_err(|failure| failure.message)
}
