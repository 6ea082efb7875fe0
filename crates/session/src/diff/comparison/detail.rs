//! All about one pair.

use super::Comparison;
use crate::{
    changes::Diff,
    diff::{
        item::Item,
        pair::{self, PairDetail},
        side::OpenSide,
        timing, words,
    },
    query::Failed,
    shelf::Shelf,
};

impl<S: Shelf + Clone> Comparison<S> {
    /// All about a row's pair.
    ///
    /// # Errors
    /// When there is no such row, or a side cannot be read.
    pub fn detail(&mut self, number: u32) -> Result<PairDetail, Failed<S::Error>> {
        let shown = self.row_at(number, true)?;
        let row = self.rows[number as usize];
        let (a, b) = (self.item(0, row.a).copied(), self.item(1, row.b).copied());
        let text = |open: &mut OpenSide<S>, item: Option<&Item>| -> Result<String, Failed<S::Error>> {
            Ok(match item {
                Some(item) => pair::text_of(open, item)?.unwrap_or_default(),
                None => String::new(),
            })
        };
        let (one, other) = (
            text(&mut self.open[0], a.as_ref())?,
            text(&mut self.open[1], b.as_ref())?,
        );
        let timed = [
            pair::timed(&mut self.open[0], a.as_ref())?,
            pair::timed(&mut self.open[1], b.as_ref())?,
        ];
        let spread = self.outlines[0].gaps.spread_us().max(self.outlines[1].gaps.spread_us());
        let mut detail = PairDetail {
            row: shown,
            words: words::words(&one, &other),
            timing: timing::rows(&timed[0], &timed[1], spread),
            ..PairDetail::default()
        };
        if let (Some(a), Some(b)) = (a, b) {
            let diff = self.tree_of(&a, &b)?;
            let [shelf_a, shelf_b] = self.shelves(&a, &b)?;
            detail.tree = pair::lines_of(&diff, [&shelf_a, &shelf_b]);
            let diff = self.states_after(&a, &b)?;
            (detail.state_after, detail.state_changes) = pair::changes_of(&diff, [&shelf_a, &shelf_b]);
        }
        Ok(detail)
    }

    /// From A's state after its item to B's after its own.
    fn states_after(&mut self, a: &Item, b: &Item) -> Result<Diff, Failed<S::Error>> {
        let one = self.open[0].reader(a.part)?.whole_state_at(a.last_seq)?;
        let other = self.open[1].reader(b.part)?.whole_state_at(b.last_seq)?;
        self.tree_of_values(a, b, &one, &other)
    }
}
