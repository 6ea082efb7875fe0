//! Lines as text: members kept verbatim, and JSON texts that fit on a line.

use std::{borrow::Cow, ops::Range};

use scrubjay_protocol::json::{self, Cause, NESTING_LIMIT};
use serde::de::DeserializeOwned;

/// Members that are read. What else a line has is passed over.
const NAMES: [&str; 17] = [
    "kind",
    "connId",
    "tMs",
    "event",
    "sseEvent",
    "scrubjay",
    "comment",
    "method",
    "url",
    "input",
    "tool",
    "capturedAt",
    "framework",
    "transport",
    "redacted",
    "runtime",
    "schemaVersion",
];

/// Bytes of memory that an item of a list takes at most, of any type:
/// `[0,0]` is six bytes of a file and becomes a chunk with an offset.
const ITEM_LEN: u64 = 56;

/// The members of a line's object. Values are the text as it stands.
pub(crate) struct Members<'a> {
    line: &'a str,
    values: [Option<Range<usize>>; NAMES.len()],
}

impl<'a> Members<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// The end of a sentence, when the line is not one JSON object.
    pub(crate) fn of(line: &'a str) -> Result<Self, String> {
        match json::last_members(line.as_bytes(), &NAMES) {
            Ok(values) => Ok(Self { line, values }),
            Err(error) if error.cause == Cause::End => Err("it ends in the middle".to_owned()),
            Err(_) if json::scan(line.as_bytes()).is_ok() => Err("it is not a JSON object".to_owned()),
            Err(error) => Err(format!("it is not JSON at column {}", error.offset + 1)),
        }
    }

    /// The text of a member; of several with one name the last, as JSON readers do.
    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        let place = NAMES.iter().position(|known| *known == name)?;
        self.line.get(self.values.get(place)?.clone()?)
    }

    /// Bytes of memory that a member may take once it is read, counted from above.
    pub(crate) fn weight(&self, name: &str) -> u64 {
        let text = self.text(name).unwrap_or_default();
        let items = text.bytes().filter(|byte| matches!(byte, b',' | b'[')).count() as u64;
        (text.len() as u64).saturating_add(items.saturating_mul(ITEM_LEN))
    }

    /// A member that must be a string. Halves of surrogate pairs become U+FFFD.
    pub(crate) fn string(&self, name: &str) -> Option<String> {
        string_of(self.text(name)?)
    }

    /// A member that must be a finite number.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.read::<f64>(name).filter(|number| number.is_finite())
    }

    /// A member of a shape of ours.
    pub(crate) fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.text(name)?).ok()
    }
}

pub(crate) fn string_of(text: &str) -> Option<String> {
    json::string_at(text.as_bytes(), &(0..text.len())).map(|text| text.to_string())
}

/// The JSON text in these bytes as it can stand in a line, or nothing when
/// they are not one JSON text, or nested so deep that readers of lines would
/// need a stack to match. Line ends can only be white space between tokens
/// there, so a space takes their place.
pub(crate) fn json_text(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(bytes).ok()?;
    if json::scan(bytes).ok()?.nesting > NESTING_LIMIT {
        return None;
    }
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    if text.contains(['\n', '\r']) {
        return Some(Cow::Owned(text.replace(['\n', '\r'], " ")));
    }
    Some(Cow::Borrowed(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_text() {
        let members = Members::of(r#"{"tool": 1.50, "event":{"x":1,"x":2} ,"t\u006fol":"\ud800é"}"#).unwrap();
        assert_eq!(members.text("event"), Some(r#"{"x":1,"x":2}"#));
        assert_eq!(members.text("tool"), Some(r#""\ud800é""#));
        assert_eq!(members.text("url"), None);
    }

    #[test]
    fn a_line_that_is_no_object_says_why() {
        for (line, why) in [
            ("[1]", "it is not a JSON object"),
            (r#"{"a":"#, "it ends in the middle"),
            (r#"{"a":}"#, "it is not JSON at column 6"),
        ] {
            assert_eq!(Members::of(line).err().as_deref(), Some(why), "{line}");
        }
    }

    #[test]
    fn only_json_of_a_bearable_depth_stands_in_a_line() {
        assert_eq!(json_text(b" {\"a\":\n1}\r\n").as_deref(), Some("{\"a\": 1}"));
        assert_eq!(json_text(b"{\"a\":1} x"), None);
        assert_eq!(json_text(b"\"\xff\""), None);
        assert_eq!(json_text(b"NaN"), None);
        let deep = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
        assert!(json_text(&deep(512)).is_some());
        assert!(json_text(&deep(513)).is_none());
        assert!(json_text(&deep(100_000)).is_none());
        assert!(json_text(br#""[[[\"[[""#).is_some());
    }
}
