//! JSON Patch as the official client applies it.
//!
//! The client uses fast-json-patch 3.1.1 with validation, on a copy. What it
//! does where RFC 6902 is stricter comes from JavaScript: an index is what
//! `~~` makes of its digits, so `/l/01` and `/l/` are indexes for `add`;
//! names that every object inherits (`toString`) exist; `move` and `copy`
//! may point past the end of an array and then append; adding below a
//! number or a string does nothing; removing the root leaves `null`.
//! `__proto__` and `constructor/prototype` are refused. Where the client
//! would build a value that contains itself, the patch has failed.
//!
//! A patch is all or nothing: on failure the caller keeps the old root. It
//! costs what its paths cost, not what the document is worth; copies are
//! shared. What it would amount to when written out is bounded all the same
//! ([`WEIGHT_LIMIT`], and 512 levels): beyond it the patch counts as not
//! folded.

mod place;

use std::cell::Cell;

use scrubjay_protocol::json::{self, NESTING_LIMIT, Wtf8};

use self::place::{Container, Key, Location, Lookup, Property};
use super::{
    piece::PieceSource,
    value::{List, Node, Value},
};

/// Bytes of JSON text beyond which a patched document is not folded: 256 MiB.
pub const WEIGHT_LIMIT: u64 = 256 * 1024 * 1024;

/// Why a patch does not apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which operation, from 0.
    pub operation: usize,
    /// One sentence.
    pub message: String,
    /// A limit of ours was met; the client itself would go on.
    pub limit: bool,
    /// The patch would bring in a function that all objects inherit. In the
    /// state the client cannot clone that, and gives up.
    pub function: bool,
}

/// Names of the operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Add,
    Remove,
    Replace,
    Move,
    Copy,
    Test,
    /// Reading a `from`.
    Get,
}

impl Op {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "add" => Self::Add,
            "remove" => Self::Remove,
            "replace" => Self::Replace,
            "move" => Self::Move,
            "copy" => Self::Copy,
            "test" => Self::Test,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Replace => "replace",
            Self::Move => "move",
            Self::Copy => "copy",
            Self::Test => "test",
            Self::Get => "from",
        }
    }
}

/// How an operation fails.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refusal {
    message: String,
    /// The place does not exist, which a `from` may not do. Other failures
    /// of reading a `from` in advance are overlooked by the client.
    absent: bool,
    limit: bool,
}

impl Refusal {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            absent: false,
            limit: false,
        }
    }

    fn absent(message: impl Into<String>) -> Self {
        Self {
            absent: true,
            ..Self::new(message)
        }
    }

    fn limit(message: impl Into<String>) -> Self {
        Self {
            limit: true,
            ..Self::new(message)
        }
    }
}

/// A document; `None` is JavaScript's `undefined`.
type Document = Option<Value>;

/// Applies operations to a document (`None` is `undefined`), all or none.
///
/// `by` is the frame that brings them. The operations are taken to have
/// passed the schema; one that has not counts as failed.
///
/// # Errors
/// With the first operation that does not apply, and why.
pub fn apply(
    document: Option<&Value>,
    operations: &[json::Value],
    by: u32,
    pieces: &dyn PieceSource,
) -> Result<Option<Value>, Failure> {
    // The client's copy goes through JSON, where undefined becomes null.
    let mut document = Some(document.cloned().unwrap_or_else(|| Value::null(by)));
    let function = Cell::new(None);
    for (place, operation) in operations.iter().enumerate() {
        crate::steps::tick();
        document = Operation::read(operation, place, &function)
            .and_then(|operation| operation.apply(document, by, pieces))
            .and_then(within_limits)
            .map_err(|refusal| Failure {
                operation: place,
                message: refusal.message,
                limit: refusal.limit,
                function: false,
            })?;
    }
    match function.get() {
        None => Ok(document),
        Some(operation) => Err(Failure {
            operation,
            message: "it copies a function that every JavaScript object inherits".to_owned(),
            limit: false,
            function: true,
        }),
    }
}

fn within_limits(document: Document) -> Result<Document, Refusal> {
    if let Some(value) = &document {
        if value.weight() > WEIGHT_LIMIT {
            return Err(Refusal::limit(format!(
                "the patched value would be over {} MiB of JSON, which is not folded",
                WEIGHT_LIMIT / (1024 * 1024)
            )));
        }
        if usize::from(value.depth()) > NESTING_LIMIT {
            return Err(Refusal::limit(format!(
                "the patched value would be nested over {NESTING_LIMIT} levels, which is not folded"
            )));
        }
    }
    Ok(document)
}

/// One operation, as sent.
struct Operation<'a> {
    op: Op,
    path: &'a Wtf8,
    from: Option<&'a Wtf8>,
    value: Option<&'a json::Value>,
    number: usize,
    /// The operation that brought in a function, which stands as null until
    /// it is known whether the patch applies at all.
    function: &'a Cell<Option<usize>>,
}

