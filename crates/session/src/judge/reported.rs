//! What was reported already, so that it is reported once.

use std::collections::BTreeSet;

/// Hashes kept for an exchange. When they are full, nothing more is reported.
const LEN: usize = 4096;

/// Hashes of what was reported.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Reported(pub(super) BTreeSet<u64>);

impl Reported {
    /// Whether this is the first time that a rule is broken by something.
    pub(super) fn is_first(&mut self, rule: &str, by: &[u8]) -> bool {
        self.0.len() < LEN && self.0.insert(hash(rule.as_bytes(), by))
    }
}

/// FNV-1a, 64 bits, which is the same in every version that reads a checkpoint.
pub(super) fn hash(one: &[u8], two: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    one.iter().chain([&0]).chain(two).fold(0xcbf2_9ce4_8422_2325, step)
}
