//! JSON Lines with the contract's keys in the contract's order, and captured
//! JSON text verbatim inside them.

use std::{borrow::Cow, fmt::Write as _};

use crate::safe::is_unsafe;

/// A JSON object on its way to being a line.
pub(crate) struct Line {
    text: String,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self { text: "{".to_owned() }
    }

    /// The members behind others that went out before.
    pub(crate) fn rest() -> Self {
        Self { text: String::new() }
    }

    /// The beginning of a line whose rest goes out by itself.
    pub(crate) fn begun(self) -> String {
        self.text
    }

    /// A member whose value is JSON text already. Line ends in it can only be
    /// white space between tokens, so spaces take their place.
    pub(crate) fn raw(mut self, name: &str, json: &str) -> Self {
        self.name(name);
        if json.contains(['\n', '\r']) {
            self.text.push_str(&json.replace(['\n', '\r'], " "));
        } else {
            self.text.push_str(json);
        }
        self
    }

    pub(crate) fn string(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        push_string(&mut self.text, value);
        self
    }

    /// A string, or null when there is none.
    pub(crate) fn optional(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.string(name, value),
            None => self.raw(name, "null"),
        }
    }

    /// A number or a boolean.
    pub(crate) fn value(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.name(name);
        write!(self.text, "{value}").expect("a String takes all");
        self
    }

    /// A number, or null when there is none.
    pub(crate) fn optional_value(self, name: &str, value: Option<impl std::fmt::Display>) -> Self {
        match value {
            Some(value) => self.value(name, value),
            None => self.raw(name, "null"),
        }
    }

    /// A list of values that are JSON text already.
    pub(crate) fn list(mut self, name: &str, items: impl IntoIterator<Item = String>) -> Self {
        self.name(name);
        push_list(&mut self.text, items);
        self
    }

    /// The object as a value inside another line.
    pub(crate) fn object(mut self) -> String {
        self.text.push('}');
        self.text
    }

    /// The object as a line.
    pub(crate) fn end(self) -> String {
        let mut line = self.object();
        line.push('\n');
        line
    }

    fn name(&mut self, name: &str) {
        if self.text != "{" {
            self.text.push(',');
        }
        push_string(&mut self.text, name);
        self.text.push(':');
    }
}

/// A list of values that are JSON text already.
pub(crate) fn list(items: impl IntoIterator<Item = String>) -> String {
    let mut text = String::new();
    push_list(&mut text, items);
    text
}

/// A JSON string.
pub(crate) fn string(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    push_string(&mut text, value);
    text
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

fn push_list(text: &mut String, items: impl IntoIterator<Item = String>) {
    text.push('[');
    for (place, item) in items.into_iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str(&item);
    }
    text.push(']');
}

/// Escapes what JSON asks for, and what would act on a terminal.
fn push_string(text: &mut String, value: &str) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c if is_unsafe(c) => push_escape(text, c),
            c => text.push(c),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
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
    fn a_line_is_json_in_the_given_order() {
        let line = Line::new()
            .value("b", 1)
            .string("a", "é\"\\\n\u{1b}\u{202e}")
            .optional("none", None)
            .raw("event", "{\"x\":\n1.50}")
            .list("l", ["1".to_owned(), string("s")])
            .end();
        assert_eq!(
            line,
            "{\"b\":1,\"a\":\"é\\\"\\\\\\n\\u001b\\u202e\",\"none\":null,\"event\":{\"x\": 1.50},\"l\":[1,\"s\"]}\n"
        );
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["a"], "é\"\\\n\u{1b}\u{202e}");
    }
}
