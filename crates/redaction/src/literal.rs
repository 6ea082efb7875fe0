//! Strings of JSON as they stand: from their text back to their bytes.
//!
//! A new text has a character for each of the old one, of as many bytes in
//! UTF-8. Written with the escapes of the old one it is as long as that, so
//! nothing behind it moves.

use std::ops::Range;

/// New bytes in the place of as many old ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) range: Range<usize>,
    pub(crate) bytes: Vec<u8>,
}

/// A string of JSON: what it means, and where each character stands.
#[derive(Debug, Default)]
pub(crate) struct Literal {
    /// A half of a pair, and what is not UTF-8, is U+FFFD.
    pub(crate) text: String,
    /// Of each character, in the text that the string was read from.
    units: Vec<Range<usize>>,
    /// The half with which the string begins, if it is the second of a pair.
    first_half: Option<u16>,
    /// The half with which it ends, if it is the first of a pair.
    last_half: Option<u16>,
}

impl Literal {
    /// Reads a string that stands in a text, quotes included.
    pub(crate) fn of(text: &[u8], range: Range<usize>) -> Self {
        let mut literal = Self::default();
        let (mut at, end) = (range.start + 1, range.end.saturating_sub(1));
        while at < end {
            let (len, unit) = unit(&text[at..end]);
            let char = match unit {
                Unit::Char(char) => char,
                Unit::Half(half) => {
                    let is_low = (0xDC00..0xE000).contains(&half);
                    if is_low && literal.units.is_empty() {
                        literal.first_half = Some(half);
                    } else if !is_low && at + len == end {
                        literal.last_half = Some(half);
                    }
                    char::REPLACEMENT_CHARACTER
                }
            };
            literal.text.push(char);
            literal.units.push(at..at + len);
            at += len;
        }
        literal
    }

    /// Reads a text that stands as it is.
    pub(crate) fn plain(source: &[u8], range: Range<usize>) -> Self {
        let mut literal = Self::default();
        let mut at = range.start;
        for char in String::from_utf8_lossy(&source[range]).chars() {
            literal.text.push(char);
            literal.units.push(at..at + char.len_utf8());
            at += char.len_utf8();
        }
        literal
    }

    /// What is to be written for a new text.
    pub(crate) fn edits(&self, source: &[u8], new: &str) -> Vec<Edit> {
        let pairs = self.text.chars().zip(new.chars()).zip(&self.units);
        pairs
            .filter(|((old, new), _)| old != new)
            .map(|((_, new), unit)| Edit {
                range: unit.clone(),
                bytes: written(&source[unit.clone()], new),
            })
            .collect()
    }
}

enum Unit {
    Char(char),
    /// A half of a surrogate pair that stands alone.
    Half(u16),
}

/// One character or escape: its length, and what it means.
fn unit(raw: &[u8]) -> (usize, Unit) {
    if raw[0] != b'\\' {
        let len = match raw[0] {
            0x00..0x80 => 1,
            0xC0..0xE0 => 2,
            0xE0..0xF0 => 3,
            _ => 4,
        };
        let char = raw
            .get(..len)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .and_then(|text| text.chars().next());
        return char.map_or((1, Unit::Char(char::REPLACEMENT_CHARACTER)), |char| {
            (len, Unit::Char(char))
        });
    }
    let short = match raw.get(1) {
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(b'r') => '\r',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'u') => return escaped(raw),
        Some(other) => char::from(*other),
        None => return (1, Unit::Char('\\')),
    };
    (2, Unit::Char(short))
}

fn escaped(raw: &[u8]) -> (usize, Unit) {
    let Some(unit) = hex(raw, 2) else {
        return (raw.len().min(6), Unit::Char(char::REPLACEMENT_CHARACTER));
    };
    let low = raw.get(6..8).filter(|next| *next == b"\\u").and_then(|_| hex(raw, 8));
    let pair = low.and_then(|low| char::decode_utf16([unit, low]).next()?.ok());
    match (char::from_u32(u32::from(unit)), pair) {
        (Some(char), _) => (6, Unit::Char(char)),
        (None, Some(char)) if unit < 0xDC00 => (12, Unit::Char(char)),
        (None, _) => (6, Unit::Half(unit)),
    }
}

