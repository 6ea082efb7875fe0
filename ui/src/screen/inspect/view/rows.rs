//! The rows: spans or events, as a grid that says how many there are.

use leptos::prelude::*;
use scrubjay_ipc::{Kind, Row, RowsOf};

use crate::{
    part::list::{Listed, list},
    screen::inspect::{
        model::{Inspect, rows::RowsModel},
        words,
    },
};

pub(crate) fn rows(inspect: Inspect) -> AnyView {
    let model = inspect.rows;
    let total = move || model.page.value.with(|page| page.as_ref().map_or(0, |page| page.total));
    // A page that came again as it was leaves its elements alone.
    let shown = Memo::new(move |_| {
        model
            .page
            .value
            .with(|page| page.as_ref().map(|page| (page.first, page.rows.clone())))
    });
    let state = move || model.page.state(|_| true, |page| page.total == 0);
    let listed = Listed {
        scroll: Signal::derive(move || model.scroll()),
        first: Signal::derive(move || model.page.value.with(|page| page.as_ref().map_or(0, |page| page.first))),
        top_px: model.top_px,
        view_px: model.view_px,
        scroll_to: model.scroll_to,
    };
    view! {
        <section class="pane rows" aria-label="Rows" data-pane="rows" data-state=state
            data-as-of=move || inspect.seq.get().to_string() data-total=move || total().to_string()>
            <div class="ph">
                <b>"Rows"</b>
                <span class="tabs" role="tablist">{tab(model, RowsOf::Spans, "spans")}{tab(model, RowsOf::Events, "events")}</span>
                <span class="sp"></span>
                <span>{move || words::count(total())}</span>
                <span class="as-of">{move || format!("as of #{}", words::count(u64::from(inspect.seq.get())))}</span>
            </div>
            <div class="grid" class:events=move || model.of.get() == RowsOf::Events role="grid" tabindex="0" data-focus="" aria-label="Rows" aria-colcount="6"
                aria-rowcount=move || total().to_string()
                aria-activedescendant=move || model.current.get().map(|row| format!("row-{row}"))>
                {list(listed, move || shown.with(|shown| page(inspect, shown.as_ref())))}
                {move || empty(inspect)}
            </div>
        </section>
    }
    .into_any()
}

fn tab(model: RowsModel, of: RowsOf, name: &'static str) -> AnyView {
    let on = move || model.of.get() == of;
    view! {
        <button class="tab2" role="tab" class:on=on aria-selected=move || on().to_string() data-rows=name
            on:click=move |_| model.set_view(of)>{name}</button>
    }
    .into_any()
}

fn page(inspect: Inspect, shown: Option<&(u64, Vec<Row>)>) -> AnyView {
    let Some((first, rows)) = shown else {
        return ().into_any();
    };
    let rows = (*first..).zip(rows).map(|(number, row)| row_view(inspect, number, row));
    rows.collect_view().into_any()
}

fn row_view(inspect: Inspect, number: u64, row: &Row) -> AnyView {
    let model = inspect.rows;
    let is_current = move || model.current.get() == Some(number);
    let is_ahead = row.first_seq;
    let severity = row
        .severity
        .map(|severity| (words::severity_sign(severity), words::severity(severity)));
    let name = format!(
        "event {}, {}, {} {}{}",
        row.first_seq,
        words::kind(row.kind),
        row.subject,
        row.summary,
        severity.map(|(_, name)| format!(", {name}")).unwrap_or_default()
    );
    let caret = row.span.filter(|_| row.last_seq > row.first_seq).map(|span| {
        let is_open = move || model.expanded.with(|expanded| expanded.contains(&span));
        view! {
            <button class="caret" tabindex="-1" aria-label="Events of this row" aria-expanded=move || is_open().to_string()
                on:click=move |event| { event.stop_propagation(); model.toggle(span); }>
                {move || if is_open() { "▾" } else { "▸" }}
            </button>
        }
    });
    let subject = if row.span.is_some() {
        words::kind(row.kind).to_owned()
    } else {
        row.subject.clone()
    };
    let lead = (row.span.is_some() && is_named(row))
        .then(|| view! { <b class="lead"><bdi title=row.subject.clone()>{words::visible(&words::short_id(&row.subject))}</bdi></b>" " });
    let chosen = row.clone();
    view! {
        <div class="r row" role="row" id=format!("row-{number}") class:sel=is_current class:in=row.depth != 0 class:open=row.open
            class:ahead=move || inspect.seq.get() < is_ahead
            aria-rowindex=(number + 1).to_string() aria-selected=move || is_current().to_string() aria-label=name
            data-seq=row.first_seq.to_string() data-kind=words::kind(row.kind)
            on:click=move |_| model.choose(inspect, number, &chosen)>
            <span class="n" role="gridcell">{row.first_seq}</span>
            <span class="t" role="gridcell">{words::offset_short(row.at_us)}</span>
            <span class="gl" style=format!("background:var({})", words::kind_token(row.kind))></span>
            <span class="kind" role="gridcell">{subject}</span>
            <span class="sum" role="gridcell">{caret}{lead}<bdi>{words::visible(&row.summary)}</bdi></span>
            <span class="d" role="gridcell">{row.measure.clone()}</span>
            <span role="gridcell" class=severity.map_or_else(|| "sev".to_owned(), |(_, name)| format!("sev sev-{name}"))>
                {severity.map(|(sign, _)| sign)}
            </span>
        </div>
    }
    .into_any()
}

/// Whether a span's subject adds to its family.
fn is_named(row: &Row) -> bool {
    let is_usual = matches!(row.kind, Kind::Text | Kind::Reasoning) && row.subject == "assistant";
    let says_more = !row.summary.starts_with(&row.subject) && row.subject != words::kind(row.kind);
    !row.subject.is_empty() && !is_usual && says_more
}

fn empty(inspect: Inspect) -> Option<AnyView> {
    let model = inspect.rows;
    if let Some(report) = model.page.report.get() {
        return Some(view! { <div class="pane-note bad"><b>{report.message}</b><p>{report.hint}</p></div> }.into_any());
    }
    let is_empty = model
        .page
        .value
        .with(|page| page.as_ref().is_some_and(|page| page.total == 0));
    is_empty.then(|| {
        let relayed = inspect.opened.with(|opened| opened.as_ref().and_then(|opened| opened.relayed));
        let words = if let Some((sent, received)) = relayed {
            return view! { <div class="pane-note"><p>{words::relayed(sent, received)}</p></div> }.into_any();
        } else if inspect.tail().live {
            "Nothing has arrived yet. The request is on its way to the upstream."
        } else {
            "This exchange carries no events. The body of its answer stands beside; the request and all headers under Input."
        };
        view! { <div class="pane-note"><p>{words}</p></div> }.into_any()
    })
}
