//! What panes of lanes have in common, around the picture.

use leptos::{ev, html, prelude::*};
use scrubjay_ipc::Axis;
use scrubjay_timeline::{Layout, Place, title};

use crate::{browser, words};

/// The element around the picture, which says how wide and high it is.
///
/// A screen that is hidden has no size; then the last one is kept.
pub(crate) fn measured(sized: impl Fn(f64, f64) + Copy + 'static) -> NodeRef<html::Div> {
    let node = NodeRef::<html::Div>::new();
    node.on_load(move |element| {
        browser::watch_size(&element, move |width, height| {
            if width > 0.0 {
                sized(width, height);
            }
        });
    });
    node
}

/// Takes a width, if it is another one.
pub(crate) fn take_width(width_px: RwSignal<f64>, width: f64) {
    if (width_px.get_untracked() - width).abs() > 0.5 {
        width_px.set(width);
    }
}

/// The button that shows the axis and goes on to the next one.
pub(crate) fn axis_button(axis: RwSignal<Axis>, next: impl Fn() + 'static) -> AnyView {
    view! {
        <button class="axis-title" title="Axis (x)" on:click=move |_| next()>{move || words::axis(axis.get())}" ▾"</button>
    }
    .into_any()
}

/// A lane's name, beside it.
pub(crate) fn lane_title(name: &'static str, y: f32, height: f32) -> AnyView {
    view! { <div class="lane-title" style=format!("top:{y}px;height:{height}px;line-height:{height}px")>{name}</div> }
        .into_any()
}

/// The names of lanes as far as there is room for them, from `top` downwards.
pub(crate) fn lane_titles(layout: &Layout, top: f32, room: f32) -> Vec<AnyView> {
    let fits = |place: &&Place| place.y + place.height <= room + 1.0;
    let one = |place: &Place| lane_title(title(place.id), top + place.y, place.height);
    layout.lanes.iter().filter(fits).map(one).collect()
}

/// Where in the element a pointer is.
pub(crate) fn place_of(event: &ev::PointerEvent) -> (f64, f64) {
    (f64::from(event.offset_x()), f64::from(event.offset_y()))
}

/// How far a wheel was turned, in pixels.
pub(crate) fn wheel_px(event: &ev::WheelEvent) -> (f64, f64) {
    let unit = if event.delta_mode() == 1 { 16.0 } else { 1.0 };
    (event.delta_x() * unit, event.delta_y() * unit)
}

/// How much a turned wheel zooms: below 1 is closer.
pub(crate) fn zoom_factor(wheel_px: f64) -> f64 {
    (wheel_px * 0.004).clamp(-0.7, 0.7).exp()
}

/// Where a bubble beside the pointer stands, so that `room` pixels of it fit in.
pub(crate) fn beside(x: f64, width: f64, room: f64) -> String {
    if x > width - room {
        format!("right:{}px", width - x + 12.0)
    } else {
        format!("left:{}px", x + 12.0)
    }
}
