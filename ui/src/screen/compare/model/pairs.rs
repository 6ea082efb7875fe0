//! The pairs of a comparison: a window of them, the one looked at, and pairing by hand.

use scrubjay_ipc::{MapAt, Pair, PairByHand, PairKind, PairRow, PairSide, Pairs, RowWindow};

use super::{CompareModel, PairTab};
use crate::{
    bridge::{
        self,
        asker::{Answered, Asker},
    },
    signal::*,
};

/// Height of a pair's row.
pub(crate) const ROW_PX: f64 = 28.0;

impl CompareModel {
    /// A question about pairs, as the list shows them now.
    fn pairs_ask(self, first: u64, count: u32, around: Option<u64>) -> Option<Pairs> {
        Some(Pairs {
            comparison: self.comparison.get_untracked()?,
            differences_only: self.differences_only.get_untracked(),
            downstream_open: self.downstream_open.get_untracked(),
            first,
            count,
            around,
        })
    }

    pub(super) fn watch_pairs(self) {
        let asker = self.pairs.page.asker(move |ask: &Pairs| {
            let now = (
                self.comparison.get_untracked(),
                self.differences_only.get_untracked(),
                self.downstream_open.get_untracked(),
            );
            now == (Some(ask.comparison), ask.differences_only, ask.downstream_open)
        });
        let is_done = Memo::new(move |_| self.result().is_some());
        Effect::new(move |_| {
            self.turn.track();
            let (first, count) = self.pairs.window(30);
            let comparison = self.comparison.get().filter(|_| is_done.get());
            let (differences_only, downstream_open) = (self.differences_only.get(), self.downstream_open.get());
            if let Some(comparison) = comparison {
                asker.ask(Pairs {
                    comparison,
                    differences_only,
                    downstream_open,
                    first,
                    count,
                    around: None,
                });
            }
        });
    }

    pub(super) fn watch_pair(self) {
        let asker = Asker::new(move |answered: Answered<Pair>| {
            let is_ours = self.comparison.get_untracked() == Some(answered.ask.comparison)
                && self.chosen.get_untracked() == Some(answered.ask.pair);
            if is_ours {
                self.pair.take(answered.answer);
                self.choose_tab();
            }
        });
        Effect::new(move |_| {
            self.turn.track();
            match self.comparison.get().zip(self.chosen.get()) {
                Some((comparison, pair)) => asker.ask(Pair { comparison, pair }),
                None => self.pair.clear(),
            }
        });
    }

    /// A tab that has something to show, when the one that is open has not.
    fn choose_tab(self) {
        let tab = self.tab.get_untracked();
        let better = self.pair.value.with_untracked(|view| {
            let view = view.as_ref()?;
            let has = |tab: PairTab| match tab {
                PairTab::Words => !view.words.is_empty(),
                PairTab::Tree => !view.tree.is_empty(),
                PairTab::Timing => !view.timing.is_empty(),
                PairTab::StateAfter => view.state_changes > 0,
            };
            let order = [PairTab::Tree, PairTab::Words, PairTab::StateAfter, PairTab::Timing];
            (!has(tab)).then(|| order.into_iter().find(|tab| has(*tab)))?
        });
        if let Some(better) = better {
            self.tab.set(better);
        }
    }

    /// The next tab of the pair.
    pub(crate) fn cycle_tab(self) {
        self.tab.update(|tab| {
            *tab = match tab {
                PairTab::Words => PairTab::Tree,
                PairTab::Tree => PairTab::Timing,
                PairTab::Timing => PairTab::StateAfter,
                PairTab::StateAfter => PairTab::Words,
            }
        });
    }

    /// The row that is looked at, if it is here.
    pub(crate) fn chosen_row(self) -> Option<PairRow> {
        let chosen = self.chosen.get_untracked()?;
        self.pairs.rows_now().1.into_iter().find(|row| row.pair == chosen)
    }

    /// Looks at a pair and puts the playhead on it.
    pub(crate) fn choose(self, number: u64, row: &PairRow) {
        self.remark.set(String::new());
        self.look_at(number, row);
        match (&row.a, &row.b) {
            (Some(side), _) => self.go(false, place_of(side)),
            (None, Some(side)) => self.go(true, place_of(side)),
            (None, None) => {}
        }
    }

