//! Secrets that are named where they stand: `name=value`, URLs, schemes.

use std::sync::LazyLock;

use base64::Engine as _;
use percent_encoding::percent_decode_str;

use super::{Find, Pattern, after, begins_a_word, pattern};
use crate::names::{Named, is_no_value, is_random, is_secret_text, is_token, longest_word, named};

static BEARER: Pattern = LazyLock::new(|| pattern(r"(?i)\b(?:bearer|token|dpop)\s+([A-Za-z0-9._~+/=-]{16,})"));
static BASIC: Pattern = LazyLock::new(|| pattern(r"(?i)\bbasic\s+([A-Za-z0-9+/]{8,}={0,2})"));
static USER: Pattern = LazyLock::new(|| pattern(r#"[A-Za-z][A-Za-z0-9+.-]*://([^\s/?#@"'<>\\]+)@"#));
static URL: Pattern = LazyLock::new(|| pattern(r#"[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>\\]+"#));
static PARAMETER: Pattern = LazyLock::new(|| pattern(r"[?&#;]([^=&#;?/]{1,60})=([^&#;\s)]+)"));
/// A name, what stands between, and a value. Quotes may be escaped, as in JSON in a string.
static ASSIGNED: Pattern = LazyLock::new(|| {
    pattern(concat!(
        r#"([A-Za-z][A-Za-z0-9_.-]{1,60})\\*["']?\s{0,3}(?:=>|:=|={1,2}|:)\s{0,3}\\*["']?"#,
        r#"([^\s"'\\,;&(){}\[\]<>|`]{4,300})"#
    ))
});
/// A sentence that says it.
static SAID: Pattern = LazyLock::new(|| {
    pattern(
        r#"(?i)\b(?:password|passwort|passphrase|passcode|pin|secret|api[ _-]?key|access[ _-]?key|token)\s+(?:is|was|ist|lautet|=|:)\s*["'“„`*]*([^\s"'”“`*,;(){}\[\]<>]{4,300})"#,
    )
});

pub(super) fn find(text: &str, finds: &mut Vec<Find>) {
    schemes(text, finds);
    if text.contains("://") {
        urls(text, finds);
    }
    if text.contains(['=', ':']) {
        assigned(text, finds);
    }
    said(text, finds);
}

fn schemes(text: &str, finds: &mut Vec<Find>) {
    for found in BEARER.captures_iter(text) {
        let Some(value) = found.get(1) else { continue };
        let value_text = value.as_str();
        if is_token(value_text, 16) && longest_word(value_text) <= 10 && !super::is_example(value_text) {
            finds.push(Find {
                range: value.range(),
                rule: "bearer",
            });
        }
    }
    for found in BASIC.captures_iter(text) {
        let Some(value) = found.get(1) else { continue };
        let pair = base64::engine::general_purpose::STANDARD.decode(value.as_str());
        if pair.is_ok_and(|pair| pair.contains(&b':') && pair.iter().all(|byte| (b' '..0x7f).contains(byte))) {
            finds.push(Find {
                range: value.range(),
                rule: "bearer",
            });
        }
    }
}

fn urls(text: &str, finds: &mut Vec<Find>) {
    for found in USER.captures_iter(text) {
        let Some(user) = found.get(1) else { continue };
        let is_secret = match user.as_str().split_once(':') {
            Some((_, password)) => !password.is_empty() && !is_no_value(password) && !is_pattern(password),
            None => is_token(user.as_str(), 16),
        };
        if is_secret {
            finds.push(Find {
                range: user.range(),
                rule: "url.user",
            });
        }
    }
    for url in URL.find_iter(text) {
        for found in PARAMETER.captures_iter(url.as_str()) {
            let (Some(name), Some(value)) = (found.get(1), found.get(2)) else {
                continue;
            };
            let plain = percent_decode_str(value.as_str()).decode_utf8_lossy();
            let is_secret = named(name.as_str()).is_some_and(|named| is_secret_text(named, &plain));
            if is_secret && !is_no_value(&plain) && !is_pattern(&plain) {
                let at = url.start();
                finds.push(Find {
                    range: at + value.start()..at + value.end(),
                    rule: "url.parameter",
                });
            }
        }
    }
}

fn assigned(text: &str, finds: &mut Vec<Find>) {
    let mut at = 0;
    while let Some(found) = ASSIGNED.captures_at(text, at) {
        let (Some(name), Some(value)) = (found.get(1), found.get(2)) else {
            return;
        };
        // The value may be a name itself.
        at = value.start();
        let is_call = after(text, value.end()) == Some('(');
        let value_text = value.as_str().trim_end_matches(['.', '!', '?', ':']);
        if !is_call && begins_a_word(text, name.start()) && is_assigned(name.as_str(), value_text) {
            finds.push(Find {
                range: at..at + value_text.len(),
                rule: "assigned",
            });
        }
    }
}

fn is_assigned(name: &str, value: &str) -> bool {
    let Some(named) = named(name) else { return false };
    let is_secret = match named {
        Named::Surely => is_token(value, 6),
        Named::Maybe => is_token(value, 12) && longest_word(value) <= 8,
        Named::Rarely => is_random(value),
        Named::Digits | Named::Phone => is_secret_text(named, value),
    };
    is_secret && !is_no_value(value) && !is_pattern(value)
}

fn said(text: &str, finds: &mut Vec<Find>) {
    for found in SAID.captures_iter(text) {
        let Some(value) = found.get(1) else { continue };
        let value_text = value.as_str().trim_end_matches(['.', '!', '?', ':', ')']);
        let has_digit = value_text.bytes().any(|byte| byte.is_ascii_digit());
        let is_call = after(text, value.end()) == Some('(');
        if value_text.len() >= 4 && has_digit && !is_call && !is_no_value(value_text) && !is_pattern(value_text) {
            finds.push(Find {
                range: value.start()..value.start() + value_text.len(),
                rule: "assigned",
            });
        }
    }
}

/// Code, paths and marks to fill in, in the place of a value.
fn is_pattern(value: &str) -> bool {
    let marks = ["${", "$(", "{{", "**", "<", "…", "::", "..."];
    marks.iter().any(|mark| value.contains(mark))
        || value.starts_with(['$', '%', ':'])
        || is_identifier(value)
        || super::is_example(value)
        || value.matches('/').count() > 2
        || matches!(value, "pass" | "pw" | "pwd")
}

/// Words put together with points or low lines, each with a digit or two at its end at most.
fn is_identifier(value: &str) -> bool {
    let is_word = |part: &str| {
        let letters = part.trim_end_matches(|char: char| char.is_ascii_digit());
        part.len() - letters.len() <= 2 && letters.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    value.contains(['_', '.']) && value.split(['_', '.']).all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let mut finds = Vec::new();
        find(text, &mut finds);
        finds.into_iter().map(|find| &text[find.range]).collect()
    }

    #[test]
    fn a_value_is_found_by_the_name_before_it() {
        for (text, value) in [
            ("password=hunter22", "hunter22"),
            ("DB_PASSWORD: \"s3cret!x\"", "s3cret!x"),
            (r#"{\"api_key\":\"9f8e7d6c\"}"#, "9f8e7d6c"),
            ("export AUTH_TOKEN=9f8e7d6c5b4a3210 && run", "9f8e7d6c5b4a3210"),
            ("Authorization: Bearer q7Rt2Lm9Xp4Vb8Nc", "q7Rt2Lm9Xp4Vb8Nc"),
            ("Authorization: Basic YWRhOmh1bnRlcjI=", "YWRhOmh1bnRlcjI="),
            ("see https://ada:h0pper@db.local/x", "ada:h0pper"),
            ("https://a.b/cb?x=1&access_token=zz9&y=2", "zz9"),
            ("My password is hunter2.", "hunter2"),
        ] {
            assert!(found(text).contains(&value), "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn words_and_code_are_no_values() {
        for text in [
            "password: required",
            "token = parse_token(text2)",
            "the password is wrong",
            "max_tokens=4096",
            "key: item-2024-11",
            "api_key=${API_KEY_2}",
            "https://user:password@host/",
            "https://a.b/?page=2&code=200",
            "bearer of this letter",
            "const TOKEN: _bindgen_ty_3 = _bindgen_ty_3::TOKEN",
            "lt_token: node.colon2_token,",
            "&signature::ECDSA_P256_SHA256_ASN1_SIGNING",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
