//! Everything a picture depends on, in one value.

use std::sync::Arc;

use egui::{Color32, Ui};
use scrubjay_ipc::{Axis, LanePicture};

use crate::{Layout, Theme, Window, axis::Stretch, chart_ui, lanes_ui, overview_ui};

/// What a canvas shows; painted again only when it differs.
pub trait Picture: Clone + PartialEq {
    /// Paints it over the whole of `ui`.
    fn paint(&self, ui: &mut Ui);

    /// The colour behind it.
    fn ground(&self) -> Color32;

    /// How the picture that was painted last, `width` pixels wide, is moved so that it stands for
    /// this one until this one is painted. Nothing where it would show something else.
    fn stretched(&self, _painted: &Self, _width: f64) -> Option<Stretch> {
        None
    }
}

/// The lanes of one exchange, and the charts below them. Ruler and labels are text: see [`crate::text`].
#[derive(Clone, Debug)]
pub struct Scene {
    /// The engine's answer; may be for another window than the one shown, and
    /// is then stretched until the right one comes.
    pub view: Arc<LanePicture>,
    /// In its units are `window` and the view.
    pub axis: Axis,
    pub window: Window,
    pub layout: Layout,
    /// How far the lanes are scrolled down.
    pub scroll: f32,
    pub theme: Theme,
}

impl PartialEq for Scene {
    /// What is quick to compare comes first: a window that moves is compared at each step.
    fn eq(&self, other: &Self) -> bool {
        let is_same_view = || Arc::ptr_eq(&self.view, &other.view) || self.view == other.view;
        (self.window, self.scroll, self.axis) == (other.window, other.scroll, other.axis)
            && (&self.layout, self.theme) == (&other.layout, other.theme)
            && is_same_view()
    }
}

impl Picture for Scene {
    fn paint(&self, ui: &mut Ui) {
        let full = ui.max_rect();
        let painter = ui.painter().clone();
        painter.rect_filled(full, 0.0, self.theme.bg);
        lanes_ui::lanes(&painter, full, self);
        chart_ui::charts_ui(ui, full, self);
    }

    fn ground(&self) -> Color32 {
        self.theme.bg
    }

    fn stretched(&self, painted: &Self, width: f64) -> Option<Stretch> {
        let is_same = self.axis == painted.axis && self.layout == painted.layout && self.theme == painted.theme;
        is_same.then(|| Stretch {
            y_px: f64::from(painted.scroll - self.scroll),
            ..Stretch::between(painted.window, self.window, width)
        })
    }
}

/// Density, problems and long gaps of a whole exchange.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Of the picture only the parts about the whole exchange count.
    pub view: Arc<LanePicture>,
    /// End of the axis.
    pub extent: f64,
    pub theme: Theme,
}

impl PartialEq for Overview {
    fn eq(&self, other: &Self) -> bool {
        let (one, two) = (&self.view, &other.view);
        let is_same_view = Arc::ptr_eq(one, two)
            || (&one.overview, &one.overview_marks, &one.gaps) == (&two.overview, &two.overview_marks, &two.gaps);
        is_same_view && self.extent == other.extent && self.theme == other.theme
    }
}

impl Picture for Overview {
    fn paint(&self, ui: &mut Ui) {
        let full = ui.max_rect();
        let painter = ui.painter().clone();
        painter.rect_filled(full, 0.0, self.theme.bg);
        overview_ui::overview(&painter, full, self);
    }

    fn ground(&self) -> Color32 {
        self.theme.bg
    }

    fn stretched(&self, painted: &Self, width: f64) -> Option<Stretch> {
        let (before, now) = (Window::all(painted.extent), Window::all(self.extent));
        (self.theme == painted.theme).then(|| Stretch::between(before, now, width))
    }
}

#[cfg(test)]
mod tests {
    use egui::Color32;

    use super::*;

    fn scene(window: Window) -> Scene {
        Scene {
            view: Arc::default(),
            axis: Axis::Clock,
            window,
            layout: Layout::default(),
            scroll: 0.0,
            theme: Theme::from_tokens([Color32::GRAY; 18]),
        }
    }

    #[test]
    fn a_stretched_picture_shows_each_value_where_the_next_one_will() {
        let painted = scene(Window::new(100.0, 200.0));
        for window in [
            Window::new(120.0, 160.0),
            Window::new(0.0, 1_000.0),
            Window::new(150.0, 250.0),
        ] {
            let next = Scene {
                scroll: 30.0,
                ..scene(window)
            };
            let stretch = next.stretched(&painted, 800.0).expect("only the window differs");
            for value in [100.0, 130.0, 199.0] {
                let moved = stretch.scale * painted.window.x_of(value, 800.0) + stretch.x_px;
                assert!(
                    (moved - window.x_of(value, 800.0)).abs() < 1e-6,
                    "{value} in {window:?}"
                );
            }
            assert_eq!(stretch.y_px, -30.0);
        }
    }

    #[test]
    fn a_picture_of_another_axis_is_not_stretched() {
        let painted = scene(Window::new(0.0, 10.0));
        let other = Scene {
            axis: Axis::Index,
            ..painted.clone()
        };
        assert_eq!(other.stretched(&painted, 800.0), None);
    }

    #[test]
    fn an_overview_is_the_same_in_any_window() {
        let view = |from| {
            Arc::new(LanePicture {
                from,
                overview: vec![0.5],
                ..LanePicture::default()
            })
        };
        let overview = |from, extent| Overview {
            view: view(from),
            extent,
            theme: scene(Window::all(1.0)).theme,
        };
        assert_eq!(overview(0.0, 10.0), overview(5.0, 10.0));
        let grown = overview(0.0, 20.0).stretched(&overview(0.0, 10.0), 800.0);
        assert_eq!(grown.map(|stretch| stretch.scale), Some(0.5));
    }
}
