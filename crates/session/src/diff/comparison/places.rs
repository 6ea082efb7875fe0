//! What telling of one row asks about all of them, found once.

use std::collections::HashMap;

use super::{Outline, Row};
use crate::{diff::item::ItemKind, steps::tick};

/// No row.
const NONE: u32 = u32::MAX;

/// Where rows and items stand among their like.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    numbers: HashMap<(Option<u32>, Option<u32>), u32>,
    /// For each side and row, the last row up to it that has an item there.
    last: [Vec<u32>; 2],
    /// For each side and item, which of its kind it is in its turn, and of how many.
    called: [Vec<(u32, u32)>; 2],
    /// For each row, the nearest of its turn that it has changed places with.
    crossed: Vec<u32>,
}

impl Places {
    pub(super) fn of(rows: &[Row], outlines: &[Outline; 2]) -> Self {
        Self {
            numbers: (0..).zip(rows).map(|(number, row)| ((row.a, row.b), number)).collect(),
            last: [last_with(rows, |row| row.a), last_with(rows, |row| row.b)],
            called: [called_in(&outlines[0]), called_in(&outlines[1])],
            crossed: crossed(rows),
        }
    }

    /// The number of a row.
    pub(super) fn number(&self, row: &Row) -> usize {
        self.numbers.get(&(row.a, row.b)).copied().unwrap_or_default() as usize
    }

    /// The last row before one that has an item on a side.
    pub(super) fn before(&self, side: usize, row: usize) -> Option<usize> {
        let last = *self.last[side].get(row.checked_sub(1)?)?;
        (last != NONE).then_some(last as usize)
    }

    /// Which of its kind an item is in its turn, and of how many.
    pub(super) fn called(&self, side: usize, item: u32) -> (u32, u32) {
        self.called[side].get(item as usize).copied().unwrap_or((1, 1))
    }

    /// The nearest row of its turn that a row has changed places with.
    pub(super) fn crossed(&self, row: usize) -> Option<usize> {
        let other = *self.crossed.get(row)?;
        (other != NONE).then_some(other as usize)
    }
}

fn last_with(rows: &[Row], of: impl Fn(&Row) -> Option<u32>) -> Vec<u32> {
    let mut last = NONE;
    let numbered = (0..).zip(rows);
    numbered
        .map(|(number, row)| {
            tick();
            if of(row).is_some() {
                last = number;
            }
            last
        })
        .collect()
}

fn called_in(outline: &Outline) -> Vec<(u32, u32)> {
    let mut called = vec![(1, 1); outline.items.len()];
    for thread in &outline.threads {
        let mut counts: HashMap<(ItemKind, u32), u32> = HashMap::new();
        let range = thread.start as usize..thread.end as usize;
        let (Some(items), Some(called)) = (outline.items.get(range.clone()), called.get_mut(range)) else {
            continue;
        };
        for (item, (number, _)) in items.iter().zip(called.iter_mut()) {
            tick();
            let count = counts.entry((item.kind, item.turn)).or_default();
            *count += 1;
            *number = *count;
        }
        for (item, (_, all)) in items.iter().zip(called) {
            *all = counts.get(&(item.kind, item.turn)).copied().unwrap_or(1);
        }
    }
    called
}

/// For each row the nearest in A that stands on its other side in B.
fn crossed(rows: &[Row]) -> Vec<u32> {
    let mut crossed = vec![NONE; rows.len()];
    let mut from = 0;
    while let Some(first) = rows.get(from) {
        let same_turn = |row: &&Row| (row.thread, row.turn) == (first.thread, first.turn);
        let len = rows[from..].iter().take_while(same_turn).count();
        let mut pairs: Vec<(u32, u32, u32)> = (from as u32..)
            .zip(&rows[from..from + len])
            .filter_map(|(number, row)| Some((row.a?, row.b?, number)))
            .collect();
        pairs.sort_unstable();
        // The nearest before that has more, and the nearest after that has less.
        let before = nearest(pairs.iter().map(|(_, b, _)| i64::from(*b)));
        let mut after = nearest(pairs.iter().rev().map(|(_, b, _)| -i64::from(*b)));
        after.reverse();
        let last = pairs.len().saturating_sub(1);
        for (place, (a, _, number)) in pairs.iter().enumerate() {
            let before = before[place].map(|other| pairs[other]);
            let after = after[place].map(|other| pairs[last - other]);
            let nearest = before
                .into_iter()
                .chain(after)
                .min_by_key(|(other, _, row)| (other.abs_diff(*a), *row));
            if let Some((.., other)) = nearest {
                crossed[*number as usize] = other;
            }
        }
        from += len;
    }
    crossed
}

/// For each value the nearest place before it that holds a greater one.
fn nearest(values: impl Iterator<Item = i64>) -> Vec<Option<usize>> {
    let mut falling: Vec<(i64, usize)> = Vec::new();
    values
        .enumerate()
        .map(|(place, value)| {
            tick();
            while falling.pop_if(|(known, _)| *known <= value).is_some() {}
            let found = falling.last().map(|(_, place)| *place);
            falling.push((value, place));
            found
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{align::MatchKind, verdict::PairKind};

    #[test]
    fn the_nearest_that_was_passed_is_found() {
        let row = |(a, b): (u32, u32)| Row {
            a: Some(a),
            b: Some(b),
            turn: 1,
            thread: 0,
            matched: MatchKind::InOrder,
            kind: PairKind::Same,
            alone: PairKind::Same,
            quiet: false,
            stays: false,
            premise: false,
        };
        let rows: Vec<Row> = [(0, 3), (1, 0), (2, 1), (3, 2), (4, 4)].into_iter().map(row).collect();
        assert_eq!(crossed(&rows), [1, 0, 0, 0, NONE]);
        assert_eq!(last_with(&rows, |row| row.a.filter(|a| *a > 1)), [NONE, NONE, 2, 3, 4]);
    }
}
