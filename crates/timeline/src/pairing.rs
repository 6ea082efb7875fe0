//! Two sides one above the other, and ribbons between them: where each part
//! stands, and which ribbon lies under a point.

use scrubjay_ipc::{PairKind, Ribbon};

use crate::{Window, layout::RULER_PX};

/// Least height of the ribbons.
pub const GAP_PX: f32 = 56.0;
/// How far a stub reaches, as a part of the gap.
pub const STUB: f32 = 0.24;
/// Narrowest end of a ribbon.
const LEAST_PX: f64 = 2.0;

/// Where the parts stand, from the top: A's ruler, A's lanes, ribbons, B's
/// lanes, B's ruler.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bands {
    /// A's lanes: top and height.
    pub a: (f32, f32),
    pub gap: (f32, f32),
    /// B's lanes.
    pub b: (f32, f32),
    /// Top of B's ruler.
    pub b_ruler: f32,
}

impl Bands {
    /// Shares a height between lanes that would like to be so tall. What is
    /// left over goes to the ribbons, up to twice their least height.
    pub fn new(height: f32, a_wants: f32, b_wants: f32) -> Self {
        let room = (height - 2.0 * RULER_PX - GAP_PX).max(0.0);
        let wants = (a_wants + b_wants).max(1.0);
        let share = (room / wants).min(1.0);
        let (a, b) = (a_wants * share, b_wants * share);
        let gap = (height - 2.0 * RULER_PX - a - b).clamp(0.0, GAP_PX * 2.0);
        Self {
            a: (RULER_PX, a),
            gap: (RULER_PX + a, gap),
            b: (RULER_PX + a + gap, b),
            b_ruler: RULER_PX + a + gap + b,
        }
    }

    /// Height of all bands.
    pub fn height(self) -> f32 {
        self.b_ruler + RULER_PX
    }

    /// On which side a height lies: `false` for A, `true` for B, nothing between.
    pub fn is_b(self, y: f32) -> Option<bool> {
        if y < self.gap.0 {
            Some(false)
        } else if y >= self.b.0 {
            Some(true)
        } else {
            None
        }
    }
}

/// A ribbon in pixels: left and right edge on A's side and on B's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edges {
    /// On A's side; absent for a stub of B.
    pub a: Option<(f64, f64)>,
    /// On B's side.
    pub b: Option<(f64, f64)>,
}

impl Edges {
    /// Where a ribbon stands in windows of a width.
    pub fn of(ribbon: &Ribbon, a: Window, b: Window, width: f64) -> Self {
        let place = |window: Window, (from, to): (f64, f64)| {
            let left = window.x_of(from, width).clamp(-1e4, 1e5);
            (left, window.x_of(to, width).clamp(-1e4, 1e5).max(left + LEAST_PX))
        };
        Self {
            a: ribbon.a.map(|range| place(a, range)),
            b: ribbon.b.map(|range| place(b, range)),
        }
    }

    /// Left and right edge at a part of the gap: 0 is A's side, 1 is B's.
    pub fn at(self, part: f64) -> Option<(f64, f64)> {
        let stub = f64::from(STUB);
        match (self.a, self.b) {
            (Some(a), Some(b)) => Some((a.0 + (b.0 - a.0) * part, a.1 + (b.1 - a.1) * part)),
            (Some(a), None) => (part <= stub).then_some(a),
            (None, Some(b)) => (part >= 1.0 - stub).then_some(b),
            (None, None) => None,
        }
    }
}

/// The ribbon at a point of the gap: the narrowest there, differences before what is the same.
pub fn ribbon_at(ribbons: &[Ribbon], a: Window, b: Window, width: f64, x: f64, part: f64) -> Option<&Ribbon> {
    let here = ribbons.iter().filter_map(|ribbon| {
        let (left, right) = Edges::of(ribbon, a, b, width).at(part)?;
        let is_here = (left - 2.0..=right + 2.0).contains(&x);
        is_here.then_some((ribbon.kind == PairKind::Same, right - left, ribbon))
    });
    here.min_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)))
        .map(|found| found.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Window = Window { from: 0.0, to: 100.0 };

    fn ribbon(pair: u64, kind: PairKind, a: Option<(f64, f64)>, b: Option<(f64, f64)>) -> Ribbon {
        Ribbon { pair, kind, a, b }
    }

    #[test]
    fn lanes_get_what_they_want_and_ribbons_the_rest() {
        let bands = Bands::new(400.0, 100.0, 140.0);
        assert_eq!(
            (bands.a, bands.gap, bands.b),
            ((20.0, 100.0), (120.0, 112.0), (232.0, 140.0))
        );
        assert_eq!(bands.height(), 392.0);
        let tight = Bands::new(196.0, 100.0, 300.0);
        assert_eq!((tight.a.1, tight.gap.1, tight.b.1), (25.0, 56.0, 75.0));
        assert_eq!(tight.height(), 196.0);
        assert_eq!(
            [10.0, 50.0, 150.0].map(|y| tight.is_b(y)),
            [Some(false), None, Some(true)]
        );
    }

    #[test]
    fn a_ribbon_is_found_between_its_ends_and_a_stub_only_near_its_own() {
        let ribbons = [
            ribbon(1, PairKind::Same, Some((0.0, 50.0)), Some((50.0, 100.0))),
            ribbon(2, PairKind::Changed, Some((10.0, 12.0)), Some((60.0, 62.0))),
            ribbon(3, PairKind::OnlyA, Some((80.0, 82.0)), None),
        ];
        let at = |x, part| ribbon_at(&ribbons, ALL, ALL, 1_000.0, x, part).map(|ribbon| ribbon.pair);
        assert_eq!(at(300.0, 0.0), Some(1));
        assert_eq!(at(300.0, 1.0), None);
        // Half way down, both ends are half way across; the difference wins.
        assert_eq!(at(360.0, 0.5), Some(2));
        assert_eq!(at(810.0, 0.1), Some(3));
        assert_eq!(at(810.0, 0.9), Some(1));
        assert_eq!(at(810.0, 0.5), None);
    }
}
