//! Building values.

use std::collections::HashMap;

use super::{
    Cause, JsonError, NESTING_LIMIT, Object, VALUE_LIMIT, Value, Wtf8,
    lex::{Lexer, Quoted},
};

/// The largest nesting limit that can be asked for: recursion stays within it.
const HIGHEST_LIMIT: usize = 1024;

/// A value, and what had to be replaced to read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    pub value: Value,
    /// Offset of the first byte that is not UTF-8, if any; such bytes were
    /// read as U+FFFD.
    pub broken_utf8_at: Option<usize>,
}

/// Reads a JSON text as `JSON.parse` reads what a `TextDecoder` made of it.
///
/// # Errors
/// When the text is not JSON, nested beyond [`NESTING_LIMIT`], or larger than
/// [`VALUE_LIMIT`]. Where bytes
/// had to be replaced, the offset counts in the replaced text.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    parse_within(text, NESTING_LIMIT).map(|parsed| parsed.value)
}

/// As [`parse`], with a nesting limit of its own (at most 1024), and with the
/// place of broken UTF-8.
///
/// # Errors
/// As [`parse`].
pub fn parse_within(text: &[u8], nesting_limit: usize) -> Result<Parsed, JsonError> {
    match std::str::from_utf8(text) {
        Ok(text) => Ok(Parsed {
            value: parse_text(text, nesting_limit)?,
            broken_utf8_at: None,
        }),
        Err(error) => {
            let replaced = String::from_utf8_lossy(text);
            Ok(Parsed {
                value: parse_text(&replaced, nesting_limit)?,
                broken_utf8_at: Some(error.valid_up_to()),
            })
        }
    }
}

/// As [`parse`], for text that is known to be UTF-8.
///
/// # Errors
/// As [`parse`].
pub fn parse_text(text: &str, nesting_limit: usize) -> Result<Value, JsonError> {
    parse_limited(text, nesting_limit, VALUE_LIMIT)
}

fn parse_limited(text: &str, limit: usize, value_limit: usize) -> Result<Value, JsonError> {
    let mut parser = Parser {
        lexer: Lexer::new(text.as_bytes(), 0),
        room: limit.min(HIGHEST_LIMIT),
        limit,
        left: value_limit,
    };
    let value = parser.value()?;
    parser.lexer.end()?;
    Ok(value)
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    /// Levels that may still be opened.
    room: usize,
    limit: usize,
    /// Values that may still be built.
    left: usize,
}

impl Parser<'_> {
    fn value(&mut self) -> Result<Value, JsonError> {
        self.left = self.left.checked_sub(1).ok_or_else(|| too_many(self.lexer.at))?;
        match self.lexer.next_token() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b't') => self.lexer.word("true").map(|()| Value::Bool(true)),
            Some(b'f') => self.lexer.word("false").map(|()| Value::Bool(false)),
            Some(b'n') => self.lexer.word("null").map(|()| Value::Null),
            Some(b'-' | b'0'..=b'9') => self.lexer.number().map(|text| Value::Number(number(text))),
            _ => Err(self.lexer.unexpected("a value")),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, JsonError>) -> Result<Value, JsonError> {
        if self.room == 0 {
            return Err(too_deep(self.lexer.at, self.limit));
        }
        self.room -= 1;
        self.lexer.at += 1;
        let value = read(self)?;
        self.room += 1;
        Ok(value)
    }

    fn array(&mut self) -> Result<Value, JsonError> {
        let mut items = Vec::new();
        if self.lexer.next_token() == Some(b']') {
            self.lexer.at += 1;
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value()?);
            match self.lexer.next_token() {
                Some(b',') => self.lexer.at += 1,
                Some(b']') => break,
                _ => return Err(self.lexer.unexpected("`,` or `]`")),
            }
        }
        self.lexer.at += 1;
        Ok(Value::Array(items))
    }

    fn object(&mut self) -> Result<Value, JsonError> {
        let mut members = Vec::new();
        if self.lexer.next_token() == Some(b'}') {
            self.lexer.at += 1;
            return Ok(Value::Object(Object::new()));
        }
        loop {
            members.push(self.member()?);
            match self.lexer.next_token() {
                Some(b',') => self.lexer.at += 1,
                Some(b'}') => break,
                _ => return Err(self.lexer.unexpected("`,` or `}`")),
            }
        }
        self.lexer.at += 1;
        Ok(Value::Object(Object {
            members: last_wins(members),
        }))
    }

    fn member(&mut self) -> Result<(Wtf8, Value), JsonError> {
        if self.lexer.next_token() != Some(b'"') {
            return Err(self.lexer.unexpected("a name in quotes"));
        }
        let name = self.string()?;
        if self.lexer.next_token() != Some(b':') {
            return Err(self.lexer.unexpected("`:`"));
        }
        self.lexer.at += 1;
        Ok((name, self.value()?))
    }

    fn string(&mut self) -> Result<Wtf8, JsonError> {
        let quoted = self.lexer.string()?;
        Ok(unescaped(self.lexer.text, &quoted))
    }
}

