//! What something says, as a number: equal numbers, equal content, ids, key
//! order and ignored values aside.

use std::hash::{DefaultHasher, Hasher as _};

use scrubjay_protocol::json::{Object, Value, Wtf8};

use super::{ids::Ids, rules::Rules};
use crate::changes::{OPENED_AT, OPENED_DEPTH, branch_in};

/// Hashes kept of an item's leaves.
const SKETCH: usize = 12;
/// Bytes of a text up to which it is looked into.
const OPENED_LEN: usize = 1024 * 1024;

/// The smallest hashes of an item's leaves: how alike two items are follows
/// from how many they share.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sketch {
    len: u8,
    smallest: [u32; SKETCH],
}

impl Sketch {
    fn add(&mut self, hash: u64) {
        let hash = (hash >> 32) as u32;
        let kept = &self.smallest[..usize::from(self.len)];
        let place = match kept.binary_search(&hash) {
            Ok(_) => return,
            Err(place) if place == SKETCH => return,
            Err(place) => place,
        };
        let last = usize::from(self.len).min(SKETCH - 1);
        self.smallest.copy_within(place..last, place + 1);
        self.smallest[place] = hash;
        self.len = (self.len + 1).min(SKETCH as u8);
    }

    /// From 0, nothing in common, to 1.
    pub(crate) fn likeness(&self, other: &Self) -> f32 {
        let (mut one, mut two) = (
            &self.smallest[..usize::from(self.len)],
            &other.smallest[..usize::from(other.len)],
        );
        if one.is_empty() && two.is_empty() {
            return 1.0;
        }
        let (mut seen, mut shared) = (0, 0);
        while seen < SKETCH {
            match (one.first(), two.first()) {
                (Some(a), Some(b)) if a == b => {
                    shared += 1;
                    (one, two) = (&one[1..], &two[1..]);
                }
                (Some(a), Some(b)) if a < b => one = &one[1..],
                (Some(_), None) => one = &one[1..],
                (_, Some(_)) => two = &two[1..],
                (None, None) => break,
            }
            seen += 1;
        }
        shared as f32 / seen as f32
    }
}

/// Makes a number of anything hashable.
pub(crate) fn of(value: impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Two numbers in this order as one.
pub(crate) fn join(one: u64, other: u64) -> u64 {
    let mut mixed = one.rotate_left(23) ^ other.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ mixed >> 29
}

/// Reads values for their numbers.
pub(crate) struct Hashing<'a> {
    pub(crate) rules: &'a Rules,
    pub(crate) ids: &'a Ids,
    /// Ids met, in a canonical order.
    pub(crate) refs: Vec<u32>,
    pub(crate) sketch: Sketch,
    /// Where the value stands; kept only while rules ask for it.
    path: Vec<Vec<u8>>,
    /// How deep the value stands, with or without a path.
    depth: usize,
    opened: u8,
}

impl<'a> Hashing<'a> {
    pub(crate) fn new(rules: &'a Rules, ids: &'a Ids) -> Self {
        Self {
            rules,
            ids,
            refs: Vec::new(),
            sketch: Sketch::default(),
            path: Vec::new(),
            depth: 0,
            opened: 0,
        }
    }

    /// Of a member of an item's document; none when it is ignored.
    pub(crate) fn member(&mut self, name: &[u8], value: &Value) -> Option<u64> {
        self.under(name, |this| this.value(value, of(name), name))
    }

    /// Of a value at a pointer below a member: what a patch writes there.
    pub(crate) fn member_at(&mut self, name: &[u8], below: &[Wtf8], value: &Value) -> Option<u64> {
        let called = below.last().map_or(name, Wtf8::as_bytes);
        self.depth += 1 + below.len();
        let number = self.value_at(name, below, value, called);
        self.depth -= 1 + below.len();
        number
    }

    fn value_at(&mut self, name: &[u8], below: &[Wtf8], value: &Value, called: &[u8]) -> Option<u64> {
        if !self.rules.has_pointers() {
            return Some(self.value(value, of(name), called));
        }
        let depth = self.path.len();
        self.path.push(name.to_vec());
        let mut ignored = self.rules.is_ignored(&self.path);
        for token in below {
            self.path.push(token.as_bytes().to_vec());
            ignored |= self.rules.is_ignored(&self.path);
        }
        let number = (!ignored).then(|| self.value(value, of(name), called));
        self.path.truncate(depth);
        number
    }

    fn under(&mut self, name: &[u8], work: impl FnOnce(&mut Self) -> u64) -> Option<u64> {
        self.depth += 1;
        let number = match self.rules.has_pointers() {
            false => Some(work(self)),
            true => {
                self.path.push(name.to_vec());
                let number = (!self.rules.is_ignored(&self.path)).then(|| work(self));
                self.path.pop();
                number
            }
        };
        self.depth -= 1;
        number
    }

