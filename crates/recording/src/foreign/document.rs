//! JSON texts, part by part and up to the damage.
//!
//! Nothing is built: parts are given as they stand in the text. So a text that
//! ends in the middle still gives every part before its end, and a large one
//! takes no memory beside its own.

use scrubjay_protocol::json::{self, Cause, JsonError};

use crate::{line::string_of, read::Stop};

/// What is met on the way through a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'p> {
    /// The name of a member, before its value is read; its path, with dots.
    Name(&'p str),
    /// The value of a member that is on no list.
    Member(&'p str),
    /// An item of a list that was asked for.
    Item(&'p str),
}

/// Items of a list inside an exchange: more frames than the limits allow.
const MOST_ITEMS: usize = 300_000;

/// Where and why reading a text ended.
pub(super) type Halt = (usize, Stop);

/// Gives the parts of each JSON text in order: members of objects that lead to
/// one of these lists, and the items of the lists. A path is the names of
/// members with dots between; the empty path is the text itself.
///
/// # Errors
/// Where a part is damaged, or `each` stops.
pub(super) fn walk<'t>(
    text: &'t str,
    lists: &[&str],
    each: &mut dyn FnMut(Part<'_>, &'t str, usize) -> Result<(), Stop>,
) -> Result<(), Halt> {
    let mut walker = Walker {
        text,
        at: 0,
        lists,
        each,
    };
    walker.space();
    while walker.at < text.len() {
        walker.value("")?;
        walker.space();
    }
    Ok(())
}

struct Walker<'t, 'e> {
    text: &'t str,
    at: usize,
    lists: &'e [&'e str],
    each: &'e mut dyn FnMut(Part<'_>, &'t str, usize) -> Result<(), Stop>,
}

impl<'t> Walker<'t, '_> {
    /// Nests no deeper than the paths of lists are long.
    fn value(&mut self, path: &str) -> Result<(), Halt> {
        let leads_on = self.lists.iter().any(|list| leads_to(path, list));
        match self.byte() {
            Some(b'[') if self.lists.contains(&path) => self.items(path),
            Some(b'{') if leads_on => self.members(path),
            _ => self.give(Part::Member(path)),
        }
    }

    fn items(&mut self, path: &str) -> Result<(), Halt> {
        self.at += 1;
        if self.is_ended_by(b']') {
            return Ok(());
        }
        loop {
            self.give(Part::Item(path))?;
            match self.byte() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.damaged("`,` or `]`")),
            }
        }
        self.at += 1;
        Ok(())
    }

    fn members(&mut self, path: &str) -> Result<(), Halt> {
        self.at += 1;
        if self.is_ended_by(b'}') {
            return Ok(());
        }
        loop {
            let name = string_of(self.skip()?).ok_or_else(|| self.damaged("a name"))?;
            let inner = match path {
                "" => name,
                path => format!("{path}.{name}"),
            };
            if self.byte() != Some(b':') {
                return Err(self.damaged("`:`"));
            }
            self.at += 1;
            let at = self.at;
            (self.each)(Part::Name(&inner), "", at).map_err(|stop| (at, stop))?;
            self.value(&inner)?;
            match self.byte() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.damaged("`,` or `}`")),
            }
        }
        self.at += 1;
        Ok(())
    }

    fn is_ended_by(&mut self, end: u8) -> bool {
        let is_ended = self.byte() == Some(end);
        self.at += usize::from(is_ended);
        is_ended
    }

    fn give(&mut self, part: Part<'_>) -> Result<(), Halt> {
        self.space();
        let at = self.at;
        let value = self.skip()?;
        (self.each)(part, value, at).map_err(|stop| (at, stop))
    }

    fn skip(&mut self) -> Result<&'t str, Halt> {
        let range = json::skip_value(self.text.as_bytes(), self.at).map_err(|error| halt(&error))?;
        self.at = range.end;
        Ok(&self.text[range])
    }

    /// The next byte that is no white space.
    fn byte(&mut self) -> Option<u8> {
        self.space();
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|byte| b" \t\r\n".contains(byte)).count();
    }

    fn damaged(&self, expected: &str) -> Halt {
        let reason = match self.at >= self.text.len() {
            true => CUT.to_owned(),
            false => format!("there is no {expected} where one belongs"),
        };
        (self.at, Stop::Damaged(reason))
    }
}

