//! What stands in the place of a value that was taken out.
//!
//! A placeholder has as many characters as the value, each of as many bytes, so
//! that nothing around it moves. Equal values have equal placeholders under one
//! key; without the key nothing leads back. Blanks, line breaks and the two
//! characters that JSON Pointer escapes keep their places, so that any encoding
//! of the placeholder is as long as that of the value.
//!
//! ```text
//! value         sk-proj-9f2K…              ada@example.org    a-b!    1234
//! placeholder   *mq4xk7tbc2fz**…           *h5rw7dqkz3m4**    *._-    9099
//! ```
//!
//! Two characters of a placeholder of eight or more are made from the others,
//! so that it differs from text: what was taken out once is left alone.

use std::ops::Range;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Letters of a placeholder: those of base 32, which no rule takes for a word.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Characters of a placeholder too short for letters: none of them is escaped in a URL.
const MARKS: &[u8; 4] = b"*-._";
/// From this length on a placeholder has letters.
const LETTERED_LEN: usize = 8;
/// Letters of a placeholder at most, those that prove it included.
const MAX_LETTERS: usize = 12;
/// Letters that are made from the others.
const PROOF_LEN: usize = 2;
/// What stands for a character of two, three or four bytes.
const WIDE: [char; 3] = ['·', '•', '🔒'];

/// The key of one export.
#[derive(Clone)]
pub(crate) struct Key([u8; 32]);

