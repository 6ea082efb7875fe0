//! New bytes in the place of old ones, and where the rest goes.

use std::ops::Range;

/// Bytes in the place of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Splice {
    pub(super) range: Range<usize>,
    pub(super) bytes: Vec<u8>,
}

/// Puts splices in, which are in order and do not overlap.
pub(super) fn apply(old: &[u8], splices: &[Splice]) -> Vec<u8> {
    let mut new = Vec::with_capacity(old.len() + splices.iter().map(|splice| splice.bytes.len()).sum::<usize>());
    let mut from = 0;
    for splice in splices {
        new.extend_from_slice(&old[from..splice.range.start]);
        new.extend_from_slice(&splice.bytes);
        from = splice.range.end;
    }
    new.extend_from_slice(&old[from..]);
    new
}

/// Where a place of the old bytes is in the new ones: inside a splice at the
/// same distance from its start, as far as it reaches.
pub(super) fn place(splices: &[Splice], old: usize) -> usize {
    let (mut taken, mut put) = (0, 0);
    for Splice { range, bytes } in splices {
        if old <= range.start {
            break;
        }
        if old < range.end {
            return range.start - taken + put + (old - range.start).min(bytes.len());
        }
        taken += range.len();
        put += bytes.len();
    }
    old - taken + put
}

/// The text of a string as it stands between its quotes, and where each of
/// its bytes comes from.
pub(super) struct Unescaped {
    pub(super) text: Vec<u8>,
    /// One more than there are bytes: the last is the end.
    places: Vec<usize>,
}

impl Unescaped {
    pub(super) fn of(raw: &[u8]) -> Self {
        let mut unescaped = Self {
            text: Vec::with_capacity(raw.len()),
            places: Vec::with_capacity(raw.len() + 1),
        };
        let mut at = 0;
        while at < raw.len() {
            let (len, bytes) = unit(&raw[at..]);
            unescaped.places.extend(std::iter::repeat_n(at, bytes.len()));
            unescaped.text.extend_from_slice(&bytes);
            at += len;
        }
        unescaped.places.push(raw.len());
        unescaped
    }

    /// Where a stretch of the text comes from.
    pub(super) fn range(&self, range: &Range<usize>) -> Range<usize> {
        let place = |at: usize| self.places.get(at).or(self.places.last()).copied().unwrap_or_default();
        place(range.start)..place(range.end)
    }
}

/// One byte or escape: its length, and what it means. Halves of a pair that
/// stand alone mean U+FFFD, which no id holds.
fn unit(raw: &[u8]) -> (usize, Vec<u8>) {
    if raw[0] != b'\\' {
        return (1, vec![raw[0]]);
    }
    let plain = |byte: u8| (2, vec![byte]);
    match raw.get(1) {
        Some(b'n') => plain(b'\n'),
        Some(b't') => plain(b'\t'),
        Some(b'r') => plain(b'\r'),
        Some(b'b') => plain(8),
        Some(b'f') => plain(12),
        Some(b'u') => {
            let high = hex(&raw[2..]);
            let low = raw
                .get(6..8)
                .filter(|next| *next == b"\\u")
                .and_then(|_| hex(&raw[8..]));
            let pair = high
                .zip(low)
                .and_then(|(high, low)| char::decode_utf16([high, low]).next()?.ok());
            let single = high.and_then(|unit| char::from_u32(u32::from(unit)));
            let (len, char) = match (single, pair) {
                (Some(char), _) => (6, char),
                (None, Some(char)) => (12, char),
                (None, None) => (6, char::REPLACEMENT_CHARACTER),
            };
            (len.min(raw.len()), char.encode_utf8(&mut [0; 4]).as_bytes().to_vec())
        }
        Some(other) => plain(*other),
        None => (1, Vec::new()),
    }
}

fn hex(digits: &[u8]) -> Option<u16> {
    let digits = std::str::from_utf8(digits.get(..4)?).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn splice(range: Range<usize>, text: &str) -> Splice {
        Splice {
            range,
            bytes: text.into(),
        }
    }

    #[test]
    fn places_move_with_what_is_put_in() {
        let splices = [splice(2..4, "xyz"), splice(6..9, "")];
        assert_eq!(apply(b"ab__cd___e", &splices), b"abxyzcde");
        for (old, new) in [(0, 0), (2, 2), (3, 3), (4, 5), (6, 7), (7, 7), (9, 7), (10, 8)] {
            assert_eq!(place(&splices, old), new, "{old}");
        }
    }

    #[test]
    fn escapes_keep_their_places() {
        let raw = br#"a\"\u00e9\ud83d\ude00\/\ud800z"#;
        let unescaped = Unescaped::of(raw);
        assert_eq!(String::from_utf8_lossy(&unescaped.text), "a\"é😀/\u{fffd}z");
        assert_eq!(unescaped.range(&(0..1)), 0..1);
        assert_eq!(unescaped.range(&(2..4)), 3..9);
        assert_eq!(
            unescaped.range(&(unescaped.text.len() - 1..unescaped.text.len())),
            raw.len() - 1..raw.len()
        );
    }
}
