//! Painting of two sides and the ribbons between them.

use std::sync::Arc;

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, Ui, Vec2, epaint::PathShape};
use scrubjay_ipc::{PairKind, Ribbon};

use crate::{
    Picture, Scene, Theme, lanes_ui,
    pairing::{Bands, Edges, STUB},
};

/// Two sides and what connects them.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairing {
    pub a: Scene,
    pub b: Scene,
    pub ribbons: Arc<Vec<Ribbon>>,
    pub bands: Bands,
}

impl Picture for Pairing {
    fn paint(&self, ui: &mut Ui) {
        let full = ui.max_rect();
        let painter = ui.painter().clone();
        painter.rect_filled(full, 0.0, self.a.theme.bg);
        let strip = |(top, height): (f32, f32)| {
            let min = Pos2::new(full.left(), full.top() + top);
            Rect::from_min_size(min, Vec2::new(full.width(), height))
        };
        for (scene, band) in [(&self.a, self.bands.a), (&self.b, self.bands.b)] {
            let rect = strip(band);
            lanes_ui::lanes(&painter.with_clip_rect(rect), rect, scene);
        }
        let gap = strip(self.bands.gap);
        painter.rect_filled(gap, 0.0, self.a.theme.bg1);
        ribbons(&painter.with_clip_rect(gap), gap, self);
    }

    fn ground(&self) -> Color32 {
        self.a.theme.bg
    }
}

/// What is the same lies below, differences above it.
fn ribbons(painter: &Painter, gap: Rect, pairing: &Pairing) {
    let is_quiet = |ribbon: &&Ribbon| matches!(ribbon.kind, PairKind::Same | PairKind::Downstream);
    let (quiet, loud): (Vec<_>, Vec<_>) = pairing.ribbons.iter().partition(is_quiet);
    for ribbon in quiet.into_iter().chain(loud) {
        let width = f64::from(gap.width());
        let edges = Edges::of(ribbon, pairing.a.window, pairing.b.window, width);
        one(painter, gap, edges, ribbon.kind, &pairing.a.theme);
    }
}

fn one(painter: &Painter, gap: Rect, edges: Edges, kind: PairKind, theme: &Theme) {
    let (color, alpha) = hue(kind, theme);
    let x = |value: f64| gap.left() + value as f32;
    let stub = gap.height() * STUB;
    // What differs has an outline too, so that colour never stands alone.
    let edge = if matches!(kind, PairKind::Same | PairKind::Downstream) {
        Stroke::NONE
    } else {
        Stroke::new(1.0, color)
    };
    let corners = match (edges.a, edges.b) {
        (Some(a), Some(b)) => [
            (x(a.0), gap.top()),
            (x(a.1), gap.top()),
            (x(b.1), gap.bottom()),
            (x(b.0), gap.bottom()),
        ],
        (Some(a), None) => {
            let middle = f64::midpoint(a.0, a.1);
            [
                (x(a.0), gap.top()),
                (x(a.1), gap.top()),
                (x(middle) + 1.0, gap.top() + stub),
                (x(middle) - 1.0, gap.top() + stub),
            ]
        }
        (None, Some(b)) => {
            let middle = f64::midpoint(b.0, b.1);
            [
                (x(middle) - 1.0, gap.bottom() - stub),
                (x(middle) + 1.0, gap.bottom() - stub),
                (x(b.1), gap.bottom()),
                (x(b.0), gap.bottom()),
            ]
        }
        (None, None) => return,
    };
    let corners = corners.map(|(x, y)| Pos2::new(x, y)).to_vec();
    let fill = color.gamma_multiply(alpha);
    painter.add(Shape::Path(PathShape::convex_polygon(corners, fill, edge)));
}

/// Red and amber are for problems alone.
fn hue(kind: PairKind, theme: &Theme) -> (Color32, f32) {
    match kind {
        PairKind::Same => (theme.faint, 0.22),
        PairKind::Downstream => (theme.faint, 0.10),
        PairKind::Changed => (theme.accent, 0.4),
        PairKind::OnlyA | PairKind::OnlyB => (theme.accent, 0.6),
        PairKind::Reordered => (theme.reason, 0.5),
        PairKind::Recovered => (theme.tool, 0.45),
    }
}
