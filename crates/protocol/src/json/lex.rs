//! The tokens of JSON, shared by all readers.

use std::ops::Range;

use super::{Cause, JsonError};

/// A place in a text.
pub(super) struct Lexer<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
}

/// A string as it stands, between its quotes.
pub(super) struct Quoted {
    /// Without the quotes.
    pub(super) inside: Range<usize>,
    pub(super) escaped: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a [u8], at: usize) -> Self {
        Self { text, at }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Skips the four characters that JSON calls white space, and looks.
    pub(super) fn next_token(&mut self) -> Option<u8> {
        while let Some(byte) = self.peek() {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// Fails unless nothing but white space is left.
    pub(super) fn end(&mut self) -> Result<(), JsonError> {
        match self.next_token() {
            None => Ok(()),
            Some(_) => Err(self.unexpected("nothing more")),
        }
    }

    /// The failure of meeting something else than `wanted` here.
    pub(super) fn unexpected(&self, wanted: &str) -> JsonError {
        let Some(rest) = self.text.get(self.at..).filter(|rest| !rest.is_empty()) else {
            let message = if self.text.is_empty() {
                "the text is empty".into()
            } else {
                format!("the text ends where {wanted} should be")
            };
            return JsonError {
                offset: self.at,
                message,
                cause: Cause::End,
            };
        };
        let found = String::from_utf8_lossy(&rest[..rest.len().min(4)]);
        let found = found.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
        self.syntax(format!("found {} where {wanted} should be", shown(found)))
    }

    pub(super) fn syntax(&self, message: impl Into<String>) -> JsonError {
        JsonError {
            offset: self.at,
            message: message.into(),
            cause: Cause::Syntax,
        }
    }

    fn ends(&self, message: &str) -> JsonError {
        JsonError {
            offset: self.text.len(),
            message: message.into(),
            cause: Cause::End,
        }
    }

    /// Reads `true`, `false` or `null`.
    pub(super) fn word(&mut self, word: &str) -> Result<(), JsonError> {
        for byte in word.bytes() {
            if self.peek() != Some(byte) {
                return Err(self.unexpected(&format!("`{word}`")));
            }
            self.at += 1;
        }
        Ok(())
    }

    /// Reads a number and gives its text.
    pub(super) fn number(&mut self) -> Result<&'a str, JsonError> {
        let start = self.at;
        self.skip_if(b'-');
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.skip_digits(),
            _ => return Err(self.unexpected("a digit")),
        }
        if self.skip_if(b'.') {
            self.need_digits()?;
        }
        if self.skip_if(b'e') || self.skip_if(b'E') {
            if !self.skip_if(b'-') {
                self.skip_if(b'+');
            }
            self.need_digits()?;
        }
        Ok(std::str::from_utf8(&self.text[start..self.at]).expect("a number is ASCII"))
    }

    /// Steps over a value that holds no others.
    pub(super) fn scalar(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            Some(b'-' | b'0'..=b'9') => self.number().map(drop),
            _ => Err(self.unexpected("a value")),
        }
    }

    /// Steps over the name of a member and its colon; gives where the name stands.
    pub(super) fn member_name(&mut self) -> Result<Range<usize>, JsonError> {
        if self.next_token() != Some(b'"') {
            return Err(self.unexpected("a name in quotes"));
        }
        let start = self.at;
        self.string()?;
        let range = start..self.at;
        if self.next_token() != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.at += 1;
        Ok(range)
    }

    fn skip_if(&mut self, byte: u8) -> bool {
        let met = self.peek() == Some(byte);
        self.at += usize::from(met);
        met
    }

    fn skip_digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn need_digits(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'0'..=b'9') => {
                self.skip_digits();
                Ok(())
            }
            _ => Err(self.unexpected("a digit")),
        }
    }

    /// Reads a string; the opening quote is next.
    pub(super) fn string(&mut self) -> Result<Quoted, JsonError> {
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += plain_prefix(&self.text[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    let inside = start..self.at;
                    self.at += 1;
                    return Ok(Quoted { inside, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(control) => {
                    return Err(self.syntax(format!(
                        "a string holds the control character {control:#04x}, unescaped"
                    )));
                }
                None => return Err(self.ends("the text ends inside a string")),
            }
        }
    }

    /// Checks an escape and steps over it.
    fn escape(&mut self) -> Result<(), JsonError> {
        match self.text.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                for place in 2..6 {
                    match self.text.get(self.at + place) {
                        Some(byte) if byte.is_ascii_hexdigit() => {}
                        Some(_) => return Err(self.syntax("`\\u` needs four hexadecimal digits")),
                        None => return Err(self.ends("the text ends inside a string")),
                    }
                }
                self.at += 6;
            }
            Some(_) => return Err(self.syntax("a backslash stands before something that cannot be escaped")),
            None => return Err(self.ends("the text ends inside a string")),
        }
        Ok(())
    }
}

/// Length of the start of `text` that is neither quote, backslash nor control.
fn plain_prefix(text: &[u8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const TOPS: u64 = u64::from_le_bytes([0x80; 8]);
    let mut len = 0;
    for chunk in text.chunks_exact(8) {
        let word = u64::from_le_bytes(chunk.try_into().expect("chunks of eight"));
        let quote = word ^ (ONES * 0x22);
        let slash = word ^ (ONES * 0x5C);
        // The borrow trick marks the first match right; later marks may be false, and are not used.
        let hits = (quote.wrapping_sub(ONES) & !quote)
            | (slash.wrapping_sub(ONES) & !slash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let hits = hits & TOPS;
        if hits != 0 {
            return len + usize::try_from(hits.trailing_zeros() / 8).expect("below eight");
        }
        len += 8;
    }
    len + text[len..]
        .iter()
        .take_while(|byte| **byte >= 0x20 && **byte != b'"' && **byte != b'\\')
        .count()
}

fn shown(char: char) -> String {
    match char {
        '\u{FEFF}' => "a byte order mark".into(),
        char if char.is_control() || char.is_whitespace() => format!("U+{:04X}", u32::from(char)),
        char => format!("`{char}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_prefix_ends_at_the_first_special_byte() {
        for special in [b'"', b'\\', 0, 0x1F, b'\n'] {
            for at in 0..20 {
                let mut text = vec![b'a'; 24];
                text[at] = special;
                text[at + 1] = b'"';
                assert_eq!(plain_prefix(&text), at);
            }
        }
        assert_eq!(plain_prefix("ééé ~\u{7f}!#[]ÿ".as_bytes()), "ééé ~\u{7f}!#[]ÿ".len());
    }
}
