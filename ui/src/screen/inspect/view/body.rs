//! The body of an exchange that carries no events: text, JSON, bytes.

use leptos::prelude::*;
use scrubjay_ipc::BodyView;

use super::detail;
use crate::{
    browser,
    part::{note::failure, tab::tab},
    screen::inspect::{
        model::{Inspect, sides::DetailTab},
        words,
    },
};

const TABS: [(DetailTab, &str); 3] = [
    (DetailTab::Fields, "JSON"),
    (DetailTab::Raw, "Text"),
    (DetailTab::Hex, "Hex"),
];

/// What stands in the detail pane's place.
pub(crate) fn body(inspect: Inspect) -> AnyView {
    let sides = inspect.sides;
    let has_json = move || sides.body.read(|view| view.json.is_some()).unwrap_or(false);
    // The tabs of a frame that a body does not have lead to its most readable form.
    let shown = Memo::new(move |_| match sides.detail_tab.get() {
        DetailTab::Verdict | DetailTab::Fields if has_json() => DetailTab::Fields,
        DetailTab::Verdict | DetailTab::Fields => DetailTab::Raw,
        tab => tab,
    });
    let tabs = move || {
        let tabs = TABS
            .into_iter()
            .filter(|(of, _)| *of != DetailTab::Fields || has_json());
        let tab = |(of, name): (DetailTab, &'static str)| {
            tab(
                name,
                name.to_lowercase(),
                of,
                move || shown.get(),
                move |of| sides.detail_tab.set(of),
            )
        };
        tabs.map(tab).collect_view()
    };
    let state = move || sides.body.state(|_| true, |view| view.len == 0);
    let head = move || sides.body.read(facts);
    let content = move || match sides.body.report.get() {
        Some(report) => failure(&report),
        None => sides.body.read(|view| content(view, shown.get())).into_any(),
    };
    view! {
        <section class="pane detail" aria-label="Response body" data-pane="body" data-state=state data-as-of="0">
            <div class="ph"><b>"Response body"</b>{head}<span class="sp"></span><span class="tabs" role="tablist">{tabs}</span></div>
            <div class="body" tabindex="0" data-focus="">{content}</div>
        </section>
    }
    .into_any()
}

fn facts(view: &BodyView) -> AnyView {
    let kind = if view.content_type.is_empty() {
        "no type"
    } else {
        &view.content_type
    };
    view! { <span class="cut">{format!("{kind} · {}", words::bytes(view.len))}</span> }.into_any()
}

fn content(view: &BodyView, tab: DetailTab) -> AnyView {
    if view.len == 0 {
        return view! { <p class="dim">"The response has no body. Its headers stand under Input."</p> }.into_any();
    }
    if tab == DetailTab::Hex {
        return detail::hex_dump(&view.bytes, view.len, &[]);
    }
    let text = match (&view.json, tab) {
        (Some(json), DetailTab::Fields) => json.clone(),
        _ => view.text.clone(),
    };
    let copied = text.clone();
    view! {
        <div class="tools"><button class="btn" on:click=move |_| browser::copy(&copied)>"Copy"</button></div>
        {view.lossy.then(|| view! { <p class="bad">"Some bytes are not UTF-8; Hex shows them."</p> })}
        <pre class="raw" dir="auto">{words::visible(&text)}</pre>
        {view.cut.then(|| view! { <p class="dim">"Cut at 1 MB."</p> })}
    }
    .into_any()
}
