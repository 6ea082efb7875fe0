//! Odd values of every kind, from a seed that is kept.

/// Numbers that look random and come again with the same seed (splitmix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % count.max(1) as u64).unwrap()
    }

    pub(crate) fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    pub(crate) fn is_one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

/// Characters that would act on a terminal or cannot be seen.
pub(crate) const ACTING: &[char] = &[
    '\u{0}',
    '\u{7}',
    '\u{8}',
    '\u{b}',
    '\u{1b}',
    '\u{7f}',
    '\u{85}',
    '\u{9b}',
    '\u{9d}',
    '\u{ad}',
    '\u{61c}',
    '\u{200b}',
    '\u{200d}',
    '\u{200e}',
    '\u{2028}',
    '\u{202e}',
    '\u{2060}',
    '\u{2066}',
    '\u{feff}',
    '\u{e0041}',
];

/// Whether a character must not be printed as it is; a line feed may.
pub(crate) fn acts(c: char) -> bool {
    (c.is_control() && c != '\n')
        || (ACTING.contains(&c))
        || matches!(c, '\u{200c}'..='\u{200f}' | '\u{2029}'..='\u{202d}' | '\u{2061}'..='\u{206f}')
}

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "-1",
    "3",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "4294967296",
    "1e309",
    "-0",
    "NaN",
    "0x10",
    "٣",
    "1_000",
    "1.5",
    "",
    " ",
];

const TEXTS: &[&str] = &[
    "",
    " ",
    "-",
    "--",
    "=",
    "a=b",
    "t",
    "/a/b",
    "é",
    "日本",
    "\u{202e}abc",
    "\u{1b}[31m",
    "\u{9b}",
    "a\nb",
    "%00",
    "../..",
    "*",
    "[",
    "(?=x)",
    "\\",
    "99999999999999999999d",
    "5s",
    "1GB",
    "0B",
    "1e9TB",
    "2026-11-21",
    "-262144-01-01",
    "+292277-01-01T00:00:00Z",
    "2026-02-30",
    "127.0.0.1:0",
    "127.0.0.1:99999",
    "[::1]:0",
    "http://127.0.0.1:1/",
    "https://u:p@h/?key=a",
    "cut:event=1",
    "cut:event=99999999999999999999",
    "delay:ms=18446744073709551615",
    "fixed:18446744073709551615",
    "0x",
    "Infinityx",
    "nanx",
    "#1",
    "tool:*",
];

/// A value for an option.
pub(crate) fn value(dice: &mut Dice) -> String {
    match dice.below(12) {
        0..=4 => dice.one(NUMBERS).to_owned(),
        5..=9 => dice.one(TEXTS).to_owned(),
        10 => dice.one(&["x", "9", "é", "\u{202e}"]).repeat(1 << dice.below(14)),
        _ => (0..dice.below(12))
            .map(|_| ACTING[dice.below(ACTING.len())])
            .filter(|c| *c != '\0')
            .collect(),
    }
}

/// The bytes with some of them changed, cut, doubled or replaced by odd ones.
pub(crate) fn damaged(dice: &mut Dice, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.below(6) {
        let at = dice.below(bytes.len());
        let end = (at + 1 + dice.below(40)).min(bytes.len());
        match dice.below(9) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let piece = bytes.get(at..end).unwrap_or_default().to_vec();
                bytes.splice(at..at, piece);
            }
            3 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << dice.below(8);
                }
            }
            4 => replace_number(dice, &mut bytes, at),
            5 => double_line(&mut bytes, at),
            6 => {
                let odd = dice.one(&[
                    &b"\xff"[..],
                    b"\0",
                    b"\xed\xa0\x80",
                    b"\\ud800",
                    b"\r",
                    b"\n\n",
                    b"{\"a\":",
                    b"]",
                ]);
                bytes.splice(at..at, odd.iter().copied());
            }
            7 => {
                let deep = dice.one(&["[", "{\"a\":"]).repeat(1 << dice.below(12));
                bytes.splice(at..at, deep.into_bytes());
            }
            _ => {
                let odd = ACTING[dice.below(ACTING.len())].to_string();
                bytes.splice(at..at, odd.into_bytes());
            }
        }
    }
    bytes
}

fn replace_number(dice: &mut Dice, bytes: &mut Vec<u8>, from: usize) {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let Some(at) = bytes
        .get(from..)
        .and_then(|rest| rest.iter().position(is_digit))
        .map(|len| from + len)
    else {
        return;
    };
    let len = bytes[at..].iter().take_while(|byte| is_digit(byte)).count();
    bytes.splice(at..at + len, dice.one(NUMBERS).bytes());
}

fn double_line(bytes: &mut Vec<u8>, at: usize) {
    let start = bytes[..at.min(bytes.len())]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let end = bytes[start..]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(bytes.len(), |len| start + len + 1);
    let line = bytes[start..end].to_vec();
    bytes.splice(start..start, line);
}
