//! Windowed lists with an exact scrollbar.
//!
//! A browser limits how tall an element may be (about 33 million pixels); a
//! list that would be taller is scrolled in proportion instead.

/// Tallest element that all browsers accept.
const TALLEST_PX: f64 = 12_000_000.0;

/// A list of rows of one height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scroll {
    pub total: u64,
    pub row_px: f64,
    pub view_px: f64,
}

impl Scroll {
    /// Height of the element that makes the scrollbar.
    pub fn height_px(self) -> f64 {
        (self.total as f64 * self.row_px).min(TALLEST_PX)
    }

    /// Rows that fit, the cut one included.
    pub fn fits(self) -> u64 {
        (self.view_px / self.row_px).ceil().max(1.0) as u64 + 1
    }

    /// First visible row, with its fraction, at a scroll position.
    fn first_exact(self, top_px: f64) -> f64 {
        let whole = self.total as f64 * self.row_px;
        let travel = (self.height_px() - self.view_px).max(1.0);
        let true_travel = (whole - self.view_px).max(0.0);
        let true_top = if whole <= TALLEST_PX {
            top_px
        } else {
            top_px / travel * true_travel
        };
        true_top.max(0.0) / self.row_px
    }

    pub fn first(self, top_px: f64) -> u64 {
        (self.first_exact(top_px) as u64).min(self.total.saturating_sub(1))
    }

    /// The rows on the screen at a scroll position, cut ones included.
    pub fn seen(self, top_px: f64) -> std::ops::Range<u64> {
        let first = self.first(top_px);
        first..(first + self.fits()).min(self.total)
    }

    /// Where a row stands within the tall element, at a scroll position.
    pub fn row_top_px(self, row: u64, top_px: f64) -> f64 {
        top_px + (row as f64 - self.first_exact(top_px)) * self.row_px
    }

    /// Scroll position that shows a row with two rows of margin, or nothing if
    /// it is visible already.
    pub fn reveal(self, row: u64, top_px: f64) -> Option<f64> {
        let margin = (self.row_px * 2.0).min((self.view_px - self.row_px).max(0.0) / 2.0);
        let first = self.first_exact(top_px) * self.row_px;
        let row_top = row as f64 * self.row_px;
        let wanted = if row_top < first + margin {
            row_top - margin
        } else if row_top + self.row_px > first + self.view_px - margin {
            row_top + self.row_px + margin - self.view_px
        } else {
            return None;
        };
        let whole = self.total as f64 * self.row_px;
        let true_travel = (whole - self.view_px).max(0.0);
        let wanted = wanted.clamp(0.0, true_travel);
        if whole <= TALLEST_PX || true_travel == 0.0 {
            Some(wanted)
        } else {
            Some(wanted / true_travel * (self.height_px() - self.view_px))
        }
    }

    /// The window of rows to ask for: what is visible, half as much on both
    /// sides, never more than 80.
    pub fn window(self, top_px: f64) -> (u64, u32) {
        let fits = self.fits();
        let spare = (fits / 2).min((80u64.saturating_sub(fits)) / 2);
        let first = self.first(top_px).saturating_sub(spare);
        let count = (fits + 2 * spare).min(80).min(self.total.saturating_sub(first).max(1));
        (first, count as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Scroll = Scroll {
        total: 1_000,
        row_px: 26.0,
        view_px: 260.0,
    };
    const HUGE: Scroll = Scroll {
        total: 10_000_000,
        row_px: 26.0,
        view_px: 260.0,
    };

    #[test]
    fn rows_stand_where_the_scrollbar_says() {
        assert_eq!(SMALL.height_px(), 26_000.0);
        assert_eq!(SMALL.first(260.0), 10);
        assert_eq!(SMALL.row_top_px(12, 260.0), 312.0);
        assert_eq!(SMALL.window(2_600.0), (95, 21));
        assert_eq!(SMALL.seen(2_600.0), 100..111);
        assert_eq!(SMALL.seen(26_000.0 - 260.0), 990..1_000);
    }

    #[test]
    fn a_list_too_tall_is_scrolled_in_proportion_and_reaches_its_end() {
        let bottom = HUGE.height_px() - HUGE.view_px;
        assert_eq!(HUGE.first(0.0), 0);
        assert_eq!(HUGE.first(bottom), HUGE.total - 10);
        // The last row ends exactly where the element ends.
        let end = HUGE.row_top_px(HUGE.total - 1, bottom) + HUGE.row_px;
        assert!((end - HUGE.height_px()).abs() < 0.01, "{end}");
        let middle = HUGE.reveal(5_000_000, 0.0).unwrap();
        let first = HUGE.first(middle);
        assert!((first..first + 10).contains(&5_000_000), "{first}");
    }

    #[test]
    fn never_more_than_eighty_rows() {
        let tall = Scroll {
            view_px: 4_000.0,
            ..SMALL
        };
        assert_eq!(tall.window(0.0), (0, 80));
        let empty = Scroll { total: 0, ..SMALL };
        assert_eq!(empty.window(0.0), (0, 1));
    }

    #[test]
    fn revealing_keeps_a_margin_and_leaves_visible_rows_alone() {
        assert_eq!(SMALL.reveal(5, 0.0), None);
        assert_eq!(SMALL.reveal(20, 0.0), Some(20.0 * 26.0 + 26.0 + 52.0 - 260.0));
        assert_eq!(SMALL.reveal(0, 500.0), Some(0.0));
        assert_eq!(SMALL.reveal(999, 0.0), Some(26_000.0 - 260.0));
    }
}
