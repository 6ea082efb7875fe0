//! A difference of values as a patch that leads from one to the other.

use scrubjay_protocol::{
    json::{self, Object, Wtf8},
    pointer,
};

use super::{ChangeKind, Comparing, Diff, Step};
use crate::fold::{
    piece::PieceSource,
    value::{Node, Value},
};

/// Operations of RFC 6902 that lead from one value to the other.
///
/// ```
/// use scrubjay_protocol::json;
/// use scrubjay_session::{changes::operations, fold::{patch, piece::NoPieces, value::Value}};
///
/// let value = |text: &str| Value::from_json(&json::parse(text.as_bytes()).unwrap(), 0);
/// let (one, other) = (value(r#"{"a":[1,2,3],"b":1}"#), value(r#"{"a":[1,4],"c":{}}"#));
/// let operations = operations(&one, &other, &NoPieces);
/// let patched = patch::apply(Some(&one), &operations, 1, &NoPieces).unwrap().unwrap();
/// assert!(patched.same(&other, &NoPieces));
/// ```
pub fn operations(old: &Value, new: &Value, pieces: &dyn PieceSource) -> Vec<json::Value> {
    let diff = Comparing::plainly(pieces).between(old, new);
    let mut operations = Vec::new();
    write(&diff, &mut Wtf8::new(), pieces, &mut operations);
    operations
}

fn write(diff: &Diff, path: &mut Wtf8, pieces: &dyn PieceSource, out: &mut Vec<json::Value>) {
    if let Some(change) = diff.change {
        let (name, value) = match change {
            ChangeKind::Added => ("add", diff.new.as_ref()),
            ChangeKind::Changed => ("replace", diff.new.as_ref()),
            ChangeKind::Removed => ("remove", None),
        };
        let mut operation = Object::new();
        operation.insert("op", json::Value::string(name));
        operation.insert("path", json::Value::String(path.clone()));
        if let Some(value) = value {
            operation.insert("value", read(value, pieces));
        }
        out.push(json::Value::Object(operation));
        return;
    }
    // Elements go from the end, so that those before keep their places.
    let gone = |step: &&Step| matches!(step, Step::GoneIndex(_));
    let stay = diff.children.keys().filter(|step| !gone(step));
    for step in stay.chain(diff.children.keys().rev().filter(gone)) {
        let mut below = path.clone();
        pointer::push(&mut below, &Wtf8::from_bytes(step.token()));
        if let Some(child) = diff.children.get(step) {
            write(child, &mut below, pieces, out);
        }
    }
}

fn read(value: &Value, pieces: &dyn PieceSource) -> json::Value {
    match value.node() {
        Node::Null => json::Value::Null,
        Node::Bool(value) => json::Value::Bool(*value),
        Node::Number(number) => json::Value::Number(*number),
        Node::Text(text) => json::Value::String(text.to_wtf8(pieces)),
        Node::List(list) => json::Value::Array(list.iter().map(|item| read(item, pieces)).collect()),
        Node::Map(map) => json::Value::Object(
            map.iter()
                .map(|(name, member)| (Wtf8::from_bytes(name.to_vec()), read(member, pieces)))
                .collect(),
        ),
    }
}
