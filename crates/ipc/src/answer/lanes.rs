//! The picture of a range.

use scrubjay_session::{
    query::{self, Failed, Reader},
    shelf::Shelf,
};

use super::{axis, kind, severity};
use crate::{Form, Lane, LaneId, Lanes, LanesView, Shape, visible};

pub(super) fn picture<S: Shelf>(ask: &Lanes, reader: &mut Reader<S>) -> Result<LanesView, Failed<S::Error>> {
    let picture = reader.lanes(axis(ask.axis), ask.from, ask.to, ask.width_px)?;
    Ok(view(picture))
}

pub(super) fn view(picture: query::Picture) -> LanesView {
    let marks = picture.overview_marks.into_iter();
    LanesView {
        from: picture.from,
        to: picture.to,
        overview: picture.overview,
        overview_marks: marks.map(|(column, worst)| (column, severity(worst))).collect(),
        gaps: picture.gaps,
        lanes: picture.lanes.iter().map(lane).collect(),
        throughput: picture.throughput,
        gap_millis: picture.gap_millis,
    }
}

fn lane(lane: &query::Lane) -> Lane {
    Lane {
        id: match lane.id {
            query::LaneId::Runs => LaneId::Runs,
            query::LaneId::Steps => LaneId::Steps,
            query::LaneId::Subagents => LaneId::Subagents,
            query::LaneId::Text => LaneId::Text,
            query::LaneId::Reasoning => LaneId::Reasoning,
            query::LaneId::Tools => LaneId::Tools,
            query::LaneId::State => LaneId::State,
            query::LaneId::Activity => LaneId::Activity,
            query::LaneId::Wire => LaneId::Wire,
            query::LaneId::Problems => LaneId::Problems,
        },
        rows: lane.rows,
        shapes: lane.shapes.iter().map(shape).collect(),
    }
}

fn shape(shape: &query::Shape) -> Shape {
    Shape {
        form: form(shape.form),
        from: shape.from,
        to: shape.to,
        row: shape.row,
        kind: kind(shape.kind),
        strength: shape.strength,
        severity: shape.severity.map(severity),
        first_seq: shape.first_seq,
        last_seq: shape.last_seq,
        label: visible::line(&shape.label),
    }
}

fn form(form: query::Form) -> Form {
    match form {
        query::Form::Bar => Form::Bar,
        query::Form::TornBar => Form::TornBar,
        query::Form::Hatched => Form::Hatched,
        query::Form::Pale => Form::Pale,
        query::Form::Whisker => Form::Whisker,
        query::Form::Tick => Form::Tick,
        query::Form::Dot => Form::Dot,
        query::Form::Diamond => Form::Diamond,
        query::Form::Cross => Form::Cross,
        query::Form::Dashed => Form::Dashed,
        query::Form::Column => Form::Column,
        query::Form::Bracket => Form::Bracket,
    }
}
