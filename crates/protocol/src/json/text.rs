//! Reading without building: what a text is, and where its parts stand.
//!
//! Nothing here recurses and nothing here keeps values, so nesting costs one
//! bit a level, and any text can be read.

use std::ops::Range;

use super::{Cause, JsonError, Wtf8, lex::Lexer, parse::unescaped};

/// One member of an object, as it stands. Duplicates are all there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub name: Wtf8,
    /// Where the name stands, quotes included.
    pub name_range: Range<usize>,
    /// Where the value stands, white space around it excluded.
    pub value_range: Range<usize>,
}

/// What a text is, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// First byte of the value: `{`, `[`, `"`, a digit and so on.
    pub first: u8,
    /// The last top-level member `type`, when the text is an object that has
    /// one: its text, or nothing when it is no string.
    pub type_name: Option<Option<Wtf8>>,
    /// Arrays and objects inside each other, at most.
    pub nesting: usize,
    /// Values in it, itself included; names are none.
    pub values: usize,
}

/// What is met on the way.
#[derive(Default)]
struct Tally {
    nesting: usize,
    values: usize,
}

/// Checks a whole text and gives what it is, building nothing.
///
/// Bytes that are not UTF-8 pass, as U+FFFD would.
///
/// # Errors
/// When the text is not JSON.
pub fn scan(text: &[u8]) -> Result<Scan, JsonError> {
    let mut lexer = Lexer::new(text, 0);
    let first = lexer.next_token().ok_or_else(|| lexer.unexpected("a value"))?;
    let mut tally = Tally::default();
    let mut type_name = None;
    if first == b'{' {
        tally = Tally { nesting: 1, values: 1 };
        each_member(&mut lexer, |text, member| {
            tally.nesting = tally.nesting.max(1 + member.tally.nesting);
            tally.values += member.tally.values;
            if is_name(text, &member.name_range, "type") {
                let quoted = text[member.value_range.start] == b'"';
                type_name = Some(quoted.then(|| string_at(text, &member.value_range)).flatten());
            }
        })?;
    } else {
        skip(&mut lexer, &mut tally)?;
    }
    lexer.end()?;
    Ok(Scan {
        first,
        type_name,
        nesting: tally.nesting,
        values: tally.values,
    })
}

/// The members of an object in order, as they stand.
///
/// ```
/// use scrubjay_protocol::json::members;
///
/// let text = br#"{"n": 1.50, "n": 2}"#;
/// let members = members(text).unwrap();
/// assert_eq!(&text[members[0].value_range.clone()], b"1.50");
/// assert_eq!(members.len(), 2);
/// ```
///
/// # Errors
/// When the text is not a JSON object.
pub fn members(text: &[u8]) -> Result<Vec<Member>, JsonError> {
    let mut lexer = Lexer::new(text, 0);
    if lexer.next_token() != Some(b'{') {
        return Err(lexer.unexpected("an object"));
    }
    let mut members = Vec::new();
    each_member(&mut lexer, |text, member| {
        let name = string_at(text, &member.name_range).unwrap_or_default();
        members.push(Member {
            name,
            name_range: member.name_range,
            value_range: member.value_range,
        });
    })?;
    lexer.end()?;
    Ok(members)
}

/// Where the values of these members of an object stand; of several of one
/// name the last. Takes no more memory for any number of other members.
///
/// # Errors
/// When the text is not a JSON object.
pub fn last_members<const N: usize>(text: &[u8], names: &[&str; N]) -> Result<[Option<Range<usize>>; N], JsonError> {
    let mut lexer = Lexer::new(text, 0);
    if lexer.next_token() != Some(b'{') {
        return Err(lexer.unexpected("an object"));
    }
    let mut found = [const { None }; N];
    each_member(&mut lexer, |text, member| {
        let place = names.iter().position(|name| is_name(text, &member.name_range, name));
        if let Some(value) = place.and_then(|place| found.get_mut(place)) {
            *value = Some(member.value_range);
        }
    })?;
    lexer.end()?;
    Ok(found)
}

