//! Text as JavaScript holds it: UTF-16 that need not be well formed.
//!
//! A delta may end in the first half of an emoji and the next may begin with
//! the second, each written as `\ud83d` and `\ude00`. WTF-8 keeps such halves
//! (three bytes, `ED A0..BF xx`) and joins them when they meet.

use std::{borrow::Cow, fmt};

/// Owned WTF-8: UTF-8 that may also hold surrogates without a partner.
///
/// ```
/// use scrubjay_protocol::json::{Value, parse};
///
/// let Value::String(mut first) = parse(br#""\ud83d""#).unwrap() else { panic!() };
/// let Value::String(second) = parse(br#""\ude00""#).unwrap() else { panic!() };
/// assert_eq!(first.as_str(), None);
/// first.push(&second);
/// assert_eq!(first.as_str(), Some("😀"));
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Wtf8 {
    bytes: Vec<u8>,
}

impl Wtf8 {
    /// Empty text.
    pub const fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    /// Empty text with room for `len` bytes.
    pub fn with_capacity(len: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(len),
        }
    }

    /// Takes bytes that are known to be WTF-8, such as [`Wtf8::as_bytes`] gave.
    /// Anything else is decoded like broken UTF-8, except lone surrogates.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        if is_wtf8(&bytes) {
            return Self { bytes };
        }
        String::from_utf8_lossy(&bytes).into_owned().into()
    }

    /// For bytes cut from checked UTF-8.
    pub(crate) fn from_checked(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, owned.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The text, unless it holds a surrogate without a partner.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// The text with U+FFFD for surrogates without a partner.
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        match self.as_str() {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(lossy(&self.bytes)),
        }
    }

    /// The text, owned, with U+FFFD for surrogates without a partner.
    pub fn into_string_lossy(self) -> String {
        String::from_utf8(self.bytes).unwrap_or_else(|error| lossy(error.as_bytes()))
    }

    /// Length in UTF-16 units, which is what JavaScript calls the length.
    pub fn utf16_len(&self) -> usize {
        self.bytes.iter().map(|byte| utf16_units(*byte)).sum()
    }

    /// Appends text, joining surrogate halves where the two meet.
    pub fn push(&mut self, other: &Self) {
        let (mut tail, mut head) = (self.bytes.len(), 0);
        if let (Some(high), Some(low)) = (high_at_end(&self.bytes), low_at_start(&other.bytes)) {
            tail -= 3;
            head = 3;
            self.bytes.truncate(tail);
            self.push_char(join(high, low));
        }
        self.bytes.extend_from_slice(&other.bytes[head..]);
    }

    /// Appends a piece of UTF-8.
    pub fn push_str(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Appends bytes cut from checked UTF-8.
    pub(crate) fn push_checked(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Appends one character.
    pub fn push_char(&mut self, char: char) {
        self.bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// Appends one UTF-16 unit, joining it with a half that waits at the end.
    pub fn push_utf16_unit(&mut self, unit: u16) {
        match unit {
            0xDC00..=0xDFFF => {
                if let Some(high) = high_at_end(&self.bytes) {
                    self.bytes.truncate(self.bytes.len() - 3);
                    self.push_char(join(high, unit));
                } else {
                    self.push_surrogate(unit);
                }
            }
            0xD800..=0xDBFF => self.push_surrogate(unit),
            _ => self.push_char(char::from_u32(u32::from(unit)).expect("no surrogate is left here")),
        }
    }

    fn push_surrogate(&mut self, unit: u16) {
        let low_six = |shift: u32| 0x80 | ((unit >> shift) & 0x3F).to_le_bytes()[0];
        self.bytes.extend_from_slice(&[0xED, low_six(6), low_six(0)]);
    }

    /// Whether a surrogate half without a partner stands somewhere in it.
    pub fn has_lone_surrogate(&self) -> bool {
        self.as_str().is_none()
    }
}

/// UTF-16 units that begin with this byte of WTF-8.
fn utf16_units(byte: u8) -> usize {
    match byte {
        0x80..=0xBF => 0,
        0xF0.. => 2,
        _ => 1,
    }
}

fn join(high: u16, low: u16) -> char {
    let scalar = 0x1_0000 + ((u32::from(high) - 0xD800) << 10) + (u32::from(low) - 0xDC00);
    char::from_u32(scalar).expect("a pair of surrogates names a character")
}

/// The surrogate that these three bytes encode.
pub(crate) fn surrogate(bytes: &[u8]) -> Option<u16> {
    match bytes {
        [0xED, middle @ 0xA0..=0xBF, last @ 0x80..=0xBF] => {
            Some(0xD000 | (u16::from(middle & 0x3F) << 6) | u16::from(last & 0x3F))
        }
        _ => None,
    }
}

fn high_at_end(bytes: &[u8]) -> Option<u16> {
    let start = bytes.len().checked_sub(3)?;
    surrogate(&bytes[start..]).filter(|unit| *unit < 0xDC00)
}

fn low_at_start(bytes: &[u8]) -> Option<u16> {
    surrogate(bytes.get(..3)?).filter(|unit| *unit >= 0xDC00)
}

/// Splits WTF-8 into runs of UTF-8 and the surrogates between them.
pub(crate) fn runs(mut bytes: &[u8]) -> impl Iterator<Item = (&str, Option<u16>)> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                bytes = &[];
                Some((text, None))
            }
            Err(error) => {
                let (good, rest) = bytes.split_at(error.valid_up_to());
                let text = std::str::from_utf8(good).expect("checked up to here");
                let unit = rest.get(..3).and_then(surrogate);
                bytes = rest.get(3..).unwrap_or_default();
                Some((text, unit))
            }
        }
    })
}

