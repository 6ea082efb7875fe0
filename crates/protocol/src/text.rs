//! Sentences for people.

/// The text with its first letter in upper case.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).collect()
}

/// The text with a capital and one full stop.
pub fn sentence(text: &str) -> String {
    format!("{}.", capital(text.trim_end_matches('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_has_a_capital_and_one_full_stop() {
        assert_eq!(capital("ünder way"), "Ünder way");
        assert_eq!(capital(""), "");
        assert_eq!(sentence("no such thread"), "No such thread.");
        assert_eq!(sentence("It has ended.."), "It has ended.");
    }
}
