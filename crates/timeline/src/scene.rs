//! Everything a picture depends on, in one value.

use std::sync::Arc;

use egui::{Color32, Pos2, Rect, Ui, Vec2};
use scrubjay_ipc::{Axis, LanePicture};

use crate::{
    Layout, Theme, Window, chart_ui, lanes_ui,
    layout::{OVERVIEW_PX, RULER_PX},
    overview_ui,
};

/// What a canvas shows; painted again only when it differs.
pub trait Picture: Clone + PartialEq {
    /// Paints it over the whole of `ui`.
    fn paint(&self, ui: &mut Ui);

    /// The colour behind it.
    fn ground(&self) -> Color32;
}

/// Everything a picture of one exchange depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// The engine's answer; may be for another window than the one shown, and
    /// is then stretched until the right one comes.
    pub view: Arc<LanePicture>,
    /// In its units are `window`, `extent` and the view.
    pub axis: Axis,
    pub window: Window,
    /// End of the axis.
    pub extent: f64,
    pub layout: Layout,
    /// How far the lanes are scrolled down.
    pub scroll: f32,
    pub theme: Theme,
}

impl Picture for Scene {
    fn paint(&self, ui: &mut Ui) {
        let full = ui.max_rect();
        let painter = ui.painter().clone();
        painter.rect_filled(full, 0.0, self.theme.bg);
        overview_ui::overview(&painter, strip(full, 0.0, OVERVIEW_PX), self);
        overview_ui::ruler(&painter, strip(full, OVERVIEW_PX, RULER_PX), self);
        let top = OVERVIEW_PX + RULER_PX;
        let below = strip(full, top, (full.height() - top).max(0.0));
        lanes_ui::lanes(&painter.with_clip_rect(below), below, self);
        chart_ui::charts_ui(ui, below, self);
    }

    fn ground(&self) -> Color32 {
        self.theme.bg
    }
}

/// A scene without its overview: ruler and lanes.
#[derive(Clone, Debug, PartialEq)]
pub struct Strip(pub Scene);

impl Picture for Strip {
    fn paint(&self, ui: &mut Ui) {
        let full = ui.max_rect();
        let painter = ui.painter().clone();
        painter.rect_filled(full, 0.0, self.0.theme.bg);
        overview_ui::ruler(&painter, strip(full, 0.0, RULER_PX), &self.0);
        let below = strip(full, RULER_PX, (full.height() - RULER_PX).max(0.0));
        lanes_ui::lanes(&painter.with_clip_rect(below), below, &self.0);
    }

    fn ground(&self) -> Color32 {
        self.0.theme.bg
    }
}

fn strip(full: Rect, top: f32, height: f32) -> Rect {
    let min = Pos2::new(full.left(), full.top() + top);
    Rect::from_min_size(min, Vec2::new(full.width(), height))
}
