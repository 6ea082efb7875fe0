//! A bar between panes that can be dragged, or moved with the arrow keys.

use leptos::{ev, prelude::*};

use crate::browser;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grows {
    Right,
    Left,
    Down,
    Up,
}

/// A remembered size in pixels.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    name: &'static str,
    pub(crate) px: RwSignal<f64>,
    least: f64,
    most: f64,
}

impl Size {
    /// As it was left, or `usual`.
    pub(crate) fn remembered(name: &'static str, usual: f64, least: f64, most: f64) -> Self {
        let px = browser::recall(&format!("size.{name}")).and_then(|text| text.parse::<f64>().ok());
        Self {
            name,
            px: RwSignal::new(px.unwrap_or(usual).clamp(least, most)),
            least,
            most,
        }
    }

    fn set(self, px: f64) {
        self.px.set(px.clamp(self.least, self.most));
        browser::remember(&format!("size.{}", self.name), &self.px.get_untracked().to_string());
    }
}

pub(crate) fn splitter(size: Size, grows: Grows, label: &'static str) -> AnyView {
    let start = RwSignal::new(None::<(f64, f64)>);
    let place = move |event: &ev::PointerEvent| match grows {
        Grows::Down | Grows::Up => f64::from(event.client_y()),
        Grows::Left | Grows::Right => f64::from(event.client_x()),
    };
    let sign = if matches!(grows, Grows::Left | Grows::Up) {
        -1.0
    } else {
        1.0
    };
    let down = move |event: ev::PointerEvent| {
        browser::capture_pointer(&event);
        start.set(Some((place(&event), size.px.get_untracked())));
    };
    let moved = move |event: ev::PointerEvent| {
        if let Some((from, px)) = start.get_untracked() {
            size.set(px + sign * (place(&event) - from));
        }
    };
    let key = move |event: ev::KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowLeft" | "ArrowUp" => -16.0,
            "ArrowRight" | "ArrowDown" => 16.0,
            _ => return,
        };
        event.prevent_default();
        size.set(size.px.get_untracked() + sign * by);
    };
    view! {
        <div
            class="splitter" class:row=matches!(grows, Grows::Down | Grows::Up) role="separator" tabindex="0" aria-label=label
            aria-orientation=if matches!(grows, Grows::Down | Grows::Up) { "horizontal" } else { "vertical" }
            aria-valuenow=move || format!("{:.0}", size.px.get())
            on:pointerdown=down on:pointermove=moved on:pointerup=move |_| start.set(None)
            on:pointercancel=move |_| start.set(None) on:keydown=key
        ></div>
    }
    .into_any()
}