impl<'a> Operation<'a> {
    fn read(operation: &'a json::Value, number: usize, function: &'a Cell<Option<usize>>) -> Result<Self, Refusal> {
        let text = |name| operation.get(name).and_then(json::Value::as_wtf8);
        let op = operation
            .get("op")
            .and_then(json::Value::as_str)
            .and_then(Op::from_name);
        let (Some(op), Some(path)) = (op, text("path")) else {
            return Err(Refusal::new("the operation needs an op and a path"));
        };
        Ok(Self {
            op,
            path,
            from: text("from"),
            value: operation.get("value"),
            number,
            function,
        })
    }

    fn value(&self, by: u32) -> Result<Value, Refusal> {
        let value = self
            .value
            .ok_or_else(|| Refusal::new(format!("{} needs a value", self.op.name())))?;
        Ok(Value::from_json(value, by))
    }

    fn from(&self) -> Result<&'a Wtf8, Refusal> {
        self.from
            .ok_or_else(|| Refusal::new(format!("{} needs a from", self.op.name())))
    }

    fn apply(&self, document: Document, by: u32, pieces: &dyn PieceSource) -> Result<Document, Refusal> {
        if self.path.is_empty() {
            return self.apply_to_root(document, by, pieces);
        }
        let lookup = Lookup {
            op: self.op,
            path: self.path,
            from: self.from,
            validates: true,
        };
        let place = lookup.find(document.as_ref())?;
        match self.op {
            Op::Add => add(document, &place, self.value(by)?),
            Op::Replace => replace(document, &place, self.value(by)?),
            Op::Remove => Ok(remove(document, &place)?.0),
            Op::Test => self
                .test(&place.value(document.as_ref()), by, pieces)
                .map(|()| document),
            Op::Move => self.move_value(document, by),
            Op::Copy => {
                let value = self.value_at(document.as_ref(), self.from()?, by)?;
                add_at(document, self.path, value.as_ref().map(|value| set_by(value, by)))
            }
            Op::Get => Ok(document),
        }
    }

    fn apply_to_root(&self, document: Document, by: u32, pieces: &dyn PieceSource) -> Result<Document, Refusal> {
        match self.op {
            Op::Add | Op::Replace => Ok(Some(self.value(by)?)),
            // The root is not taken away from where it is moved from.
            Op::Move | Op::Copy => self.value_at(document.as_ref(), self.from()?, by),
            Op::Test => self
                .test(&Property::of(document.as_ref()), by, pieces)
                .map(|()| document),
            Op::Remove => Ok(Some(Value::null(by))),
            Op::Get => Ok(document),
        }
    }

    fn test(&self, found: &Property<'_>, by: u32, pieces: &dyn PieceSource) -> Result<(), Refusal> {
        let wanted = self.value(by)?;
        let held = found.value();
        if is_in_json(&wanted) && held.is_some_and(|held| held.same(&wanted, pieces)) {
            return Ok(());
        }
        let shown = held.map_or_else(|| "nothing".to_owned(), |held| summary(held, pieces));
        Err(Refusal::new(format!(
            "test of {} failed: there is {shown}",
            shown_path(self.path)
        )))
    }

    fn move_value(&self, document: Document, by: u32) -> Result<Document, Refusal> {
        let from = self.from()?;
        if from.is_empty() {
            return Err(Refusal::new("move would put the whole value inside itself"));
        }
        let place = Lookup::bare(Op::Remove, from).find(document.as_ref())?;
        let is_function = matches!(place.value(document.as_ref()), Property::Function);
        let (document, removed) = remove(document, &place)?;
        let removed = if is_function { Some(self.function(by)) } else { removed };
        add_at(document, self.path, removed.as_ref().map(|value| set_by(value, by)))
    }

    /// What stands at a pointer, read without validation.
    fn value_at(&self, document: Option<&Value>, path: &Wtf8, by: u32) -> Result<Option<Value>, Refusal> {
        if path.is_empty() {
            return Ok(document.cloned());
        }
        let place = Lookup::bare(Op::Get, path).find(document)?;
        Ok(match place.value(document) {
            Property::Function => Some(self.function(by)),
            found => found.into_value(),
        })
    }

    fn function(&self, by: u32) -> Value {
        self.function.set(Some(self.number));
        Value::null(by)
    }
}

fn set_by(value: &Value, by: u32) -> Value {
    Value::new(value.node().clone(), by)
}

/// Adds without validation; an undefined value leaves nothing to see.
fn add_at(document: Document, path: &Wtf8, value: Option<Value>) -> Result<Document, Refusal> {
    let place = Lookup::bare(Op::Add, path).find(document.as_ref())?;
    match value {
        Some(value) => add(document, &place, value),
        None => Ok(document),
    }
}

