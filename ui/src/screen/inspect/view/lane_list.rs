//! The lanes as lists: what the canvas shows, for the keyboard and for screen readers.
//!
//! The list is made when the focus comes to it (`F6`) and gone when it leaves,
//! so that it costs nothing while it is not read.

use leptos::{ev, html, prelude::*};
use scrubjay_ipc::{Form, Lane, Shape, Target};
use scrubjay_timeline::title;
use wasm_bindgen::JsCast as _;

use crate::{
    browser::{self, OrLog as _},
    screen::inspect::{model::Inspect, words},
};

/// Shapes of a lane that are listed; zoom in for those between.
const LISTED: usize = 60;

/// The list over the lanes.
pub(crate) fn lane_list(inspect: Inspect) -> AnyView {
    let is_read = RwSignal::new(false);
    let node = NodeRef::<html::Div>::new();
    let left = move |event: ev::FocusEvent| {
        let to = event
            .related_target()
            .and_then(|to| to.dyn_into::<web_sys::Node>().ok());
        let stays = node.get_untracked().is_some_and(|list| list.contains(to.as_ref()));
        is_read.set(stays);
    };
    let key = move |event: ev::KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowDown" => 1,
            "ArrowUp" => -1,
            _ => return,
        };
        event.prevent_default();
        if let Some(list) = node.get_untracked() {
            step(&list, by);
        }
    };
    let lanes = move || {
        if !is_read.get() {
            return ().into_any();
        }
        let view = inspect.lanes.get().unwrap_or_default();
        view.lanes
            .iter()
            .map(|lane| section(inspect, lane))
            .collect_view()
            .into_any()
    };
    view! {
        <div class="lane-list" class:read=move || is_read.get() node_ref=node tabindex="0" data-focus="" data-pane="lane-list"
            data-state=move || if is_read.get() { "ready" } else { "empty" } role="group" aria-label="Lanes as lists"
            on:focusin=move |_| is_read.set(true) on:focusout=left on:keydown=key>
            {move || is_read.get().then(|| view! {
                <p class="dim">"The lanes as lists: "<kbd>"↓"</kbd>" "<kbd>"↑"</kbd>" step, "<kbd>"⏎"</kbd>" goes there, "<kbd>"F6"</kbd>" leaves."</p>
            })}
            {lanes}
        </div>
    }
    .into_any()
}

fn section(inspect: Inspect, lane: &Lane) -> AnyView {
    let name = title(lane.id);
    let listed: Vec<&Shape> = lane.shapes.iter().filter(|shape| shape.first_seq > 0).collect();
    let items: Vec<_> = listed.iter().take(LISTED).map(|shape| item(inspect, shape)).collect();
    let more = (listed.len() > LISTED)
        .then(|| view! { <li class="dim">{format!("and {} more; zoom in to see them", listed.len() - LISTED)}</li> });
    let none = listed
        .is_empty()
        .then(|| view! { <li class="dim">"Nothing in this lane"</li> });
    view! { <section><h3 class="minor">{name}</h3><ul aria-label=name>{items}{more}{none}</ul></section> }.into_any()
}

fn item(inspect: Inspect, shape: &Shape) -> AnyView {
    let (first, last) = (shape.first_seq, shape.last_seq);
    let place = words::frames(first, last);
    let what = if shape.label.is_empty() {
        words::kind(shape.kind).to_owned()
    } else {
        words::visible(&shape.label)
    };
    let open = (shape.form == Form::TornBar).then(|| words::open_end(inspect.tail_now().live));
    let open = open.filter(|word| !shape.label.ends_with(word));
    let severity = shape.severity.map(|severity| {
        view! { <span class=format!("sev-{}", words::severity(severity))>{format!("{} {}", words::severity_sign(severity), words::severity(severity))}</span> }
    });
    view! {
        <li><button tabindex="-1" data-lane-item=first.to_string() on:click=move |_| inspect.visit(Target::Seq(first))>
            <bdi class="cut">{what}</bdi>{open}<span class="dim">{place}</span>{severity}</button></li>
    }
    .into_any()
}

/// Moves the focus to the next item, over the borders of lanes.
fn step(list: &web_sys::Element, by: i64) {
    let Ok(items) = list.query_selector_all("button") else {
        return;
    };
    let items: Vec<web_sys::HtmlElement> = (0..items.length())
        .filter_map(|place| items.item(place)?.dyn_into().ok())
        .collect();
    let here = browser::focused();
    let at = items.iter().position(|item| here.as_ref() == Some(item));
    let next = at.map_or(0, |at| at.saturating_add_signed(by as isize));
    if let Some(item) = items.get(next) {
        item.focus().or_log();
    }
}
