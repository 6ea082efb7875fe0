//! Values as `serde_json` holds them, for libraries that read these.

use serde_json::Number;

use super::{Node, Value};
use crate::fold::piece::PieceSource;

/// Integers up to this are exact in a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// `None` where a text has half of a surrogate pair, which no Rust string holds.
pub(crate) fn to_plain(value: &Value, pieces: &dyn PieceSource) -> Option<serde_json::Value> {
    Some(match value.node() {
        Node::Null => serde_json::Value::Null,
        Node::Bool(truth) => (*truth).into(),
        Node::Number(number) => plain_number(*number),
        Node::Text(text) => text.to_wtf8(pieces).as_str()?.into(),
        Node::List(list) => {
            let items = list.iter().map(|item| to_plain(item, pieces));
            items.collect::<Option<Vec<_>>>()?.into()
        }
        Node::Map(map) => {
            let members = map.iter().map(|(name, member)| {
                let name = std::str::from_utf8(name).ok()?.to_owned();
                Some((name, to_plain(member, pieces)?))
            });
            members.collect::<Option<serde_json::Map<_, _>>>()?.into()
        }
    })
}

/// As `JSON.stringify` writes it: 1.0 is `1`, and what is not finite `null`.
fn plain_number(number: f64) -> serde_json::Value {
    if number.fract() == 0.0 && number.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and in range")]
        return (number as i64).into();
    }
    Number::from_f64(number).map_or(serde_json::Value::Null, Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::piece::NoPieces;

    #[test]
    fn numbers_are_what_javascript_writes_and_halves_of_pairs_are_refused() {
        let plain = |text: &str| {
            let value = Value::from_json(&scrubjay_protocol::json::parse(text.as_bytes()).unwrap(), 0);
            to_plain(&value, &NoPieces).map(|value| value.to_string())
        };
        assert_eq!(
            plain(r#"{"a":[1.0,-0.0,1.5,0.1,9007199254740993,1e999,true]}"#).as_deref(),
            Some(r#"{"a":[1,0,1.5,0.1,9007199254740992,null,true]}"#)
        );
        assert_eq!(plain(r#""\ud83d\ude00""#).as_deref(), Some("\"😀\""));
        assert_eq!(plain(r#"["\ud83d"]"#), None);
        assert_eq!(plain(r#"{"\ude00":1}"#), None);
    }
}
