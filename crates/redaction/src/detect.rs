//! What looks like a secret, in a text without a name.
//!
//! - `keys`: keys whose form says whose they are, tokens, private keys.
//! - `assigned`: `name=value`, parameters and users of URLs, `Bearer …`.
//! - `personal`: e-mail, telephone, cards, accounts.
//! - `random`: what only chance writes.
//!
//! All patterns are matched in linear time. A pattern runs only where a text
//! that it cannot do without stands.

mod assigned;
mod keys;
mod personal;
mod random;

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

/// A find: where, and which rule found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Find {
    pub(crate) range: Range<usize>,
    pub(crate) rule: &'static str,
}

/// Rules with what they are about, in the order of `docs/sharing.md`.
pub const RULES: [(&str, &str); 15] = [
    ("key", "keys of known vendors"),
    ("jwt", "JSON web tokens"),
    ("private_key", "private keys"),
    ("bearer", "credentials after their scheme"),
    ("url.user", "users and passwords in URLs"),
    ("url.parameter", "secret parameters of URLs"),
    ("assigned", "secrets written as name and value"),
    ("name", "members with the name of a secret"),
    ("header", "header fields with the name of a secret"),
    ("header.other", "header fields that need not be known"),
    ("email", "e-mail addresses"),
    ("phone", "telephone numbers"),
    ("card", "card numbers with a right check digit"),
    ("iban", "bank accounts with a right check number"),
    ("random", "tokens that only chance writes"),
];

/// Finds in a text, in no order, overlapping or not.
pub(crate) fn finds(text: &str, looks_for_random: bool) -> Vec<Find> {
    let mut finds = Vec::new();
    keys::find(text, &mut finds);
    assigned::find(text, &mut finds);
    personal::find(text, &mut finds);
    if looks_for_random {
        random::find(text, &mut finds);
    }
    finds
}

/// A pattern that is made when it is first needed.
type Pattern = LazyLock<Regex>;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a constant")
}

/// The character before a place, and the one after.
fn before(text: &str, at: usize) -> Option<char> {
    text[..at].chars().next_back()
}

fn after(text: &str, at: usize) -> Option<char> {
    text[at..].chars().next()
}

/// Whether a word ends before this place: the `n` of `\n` belongs to no word.
fn begins_a_word(text: &str, at: usize) -> bool {
    let is_escape =
        at >= 2 && text.as_bytes()[at - 2] == b'\\' && matches!(text.as_bytes()[at - 1], b'n' | b'r' | b't');
    is_escape || !before(text, at).is_some_and(|char| char.is_alphanumeric() || matches!(char, '_' | '-' | '+'))
}

/// Words of documents in the place of a secret.
fn is_example(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    [
        "example",
        "your",
        "placeholder",
        "redacted",
        "dummy",
        "xxxx",
        "....",
        "1234567890abcdef",
    ]
    .iter()
    .any(|word| lower.contains(word))
}
