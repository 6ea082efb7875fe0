//! The visible window of an axis: values to pixels and back, zoom, pan, ticks.
//!
//! Values are in the units of the axis (microseconds, or frame numbers); no
//! type of the painting library occurs here.

use scrubjay_ipc::{Axis, words};

/// What part of an axis is visible.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    pub from: f64,
    /// Right edge; always right of `from`.
    pub to: f64,
}

impl Window {
    /// A window between two values; one unit wide when they coincide.
    pub fn new(from: f64, to: f64) -> Self {
        Self {
            from,
            to: if to > from { to } else { from + 1.0 },
        }
    }

    /// All of an axis that ends at `extent`, with a little air on the right.
    pub fn all(extent: f64) -> Self {
        Self::new(0.0, extent.max(1.0) * 1.01)
    }

    /// How many units are visible.
    pub fn span(self) -> f64 {
        self.to - self.from
    }

    /// Pixel of a value, from the left edge.
    pub fn x_of(self, value: f64, width: f64) -> f64 {
        (value - self.from) / self.span() * width
    }

    /// Value at a pixel.
    pub fn value_at(self, x: f64, width: f64) -> f64 {
        self.from + x / width.max(1.0) * self.span()
    }

    /// Whether a value is visible.
    pub fn contains(self, value: f64) -> bool {
        (self.from..=self.to).contains(&value)
    }

    /// Scales the span by `factor` (below 1 is closer) around `fixed`, within
    /// the axis and not closer than `least`.
    pub fn zoom(self, factor: f64, fixed: f64, extent: f64, least: f64) -> Self {
        let span = (self.span() * factor).clamp(least.max(1e-6), Self::all(extent).span().max(least));
        let share = ((fixed - self.from) / self.span()).clamp(0.0, 1.0);
        let from = fixed - span * share;
        Self::new(from, from + span).within(extent)
    }

    /// Moves by a share of its own span; negative is to the left.
    pub fn pan(self, share: f64, extent: f64) -> Self {
        let by = self.span() * share;
        Self::new(self.from + by, self.to + by).within(extent)
    }

    /// The same span, moved back into the axis.
    pub fn within(self, extent: f64) -> Self {
        let all = Self::all(extent);
        let span = self.span().min(all.span());
        let from = self.from.clamp(0.0, (all.to - span).max(0.0));
        Self::new(from, from + span)
    }

    /// The same span, moved no further than needed so that `value` is visible
    /// with a margin of a tenth.
    pub fn reveal(self, value: f64, extent: f64) -> Self {
        let margin = self.span() * 0.1;
        let by = if value < self.from + margin {
            value - self.from - margin
        } else if value > self.to - margin {
            value - self.to + margin
        } else {
            return self;
        };
        Self::new(self.from + by, self.to + by).within(extent)
    }
}

/// How a painted picture is moved to stand for one of another window: `x` becomes `scale * x + x_px`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    pub scale: f64,
    /// In pixels, to the right.
    pub x_px: f64,
    /// In pixels, down.
    pub y_px: f64,
}

impl Stretch {
    /// Nothing moves.
    pub const NONE: Self = Self {
        scale: 1.0,
        x_px: 0.0,
        y_px: 0.0,
    };

    /// From one window to another of the same width in pixels.
    pub fn between(painted: Window, wanted: Window, width: f64) -> Self {
        Self {
            scale: painted.span() / wanted.span(),
            x_px: wanted.x_of(painted.from, width),
            y_px: 0.0,
        }
    }

    /// Whether the picture still stands for the wanted one for a while: it covers nearly all of `width`, and what
    /// it shows is neither much larger nor much smaller than it was painted.
    pub fn holds(self, width: f64) -> bool {
        let air = width / 8.0;
        let covers = self.x_px <= air && self.x_px + self.scale * width >= width - air;
        covers && (0.5..=2.0).contains(&self.scale)
    }

    /// Whether nothing moves.
    pub fn is_none(self) -> bool {
        (self.scale - 1.0).abs() < 1e-9 && self.x_px.abs() < 0.01 && self.y_px.abs() < 0.01
    }
}

/// The closest that an axis can be looked at.
pub fn least_span(axis: Axis) -> f64 {
    match axis {
        Axis::Clock | Axis::Collapsed => 200.0,
        Axis::Index => 4.0,
    }
}

/// One tick of the ruler.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where, in the units of the axis.
    pub at: f64,
    /// What stands at it.
    pub label: String,
}

/// Ticks for a window, at least `apart_px` apart. `gaps` are the long gaps of
/// the exchange (from, to, true length), by which a collapsed axis is short.
pub fn ticks(axis: Axis, window: Window, width: f64, apart_px: f64, gaps: &[(f64, f64, u64)]) -> Vec<Tick> {
    let least = window.span() * apart_px / width.max(1.0);
    let step = match axis {
        Axis::Index => step_of(least).max(1.0),
        Axis::Clock | Axis::Collapsed => clock_step(least),
    };
    let first = (window.from / step).ceil() as i64;
    let last = (window.to / step).floor() as i64;
    (first..=last.min(first + 200))
        .map(|n| {
            let at = n as f64 * step;
            let label = match axis {
                Axis::Index => format!("#{}", words::count(at.max(0.0) as u64)),
                Axis::Clock => clock_label(at, step),
                Axis::Collapsed => clock_label(true_micros(at, gaps), step),
            };
            Tick { at, label }
        })
        .collect()
}

