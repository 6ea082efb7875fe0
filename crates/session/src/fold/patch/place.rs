//! Following a JSON Pointer as fast-json-patch does.

use std::sync::Arc;

use scrubjay_protocol::json::Wtf8;

use super::{Op, Refusal, shown_path};
use crate::fold::value::{List, Map, Node, Text, Value};

/// A key of a container, as JavaScript uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// `~~` of digits, or the length for `-`.
    Index(i32),
    Name(Arc<[u8]>),
}

/// What a property access gives.
pub(super) enum Property<'a> {
    Undefined,
    /// Something that every object, array, string or number inherits.
    Function,
    Held(&'a Value),
    /// A property of a primitive, such as a string's length.
    Made(Value),
}

/// A container, to change.
pub(super) enum Container<'a> {
    List(&'a mut List),
    Map(&'a mut Map),
    Leaf,
}

/// Where an operation acts: in the container that `parents` lead to.
#[derive(Debug)]
pub(super) struct Location {
    pub(super) parents: Vec<Key>,
    pub(super) key: Key,
    path: String,
}

/// A pointer to be followed for an operation.
pub(super) struct Lookup<'a> {
    pub(super) op: Op,
    pub(super) path: &'a Wtf8,
    pub(super) from: Option<&'a Wtf8>,
    pub(super) validates: bool,
}

impl<'a> Property<'a> {
    pub(super) fn of(value: Option<&'a Value>) -> Self {
        value.map_or(Self::Undefined, Self::Held)
    }

    pub(super) fn into_value(self) -> Option<Value> {
        match self {
            Self::Undefined | Self::Function => None,
            Self::Held(value) => Some(value.clone()),
            Self::Made(value) => Some(value),
        }
    }

    pub(super) fn value(&self) -> Option<&Value> {
        match self {
            Self::Undefined | Self::Function => None,
            Self::Held(value) => Some(value),
            Self::Made(value) => Some(value),
        }
    }

    fn is_undefined(&self) -> bool {
        matches!(self, Self::Undefined)
    }

    fn is_branch(&self) -> bool {
        self.value().is_some_and(Value::is_branch)
    }

    /// A property; reading one of `null` or `undefined` throws.
    fn property(&self, key: &Key) -> Option<Self> {
        let value = match self {
            Self::Undefined => return None,
            Self::Function => return Some(Self::Undefined),
            Self::Held(value) => *value,
            Self::Made(value) => return property_of_made(value, key),
        };
        Some(match (value.node(), key) {
            (Node::Null, _) => return None,
            (Node::Map(map), Key::Name(name)) => match map.get(name) {
                Some(member) => Self::Held(member),
                None => inherited(name, &[]),
            },
            (Node::Map(_), Key::Index(_)) => Self::Undefined,
            (Node::List(list), Key::Index(index)) => {
                Self::of(usize::try_from(*index).ok().and_then(|index| list.get(index)))
            }
            (Node::List(list), Key::Name(name)) => match (canonical_index(name), &**name) {
                (Some(index), _) => Self::of(list.get(index)),
                (None, b"length") => made_number(list.len() as f64, value.by()),
                (None, name) => inherited(name, ARRAY_NAMES),
            },
            _ => return property_of_made(value, key),
        })
    }
}

/// A property of a string, a number or a boolean.
fn property_of_made<'a>(value: &Value, key: &Key) -> Option<Property<'a>> {
    let Key::Name(name) = key else {
        return Some(Property::Undefined);
    };
    Some(match value.node() {
        Node::Null => return None,
        Node::Text(text) => match (canonical_index(name), &**name) {
            (Some(index), _) => {
                text_unit(text, index).map_or(Property::Undefined, |unit| Property::Made(Value::text(&unit, 0)))
            }
            (None, b"length") => made_number(text.utf16_len() as f64, value.by()),
            (None, name) => inherited(name, STRING_NAMES),
        },
        _ => inherited(name, NUMBER_NAMES),
    })
}

fn made_number<'a>(number: f64, by: u32) -> Property<'a> {
    Property::Made(Value::new(Node::Number(number), by))
}

/// The UTF-16 unit at an index, as text. State holds no ropes.
fn text_unit(text: &Text, index: usize) -> Option<Wtf8> {
    let unit = text.unit(index as u64)?;
    let mut made = Wtf8::new();
    made.push_utf16_unit(unit);
    Some(made)
}

