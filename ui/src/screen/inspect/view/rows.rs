//! The rows: spans or events, as a grid that says how many there are.

use leptos::prelude::*;
use scrubjay_ipc::{Kind, Row, RowsOf};

use crate::{
    part::{
        list::numbered,
        note::{failure, note},
        tab::tab,
    },
    screen::inspect::{
        model::{Inspect, rows::RowsModel},
        words,
    },
};

pub(crate) fn rows(inspect: Inspect) -> AnyView {
    let model = inspect.rows;
    let total = move || model.list.total();
    // A page that came again as it was leaves its elements alone.
    let shown = Memo::new(move |_| model.list.page.read(|page| (page.first, page.rows.clone())));
    let state = move || model.list.page.state(|_| true, |page| page.total == 0);
    // A row of the events is its event's number; which events a span has is not known before it comes.
    let name = move |row: u64| match model.of.get() {
        RowsOf::Events => words::count(row + 1),
        RowsOf::Spans => format!("row {}", words::count(row + 1)),
    };
    let view_tab = move |name, of| tab(name, name, of, move || model.of.get(), move |of| model.set_view(of));
    let attributes = view! {
        <{..} role="grid" tabindex="0" data-focus="" aria-label="Rows" aria-colcount="6"
            aria-rowcount=move || total().to_string()
            aria-activedescendant=move || model.current.get().filter(|row| model.list.is_here(*row)).map(|row| format!("row-{row}"))/>
    };
    view! {
        <section class="pane rows" aria-label="Rows" data-pane="rows" data-state=state
            data-as-of=move || inspect.seq.get().to_string() data-total=move || total().to_string()>
            <div class="ph">
                <b>"Rows"</b>
                <span class="tabs" role="tablist">{view_tab("spans", RowsOf::Spans)}{view_tab("events", RowsOf::Events)}</span>
                <span class="sp"></span>
                <span>{move || words::count(total())}</span>
                <span class="as-of">{move || words::as_of(inspect.seq.get())}</span>
            </div>
            <div class="grid" class:events=move || model.of.get() == RowsOf::Events>
                {numbered(model.list, attributes, name, move || shown.with(|shown| page(inspect, shown.as_ref())))}
                {move || empty(inspect)}
            </div>
        </section>
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
    let (first_seq, chosen) = (row.first_seq, row.clone());
    let severity_class = row
        .severity
        .map(|severity| format!("sev sev-{}", words::severity(severity)));
    view! {
        <div class="r row" role="row" id=format!("row-{number}") class:sel=is_current class:in=row.depth != 0 class:open=row.open
            class:ahead=move || inspect.seq.get() < first_seq
            aria-rowindex=(number + 1).to_string() aria-selected=move || is_current().to_string() aria-label=spoken(row)
            data-seq=first_seq.to_string() data-kind=words::kind(row.kind)
            on:click=move |_| model.choose(inspect, number, &chosen)>
            <span class="n" role="gridcell">{words::count(u64::from(first_seq))}</span>
            <span class="t" role="gridcell">{words::offset_short(row.at_us)}</span>
            <span class="gl" style=format!("background:var({})", words::kind_token(row.kind))></span>
            <span class="kind" role="gridcell">{if row.span.is_some() { words::kind(row.kind).to_owned() } else { row.subject.clone() }}</span>
            <span class="sum" role="gridcell">{caret(model, row)}{lead(row)}<bdi>{words::visible(&row.summary)}</bdi></span>
            <span class="d" role="gridcell">{row.measure.clone()}</span>
            <span role="gridcell" class=severity_class.unwrap_or_else(|| "sev".to_owned())>{row.severity.map(words::severity_sign)}</span>
        </div>
    }
    .into_any()
}

/// What a screen reader says of a row.
fn spoken(row: &Row) -> String {
    let severity = row.severity.map(words::severity);
    let severity = severity.map(|severity| format!(", {severity}")).unwrap_or_default();
    let kind = words::kind(row.kind);
    format!(
        "event {}, {kind}, {} {}{severity}",
        words::count(u64::from(row.first_seq)),
        row.subject,
        row.summary
    )
}

/// Opens the events of a span.
fn caret(model: RowsModel, row: &Row) -> Option<AnyView> {
    let span = row.span.filter(|_| row.last_seq > row.first_seq)?;
    let is_open = move || model.expanded.with(|expanded| expanded.contains(&span));
    let caret = view! {
        <button class="caret" tabindex="-1" aria-label="Events of this row" aria-expanded=move || is_open().to_string()
            on:click=move |event| { event.stop_propagation(); model.toggle(span); }>
            {move || if is_open() { "▾" } else { "▸" }}
        </button>
    };
    Some(caret.into_any())
}

/// What a span is called, before its summary.
fn lead(row: &Row) -> Option<AnyView> {
    (row.span.is_some() && is_named(row)).then(|| {
        // A name stands whole, as far as it has room; of an id its beginning is enough.
        let name = match row.kind {
            Kind::Run | Kind::Subagent => words::short_id(&row.subject),
            _ => row.subject.clone(),
        };
        view! { <b class="lead"><bdi title=row.subject.clone()>{words::visible(&name)}</bdi></b>" " }.into_any()
    })
}

/// Whether a span's subject adds to its family.
fn is_named(row: &Row) -> bool {
    let is_usual = matches!(row.kind, Kind::Text | Kind::Reasoning) && row.subject == "assistant";
    let says_more = !row.summary.starts_with(&row.subject) && row.subject != words::kind(row.kind);
    !row.subject.is_empty() && !is_usual && says_more
}

fn empty(inspect: Inspect) -> Option<AnyView> {
    let page = inspect.rows.list.page;
    if let Some(report) = page.report.get() {
        return Some(failure(&report));
    }
    let is_empty = page.read(|page| page.total == 0).unwrap_or(false);
    is_empty.then(|| {
        let relayed = inspect.opened.with(|opened| opened.as_ref().and_then(|opened| opened.relayed));
        if let Some((sent, received)) = relayed {
            note(words::relayed(sent, received))
        } else if inspect.tail().live {
            note("Nothing has arrived yet. The agent has the request and has not answered.")
        } else {
            note("This exchange carries no events. The pane beside shows the response body; Input shows the request and all headers.")
        }
    })
}
