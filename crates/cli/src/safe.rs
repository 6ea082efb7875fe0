//! Captured text on a terminal: nothing in it may move the cursor, colour the
//! screen, or make a line read otherwise than it is.

use std::borrow::Cow;

/// The text with control characters, line separators and characters that
/// change the direction of writing made visible.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\0'..='\x1f' => shown.extend(char::from_u32(0x2400 + u32::from(c))),
            '\x7f' => shown.push('␡'),
            c if is_unsafe(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// As [`safe`], cut to a number of characters.
pub(crate) fn shortened(text: &str, max_chars: usize) -> String {
    let mut chars = text.chars();
    let head: String = chars.by_ref().take(max_chars).collect();
    let mut shown = safe(&head).into_owned();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
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
        ] {
            assert_eq!(safe(text), shown);
        }
        assert_eq!(shortened("abc\x1bdef", 4), "abc␛…");
    }
}
