//! Where ids are put into a text.

use std::borrow::Cow;

use aho_corasick::AhoCorasick;
use scrubjay_protocol::json::{self, Scalar, each_scalar};

use super::{
    IdKind, IdMap, names,
    splice::{Splice, Unescaped, apply},
};

/// JSON texts inside strings of JSON texts that are looked into.
const LEVELS: usize = 4;

/// Finds ids in texts.
#[derive(Clone)]
pub(crate) struct Putter {
    pub(super) ids: IdMap,
    /// What cannot be absent from a text that holds an id, however it is
    /// escaped; nothing when some id has no such part.
    needles: Option<AhoCorasick>,
    /// Some id stands for another.
    pub(super) changes: bool,
    /// Microseconds added to instants.
    pub(super) shift_us: i64,
}

impl Putter {
    pub(crate) fn new(ids: IdMap, shift_us: i64) -> Self {
        let changing: Vec<&str> = ids
            .iter()
            .filter(|(_, recorded, live)| recorded != live && !recorded.is_empty())
            .map(|(_, recorded, _)| recorded)
            .collect();
        let needles: Option<Vec<&str>> = changing.iter().map(|id| unescapable(id)).collect();
        Self {
            needles: needles.and_then(|needles| AhoCorasick::new(needles).ok()),
            changes: !changing.is_empty(),
            shift_us,
            ids,
        }
    }

    /// Whether an id may stand in these bytes.
    pub(super) fn may_hold(&self, bytes: &[u8]) -> bool {
        self.changes && self.needles.as_ref().is_none_or(|needles| needles.is_match(bytes))
    }

    /// Whether needles find all that may hold an id.
    pub(super) fn has_needles(&self) -> bool {
        !self.changes || self.needles.is_some()
    }

    /// Where the first needle in these bytes ends.
    pub(super) fn first_needle_end(&self, bytes: &[u8]) -> Option<usize> {
        let needles = self.needles.as_ref().filter(|_| self.changes)?;
        needles.find(bytes).map(|found| found.end())
    }

    /// What stands for the id that fills a string under this name.
    pub(crate) fn id(&self, name: &str, text: &str) -> Option<&str> {
        let kind = names::kind(name);
        if text.is_empty() || kind.is_none() && names::is_plain(text) {
            return None;
        }
        let live = self.ids.get(kind.unwrap_or(IdKind::Other), text)?;
        (live != text).then_some(live)
    }

    /// What is put into a JSON text, and whether all of it is JSON.
    pub(super) fn json(&self, text: &[u8], level: usize) -> (Vec<Splice>, bool) {
        let mut splices = Vec::new();
        let result = each_scalar(text, |scalar| {
            let first = text[scalar.value_range.start];
            if first == b'"' {
                self.string(text, &scalar, level, &mut splices);
            } else if level == 0 && self.shift_us != 0 {
                splices.extend(self.instant(text, &scalar));
            }
        });
        (splices, result.is_ok())
    }

    /// A JSON text with ids put in.
    pub(crate) fn put_into(&self, text: &[u8]) -> Vec<u8> {
        apply(text, &self.json(text, 0).0)
    }

    /// What is put into text that is no JSON string, but may be an id or JSON text itself.
    pub(super) fn text(&self, name: &str, text: &str, level: usize) -> Option<Vec<u8>> {
        if let Some(live) = self.id(name, text) {
            return Some(live.as_bytes().to_vec());
        }
        if level >= LEVELS || !text.trim_start().starts_with(['{', '[', '"']) {
            return None;
        }
        let (splices, is_whole) = self.json(text.as_bytes(), level + 1);
        (is_whole && !splices.is_empty()).then(|| apply(text.as_bytes(), &splices))
    }

    fn string(&self, text: &[u8], scalar: &Scalar, level: usize, splices: &mut Vec<Splice>) {
        let inside = scalar.value_range.start + 1..scalar.value_range.end - 1;
        let raw = &text[inside.clone()];
        if !self.may_hold(raw) {
            return;
        }
        let name = name_of(text, scalar);
        let unescaped = Unescaped::of(raw);
        let Ok(value) = std::str::from_utf8(&unescaped.text) else {
            return;
        };
        if let Some(live) = self.id(&name, value) {
            splices.push(Splice {
                range: inside,
                bytes: escaped(live),
            });
            return;
        }
        if level >= LEVELS || !value.trim_start().starts_with(['{', '[', '"']) {
            return;
        }
        let (inner, is_whole) = self.json(&unescaped.text, level + 1);
        if is_whole {
            splices.extend(inner.into_iter().map(|splice| {
                let range = unescaped.range(&splice.range);
                Splice {
                    range: inside.start + range.start..inside.start + range.end,
                    bytes: escaped(&String::from_utf8_lossy(&splice.bytes)),
                }
            }));
        }
    }

    /// An event's own `timestamp`, moved.
    fn instant(&self, text: &[u8], scalar: &Scalar) -> Option<Splice> {
        if scalar.depth != 1 || &text[scalar.name_range.clone()] != b"\"timestamp\"" {
            return None;
        }
        let number = std::str::from_utf8(&text[scalar.value_range.clone()]).ok()?;
        let moved = self.moved(number.parse().ok()?);
        Some(Splice {
            range: scalar.value_range.clone(),
            bytes: moved.to_string().into_bytes(),
        })
    }

    /// An instant, moved. The protocol fixes no unit; it follows from the number's size.
    pub(super) fn moved(&self, instant: i64) -> i64 {
        let us_in_unit = match instant.unsigned_abs() {
            0..100_000_000_000 => 1_000_000,
            100_000_000_000..100_000_000_000_000 => 1_000,
            _ => 1,
        };
        instant.saturating_add(self.shift_us / us_in_unit)
    }
}

/// The name a leaf stands under, read.
fn name_of<'a>(text: &'a [u8], scalar: &Scalar) -> Cow<'a, str> {
    let inside = scalar.name_range.start + 1..scalar.name_range.end.saturating_sub(1);
    String::from_utf8_lossy(text.get(inside).unwrap_or_default())
}

/// Text as it stands between the quotes of a JSON string.
fn escaped(text: &str) -> Vec<u8> {
    let mut quoted = String::new();
    json::write_string(&mut quoted, &text.into());
    quoted.as_bytes()[1..quoted.len() - 1].to_vec()
}

/// The longest part of an id that writers of JSON leave as it is: some escape
/// slashes, or all that is not ASCII.
fn unescapable(id: &str) -> Option<&str> {
    id.split(|char: char| !char.is_ascii_alphanumeric() && !matches!(char, '-' | '_' | '.' | ':'))
        .max_by_key(|part| part.len())
        .filter(|part| !part.is_empty())
}