/// Whether a character stays where it is.
fn is_fixed(char: char) -> bool {
    matches!(char, ' ' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' | '/' | '~')
}

/// Whether a character is one that JSON writes in two bytes, as it writes `/`.
fn is_escaped(char: char) -> bool {
    matches!(char, '"' | '\\')
}

impl Key {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The placeholder of a value; the value itself where it is one.
    pub(crate) fn placeholder(&self, value: &str) -> String {
        if is_placeholder(value) {
            return value.to_owned();
        }
        if is_digits(value) {
            return self.number(value);
        }
        let is_lettered = |char: &char| char.len_utf8() == 1 && !is_fixed(*char) && !is_escaped(*char);
        let len = value.chars().filter(is_lettered).count();
        let mut letters = self.letters(value, len).into_iter();
        let put = |char: char| match char {
            _ if is_fixed(char) => char,
            _ if is_escaped(char) => '/',
            _ => match char.len_utf8() {
                1 => char::from(letters.next().unwrap_or(b'*')),
                bytes => WIDE[bytes - 2],
            },
        };
        value.chars().map(put).collect()
    }

    fn letters(&self, value: &str, len: usize) -> Vec<u8> {
        let bits = self.bits(value);
        if len < LETTERED_LEN {
            let marks = bits.iter().map(|byte| MARKS[usize::from(byte & 3)]);
            return std::iter::once(b'*').chain(marks).take(len).collect();
        }
        let random_len = (len - 2).min(MAX_LETTERS) - PROOF_LEN;
        let letters: Vec<u8> = bits[..random_len]
            .iter()
            .map(|byte| LETTERS[usize::from(byte & 31)])
            .collect();
        let mut all = [b"*", letters.as_slice(), &proof(&letters)].concat();
        all.resize(len, b'*');
        all
    }

    /// A number of as many digits, all of them nines and noughts. What follows an `e` stays.
    pub(crate) fn number(&self, number: &str) -> String {
        if is_number_placeholder(number) {
            return number.to_owned();
        }
        let bits = self.bits(number);
        let end = mantissa_len(number);
        let first = first_digit(number);
        let put = |(at, char): (usize, char)| match char {
            '0'..='9' if at < end && Some(at) == first => '9',
            '0'..='9' if at < end && first.is_some_and(|first| at > first) => {
                ['0', '9'][usize::from(bits[at % bits.len()] & 1)]
            }
            char => char,
        };
        number.char_indices().map(put).collect()
    }

    fn bits(&self, value: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(value.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// Digits are replaced by digits: they may stand as a number in JSON.
pub(crate) fn is_digits(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// The letters that prove the others.
fn proof(letters: &[u8]) -> [u8; PROOF_LEN] {
    let hash = letters.iter().fold(0x811c_9dc5_u32, |hash, letter| {
        (hash ^ u32::from(*letter)).wrapping_mul(0x0100_0193)
    });
    [hash >> 27, (hash >> 22) & 31].map(|bits| LETTERS[bits as usize])
}

/// Whether all of a text is the placeholder of something.
pub(crate) fn is_placeholder(text: &str) -> bool {
    if is_digits(text) {
        return is_number_placeholder(text);
    }
    let mut letters = Vec::new();
    let mut is_wide = false;
    for char in text.chars() {
        match char {
            _ if is_fixed(char) => {}
            _ if WIDE.contains(&char) => is_wide = true,
            _ if char.is_ascii() => letters.push(char as u8),
            _ => return false,
        }
    }
    match letters.as_slice() {
        [] => is_wide,
        short if short.len() < LETTERED_LEN => short[0] == b'*' && short.iter().all(|letter| MARKS.contains(letter)),
        long => lettered_len(long) == Some(long.len()),
    }
}

/// How far a placeholder with letters reaches that begins here.
fn lettered_len(text: &[u8]) -> Option<usize> {
    let rest = text.strip_prefix(b"*")?;
    let len = rest
        .iter()
        .take(MAX_LETTERS)
        .take_while(|letter| LETTERS.contains(letter))
        .count();
    let (letters, proves) = rest[..len].split_at_checked(len.checked_sub(PROOF_LEN)?)?;
    if len < LETTERED_LEN - 2 || proves != proof(letters) || rest.get(len) != Some(&b'*') {
        return None;
    }
    let stars = rest[len..].iter().take_while(|letter| **letter == b'*').count();
    (len == MAX_LETTERS || stars == 1).then_some(1 + len + stars)
}

/// Where placeholders with letters stand in a text.
pub(crate) fn placeholders(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (star, _) in text.match_indices('*') {
        if found.last().is_some_and(|last| star < last.end) {
            continue;
        }
        if let Some(end) = placeholder_end(text, star) {
            found.push(star..end);
        }
    }
    found
}

/// Where the placeholder ends that begins here: characters that keep their places may stand in it.
fn placeholder_end(text: &str, start: usize) -> Option<usize> {
    let (mut letters, mut ends) = (Vec::new(), Vec::new());
    for (at, char) in text[start..].char_indices() {
        if is_fixed(char) || WIDE.contains(&char) {
            continue;
        }
        let is_letter = char == '*' || (letters.len() <= MAX_LETTERS && LETTERS.contains(&(char as u32 as u8)));
        if !char.is_ascii() || !is_letter {
            break;
        }
        letters.push(char as u8);
        ends.push(start + at + 1);
    }
    let len = lettered_len(&letters)?;
    ends.get(len - 1).copied()
}

fn mantissa_len(number: &str) -> usize {
    number.find(['e', 'E']).unwrap_or(number.len())
}

/// The first digit that may be another: not the nought before a point.
fn first_digit(number: &str) -> Option<usize> {
    let from = if number.trim_start_matches('-').starts_with("0.") {
        number.find('.')?
    } else {
        0
    };
    number[from..]
        .find(|char: char| char.is_ascii_digit())
        .map(|at| from + at)
}

/// Whether a number is the placeholder of one.
pub(crate) fn is_number_placeholder(number: &str) -> bool {
    let Some(first) = first_digit(number) else { return true };
    let digits = number[first..mantissa_len(number).max(first)]
        .bytes()
        .filter(u8::is_ascii_digit);
    number.as_bytes()[first] == b'9' && digits.into_iter().all(|digit| matches!(digit, b'0' | b'9'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> Key {
        Key::new([seed; 32])
    }

    #[test]
    fn a_placeholder_is_as_long_as_the_value_and_is_left_alone() {
        for value in [
            "a",
            "1234",
            "4111111111111111",
            "hunter2!",
            "ada@example.org",
            "sk-proj-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "päss wörd\n\"x\\y\"/~",
            "密码😀é",
            "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
        ] {
            let put = key(1).placeholder(value);
            assert_ne!(put, value);
            let lens = |text: &str| text.chars().map(char::len_utf8).collect::<Vec<_>>();
            assert_eq!(lens(&put), lens(value), "{value} {put}");
            assert!(is_placeholder(&put), "{put}");
            assert_eq!(key(2).placeholder(&put), put, "again, under another key");
            assert_eq!(key(1).placeholder(value), put);
        }
        assert_ne!(
            key(1).placeholder("ada@example.org"),
            key(2).placeholder("ada@example.org")
        );
        assert_ne!(
            key(1).placeholder("ada@example.org"),
            key(1).placeholder("bob@example.org")
        );
    }

    #[test]
    fn text_is_no_placeholder() {
        for text in [
            "",
            " ",
            "/",
            "*bold*",
            "**bold text**",
            "*really*",
            "hunter22",
            "*emphasis*",
            "a.b-c_d",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn a_placeholder_is_found_in_a_text() {
        let put = key(3).placeholder("ada@example.org");
        let text = format!("*not* {put}, and {put}");
        let found: Vec<&str> = placeholders(&text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, [&put, &put]);
    }

    #[test]
    fn a_number_stays_a_number_of_its_length() {
        for number in ["7", "1234", "-12.50", "0.25", "1.5e300", "4111111111111111", "-0.0"] {
            let put = key(1).number(number);
            assert_eq!(put.len(), number.len());
            assert!(serde_json::from_str::<f64>(&put).is_ok(), "{put}");
            assert_eq!(key(2).number(&put), put, "again, under another key");
        }
    }
}
