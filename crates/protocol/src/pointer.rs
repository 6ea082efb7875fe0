//! JSON Pointer (RFC 6901), as text and as tokens.
//!
//! ```
//! use scrubjay_protocol::pointer;
//!
//! let tokens = pointer::parse(&"/a~1b/0".into()).unwrap();
//! assert_eq!(tokens, ["a/b", "0"]);
//! assert_eq!(pointer::join(&tokens), "/a~1b/0");
//! assert_eq!(pointer::parse(&"a".into()), None);
//! ```

use crate::json::Wtf8;

/// The tokens of a pointer, unescaped; none for the empty pointer, which
/// names the whole document. `None` when the text is no pointer: it does not
/// begin with `/`, or a `~` stands before something else than `0` and `1`.
pub fn parse(text: &Wtf8) -> Option<Vec<Wtf8>> {
    let mut pieces = text.as_bytes().split(|byte| *byte == b'/');
    if pieces.next() != Some(&[]) {
        return None;
    }
    pieces.map(unescape).collect()
}

/// Writes tokens as a pointer.
pub fn join<'a>(tokens: impl IntoIterator<Item = &'a Wtf8>) -> Wtf8 {
    let mut text = Wtf8::new();
    for token in tokens {
        push(&mut text, token);
    }
    text
}

/// Appends one token to a pointer, escaping it.
pub fn push(pointer: &mut Wtf8, token: &Wtf8) {
    pointer.push_char('/');
    pointer.push(&escape(token));
}

/// The token with `~` as `~0` and `/` as `~1`.
pub fn escape(token: &Wtf8) -> Wtf8 {
    let mut escaped = Vec::with_capacity(token.len());
    for byte in token.as_bytes() {
        match byte {
            b'~' => escaped.extend_from_slice(b"~0"),
            b'/' => escaped.extend_from_slice(b"~1"),
            byte => escaped.push(*byte),
        }
    }
    Wtf8::from_checked(escaped)
}

fn unescape(piece: &[u8]) -> Option<Wtf8> {
    let mut bytes = Vec::with_capacity(piece.len());
    let mut rest = piece.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'~' => match rest.next()? {
                b'0' => b'~',
                b'1' => b'/',
                _ => return None,
            },
            byte => *byte,
        });
    }
    Some(Wtf8::from_checked(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_follow_rfc_6901() {
        let check = |text: &str, tokens: Option<&[&str]>| {
            let expected = tokens.map(|tokens| tokens.iter().map(|token| Wtf8::from(*token)).collect::<Vec<_>>());
            let parsed = parse(&text.into());
            assert_eq!(parsed, expected, "{text}");
            if let Some(parsed) = parsed {
                assert_eq!(join(&parsed), text);
            }
        };
        check("", Some(&[]));
        check("/", Some(&[""]));
        check("/a//b", Some(&["a", "", "b"]));
        check("/~01", Some(&["~1"]));
        check("/m~0n/c%d/e^f", Some(&["m~n", "c%d", "e^f"]));
        check("a", None);
        check("/~", None);
        check("/~2", None);
    }
}