fn inherited<'a>(name: &[u8], more: &[&str]) -> Property<'a> {
    let known = |names: &[&str]| names.iter().any(|known| known.as_bytes() == name);
    if known(OBJECT_NAMES) || known(more) {
        Property::Function
    } else {
        Property::Undefined
    }
}

const OBJECT_NAMES: &[&str] = &[
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
];

const ARRAY_NAMES: &[&str] = &[
    "at",
    "concat",
    "copyWithin",
    "entries",
    "every",
    "fill",
    "filter",
    "find",
    "findIndex",
    "findLast",
    "findLastIndex",
    "flat",
    "flatMap",
    "forEach",
    "includes",
    "indexOf",
    "join",
    "keys",
    "lastIndexOf",
    "map",
    "pop",
    "push",
    "reduce",
    "reduceRight",
    "reverse",
    "shift",
    "slice",
    "some",
    "sort",
    "splice",
    "toReversed",
    "toSorted",
    "toSpliced",
    "unshift",
    "values",
    "with",
];

const STRING_NAMES: &[&str] = &[
    "at",
    "charAt",
    "charCodeAt",
    "codePointAt",
    "concat",
    "endsWith",
    "includes",
    "indexOf",
    "lastIndexOf",
    "match",
    "matchAll",
    "normalize",
    "padEnd",
    "padStart",
    "repeat",
    "replace",
    "replaceAll",
    "search",
    "slice",
    "split",
    "startsWith",
    "substr",
    "substring",
    "toLowerCase",
    "toUpperCase",
    "trim",
    "trimEnd",
    "trimStart",
];

const NUMBER_NAMES: &[&str] = &["toExponential", "toFixed", "toPrecision"];

impl<'a> Container<'a> {
    pub(super) fn of(value: &'a mut Value) -> Self {
        match value.node() {
            Node::List(_) => Self::List(value.as_list_mut().expect("just seen")),
            Node::Map(_) => Self::Map(value.as_map_mut().expect("just seen")),
            _ => Self::Leaf,
        }
    }
}

impl Location {
    pub(super) fn value<'a>(&self, document: Option<&'a Value>) -> Property<'a> {
        let mut found = Property::of(document);
        for key in self.parents.iter().chain([&self.key]) {
            match found.property(key) {
                Some(next) => found = next,
                None => return Property::Undefined,
            }
        }
        found
    }

    pub(super) fn missing(&self) -> Refusal {
        Refusal::new(format!("there is nothing to hold {}", self.path))
    }
}

impl<'a> Lookup<'a> {
    /// As the client follows pointers inside an operation: unchecked.
    pub(super) fn bare(op: Op, path: &'a Wtf8) -> Self {
        Self {
            op,
            path,
            from: None,
            validates: false,
        }
    }

    /// Follows the pointer, which is not empty.
    pub(super) fn find(&self, document: Option<&Value>) -> Result<Location, Refusal> {
        let tokens: Vec<&[u8]> = self.path.as_bytes().split(|byte| *byte == b'/').collect();
        let mut parents = Vec::new();
        let mut found = Property::of(document);
        let mut judged = !self.validates;
        for at in 1..tokens.len() {
            let name = unescape(tokens[at]);
            self.refuse_banned(&name, tokens[at - 1])?;
            let last = at == tokens.len() - 1;
            let plain = Key::Name(name.clone());
            if !judged {
                let next = found
                    .property(&plain)
                    .ok_or_else(|| self.below_nothing(&tokens[..at]))?;
                if next.is_undefined() || last {
                    judged = true;
                    let exists = if next.is_undefined() { at } else { tokens.len() };
                    self.judge(document, &tokens, exists)?;
                }
            }
            let key = self.key(&found, plain, last)?;
            if last {
                self.refuse_no_container(&found, &tokens[..at])?;
                return Ok(Location {
                    parents,
                    key,
                    path: self.path.to_string(),
                });
            }
            let next = found.property(&key).ok_or_else(|| self.below_nothing(&tokens[..at]))?;
            if self.validates && !next.is_branch() {
                return Err(self.below_nothing(&tokens[..=at]));
            }
            parents.push(key);
            found = next;
        }
        Err(Refusal::new(format!("{} is no pointer", self.path)))
    }

