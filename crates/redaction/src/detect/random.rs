//! Tokens that only chance writes.
//!
//! Such a token has capitals, small letters and digits that change places
//! often, and no stretch that could be a word. Hashes (hexadecimal), UUIDs and
//! the ids that models and frameworks give are passed over: they are in every
//! recording and open nothing.

use std::{collections::BTreeMap, sync::LazyLock};

use super::{Find, Pattern, before, is_example, pattern};
use crate::names::longest_word;

static TOKEN: Pattern = LazyLock::new(|| pattern(r"[A-Za-z0-9][A-Za-z0-9_+/=-]{22,}"));

const MIN_LEN: usize = 24;
/// What is longer is a file, a picture or an encrypted text.
const MAX_LEN: usize = 200;
/// Bits for each character, from its own share of the token (Shannon).
const MIN_BITS: f64 = 3.9;
/// A stretch of small letters that is longer is a word.
const MAX_WORD: usize = 9;
/// Of a hundred characters, how many are of another kind than the one before: chance changes
/// sixty-two times, words put together with capitals thirty times.
const MIN_CHANGES: usize = 34;

/// How ids begin that open nothing.
const IDS: [&str; 30] = [
    "call_",
    "chatcmpl-",
    "toolu_",
    "tooluse_",
    "msg_",
    "resp_",
    "run-",
    "run_",
    "thread_",
    "fc_",
    "rs_",
    "req_",
    "file-",
    "asst_",
    "step_",
    "item_",
    "lc_",
    "srvtoolu_",
    "conv_",
    "gen-",
    "cmpl-",
    "ctc_",
    "ws_",
    "ig_",
    "mcp_",
    "sha256-",
    "sha384-",
    "sha512-",
    "fp_",
    "h1:",
];

pub(super) fn find(text: &str, finds: &mut Vec<Find>) {
    for found in TOKEN.find_iter(text) {
        let value = found.as_str().trim_end_matches(['-', '_', '/', '+']);
        let is_after_id = IDS
            .iter()
            .any(|id| text[..found.start()].ends_with(id) || value.starts_with(id));
        let is_in_path = matches!(before(text, found.start()), Some('/' | '.' | '\\' | '$'));
        if !is_after_id && !is_in_path && is_random(value) {
            finds.push(Find {
                range: found.start()..found.start() + value.len(),
                rule: "random",
            });
        }
    }
}

fn is_random(value: &str) -> bool {
    let count = |is: fn(&u8) -> bool| value.bytes().filter(is).count();
    let (small, large, digits) = (
        count(u8::is_ascii_lowercase),
        count(u8::is_ascii_uppercase),
        count(u8::is_ascii_digit),
    );
    (MIN_LEN..=MAX_LEN).contains(&value.len())
        && small >= 4
        && large >= 4
        && digits >= 2
        && small + large + digits + 6 >= value.len()
        && longest_word(value) <= MAX_WORD
        && changes(value) * 100 >= value.len() * MIN_CHANGES
        && bits(value) >= MIN_BITS
        && !is_example(value)
        && !is_a_row(value)
}

/// How often a small letter, a capital, a digit and anything else follow one another.
fn changes(value: &str) -> usize {
    let kind = |byte: u8| match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let kinds: Vec<u8> = value.bytes().map(kind).collect();
    kinds.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

/// Alphabets and counts, which only look like chance.
fn is_a_row(value: &str) -> bool {
    let bytes = value.as_bytes();
    let rising = bytes
        .windows(2)
        .filter(|pair| pair[1] == pair[0].wrapping_add(1))
        .count();
    rising * 4 > value.len()
}

fn bits(value: &str) -> f64 {
    let mut counts: BTreeMap<u8, f64> = BTreeMap::new();
    for byte in value.bytes() {
        *counts.entry(byte).or_default() += 1.0;
    }
    let len = value.len() as f64;
    counts.values().map(|count| -(count / len) * (count / len).log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_found_and_names_are_not() {
        let found = |text: &str| {
            let mut finds = Vec::new();
            find(text, &mut finds);
            finds.len()
        };
        assert_eq!(found("use q7Rt2Lm9Xp4Vb8NcW1sKd5Zf now"), 1);
        for text in [
            "550e8400-e29b-41d4-a716-446655440000",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "getUserAccountInformationFromDatabase2",
            "call_q7Rt2Lm9Xp4Vb8NcW1sKd5Zf",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            "src/components/HomePage2/SideBar3",
        ] {
            assert_eq!(found(text), 0, "{text}");
        }
    }
}
