//! Reading members, whatever they hold.

use crate::json::{Object, Value, Wtf8};

/// A string member; absent if it is not there or no string.
pub type Text<'a> = Option<&'a Wtf8>;

/// What can be read from a member that may be absent or of another sort.
pub trait ReadMember<'a> {
    /// Reads it. Never fails.
    fn read_member(value: Option<&'a Value>) -> Self;
}

impl<'a> ReadMember<'a> for Text<'a> {
    fn read_member(value: Option<&'a Value>) -> Self {
        value?.as_wtf8()
    }
}

impl<'a> ReadMember<'a> for Option<&'a Value> {
    fn read_member(value: Option<&'a Value>) -> Self {
        value
    }
}

impl<'a> ReadMember<'a> for Option<&'a Object> {
    fn read_member(value: Option<&'a Value>) -> Self {
        value?.as_object()
    }
}

impl<'a> ReadMember<'a> for Option<bool> {
    fn read_member(value: Option<&'a Value>) -> Self {
        value?.as_bool()
    }
}

impl<'a> ReadMember<'a> for Option<f64> {
    fn read_member(value: Option<&'a Value>) -> Self {
        value?.as_f64()
    }
}

/// Items of another sort keep their places, as empty views.
impl<'a, T: ReadMember<'a>> ReadMember<'a> for Vec<T> {
    fn read_member(value: Option<&'a Value>) -> Self {
        let items = value.and_then(Value::as_array).unwrap_or_default();
        items.iter().map(|item| T::read_member(Some(item))).collect()
    }
}

/// A member by its name in the protocol, or by that name in snake case, as
/// Python models without aliases write it.
pub fn member<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| {
        let other = snake_case(name);
        if other == name { None } else { object.get(&other) }
    })
}

/// `threadId` as `thread_id`.
pub fn snake_case(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for char in name.chars() {
        if char.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(char.to_ascii_lowercase());
    }
    text
}

/// Declares views: structs that borrow from a value, a member a line.
macro_rules! views {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty = $member:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name<'a> {
            $($(#[$field_doc])* pub $field: $type,)*
            /// The value that it was read from, when there was one.
            pub whole: Option<&'a $crate::json::Value>,
        }

        impl<'a> $name<'a> {
            /// Reads it from a value of any sort.
            pub fn read(value: &'a $crate::json::Value) -> Self {
                let object = value.as_object();
                let read = |name: &str| object.and_then(|object| $crate::event::member(object, name));
                let _ = &read;
                Self {
                    $($field: $crate::event::ReadMember::read_member(read($member)),)*
                    whole: Some(value),
                }
            }
        }

        impl<'a> $crate::event::ReadMember<'a> for Option<$name<'a>> {
            fn read_member(value: Option<&'a $crate::json::Value>) -> Self {
                value.filter(|value| value.as_object().is_some()).map($name::read)
            }
        }

        impl<'a> $crate::event::ReadMember<'a> for $name<'a> {
            fn read_member(value: Option<&'a $crate::json::Value>) -> Self {
                value.map($name::read).unwrap_or_default()
            }
        }
    )*};
}

pub(crate) use views;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    #[test]
    fn snake_case_is_read_where_camel_case_is_missing() {
        let value = parse(br#"{"thread_id":"a","runId":"b","run_id":"c"}"#).unwrap();
        let object = value.as_object().unwrap();
        assert_eq!(member(object, "threadId"), Some(&Value::string("a")));
        assert_eq!(member(object, "runId"), Some(&Value::string("b")));
        assert_eq!(member(object, "state"), None);
    }
}
