//! Painting of the lanes.

use egui::{Color32, Painter, Pos2, Rect, Shape as Drawn, Stroke, epaint::PathShape};
use scrubjay_ipc::{Axis, Form, Kind, Severity, Shape};

use crate::{Place, Scene, axis, overview_ui::hatch, theme::is_frame_of_others};

/// Paints all lanes into `rect`, scrolled.
pub fn lanes(painter: &Painter, rect: Rect, scene: &Scene) {
    grid(painter, rect, scene);
    for (place, lane) in scene.layout.lanes.iter().zip(&scene.view.lanes) {
        let top = rect.top() - scene.scroll + place.y;
        if top > rect.bottom() || top + place.height < rect.top() {
            continue;
        }
        let brush = Brush {
            painter,
            rect,
            scene,
            place: *place,
        };
        for shape in &lane.shapes {
            brush.shape(shape);
        }
        painter.hline(
            rect.x_range(),
            (top + place.height).round() - 0.5,
            Stroke::new(1.0, scene.theme.line),
        );
    }
}

/// Faint verticals at the ruler's ticks.
fn grid(painter: &Painter, rect: Rect, scene: &Scene) {
    let width = f64::from(rect.width());
    let color = scene.theme.line.gamma_multiply(0.45);
    for tick in axis::ticks(scene.axis, scene.window, width, 90.0, &scene.view.gaps) {
        let x = rect.left() + scene.window.x_of(tick.at, width) as f32;
        painter.vline(x.round() + 0.5, rect.y_range(), Stroke::new(1.0, color));
    }
    if scene.axis == Axis::Collapsed {
        for &(from, to, _) in &scene.view.gaps {
            let left = rect.left() + scene.window.x_of(from, width) as f32;
            let right = rect.left() + scene.window.x_of(to, width) as f32;
            let area = Rect::from_x_y_ranges(left..=right, rect.y_range());
            painter.rect_filled(area, 0.0, scene.theme.bg1);
            hatch(&painter.with_clip_rect(area.intersect(rect)), area, scene.theme.line);
        }
    }
}

struct Brush<'a> {
    painter: &'a Painter,
    rect: Rect,
    scene: &'a Scene,
    place: Place,
}

