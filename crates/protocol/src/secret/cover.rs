//! Secrets inside of texts: URLs, targets, and what is written as `name=value`.
//!
//! Nothing is parsed that could fail. Each place where a name may begin is
//! looked at, and a secret value reaches as far as any reader could take it.

use std::borrow::Cow;

use super::{ROUNDS, decoded, is_secret};

/// Replaces the values of secret parameters and `user:pass@` in a URL, a
/// request target or a header field's value; all else stays to the byte.
/// Parameters of paths, queries and fragments count, also those of a URL that
/// is encoded in another.
pub fn cover<'a>(text: &'a [u8], mask: &mut dyn FnMut(&[u8]) -> String) -> Cow<'a, [u8]> {
    cover_within(text, ROUNDS, mask)
}

fn cover_within<'a>(text: &'a [u8], rounds: usize, mask: &mut dyn FnMut(&[u8]) -> String) -> Cow<'a, [u8]> {
    let mut scan = Scan {
        text,
        at: 0,
        part: Part::Plain,
        looked_into: 0,
        rounds,
        given: Vec::new(),
        given_up_to: 0,
        mask,
    };
    scan.run();
    match scan.given_up_to {
        0 => Cow::Borrowed(text),
        up_to => {
            scan.given.extend_from_slice(&text[up_to..]);
            Cow::Owned(scan.given)
        }
    }
}

/// Whether there is something to cover, in a URL or in JSON.
pub(super) fn holds_secret(text: &[u8], rounds: usize) -> bool {
    let mut found = false;
    cover_within(text, rounds, &mut |_| {
        found = true;
        String::new()
    });
    found || has_secret_member(text)
}

/// Whether a member of JSON text has the name of a secret.
pub(super) fn has_secret_member(text: &[u8]) -> bool {
    let mut quoted = text.split(|byte| *byte == b'"').peekable();
    while let Some(name) = quoted.next() {
        let is_name = quoted
            .peek()
            .is_some_and(|after| after.trim_ascii_start().first() == Some(&b':'));
        // What is escaped in a name is not read here, so it counts as one.
        if is_name && (is_secret(name) || name.contains(&b'\\')) {
            return true;
        }
    }
    false
}

/// Where in a text a name stands decides how far its value reaches.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// Not in a URL, as far as is known.
    Plain,
    Path,
    Query,
    Fragment,
}

struct Scan<'a, 'm> {
    text: &'a [u8],
    at: usize,
    part: Part,
    /// Up to here it was looked whether another text is encoded in it.
    looked_into: usize,
    rounds: usize,
    given: Vec<u8>,
    given_up_to: usize,
    mask: &'m mut dyn FnMut(&[u8]) -> String,
}

impl Scan<'_, '_> {
    fn run(&mut self) {
        if self.text.starts_with(b"//") {
            self.at = 2;
            self.authority();
        }
        while self.at < self.text.len() {
            let start = self.at;
            let end = self.find(start, |byte| byte == b'=' || is_separator(byte) || ends_url(byte));
            match self.text.get(end) {
                Some(b'=') => self.parameter(start, end),
                Some(_) | None => {
                    self.look_into(start, end);
                    self.separator(end);
                }
            }
        }
    }

    /// Goes on after a separator.
    fn separator(&mut self, at: usize) {
        self.at = at + 1;
        let Some(byte) = self.text.get(at) else { return };
        self.part = match byte {
            b'#' => Part::Fragment,
            b'?' if self.part != Part::Fragment => Part::Query,
            b'/' if self.part == Part::Plain => Part::Path,
            byte if ends_url(*byte) => Part::Plain,
            _ => self.part,
        };
        if self.text[..at].ends_with(b":") && self.text[at..].starts_with(b"//") {
            self.at = at + 2;
            self.authority();
        }
    }

    /// Covers `user:pass@`, which begins here if it is there.
    fn authority(&mut self) {
        let start = self.at;
        let end = self.find(start, |byte| matches!(byte, b'/' | b'?' | b'#') || ends_url(byte));
        if let Some(len) = self.text[start..end].iter().rposition(|byte| *byte == b'@') {
            self.cover(start, start + len);
            self.at = start + len;
        }
        if self.part == Part::Plain {
            self.part = Part::Path;
        }
    }

    /// A name from `start`, with its `=` at `equals`.
    fn parameter(&mut self, start: usize, equals: usize) {
        let value = equals + 1;
        self.at = value;
        if is_secret(&self.text[start..equals]) {
            let (from, to) = self.value(value);
            self.cover(from, to);
            self.at = to;
            return;
        }
        if value >= self.looked_into {
            let end = self.find(value, |byte| matches!(byte, b'&' | b'#') || ends_url(byte));
            self.look_into(value, end);
        }
    }

    /// How far a secret value reaches.
    fn value(&self, start: usize) -> (usize, usize) {
        if self.text.get(start) == Some(&b'"') {
            return (start + 1, self.find(start + 1, |byte| byte == b'"'));
        }
        let part = self.part;
        let ends = |byte| {
            ends_url(byte)
                || match part {
                    Part::Path => matches!(byte, b'/' | b'?' | b'#' | b'&'),
                    Part::Query => matches!(byte, b'&' | b'#'),
                    Part::Plain | Part::Fragment => byte == b'&',
                }
        };
        (start, self.find(start, ends))
    }

    /// Covers all of a stretch in which a text with a secret is encoded.
    fn look_into(&mut self, start: usize, end: usize) {
        if start < self.looked_into {
            return;
        }
        self.looked_into = end;
        if self.rounds == 0 {
            return;
        }
        if self.text[start..end].contains(&b'%') && holds_secret(&decoded(&self.text[start..end]), self.rounds - 1) {
            self.cover(start, end);
            self.at = end;
        }
    }

    fn cover(&mut self, start: usize, end: usize) {
        if start == end {
            return;
        }
        self.given.extend_from_slice(&self.text[self.given_up_to..start]);
        let masked = (self.mask)(&self.text[start..end]);
        self.given.extend_from_slice(masked.as_bytes());
        self.given_up_to = end;
    }

    fn find(&self, from: usize, is_it: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.get(from..).unwrap_or_default();
        rest.iter()
            .position(|byte| is_it(*byte))
            .map_or(self.text.len(), |len| from + len)
    }
}

/// What stands before a name.
fn is_separator(byte: u8) -> bool {
    matches!(byte, b'/' | b'?' | b'&' | b';' | b'#' | b',' | b'(' | b'{' | b'|')
}

/// What no URL has in it.
fn ends_url(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b'"' | b'<' | b'>' | 0x7f)
}
