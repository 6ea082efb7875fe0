//! What stands on the picture as text: where, what, and in which colour.
//!
//! The page writes it over the canvas, so that each script has its font, a
//! label is measured by the one who draws it, and it can be read aloud. The
//! pixels bound how many there are: only what is wide enough has a label.

use egui::Color32;
use scrubjay_ipc::{Axis, Form, Shape, words};

use crate::{Place, Scene, Window, axis, chart_ui::peak, layout::CHART_PX, scene::Overview};

/// Narrowest bar that has a label.
const LEAST_PX: f64 = 30.0;
/// Room that a dashed line needs for words on it.
const DASHED_PX: f64 = 200.0;
/// Between an end of a bar and its label.
const INSET_PX: f64 = 6.0;
/// Least distance of the ruler's ticks.
const TICK_PX: f64 = 90.0;
/// Least width of a long gap with words on it.
const IDLE_PX: f64 = 70.0;

/// Text on the picture. Pixels count from the top left of what it stands on.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    pub x: f64,
    pub y: f64,
    /// Room for it; the rest is cut with an ellipsis.
    pub width: f64,
    pub height: f64,
    pub text: String,
    pub ink: Color32,
    /// What is painted below it has lines; this covers them.
    pub ground: Option<Color32>,
}

/// The labels of the lanes that are wide enough for one, as far as they stand within `height`.
pub fn labels(scene: &Scene, width: f64, height: f64) -> Vec<Words> {
    if scene.layout.folded {
        return Vec::new();
    }
    let mut all = Vec::new();
    for (place, lane) in scene.layout.lanes.iter().zip(&scene.view.lanes) {
        let mut rows: Vec<(u8, Words)> = Vec::new();
        for (idx, shape) in lane.shapes.iter().enumerate() {
            let next = lane.shapes.get(idx + 1);
            if !is_the_shorter_part(
                scene.window,
                shape,
                idx.checked_sub(1).map(|before| &lane.shapes[before]),
                next,
            ) && let Some(words) = label(scene, *place, shape, width)
                && words.y + words.height > 0.0
                && words.y < height
            {
                rows.push((shape.row, words));
            }
        }
        all.extend(apart(rows));
    }
    all
}

/// A call has a bar for its arguments and one for the wait; the one of which more is visible has the label.
fn is_the_shorter_part(window: Window, shape: &Shape, before: Option<&Shape>, next: Option<&Shape>) -> bool {
    let length = |shape: &Shape| shape.to.min(window.to) - shape.from.max(window.from);
    let is_part = |other: &Shape| {
        (other.first_seq, other.row, &other.label) == (shape.first_seq, shape.row, &shape.label)
            && other.form != shape.form
    };
    before.is_some_and(|other| is_part(other) && length(other) >= length(shape))
        || next.is_some_and(|other| is_part(other) && length(other) > length(shape))
}

/// A label ends where the next of its row begins.
fn apart(mut rows: Vec<(u8, Words)>) -> impl Iterator<Item = Words> {
    rows.sort_by(|one, other| one.0.cmp(&other.0).then(one.1.x.total_cmp(&other.1.x)));
    for idx in 1..rows.len() {
        let (row, begins) = (rows[idx].0, rows[idx].1.x - INSET_PX);
        let before = &mut rows[idx - 1];
        if before.0 == row {
            before.1.width = before.1.width.min(begins - before.1.x);
        }
    }
    let least = LEAST_PX - 2.0 * INSET_PX;
    rows.into_iter()
        .map(|(_, words)| words)
        .filter(move |words| words.width >= least)
}

fn label(scene: &Scene, place: Place, shape: &Shape, width: f64) -> Option<Words> {
    let left = scene.window.x_of(shape.from, width).max(0.0);
    let right = scene.window.x_of(shape.to, width).min(width);
    let (theme, is_dashed) = (&scene.theme, shape.form == Form::Dashed);
    let least = if is_dashed { DASHED_PX } else { LEAST_PX };
    if shape.label.is_empty() || right - left < least {
        return None;
    }
    let (ink, ground) = match shape.form {
        Form::Bar | Form::TornBar | Form::Pale | Form::Bracket => (theme.ink_on(theme.fill(place.id, shape)), None),
        Form::Hatched => (theme.fg, Some(theme.bg)),
        Form::Dashed => (theme.ink_of(theme.err), Some(theme.bg)),
        _ => return None,
    };
    let (top, height) = scene.layout.band(place, shape.row);
    Some(Words {
        x: left + INSET_PX,
        y: f64::from(top - scene.scroll),
        width: right - left - 2.0 * INSET_PX,
        height: f64::from(height),
        text: shape.label.clone(),
        ink,
        ground,
    })
}

/// What the charts reach up to, and what of.
pub fn chart_words(scene: &Scene) -> Vec<Words> {
    let Some((throughput_y, gaps_y)) = scene.layout.charts else {
        return Vec::new();
    };
    let most = peak(&scene.view.throughput) as u64;
    let throughput = match scene.axis {
        Axis::Index => format!("{} an event", words::bytes(most)),
        Axis::Clock | Axis::Collapsed if scene.view.throughput.is_empty() => "too short for a rate".to_owned(),
        Axis::Clock | Axis::Collapsed => format!("{}/s", words::bytes(most)),
    };
    let gaps = words::duration((peak(&scene.view.gap_millis) * 1e3) as u64);
    let one = |y: f32, text| Words {
        x: 4.0,
        y: f64::from(y - scene.scroll) + 3.0,
        width: 200.0,
        height: f64::from(CHART_PX) / 2.0,
        text,
        ink: scene.theme.dim,
        ground: Some(scene.theme.bg),
    };
    vec![one(throughput_y, throughput), one(gaps_y, gaps)]
}

