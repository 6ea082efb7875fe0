//! JSON Lines: values as text in which nothing acts on a terminal, and
//! captured JSON text verbatim inside them.

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, Write},
};

use serde::Serialize;
use serde_json::{
    ser::{CharEscape, CompactFormatter, Formatter, Serializer},
    value::RawValue,
};

use crate::safe::is_unsafe;

/// A value as a line.
pub(crate) fn line(value: &impl Serialize) -> String {
    let mut line = object(value);
    line.push('\n');
    line
}

/// The beginning of a line whose other members are written one by one.
pub(crate) fn begun(value: &impl Serialize) -> String {
    let mut text = object(value);
    text.truncate(text.len() - "}".len());
    text
}

/// The members that end such a line.
pub(crate) fn rest(value: &impl Serialize) -> String {
    let text = object(value);
    match &text["{".len()..] {
        "}" => "}\n".to_owned(),
        members => format!(",{members}\n"),
    }
}

/// JSON text that stands in a line as it is.
pub(crate) fn raw(json: &str) -> Option<&RawValue> {
    serde_json::from_str(json).ok()
}

pub(crate) fn object(value: &impl Serialize) -> String {
    let mut text = Vec::new();
    value
        .serialize(&mut Serializer::with_formatter(&mut text, Visible))
        .expect("plain values with text for keys, written into memory");
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// Compact JSON whose strings hold no character that acts on a terminal.
struct Visible;

impl Formatter for Visible {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        match fragment.contains(is_unsafe) {
            true => writer.write_all(escaped(fragment).as_bytes()),
            false => writer.write_all(fragment.as_bytes()),
        }
    }

    fn write_char_escape<W: Write + ?Sized>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        match escape {
            CharEscape::Backspace => writer.write_all(b"\\u0008"),
            CharEscape::FormFeed => writer.write_all(b"\\u000c"),
            escape => CompactFormatter.write_char_escape(writer, escape),
        }
    }

    /// Line ends in it can only be white space between tokens, so spaces take their place.
    fn write_raw_fragment<W: Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        match fragment.contains(['\n', '\r']) {
            true => writer.write_all(fragment.replace(['\n', '\r'], " ").as_bytes()),
            false => writer.write_all(fragment.as_bytes()),
        }
    }
}

/// JSON without characters that would act on a terminal: they stand only
/// inside strings, where an escape means the same. White space between tokens
/// stays, or becomes a space where it would act.
pub(crate) fn escaped(json: &str) -> Cow<'_, str> {
    let acts = |c: char| c != '\n' && is_unsafe(c);
    if !json.contains(acts) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        match c {
            '\t' | '\r' => text.push(' '),
            c if acts(c) => push_escape(&mut text, c),
            c => text.push(c),
        }
    }
    Cow::Owned(text)
}

/// A character as the UTF-16 units that JSON has escapes for.
fn push_escape(text: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        write!(text, "\\u{unit:04x}").expect("a String takes all");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_on_a_terminal_mean_the_same_and_do_nothing() {
        assert_eq!(
            escaped("{\"a\":\"é\u{9b}\u{202e}\"}\n"),
            "{\"a\":\"é\\u009b\\u202e\"}\n"
        );
        assert_eq!(escaped("{\"a\":\t\"\u{e0041}\"}"), "{\"a\": \"\\udb40\\udc41\"}");
        assert!(matches!(escaped("{}\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_acts_on_a_terminal_is_escaped_and_raw_text_is_verbatim() {
        #[derive(Serialize)]
        struct Line<'a> {
            a: &'a str,
            event: Option<&'a RawValue>,
        }
        let text = "é\"\\\n\t\u{8}\u{c}\u{1b}\u{7f}\u{202e}\u{e0041}";
        let written = line(&Line {
            a: text,
            event: raw("{\"x\":\n1.50}"),
        });
        assert_eq!(
            written,
            "{\"a\":\"é\\\"\\\\\\n\\t\\u0008\\u000c\\u001b\\u007f\\u202e\\udb40\\udc41\",\"event\":{\"x\": 1.50}}\n"
        );
        let value: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(value["a"], text);
    }

    #[test]
    fn a_line_goes_out_in_parts() {
        assert_eq!(begun(&json!({"a": 1})), "{\"a\":1");
        assert_eq!(rest(&json!({"a": 1})), ",\"a\":1}\n");
        assert_eq!(rest(&json!({})), "}\n");
    }
}