    /// The key in its container: digits index arrays.
    fn key(&self, found: &Property<'_>, plain: Key, last: bool) -> Result<Key, Refusal> {
        let Some(list) = found.value().and_then(Value::as_list) else {
            return Ok(plain);
        };
        let Key::Name(name) = &plain else { return Ok(plain) };
        let len = i32::try_from(list.len()).unwrap_or(i32::MAX);
        let index = if &**name == b"-" {
            len
        } else if name.iter().all(u8::is_ascii_digit) {
            to_int32(name)
        } else if self.validates {
            return Err(Refusal::new(format!(
                "{} goes through an array, and {} is no index",
                shown_path(self.path),
                String::from_utf8_lossy(name)
            )));
        } else {
            return Ok(plain);
        };
        if last && self.validates && self.op == Op::Add && index > len {
            return Err(Refusal::new(format!(
                "{} lies past the end of an array of {len}",
                self.path
            )));
        }
        Ok(Key::Index(index))
    }

    fn refuse_no_container(&self, found: &Property<'_>, tokens: &[&[u8]]) -> Result<(), Refusal> {
        match found {
            Property::Undefined => Err(self.below_nothing(tokens)),
            Property::Held(value) if value.is_null() => Err(self.below_nothing(tokens)),
            _ => Ok(()),
        }
    }

    fn refuse_banned(&self, name: &[u8], before: &[u8]) -> Result<(), Refusal> {
        if name == b"__proto__" || name == b"prototype" && before == b"constructor" {
            return Err(Refusal::new(format!(
                "{} is refused: it would change what all objects inherit",
                self.path
            )));
        }
        Ok(())
    }

    /// What the client checks once it knows how much of the path exists
    /// (`exists` tokens, the empty one in front included).
    fn judge(&self, document: Option<&Value>, tokens: &[&[u8]], exists: usize) -> Result<(), Refusal> {
        if document.is_none_or(is_falsy) {
            return Ok(());
        }
        let op = self.op.name();
        let missing = || shown(&tokens[..(exists + 1).min(tokens.len())]);
        match self.op {
            Op::Add if tokens.len() != exists + 1 && tokens.len() != exists => Err(Refusal::new(format!(
                "{op} needs an existing parent; {} is missing",
                missing()
            ))),
            Op::Replace | Op::Remove if exists != tokens.len() => Err(Refusal::absent(format!(
                "{op} needs an existing member; {} is missing",
                missing()
            ))),
            Op::Get if exists != tokens.len() => Err(Refusal::absent(format!(
                "from needs an existing member; {} is missing",
                missing()
            ))),
            Op::Move | Op::Copy => {
                let Some(from) = self.from.filter(|from| !from.is_empty()) else {
                    return Ok(());
                };
                let lookup = Lookup {
                    op: Op::Get,
                    path: from,
                    from: None,
                    validates: true,
                };
                match lookup.find(document) {
                    Err(refusal) if refusal.absent || refusal.message.contains("refused") => Err(refusal),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn below_nothing(&self, tokens: &[&[u8]]) -> Refusal {
        let above = if tokens.len() <= 1 {
            "the root".to_owned()
        } else {
            shown(tokens)
        };
        Refusal::absent(format!(
            "{} cannot be reached: {above} is no object and no array",
            self.path
        ))
    }
}

fn is_falsy(value: &Value) -> bool {
    match value.node() {
        Node::Null | Node::Bool(false) => true,
        // What JSON does not have is null in the copy that is patched.
        Node::Number(number) => *number == 0.0 || !number.is_finite(),
        Node::Text(text) => text.is_empty(),
        _ => false,
    }
}

fn shown(tokens: &[&[u8]]) -> String {
    String::from_utf8_lossy(&tokens.join(&b'/')).into_owned()
}

fn unescape(token: &[u8]) -> Arc<[u8]> {
    if !token.contains(&b'~') {
        return token.into();
    }
    let text = String::from_utf8_lossy(token).replace("~1", "/").replace("~0", "~");
    text.into_bytes().into()
}

/// An index as JavaScript writes it: no leading zeros.
fn canonical_index(name: &[u8]) -> Option<usize> {
    let canonical = name == b"0" || name.first().is_some_and(|digit| (b'1'..=b'9').contains(digit));
    let digits = canonical && name.iter().all(u8::is_ascii_digit);
    digits.then(|| std::str::from_utf8(name).ok()?.parse().ok())?
}

/// `~~` of decimal digits.
fn to_int32(digits: &[u8]) -> i32 {
    let number: f64 = std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0.0);
    if !number.is_finite() {
        return 0;
    }
    let wrapped = number.rem_euclid(4_294_967_296.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "below 2^32 by the line above"
    )]
    let unsigned = wrapped as u32;
    unsigned.cast_signed()
}
