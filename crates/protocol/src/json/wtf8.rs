//! Text as JavaScript holds it: UTF-16 that need not be well formed.
//!
//! A delta may end in the first half of an emoji and the next may begin with
//! the second, each written as `\ud83d` and `\ude00`. WTF-8 keeps such halves
//! (three bytes, `ED A0..BF xx`) and joins them when they meet.

use std::{
    borrow::Cow,
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

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
#[derive(Clone)]
pub struct Wtf8 {
    repr: Repr,
}

/// Short texts stand in place: nearly all names of members do, and half of
/// all texts are names of members.
#[derive(Clone)]
enum Repr {
    Heap(Vec<u8>),
    Inline { len: u8, bytes: [u8; INLINE_LEN] },
}

/// As much as fits beside the length without making the type larger than a `Vec`.
const INLINE_LEN: usize = 15;

impl Wtf8 {
    pub const fn new() -> Self {
        Self {
            repr: Repr::Inline {
                len: 0,
                bytes: [0; INLINE_LEN],
            },
        }
    }

    /// Empty text with room for `len` bytes.
    pub fn with_capacity(len: usize) -> Self {
        if len <= INLINE_LEN {
            return Self::new();
        }
        Self {
            repr: Repr::Heap(Vec::with_capacity(len)),
        }
    }

    /// Takes bytes that are known to be WTF-8, such as [`Wtf8::as_bytes`] gave.
    /// Anything else is decoded like broken UTF-8, except lone surrogates.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        if is_wtf8(&bytes) {
            return Self::from_checked(bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned().into()
    }

    /// For bytes cut from checked UTF-8.
    pub(crate) fn from_checked(bytes: Vec<u8>) -> Self {
        Self {
            repr: Repr::Heap(bytes),
        }
    }

    /// For bytes cut from checked UTF-8, to be copied.
    pub(crate) fn copy_checked(bytes: &[u8]) -> Self {
        let mut text = Self::with_capacity(bytes.len());
        text.push_checked(bytes);
        text
    }

    pub fn as_bytes(&self) -> &[u8] {
        match &self.repr {
            Repr::Heap(bytes) => bytes,
            Repr::Inline { len, bytes } => &bytes[..usize::from(*len)],
        }
    }

    pub fn into_bytes(self) -> Vec<u8> {
        match self.repr {
            Repr::Heap(bytes) => bytes,
            Repr::Inline { len, bytes } => bytes[..usize::from(len)].to_vec(),
        }
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text, unless it holds a surrogate without a partner.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self.as_bytes()).ok()
    }

    /// The text with U+FFFD for surrogates without a partner.
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        match self.as_str() {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(lossy(self.as_bytes())),
        }
    }

    /// The text, owned, with U+FFFD for surrogates without a partner.
    pub fn into_string_lossy(self) -> String {
        String::from_utf8(self.into_bytes()).unwrap_or_else(|error| lossy(error.as_bytes()))
    }

    /// Length in UTF-16 units, which is what JavaScript calls the length.
    pub fn utf16_len(&self) -> usize {
        self.as_bytes().iter().map(|byte| utf16_units(*byte)).sum()
    }

    /// Appends text, joining surrogate halves where the two meet.
    pub fn push(&mut self, other: &Self) {
        let mut rest = other.as_bytes();
        if let (Some(high), Some(low)) = (high_at_end(self.as_bytes()), low_at_start(rest)) {
            self.truncate(self.len() - SURROGATE_LEN);
            self.push_char(join(high, low));
            rest = &rest[SURROGATE_LEN..];
        }
        self.push_checked(rest);
    }

    /// Appends a piece of UTF-8.
    pub fn push_str(&mut self, text: &str) {
        self.push_checked(text.as_bytes());
    }

    /// Appends bytes cut from checked UTF-8.
    pub(crate) fn push_checked(&mut self, more: &[u8]) {
        match &mut self.repr {
            Repr::Heap(bytes) => bytes.extend_from_slice(more),
            Repr::Inline { len, bytes } => {
                let from = usize::from(*len);
                if let Some(room) = bytes.get_mut(from..from + more.len()) {
                    room.copy_from_slice(more);
                    *len += u8::try_from(more.len()).expect("it fits in place");
                } else {
                    let mut heap = Vec::with_capacity((from + more.len()).max(2 * INLINE_LEN));
                    heap.extend_from_slice(&bytes[..from]);
                    heap.extend_from_slice(more);
                    self.repr = Repr::Heap(heap);
                }
            }
        }
    }

    fn truncate(&mut self, to: usize) {
        match &mut self.repr {
            Repr::Heap(bytes) => bytes.truncate(to),
            Repr::Inline { len, .. } => *len = (*len).min(u8::try_from(to).unwrap_or(u8::MAX)),
        }
    }

    pub fn push_char(&mut self, char: char) {
        self.push_checked(char.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// Appends one UTF-16 unit, joining it with a half that waits at the end.
    pub fn push_utf16_unit(&mut self, unit: u16) {
        match unit {
            0xDC00..=0xDFFF => {
                if let Some(high) = high_at_end(self.as_bytes()) {
                    self.truncate(self.len() - SURROGATE_LEN);
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
        let six_bits = |shift: u32| 0x80 | ((unit >> shift) & 0x3F).to_le_bytes()[0];
        self.push_checked(&[0xED, six_bits(6), six_bits(0)]);
    }
}

/// Bytes of a surrogate without a partner.
const SURROGATE_LEN: usize = 3;

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

impl Default for Wtf8 {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Wtf8 {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Wtf8 {}

impl PartialOrd for Wtf8 {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By bytes, which is by code points.
impl Ord for Wtf8 {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for Wtf8 {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl From<&str> for Wtf8 {
    fn from(text: &str) -> Self {
        Self::copy_checked(text.as_bytes())
    }
}

impl From<String> for Wtf8 {
    fn from(text: String) -> Self {
        Self::from_checked(text.into_bytes())
    }
}

impl PartialEq<str> for Wtf8 {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
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
    fn short_and_long_texts_are_alike() {
        let mut text = Wtf8::new();
        let mut plain = String::new();
        for char in "a text that grows past what stands in place, é😀 included".chars() {
            text.push_char(char);
            plain.push(char);
            assert_eq!(text, plain.as_str());
            assert_eq!(text, Wtf8::from(plain.clone()));
            assert_eq!((text.len(), text.is_empty()), (plain.len(), false));
        }
        assert_eq!(size_of::<Wtf8>(), size_of::<Vec<u8>>());
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
