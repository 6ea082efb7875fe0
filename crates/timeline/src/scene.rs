//! Everything a picture depends on, in one value.

use std::sync::Arc;

use egui::{Pos2, Rect, Ui, Vec2};
use scrubjay_ipc::{Axis, LanesView};

use crate::{
    Layout, Theme, Window, chart_ui, lanes_ui,
    layout::{OVERVIEW_PX, RULER_PX},
    overview_ui,
};

/// Everything a picture depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// The engine's answer; may be for another window than the one shown, and
    /// is then stretched until the right one comes.
    pub view: Arc<LanesView>,
    /// In whose units.
    pub axis: Axis,
    /// What part is visible.
    pub window: Window,
    /// End of the axis.
    pub extent: f64,
    /// Where the lanes stand.
    pub layout: Layout,
    /// How far the lanes are scrolled down.
    pub scroll: f32,
    /// Colours.
    pub theme: Theme,
}

/// Paints the scene over the whole of `ui`.
pub fn scene_ui(ui: &mut Ui, scene: &Scene) {
    let full = ui.max_rect();
    let painter = ui.painter().clone();
    painter.rect_filled(full, 0.0, scene.theme.bg);
    let strip = |top: f32, height: f32| {
        Rect::from_min_size(
            Pos2::new(full.left(), full.top() + top),
            Vec2::new(full.width(), height),
        )
    };
    overview_ui::overview(&painter, strip(0.0, OVERVIEW_PX), scene);
    overview_ui::ruler(&painter, strip(OVERVIEW_PX, RULER_PX), scene);
    let top = OVERVIEW_PX + RULER_PX;
    let below = strip(top, (full.height() - top).max(0.0));
    lanes_ui::lanes(&painter.with_clip_rect(below), below, scene);
    chart_ui::charts_ui(ui, below, scene);
}