/// The items of an array in order, as they stand.
///
/// # Errors
/// When the text is not a JSON array.
pub fn elements(text: &[u8]) -> Result<Vec<Range<usize>>, JsonError> {
    let mut lexer = Lexer::new(text, 0);
    if lexer.next_token() != Some(b'[') {
        return Err(lexer.unexpected("an array"));
    }
    lexer.at += 1;
    let mut elements = Vec::new();
    if lexer.next_token() != Some(b']') {
        loop {
            elements.push(skip(&mut lexer, &mut Tally::default())?);
            match lexer.next_token() {
                Some(b',') => lexer.at += 1,
                Some(b']') => break,
                _ => return Err(lexer.unexpected("`,` or `]`")),
            }
        }
    }
    lexer.at += 1;
    lexer.end()?;
    Ok(elements)
}

/// The range of the value that begins at `from` or after white space there;
/// what follows it is not looked at.
///
/// # Errors
/// When no JSON value begins there.
pub fn skip_value(text: &[u8], from: usize) -> Result<Range<usize>, JsonError> {
    skip(&mut Lexer::new(text, from), &mut Tally::default())
}

/// The text of the string in quotes that fills this range, if one does.
pub fn string_at(text: &[u8], range: &Range<usize>) -> Option<Wtf8> {
    let slice = text.get(range.clone())?;
    if slice.first() != Some(&b'"') {
        return None;
    }
    let mut lexer = Lexer::new(slice, 0);
    let quoted = lexer.string().ok()?;
    if lexer.at != slice.len() {
        return None;
    }
    match std::str::from_utf8(slice) {
        Ok(_) => Some(unescaped(slice, &quoted)),
        // Replacing moves the ends, so it is done first and the string is read again.
        Err(_) => {
            let replaced = String::from_utf8_lossy(slice);
            let quoted = Lexer::new(replaced.as_bytes(), 0).string().ok()?;
            Some(unescaped(replaced.as_bytes(), &quoted))
        }
    }
}

/// Whether this name stands here, written in any way.
fn is_name(text: &[u8], name_range: &Range<usize>, name: &str) -> bool {
    let quoted = &text[name_range.clone()];
    let inside = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    inside == name.as_bytes()
        || (inside.contains(&b'\\') && string_at(text, name_range).is_some_and(|text| text == *name))
}

struct Place {
    name_range: Range<usize>,
    value_range: Range<usize>,
    tally: Tally,
}

/// Walks the members of the object that begins here.
fn each_member(lexer: &mut Lexer<'_>, mut met: impl FnMut(&[u8], Place)) -> Result<(), JsonError> {
    lexer.at += 1;
    if lexer.next_token() == Some(b'}') {
        lexer.at += 1;
        return Ok(());
    }
    loop {
        let name_range = lexer.member_name()?;
        let mut tally = Tally::default();
        let value_range = skip(lexer, &mut tally)?;
        met(
            lexer.text,
            Place {
                name_range,
                value_range,
                tally,
            },
        );
        match lexer.next_token() {
            Some(b',') => lexer.at += 1,
            Some(b'}') => break,
            _ => return Err(lexer.unexpected("`,` or `}`")),
        }
    }
    lexer.at += 1;
    Ok(())
}

/// Steps over one value.
fn skip(lexer: &mut Lexer<'_>, tally: &mut Tally) -> Result<Range<usize>, JsonError> {
    let mut open = Nesting::default();
    lexer.next_token();
    let start = lexer.at;
    loop {
        tally.values += 1;
        match lexer.next_token() {
            Some(b'{') => {
                lexer.at += 1;
                if lexer.next_token() == Some(b'}') {
                    tally.nesting = tally.nesting.max(open.depth + 1);
                    lexer.at += 1;
                } else {
                    open.push(true);
                    tally.nesting = tally.nesting.max(open.depth);
                    lexer.member_name()?;
                    continue;
                }
            }
            Some(b'[') => {
                lexer.at += 1;
                if lexer.next_token() == Some(b']') {
                    tally.nesting = tally.nesting.max(open.depth + 1);
                    lexer.at += 1;
                } else {
                    open.push(false);
                    tally.nesting = tally.nesting.max(open.depth);
                    continue;
                }
            }
            _ => lexer.scalar()?,
        }
        if close(lexer, &mut open)? {
            return Ok(start..lexer.at);
        }
    }
}

