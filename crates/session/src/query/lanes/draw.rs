//! Shapes from columns, and the rule of two shapes a column.

use std::collections::BTreeMap;

use super::{
    super::{Failed, Reader, answer::*},
    Form, Lane, LaneId, Shape,
    sample::{Column, Columns, Warp},
};
use crate::{
    derive::pyramid::{Node, PROBLEMS, WIRE},
    shelf::Shelf,
};

/// Characters of a label. Where its bar ends, the one who writes it cuts it.
const LABEL_CHARS: usize = 120;
/// Narrowest bar with room for a label, in pixels. A narrower one has it for the pointer and for screen readers.
const LABEL_PX: f64 = 24.0;
/// Bytes of labels for which there is no room, in one picture.
const NARROW_LEN: usize = 16 << 10;
/// Characters of such a label where they are many.
const NARROW_CHARS: usize = 24;
/// Rows that a lane can have.
const ROWS: usize = 4;
/// Dots whose hue is looked up one by one.
const DOTS_LOOKED_AT: usize = 256;

/// Places on an axis, and pixels of a range.
pub(crate) struct Pencil {
    pub(crate) axis: Axis,
    warp: Warp,
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) step: f64,
    pub(crate) width: u32,
}

impl Pencil {
    pub(crate) fn new(axis: Axis, warp: Warp, from: f64, to: f64, width: u32) -> Self {
        Self {
            axis,
            warp,
            from,
            to,
            step: (to - from) / f64::from(width),
            width,
        }
    }

    pub(crate) fn x(&self, at_us: u64, seq: u32) -> f64 {
        self.warp.x(at_us, seq)
    }

    /// From the first to the last frame of something; on the index axis half
    /// a step wider on both sides, so that one frame is seen.
    pub(crate) fn extent(&self, start: (u64, u32), end: (u64, u32)) -> (f64, f64) {
        let margin = if self.axis == Axis::Index { 0.5 } else { 0.0 };
        (self.x(start.0, start.1) - margin, self.x(end.0, end.1) + margin)
    }

    pub(crate) fn visible(&self, from: f64, to: f64) -> bool {
        to >= self.from && from <= self.to
    }
}

/// The text on a shape, whole as far as it is not very long: a pointer and a screen reader get all of it.
pub(crate) fn label(text: &str) -> String {
    cut(text, LABEL_CHARS)
}

fn cut(text: &str, chars: usize) -> String {
    if text.chars().nth(chars).is_none() {
        return text.to_owned();
    }
    text.chars().take(chars - 1).chain(['…']).collect()
}

/// Gathers shapes by lane.
pub(crate) struct Canvas {
    from: f64,
    step: f64,
    width: usize,
    shapes: BTreeMap<LaneId, Vec<Shape>>,
    over: BTreeMap<LaneId, Vec<Shape>>,
}

impl Canvas {
    pub(crate) fn new(pencil: &Pencil) -> Self {
        Self {
            from: pencil.from,
            step: pencil.step,
            width: pencil.width as usize,
            shapes: BTreeMap::new(),
            over: BTreeMap::new(),
        }
    }

    pub(crate) fn add(&mut self, lane: LaneId, shape: Shape) {
        self.shapes.entry(lane).or_default().push(shape);
    }

    /// Adds a shape that lies over all lanes, and makes none of them appear.
    pub(crate) fn add_over(&mut self, lane: LaneId, shape: Shape) {
        self.over.entry(lane).or_default().push(shape);
    }

    /// The lanes that have anything in the whole exchange, thinned out.
    pub(crate) fn lanes(mut self, whole: &Node) -> Vec<Lane> {
        let mut lanes = Vec::new();
        for (id, cell) in LaneId::ALL.into_iter().zip(&whole.cells) {
            let shapes = self.shapes.remove(&id).unwrap_or_default();
            if cell.count == 0 && shapes.is_empty() && (id != LaneId::Wire || whole.frames == 0) {
                continue;
            }
            let over = self.over.remove(&id).unwrap_or_default();
            let mut shapes = self.thinned(shapes);
            shapes.extend(self.thinned(over));
            let rows = shapes.iter().map(|shape| shape.row + 1).max().unwrap_or(1);
            lanes.push(Lane { id, rows, shapes });
        }
        self.bound_labels(&mut lanes);
        lanes
    }

    /// A pixel has two bars at the most, but each has text: where the text that no bar has room for is much, it is cut.
    fn bound_labels(&self, lanes: &mut [Lane]) {
        let to = self.from + self.step * self.width as f64;
        let visible = |shape: &Shape| shape.to.min(to) - shape.from.max(self.from);
        let shapes = lanes.iter_mut().flat_map(|lane| &mut lane.shapes);
        let mut narrow: Vec<&mut Shape> = shapes.filter(|shape| visible(shape) < LABEL_PX * self.step).collect();
        if narrow.iter().map(|shape| shape.label.len()).sum::<usize>() > NARROW_LEN {
            for shape in &mut narrow {
                shape.label = cut(&shape.label, NARROW_CHARS);
            }
        }
    }

    /// Leaves at most two shapes that begin in one column of one row. What is
    /// left out is counted into the last that stays.
    fn thinned(&self, shapes: Vec<Shape>) -> Vec<Shape> {
        let mut kept: Vec<Shape> = Vec::with_capacity(shapes.len());
        // By row and column; what begins left of the range is all kept.
        let mut begun = vec![(0_u8, 0_usize); self.width * ROWS];
        for shape in shapes {
            let column = ((shape.from - self.from) / self.step).floor();
            let place =
                usize::from(shape.row).min(ROWS - 1) * self.width + (column.max(0.0) as usize).min(self.width - 1);
            if column < 0.0 {
                kept.push(shape);
                continue;
            }
            let (count, last) = &mut begun[place];
            if *count < 2 {
                *count += 1;
                *last = kept.len();
                kept.push(shape);
            } else {
                absorb(&mut kept[*last], &shape);
            }
        }
        kept
    }
}