pub(super) fn too_deep(offset: usize, limit: usize) -> JsonError {
    JsonError {
        offset,
        message: format!("nested more than {limit} levels deep"),
        cause: Cause::Nesting,
    }
}

fn too_many(offset: usize) -> JsonError {
    JsonError {
        offset,
        message: format!("holds more than {VALUE_LIMIT} values"),
        cause: Cause::Size,
    }
}

fn number(text: &str) -> f64 {
    // Whole numbers below 2^53 are exact, and by far the most common.
    if text.len() <= 15
        && let Ok(whole) = text.parse::<u32>()
    {
        return f64::from(whole);
    }
    text.parse().expect("the grammar of JSON numbers is within Rust's")
}

/// The text of a string. The grammar has been checked.
pub(super) fn unescaped(text: &[u8], quoted: &Quoted) -> Wtf8 {
    let mut rest = &text[quoted.inside.clone()];
    if !quoted.escaped {
        return Wtf8::copy_checked(rest);
    }
    let mut string = Wtf8::with_capacity(rest.len());
    while let Some(slash) = rest.iter().position(|byte| *byte == b'\\') {
        string.push_checked(&rest[..slash]);
        let (unit, len) = escape(&rest[slash + 1..]);
        string.push_utf16_unit(unit);
        rest = &rest[slash + 1 + len..];
    }
    string.push_checked(rest);
    string
}

/// The UTF-16 unit of an escape, and its length without the backslash.
fn escape(text: &[u8]) -> (u16, usize) {
    let unit = match text[0] {
        b'b' => 0x08,
        b'f' => 0x0C,
        b'n' => 0x0A,
        b'r' => 0x0D,
        b't' => 0x09,
        b'u' => {
            let digits = std::str::from_utf8(&text[1..5]).expect("hexadecimal digits are ASCII");
            return (u16::from_str_radix(digits, 16).expect("four hexadecimal digits"), 5);
        }
        plain => u16::from(plain),
    };
    (unit, 1)
}

/// Gives each name its last value, at the place where it first stood.
pub(super) fn last_wins(members: Vec<(Wtf8, Value)>) -> Vec<(Wtf8, Value)> {
    if !has_duplicates(&members) {
        return members;
    }
    let mut places: HashMap<Wtf8, usize> = HashMap::with_capacity(members.len());
    let mut kept: Vec<(Wtf8, Value)> = Vec::with_capacity(members.len());
    for (name, value) in members {
        if let Some(place) = places.get(&name) {
            kept[*place].1 = value;
        } else {
            places.insert(name.clone(), kept.len());
            kept.push((name, value));
        }
    }
    kept
}