    fn look_at(self, number: u64, row: &PairRow) {
        self.chosen.set(Some(row.pair));
        self.pairs.reveal(number);
    }

    /// Looks at a pair wherever its row is, and puts the playhead on it.
    pub(crate) fn visit_pair(self, pair: u64) {
        let is_last = self.last_move();
        self.with_row_of(pair, move |number, row| {
            if is_last() {
                self.choose(number, row);
            }
        });
    }

    /// Looks at a pair wherever its row is, if that `is_wanted` still when the row is known.
    pub(super) fn show_pair(self, pair: u64, is_wanted: impl Fn() -> bool + 'static) {
        self.with_row_of(pair, move |number, row| {
            if is_wanted() {
                self.look_at(number, row);
            }
        });
    }

    /// Begins a move of rows; gives whether it is the last one that was asked for.
    fn last_move(self) -> impl Fn() -> bool + 'static {
        let begun = self.begin_move();
        self.is_pressed.set_value(false);
        move || self.moves.get_value() == begun
    }

    /// Finds the row of a pair, which may fold it.
    fn with_row_of(self, pair: u64, then: impl FnOnce(u64, &PairRow) + 'static) {
        self.with_around(pair, move |page| {
            let mut rows = (page.first..).zip(&page.rows);
            if let Some((number, row)) = rows.find(|(_, row)| holds(row, pair)) {
                // The list may not know yet how long it is.
                if self.pairs.total_now() == 0 {
                    self.pairs.page.take(Ok(page.clone()));
                }
                then(number, row);
            }
        });
    }

    /// Asks for the rows around a pair.
    fn with_around(self, pair: u64, then: impl FnOnce(&RowWindow<PairRow>) + 'static) {
        if let Some(ask) = self.pairs_ask(0, 41, Some(pair)) {
            spawn_local(async move {
                if let Ok(page) = bridge::ask(ask).await {
                    then(&page);
                }
            });
        }
    }

    /// To where the two first part.
    pub(crate) fn first_divergence(self) {
        match untrack(move || self.result()).map(|result| result.first) {
            Some(Some(first)) => self.visit_pair(first.pair),
            Some(None) => self.remark.set("No difference at this level.".to_owned()),
            None => {}
        }
    }

    /// To the next or previous row.
    pub(crate) fn step(self, by: i64) {
        let (first, rows) = self.pairs.rows_now();
        let chosen = self.chosen.get_untracked();
        let at = rows.iter().position(|row| Some(row.pair) == chosen);
        let Some(at) = at else {
            match chosen {
                Some(pair) => self.visit_pair(pair),
                None => self.to_row(first),
            }
            return;
        };
        let total = self.pairs.total_now();
        let number = (first + at as u64)
            .saturating_add_signed(by)
            .min(total.saturating_sub(1));
        self.to_row(number);
    }

    /// To the first or the last row.
    pub(crate) fn ends(self, last: bool) {
        let total = self.pairs.total_now();
        self.to_row(if last { total.saturating_sub(1) } else { 0 });
    }

    fn to_row(self, number: u64) {
        if let Some(row) = self.pairs.row(number) {
            self.choose(number, &row);
        } else if let Some(ask) = self.pairs_ask(number, 1, None) {
            let is_last = self.last_move();
            spawn_local(async move {
                let page = bridge::ask(ask).await.ok();
                if let Some(row) = page.and_then(|page| page.rows.into_iter().next()).filter(|_| is_last()) {
                    self.choose(number, &row);
                }
            });
        }
    }

    /// To the next or previous row that is not the same on both sides.
    pub(crate) fn difference(self, backwards: bool) {
        let chosen = self.chosen.get_untracked();
        let Some(ask) = self.pairs_ask(0, 5, Some(chosen.unwrap_or(0))) else {
            return;
        };
        let ask = Pairs {
            differences_only: true,
            ..ask
        };
        let is_last = self.last_move();
        spawn_local(async move {
            let Some(page) = bridge::ask(ask).await.ok().filter(|_| is_last()) else {
                return;
            };
            let found = match chosen {
                None => page.rows.first(),
                Some(chosen) if backwards => page.rows.iter().rev().find(|row| row.pair < chosen),
                Some(chosen) => page.rows.iter().find(|row| row.pair > chosen && !holds(row, chosen)),
            };
            match found {
                Some(row) => self.visit_pair(row.pair),
                None if backwards => self.remark.set("No earlier difference.".to_owned()),
                None => self.remark.set("No further difference.".to_owned()),
            }
        });
    }

    /// Only differences, or all pairs.
    pub(crate) fn toggle_differences(self) {
        self.differences_only.update(|only| *only = !*only);
        self.show_again();
    }

    /// Opens or folds what lies downstream.
    pub(crate) fn toggle_downstream(self) {
        self.downstream_open.update(|open| *open = !*open);
        self.show_again();
    }

    /// The list is another one; what was looked at stays in view.
    fn show_again(self) {
        self.pairs.page.clear();
        self.pairs.top_px.set(0.0);
        if let Some(pair) = self.chosen.get_untracked() {
            self.show_pair(pair, move || self.chosen.get_untracked() == Some(pair));
        }
    }

    // ---- by hand --------------------------------------------------------

    /// Takes the row that is looked at, or pairs it with the one taken.
    pub(crate) fn take_or_pair(self) {
        let Some(row) = self.chosen_row() else { return };
        match self.taken.get_untracked() {
            None => self.taken.set(Some(row.pair)),
            Some(taken) if taken == row.pair => {
                self.taken.set(None);
                self.remark.set(String::new());
            }
            Some(taken) => self.pair_rows(taken, row.pair),
        }
    }

    /// Pairs a side of one row with the other side of another.
    pub(crate) fn pair_rows(self, one: u64, other: u64) {
        self.taken.set(None);
        let (_, rows) = self.pairs.rows_now();
        let find = |pair: u64| rows.iter().find(|row| row.pair == pair).cloned();
        let (Some(one), Some(other)) = (find(one), find(other)) else {
            self.remark
                .set("The row you took is out of view. Take it again.".to_owned());
            return;
        };
        let sides = match (one.a, other.b, one.b, other.a) {
            (Some(a), Some(b), ..) | (.., Some(b), Some(a)) => Some((a, b)),
            _ => None,
        };
        match sides {
            Some((a, b)) => self.pair_by_hand(&a, &b, true),
            None => self
                .remark
                .set("These two rows have only one side, so there is nothing to pair.".to_owned()),
        }
    }

    /// Takes a pair made by hand apart.
    pub(crate) fn unpair(self) {
        match self.chosen_row() {
            Some(PairRow {
                by_hand: true,
                a: Some(a),
                b: Some(b),
                ..
            }) => self.pair_by_hand(&a, &b, false),
            _ => self
                .remark
                .set("This pair was not made by hand, so it cannot be taken apart.".to_owned()),
        }
    }

    fn pair_by_hand(self, a: &PairSide, b: &PairSide, paired: bool) {
        let Some(comparison) = self.comparison.get_untracked() else {
            return;
        };
        let ask = PairByHand {
            comparison,
            a: (a.exchange, a.span),
            b: (b.exchange, b.span),
            paired,
        };
        spawn_local(async move {
            match bridge::ask(ask).await {
                Ok(started) => {
                    self.remark
                        .set(if paired { "Paired by hand" } else { "Pair taken apart" }.to_owned());
                    self.pairs.page.clear();
                    self.began(started);
                }
                Err(report) => self.remark.set(report.message),
            }
        });
    }
}

/// Whether a row is a pair's, or folds it.
fn holds(row: &PairRow, pair: u64) -> bool {
    let is_folded = row.kind == PairKind::Downstream && row.folded > 0;
    row.pair == pair || (is_folded && (row.pair..row.pair + u64::from(row.folded)).contains(&pair))
}

fn place_of(side: &PairSide) -> MapAt {
    MapAt::Frame(side.exchange, side.first_seq)
}
