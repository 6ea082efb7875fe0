//! Sentences for people.

/// The text with a capital and one full stop. A path at its beginning stays as it is written.
pub fn sentence(text: &str) -> String {
    let text = text.trim_end_matches('.');
    let first_word = text.split(' ').next().unwrap_or_default();
    let mut sentence = match first_word.contains(['.', '/', '\\']) {
        true => text.to_owned(),
        false => capital(text),
    };
    if !sentence.ends_with(['!', '?']) {
        sentence.push('.');
    }
    sentence
}

/// The text with its first letter in upper case.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).collect()
}

/// Whether a character must not act where captured text is shown: control
/// characters, and those of the category Cf and others that show nothing. They
/// reorder a line, or hide text in it. The joiners U+200C and U+200D are not
/// among them, because scripts and emoji are written with them.
pub fn is_unsafe(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{890}'..='\u{891}'
                | '\u{8e2}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{110bd}'
                | '\u{110cd}'
                | '\u{13430}'..='\u{1343f}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_has_a_capital_and_one_full_stop() {
        assert_eq!(sentence("ünder way"), "Ünder way.");
        assert_eq!(sentence("is it?"), "Is it?");
        assert_eq!(sentence("a/b.pem holds no key"), "a/b.pem holds no key.");
        assert_eq!(sentence("no such thread"), "No such thread.");
        assert_eq!(sentence("It has ended.."), "It has ended.");
    }
}
