//! What a comparison of two sides ignores: what its rules name, and ids that
//! belong together.

use scrubjay_protocol::json::Wtf8;

use super::{
    ids::{Bijection, Ids},
    rules::Rules,
};
use crate::changes::Ignoring;

/// The rules of a comparison with the ids of its sides.
pub(super) struct Ignored<'a> {
    pub(super) rules: &'a Rules,
    pub(super) a: &'a Ids,
    pub(super) b: &'a Ids,
    pub(super) bijection: &'a Bijection,
}

impl Ignoring for Ignored<'_> {
    fn is_ignored(&self, path: &[Vec<u8>]) -> bool {
        self.rules.is_ignored(path)
    }

    fn progress(&self, path: &[Vec<u8>]) -> Vec<(usize, usize)> {
        self.rules.progress(path)
    }

    fn are_alike(&self, name: &[u8], one: &Wtf8, other: &Wtf8) -> bool {
        let are_one_id = match (self.a.number(name, one), self.b.number(name, other)) {
            (Some(one), Some(other)) => self.bijection.are(one, other),
            _ => false,
        };
        are_one_id || self.rules.has_patterns() && self.rules.scrubbed(one) == self.rules.scrubbed(other)
    }
}