/// Takes a shape into another of the same column; what failed shows.
fn absorb(kept: &mut Shape, other: &Shape) {
    if matches!(other.form, Form::Cross) || other.severity > kept.severity && !matches!(kept.form, Form::Cross) {
        kept.form = other.form;
    }
    kept.to = kept.to.max(other.to);
    kept.strength = kept.strength.max(other.strength);
    kept.severity = kept.severity.max(other.severity);
    kept.last_seq = kept.last_seq.max(other.last_seq);
}

/// A height that keeps small values visible beside large ones.
pub(crate) fn height(value: u64, max: u64) -> u8 {
    if value == 0 {
        return 0;
    }
    let share = (value as f64 / max.max(1) as f64).sqrt();
    (share * 235.0) as u8 + 20
}

fn kind_of(lane: LaneId) -> Kind {
    match lane {
        LaneId::Runs => Kind::Run,
        LaneId::Steps => Kind::Step,
        LaneId::Subagents => Kind::Subagent,
        LaneId::Text => Kind::Text,
        LaneId::Reasoning => Kind::Reasoning,
        LaneId::Tools => Kind::Tool,
        LaneId::State => Kind::State,
        LaneId::Activity => Kind::Activity,
        LaneId::Wire | LaneId::Problems => Kind::Wire,
    }
}

/// Columns whose height is the number of frames of a lane.
pub(crate) fn density(columns: &Columns, lane: LaneId, canvas: &mut Canvas) {
    let count = |column: &Column| u64::from(column.cells[lane as usize].count);
    let max = columns.columns.iter().map(count).max().unwrap_or(0);
    for (idx, column) in columns.columns.iter().enumerate() {
        let cell = &column.cells[lane as usize];
        if cell.count > 0 {
            let strength = height(u64::from(cell.count), max);
            canvas.add(
                lane,
                column_shape(columns, idx, Form::Column, kind_of(lane), strength, cell),
            );
        }
    }
}

pub(crate) fn column_shape(
    columns: &Columns,
    idx: usize,
    form: Form,
    kind: Kind,
    strength: u8,
    cell: &crate::derive::pyramid::Cell,
) -> Shape {
    Shape {
        form,
        from: columns.x_of(idx),
        to: columns.x_of(idx + 1),
        row: 0,
        kind,
        strength,
        severity: cell.severity,
        first_seq: cell.first_seq,
        last_seq: cell.last_seq,
        label: String::new(),
    }
}

/// Bytes a second as an area, keep-alives as dots on it.
pub(crate) fn wire(columns: &Columns, canvas: &mut Canvas) {
    let max = columns.columns.iter().map(|column| column.bytes).max().unwrap_or(0);
    for (idx, column) in columns
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.frames > 0)
    {
        let cells = column.cells.iter().filter(|cell| cell.count > 0);
        let seqs = cells.fold((u32::MAX, 0), |seqs, cell| {
            (seqs.0.min(cell.first_seq), seqs.1.max(cell.last_seq))
        });
        let mut shape = column_shape(
            columns,
            idx,
            Form::Column,
            Kind::Wire,
            height(column.bytes, max),
            &column.cells[WIRE],
        );
        (shape.first_seq, shape.last_seq) = seqs;
        canvas.add(LaneId::Wire, shape);
        let own = &column.cells[WIRE];
        if own.count > 0 {
            let form = if own.severity.is_some() { Form::Cross } else { Form::Dot };
            canvas.add(LaneId::Wire, column_shape(columns, idx, form, Kind::Wire, 255, own));
        }
    }
}

/// A tick a column, as high as its worst finding is bad.
pub(crate) fn problems(columns: &Columns, canvas: &mut Canvas) {
    for (idx, column) in columns.columns.iter().enumerate() {
        let cell = &column.cells[PROBLEMS];
        let strength = match cell.severity {
            Some(Severity::Error) => 255,
            Some(Severity::Warning) => 170,
            Some(Severity::Note) => 90,
            None => continue,
        };
        canvas.add(
            LaneId::Problems,
            column_shape(columns, idx, Form::Tick, Kind::Wire, strength, cell),
        );
    }
}

impl<S: Shelf> Reader<S> {
    /// Activities, custom and raw events: dots where they are few, columns where not.
    pub(crate) fn draw_dots(&mut self, columns: &Columns, canvas: &mut Canvas) -> Result<(), Failed<S::Error>> {
        let lane = LaneId::Activity;
        let count = |column: &Column| column.cells[lane as usize].count;
        let max = columns.columns.iter().map(count).max().unwrap_or(0);
        let dots = columns.columns.iter().filter(|column| count(column) > 0).count();
        for (idx, column) in columns
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| count(column) > 0)
        {
            let cell = &column.cells[lane as usize];
            let form = if cell.count <= 2 { Form::Dot } else { Form::Column };
            let kind = if dots <= DOTS_LOOKED_AT {
                self.frame(cell.first_seq)?.event.kind()
            } else {
                Kind::Activity
            };
            let strength = height(u64::from(cell.count), u64::from(max));
            canvas.add(lane, column_shape(columns, idx, form, kind, strength, cell));
        }
        Ok(())
    }
}
