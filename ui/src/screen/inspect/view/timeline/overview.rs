//! The overview: the window over the whole recording.

use leptos::{ev, prelude::*};
use scrubjay_timeline::{Window, axis};

use super::{Stage, surface};
use crate::{browser, screen::inspect::model::Inspect};

/// How near an end of the window a press takes hold of it.
const EDGE_PX: f64 = 6.0;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Left,
    Right,
    Whole,
}

/// Width of the window's element, which is scaled: moving it draws nothing again.
const ELEMENT_PX: f64 = 100.0;

/// What of the window is held, from where, and the window then.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Held {
    part: Part,
    from_x: f64,
    window: Window,
}

/// Drag moves the window, its ends resize it, double-click shows all.
pub(super) fn overview(stage: Stage) -> AnyView {
    let inspect = stage.inspect;
    let held = RwSignal::new(None::<Held>);
    let shape = move || {
        let (left, right) = edges(inspect);
        let scale = (right - left).max(4.0) / ELEMENT_PX;
        format!("transform:translateX({left}px) scaleX({scale:.6})")
    };
    let edge = move |of: fn((f64, f64)) -> f64| {
        let style = move || format!("transform:translateX({}px)", of(edges(inspect)));
        view! { <div class="overview-edge" style=style><i></i></div> }
    };
    let down = move |event: ev::PointerEvent| {
        if event.button() == 0 {
            browser::capture_pointer(&event);
            held.set(Some(take_hold(inspect, f64::from(event.offset_x()))));
        }
    };
    let moved = move |event: ev::PointerEvent| {
        if let Some(held) = held.get_untracked() {
            drag(inspect, held, f64::from(event.offset_x()));
        }
    };
    let head = move || {
        let x = all(inspect).x_of(inspect.playhead_x(), inspect.width_px.get());
        format!("transform:translateX({x}px)")
    };
    view! {
        <div class="overview" data-pane="overview" data-state=move || stage.state()
            data-as-of=move || inspect.seq.get().to_string()
            on:pointerdown=down on:pointermove=moved on:pointerup=move |_| held.set(None)
            on:pointercancel=move |_| held.set(None) on:dblclick=move |_| inspect.fit_all()
            on:wheel=move |event| surface::wheel(stage, &event)>
            <div class="overview-window" style=shape></div>
            {edge(|(left, _)| left)}{edge(|(left, right)| right.max(left + 4.0))}
            <div class="overview-head" style=head></div>
        </div>
    }
    .into_any()
}

/// What the overview spans.
fn all(inspect: Inspect) -> Window {
    Window::all(inspect.extent())
}

/// Where the window's ends are.
fn edges(inspect: Inspect) -> (f64, f64) {
    let (all, window, width) = (all(inspect), inspect.window.get(), inspect.width_px.get());
    let (left, right) = (all.x_of(window.from, width), all.x_of(window.to, width));
    (left.max(0.0), right.min(width))
}

/// Takes hold of the window; a press beside it brings it there first.
fn take_hold(inspect: Inspect, x: f64) -> Held {
    let ((left, right), all) = untrack(move || (edges(inspect), all(inspect)));
    let window = inspect.window.get_untracked();
    if !(left - EDGE_PX..=right + EDGE_PX).contains(&x) {
        let middle = all.value_at(x, inspect.width_px.get_untracked());
        let half = window.span() / 2.0;
        let there = Window::new(middle - half, middle + half);
        inspect.window.set(there.within(inspect.extent_now()));
    }
    let part = if (x - left).abs() < EDGE_PX {
        Part::Left
    } else if (x - right).abs() < EDGE_PX {
        Part::Right
    } else {
        Part::Whole
    };
    Held {
        part,
        from_x: x,
        window: inspect.window.get_untracked(),
    }
}

/// Moves or resizes the window as the pointer moved.
fn drag(inspect: Inspect, held: Held, x: f64) {
    let all = untrack(move || all(inspect));
    let width = inspect.width_px.get_untracked().max(1.0);
    let by = (x - held.from_x) / width * all.span();
    let least = axis::least_span(inspect.axis.get_untracked());
    let window = held.window;
    inspect.window.set(match held.part {
        Part::Whole => Window::new(window.from + by, window.to + by).within(inspect.extent_now()),
        Part::Left => Window::new((window.from + by).clamp(0.0, window.to - least), window.to),
        Part::Right => Window::new(window.from, (window.to + by).clamp(window.from + least, all.to)),
    });
}
