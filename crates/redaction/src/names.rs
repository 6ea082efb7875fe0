//! Members that hold a secret, by their name and by what stands in them.
//!
//! Which names are secret is the list of [`scrubjay_protocol::secret`]. It is made for
//! heads and URLs, where covering too much costs little. In a body `code`,
//! `key` or `session` are mostly something else, so what stands there must look
//! like a secret, too.

use scrubjay_protocol::secret::is_secret_name;

/// How much the name of a member says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// What stands there is secret in any form.
    Surely,
    /// It is if it looks like a token.
    Maybe,
    /// It is if nothing but chance would write it so.
    Rarely,
    /// It is if it is a few digits.
    Digits,
    /// A number of a telephone, if it looks like one.
    Phone,
}

/// At the end of a name, what stands there is a secret in any case.
const SURE_ENDS: [&str; 18] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "authkey",
    "credential",
    "authorization",
    "bearer",
    "jwt",
    "accesstoken",
    "refreshtoken",
    "authtoken",
    "idtoken",
];
/// Words that name many things.
const RARE_WORDS: [&str; 14] = [
    "code",
    "key",
    "session",
    "sess",
    "sign",
    "pass",
    "ticket",
    "sid",
    "nonce",
    "assertion",
    "sas",
    "cookie",
    "pw",
    "signature",
];
const DIGIT_WORDS: [&str; 6] = ["pin", "otp", "totp", "mfa", "tfa", "passcode"];
const PHONE_ENDS: [&str; 5] = ["phone", "phonenumber", "mobile", "telephone", "mobilenumber"];

/// What people write where a secret would stand.
const NO_VALUES: [&str; 22] = [
    "string",
    "number",
    "boolean",
    "object",
    "array",
    "null",
    "none",
    "true",
    "false",
    "undefined",
    "required",
    "optional",
    "password",
    "passwd",
    "secret",
    "token",
    "hidden",
    "redacted",
    "example",
    "changeme",
    "yes",
    "no",
];

/// A text of more words is a sentence about a password.
const MAX_WORDS: usize = 8;

/// What a name says about the value under it.
pub(crate) fn named(name: &str) -> Option<Named> {
    let letters: String = name
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|char| char.to_ascii_lowercase())
        .collect();
    let single = letters.strip_suffix('s').unwrap_or(&letters);
    let ends = |ends: &[&str]| ends.iter().any(|end| letters.ends_with(end) || single.ends_with(end));
    if ends(&PHONE_ENDS) || letters == "tel" || letters == "fax" {
        return Some(Named::Phone);
    }
    if !is_secret_name(name) {
        return None;
    }
    Some(match () {
        () if ends(&SURE_ENDS) => Named::Surely,
        () if DIGIT_WORDS.contains(&letters.as_str()) => Named::Digits,
        () if letters.ends_with("tokens") || ends(&RARE_WORDS) => Named::Rarely,
        () => Named::Maybe,
    })
}

/// Whether a text under such a name is secret.
pub(crate) fn is_secret_text(named: Named, value: &str) -> bool {
    let value = value.trim();
    if value.is_empty() || is_no_value(value) {
        return false;
    }
    match named {
        Named::Surely => value.split_whitespace().count() <= MAX_WORDS,
        Named::Maybe => is_token(value, 8),
        Named::Rarely => is_random(value),
        Named::Digits => (4..=8).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit()),
        Named::Phone => is_phone(value),
    }
}

/// Whether a number under such a name is secret.
pub(crate) fn is_secret_number(named: Named, number: &str) -> bool {
    match named {
        Named::Surely | Named::Digits => number.len() >= 4,
        Named::Phone => is_phone(number),
        Named::Maybe | Named::Rarely => false,
    }
}

/// What stands for a value in a document: a word for it, or a mark to fill in.
pub(crate) fn is_no_value(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let is_mark = |open, close| value.starts_with(open) && value.ends_with(close);
    NO_VALUES.contains(&lower.as_str())
        || is_mark("<", ">")
        || is_mark("{", "}")
        || is_mark("[", "]")
        || is_mark("%", "%")
        || value.starts_with('$')
        || value
            .chars()
            .all(|char| matches!(char, '*' | '.' | '-' | 'x' | 'X' | '•' | '…'))
}

/// One word of letters and digits.
pub(crate) fn is_token(value: &str, min_len: usize) -> bool {
    value.len() >= min_len
        && !value
            .chars()
            .any(|char| char.is_whitespace() || matches!(char, '(' | ')' | '{' | '}' | '<' | '>' | ','))
        && !value.contains("://")
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// A token that reads like chance: letters and digits change places often.
pub(crate) fn is_random(value: &str) -> bool {
    if !is_token(value, 16) {
        return false;
    }
    let classes = value.bytes().map(|byte| match byte {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 3,
    });
    let classes: Vec<u8> = classes.collect();
    let changes = classes.windows(2).filter(|pair| pair[0] != pair[1]).count();
    changes * 3 >= value.len() && longest_word(value) <= 7
}

/// The longest run of small letters.
pub(crate) fn longest_word(value: &str) -> usize {
    value
        .split(|char: char| !char.is_ascii_lowercase())
        .map(str::len)
        .max()
        .unwrap_or_default()
}

fn is_phone(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    (7..=15).contains(&digits)
        && value
            .chars()
            .all(|char| char.is_ascii_digit() || " +-./()".contains(char))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_secret(name: &str, value: &str) -> bool {
        named(name).is_some_and(|named| is_secret_text(named, value))
    }

    #[test]
    fn a_name_and_its_value_decide_together() {
        for (name, value) in [
            ("password", "k"),
            ("db_password", "swordfish"),
            ("userPassword2", "correct horse battery staple"),
            ("client_secret", "abc"),
            ("apiKeys", "k"),
            ("token", "abcd1234"),
            ("sessionToken", "abcd1234"),
            ("key", "q7Rt2Lm9Xp4Vb8Nc"),
            ("pin", "4711"),
            ("phone", "030 1234567"),
        ] {
            assert!(is_secret(name, value), "{name} {value}");
        }
        for (name, value) in [
            ("password", "string"),
            ("password", "<your password>"),
            ("password", "${DB_PASSWORD}"),
            ("token", "the"),
            ("max_tokens", "4096"),
            ("code", "print(1)"),
            ("key", "item-2024-11-05"),
            ("session", "standup-monday-9"),
            ("pass", "true"),
            ("pin", "flight"),
            ("phone", "android"),
            ("monkey", "a1b2c3d4e5f6a7b8"),
        ] {
            assert!(!is_secret(name, value), "{name} {value}");
        }
    }
}