fn hex(raw: &[u8], from: usize) -> Option<u16> {
    let digits = std::str::from_utf8(raw.get(from..from + 4)?).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

/// A character in as many bytes as the old one took, and in its way.
fn written(old: &[u8], new: char) -> Vec<u8> {
    let mut utf8 = [0; 4];
    let plain = new.encode_utf8(&mut utf8).as_bytes();
    let bytes = match (old, old.len()) {
        ([b'\\', b'u', ..], 6 | 12) => new
            .encode_utf16(&mut [0; 2])
            .iter()
            .flat_map(|unit| format!("\\u{unit:04x}").into_bytes())
            .collect(),
        ([b'\\', ..], 2) => vec![b'\\', short_escape(new)],
        _ => plain.to_vec(),
    };
    match bytes.len() == old.len() {
        true => bytes,
        false => stars(old),
    }
}

/// What cannot be written in the same length is gone, at least.
fn stars(old: &[u8]) -> Vec<u8> {
    match old {
        [b'\\', b'u', ..] => b"\\u002a".repeat(old.len() / 6),
        _ => vec![b'*'; old.len()],
    }
}

fn short_escape(char: char) -> u8 {
    match char {
        '\n' => b'n',
        '\t' => b't',
        '\r' => b'r',
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        '"' => b'"',
        '\\' => b'\\',
        _ => b'/',
    }
}

/// The text of strings that follow each other. A pair that is split between two of them is one character.
pub(crate) fn joined(literals: &[Literal]) -> String {
    let mut text = String::with_capacity(literals.iter().map(|literal| literal.text.len()).sum());
    for (place, literal) in literals.iter().enumerate() {
        let skipped = usize::from(completes(literals, place)) * char::REPLACEMENT_CHARACTER.len_utf8();
        text.push_str(&literal.text[skipped..]);
        if let Some(char) = split_char(literals, place) {
            text.pop();
            text.push(char);
        }
    }
    text
}

/// What is to be written for a new joined text.
pub(crate) fn cut(literals: &[Literal], source: &[u8], old: &str, new: &str) -> Vec<Edit> {
    let mut chars = old.chars().zip(new.chars());
    let mut edits = Vec::new();
    let mut low = None;
    for (place, literal) in literals.iter().enumerate() {
        let is_split = split_char(literals, place).is_some();
        let mut units = literal.units.iter().peekable();
        if completes(literals, place)
            && let Some(unit) = units.next()
        {
            edits.extend(low.take().map(|half| half_edit(unit, half)));
        }
        while let Some(unit) = units.next() {
            let Some((old, new)) = chars.next() else { return edits };
            if old == new {
                continue;
            }
            if units.peek().is_none() && is_split {
                let mut pair = [0; 2];
                if let [high, second] = *new.encode_utf16(&mut pair) {
                    edits.push(half_edit(unit, high));
                    low = Some(second);
                }
                continue;
            }
            edits.push(Edit {
                range: unit.clone(),
                bytes: written(&source[unit.clone()], new),
            });
        }
    }
    edits
}

fn half_edit(unit: &Range<usize>, half: u16) -> Edit {
    Edit {
        range: unit.clone(),
        bytes: format!("\\u{half:04x}").into_bytes(),
    }
}

/// The character that a string begins and the next one completes.
fn split_char(literals: &[Literal], place: usize) -> Option<char> {
    let high = literals.get(place)?.last_half?;
    let low = literals.get(place + 1)?.first_half?;
    char::decode_utf16([high, low]).next()?.ok()
}

/// Whether a string begins with the second half of the character before.
fn completes(literals: &[Literal], place: usize) -> bool {
    place
        .checked_sub(1)
        .is_some_and(|before| split_char(literals, before).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(source: &str, new: &str) -> String {
        let literal = Literal::of(source.as_bytes(), 0..source.len());
        let mut bytes = source.as_bytes().to_vec();
        for edit in literal.edits(source.as_bytes(), new) {
            bytes[edit.range].copy_from_slice(&edit.bytes);
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_new_text_is_written_with_the_escapes_of_the_old_one() {
        for (source, new, written) in [
            (r#""abc""#, "xyc", r#""xyc""#),
            (r#""\u0061bc""#, "xyc", r#""\u0078yc""#),
            (r#""a\n\"""#, "x\n/", r#""x\n\/""#),
            (r#""é\u00e9""#, "··", r#""·\u00b7""#),
            (r#""\ud83d\ude00!""#, "🔒*", r#""\ud83d\udd12*""#),
        ] {
            assert_eq!(put(source, new), written);
        }
    }

    #[test]
    fn a_pair_split_between_strings_is_one_character() {
        let source = br#"["a\ud83d","\ude00b"]"#;
        let literals = [Literal::of(source, 1..10), Literal::of(source, 11..20)];
        assert_eq!(joined(&literals), "a😀b");
        let mut bytes = source.to_vec();
        for edit in cut(&literals, source, "a😀b", "a🔒*") {
            bytes[edit.range].copy_from_slice(&edit.bytes);
        }
        assert_eq!(bytes, br#"["a\ud83d","\udd12*"]"#);
    }
}