    fn value(&mut self, value: &Value, at: u64, name: &[u8]) -> u64 {
        match value {
            Value::Null => self.leaf(at, 1),
            Value::Bool(value) => self.leaf(at, 2 + u64::from(*value)),
            // As JavaScript compares them: 0 and -0 are one.
            Value::Number(number) => self.leaf(at, of((number + 0.0).to_bits())),
            Value::String(text) => self.text(text, at, name),
            Value::Array(items) => self.items(items, at, name),
            Value::Object(object) => self.object(object, at),
        }
    }

    fn leaf(&mut self, at: u64, number: u64) -> u64 {
        self.sketch.add(join(at, number));
        number
    }

    fn text(&mut self, text: &Wtf8, at: u64, name: &[u8]) -> u64 {
        if let Some(id) = self.ids.number(name, text) {
            self.refs.push(id);
            return 4;
        }
        if text.len() <= OPENED_LEN {
            if self.opened < OPENED_DEPTH
                && self.depth <= OPENED_AT
                && let Some(held) = branch_in(text.as_bytes())
            {
                self.opened += 1;
                let number = self.value(&held, at, name);
                self.opened -= 1;
                return join(5, number);
            }
            if self.rules.has_patterns() {
                let scrubbed = self.rules.scrubbed(text);
                return self.words(&scrubbed, at);
            }
        }
        self.words(text.as_bytes(), at)
    }

    fn words(&mut self, text: &[u8], at: u64) -> u64 {
        for word in text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
            self.sketch.add(join(at, of(word)));
        }
        of(text)
    }

    fn items(&mut self, items: &[Value], at: u64, name: &[u8]) -> u64 {
        let mut number = 6;
        for (place, item) in items.iter().enumerate() {
            let token = if self.rules.has_pointers() {
                place.to_string()
            } else {
                String::new()
            };
            let item = self.under(token.as_bytes(), |this| this.value(item, at, name));
            number = join(number, item.unwrap_or(0));
        }
        number
    }

    fn object(&mut self, object: &Object, at: u64) -> u64 {
        let mut members: Vec<&(Wtf8, Value)> = object.iter().collect();
        members.sort_unstable_by(|(one, _), (other, _)| one.as_bytes().cmp(other.as_bytes()));
        let mut number = 7;
        for (name, value) in members {
            let name = name.as_bytes();
            let place = join(at, of(name));
            if let Some(member) = self.under(name, |this| this.value(value, place, name)) {
                number = join(join(number, place), member);
            }
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use scrubjay_protocol::json::parse;

    use super::*;
    use crate::diff::rules::{Ignore, Level};

    fn number(text: &str, rules: &Rules) -> (u64, usize) {
        let mut ids = Ids::default();
        ids.know(&"call_0123".into());
        ids.know(&"x".into());
        let mut hashing = Hashing::new(rules, &ids);
        let number = hashing.member(b"args", &parse(text.as_bytes()).unwrap()).unwrap();
        (number, hashing.refs.len())
    }

    #[test]
    fn what_means_the_same_has_one_number() {
        let rules = Rules::default();
        let same = |one, two| assert_eq!(number(one, &rules), number(two, &rules), "{one} {two}");
        same(r#"{"a":1,"b":[2]}"#, r#"{"b":[2.0],"a":1}"#);
        same(r#""{\"a\": 1}""#, r#""{\"a\":1}""#);
        same("0", "-0");
        let differ = |one, two| assert_ne!(number(one, &rules), number(two, &rules), "{one} {two}");
        differ(r#"{"a":1}"#, r#"{"a":2}"#);
        differ("[1,2]", "[2,1]");
        differ(r#""{\"a\":1}""#, r#"{"a":1}"#);
    }

    #[test]
    fn ids_are_references() {
        let rules = Rules::default();
        assert_eq!(number(r#"{"a":"call_0123"}"#, &rules).1, 1);
        assert_eq!(number(r#"{"a":"x"}"#, &rules).1, 0);
        assert_eq!(number(r#"{"aId":"x"}"#, &rules).1, 1);
    }

    #[test]
    fn ignored_values_do_not_count() {
        let rules = Rules::new(Level::Behaviour, &[Ignore::Pointer("/args/at".into())]).unwrap();
        assert_eq!(number(r#"{"n":1,"at":2}"#, &rules), number(r#"{"n":1}"#, &rules));
    }

    #[test]
    fn likeness_is_between_none_and_all() {
        let sketch = |leaves: std::ops::Range<u64>| {
            let mut sketch = Sketch::default();
            leaves.for_each(|leaf| sketch.add(of(leaf)));
            sketch
        };
        assert_eq!(sketch(0..50).likeness(&sketch(0..50)), 1.0);
        assert_eq!(sketch(0..5).likeness(&sketch(5..10)), 0.0);
        let half = sketch(0..40).likeness(&sketch(20..60));
        assert!((0.05..0.7).contains(&half), "{half}");
    }
}