impl Brush<'_> {
    fn shape(&self, shape: &Shape) {
        let area = self.area(shape);
        if area.right() < self.rect.left() - 8.0 || area.left() > self.rect.right() + 8.0 {
            return;
        }
        match shape.form {
            Form::Bar => self.bar(shape, area),
            Form::TornBar => self.torn(shape, area),
            Form::Hatched => self.hatched(shape, area),
            Form::Pale => self.pale(shape, area),
            Form::Bracket => self.bracket(shape, area),
            Form::Whisker => self.whisker(shape, area),
            Form::Tick => self.tick(shape, area),
            Form::Dot => {
                self.painter.circle_filled(area.left_center(), 2.5, self.color(shape));
            }
            Form::Diamond => self.diamond(shape, area),
            Form::Cross => self.cross(area),
            Form::Dashed => self.dashed(area),
            Form::Column => self.column(shape, area),
        }
    }

    /// The shape's box on screen; what has a severity is at least 3 px wide.
    fn area(&self, shape: &Shape) -> Rect {
        let scene = self.scene;
        let width = f64::from(self.rect.width());
        let x = |value: f64| self.rect.left() + scene.window.x_of(value, width).clamp(-1e4, 1e5) as f32;
        let (left, right) = (x(shape.from), x(shape.to));
        let least = if shape.severity >= Some(Severity::Warning) {
            3.0
        } else {
            1.0
        };
        let (top, height) = scene.layout.band(self.place, shape.row);
        let top = self.rect.top() - scene.scroll + top;
        Rect::from_min_max(Pos2::new(left, top), Pos2::new(right.max(left + least), top + height))
    }

    fn color(&self, shape: &Shape) -> Color32 {
        self.scene.theme.shape(shape)
    }

    fn fill(&self, shape: &Shape) -> Color32 {
        self.scene.theme.fill(self.place.id, shape)
    }

    fn bar(&self, shape: &Shape, area: Rect) {
        let has_cap = is_frame_of_others(self.place.id);
        let round = if has_cap || area.width() > 4.0 { 2.0 } else { 0.0 };
        self.painter.rect_filled(area, round, self.fill(shape));
        if has_cap {
            self.end_cap(shape, area);
        }
    }

    /// The end of a run shows its outcome by colour and by shape.
    fn end_cap(&self, shape: &Shape, area: Rect) {
        if area.width() < 6.0 {
            return;
        }
        let color = self.color(shape);
        let cap = Rect::from_min_max(Pos2::new(area.right() - 3.0, area.top()), area.right_bottom());
        if shape.severity >= Some(Severity::Warning) {
            let point = [
                cap.left_top(),
                cap.right_center() + egui::vec2(3.0, 0.0),
                cap.left_bottom(),
            ];
            self.painter
                .add(PathShape::convex_polygon(point.to_vec(), color, Stroke::NONE));
        } else {
            self.painter.rect_filled(cap, 1.0, color.gamma_multiply(0.8));
        }
    }

    fn torn(&self, shape: &Shape, area: Rect) {
        let color = self.fill(shape);
        let bite = 4.0_f32.min(area.width());
        self.painter
            .rect_filled(area.with_max_x(area.right() - bite), 2.0, color);
        let third = area.height() / 3.0;
        for n in 0..3 {
            let top = area.top() + third * n as f32;
            let x = area.right() - bite;
            let tooth = vec![
                Pos2::new(x, top),
                Pos2::new(area.right(), top + third / 2.0),
                Pos2::new(x, top + third),
            ];
            self.painter.add(PathShape::convex_polygon(tooth, color, Stroke::NONE));
        }
    }

    fn hatched(&self, shape: &Shape, area: Rect) {
        let color = self.color(shape);
        let clip = self.painter.with_clip_rect(area.intersect(self.painter.clip_rect()));
        hatch(&clip, area, color.gamma_multiply(0.6));
    }

    fn pale(&self, shape: &Shape, area: Rect) {
        self.painter.rect_filled(area, 2.0, self.fill(shape));
    }

    fn bracket(&self, shape: &Shape, area: Rect) {
        let color = self.color(shape);
        self.painter.rect_filled(area, 2.0, self.fill(shape));
        let edge = Stroke::new(1.5, color.gamma_multiply(0.8));
        self.painter.vline(area.left() + 0.75, area.y_range(), edge);
        if area.width() > 4.0 {
            self.painter.vline(area.right() - 0.75, area.y_range(), edge);
        }
    }

    fn whisker(&self, shape: &Shape, area: Rect) {
        let stroke = Stroke::new(1.5, self.color(shape).gamma_multiply(0.7));
        self.painter.hline(area.x_range(), area.center().y, stroke);
    }

    fn tick(&self, shape: &Shape, area: Rect) {
        let height = 4.0 + 10.0 * f32::from(shape.strength) / 255.0;
        let height = height.min(area.height());
        let top = area.center().y - height / 2.0;
        let width = if shape.severity >= Some(Severity::Warning) {
            3.0
        } else {
            1.5
        };
        let mark = Rect::from_min_size(Pos2::new(area.left() - width / 2.0, top), egui::vec2(width, height));
        self.painter
            .rect_filled(mark, 0.0, self.color(shape).gamma_multiply(0.85));
    }

    fn diamond(&self, shape: &Shape, area: Rect) {
        let (center, half) = (area.left_center(), if self.scene.layout.folded { 4.0 } else { 6.0 });
        let corners = [(0.0, -half), (half, 0.0), (0.0, half), (-half, 0.0)];
        let corners = corners.map(|(x, y)| center + egui::vec2(x, y)).to_vec();
        let fill = self.scene.theme.kind(shape.kind);
        let ring = match shape.severity {
            Some(severity) if severity >= Severity::Warning => Stroke::new(2.0, self.scene.theme.severity(severity)),
            _ => Stroke::NONE,
        };
        self.painter.add(PathShape::convex_polygon(corners, fill, ring));
    }

    fn cross(&self, area: Rect) {
        let (center, half) = (area.left_center(), 4.0);
        let stroke = Stroke::new(2.0, self.scene.theme.err);
        for (x, y) in [(half, half), (half, -half)] {
            self.painter
                .line_segment([center - egui::vec2(x, y), center + egui::vec2(x, y)], stroke);
        }
    }

    fn dashed(&self, area: Rect) {
        let stroke = Stroke::new(1.2, self.scene.theme.err);
        let y = area.center().y;
        let left = area.left().max(self.rect.left());
        let right = area.right().min(self.rect.right());
        let line = [Pos2::new(left, y), Pos2::new(right, y)];
        self.painter.extend(Drawn::dashed_line(&line, stroke, 5.0, 4.0));
    }

    fn column(&self, shape: &Shape, area: Rect) {
        let floor = area.bottom() + if self.scene.layout.folded { 0.0 } else { 5.0 };
        let tallest = if self.scene.layout.folded { area.height() } else { 20.0 };
        let height = (tallest * f32::from(shape.strength) / 255.0).max(1.0);
        let alpha = if shape.kind == Kind::Wire { 0.5 } else { 0.75 };
        let column = Rect::from_min_max(Pos2::new(area.left(), floor - height), Pos2::new(area.right(), floor));
        self.painter
            .rect_filled(column, 0.0, self.color(shape).gamma_multiply(alpha));
    }
}