fn has_duplicates(members: &[(Wtf8, Value)]) -> bool {
    if members.len() <= 16 {
        return members
            .iter()
            .enumerate()
            .any(|(place, (name, _))| members[..place].iter().any(|(earlier, _)| earlier == name));
    }
    let mut names: Vec<&[u8]> = members.iter().map(|(name, _)| name.as_bytes()).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests {
    use super::super::to_json;
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(to_json(&parse(text.as_bytes()).unwrap()), expected, "{text}");
    }

    fn fails(text: &str, offset: usize, message: &str) {
        let error = parse(text.as_bytes()).unwrap_err();
        assert_eq!((error.offset, error.message.as_str()), (offset, message), "{text}");
    }

    #[test]
    fn values_are_read_as_javascript_reads_them() {
        check(" [1, 2.50, -0, true,\r\n\tfalse, null] ", "[1,2.5,0,true,false,null]");
        check(r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#);
        check(
            r#"{"__proto__":1,"":2,"2":3,"1":4}"#,
            r#"{"__proto__":1,"":2,"2":3,"1":4}"#,
        );
        check(r#""\u0041\/\ud83d\ude00\ude00""#, r#""A/😀\ude00""#);
        check("123456789012345678", "123456789012345680");
    }

    #[test]
    fn duplicates_are_found_among_many_members() {
        let mut text: String = (0..40).map(|number| format!("\"k{number}\":{number},")).collect();
        text = format!("{{{text}\"k7\":\"last\"}}");
        let value = parse(text.as_bytes()).unwrap();
        assert_eq!(value.as_object().unwrap().len(), 40);
        assert_eq!(
            value.as_object().unwrap().iter().nth(7).unwrap().1,
            Value::string("last")
        );
    }

    #[test]
    fn what_is_not_json_is_reported_with_its_place() {
        fails("", 0, "the text is empty");
        fails(" ", 1, "the text ends where a value should be");
        fails("{", 1, "the text ends where a name in quotes should be");
        fails("{\"a\"}", 4, "found `}` where `:` should be");
        fails("{\"a\":1,}", 7, "found `}` where a name in quotes should be");
        fails("[1,]", 3, "found `]` where a value should be");
        fails("[1 2]", 3, "found `2` where `,` or `]` should be");
        fails("{} {}", 3, "found `{` where nothing more should be");
        fails("\u{feff}{}", 0, "found a byte order mark where a value should be");
        fails("nul", 3, "the text ends where `null` should be");
        fails("NaN", 0, "found `N` where a value should be");
        fails("01", 1, "found `1` where nothing more should be");
        fails("1.", 2, "the text ends where a digit should be");
        fails("-", 1, "the text ends where a digit should be");
        fails("\"a", 2, "the text ends inside a string");
        fails("\"a\nb\"", 2, "a string holds the control character 0x0a, unescaped");
        fails(
            r#""\x""#,
            1,
            "a backslash stands before something that cannot be escaped",
        );
        fails(r#""\u12g4""#, 1, "`\\u` needs four hexadecimal digits");
        fails("\u{a0}1", 0, "found U+00A0 where a value should be");
    }

    #[test]
    fn nesting_is_read_up_to_the_limit() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(NESTING_LIMIT).as_bytes()).is_ok());
        let error = parse(nested(NESTING_LIMIT + 1).as_bytes()).unwrap_err();
        assert_eq!((error.cause, error.offset), (Cause::Nesting, NESTING_LIMIT));
        assert_eq!(
            parse("[".repeat(1_000_000).as_bytes()).unwrap_err().cause,
            Cause::Nesting
        );
    }

    #[test]
    fn small_values_are_read_up_to_the_limit() {
        assert!(parse_limited("[0,{\"a\":[]}]", 9, 4).is_ok());
        assert_eq!(parse_limited("[0,{\"a\":[]}]", 9, 3).unwrap_err().cause, Cause::Size);
        assert!(size_of::<Value>() <= 32);
    }

    #[test]
    fn broken_utf8_is_replaced_by_maximal_subparts() {
        let parsed = parse_within(b"\"a\xF0\x9F\x98b\xED\xA0\x80\"", 4).unwrap();
        assert_eq!(parsed.value, Value::string("a\u{fffd}b\u{fffd}\u{fffd}\u{fffd}"));
        assert_eq!(parsed.broken_utf8_at, Some(2));
    }
}
