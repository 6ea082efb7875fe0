//! Removing what no schema describes, and judging nothing else.

use super::{
    Strip, Stripped,
    path::Path,
    shape::{Object, Presence, Shape},
};
use crate::json::{Value, Wtf8};

/// Strips an event in place, noting what went.
pub(super) fn strip(event: &mut Value, shape: &'static Object, stripped: &mut Vec<Strip>) {
    let fate = strip_object(event, shape, &Path::Root, stripped);
    debug_assert!(fate == Fate::Keep, "no event has a required variant at its top");
}

/// Whether a value can stay at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Keep,
    /// It is an unknown variant.
    Drop,
}

fn strip_shape(value: &mut Value, shape: &'static Shape, path: &Path<'_>, stripped: &mut Vec<Strip>) -> Fate {
    match shape {
        Shape::Object(object) => strip_object(value, object, path, stripped),
        Shape::List(element) | Shape::NonEmptyList(element) | Shape::TextOrList(element) => {
            if let Value::Array(items) = value {
                strip_list(items, element, path, stripped);
            }
            Fate::Keep
        }
        Shape::Tagged(tag, variants) => {
            // Another sort of JSON is a wrong value, which is judged later.
            let Value::Object(object) = &*value else {
                return Fate::Keep;
            };
            let name = object.get(tag).and_then(Value::as_wtf8);
            match variants
                .iter()
                .find(|(variant, _)| name.is_some_and(|name| name == variant))
            {
                Some((_, object)) => strip_object(value, object, path, stripped),
                None => Fate::Drop,
            }
        }
        _ => Fate::Keep,
    }
}

fn strip_list(items: &mut Vec<Value>, element: &'static Shape, path: &Path<'_>, stripped: &mut Vec<Strip>) {
    let mut place = 0;
    items.retain_mut(|item| {
        let here = Path::Element(path, place);
        place += 1;
        let mark = stripped.len();
        let fate = strip_shape(item, element, &here, stripped);
        if fate == Fate::Drop {
            // What was removed inside goes with it, and is not listed.
            stripped.truncate(mark);
            stripped.push(Strip {
                path: here.pointer(),
                what: Stripped::UnknownVariant,
            });
        }
        fate == Fate::Keep
    });
}

fn strip_object(value: &mut Value, shape: &'static Object, path: &Path<'_>, stripped: &mut Vec<Strip>) -> Fate {
    let Value::Object(object) = value else {
        return Fate::Keep;
    };
    let mut fate = Fate::Keep;
    object.retain(|name, member| fate == Fate::Drop || keep_member(name, member, shape, path, stripped, &mut fate));
    fate
}

/// Whether a member stays; `whole` is set when its object cannot stay.
fn keep_member(
    name: &Wtf8,
    member: &mut Value,
    shape: &'static Object,
    path: &Path<'_>,
    stripped: &mut Vec<Strip>,
    whole: &mut Fate,
) -> bool {
    let here = Path::Named(path, name);
    let Some((_, field)) = shape.field(name.as_bytes()) else {
        if !shape.open {
            stripped.push(Strip {
                path: here.pointer(),
                what: Stripped::UnknownMember,
            });
        }
        return shape.open;
    };
    let mark = stripped.len();
    if strip_shape(member, &field.shape, &here, stripped) == Fate::Keep {
        return true;
    }
    stripped.truncate(mark);
    if field.presence == Presence::Required {
        *whole = Fate::Drop;
    } else {
        stripped.push(Strip {
            path: here.pointer(),
            what: Stripped::UnknownVariant,
        });
    }
    false
}
