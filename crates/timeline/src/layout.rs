//! Where each lane stands, and what is under a point.
//!
//! The page's titles and the canvas both read this, so both stand at the same heights.

use scrubjay_ipc::{Form, Lane, LaneId, LanePicture, Shape};

use crate::Window;

/// Height of the overview strip.
pub const OVERVIEW_PX: f32 = 52.0;
/// Height of the ruler below it.
pub const RULER_PX: f32 = 20.0;
/// Height of a lane of one row.
pub const LANE_PX: f32 = 28.0;
/// What each further row adds.
pub const ROW_PX: f32 = 17.0;
/// Height of a folded lane.
pub const FOLDED_PX: f32 = 11.0;
/// Height of a chart.
pub const CHART_PX: f32 = 36.0;

/// How the lanes are laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Folding {
    /// Lanes are thin strips without text.
    pub folded: bool,
    /// The two charts stand below the lanes.
    pub charts: bool,
}

/// One lane's place, from the top of the first lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub id: LaneId,
    pub y: f32,
    pub height: f32,
}

/// Places of all lanes. `y` counts from below the ruler.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// The lanes from top to bottom.
    pub lanes: Vec<Place>,
    /// Tops of the charts: throughput, gaps.
    pub charts: Option<(f32, f32)>,
    /// Height of lanes and charts together.
    pub height: f32,
    /// Whether lanes are thin strips.
    pub folded: bool,
}

impl Layout {
    /// Lays out the lanes of a picture.
    pub fn new(lanes: &[Lane], folding: Folding) -> Self {
        let mut y = 0.0;
        let mut places = Vec::with_capacity(lanes.len());
        for lane in lanes {
            let height = if folding.folded {
                FOLDED_PX
            } else {
                LANE_PX + ROW_PX * f32::from(lane.rows.clamp(1, 6) - 1)
            };
            places.push(Place { id: lane.id, y, height });
            y += height;
        }
        let charts = (folding.charts && !lanes.is_empty()).then_some((y, y + CHART_PX));
        if charts.is_some() {
            y += 2.0 * CHART_PX;
        }
        Self {
            lanes: places,
            charts,
            height: y,
            folded: folding.folded,
        }
    }

    /// The lane at a height, if any.
    pub fn lane_at(&self, y: f32) -> Option<Place> {
        self.lanes
            .iter()
            .copied()
            .find(|place| (place.y..place.y + place.height).contains(&y))
    }

    /// Top and height of a row of shapes within a lane.
    pub fn band(&self, place: Place, row: u8) -> (f32, f32) {
        if self.folded {
            return (place.y + 1.5, place.height - 3.0);
        }
        let rows = ((place.height - LANE_PX) / ROW_PX).round() as u8;
        (place.y + 7.0 + ROW_PX * f32::from(row.min(rows)), 14.0)
    }
}

/// A shape under the pointer.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit<'a> {
    pub lane: LaneId,
    pub shape: &'a Shape,
}

/// The shape at a point of the lanes, if any: the one on top, and of marks the
/// nearest within four pixels.
pub fn hit<'a>(view: &'a LanePicture, layout: &Layout, window: Window, width: f64, x: f64, y: f32) -> Option<Hit<'a>> {
    let place = layout.lane_at(y)?;
    let lane = view.lanes.iter().find(|lane| lane.id == place.id)?;
    let distance = |shape: &Shape| {
        let (from, to) = (window.x_of(shape.from, width), window.x_of(shape.to, width));
        let (from, to) = if is_mark(shape.form) {
            (from - 4.0, from + 4.0)
        } else {
            (from, to.max(from + 2.0))
        };
        let (top, height) = layout.band(place, shape.row);
        let inside = (from..=to).contains(&x) && (top - 4.0..=top + height + 4.0).contains(&y);
        inside.then_some(if is_mark(shape.form) {
            (x - (from + 4.0)).abs()
        } else {
            0.0
        })
    };
    let mut best: Option<(f64, &Shape)> = None;
    for shape in lane.shapes.iter().rev() {
        if let Some(away) = distance(shape)
            && best.is_none_or(|(least, _)| away < least)
        {
            best = Some((away, shape));
        }
    }
    best.map(|(_, shape)| Hit { lane: place.id, shape })
}

/// Whether a form has a place but no length.
pub fn is_mark(form: Form) -> bool {
    matches!(form, Form::Tick | Form::Dot | Form::Diamond | Form::Cross)
}

/// A lane's title.
pub fn title(id: LaneId) -> &'static str {
    match id {
        LaneId::Runs => "Runs",
        LaneId::Steps => "Steps",
        LaneId::Subagents => "Sub-agents",
        LaneId::Text => "Text",
        LaneId::Reasoning => "Reasoning",
        LaneId::Tools => "Tools",
        LaneId::State => "State",
        LaneId::Activity => "Activity",
        LaneId::Wire => "Wire",
        LaneId::Problems => "Problems",
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use scrubjay_ipc::Kind;

    use super::*;

    fn shape(form: Form, from: f64, to: f64, row: u8, seq: u32) -> Shape {
        Shape {
            form,
            from,
            to,
            row,
            kind: Kind::Tool,
            strength: 255,
            severity: None,
            first_seq: seq,
            last_seq: seq,
            label: String::new(),
        }
    }

    fn view() -> LanePicture {
        let lanes = vec![
            Lane {
                id: LaneId::Runs,
                rows: 1,
                shapes: vec![shape(Form::Bar, 0.0, 100.0, 0, 1)],
            },
            Lane {
                id: LaneId::Tools,
                rows: 3,
                shapes: vec![shape(Form::Bar, 10.0, 20.0, 0, 2), shape(Form::Pale, 15.0, 60.0, 2, 3)],
            },
            Lane {
                id: LaneId::State,
                rows: 1,
                shapes: vec![
                    shape(Form::Tick, 50.0, 50.0, 0, 4),
                    shape(Form::Cross, 51.0, 51.0, 0, 5),
                ],
            },
        ];
        LanePicture {
            lanes,
            ..LanePicture::default()
        }
    }

    #[test]
    fn lanes_stack_and_charts_stand_below() {
        let mut seen = String::new();
        for (folded, charts) in [(false, false), (false, true), (true, false)] {
            let layout = Layout::new(&view().lanes, Folding { folded, charts });
            writeln!(seen, "folded {folded}, charts {charts}: height {}", layout.height).unwrap();
            for place in &layout.lanes {
                writeln!(seen, "  {:<6} {:>4} +{}", title(place.id), place.y, place.height).unwrap();
            }
            if let Some((throughput, gaps)) = layout.charts {
                writeln!(seen, "  charts {throughput} {gaps}").unwrap();
            }
        }
        insta::assert_snapshot!(seen);
    }

    #[test]
    fn the_pointer_finds_the_row_and_the_nearest_mark() {
        let view = view();
        let layout = Layout::new(&view.lanes, Folding::default());
        let window = Window::new(0.0, 100.0);
        let at = |x, y| hit(&view, &layout, window, 1_000.0, x, y).map(|hit| hit.shape.first_seq);
        assert_eq!(at(500.0, 14.0), Some(1));
        assert_eq!(at(150.0, 28.0 + 10.0), Some(2));
        assert_eq!(at(150.0, 28.0 + 34.0 + 10.0), Some(3));
        let state = layout.lanes[2].y + 14.0;
        assert_eq!(at(502.0, state), Some(4));
        assert_eq!(at(509.0, state), Some(5));
        assert_eq!(at(300.0, state), None);
        assert_eq!(at(300.0, 900.0), None);
    }
}
