//! Whether a file that was written still holds something that was taken out.
//!
//! This is no part of taking it out: it knows the values and the bytes of the
//! file, and nothing of events. Values are looked for as they are, as JSON writes
//! them, as URLs write them, and in base64 at each of its three alignments.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;
use base64::{Engine as _, engine::general_purpose};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    placeholder::is_digits,
    values::{Values, stands_alone},
};

/// Characters of base64 that are looked for at least.
const MIN_BASE64_LEN: usize = 10;
/// What a URL writes as it is.
const IN_URL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The form in which a value was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    Plain,
    Json,
    Url,
    Base64,
}

impl Form {
    /// As it stands in a sentence.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "as it is",
            Self::Json => "as JSON writes it",
            Self::Url => "as a URL writes it",
            Self::Base64 => "in base64",
        }
    }
}

/// A value that is still there: the rule that had found it, and its form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    pub rule: String,
    pub form: Form,
}

/// The values that may not be in a file.
pub struct Secrets {
    needles: AhoCorasick,
    /// Of each needle: the rule, the form, and whether it is digits.
    facts: Vec<(String, Form, bool)>,
    max_len: usize,
}

impl Secrets {
    pub(crate) fn of(values: &Values) -> Self {
        let mut needles: BTreeMap<Vec<u8>, (String, Form, bool)> = BTreeMap::new();
        let mut add = |needle: Vec<u8>, rule: &str, form: Form, is_digits: bool| {
            needles
                .entry(needle)
                .or_insert_with(|| (rule.to_owned(), form, is_digits));
        };
        let said = values.said().map(|text| (text, "structure"));
        for (value, rule) in values
            .travelling()
            .map(|(value, rule)| (value, rule.as_ref()))
            .chain(said)
        {
            add(value.as_bytes().to_vec(), rule, Form::Plain, is_digits(value));
            for escaped in json_forms(value) {
                add(escaped.into_bytes(), rule, Form::Json, false);
            }
            let encoded = utf8_percent_encode(value, IN_URL).to_string();
            if encoded != value {
                add(encoded.into_bytes(), rule, Form::Url, false);
            }
            for encoded in base64_forms(value.as_bytes()) {
                add(encoded.into_bytes(), rule, Form::Base64, false);
            }
        }
        let max_len = needles.keys().map(Vec::len).max().unwrap_or_default();
        let (patterns, facts): (Vec<Vec<u8>>, Vec<_>) = needles.into_iter().unzip();
        Self {
            needles: AhoCorasick::new(patterns).expect("values fit into memory once more"),
            facts,
            max_len,
        }
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// Begins to look through bytes.
    pub fn rescan(&self) -> Rescan<'_> {
        Rescan {
            secrets: self,
            pending: Vec::new(),
            hits: BTreeSet::new(),
        }
    }
}

/// Looks through bytes, piece by piece.
pub struct Rescan<'s> {
    secrets: &'s Secrets,
    pending: Vec<u8>,
    hits: BTreeSet<Hit>,
}

impl Rescan<'_> {
    /// Takes the next piece.
    pub fn push(&mut self, piece: &[u8]) {
        self.pending.extend_from_slice(piece);
        if self.pending.len() > 4 * self.secrets.max_len + (1 << 20) {
            self.look();
            let kept = self.pending.len() - self.secrets.max_len - 1;
            self.pending.drain(..kept);
        }
    }

    /// Ends a stretch: what follows does not go on with it.
    pub fn end(&mut self) {
        self.look();
        self.pending.clear();
    }

    /// What was found.
    pub fn finish(mut self) -> Vec<Hit> {
        self.end();
        self.hits.into_iter().collect()
    }

    fn look(&mut self) {
        for found in self.secrets.needles.find_overlapping_iter(&self.pending) {
            let (rule, form, is_digits) = &self.secrets.facts[found.pattern().as_usize()];
            if !is_digits || stands_alone(&self.pending, found.range()) {
                self.hits.insert(Hit {
                    rule: rule.clone(),
                    form: *form,
                });
            }
        }
    }
}

/// As JSON writes it, and as JSON in a string of JSON does; with slashes escaped or not.
fn json_forms(value: &str) -> Vec<String> {
    let quoted = |text: &str| {
        let quoted = serde_json::to_string(text).expect("a text is JSON");
        quoted[1..quoted.len() - 1].to_owned()
    };
    let once = quoted(value);
    let twice = quoted(&once);
    let ascii: String = once
        .chars()
        .flat_map(|char| match char.is_ascii() {
            true => vec![char.to_string()],
            false => char
                .encode_utf16(&mut [0; 2])
                .iter()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect(),
        })
        .collect();
    let slashed = once.replace('/', "\\/");
    let mut forms = vec![once, twice, ascii, slashed];
    forms.sort();
    forms.dedup();
    forms.retain(|form| form != value);
    forms
}

/// The characters of base64 that a value gives wherever it begins in three bytes.
fn base64_forms(value: &[u8]) -> Vec<String> {
    let mut forms = Vec::new();
    for shift in 0..3 {
        let shifted = [&[0; 2][..shift], value].concat();
        let (from, to) = (shift * 8, shifted.len() * 8);
        let range = from.div_ceil(6)..to / 6;
        for engine in [&general_purpose::STANDARD_NO_PAD, &general_purpose::URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&shifted);
            let form = &encoded[range.clone()];
            if form.len() >= MIN_BASE64_LEN && !forms.iter().any(|known| known == form) {
                forms.push(form.to_owned());
            }
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Rule;

    fn forms(file: &str) -> Vec<Form> {
        let mut values = Values::default();
        for value in ["s3cret \"value\" 1", "12345678"] {
            values.note(value, &Rule::Borrowed("name"));
        }
        let secrets = Secrets::of(&values);
        let mut rescan = secrets.rescan();
        for piece in file.as_bytes().chunks(3) {
            rescan.push(piece);
        }
        rescan.finish().into_iter().map(|hit| hit.form).collect()
    }

    #[test]
    fn a_value_is_found_in_each_form() {
        assert_eq!(forms("x s3cret \"value\" 1 y"), [Form::Plain]);
        assert_eq!(forms(r#"{"a":"s3cret \"value\" 1"}"#), [Form::Json]);
        assert_eq!(forms(r#""{\"a\":\"s3cret \\\"value\\\" 1\"}""#), [Form::Json]);
        assert_eq!(forms("?a=s3cret%20%22value%22%201"), [Form::Url]);
        for before in ["", "a", "ab", "abc"] {
            let inner = format!("{before}s3cret \"value\" 1!");
            assert_eq!(
                forms(&general_purpose::STANDARD.encode(inner)),
                [Form::Base64],
                "{before}"
            );
        }
        assert_eq!(forms("12345678"), [Form::Plain]);
        assert_eq!(forms("123456789, s3cret value"), []);
    }
}
