//! The registry: every rule there is, by id.
//!
//! [`client`](crate::fold::rule) rules are those of the official client;
//! `stream` and `transport` are ours: what it takes without a word and what
//! goes wrong all the same.

mod stream;
mod transport;

pub use self::{stream::*, transport::*};
use crate::fold::rule::{self, Rule};

/// All rules, those of the official client first.
#[expect(unused_qualifications, reason = "each module brings a RULES of its own")]
pub fn registry() -> impl Iterator<Item = &'static Rule> {
    rule::all()
        .chain(stream::RULES.iter().copied())
        .chain(transport::RULES.iter().copied())
}

/// The rule of an id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    registry().find(|rule| rule.id == id)
}
