//! The pairs, a window of them: what A has, how it relates, what B has.

use leptos::{ev, prelude::*};
use scrubjay_ipc::{PairKind, PairRow, PairSide};
use wasm_bindgen::JsCast as _;

use crate::{
    part::{
        list::list,
        note::{failure, note},
    },
    screen::compare::{model::CompareModel, words as how},
    words,
};

pub(crate) fn pairs(model: CompareModel) -> AnyView {
    let total = move || model.pairs.total();
    let shown = Memo::new(move |_| model.pairs.page.read(|page| (page.first, page.rows.clone())));
    let state = move || model.pairs.page.state(|_| true, |page| page.total == 0);
    let attributes = view! {
        <{..} role="grid" tabindex="0" data-focus="" aria-label="Pairs" aria-colcount="3" aria-rowcount=move || total().to_string()
            aria-activedescendant=move || model.chosen.get().filter(|pair| model.pairs.is_here(*pair)).map(|pair| format!("pair-{pair}"))/>
    };
    view! {
        <section class="pane pairs" aria-label="Pairs" data-pane="pairs" data-state=state data-total=move || total().to_string()
            data-as-of=move || model.chosen.get().map(|pair| pair.to_string())>
            <div class="ph"><b>"Pairs"</b><span>{move || words::count(total())}</span><span class="sp"></span>
                {check(model, "Only differences", "differences-only", "h", model.differences_only, CompareModel::toggle_differences)}
                {check(model, "Downstream", "downstream", "u", model.downstream_open, CompareModel::toggle_downstream)}</div>
            <div class="grid">
                {list(model.pairs, attributes, move || shown.with(|shown| page(model, shown.as_ref())))}
                {move || empty(model)}
            </div>
        </section>
    }
    .into_any()
}

/// A switch of the list; `key` does the same.
fn check(
    model: CompareModel,
    label: &'static str,
    id: &'static str,
    key: &'static str,
    is_on: RwSignal<bool>,
    toggle: fn(CompareModel),
) -> AnyView {
    view! {
        <label class="check" title=key><input type="checkbox" data-field=id prop:checked=is_on
            on:change=move |_| toggle(model)/>{label}</label>
    }
    .into_any()
}

fn page(model: CompareModel, shown: Option<&(u64, Vec<PairRow>)>) -> AnyView {
    let Some((first, rows)) = shown else {
        return ().into_any();
    };
    let threads = model.result().map(|result| result.threads).unwrap_or_default();
    let mut before = None;
    let rows = (*first..).zip(rows).map(|(number, row)| {
        let begins = threads.len() > 1 && before.replace(row.thread) != Some(row.thread);
        let thread = threads.get(row.thread as usize).filter(|_| begins);
        row_view(model, number, row, thread.map(how::thread_name))
    });
    rows.collect_view().into_any()
}

fn row_view(model: CompareModel, number: u64, row: &PairRow, thread: Option<String>) -> AnyView {
    let pair = row.pair;
    let is_chosen = move || model.chosen.get() == Some(pair);
    let is_taken = move || model.taken.get() == Some(pair);
    let chosen = row.clone();
    let folded = (row.folded > 0).then(|| {
        view! {
            <span class="folded" role="gridcell"><button class="link" tabindex="-1" title="Open what lies downstream (u)"
                on:click=move |event: ev::MouseEvent| { event.stop_propagation(); model.toggle_downstream(); }>
                {format!("{} downstream, not counted", words::many(u64::from(row.folded), "pair"))}</button></span>
        }
    });
    let (sign, relation) = how::relation(row);
    let name = format!(
        "turn {}, {relation}, {}",
        row.turn,
        row.a.as_ref().or(row.b.as_ref()).map_or("", |side| side.name.as_str())
    );
    let sides = row.folded == 0 || row.kind != PairKind::Downstream;
    let summary = (!row.summary.is_empty() && row.folded == 0)
        .then(|| view! { <bdi class="cut faint">{words::visible(&row.summary)}</bdi> });
    view! {
        <div class=format!("pair-row {}", how::class(row.kind)) role="row" id=format!("pair-{pair}") class:sel=is_chosen class:taken=is_taken
            aria-rowindex=(number + 1).to_string() aria-selected=move || is_chosen().to_string() aria-label=name
            data-pair=pair.to_string() data-kind=how::class(row.kind) data-first=row.first.to_string() data-by-hand=row.by_hand.to_string()
            on:click=move |_| model.choose(number, &chosen)>
            {sides.then(|| cell(model, pair, row.a.as_ref(), "a"))}
            <span class="relation" role="gridcell" title=relation><b>{sign}</b>
                {row.first.then(|| view! { <i class="first-mark" title="the first divergence">"first"</i> })}
                {row.by_hand.then(|| view! { <i class="dim" title="paired by hand">"by hand"</i> })}</span>
            {sides.then(|| cell(model, pair, row.b.as_ref(), "b"))}
            {folded}
            <span class="pair-summary" role="gridcell">
                {thread.map(|thread| view! { <span class="tag cut" title="The rows from here on are of this thread">{words::visible(&thread)}</span> })}
                {summary}</span>
        </div>
    }
    .into_any()
}

