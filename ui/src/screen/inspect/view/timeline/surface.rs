//! What lies over ruler and lanes and takes the pointer.

use leptos::{ev, prelude::*};
use scrubjay_timeline::{
    Window, hit,
    layout::{OVERVIEW_PX, RULER_PX, is_mark},
};

use super::{Drag, Stage};
use crate::{browser, part::lanes};

/// Drag scrubs, middle or Shift drag pans, the wheel scrolls, pans and zooms.
pub(super) fn surface(stage: Stage) -> AnyView {
    let up = move |_| let_go(stage);
    view! {
        <div class="lanes-area" on:pointerdown=move |event| press(stage, &event) on:pointermove=move |event| follow(stage, &event)
            on:pointerup=up on:pointercancel=up on:pointerleave=move |_| stage.hover.set(None)
            on:dblclick=move |_| stage.inspect.zoom(0.4, None) on:wheel=move |event| wheel(stage, &event)></div>
    }
    .into_any()
}

fn press(stage: Stage, event: &ev::PointerEvent) {
    let inspect = stage.inspect;
    event.prevent_default();
    browser::capture_pointer(event);
    inspect.pause();
    let (x, y) = lanes::place_of(event);
    if event.button() == 1 || event.shift_key() {
        stage.drag.set(Some(Drag::Pan(x, inspect.window.get_untracked())));
    } else if event.button() == 0 {
        stage.drag.set(Some(Drag::Scrub));
        // A press lands on the exact frame of a mark, else on the place.
        let mark = untrack(move || mark_at(stage, x, y));
        inspect.drag_to(mark.unwrap_or_else(|| value_at(stage, x)));
    }
}

fn follow(stage: Stage, event: &ev::PointerEvent) {
    let inspect = stage.inspect;
    let (x, y) = lanes::place_of(event);
    stage.hover.set(Some((x, y)));
    match stage.drag.get_untracked() {
        Some(Drag::Scrub) => inspect.drag_to(value_at(stage, x)),
        Some(Drag::Pan(from, window)) => {
            let by = (from - x) / inspect.width_px.get_untracked().max(1.0) * window.span();
            let there = Window::new(window.from + by, window.to + by);
            inspect.window.set(there.within(inspect.extent_now()));
        }
        None => {}
    }
}

fn let_go(stage: Stage) {
    if stage.drag.get_untracked() == Some(Drag::Scrub) {
        stage.inspect.drop_here();
    }
    stage.drag.set(None);
}

/// What of the axis is at a pixel.
fn value_at(stage: Stage, x: f64) -> f64 {
    let window = stage.inspect.window.get_untracked();
    window.value_at(x, stage.inspect.width_px.get_untracked())
}

/// Where the mark under the pointer is.
fn mark_at(stage: Stage, x: f64, y: f64) -> Option<f64> {
    let (window, width) = (stage.inspect.window.get(), stage.inspect.width_px.get());
    stage.inspect.lanes.with(|view| {
        let hit = hit(view.as_ref()?, &stage.layout.get(), window, width, x, stage.lane_y(y))?;
        is_mark(hit.shape.form).then_some(hit.shape.from)
    })
}

pub(super) fn wheel(stage: Stage, event: &ev::WheelEvent) {
    event.prevent_default();
    let inspect = stage.inspect;
    let (dx, dy) = lanes::wheel_px(event);
    if event.ctrl_key() || event.meta_key() {
        let at = value_at(stage, f64::from(event.offset_x()));
        inspect.zoom(lanes::zoom_factor(dy), Some(at));
    } else if event.shift_key() || dx.abs() > dy.abs() {
        inspect.pan((if dx == 0.0 { dy } else { dx }) / inspect.width_px.get_untracked().max(1.0));
    } else {
        let room = stage.height.get_untracked() - f64::from(OVERVIEW_PX + RULER_PX);
        let most = (f64::from(stage.layout.with_untracked(|layout| layout.height)) - room).max(0.0);
        stage.scroll.update(|scroll| *scroll = (*scroll + dy).clamp(0.0, most));
    }
}
