//! A long list of which a page is here: the page, and where the list is scrolled.

use std::ops::Range;

use scrubjay_ipc::{LibraryPage, LibraryRow, PairRow, ProblemRow, Row, RowWindow, StateLine, StateTree};

use super::{pane::Pane, scroll::Scroll};
use crate::signal::*;

/// Rows asked for before it is known how many there are.
const UNKNOWN: u64 = 80;

/// An answer that is a page of a list.
pub(crate) trait ListPage: Send + Sync + 'static {
    type Row: Clone;

    /// Number of the first row that is here.
    fn first(&self) -> u64;
    /// Length of the whole list.
    fn total(&self) -> u64;
    fn rows(&self) -> &[Self::Row];
}

macro_rules! list_pages {
    ($($page:ty: $row:ty, in $rows:ident;)*) => {
        $(impl ListPage for $page {
            type Row = $row;

            fn first(&self) -> u64 {
                self.first
            }

            fn total(&self) -> u64 {
                self.total
            }

            fn rows(&self) -> &[$row] {
                &self.$rows
            }
        })*
    };
}

list_pages! {
    LibraryPage: LibraryRow, in rows;
    RowWindow<PairRow>: PairRow, in rows;
    RowWindow<ProblemRow>: ProblemRow, in rows;
    RowWindow<Row>: Row, in rows;
    StateTree: StateLine, in lines;
}

/// A list's signals. Copied freely.
pub(crate) struct Listing<T: ListPage> {
    pub(crate) page: Pane<T>,
    pub(crate) row_px: RwSignal<f64>,
    pub(crate) top_px: RwSignal<f64>,
    pub(crate) view_px: RwSignal<f64>,
    /// Where the list should scroll to; taken by the view.
    pub(crate) scroll_to: RwSignal<Option<f64>>,
}

impl<T: ListPage> Clone for Listing<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: ListPage> Copy for Listing<T> {}

impl<T: ListPage> Listing<T> {
    pub(crate) fn new(row_px: f64, view_px: f64) -> Self {
        Self {
            page: Pane::new(),
            row_px: RwSignal::new(row_px),
            top_px: RwSignal::new(0.0),
            view_px: RwSignal::new(view_px),
            scroll_to: RwSignal::new(None),
        }
    }

    pub(crate) fn first(self) -> u64 {
        self.page.read(T::first).unwrap_or(0)
    }

    pub(crate) fn total(self) -> u64 {
        self.page.read(T::total).unwrap_or(0)
    }

    pub(crate) fn total_now(self) -> u64 {
        self.page.read_now(T::total).unwrap_or(0)
    }

    /// The list's arithmetic as it is now.
    pub(crate) fn scroll(self) -> Scroll {
        self.scroll_of(self.total())
    }

    fn scroll_of(self, total: u64) -> Scroll {
        Scroll {
            total,
            row_px: self.row_px.get(),
            view_px: self.view_px.get(),
        }
    }

    /// The rows to ask for, first and count; follows the scrolling, not the page that is here.
    pub(crate) fn window(self, least: u32) -> (u64, u32) {
        let known = self.page.read_now(T::total);
        let (first, count) = self.scroll_of(known.unwrap_or(UNKNOWN)).window(self.top_px.get());
        (first, count.max(least))
    }

    /// The rows on the screen that are not here: above the page that is, below it, or both.
    pub(crate) fn missing(self) -> Vec<Range<u64>> {
        let here = self
            .page
            .read(|page| page.first()..page.first() + page.rows().len() as u64);
        let seen = self.scroll().seen(self.top_px.get());
        here.map_or_else(Vec::new, |here| without(seen, &here))
    }

    /// The rows that are here, with the number of the first.
    pub(crate) fn rows_now(self) -> (u64, Vec<T::Row>) {
        let rows = self.page.read_now(|page| (page.first(), page.rows().to_vec()));
        rows.unwrap_or_default()
    }

    /// Whether a row is here. Only such a row can be named as the active one.
    pub(crate) fn is_here(self, row: u64) -> bool {
        let here = self.page.read(|page| (page.first(), page.rows().len() as u64));
        here.is_some_and(|(first, count)| (first..first + count).contains(&row))
    }

    /// A row, if it is here.
    pub(crate) fn row(self, number: u64) -> Option<T::Row> {
        self.page.read_now(|page| {
            let at = number.checked_sub(page.first())?;
            page.rows().get(usize::try_from(at).ok()?).cloned()
        })?
    }

    /// Scrolls to a row, no further than needed.
    pub(crate) fn reveal(self, row: u64) {
        let scroll = untrack(move || self.scroll());
        if let Some(top) = scroll.reveal(row, self.top_px.get_untracked()) {
            self.scroll_to.set(Some(top));
        }
    }

    pub(crate) fn to_top(self) {
        self.top_px.set(0.0);
        self.scroll_to.set(Some(0.0));
    }
}

/// What of a range lies in no part of another.
fn without(all: Range<u64>, here: &Range<u64>) -> Vec<Range<u64>> {
    let above = all.start..all.end.min(here.start);
    let below = all.start.max(here.end)..all.end;
    if here.is_empty() {
        return vec![all];
    }
    [above, below].into_iter().filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_on_the_screen_are_here_or_stand_in() {
        let missing = |all, here| {
            let parts = without(all, &here).into_iter();
            parts.map(|part| (part.start, part.end)).collect::<Vec<_>>()
        };
        assert_eq!(missing(10..30, 0..40), []);
        assert_eq!(missing(10..30, 20..40), [(10, 20)]);
        assert_eq!(missing(10..30, 0..15), [(15, 30)]);
        assert_eq!(missing(10..30, 15..20), [(10, 15), (20, 30)]);
        assert_eq!(missing(10..30, 100..180), [(10, 30)]);
        assert_eq!(missing(100..120, 0..80), [(100, 120)]);
        assert_eq!(missing(0..5, 3..3), [(0, 5)]);
    }
}
