//! Values that stay out of recordings, found by their names.
//!
//! One list for all that record, import, print or send again what was
//! captured. A name is compared after percent-decoding, word by word: words
//! end at anything that is no letter, and where `camelCase` goes up. Long words
//! are also found inside of others (`jsessionid`, `accesstoken`).
//!
//! Too much is covered rather than too little: `key` is a word of the list, so
//! the value of `idempotency-key` is covered, too. Names that would lose their
//! use and hold no secret are listed as such.
//!
//! ```
//! use scrubjay_protocol::secret::{cover, is_secret_name};
//!
//! assert!(is_secret_name("X-Api.Key") && is_secret_name("%74oken"));
//! assert!(!is_secret_name("monkey") && !is_secret_name("author"));
//! let covered = cover(b"/cb?a=1&code=xyz#access_token=abc", &mut |_| "*".to_owned());
//! assert_eq!(&*covered, b"/cb?a=1&code=*#access_token=*");
//! ```
//!
//! `docs/secrets.md` shows the list.

mod cover;
mod field;

use std::borrow::Cow;

use percent_encoding::percent_decode;

pub use self::{cover::cover, field::cover_field};

/// Secret as a word of a name.
const WORDS: [&str; 46] = [
    "assertion",
    "auth",
    "authentication",
    "authorization",
    "bearer",
    "code",
    "cookie",
    "cookies",
    "credential",
    "credentials",
    "csrf",
    "hmac",
    "jwt",
    "key",
    "keys",
    "nonce",
    "oauth",
    "oidc",
    "otp",
    "pass",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "pin",
    "pw",
    "pwd",
    "saml",
    "sas",
    "secret",
    "secrets",
    "sess",
    "sessid",
    "session",
    "sessionid",
    "sid",
    "sig",
    "sign",
    "signature",
    "ticket",
    "token",
    "tokens",
    "totp",
    "tfa",
    "mfa",
    "xsrf",
];

/// Secret anywhere in a name, its words put together.
const PARTS: [&str; 17] = [
    "accesskey",
    "apikey",
    "authkey",
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "jwt",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "sessid",
    "session",
    "signature",
    "token",
];

/// Names that the lists above would cover and that are needed as they are; a
/// leading `x-` makes no difference.
const NOT_SECRET: [&str; 18] = [
    "access-control-allow-credentials",
    "area-code",
    "code-challenge",
    "code-challenge-method",
    "country-code",
    "currency-code",
    "error-code",
    "exit-code",
    "language-code",
    "postal-code",
    "reason-code",
    "region-code",
    "response-code",
    "result-code",
    "sec-web-socket-key",
    "sec-websocket-key",
    "status-code",
    "zip-code",
];

/// How often a name or a value may be encoded on top of itself.
const ROUNDS: usize = 3;

/// Whether a header field or a parameter of this name holds a secret.
pub fn is_secret_name(name: &str) -> bool {
    is_secret(name.as_bytes())
}

/// A text for people, with `…` for each secret value: only a store has the key
/// of fingerprints.
pub fn hidden(text: &str) -> String {
    let covered = cover(text.as_bytes(), &mut |_| "…".to_owned());
    String::from_utf8_lossy(&covered).into_owned()
}

fn is_secret(name: &[u8]) -> bool {
    let name = decoded(name);
    let parts: Vec<&[u8]> = name
        .split(|byte| !byte.is_ascii_alphabetic())
        .filter(|part| !part.is_empty())
        .collect();
    let words: Vec<&[u8]> = parts.iter().copied().flat_map(humps).collect();
    let plain = words.join(&b'-').to_ascii_lowercase();
    let plain = plain.strip_prefix(b"x-").unwrap_or(&plain);
    if NOT_SECRET.iter().any(|not| not.as_bytes() == plain) {
        return false;
    }
    let together = parts.concat().to_ascii_lowercase();
    let has_part = PARTS.iter().any(|part| contains(&together, part.as_bytes()));
    has_part || is_word(&together) || parts.into_iter().chain(words).any(is_word)
}

fn is_word(word: &[u8]) -> bool {
    WORDS.iter().any(|secret| word.eq_ignore_ascii_case(secret.as_bytes()))
}

/// The words of `camelCase` and `APIKey`.
fn humps(part: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = part;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let goes_up = |at: usize| {
            let (before, here) = (rest[at - 1].is_ascii_uppercase(), rest[at].is_ascii_uppercase());
            let next_is_low = rest.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            here && (!before || next_is_low)
        };
        let end = (1..rest.len()).find(|at| goes_up(*at)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

/// Without percent-encoding, also where it was encoded again.
fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..ROUNDS {
        if !text.contains(&b'%') {
            break;
        }
        text = Cow::Owned(percent_decode(&text).collect());
    }
    text
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests;