fn add(document: Document, place: &Location, value: Value) -> Result<Document, Refusal> {
    change(document, place, |container| {
        match (container, &place.key) {
            (Container::List(list), Key::Index(index)) => list.insert(splice_start(*index, list.len()), value),
            // A named property of an array is not part of its JSON.
            (Container::List(_) | Container::Leaf, _) | (Container::Map(_), Key::Index(_)) => {}
            (Container::Map(map), Key::Name(name)) => map.set(name, value),
        }
    })
}

fn replace(document: Document, place: &Location, value: Value) -> Result<Document, Refusal> {
    change(document, place, |container| match (container, &place.key) {
        (Container::List(list), Key::Index(index)) => set_index(list, *index, value),
        (Container::List(_) | Container::Leaf, _) | (Container::Map(_), Key::Index(_)) => {}
        (Container::Map(map), Key::Name(name)) => map.set(name, value),
    })
}

fn set_index(list: &mut List, index: i32, value: Value) {
    match usize::try_from(index) {
        Ok(index) if index < list.len() => list.set(index, value),
        _ => {}
    }
}

/// The document without the value, and the value.
fn remove(document: Document, place: &Location) -> Result<(Document, Option<Value>), Refusal> {
    let mut removed = None;
    let document = change(document, place, |container| match (container, &place.key) {
        (Container::List(list), key) => {
            // Array.prototype.splice takes a name for index 0.
            let start = match key {
                Key::Index(index) => splice_start(*index, list.len()),
                Key::Name(_) => 0,
            };
            if start < list.len() {
                removed = Some(list.remove(start));
            }
        }
        (Container::Map(map), Key::Name(name)) => removed = map.remove(name),
        (Container::Map(_) | Container::Leaf, _) => {}
    })?;
    Ok((document, removed))
}

fn splice_start(index: i32, len: usize) -> usize {
    match usize::try_from(index) {
        Ok(index) => index.min(len),
        Err(_) => len.saturating_sub(index.unsigned_abs() as usize),
    }
}

/// Changes the container that a place is in.
fn change(document: Document, place: &Location, act: impl FnOnce(Container<'_>)) -> Result<Document, Refusal> {
    let Some(mut root) = document else {
        return Err(place.missing());
    };
    if root.is_null() && place.parents.is_empty() {
        return Err(place.missing());
    }
    descend(&mut root, &place.parents, Box::new(act))
        .then_some(Some(root))
        .ok_or_else(|| place.missing())
}

/// Follows the keys to a container. Recursion is as deep as the value.
fn descend<'a>(value: &mut Value, keys: &[Key], act: Box<dyn FnOnce(Container<'_>) + 'a>) -> bool {
    let Some((key, keys)) = keys.split_first() else {
        act(Container::of(value));
        return true;
    };
    match (value.node(), key) {
        (Node::List(_), Key::Index(index)) => {
            let list = value.as_list_mut().expect("just seen");
            match usize::try_from(*index) {
                Ok(index) if index < list.len() => list.change(index, |item| descend(item, keys, act)),
                _ => false,
            }
        }
        (Node::Map(_), Key::Name(name)) => {
            let map = value.as_map_mut().expect("just seen");
            map.change(name, |member| descend(member, keys, act)).unwrap_or(false)
        }
        // Only a leaf of a leaf is left, which nothing changes.
        _ => true,
    }
}

fn shown_path(path: &Wtf8) -> String {
    if path.is_empty() {
        "the root".to_owned()
    } else {
        path.to_string()
    }
}

/// Whether JSON has every number of a value. The copy that the client patches
/// went through JSON, so that a test for any other fails.
fn is_in_json(value: &Value) -> bool {
    match value.node() {
        Node::Number(number) => number.is_finite(),
        Node::List(list) => list.iter().all(is_in_json),
        Node::Map(map) => map.iter().all(|(_, value)| is_in_json(value)),
        Node::Null | Node::Bool(_) | Node::Text(_) => true,
    }
}

/// Bytes of a text that a summary looks at; more than it shows.
const SHOWN_LEN: usize = 256;

fn summary(value: &Value, pieces: &dyn PieceSource) -> String {
    match value.node() {
        Node::List(list) => format!("an array of {}", list.len()),
        Node::Map(map) => format!("an object of {}", map.len()),
        Node::Text(text) if text.len() > SHOWN_LEN as u64 => {
            let head = super::value::Text::from_bytes(text.head(SHOWN_LEN, pieces).as_bytes());
            summary(&Value::new(Node::Text(head), value.by()), pieces)
        }
        _ => {
            let text = super::value::to_json(value, pieces);
            match text.char_indices().nth(60) {
                Some((cut, _)) => format!("{}…", &text[..cut]),
                None => text,
            }
        }
    }
}

#[cfg(test)]
mod tests;
