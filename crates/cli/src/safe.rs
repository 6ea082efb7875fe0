//! Captured text on a terminal: nothing in it may move the cursor, colour the
//! screen, or make a line look different from what it contains.

use std::borrow::Cow;

use scrubjay_protocol::text;

/// The text with control characters, line separators, characters that change
/// the direction of writing, and characters that cannot be seen made visible.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// As [`safe`], for text of several lines: line feeds stay.
pub(crate) fn safe_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c == '\n')
}

fn escaped(text: &str, is_kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    let is_replaced = |c: char| is_unsafe(c) && !is_kept(c);
    if !text.contains(is_replaced) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if !is_replaced(c) => shown.push(c),
            '\0'..='\x1f' => shown.extend(char::from_u32(0x2400 + u32::from(c))),
            '\x7f' => shown.push('␡'),
            c => shown.extend(c.escape_unicode()),
        }
    }
    Cow::Owned(shown)
}

/// The first `max_chars` characters of the text, made safe. The result is
/// longer where characters are escaped.
pub(crate) fn shortened(text: &str, max_chars: usize) -> String {
    let mut chars = text.chars();
    let head: String = chars.by_ref().take(max_chars).collect();
    let mut shown = safe(&head).into_owned();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

/// Whether a character must not reach a terminal as it is. The zero-width
/// joiners are among them: terminals draw them differently, and they can hide text.
pub(crate) fn is_unsafe(c: char) -> bool {
    text::is_unsafe(c) || matches!(c, '\u{200c}' | '\u{200d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_shown_instead() {
        for (text, shown) in [
            ("plain, é, 日本, 😀", "plain, é, 日本, 😀"),
            ("\x1b[31mred\x07", "␛[31mred␇"),
            ("a\nb\tc\x7f", "a␊b␉c␡"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("abc\u{202e}def\u{2066}", "abc\\u{202e}def\\u{2066}"),
            ("a\u{200b}b\u{2060}c\u{e0041}", "a\\u{200b}b\\u{2060}c\\u{e0041}"),
        ] {
            assert_eq!(safe(text), shown);
        }
        assert_eq!(shortened("abc\x1bdef", 4), "abc␛…");
        assert_eq!(safe_lines("a\nb\r"), "a\nb␍");
    }
}