/// After a value: closes what ends here. True when nothing is open any more;
/// else the next value follows.
fn close(lexer: &mut Lexer<'_>, open: &mut Nesting) -> Result<bool, JsonError> {
    while let Some(object) = open.last() {
        match (lexer.next_token(), object) {
            (Some(b','), true) => {
                lexer.at += 1;
                lexer.member_name()?;
                return Ok(false);
            }
            (Some(b','), false) => {
                lexer.at += 1;
                return Ok(false);
            }
            (Some(b'}'), true) | (Some(b']'), false) => {
                lexer.at += 1;
                open.pop();
            }
            (_, true) => return Err(lexer.unexpected("`,` or `}`")),
            (_, false) => return Err(lexer.unexpected("`,` or `]`")),
        }
    }
    Ok(true)
}

/// What is open, one bit a level: set for objects.
#[derive(Default)]
struct Nesting {
    bits: Vec<u64>,
    depth: usize,
}

impl Nesting {
    fn push(&mut self, object: bool) {
        let (word, bit) = (self.depth / 64, self.depth % 64);
        if word == self.bits.len() {
            self.bits.push(0);
        }
        self.bits[word] = self.bits[word] & !(1 << bit) | (u64::from(object) << bit);
        self.depth += 1;
    }

    fn last(&self) -> Option<bool> {
        let place = self.depth.checked_sub(1)?;
        Some(self.bits[place / 64] >> (place % 64) & 1 == 1)
    }

    fn pop(&mut self) {
        self.depth -= 1;
    }
}

impl JsonError {
    /// Whether more text could have made it JSON.
    pub fn is_cut(&self) -> bool {
        self.cause == Cause::End
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_names_the_last_type() {
        for (text, type_name) in [
            (r#"{"type":"A"}"#, Some(Some("A"))),
            (r#"{"type":"A","x":{"type":"B"}}"#, Some(Some("A"))),
            (r#"{"type":"A","t\u0079pe":"B"}"#, Some(Some("B"))),
            (r#"{"type":7}"#, Some(None)),
            (r#"{"x":1}"#, None),
            ("{}", None),
            ("[1]", None),
        ] {
            let expected = type_name.map(|name: Option<&str>| name.map(Wtf8::from));
            assert_eq!(scan(text.as_bytes()).unwrap().type_name, expected, "{text}");
        }
    }

    #[test]
    fn a_scan_reads_any_nesting() {
        let depth = 100_000;
        let text = format!("{}{{}}{}", "[{\"a\":".repeat(depth), "}]".repeat(depth));
        assert_eq!(scan(text.as_bytes()).unwrap().nesting, 2 * depth + 1);
        assert_eq!(scan(&text.as_bytes()[..text.len() - 1]).unwrap_err().cause, Cause::End);
    }

    #[test]
    fn slices_stay_as_they_stand() {
        let text = br#" { "a" : [1 , 2.0] , "b\n":"x", "a":{} } "#;
        let members = members(text).unwrap();
        let parts: Vec<_> = members
            .iter()
            .map(|m| {
                (
                    m.name.to_string(),
                    String::from_utf8_lossy(&text[m.value_range.clone()]).into_owned(),
                )
            })
            .collect();
        assert_eq!(
            parts,
            [
                ("a".into(), "[1 , 2.0]".into()),
                ("b\n".into(), "\"x\"".into()),
                ("a".into(), "{}".into())
            ]
        );
        let list = &text[members[0].value_range.clone()];
        assert_eq!(
            elements(list)
                .unwrap()
                .into_iter()
                .map(|r| &list[r])
                .collect::<Vec<_>>(),
            [&b"1"[..], b"2.0"]
        );
        assert!(elements(b"[]").unwrap().is_empty());
        assert!(super::members(b"[]").is_err());
    }
}
