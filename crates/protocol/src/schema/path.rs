//! The path of the member that is checked, built only for an issue.

use crate::{json::Wtf8, pointer};

/// A place in a value, as a chain of borrowed steps.
#[derive(Clone, Copy)]
pub(super) enum Path<'a> {
    Root,
    Member(&'a Path<'a>, &'a str),
    /// A member by a name that need not be UTF-8.
    Named(&'a Path<'a>, &'a Wtf8),
    Element(&'a Path<'a>, usize),
}

impl Path<'_> {
    /// The place as a JSON Pointer.
    pub(super) fn pointer(&self) -> String {
        let mut text = Wtf8::new();
        self.write(&mut text);
        text.into_string_lossy()
    }

    fn write(&self, text: &mut Wtf8) {
        match self {
            Self::Root => {}
            Self::Member(parent, name) => {
                parent.write(text);
                pointer::push(text, &Wtf8::from(*name));
            }
            Self::Named(parent, name) => {
                parent.write(text);
                pointer::push(text, name);
            }
            Self::Element(parent, place) => {
                parent.write(text);
                pointer::push(text, &Wtf8::from(place.to_string()));
            }
        }
    }
}
