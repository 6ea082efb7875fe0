//! The values that are taken out, and where they stand again.
//!
//! What was found at one place is taken out at all: a key that came in a head
//! may be repeated in a message. Short values and plain words are taken out only
//! where they were found, for they stand everywhere else, too.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use aho_corasick::{AhoCorasick, MatchKind};

use crate::{
    names::is_no_value,
    placeholder::{is_digits, is_placeholder},
    plan::Rule,
};

/// Bytes of a value with which the end of a text may begin it.
const HEAD_LEN: usize = 8;
/// Bytes at the end of a text in which a value may have begun.
const TAIL_LEN: usize = 8 << 10;

/// Values that were found.
#[derive(Debug, Default)]
pub(crate) struct Values {
    /// Those that are looked for everywhere.
    travelling: BTreeMap<String, Rule>,
    /// Others, which are only taken out where they are all of a text.
    whole: BTreeSet<String>,
    /// Beginnings of what was said, where all of that is taken out.
    said: BTreeSet<String>,
    /// Names of members that could have been said.
    names: BTreeSet<String>,
}

/// Characters of what was said from which on, and up to which, a file is searched for it.
const SAID_LEN: std::ops::RangeInclusive<usize> = 16..=48;

impl Values {
    pub(crate) fn note(&mut self, value: &str, rule: &Rule) {
        if is_placeholder(value) || is_no_value(value) {
            return;
        }
        if travels(value) {
            self.travelling.entry(value.to_owned()).or_insert_with(|| rule.clone());
        } else if value.len() > 3 {
            self.whole.insert(value.to_owned());
        }
    }

    /// Notes what was said; a word alone may be a name.
    pub(crate) fn note_said(&mut self, text: &str) {
        let text = text.trim();
        let begun: String = text.chars().take(*SAID_LEN.end()).collect();
        if begun.chars().count() >= *SAID_LEN.start() && begun.contains(' ') && !is_placeholder(text) {
            self.said.insert(begun);
        }
    }

    /// Notes the name of a member, which stays where all that was said is taken out.
    pub(crate) fn note_name(&mut self, name: &str) {
        if name.contains(' ') {
            self.names.insert(name.to_owned());
        }
    }

    /// What was said and is no name.
    pub(crate) fn said(&self) -> impl Iterator<Item = &str> {
        let said = self.said.iter().map(String::as_str);
        said.filter(|text| !self.names.iter().any(|name| name.contains(*text)))
    }

    pub(crate) fn is_whole(&self, text: &str) -> bool {
        self.whole.contains(text)
    }

    /// Values that are looked for everywhere, with the rules that found them.
    pub(crate) fn travelling(&self) -> impl Iterator<Item = (&str, &Rule)> {
        self.travelling.iter().map(|(value, rule)| (value.as_str(), rule))
    }
}

/// Whether a value is looked for everywhere.
fn travels(value: &str) -> bool {
    let is_word = value.len() < 16 && value.bytes().all(|byte| byte.is_ascii_lowercase());
    (value.len() >= HEAD_LEN && !is_word) || (value.contains('@') && value.len() >= 6)
}

/// Finds values in texts.
#[derive(Debug)]
pub(crate) struct Matcher {
    values: Vec<(String, Rule)>,
    whole: AhoCorasick,
    /// Of the beginnings of values.
    heads: AhoCorasick,
}

impl Matcher {
    pub(crate) fn new(values: &Values) -> Self {
        let values: Vec<(String, Rule)> = values
            .travelling()
            .map(|(value, rule)| (value.to_owned(), rule.clone()))
            .collect();
        let automaton = |patterns: Vec<&[u8]>| {
            AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .build(patterns)
                .expect("values fit into memory once more")
        };
        let heads = values
            .iter()
            .map(|(value, _)| &value.as_bytes()[..value.len().min(HEAD_LEN)]);
        Self {
            whole: automaton(values.iter().map(|(value, _)| value.as_bytes()).collect()),
            heads: automaton(heads.collect()),
            values,
        }
    }

    /// Where values stand in a text, or begin at its end.
    pub(crate) fn find(&self, text: &str) -> Vec<(Range<usize>, Rule)> {
        if self.values.is_empty() {
            return Vec::new();
        }
        let mut found = self.find_whole(text.as_bytes());
        let tail = text.len().saturating_sub(TAIL_LEN);
        for head in self.heads.find_overlapping_iter(&text.as_bytes()[tail..]) {
            let (value, rule) = &self.values[head.pattern().as_usize()];
            let rest = &text.as_bytes()[tail + head.start()..];
            if rest.len() < value.len() && value.as_bytes().starts_with(rest) {
                found.push((tail + head.start()..text.len(), rule.clone()));
            }
        }
        found
    }

    /// Where values stand in bytes.
    pub(crate) fn find_whole(&self, bytes: &[u8]) -> Vec<(Range<usize>, Rule)> {
        let found = self.whole.find_overlapping_iter(bytes).filter_map(|found| {
            let (value, rule) = &self.values[found.pattern().as_usize()];
            let is_whole = !is_digits(value) || stands_alone(bytes, found.range());
            is_whole.then(|| (found.range(), rule.clone()))
        });
        found.collect()
    }
}

/// Whether digits are no part of a longer word.
pub(crate) fn stands_alone(bytes: &[u8], range: Range<usize>) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'.');
    let before = range.start.checked_sub(1).and_then(|at| bytes.get(at));
    !is_part(before) && !bytes.get(range.end).is_some_and(u8::is_ascii_alphanumeric)
}

/// Ranges in order, those that overlap put together.
pub(crate) fn merged(mut found: Vec<(Range<usize>, Rule)>) -> Vec<(Range<usize>, Rule)> {
    found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut merged: Vec<(Range<usize>, Rule)> = Vec::with_capacity(found.len());
    for (range, rule) in found {
        match merged.last_mut() {
            Some((last, _)) if range.start < last.end => last.end = last.end.max(range.end),
            _ => merged.push((range, rule)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(values: &[&str]) -> Matcher {
        let mut noted = Values::default();
        for value in values {
            noted.note(value, &Rule::Borrowed("name"));
        }
        Matcher::new(&noted)
    }

    fn found<'t>(values: &[&str], text: &'t str) -> Vec<&'t str> {
        merged(matcher(values).find(text))
            .into_iter()
            .map(|(range, _)| &text[range])
            .collect()
    }

    #[test]
    fn a_value_is_found_whole_and_begun() {
        let value = "s3cret-value-1";
        assert_eq!(found(&[value], "x s3cret-value-1 y"), ["s3cret-value-1"]);
        assert_eq!(found(&[value], "so far: s3cret-va"), ["s3cret-va"]);
        assert_eq!(found(&[value], "so far: s3cret"), [""; 0]);
        assert_eq!(found(&["12345678"], "12345678 123456789 x12345678"), ["12345678"]);
        assert_eq!(
            found(&["swordfish", "ab"], "swordfish ab"),
            [""; 0],
            "words and short ones stay"
        );
    }

    #[test]
    fn what_overlaps_is_one() {
        assert_eq!(found(&["abcd1234", "1234wxyz"], "-abcd1234wxyz-"), ["abcd1234wxyz"]);
    }
}
