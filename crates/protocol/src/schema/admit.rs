//! Judging what the schema describes, in the words of zod.

use super::{
    Issue,
    path::Path,
    shape::{Field, Object, Presence, Shape},
    table::LARGEST_SAFE,
};
use crate::{
    json::{Object as Members, Value, Wtf8},
    pointer,
};

/// Judges an event and brings its members into the order of the schema.
pub(super) fn admit(event: &mut Value, shape: &'static Object) -> Vec<Issue> {
    let mut issues = Vec::new();
    admit_object(event, shape, &Path::Root, &mut issues);
    issues
}

fn note(issues: &mut Vec<Issue>, path: &Path<'_>, message: impl Into<String>) {
    issues.push(Issue {
        path: path.pointer(),
        message: message.into(),
    });
}

fn admit_shape(value: &mut Value, shape: &'static Shape, path: &Path<'_>, issues: &mut Vec<Issue>) {
    let fits = match (shape, &mut *value) {
        (Shape::Any | Shape::AnyButNullIsAbsent, _)
        | (Shape::Text | Shape::TextOrList(_), Value::String(_))
        | (Shape::Flag, Value::Bool(_))
        | (Shape::Map, Value::Object(_)) => true,
        (Shape::NotNull, value) => !value.is_null(),
        (Shape::OneOf(options), Value::String(text)) => options.iter().any(|option| text == option),
        (Shape::Whole { least }, Value::Number(number)) => return admit_whole(*number, *least, path, issues),
        (Shape::Pointer, Value::String(text)) => return admit_pointer(text, path, issues),
        (Shape::List(element), Value::Array(items)) => return admit_list(items, element, path, issues),
        (Shape::NonEmptyList(element), Value::Array(items)) => {
            if items.is_empty() {
                note(issues, path, "Too small: expected array to have >=1 items");
            }
            return admit_list(items, element, path, issues);
        }
        // Of a union, only the failure is reported.
        (Shape::TextOrList(element), Value::Array(items)) => {
            let mut inner = Vec::new();
            admit_list(items, element, path, &mut inner);
            inner.is_empty()
        }
        (Shape::Object(object), Value::Object(_)) => return admit_object(value, object, path, issues),
        (Shape::Tagged(tag, variants), Value::Object(_)) => return admit_tagged(value, tag, variants, path, issues),
        _ => false,
    };
    if !fits {
        note(issues, path, refusal(shape, Some(value)));
    }
}

fn admit_tagged(
    value: &mut Value,
    tag: &str,
    variants: &'static [(&'static str, &'static Object)],
    path: &Path<'_>,
    issues: &mut Vec<Issue>,
) {
    let name = value.get(tag).and_then(Value::as_wtf8);
    match variants
        .iter()
        .find(|(variant, _)| name.is_some_and(|name| name == variant))
    {
        Some((_, object)) => admit_object(value, object, path, issues),
        None => note(issues, &Path::Member(path, tag), "Invalid input"),
    }
}

fn admit_list(items: &mut [Value], element: &'static Shape, path: &Path<'_>, issues: &mut Vec<Issue>) {
    for (place, item) in items.iter_mut().enumerate() {
        admit_shape(item, element, &Path::Element(path, place), issues);
    }
}

fn admit_object(value: &mut Value, shape: &'static Object, path: &Path<'_>, issues: &mut Vec<Issue>) {
    let Value::Object(members) = value else {
        return note(issues, path, expected("object", Some(value)));
    };
    for field in shape.fields() {
        let here = Path::Member(path, field.name);
        match members.get_mut(field.name) {
            Some(Value::Null) if matches!(field.shape, Shape::AnyButNullIsAbsent) => {
                members.remove(field.name);
            }
            Some(member) => admit_shape(member, &field.shape, &here, issues),
            None => admit_absence(members, field, &here, issues),
        }
    }
    if !is_ordered(members, shape) {
        reorder(members, shape);
    }
}

fn admit_absence(members: &mut Members, field: &'static Field, path: &Path<'_>, issues: &mut Vec<Issue>) {
    match field.presence {
        Presence::Required => note(issues, path, refusal(&field.shape, None)),
        Presence::Optional => {}
        Presence::EmptyListByDefault => {
            members.insert(field.name, Value::Array(Vec::new()));
        }
    }
}

/// Members of the schema first, in its order, then the others in theirs.
fn place_of(name: &Wtf8, shape: &'static Object) -> usize {
    shape.field(name.as_bytes()).map_or(usize::MAX, |(place, _)| place)
}

fn is_ordered(members: &Members, shape: &'static Object) -> bool {
    members.iter().is_sorted_by_key(|(name, _)| place_of(name, shape))
}

fn reorder(members: &mut Members, shape: &'static Object) {
    let mut list: Vec<_> = std::mem::take(members).into_iter().collect();
    list.sort_by_key(|(name, _)| place_of(name, shape));
    *members = Members::from_unique(list);
}

fn admit_whole(number: f64, least: f64, path: &Path<'_>, issues: &mut Vec<Issue>) {
    if !number.is_finite() {
        return note(issues, path, "Invalid input: expected number, received number");
    }
    if number.fract() != 0.0 {
        return note(issues, path, "Invalid input: expected int, received number");
    }
    if number > LARGEST_SAFE {
        note(issues, path, format!("Too big: expected int to be <{LARGEST_SAFE}"));
        note(issues, path, format!("Too big: expected number to be <={LARGEST_SAFE}"));
    }
    if number < -LARGEST_SAFE {
        note(issues, path, format!("Too small: expected int to be >-{LARGEST_SAFE}"));
    }
    if number < least {
        note(issues, path, format!("Too small: expected number to be >={least}"));
    }
}

fn admit_pointer(text: &Wtf8, path: &Path<'_>, issues: &mut Vec<Issue>) {
    if pointer::parse(text).is_none() {
        note(
            issues,
            path,
            r"Invalid string: must match pattern /^(\/([^/~]|~[01])*)*$/",
        );
    }
}

/// The sentence for a value that is none of what a shape admits.
fn refusal(shape: &Shape, found: Option<&Value>) -> String {
    match shape {
        Shape::Text | Shape::Pointer => expected("string", found),
        Shape::OneOf([only]) => format!("Invalid input: expected \"{only}\""),
        Shape::OneOf(options) => {
            let options: Vec<String> = options.iter().map(|option| format!("\"{option}\"")).collect();
            format!("Invalid option: expected one of {}", options.join("|"))
        }
        Shape::Whole { .. } => expected("number", found),
        Shape::Flag => expected("boolean", found),
        Shape::List(_) | Shape::NonEmptyList(_) => expected("array", found),
        Shape::Object(_) | Shape::Tagged(..) => expected("object", found),
        Shape::Any | Shape::AnyButNullIsAbsent | Shape::NotNull | Shape::Map | Shape::TextOrList(_) => {
            "Invalid input".into()
        }
    }
}

fn expected(kind: &str, found: Option<&Value>) -> String {
    let found = match found {
        None => "undefined",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    };
    format!("Invalid input: expected {kind}, received {found}")
}
