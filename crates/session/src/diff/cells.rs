//! Two values beside each other, cut so that what differs is seen.

use super::pair::naming;
use crate::{
    changes::branch_in,
    fold::{
        piece::PieceSource,
        value::{Node, Value, preview, to_json},
    },
};
use scrubjay_protocol::json::write_string;

/// Characters of a value.
const SHOWN: usize = 200;
/// Characters before the difference that are kept of a value that is cut there.
const BEFORE: usize = 40;
/// Bytes of a text up to which the difference is looked for in it.
const LOOKED_INTO: u64 = 1024 * 1024;
/// Bytes of a branch up to which it is written out before it is cut.
const WRITTEN: u64 = 4_000;

/// Two texts cut to so many characters around the first one in which they
/// differ; what is left out is an ellipsis. Texts that fit stay as they are.
pub fn around(one: &str, other: &str, chars: usize) -> (String, String) {
    let fit = |text: &str| text.chars().nth(chars).is_none();
    if fit(one) && fit(other) {
        return (one.to_owned(), other.to_owned());
    }
    let both = one.chars().zip(other.chars());
    let common = both.take_while(|(one, other)| one == other).count();
    let from = match common.saturating_sub(BEFORE.min(chars / 3)) {
        // A beginning that is about as long as an ellipsis stays.
        0..=3 => 0,
        from => from,
    };
    let cut = |text: &str| {
        let mut rest = text.chars().skip(from);
        let mut shown = String::new();
        if from > 0 {
            shown.push('…');
        }
        shown.extend(rest.by_ref().take(chars.saturating_sub(2)));
        if rest.next().is_some() {
            shown.push('…');
        }
        shown
    };
    (cut(one), cut(other))
}

/// Two values as text. Of texts the part in which they differ is shown.
pub(super) fn cells(
    one: Option<&Value>,
    other: Option<&Value>,
    pieces: [&dyn PieceSource; 2],
) -> (Option<String>, Option<String>) {
    let text = |value: Option<&Value>, pieces| match value.map(Value::node) {
        Some(Node::Text(text)) if text.len() <= LOOKED_INTO => Some(text.to_wtf8(pieces).into_string_lossy()),
        _ => None,
    };
    if let (Some(one), Some(other)) = (text(one, pieces[0]), text(other, pieces[1])) {
        let (one, other) = around(&one, &other, SHOWN);
        return (Some(quoted(&one)), Some(quoted(&other)));
    }
    (
        one.map(|value| shown(value, pieces[0])),
        other.map(|value| shown(value, pieces[1])),
    )
}

fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    write_string(&mut quoted, &text.into());
    quoted
}

/// A value by itself: written out where it is small, else by what names it.
pub(super) fn shown(value: &Value, pieces: &dyn PieceSource) -> String {
    let is_branch = matches!(value.node(), Node::Map(_) | Node::List(_));
    if !is_branch {
        return held(value, pieces).unwrap_or_else(|| preview(value, pieces));
    }
    if value.weight() <= WRITTEN {
        let text = to_json(value, pieces);
        if text.chars().nth(SHOWN).is_none() {
            return text;
        }
    }
    let members = preview(value, pieces);
    match named(value, pieces) {
        Some(name) => format!("{name} {members}"),
        None => members,
    }
}

/// A text that holds JSON, as it stands: quoted it could not be read.
fn held(value: &Value, pieces: &dyn PieceSource) -> Option<String> {
    let text = value.as_text().filter(|text| text.len() <= SHOWN as u64)?;
    let text = text.to_wtf8(pieces);
    branch_in(text.as_bytes())?;
    Some(text.into_string_lossy())
}

/// What an object calls itself, as JSON text.
fn named(value: &Value, pieces: &dyn PieceSource) -> Option<String> {
    let text = naming(value)?;
    Some(preview(text, pieces))
}

#[cfg(test)]
mod tests {
    use super::around;

    fn check(one: &str, other: &str, chars: usize, expected: (&str, &str)) {
        let (a, b) = around(one, other, chars);
        assert_eq!((a.as_str(), b.as_str()), expected);
    }

    #[test]
    fn texts_are_cut_around_what_differs() {
        check("short", "shirt", 10, ("short", "shirt"));
        let long = "a".repeat(60);
        check(
            &format!("{long}xyz{long}"),
            &format!("{long}b"),
            12,
            ("…aaaaxyzaaa…", "…aaaab"),
        );
        check("0123456789abcdef", "x123456789abcdef", 8, ("012345…", "x12345…"));
        check("ab", "ab and a long rest of it", 10, ("ab", "ab and a…"));
        check(
            &format!("{long}ü"),
            &format!("{long}é日本語"),
            12,
            ("…aaaaü", "…aaaaé日本語"),
        );
    }
}
