//! Captured text made safe to show: what would move the cursor, ring, or
//! reorder a line is shown as a sign that stands for it.

/// Text on one line, control and bidi characters as visible signs.
///
/// ```
/// use scrubjay_ipc::visible;
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
    let picture = match char {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(char)),
        '\u{7f}' => Some('\u{2421}'),
        _ => None,
    };
    if let Some(picture) = picture {
        return Some(picture.to_string());
    }
    let acts = matches!(char,
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200b}'
        | '\u{200e}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}');
    acts.then(|| format!("⟨U+{:04X}⟩", u32::from(char)))
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
}
