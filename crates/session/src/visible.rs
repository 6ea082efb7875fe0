//! Captured text made safe to show: what would move the cursor, ring, or
//! reorder a line is shown as a sign that stands for it.

use scrubjay_protocol::text::is_unsafe;

/// Text on one line, control and bidi characters as visible signs.
///
/// ```
/// use scrubjay_session::visible;
///
/// assert_eq!(visible::line("a\tb\u{1b}[31m\u{202e}c"), "a␉b␛[31m⟨U+202E⟩c");
/// ```
pub fn line(text: &str) -> String {
    shown(text, |_| false)
}

/// Text of several lines: line feeds and tabs stay.
pub fn text(text: &str) -> String {
    shown(text, |char| matches!(char, '\n' | '\t'))
}

/// Text of several lines in which every sign is as long in UTF-16 as what it
/// stands for, so that places counted in those units stay true.
///
/// ```
/// use scrubjay_session::visible;
///
/// assert_eq!(visible::same_length("a\u{1b}\u{61c}\u{e0041}\nb"), "a␛␦␦␦\nb");
/// ```
pub fn same_length(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' | '\t' => shown.push(char),
            '\0'..='\u{1f}' | '\u{7f}' => shown.extend(picture(char)),
            _ if is_unsafe(char) => shown.extend(std::iter::repeat_n('␦', char.len_utf16())),
            _ => shown.push(char),
        }
    }
    shown
}

fn shown(text: &str, stays: impl Fn(char) -> bool) -> String {
    if text.chars().all(|char| stays(char) || sign(char).is_none()) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        match sign(char).filter(|_| !stays(char)) {
            Some(sign) => shown.push_str(&sign),
            None => shown.push(char),
        }
    }
    shown
}

/// The sign for a character that must not act.
fn sign(char: char) -> Option<String> {
    if let Some(picture) = picture(char) {
        return Some(picture.to_string());
    }
    is_unsafe(char).then(|| format!("⟨U+{:04X}⟩", u32::from(char)))
}

/// The picture of an ASCII control character.
fn picture(char: char) -> Option<char> {
    match char {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(char)),
        '\u{7f}' => Some('␡'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        for plain in ["", "grüße 😀 — ✓", "👩\u{200d}🚀"] {
            assert_eq!(line(plain), plain);
        }
        assert_eq!(text("a\n\tb"), "a\n\tb");
        assert_eq!(line("a\nb"), "a␊b");
    }

    #[test]
    fn what_hides_or_reorders_is_shown() {
        assert_eq!(
            line("a\u{61c}b\u{ad}\u{2060}\u{e0041}"),
            "a⟨U+061C⟩b⟨U+00AD⟩⟨U+2060⟩⟨U+E0041⟩"
        );
    }
}
