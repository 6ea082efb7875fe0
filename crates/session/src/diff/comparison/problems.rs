//! Problems that only one side has.

use super::{Comparison, PairKind, PairRow, PairSide};
use crate::{diff::item::ItemKind, query::Failed, shelf::Shelf};

/// Problems that are given of each side.
const MOST: usize = 8;

/// Problems that only one side has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LoneProblems {
    /// The first of A's and of B's, at most eight of each; a side has the rule as its name.
    pub rows: Vec<PairRow>,
    /// How many there are in A and in B.
    pub counts: [u32; 2],
}

impl LoneProblems {
    /// Those that are given of a side, and how many more it has; 0 is A.
    pub fn of(&self, side: usize) -> (Vec<&PairSide>, u32) {
        let lone = self.rows.iter().filter_map(|row| match (side, &row.a, &row.b) {
            (0, Some(known), None) | (1, None, Some(known)) => Some(known),
            _ => None,
        });
        let given: Vec<&PairSide> = lone.collect();
        let more = self.counts[side].saturating_sub(given.len() as u32);
        (given, more)
    }
}

impl<S: Shelf + Clone> Comparison<S> {
    /// Problems that only one side has, also where they are downstream of a split: what follows from it is no
    /// difference of its own, and a client is in trouble all the same.
    ///
    /// # Errors
    /// When a side cannot be read.
    pub fn lone_problems(&mut self) -> Result<LoneProblems, Failed<S::Error>> {
        let mut found = LoneProblems::default();
        for number in 0..self.row_count() {
            let row = self.rows[number as usize];
            let side = match row.alone {
                PairKind::OnlyA => 0,
                PairKind::OnlyB => 1,
                _ => continue,
            };
            if row.quiet || self.item_of(&row).is_none_or(|item| item.kind != ItemKind::Finding) {
                continue;
            }
            found.counts[side] += 1;
            if found.counts[side] as usize <= MOST {
                found.rows.push(self.row_at(number, false)?);
            }
        }
        Ok(found)
    }
}