/// Title of the first chart.
pub fn throughput_title(axis: Axis) -> &'static str {
    match axis {
        Axis::Clock | Axis::Collapsed => "Throughput",
        Axis::Index => "Event size",
    }
}

/// The lengths of long gaps, on the overview.
pub fn idle_words(overview: &Overview, width: f64, height: f64) -> Vec<Words> {
    let all = Window::all(overview.extent);
    let gaps = overview.view.gaps.iter().filter_map(|&(from, to, length_us)| {
        let (left, right) = (all.x_of(from, width), all.x_of(to, width));
        (right - left > IDLE_PX).then(|| Words {
            x: left + INSET_PX,
            y: height / 2.0 - 8.0,
            width: right - left - 2.0 * INSET_PX,
            height: 16.0,
            text: format!("{} idle", words::duration(length_us)),
            ink: overview.theme.dim,
            ground: Some(overview.theme.bg1),
        })
    });
    gaps.collect()
}

/// Ticks of a ruler: pixel and label, the label empty where it would be cut.
pub fn ruler(scene: &Scene, width: f64) -> Vec<(f64, String)> {
    let ticks = axis::ticks(scene.axis, scene.window, width, TICK_PX, &scene.view.gaps);
    let placed = ticks.into_iter().map(|tick| {
        let x = scene.window.x_of(tick.at, width);
        (x, if x + 40.0 < width { tick.label } else { String::new() })
    });
    placed.collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use scrubjay_ipc::{Kind, Lane, LaneId, LanePicture, Severity};

    use super::*;
    use crate::{Layout, Theme, layout::Folding};

    fn bar(form: Form, from: f64, to: f64, seq: u32, label: &str) -> Shape {
        Shape {
            form,
            from,
            to,
            row: 0,
            kind: Kind::Tool,
            strength: 200,
            severity: None::<Severity>,
            first_seq: seq,
            last_seq: seq,
            label: label.to_owned(),
        }
    }

    fn scene(shapes: Vec<Shape>, window: Window) -> Scene {
        let lanes = vec![Lane {
            id: LaneId::Tools,
            rows: 1,
            shapes,
        }];
        Scene {
            layout: Layout::new(&lanes, Folding::default()),
            view: Arc::new(LanePicture {
                lanes,
                ..LanePicture::default()
            }),
            axis: Axis::Clock,
            window,
            scroll: 0.0,
            theme: Theme::from_tokens([Color32::GRAY; 18]),
        }
    }

    fn seen(scene: &Scene) -> Vec<(f64, f64, String)> {
        let labels = labels(scene, 1_000.0, 100.0).into_iter();
        labels.map(|words| (words.x, words.width, words.text)).collect()
    }

    #[test]
    fn a_label_has_the_visible_part_of_its_bar_and_all_its_text() {
        let long = "a label much longer than its bar ".repeat(4);
        let shapes = vec![
            bar(Form::Bar, -50.0, 10.0, 1, &long),
            bar(Form::Bar, 50.0, 52.0, 2, "narrow"),
        ];
        assert_eq!(seen(&scene(shapes, Window::new(0.0, 100.0))), [(6.0, 88.0, long)]);
    }

    #[test]
    fn of_a_call_the_longer_part_has_the_label() {
        let shapes = vec![
            bar(Form::Bar, 0.0, 10.0, 1, "search"),
            bar(Form::Pale, 10.0, 60.0, 1, "search"),
        ];
        assert_eq!(
            seen(&scene(shapes, Window::new(0.0, 100.0))),
            [(106.0, 488.0, "search".to_owned())]
        );
        let shapes = vec![
            bar(Form::Bar, 0.0, 10.0, 1, "search"),
            bar(Form::Pale, 10.0, 60.0, 1, "search"),
        ];
        let near = Window::new(0.0, 12.0);
        assert_eq!(seen(&scene(shapes, near))[0].0, 6.0, "the longer is out of sight");
    }

    #[test]
    fn a_label_ends_where_the_next_of_its_row_begins() {
        let shapes = vec![
            bar(Form::Bar, 0.0, 60.0, 1, "one"),
            bar(Form::Bar, 20.0, 60.0, 2, "two"),
        ];
        let seen = seen(&scene(shapes, Window::new(0.0, 100.0)));
        assert_eq!(seen, [(6.0, 194.0, "one".to_owned()), (206.0, 388.0, "two".to_owned())]);
    }

    #[test]
    fn there_are_no_more_labels_than_pixels_allow() {
        let shapes = (0..5_000)
            .map(|n| bar(Form::Bar, f64::from(n), f64::from(n) + 0.9, n, "x"))
            .collect();
        let scene = scene(shapes, Window::new(0.0, 5_000.0));
        assert_eq!(seen(&scene), []);
        let closer = Scene {
            window: Window::new(0.0, 20.0),
            ..scene
        };
        assert_eq!(seen(&closer).len(), 20);
    }
}