const CUT: &str = "it ends in the middle";

fn halt(error: &JsonError) -> Halt {
    let reason = match error.cause {
        Cause::End => CUT.to_owned(),
        _ => "it is not JSON".to_owned(),
    };
    (error.offset, Stop::Damaged(reason))
}

/// The end of a text that was walked through. Where it ends because the file is
/// no text from there on, that is the reason.
pub(super) fn or_end(walked: Result<(), Halt>, end: Result<(), Halt>) -> Result<(), Halt> {
    match (walked, end) {
        (Err((at, _)), Err((end_at, stop))) if at >= end_at => Err((end_at, stop)),
        (walked, end) => walked.and(end),
    }
}

/// Whether a list lies below this path.
fn leads_to(path: &str, list: &str) -> bool {
    match path {
        "" => !list.is_empty(),
        path => list.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')),
    }
}

/// The text of members of an object, in the order of the names; none of what is no object.
pub(super) fn fields<'t, const N: usize>(object: &'t str, names: [&str; N]) -> [Option<&'t str>; N] {
    let found = json::last_members(object.as_bytes(), &names).unwrap_or([const { None }; N]);
    found.map(|range| object.get(range?))
}

/// A string, or none where it is something else. Halves of surrogate pairs become U+FFFD.
pub(super) fn string(text: Option<&str>) -> Option<String> {
    string_of(text?)
}

/// A finite number.
pub(super) fn number(text: Option<&str>) -> Option<f64> {
    text?.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The items of an array, as far as it is one, up to [`MOST_ITEMS`].
pub(super) fn items(text: Option<&str>) -> Vec<&str> {
    let mut items = Vec::new();
    // What is damaged ends the list.
    walk(text.unwrap_or_default(), &[""], &mut |part, item, _| {
        if let Part::Item(_) = part {
            items.push(item);
        }
        match items.len() < MOST_ITEMS {
            true => Ok(()),
            false => Err(Stop::Damaged(String::new())),
        }
    })
    .ok();
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str, lists: &[&str]) -> (Vec<String>, Option<String>) {
        let mut parts = Vec::new();
        let end = walk(text, lists, &mut |part, value, at| {
            if !matches!(part, Part::Name(_)) {
                assert!(text[at..].starts_with(value));
                parts.push(format!("{part:?} {value}"));
            }
            Ok(())
        });
        let said = end.err().map(|(at, stop)| format!("{at} {}", stop.at(1).reason));
        (parts, said)
    }

    #[test]
    fn parts_are_given_up_to_the_damage() {
        let all = [
            r#"Member("log.version") "1.2""#,
            r#"Item("log.entries") {"a":1}"#,
            r#"Item("log.entries") [2]"#,
            r#"Member("log.x") {}"#,
            r#"Member("y") null"#,
        ];
        let text = r#" {"log":{"version":"1.2","entries":[{"a":1}, [2]],"x":{}},"y":null} "#;
        assert_eq!(parts(text, &["log.entries"]), (all.map(str::to_owned).to_vec(), None));
        for len in 0..text.trim_end().len() {
            let (given, said) = parts(&text[..len], &["log.entries"]);
            assert!(
                all.starts_with(&given.iter().map(String::as_str).collect::<Vec<_>>()),
                "{len}"
            );
            assert_eq!(said.is_some(), len > 1, "{len}");
        }
    }

    #[test]
    fn texts_follow_each_other_and_lists_stand_alone() {
        let (given, said) = parts("{\"a\":1}\n{\"b\":2} [3] 4", &[""]);
        assert_eq!(
            given,
            [
                r#"Member("") {"a":1}"#,
                r#"Member("") {"b":2}"#,
                r#"Item("") 3"#,
                r#"Member("") 4"#
            ]
        );
        assert_eq!(said, None);
        let (given, said) = parts("[1 2]", &[""]);
        assert_eq!(given, [r#"Item("") 1"#]);
        assert_eq!(said.as_deref(), Some("3 there is no `,` or `]` where one belongs"));
    }
}
