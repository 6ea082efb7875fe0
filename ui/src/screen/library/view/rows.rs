//! The library's rows: one a run, or an exchange that carries none.

use leptos::prelude::*;
use scrubjay_ipc::{LibraryRow, Verdict};

use crate::{
    browser,
    part::list::{Listed, list},
    screen::{
        Page,
        library::{commands, words},
    },
};

/// Columns of numbers, which stand right.
const NUMBERS: std::ops::RangeInclusive<usize> = 2..=6;

pub(crate) fn rows(page: Page) -> AnyView {
    let model = page.library;
    let total = move || model.page.value.with(|page| page.as_ref().map_or(0, |page| page.total));
    let listed = Listed {
        scroll: Signal::derive(move || model.scroll()),
        first: Signal::derive(move || model.page.value.with(|page| page.as_ref().map_or(0, |page| page.first))),
        top_px: model.top_px,
        view_px: model.view_px,
        scroll_to: model.scroll_to,
    };
    view! {
        {head(page)}
        <div class="lib-grid" role="grid" tabindex="0" data-focus="" aria-label="Runs" aria-rowcount=move || total().to_string()
            aria-colcount="9">
            {list(listed, move || page_of(page))}
            {move || nothing_matches(page)}
        </div>
    }
    .into_any()
}

