//! Members of an object by either spelling.

use crate::json::{Object, Value};

/// A member by its name in the protocol, or by that name in snake case, as
/// Python models without aliases write it.
pub fn member<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| {
        let other = snake_case(name);
        if other == name { None } else { object.get(&other) }
    })
}

/// `threadId` as `thread_id`.
pub fn snake_case(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for char in name.chars() {
        if char.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(char.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    #[test]
    fn snake_case_is_read_where_camel_case_is_missing() {
        let value = parse(br#"{"thread_id":"a","runId":"b","run_id":"c"}"#).unwrap();
        let object = value.as_object().unwrap();
        assert_eq!(member(object, "threadId"), Some(&Value::string("a")));
        assert_eq!(member(object, "runId"), Some(&Value::string("b")));
        assert_eq!(member(object, "state"), None);
    }
}
