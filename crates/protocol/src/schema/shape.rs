//! The kinds of values in the schema table.

/// What a value must be.
pub(super) enum Shape {
    Text,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// A whole number from here to 2^53 − 1.
    Whole {
        least: f64,
    },
    Flag,
    Any,
    /// Any JSON; `null` counts as absent.
    AnyButNullIsAbsent,
    /// Any JSON but `null`.
    NotNull,
    /// An object with any members.
    Map,
    /// A JSON Pointer.
    Pointer,
    List(&'static Shape),
    /// A list with something in it.
    NonEmptyList(&'static Shape),
    /// An object with these members.
    Object(&'static Object),
    /// One of these objects, chosen by the value of this member.
    Tagged(&'static str, &'static [(&'static str, &'static Object)]),
    /// A string, or a list of this.
    TextOrList(&'static Shape),
}

/// What an object must be.
pub(super) struct Object {
    /// Members that its family shares.
    pub(super) base: &'static [Field],
    /// Members of its own.
    pub(super) own: &'static [Field],
    /// Whether other members are as good as its own (RFC 6902 wants that).
    pub(super) open: bool,
}

/// A member of an object.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) presence: Presence,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    Optional,
    /// An empty list when absent.
    EmptyListByDefault,
}

impl Object {
    pub(super) const fn new(base: &'static [Field], own: &'static [Field]) -> Self {
        Self { base, own, open: false }
    }

    pub(super) const fn open(own: &'static [Field]) -> Self {
        Self {
            base: &[],
            own,
            open: true,
        }
    }

    /// The members in the order of the schema.
    pub(super) fn fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.base.iter().chain(self.own)
    }

    /// A member by the bytes of its name, with its place in the order.
    pub(super) fn field(&self, name: &[u8]) -> Option<(usize, &'static Field)> {
        self.fields()
            .enumerate()
            .find(|(_, field)| field.name.as_bytes() == name)
    }
}

pub(super) const fn required(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        presence: Presence::Required,
    }
}

pub(super) const fn optional(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        presence: Presence::Optional,
    }
}

pub(super) const fn listed(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        presence: Presence::EmptyListByDefault,
    }
}