/// Headings; a click orders the list by that column.
fn head(page: Page) -> AnyView {
    let model = page.library;
    let heading = |(column, (name, _, _)): (usize, (&'static str, _, _))| {
        let order = move || words::column_order(column, model.sort.get());
        let arrow = move || match order() {
            Some("ascending") => "▴",
            Some(_) => "▾",
            None => "",
        };
        view! {
            <span class:num=NUMBERS.contains(&column)>
                <button class="heading" class:on=move || order().is_some() data-column=name data-order=order
                    title="Order by this; once more turns it round"
                    aria-label=move || format!("{name}, {}", order().unwrap_or("not ordered by this"))
                    on:click=move |_| model.sort_by(column)>{name}<i>{arrow}</i></button>
            </span>
        }
    };
    let headings = words::COLUMNS.into_iter().enumerate().map(heading).collect_view();
    view! { <div class="lib-head" role="group" aria-label="Order">  <span></span>{headings}<span></span></div> }
        .into_any()
}

fn page_of(page: Page) -> AnyView {
    page.library.page.value.with(|window| {
        let Some(window) = window else { return ().into_any() };
        (window.first..)
            .zip(&window.rows)
            .map(|(number, row)| row_view(page, number, row))
            .collect_view()
            .into_any()
    })
}

fn row_view(page: Page, number: u64, row: &LibraryRow) -> AnyView {
    let model = page.library;
    let key = (row.exchange, row.run);
    let is_chosen = move || model.chosen.get() == Some(key);
    let (exchange, first) = (row.exchange, row.first_seq);
    let title = if row.title.is_empty() {
        format!("{} {}", row.method, row.target)
    } else {
        row.title.clone()
    };
    let ending =
        words::is_bad_ending(row.ending).then(|| view! { <span class="tag warn">{words::ending(row.ending)}</span> });
    let left =
        (row.ending == scrubjay_ipc::Ending::ClientLeft).then(|| view! { <span class="tag">"client left"</span> });
    let labels: Vec<_> = row.labels.iter().take(3)
        .map(|(name, value)| view! { <span class="tag"><bdi>{words::visible(name)}"="{words::visible(value)}</bdi></span> }).collect();
    let started_us = row.started_at_millis.saturating_mul(1_000);
    let ago = words::ago(row.started_at_millis, browser::wall_ms(), &row.started_at);
    let (doomed, is_read_only) = (row.clone(), page.shell.is_read_only());
    let name = format!(
        "{}, {}, {}",
        words::verdict(row.verdict),
        title,
        words::duration(row.duration_us)
    );
    view! {
        <div class="lib-row" role="row" class:sel=is_chosen class:picked=move || page.library.picks.has(key.0, key.1) aria-selected=move || is_chosen().to_string()
            aria-rowindex=(number + 1).to_string() aria-label=name data-exchange=row.exchange.to_string()
            data-run=row.run.map(|run| run.to_string()) data-verdict=words::verdict(row.verdict)
            on:click=move |event: leptos::ev::MouseEvent| crate::screen::library::view::picks::clicked(page, &event, key)
            on:dblclick=move |_| page.inspect_exchange(exchange, Some(first))>
            <span class=format!("sign {}", words::verdict_class(row.verdict)) role="gridcell" title=words::verdict(row.verdict)>
                {words::verdict_sign(row.verdict)}</span>
            <span class="lib-name" role="gridcell">
                <span class="line"><button class="link title" tabindex="-1"
                    on:click=move |_| page.inspect_exchange(exchange, Some(first))><bdi>{words::visible(&title)}</bdi></button>{ending}{left}{labels}</span>
                {second_line(row)}
            </span>
            <span role="gridcell" title=ago>{words::clock(started_us, browser::minutes_east(row.started_at_millis))}</span>
            <span class="num" role="gridcell">{words::duration(row.duration_us)}</span>
            <span class="num" role="gridcell">{row.ttft_us.map_or_else(|| "–".to_owned(), words::duration)}</span>
            <span class="num" role="gridcell">{words::count(row.frames)}</span>
            <span class="num" role="gridcell">{if row.tools == 0 { "–".to_owned() } else { row.tools.to_string() }}</span>
            <span class="num" role="gridcell">{words::bytes(row.bytes)}</span>
            <span role="gridcell">{problems(row)}</span>
            {crate::screen::library::view::picks::buttons(page, row)}
            {(!is_read_only).then(|| view! {
                <button class="btn icon quiet" tabindex="-1" title="Delete (Delete)" aria-label="Delete"
                    on:click=move |event| { event.stop_propagation(); commands::delete(page, &doomed); }>"×"</button>
            })}
        </div>
    }
    .into_any()
}

/// Where it went, and which run of which thread it is.
fn second_line(row: &LibraryRow) -> AnyView {
    let is_failure = row.status.is_none_or(|status| status >= 400);
    let status = row
        .status
        .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let is_named = !row.run_id.is_empty() && row.verdict != Verdict::NoRun;
    let request = format!("{} {}", row.method, row.target);
    // What the title says already is not said again.
    let is_repeated = !is_named && request == row.title;
    let ids = if !is_named {
        request
    } else {
        format!("{} › {}", words::short_id(&row.thread_id), words::short_id(&row.run_id))
    };
    let whole = format!("thread {} › run {}", row.thread_id, row.run_id);
    let whole = is_named.then_some(whole);
    let kind = (!is_named && !row.content_type.is_empty()).then(|| row.content_type.clone());
    view! {
        <span class="line faint">
            {(is_failure || is_repeated).then(|| view! { <b class:bad=is_failure>{status}</b> })}
            {(!is_repeated).then(|| view! { <bdi class="cut" title=whole>{words::visible(&ids)}</bdi> })}
            {kind.map(|kind| view! { <span>{kind}</span> })}
            {(!row.source.is_empty()).then(|| view! { <span>{row.source.clone()}</span> })}
        </span>
    }
    .into_any()
}

fn problems(row: &LibraryRow) -> AnyView {
    let count = |n: u32, class: &'static str, sign: &'static str, word: &str| {
        (n > 0).then(|| view! { <span class=class title=words::many(u64::from(n), word)>{sign}" "{n}</span> })
    };
    view! {
        <span class="counts">
            {count(row.errors, "sev-error", "✕", "error")}
            {count(row.warnings, "sev-warning", "▲", "warning")}
            {count(row.notes, "sev-note", "i", "note")}
        </span>
    }
    .into_any()
}

/// No run was captured, and other requests were.
fn only_others(page: Page, others: u64) -> AnyView {
    let text = format!("No run was recorded yet, and {}.", words::many(others, "other request"));
    view! {
        <div class="pane-note" data-only-others=""><p>{text}</p>
            <button class="btn outline" on:click=move |_| page.library.toggle_others()>"Show other requests "<kbd>"O"</kbd></button></div>
    }
    .into_any()
}

fn nothing_matches(page: Page) -> Option<AnyView> {
    let model = page.library;
    if let Some(report) = model.page.report.get() {
        return Some(view! { <div class="pane-note bad"><b>{report.message}</b><p>{report.hint}</p></div> }.into_any());
    }
    let (total, all, others) = model.page.value.with(|page| {
        page.as_ref()
            .map(|page| (page.total, page.total_unfiltered, page.others))
    })?;
    if total == 0 && all == 0 && others > 0 {
        return Some(only_others(page, others));
    }
    (total == 0 && all > 0).then(|| {
        let thing = if model.others.get() { "row" } else { "run" };
        view! {
            <div class="pane-note"><p>{format!("None of {} matches these filters.", words::many(all, thing))}</p>
                <button class="btn outline" on:click=move |_| model.clear_filters()>"Clear filters"</button></div>
        }
        .into_any()
    })
}
