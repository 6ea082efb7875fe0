//! An answer that failed stands before what it left out.
//!
//! How an exchange ended stands after everything else of it. Where one side
//! got no stream, or one that broke off, and the other did not, that is the
//! cause of what is missing: it moves before the first thing that could follow
//! from it.

use crate::diff::{
    item::ItemKind,
    outline::Outline,
    verdict::{PairKind, Row},
};

/// Moves such endings forward in the rows of a turn.
pub(super) fn first(rows: &mut [Row], outlines: &[Outline; 2]) {
    for place in 0..rows.len() {
        if let Some(to) = place_for(rows, place, outlines).filter(|to| *to < place) {
            rows[to..=place].rotate_right(1);
        }
    }
}

/// Where an ending belongs that says that one side failed.
fn place_for(rows: &[Row], place: usize, outlines: &[Outline; 2]) -> Option<usize> {
    let row = &rows[place];
    let item = |row: &Row, side: usize| {
        let place = if side == 0 { row.a } else { row.b };
        outlines[side].items.get(place? as usize)
    };
    let (one, other) = (item(row, 0)?, item(row, 1)?);
    if one.kind != ItemKind::End || row.alone != PairKind::Changed {
        return None;
    }
    let answers = [outlines[0].answer(one), outlines[1].answer(other)];
    if answers[0] == answers[1] {
        return None;
    }
    let failed = match (answers[0].failed, answers[1].failed) {
        (false, false) => return None,
        (true, true) => usize::from(!answers[0].is_stream && answers[1].is_stream || other.last_seq < one.last_seq),
        (_, of_b) => usize::from(of_b),
    };
    let part = if failed == 0 { one.part } else { other.part };
    // What the failed side has whole, it has in spite of its failure.
    let whole = |row: &Row| {
        let is_same = row.alone == PairKind::Same && !row.quiet;
        let item = item(row, failed).filter(|item| item.part == part && (is_same || !item.open));
        item.is_some_and(|item| !matches!(item.kind, ItemKind::FinalState | ItemKind::End | ItemKind::Run))
    };
    if let Some(last) = rows[..place].iter().rposition(whole) {
        return Some(last + 1);
    }
    let begins = rows[..place].iter().position(|row| {
        let of = |side: usize, ending: &crate::diff::item::Item| {
            item(row, side).is_some_and(|item| item.part == ending.part)
        };
        of(0, one) || of(1, other)
    });
    Some(begins.unwrap_or(place))
}
