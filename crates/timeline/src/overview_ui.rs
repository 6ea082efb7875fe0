//! Painting of the overview strip.

use egui::{Color32, Painter, Pos2, Rect, Stroke};

use crate::{axis, scene::Overview};

/// Density, problems and long gaps of the whole exchange.
pub fn overview(painter: &Painter, rect: Rect, scene: &Overview) {
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
    for &(from, to, _) in &scene.view.gaps {
        gap(painter, rect, scene, (from, to));
    }
    for &(column, severity) in &scene.view.overview_marks {
        let x = rect.left() + column as f32 * step;
        let mark = Rect::from_min_max(Pos2::new(x - 1.5, rect.top() + 6.0), Pos2::new(x + 1.5, floor));
        painter.rect_filled(mark, 0.0, theme.severity(severity));
    }
    painter.hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, theme.line));
}

fn gap(painter: &Painter, rect: Rect, scene: &Overview, (from, to): (f64, f64)) {
    let all = axis::Window::all(scene.extent);
    let x = |value| all.x_of(value, f64::from(rect.width())) as f32 + rect.left();
    let (left, right) = (x(from), x(to));
    if right - left < 3.0 {
        return;
    }
    let area = Rect::from_min_max(Pos2::new(left, rect.top() + 6.0), Pos2::new(right, rect.bottom() - 6.0));
    painter.rect_filled(area, 2.0, scene.theme.bg1);
    hatch(&painter.with_clip_rect(area), area, scene.theme.line);
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
