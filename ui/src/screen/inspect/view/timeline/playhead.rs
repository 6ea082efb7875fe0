//! The playhead: an element, moved by a transform alone.

use leptos::prelude::*;
use scrubjay_ipc::Place;

use super::{Drag, Stage};
use crate::screen::inspect::words;

/// Width that the label may need.
const LABEL_PX: f64 = 190.0;

pub(super) fn playhead(stage: Stage) -> AnyView {
    let inspect = stage.inspect;
    let width = move || inspect.width_px.get();
    let x = move || inspect.window.get().x_of(inspect.playhead_x(), width());
    let is_off = move || !(-1.0..=width() + 1.0).contains(&x());
    let is_right = move || x() > width() - LABEL_PX;
    let place = move || format!("transform:translateX({}px)", x().clamp(-20.0, width() + 20.0));
    let frames = move || inspect.tail().frames;
    let moment = move |say: &dyn Fn(&Place) -> String| inspect.moment.with(|moment| moment.as_ref().map(say));
    let label = move || {
        if inspect.is_ahead() {
            return Some(words::frame(inspect.seq.get()));
        }
        moment(&|moment| format!("{}  {}", words::frame(moment.seq), words::offset(moment.at_us)))
    };
    let spoken = move || moment(&|moment| spoken(moment, frames()));
    let hint = move || {
        let hint = moment(&|moment| words::visible(&moment.hint)).filter(|hint| !hint.is_empty());
        let is_dragged = stage.drag.get() == Some(Drag::Scrub);
        hint.filter(|_| is_dragged)
            .map(|hint| view! { <bdi class="playhead-hint">{hint}</bdi> })
    };
    view! {
        <div
            class="playhead" class:off=is_off class:flip=is_right style=place data-focus="" data-playhead=""
            role="slider" tabindex="0" aria-label="Playhead" aria-orientation="horizontal" aria-valuemin="0"
            aria-valuemax=move || frames().to_string() aria-valuenow=move || inspect.seq.get().to_string()
            aria-valuetext=move || spoken().unwrap_or_default()
        >
            <svg class="playhead-cap" width="13" height="9" viewBox="0 0 13 9" aria-hidden="true"><path d="M0 0h13L6.5 9z"></path></svg>
            <span class="playhead-label">{label}{hint}</span>
        </div>
    }
    .into_any()
}

/// Where the playhead is, for a screen reader.
fn spoken(moment: &Place, frames: u32) -> String {
    let secs = moment.at_us as f64 / 1e6;
    let kind = moment.type_name.replace('_', " ").to_lowercase();
    let severity = moment.severity.map(words::severity);
    let severity = severity.map(|severity| format!(", {severity}")).unwrap_or_default();
    format!(
        "event {} of {}, plus {secs:.1} seconds, {kind}{severity}",
        words::count(u64::from(moment.seq)),
        words::count(u64::from(frames))
    )
}
