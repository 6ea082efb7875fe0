//! Painting of the overview strip and the ruler.

use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Stroke};
use scrubjay_ipc::words;

use crate::{Scene, axis};

/// Text in the picture.
pub(crate) const FONT: FontId = FontId::proportional(11.5);

/// Density, problems and long gaps of the whole exchange.
pub fn overview(painter: &Painter, rect: Rect, scene: &Scene) {
    let theme = &scene.theme;
    // The columns end where the axis ends; the strip has a little air after it.
    let end = axis::Window::all(scene.extent).x_of(scene.extent.max(1.0), f64::from(rect.width()));
    let step = end as f32 / scene.view.overview.len().max(1) as f32;
    let floor = rect.bottom() - 6.0;
    for (n, value) in scene
        .view
        .overview
        .iter()
        .enumerate()
        .filter(|(_, value)| **value > 0.0)
    {
        let x = rect.left() + n as f32 * step;
        // The root keeps quiet stretches visible beside a burst.
        let height = (value.sqrt() * 36.0).max(1.5);
        painter.rect_filled(
            Rect::from_min_max(Pos2::new(x, floor - height), Pos2::new(x + step.max(1.0), floor)),
            0.0,
            theme.faint,
        );
    }
    for &(from, to, length_us) in &scene.view.gaps {
        gap(painter, rect, scene, (from, to, length_us));
    }
    for &(column, severity) in &scene.view.overview_marks {
        let x = rect.left() + column as f32 * step;
        let mark = Rect::from_min_max(Pos2::new(x - 1.5, rect.top() + 6.0), Pos2::new(x + 1.5, floor));
        painter.rect_filled(mark, 0.0, theme.severity(severity));
    }
    painter.hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, theme.line));
}

fn gap(painter: &Painter, rect: Rect, scene: &Scene, (from, to, length_us): (f64, f64, u64)) {
    let all = axis::Window::all(scene.extent);
    let width = f64::from(rect.width());
    let (left, right) = (
        all.x_of(from, width) as f32 + rect.left(),
        all.x_of(to, width) as f32 + rect.left(),
    );
    let text = format!("{} idle", words::duration(length_us));
    if right - left < 3.0 {
        return;
    }
    let area = Rect::from_min_max(Pos2::new(left, rect.top() + 6.0), Pos2::new(right, rect.bottom() - 6.0));
    painter.rect_filled(area, 2.0, scene.theme.bg1);
    hatch(&painter.with_clip_rect(area), area, scene.theme.line);
    if right - left > 70.0 {
        let galley = painter.layout_no_wrap(text, FONT, scene.theme.dim);
        let place = Align2::CENTER_CENTER.anchor_size(area.center(), galley.size());
        painter.rect_filled(place.expand2(egui::vec2(4.0, 1.0)), 2.0, scene.theme.bg1);
        painter.galley(place.min, galley, scene.theme.dim);
    }
}

/// Diagonal lines over an area; the painter clips them.
pub(crate) fn hatch(painter: &Painter, area: Rect, color: Color32) {
    let clip = painter.clip_rect();
    let area = area.intersect(clip);
    if !area.is_positive() {
        return;
    }
    let height = area.height();
    let mut x = (area.left() - height).div_euclid(7.0) * 7.0;
    while x < area.right() {
        painter.line_segment(
            [Pos2::new(x, area.bottom()), Pos2::new(x + height, area.top())],
            Stroke::new(1.0, color),
        );
        x += 7.0;
    }
}

/// Ticks with their times or numbers.
pub fn ruler(painter: &Painter, rect: Rect, scene: &Scene) {
    let theme = &scene.theme;
    painter.rect_filled(rect, 0.0, theme.bg1);
    let width = f64::from(rect.width());
    for tick in axis::ticks(scene.axis, scene.window, width, 90.0, &scene.view.gaps) {
        let x = rect.left() + scene.window.x_of(tick.at, width) as f32;
        painter.vline(
            x.round() + 0.5,
            rect.bottom() - 5.0..=rect.bottom(),
            Stroke::new(1.0, theme.faint),
        );
        if x + 40.0 < rect.right() {
            painter.text(
                Pos2::new(x + 4.0, rect.center().y),
                Align2::LEFT_CENTER,
                tick.label,
                FONT,
                theme.dim,
            );
        }
    }
    painter.hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, theme.line));
}
