//! Through a JSON text, leaf by leaf, with the place of each.

use std::ops::Range;

use scrubjay_protocol::json::{self, NESTING_LIMIT};

use crate::{
    literal::{Edit, Literal},
    node::Node,
    place::Place,
    redactor::Redactor,
};

/// Objects longer than this are no pair of a name and a value.
const PAIR_LEN: usize = 64 << 10;

/// A string that is a piece of a longer text.
#[derive(Debug)]
pub(crate) struct Piece {
    /// In the document, quotes included.
    pub(crate) range: Range<usize>,
    /// Its place as it is shown.
    pub(crate) place: String,
    /// It comes in pieces by the protocol; it may be a piece, else.
    pub(crate) is_stream: bool,
}

/// What is to be changed in a document.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    pub(crate) edits: Vec<Edit>,
    pub(crate) pieces: Vec<Piece>,
}

/// Names under which frameworks pass pieces on.
const PIECE_NAMES: [&str; 18] = [
    "content",
    "text",
    "delta",
    "arguments",
    "args",
    "partial_json",
    "partialJson",
    "thinking",
    "reasoning",
    "input",
    "output",
    "data",
    "token",
    "chunk",
    "value",
    "completion",
    "response",
    "message",
];

/// Walks through a text that is one JSON value; nothing if it is not, or nested too deep.
pub(crate) fn document(redactor: &mut Redactor, place: &mut Place, text: &str, gathers: bool) -> Option<Walked> {
    let scan = json::scan(text.as_bytes()).ok()?;
    if scan.nesting > NESTING_LIMIT {
        return None;
    }
    let mut walk = Walk {
        redactor,
        text,
        at: 0,
        gathers,
        walked: Walked::default(),
    };
    walk.value(place);
    Some(walk.walked)
}

/// A walk over text that was checked.
struct Walk<'r, 't> {
    redactor: &'r mut Redactor,
    text: &'t str,
    at: usize,
    /// Pieces are noted.
    gathers: bool,
    walked: Walked,
}

impl Walk<'_, '_> {
    fn value(&mut self, place: &mut Place) {
        match self.next() {
            Some(b'{') => self.object(place),
            Some(b'[') => self.list(place),
            Some(b'"') => {
                let range = self.string();
                self.text_leaf(place, range);
            }
            _ => self.word(place),
        }
    }

    fn object(&mut self, place: &mut Place) {
        let start = self.at;
        let alias = self.alias(start);
        let pointer = (place.node == Node::Operation).then(|| self.pointer(start)).flatten();
        self.at += 1;
        while let Some(byte) = self.next() {
            match byte {
                b'}' => {
                    self.at += 1;
                    return;
                }
                b',' => self.at += 1,
                _ => self.member(place, alias.as_deref(), pointer.as_deref()),
            }
        }
    }

    fn member(&mut self, place: &mut Place, alias: Option<&str>, pointer: Option<&[String]>) {
        let range = self.string();
        let name = Literal::of(self.text.as_bytes(), range);
        let node = place.node;
        if !matches!(node, Node::Event | Node::Operation)
            && let Some(new) = self.redactor.name(place, &name.text)
        {
            self.walked.edits.extend(name.edits(self.text.as_bytes(), &new));
        }
        self.next();
        self.at += 1;
        let alias = alias.filter(|_| name.text == "value").map(str::to_owned);
        match pointer.filter(|_| name.text == "value") {
            Some(pointer) => place.at(&name.text, false, alias, |place| {
                place.pointed(pointer, |place| self.value(place));
            }),
            None => place.at(&name.text, false, alias, |place| self.value(place)),
        }
    }

    fn list(&mut self, place: &mut Place) {
        self.at += 1;
        let mut number = 0_usize;
        while let Some(byte) = self.next() {
            match byte {
                b']' => {
                    self.at += 1;
                    return;
                }
                b',' => self.at += 1,
                _ => {
                    place.at(&number.to_string(), true, None, |place| self.value(place));
                    number += 1;
                }
            }
        }
    }

    fn text_leaf(&mut self, place: &mut Place, range: Range<usize>) {
        let is_stream = place.node == Node::Stream;
        if self.gathers && (is_stream || place.name().is_some_and(|name| PIECE_NAMES.contains(&name))) {
            self.walked.pieces.push(Piece {
                range: range.clone(),
                place: place.shown(),
                is_stream,
            });
            if is_stream {
                return;
            }
        }
        let literal = Literal::of(self.text.as_bytes(), range);
        if let Some(new) = self.redactor.text(place, &literal.text) {
            self.walked.edits.extend(literal.edits(self.text.as_bytes(), &new));
        }
    }

    /// A number, or `true`, `false`, `null`.
    fn word(&mut self, place: &mut Place) {
        let start = self.at;
        let rest = &self.text.as_bytes()[start..];
        let len = rest
            .iter()
            .position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'))
            .unwrap_or(rest.len());
        self.at += len.max(1);
        let word = &self.text[start..start + len];
        if word.starts_with(|char: char| char == '-' || char.is_ascii_digit())
            && let Some(new) = self.redactor.number(place, word)
        {
            self.walked.edits.push(Edit {
                range: start..start + len,
                bytes: new.into_bytes(),
            });
        }
    }

    fn next(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.text.as_bytes().get(self.at).copied()
    }

    /// Steps over a string; gives its range with the quotes.
    fn string(&mut self) -> Range<usize> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => break,
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        self.at = (at + 1).min(bytes.len());
        start..self.at
    }

    /// The text of the object that begins here, if it is short.
    fn short_object(&self, start: usize) -> Option<&str> {
        let range = json::skip_value(self.text.as_bytes(), start).ok()?;
        (range.len() <= PAIR_LEN).then(|| &self.text[range])
    }

    /// What the object that begins here calls its `value`.
    fn alias(&self, start: usize) -> Option<String> {
        let head = &self.text.as_bytes()[start..self.text.len().min(start + 256)];
        if !contains(head, b"\"name\"") && !contains(head, b"\"key\"") {
            return None;
        }
        let object = self.short_object(start)?;
        let [name, key, value] = json::last_members(object.as_bytes(), &["name", "key", "value"]).ok()?;
        value?;
        let text = json::string_at(object.as_bytes(), &name.or(key)?)?;
        Some(text.to_string())
    }

    /// Where the operation that begins here points.
    fn pointer(&self, start: usize) -> Option<Vec<String>> {
        let range = json::skip_value(self.text.as_bytes(), start).ok()?;
        let object = self.text[range].as_bytes();
        let [path] = json::last_members(object, &["path"]).ok()?;
        let path = json::string_at(object, &path?)?.to_string();
        Some(segments(&path))
    }
}

/// The segments of a pointer, unescaped.
pub(crate) fn segments(pointer: &str) -> Vec<String> {
    let segments = pointer.split('/').skip(1);
    segments
        .map(|segment| segment.replace("~1", "/").replace("~0", "~"))
        .collect()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