fn is_wtf8(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    let mut after_high = false;
    while let Err(error) = std::str::from_utf8(rest) {
        let Some(unit) = rest
            .get(error.valid_up_to()..error.valid_up_to() + 3)
            .and_then(surrogate)
        else {
            return false;
        };
        // A pair must stand as one character of four bytes.
        if after_high && error.valid_up_to() == 0 && unit >= 0xDC00 {
            return false;
        }
        after_high = unit < 0xDC00;
        rest = &rest[error.valid_up_to() + 3..];
    }
    true
}

fn lossy(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for (run, unit) in runs(bytes) {
        text.push_str(run);
        if unit.is_some() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    text
}

impl From<&str> for Wtf8 {
    fn from(text: &str) -> Self {
        Self {
            bytes: text.as_bytes().to_vec(),
        }
    }
}

impl From<String> for Wtf8 {
    fn from(text: String) -> Self {
        Self {
            bytes: text.into_bytes(),
        }
    }
}

impl PartialEq<str> for Wtf8 {
    fn eq(&self, other: &str) -> bool {
        self.bytes == other.as_bytes()
    }
}

impl PartialEq<&str> for Wtf8 {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

/// As text, with U+FFFD for surrogates without a partner.
impl fmt::Display for Wtf8 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_str_lossy())
    }
}

/// As JSON writes it.
impl fmt::Debug for Wtf8 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        super::write::write_string(&mut text, self);
        formatter.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(units: &[u16]) -> Wtf8 {
        let mut text = Wtf8::new();
        for unit in units {
            text.push_utf16_unit(*unit);
        }
        text
    }

    #[test]
    fn halves_join_wherever_they_meet() {
        let mut joined = units(&[0x61, 0xD83D]);
        joined.push(&units(&[0xDE00, 0x62]));
        assert_eq!(joined, "a😀b");
        assert_eq!(units(&[0xD83D, 0xDE00]), "😀");
    }

    #[test]
    fn halves_in_the_wrong_order_stay_apart() {
        let mut text = units(&[0xDE00]);
        text.push(&units(&[0xD83D]));
        assert_eq!(text.as_str(), None);
        assert_eq!(text.to_str_lossy(), "\u{FFFD}\u{FFFD}");
        assert_eq!(format!("{text:?}"), r#""\ude00\ud83d""#);
        assert_eq!(text.utf16_len(), 2);
    }

    #[test]
    fn only_wtf8_passes_unchanged() {
        for (bytes, kept) in [
            (&b"plain"[..], true),
            (&[0xED, 0xA0, 0xBD], true),
            (&[0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], false),
            (&[0xFF], false),
        ] {
            assert_eq!(Wtf8::from_bytes(bytes.to_vec()).as_bytes() == bytes, kept, "{bytes:?}");
        }
    }
}
