//! What is under the pointer, and when.

use leptos::prelude::*;
use scrubjay_ipc::{Axis, Form, Shape};
use scrubjay_timeline::{axis, hit, layout::OVERVIEW_PX, title};

use super::Stage;
use crate::{
    part::lanes,
    screen::inspect::{model::Inspect, words},
};

/// Width that a bubble may need.
const BUBBLE_PX: f64 = 260.0;

/// A line through the lanes, and a bubble beside it.
pub(super) fn hover(stage: Stage) -> AnyView {
    let line = move || stage.hover.get().map(|(x, _)| format!("transform:translateX({x}px)"));
    view! {
        <div class="hover-line" class:off=move || stage.hover.get().is_none() style=line></div>
        {move || bubble(stage)}
    }
    .into_any()
}

fn bubble(stage: Stage) -> Option<AnyView> {
    let (x, y) = stage.hover.get().filter(|_| stage.drag.get().is_none())?;
    let (window, width) = (stage.inspect.window.get(), stage.inspect.width_px.get());
    let shape = stage.inspect.lanes.with(|view| {
        let layout = stage.layout.get();
        let hit = hit(view.as_ref()?, &layout, window, width, x, stage.lane_y(y))?;
        Some(shape_line(title(hit.lane), hit.shape, stage.inspect.tail().live))
    });
    let when = when(stage.inspect, window.value_at(x, width).max(0.0));
    let (left, top) = (lanes::beside(x, width, BUBBLE_PX), y + f64::from(OVERVIEW_PX) + 14.0);
    Some(
        view! { <div class="bubble" style=format!("{left};top:{top}px")>{shape}<span class="dim">{when}</span></div> }
            .into_any(),
    )
}

/// A place of the axis in words.
fn when(inspect: Inspect, at: f64) -> String {
    match inspect.axis.get() {
        Axis::Clock => words::offset(at as u64),
        Axis::Collapsed => inspect.lanes.with(|view| {
            let gaps = view.as_ref().map_or(&[][..], |view| &view.gaps);
            words::offset(axis::true_micros(at, gaps).max(0.0) as u64)
        }),
        Axis::Index => format!("#{}", words::count(at as u64)),
    }
}

fn shape_line(lane: &'static str, shape: &Shape, is_live: bool) -> AnyView {
    let seqs = match (shape.first_seq, shape.last_seq) {
        (0, 0) => String::new(),
        (first, last) => words::frames(first, last),
    };
    let severity = shape.severity.map(|severity| {
        view! { <span class=format!("sev-{}", words::severity(severity))>{words::severity_sign(severity)}</span> }
    });
    let open = (shape.form == Form::TornBar).then(|| words::open_end(is_live));
    let open = open.filter(|word| !shape.label.ends_with(word));
    view! { <span class="bubble-line">{severity}<b>{lane}</b><bdi class="cut">{shape.label.clone()}</bdi>{open}<span class="dim">{seqs}</span></span> }
        .into_any()
}