/// One side of a row; it can be dragged onto its partner.
fn cell(model: CompareModel, pair: u64, side: Option<&PairSide>, class: &'static str) -> AnyView {
    let Some(side) = side else {
        return view! { <span class=format!("pair-cell none {class}") role="gridcell"><span class="faint">"–"</span></span> }.into_any();
    };
    let down = move |event: ev::PointerEvent| {
        if event.button() == 0 {
            model.taken.set(None);
            drag(model, pair, &event);
        }
    };
    view! {
        <span class=format!("pair-cell {class}") role="gridcell" data-name=side.name.clone()
            title="Drag it onto its partner to pair the two by hand" on:pointerdown=down>
            <span class="gl" style=format!("background:var({})", words::kind_token(side.kind))></span>
            <b class="cut"><bdi>{words::visible(&label(side))}</bdi></b><bdi class="cut dim">{words::visible(&side.summary)}</bdi>
            <span class="faint n">{words::frame(side.first_seq)}</span>
        </span>
    }
    .into_any()
}

fn label(side: &PairSide) -> String {
    if side.name.is_empty() || side.name == "assistant" {
        words::kind(side.kind).to_owned()
    } else {
        side.name.clone()
    }
}

/// Follows the pointer until it is let go: on another row, the two are paired.
fn drag(model: CompareModel, pair: u64, event: &ev::PointerEvent) {
    let Some(cell) = event
        .current_target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
    else {
        return;
    };
    let began = (event.client_x(), event.client_y());
    let handles = StoredValue::new_local(Vec::<WindowListenerHandle>::new());
    let moved = window_event_listener(ev::pointermove, move |event: ev::PointerEvent| {
        let is_far = (event.client_y() - began.1).abs() > 8;
        if is_far && model.taken.get_untracked().is_none() {
            model.taken.set(Some(pair));
        }
    });
    let up = window_event_listener(ev::pointerup, move |event: ev::PointerEvent| {
        handles.update_value(|handles| handles.drain(..).for_each(WindowListenerHandle::remove));
        if model.taken.get_untracked() != Some(pair) {
            return;
        }
        model.taken.set(None);
        model.remark.set(String::new());
        let under = document()
            .element_from_point(event.client_x() as f32, event.client_y() as f32)
            .and_then(|element| element.closest("[data-pair]").ok().flatten())
            .and_then(|row| row.get_attribute("data-pair")?.parse::<u64>().ok());
        if let Some(other) = under.filter(|other| *other != pair) {
            model.pair_rows(pair, other);
        }
    });
    handles.update_value(|handles| handles.extend([moved, up]));
    drop(cell);
}

fn empty(model: CompareModel) -> Option<AnyView> {
    if let Some(report) = model.pairs.page.report.get() {
        return Some(failure(&report));
    }
    let is_empty = model.pairs.page.read(|page| page.total == 0).unwrap_or(false);
    is_empty.then(|| {
        note(if model.differences_only.get() {
            "No difference at this level."
        } else {
            "Neither side has anything to compare at this level."
        })
    })
}
