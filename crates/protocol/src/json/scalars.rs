//! The leaves of a JSON text with their places, so that some can be changed
//! and every other byte stays.

use std::ops::Range;

use super::{JsonError, lex::Lexer};

/// A string, number or word of a text, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The name of the member it stands under, quotes included; of an item of
    /// a list, the list's. Empty at the top.
    pub name_range: Range<usize>,
    /// The value, quotes included.
    pub value_range: Range<usize>,
    /// Objects and lists around it.
    pub depth: usize,
}

/// Calls `met` for every leaf of a text, in order. What stood before an error
/// has been met by then.
///
/// ```
/// use scrubjay_protocol::json::each_scalar;
///
/// let text = br#"{"ids":["a", {"n": 1.0}]}"#;
/// let mut met = Vec::new();
/// each_scalar(text, |leaf| met.push((&text[leaf.name_range], &text[leaf.value_range]))).unwrap();
/// assert_eq!(met, [(&b"\"ids\""[..], &b"\"a\""[..]), (b"\"n\"", b"1.0")]);
/// ```
///
/// # Errors
/// When the text is not JSON.
pub fn each_scalar(text: &[u8], mut met: impl FnMut(Scalar)) -> Result<(), JsonError> {
    let mut lexer = Lexer::new(text, 0);
    let mut open: Vec<Level> = Vec::new();
    let mut name_range = 0..0;
    loop {
        if let Some(level) = value(&mut lexer, &mut name_range, open.len(), &mut met)? {
            let is_object = level.is_object;
            open.push(level);
            if is_object {
                name_range = lexer.member_name()?;
            }
            continue;
        }
        if !follow(&mut lexer, &mut open, &mut name_range)? {
            return lexer.end();
        }
    }
}

/// An object or a list that is open, and the name it stands under.
struct Level {
    is_object: bool,
    name_range: Range<usize>,
}

/// Steps over a leaf or an empty container, or into one that is not empty.
fn value(
    lexer: &mut Lexer<'_>,
    name_range: &mut Range<usize>,
    depth: usize,
    met: &mut impl FnMut(Scalar),
) -> Result<Option<Level>, JsonError> {
    let first = lexer.next_token();
    let start = lexer.at;
    let (is_object, end) = match first {
        Some(b'{') => (true, b'}'),
        Some(b'[') => (false, b']'),
        _ => {
            lexer.scalar()?;
            met(Scalar {
                name_range: name_range.clone(),
                value_range: start..lexer.at,
                depth,
            });
            return Ok(None);
        }
    };
    lexer.at += 1;
    if lexer.next_token() == Some(end) {
        lexer.at += 1;
        return Ok(None);
    }
    Ok(Some(Level {
        is_object,
        name_range: name_range.clone(),
    }))
}

/// After a value: on to the next one, closing what ends here. False at the end.
fn follow(lexer: &mut Lexer<'_>, open: &mut Vec<Level>, name_range: &mut Range<usize>) -> Result<bool, JsonError> {
    while let Some(level) = open.last() {
        let is_object = level.is_object;
        match (lexer.next_token(), is_object) {
            (Some(b','), true) => {
                lexer.at += 1;
                *name_range = lexer.member_name()?;
                return Ok(true);
            }
            (Some(b','), false) => {
                lexer.at += 1;
                name_range.clone_from(&level.name_range);
                return Ok(true);
            }
            (Some(b'}'), true) | (Some(b']'), false) => {
                lexer.at += 1;
                open.pop();
            }
            (_, true) => return Err(lexer.unexpected("`,` or `}`")),
            (_, false) => return Err(lexer.unexpected("`,` or `]`")),
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(text: &str) -> Vec<(String, String, usize)> {
        let mut met = Vec::new();
        let _whole = each_scalar(text.as_bytes(), |leaf| {
            met.push((text[leaf.name_range].into(), text[leaf.value_range].into(), leaf.depth));
        });
        met
    }

    #[test]
    fn leaves_are_met_under_their_names() {
        let leaf = |name: &str, value: &str, depth| (name.to_owned(), value.to_owned(), depth);
        assert_eq!(leaves(" 7 "), [leaf("", "7", 0)]);
        assert_eq!(
            leaves(r#"[["a"],{},[],null]"#),
            [leaf("", "\"a\"", 2), leaf("", "null", 1)]
        );
        assert_eq!(
            leaves(r#"{"a":[1,{"b":"x"},2],"c":{"d":true}, "e":"y"}"#),
            [
                leaf("\"a\"", "1", 2),
                leaf("\"b\"", "\"x\"", 3),
                leaf("\"a\"", "2", 2),
                leaf("\"d\"", "true", 2),
                leaf("\"e\"", "\"y\"", 1)
            ]
        );
    }

    #[test]
    fn what_stands_before_damage_is_met() {
        assert_eq!(leaves(r#"{"a":"x","b":"y"#).len(), 1);
        assert_eq!(leaves(r#"{"a":"x"}}"#).len(), 1);
        assert_eq!(leaves("[DONE]").len(), 0);
    }

    #[test]
    fn any_nesting_is_walked() {
        let text = format!("{}1{}", "[{\"a\":".repeat(100_000), "}]".repeat(100_000));
        assert_eq!(leaves(&text), [("\"a\"".into(), "1".into(), 200_000)]);
    }
}
