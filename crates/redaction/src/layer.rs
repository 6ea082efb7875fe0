//! Stretches of a text in which another text is encoded: base64, and percent-encoding.
//!
//! What is put in the place of the inner text is as long as that, and so is its encoding.

use std::{ops::Range, sync::LazyLock};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use percent_encoding::percent_decode;
use regex::Regex;

/// Characters of base64 from which on it may hold a value: twelve bytes.
const MIN_BASE64_LEN: usize = 16;

static BASE64: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[A-Za-z0-9+/_-]{16,}={0,2}").expect("the pattern is a constant"));
static PERCENT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"[^\s"<>%]*%[0-9A-Fa-f]{2}[^\s"<>]*"#).expect("the pattern is a constant"));

/// Reads with or without padding, and writes as what it read.
const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true)
    .with_encode_padding(false);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);

/// How a stretch is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Base64,
    Base64Url,
    Percent,
}

/// A stretch in which something is encoded.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) range: Range<usize>,
    coding: Coding,
    pub(crate) bytes: Vec<u8>,
}

/// The stretches of a text in which something is encoded.
pub(crate) fn layers(text: &str) -> Vec<Layer> {
    let mut layers = Vec::new();
    if text.contains('%') {
        layers.extend(PERCENT.find_iter(text).map(|found| Layer {
            range: found.range(),
            coding: Coding::Percent,
            bytes: percent_decode(found.as_str().as_bytes()).collect(),
        }));
    }
    if text.len() >= MIN_BASE64_LEN {
        for found in BASE64.find_iter(text) {
            let is_inside = layers.iter().any(|layer| layer.range.contains(&found.start()));
            if !is_inside {
                base64(found.as_str(), found.start(), &mut layers);
            }
        }
    }
    layers
}

/// A run of characters of base64: all of it, or parts between characters that only some alphabets have.
fn base64(run: &str, offset: usize, layers: &mut Vec<Layer>) {
    if let Some((coding, bytes)) = decoded(run)
        && holds_something(&bytes)
    {
        layers.push(Layer {
            range: offset..offset + run.len(),
            coding,
            bytes,
        });
        return;
    }
    let mut at = 0;
    for part in run.split(['/', '-', '_']) {
        if part.len() >= MIN_BASE64_LEN
            && part.len() < run.len()
            && let Some((coding, bytes)) = decoded(part)
            && is_text(&bytes)
        {
            layers.push(Layer {
                range: offset + at..offset + at + part.len(),
                coding,
                bytes,
            });
        }
        at += part.len() + 1;
    }
}

fn decoded(run: &str) -> Option<(Coding, Vec<u8>)> {
    match run.contains(['-', '_']) {
        true => URL_SAFE.decode(run).ok().map(|bytes| (Coding::Base64Url, bytes)),
        false => STANDARD.decode(run).ok().map(|bytes| (Coding::Base64, bytes)),
    }
}

/// Text, or a file: what is neither is a word that happens to have the characters.
fn holds_something(bytes: &[u8]) -> bool {
    is_text(bytes) || bytes.len() >= 64
}

fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.chars()
            .all(|char| !char.is_control() || matches!(char, '\n' | '\r' | '\t'))
    })
}

impl Layer {
    /// Other bytes of the same number, encoded as the old ones were.
    pub(crate) fn encoded(&self, old: &str, bytes: &[u8]) -> String {
        match self.coding {
            Coding::Base64 => padded(STANDARD.encode(bytes), old),
            Coding::Base64Url => padded(URL_SAFE.encode(bytes), old),
            Coding::Percent => percent(old, bytes),
        }
    }
}

fn padded(mut encoded: String, old: &str) -> String {
    while encoded.len() < old.len() {
        encoded.push('=');
    }
    encoded
}

fn percent(old: &str, bytes: &[u8]) -> String {
    let old = old.as_bytes();
    let mut new = Vec::with_capacity(old.len());
    let mut at = 0;
    for byte in bytes {
        let is_encoded = old[at] == b'%'
            && old
                .get(at + 1..at + 3)
                .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        match is_encoded {
            true => {
                let is_small = old[at + 1..at + 3].iter().any(u8::is_ascii_lowercase);
                let hex = if is_small {
                    format!("%{byte:02x}")
                } else {
                    format!("%{byte:02X}")
                };
                new.extend_from_slice(hex.as_bytes());
                at += 3;
            }
            false => {
                new.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&new).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_found_and_encoded_again() {
        for (text, inner) in [
            ("x eyJhIjoiYmNkZWYifQ== y", r#"{"a":"bcdef"}"#),
            ("x eyJhIjoiYmNkZWYifQ y", r#"{"a":"bcdef"}"#),
            ("path/to/dGhlIHNlY3JldCBpcyBoZXJl", "the secret is here"),
            ("?q=%7B%22a%22%3a1%7D", "?q={\"a\":1}"),
        ] {
            let layers = layers(text);
            let layer = layers.iter().find(|layer| layer.bytes == inner.as_bytes());
            let layer = layer.unwrap_or_else(|| panic!("{text}: {layers:?}"));
            assert_eq!(
                layer.encoded(&text[layer.range.clone()], inner.as_bytes()),
                text[layer.range.clone()],
                "{text}"
            );
        }
    }

    #[test]
    fn words_are_not_decoded() {
        assert!(layers("internationalization and counterrevolutionaries").is_empty());
    }
}