/// Time on the clock of a place on the collapsed axis.
pub fn true_micros(at: f64, gaps: &[(f64, f64, u64)]) -> f64 {
    let mut true_at = at;
    for &(from, to, length_us) in gaps {
        if at >= to {
            true_at += length_us as f64 - (to - from);
        } else if at > from {
            true_at += (at - from) / (to - from) * length_us as f64 - (at - from);
        }
    }
    true_at
}

/// The smallest of 1, 2, 5 × 10ⁿ that is at least `least`.
fn step_of(least: f64) -> f64 {
    let power = 10f64.powf(least.max(1e-9).log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= least * 0.999_999)
        .unwrap_or(power * 10.0)
}

/// Like [`step_of`], but above a second in steps that a clock has.
fn clock_step(least: f64) -> f64 {
    const SECS: [f64; 13] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 7_200.0,
    ];
    if least <= 500_000.0 {
        return step_of(least);
    }
    let secs = least / 1e6;
    SECS.into_iter()
        .find(|step| *step >= secs)
        .unwrap_or_else(|| step_of(secs / 3_600.0) * 3_600.0)
        * 1e6
}

fn clock_label(us: f64, step: f64) -> String {
    let us = us.max(0.0).round() as u64;
    let (secs, rest) = (us / 1_000_000, us % 1_000_000);
    if us == 0 {
        "0".to_owned()
    } else if secs >= 3_600 {
        format!("{}:{:02}:{:02}", secs / 3_600, secs / 60 % 60, secs % 60)
    } else if secs >= 60 && step >= 1e6 {
        format!("{}:{:02}", secs / 60, secs % 60)
    } else if step >= 1e6 {
        format!("{secs} s")
    } else if step >= 1e3 {
        let places = if step >= 1e5 {
            1
        } else if step >= 1e4 {
            2
        } else {
            3
        };
        format!("{:.places$} s", us as f64 / 1e6)
    } else {
        format!("{secs}.{rest:06} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: Axis, from: f64, to: f64) -> String {
        let ticks = ticks(axis, Window::new(from, to), 800.0, 100.0, &[(2e6, 2.5e6, 41_000_000)]);
        ticks.into_iter().map(|tick| tick.label).collect::<Vec<_>>().join(" · ")
    }

    #[test]
    fn a_picture_holds_while_it_covers_nearly_all_and_is_about_as_large() {
        let painted = Window::new(100.0, 200.0);
        let holds = |from, to| Stretch::between(painted, Window::new(from, to), 800.0).holds(800.0);
        assert!(holds(110.0, 210.0), "a tenth of it is out of sight");
        assert!(!holds(120.0, 220.0), "a fifth is out of sight");
        assert!(!holds(90.0, 250.0), "it covers less than two thirds");
        assert!(
            holds(120.0, 180.0) && !holds(130.0, 170.0),
            "it is twice as large at the most"
        );
    }

    #[test]
    fn ticks_read_like_a_clock() {
        assert_eq!(labels(Axis::Clock, 0.0, 20e6), "0 · 5 s · 10 s · 15 s · 20 s");
        assert_eq!(
            labels(Axis::Clock, 0.0, 3e6),
            "0 · 0.5 s · 1.0 s · 1.5 s · 2.0 s · 2.5 s · 3.0 s"
        );
        assert_eq!(
            labels(Axis::Clock, 60e6, 240e6),
            "1:00 · 1:30 · 2:00 · 2:30 · 3:00 · 3:30 · 4:00"
        );
        assert_eq!(labels(Axis::Index, 0.0, 900.0), "#0 · #200 · #400 · #600 · #800");
    }

    #[test]
    fn the_collapsed_axis_shows_true_times_behind_a_gap() {
        assert_eq!(true_micros(1e6, &[(2e6, 2.5e6, 41_000_000)]), 1e6);
        assert_eq!(true_micros(3e6, &[(2e6, 2.5e6, 41_000_000)]), 43.5e6);
    }

    #[test]
    fn a_window_stays_within_its_axis() {
        let window = Window::new(0.0, 100.0);
        assert_eq!(window.pan(-0.5, 1_000.0), window);
        let right = Window::new(900.0, 1_000.0).pan(5.0, 1_000.0);
        assert_eq!((right.from, right.to), (910.0, 1_010.0));
        assert_eq!(window.zoom(1e9, 50.0, 1_000.0, 4.0), Window::all(1_000.0));
        assert!((window.zoom(1e-9, 50.0, 1_000.0, 4.0).span() - 4.0).abs() < 1e-9);
    }

    #[test]
    fn revealing_moves_no_further_than_needed() {
        let window = Window::new(100.0, 200.0);
        assert_eq!(window.reveal(150.0, 1_000.0), window);
        assert_eq!(window.reveal(195.0, 1_000.0), Window::new(105.0, 205.0));
        assert_eq!(window.reveal(0.0, 1_000.0).from, 0.0);
    }
}
