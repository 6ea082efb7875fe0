//! The library: what was captured, and where the odd one is.

pub(crate) mod first_run;
pub(crate) mod rows;
pub(crate) mod selection;
pub(crate) mod sources;

use leptos::prelude::*;
use scrubjay_ipc::{LibraryPage, Verdict};
use wasm_bindgen::JsCast as _;

use crate::{
    browser,
    screen::{Page, library::words},
    shell::view::status_bar::health,
};

pub(crate) fn screen(page: Page) -> AnyView {
    let model = page.library;
    let state = move || model.list.page.state(|_| true, |page| page.total == 0);
    let is_first_run = Memo::new(move |_| {
        let none = model.list.page.read(is_empty_page).unwrap_or(false);
        page.shell.guides(none)
    });
    let is_empty = Memo::new(move |_| model.list.page.read(is_empty_page).unwrap_or(false));
    view! {
        <div class="library" data-pane="library" data-state=state
            data-total=move || model.list.page.read(|page| page.total.to_string())>
            {sources::strip(page.shell, is_first_run)}
            {move || is_first_run.get().then(|| first_run::card(page))}
            {move || if is_empty.get() && is_first_run.get() { ().into_any() } else { shelf(page) }}
        </div>
    }
    .into_any()
}

/// Nothing was captured at all.
fn is_empty_page(page: &LibraryPage) -> bool {
    page.total_unfiltered == 0 && page.others == 0
}

fn shelf(page: Page) -> AnyView {
    view! {
        <div class="shelf">
            {facets(page)}
            <div class="shelf-main">
                {tools(page)}
                {rows::rows(page)}
                {selection::bar(page)}
            </div>
        </div>
    }
    .into_any()
}

fn tools(page: Page) -> AnyView {
    let model = page.library;
    let into_list = move |event: leptos::ev::KeyboardEvent| {
        if matches!(event.key().as_str(), "Enter" | "ArrowDown") {
            event.prevent_default();
            model.enter();
            browser::focus(".lib-grid");
        }
    };
    view! {
        <div class="shelf-tools">
            <input id="library-search" class="field" type="search" placeholder="Search ids, paths, labels, first words"
                aria-label="Search" prop:value=move || model.text.get() on:keydown=into_list
                on:input=move |event| model.text.set(event_target_value(&event))/>
            {move || others_toggle(page)}
            <span class="sp"></span>
            {move || (!page.shell.is_read_only()).then(|| open_button(page))}
        </div>
    }
    .into_any()
}

/// Shows requests that are no runs, or hides them; there only when there are any.
fn others_toggle(page: Page) -> Option<AnyView> {
    let model = page.library;
    let shown = move || model.others.get();
    (model.other_count() > 0).then(|| {
        view! {
            <button class="btn outline others" class:on=shown aria-pressed=move || shown().to_string() data-others=""
                title="Requests that are no runs: preflights, info, histories, pages (O)"
                on:click=move |_| model.toggle_others()>
                <span class="sign">{move || if shown() { "✓" } else { "+" }}</span>
                {words::many(model.other_count(), "other request")}
            </button>
        }
        .into_any()
    })
}

/// Opens a recording from a file; dropping it onto the window does the same.
pub(crate) fn open_button(page: Page) -> AnyView {
    let chosen = move |event: leptos::ev::Event| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        let Some(input) = input else { return };
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            page.open_file(&file);
        }
        input.set_value("");
    };
    view! {
        <label class="btn outline file" title="Or drop the file onto the window">"Open a recording…"
            <input type="file" data-open-file="" on:change=chosen/></label>
    }
    .into_any()
}

fn facets(page: Page) -> AnyView {
    let model = page.library;
    let facets = model.list.page;
    let verdicts = move || {
        let counts = facets.read(|page| page.by_verdict.clone()).unwrap_or_default();
        let facet = |(verdict, n)| verdict_facet(page, verdict, n);
        counts.into_iter().map(facet).collect_view()
    };
    let sources = move || {
        let counts = facets.read(|page| page.by_source.clone()).unwrap_or_default();
        let facet = |(source, n)| source_facet(page, source, n);
        counts.into_iter().map(facet).collect_view()
    };
    view! {
        <aside class="facets" aria-label="Filters">
            <h3>"Outcome"</h3>{verdicts}
            <h3>"Source"</h3>{sources}
            {move || model.is_filtered().then(|| view! {
                <button class="btn outline" data-clear="" on:click=move |_| model.clear_filters()>"Clear filters"</button>
            })}
        </aside>
    }
    .into_any()
}

fn verdict_facet(page: Page, verdict: Verdict, n: u64) -> AnyView {
    let model = page.library;
    let on = move || model.verdicts.with(|verdicts| verdicts.contains(&verdict));
    view! {
        <button class="facet" class:on=on aria-pressed=move || on().to_string() data-verdict=words::verdict(verdict)
            on:click=move |_| model.toggle_verdict(verdict)>
            <span class=format!("sign {}", words::verdict_class(verdict))>{words::verdict_sign(verdict)}</span>
            <span>{words::verdict(verdict)}</span><span class="sp"></span><span class="faint">{words::count(n)}</span>
        </button>
    }
    .into_any()
}

fn source_facet(page: Page, source: String, n: u64) -> AnyView {
    let model = page.library;
    let name = source.clone();
    let on = move || model.source.with(|chosen| chosen.as_ref() == Some(&name));
    let on_too = on.clone();
    let label = if source.is_empty() {
        "opened files".to_owned()
    } else {
        source.clone()
    };
    view! {
        <button class="facet" class:on=on aria-pressed=move || on_too().to_string() data-source-facet=source.clone()
            on:click=move |_| model.source.update(|chosen| {
                *chosen = if chosen.as_ref() == Some(&source) { None } else { Some(source.clone()) };
            })>
            <bdi class="cut">{label}</bdi><span class="sp"></span><span class="faint">{words::count(n)}</span>
        </button>
    }
    .into_any()
}

/// The last three runs as buttons, for the empty Inspect.
pub(crate) fn last_three(page: Page) -> AnyView {
    page.library.recent.with(|rows| {
        let row = |row: scrubjay_ipc::LibraryRow| {
            let (exchange, first) = (row.exchange, row.first_seq);
            view! {
                <button class="facet" on:click=move |_| page.inspect_exchange(exchange, Some(first))>
                    <span class=format!("sign {}", words::verdict_class(row.verdict))>{words::outcome_sign(&row)}</span>
                    <bdi class="cut">{words::visible(&row.title)}</bdi><span class="sp"></span>
                    <span class="faint">{words::duration(row.duration_us)}</span>
                </button>
            }
        };
        rows.iter().cloned().map(row).collect_view().into_any()
    })
}

/// The line at the bottom of the window.
pub(crate) fn status(page: Page) -> AnyView {
    let others = page.library.others;
    let counts = move || {
        page.library
            .list
            .page
            .read(|page| words::library_count(page, others.get()))
    };
    view! {
        <b data-status="rows">{counts}</b>
        {move || health(page.shell)}
    }
    .into_any()
}
