//! The library's rows: one a run, or an exchange that carries none.

use leptos::prelude::*;
use scrubjay_ipc::{Ending, LibraryPage, LibraryRow, Verdict};

use super::selection;
use crate::{
    browser,
    part::{counts, list::list, note::failure},
    screen::{
        Page,
        library::{commands, words},
    },
};

/// Columns of numbers, which stand right.
const NUMBERS: std::ops::RangeInclusive<usize> = 2..=6;

pub(crate) fn rows(page: Page) -> AnyView {
    let model = page.library;
    let attributes = view! {
        <{..} class:lib-grid=true role="grid" tabindex="0" data-focus="" aria-label="Runs"
            aria-rowcount=move || model.list.total().to_string() aria-colcount="11"/>
    };
    view! {
        {head(page)}
        <div class="lib-list">
            {list(model.list, attributes, move || page_of(page))}
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
                    title="Order by this column; press again to reverse the order"
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
    let rows = page.library.list.page.read(|window| {
        let rows = (window.first..).zip(&window.rows);
        rows.map(|(number, row)| row_view(page, number, row)).collect_view()
    });
    rows.into_any()
}

fn row_view(page: Page, number: u64, row: &LibraryRow) -> AnyView {
    let model = page.library;
    let key = (row.exchange, row.run);
    let is_chosen = move || model.chosen.get() == Some(key);
    let (exchange, first) = (row.exchange, row.first_seq);
    let verdict = words::verdict(row.verdict);
    let outcome = words::outcome(row.verdict, row.status);
    let name = format!("{outcome}, {}, {}", words::title(row), words::duration(row.duration_us));
    view! {
        <div class="lib-row" role="row" class:sel=is_chosen class:picked=move || model.selection.has(key.0, key.1) aria-selected=move || is_chosen().to_string()
            aria-rowindex=(number + 1).to_string() aria-label=name data-exchange=exchange.to_string()
            data-run=row.run.map(|run| run.to_string()) data-verdict=verdict
            on:click=move |event: leptos::ev::MouseEvent| selection::clicked(page, &event, key)
            on:dblclick=move |_| page.inspect_exchange(exchange, Some(first))>
            <span class=format!("sign {}", words::verdict_class(row.verdict)) role="gridcell" title=outcome>
                {words::outcome_sign(row)}</span>
            <span class="lib-name" role="gridcell">{first_line(page, row)}{second_line(row)}</span>
            {numbers(row)}
            <span role="gridcell">{counts::counts(row.errors, row.warnings, row.notes)}</span>
            {selection::buttons(page, row)}
            {(!page.shell.is_read_only()).then(|| delete_button(page, row))}
        </div>
    }
    .into_any()
}

/// What it is called, how the connection ended, and its labels.
fn first_line(page: Page, row: &LibraryRow) -> AnyView {
    let (exchange, first) = (row.exchange, row.first_seq);
    let ending =
        words::is_bad_ending(row.ending).then(|| view! { <span class="tag warn">{words::ending(row.ending)}</span> });
    let left = (row.ending == Ending::ClientLeft).then(|| view! { <span class="tag">"client left"</span> });
    let label = |(name, value): &(String, String)| {
        view! { <span class="tag"><bdi>{words::visible(name)}"="{words::visible(value)}</bdi></span> }
    };
    view! {
        <span class="line"><button class="link title" tabindex="-1"
            on:click=move |_| page.inspect_exchange(exchange, Some(first))><bdi>{words::visible(&words::title(row))}</bdi></button>
            {ending}{left}{row.labels.iter().take(3).map(label).collect_view()}</span>
    }
    .into_any()
}

/// The columns from the start to the bytes.
fn numbers(row: &LibraryRow) -> AnyView {
    let started_us = row.started_at_millis.saturating_mul(1_000);
    let ago = words::ago(row.started_at_millis, browser::wall_ms(), &row.started_at);
    let tools = if row.tools == 0 {
        "–".to_owned()
    } else {
        words::count(u64::from(row.tools))
    };
    let number = |text: String| view! { <span class="num" role="gridcell">{text}</span> };
    view! {
        <span role="gridcell" title=ago>{words::clock(started_us, browser::minutes_east(row.started_at_millis))}</span>
        {number(words::duration(row.duration_us))}
        {number(row.ttft_us.map_or_else(|| "–".to_owned(), words::duration))}
        {number(words::count(row.frames))}
        {number(tools)}
        {number(words::bytes(row.bytes))}
    }
    .into_any()
}

fn delete_button(page: Page, row: &LibraryRow) -> AnyView {
    let row = row.clone();
    view! {
        <span role="gridcell"><button class="btn icon quiet" tabindex="-1" title="Delete (Delete)" aria-label="Delete"
            on:click=move |event| { event.stop_propagation(); commands::delete(page, &row); }>"×"</button></span>
    }
    .into_any()
}

/// Where it went, and which run of which thread it is.
fn second_line(row: &LibraryRow) -> AnyView {
    // The status that is the outcome stands there.
    let is_outcome = matches!(row.verdict, Verdict::Refused | Verdict::Redirected);
    let is_failure = !is_outcome && row.status.is_none_or(|status| status >= 400);
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
            {(is_failure || is_repeated && !is_outcome).then(|| view! { <b class:bad=is_failure>{status}</b> })}
            {(!is_repeated).then(|| view! { <bdi class="cut" title=whole>{words::visible(&ids)}</bdi> })}
            {kind.map(|kind| view! { <span>{kind}</span> })}
            {(!row.source.is_empty()).then(|| view! { <span>{row.source.clone()}</span> })}
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
    if let Some(report) = model.list.page.report.get() {
        return Some(failure(&report));
    }
    let counts = |page: &LibraryPage| (page.total, page.total_unfiltered, page.others);
    let (total, all, others) = model.list.page.read(counts)?;
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
