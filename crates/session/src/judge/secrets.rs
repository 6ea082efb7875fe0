//! Values that look like credentials.
//!
//! Only forms that hardly anything else has: the prefixes of well-known
//! issuers, bearer tokens, JSON web tokens, private keys. Placeholders are
//! left alone. What is found is named by its kind and its first characters,
//! never whole: findings are copied into bug reports.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// Kinds by how they begin; the first that fits names the find.
const KINDS: [(&str, &str); 24] = [
    ("sk-ant-", "Anthropic key"),
    ("sk-", "OpenAI key"),
    ("AKIA", "AWS access key"),
    ("ASIA", "AWS access key"),
    ("github_pat_", "GitHub token"),
    ("gh", "GitHub token"),
    ("glpat-", "GitLab token"),
    ("xox", "Slack token"),
    ("AIza", "Google API key"),
    ("ya29.", "Google access token"),
    ("hf_", "Hugging Face token"),
    ("sk_live_", "Stripe key"),
    ("rk_live_", "Stripe key"),
    ("npm_", "npm token"),
    ("pypi-", "PyPI token"),
    ("SG.", "SendGrid key"),
    ("-----BEGIN", "private key"),
    ("Bearer", "bearer token"),
    ("bearer", "bearer token"),
    ("eyJ", "JSON web token"),
    ("lsv2_", "LangSmith key"),
    ("gsk_", "Groq key"),
    ("r8_", "Replicate token"),
    ("dop_v1_", "DigitalOcean token"),
];

static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
    let forms = [
        r"sk-ant-[A-Za-z0-9_-]{32,}",
        r"sk-[A-Za-z0-9_-]{40,}",
        r"AKIA[A-Z0-9]{16}",
        r"ASIA[A-Z0-9]{16}",
        r"github_pat_[A-Za-z0-9_]{50,}",
        r"gh[pousr]_[A-Za-z0-9]{36,}",
        r"glpat-[A-Za-z0-9_-]{20,}",
        r"xox[abprs]-[A-Za-z0-9-]{20,}",
        r"AIza[A-Za-z0-9_-]{35}",
        r"ya29\.[A-Za-z0-9_-]{30,}",
        r"hf_[A-Za-z0-9]{30,}",
        r"[rs]k_live_[A-Za-z0-9]{20,}",
        r"npm_[A-Za-z0-9]{36}",
        r"pypi-AgEI[A-Za-z0-9_-]{50,}",
        r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{32,}",
        r"lsv2_[a-z]{2}_[a-f0-9]{32}",
        r"gsk_[A-Za-z0-9]{48,}",
        r"r8_[A-Za-z0-9]{36,}",
        r"dop_v1_[a-f0-9]{64}",
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----",
        r"[Bb]earer [A-Za-z0-9._~+/-]{20,}",
        r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{16,}",
    ];
    let pattern = format!("(?-u){}", forms.join("|"));
    Regex::new(&pattern).expect("the pattern is a constant")
});

/// A find: what it is, how it begins, and the bytes themselves.
pub(super) struct Find<'a> {
    pub(super) kind: &'static str,
    pub(super) shown: String,
    pub(super) bytes: &'a [u8],
}

/// Looks through bytes, JSON text or not.
pub(super) fn finds(bytes: &[u8]) -> impl Iterator<Item = Find<'_>> {
    PATTERN.find_iter(bytes).filter_map(|found| {
        let value = found.as_bytes();
        if !begins_a_word(&bytes[..found.start()]) || is_placeholder(value) {
            return None;
        }
        let (prefix, kind) = KINDS.iter().find(|(prefix, _)| value.starts_with(prefix.as_bytes()))?;
        let shown = format!("{prefix}… ({} characters)", value.len());
        Some(Find {
            kind,
            shown,
            bytes: value,
        })
    })
}

/// A key inside a longer run of letters is no key. An escape of JSON (`\n`)
/// ends in a letter and is no run.
fn begins_a_word(before: &[u8]) -> bool {
    match before {
        [] | [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., last] => !last.is_ascii_alphanumeric() && !b"_-+/".contains(last),
    }
}

/// Few different characters, or a word that says so.
fn is_placeholder(value: &[u8]) -> bool {
    if value.starts_with(b"-----") {
        return false;
    }
    let mut kinds: Vec<u8> = value.to_vec();
    kinds.sort_unstable();
    kinds.dedup();
    let lower = value.to_ascii_lowercase();
    let says_so = [&b"example"[..], b"your", b"placeholder", b"redacted", b"dummy"]
        .iter()
        .any(|word| lower.windows(word.len()).any(|part| part == *word));
    kinds.len() < 14 && !value.starts_with(b"AKIA") && !value.starts_with(b"ASIA")
        || says_so
        || !value.iter().any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<&'static str> {
        finds(text.as_bytes()).map(|find| find.kind).collect()
    }

    #[test]
    fn credentials_are_found_and_words_are_not() {
        // Put together here, so that no scanner takes this file for a leak.
        let tail = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0";
        for (text, kind) in [
            (format!("{{\"k\":\"sk-ant-{tail}\"}}"), "Anthropic key"),
            (format!("key=sk-proj-{tail}"), "OpenAI key"),
            (format!("AKIA{}", "Q3ZX7LMN2PTR5VWY"), "AWS access key"),
            (format!("token ghp_{}", &tail[..36]), "GitHub token"),
            (format!("\\nglpat-{}", &tail[..20]), "GitLab token"),
            (format!("\"Bearer {tail}\""), "bearer token"),
            ("-----BEGIN RSA PRIVATE KEY-----".to_owned(), "private key"),
            (format!("eyJ{tail}.eyJ{tail}.{tail}"), "JSON web token"),
        ] {
            assert_eq!(kinds(&text), [kind], "{text}");
        }
        for text in [
            "sk-learn is a library",
            "the bearer of this letter is thereby authorised",
            "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "Bearer YOUR_TOKEN_GOES_HERE_1234567890",
            "AKIAIOSFODNN7EXAMPLE",
            "risk-averse-people-write-long-hyphenated-words-all-the-time-really",
            "-----BEGIN PUBLIC KEY-----",
        ] {
            assert_eq!(kinds(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_find_is_never_shown_whole() {
        let text = format!("sk-ant-{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6");
        let find = finds(text.as_bytes()).next().unwrap();
        assert_eq!(find.shown, "sk-ant-… (39 characters)");
    }
}
