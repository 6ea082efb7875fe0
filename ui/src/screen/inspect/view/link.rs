//! A frame's name that leads to it.

use leptos::prelude::*;
use scrubjay_ipc::Target;

use crate::screen::inspect::{model::Inspect, words};

/// Puts the playhead on a frame; back leads to where it was.
pub(crate) fn frame_link(inspect: Inspect, seq: u32) -> AnyView {
    view! { <button class="link" on:click=move |_| inspect.visit(Target::Seq(seq))>{words::frame(seq)}</button> }
        .into_any()
}
