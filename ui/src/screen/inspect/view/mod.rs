//! The workbench: timeline, transport, rows, detail, and what is as of the playhead.

pub(crate) mod body;
pub(crate) mod chat;
pub(crate) mod detail;
pub(crate) mod input;
pub(crate) mod lane_list;
pub(crate) mod link;
pub(crate) mod problems;
pub(crate) mod rows;
pub(crate) mod run_card;
pub(crate) mod state;
pub(crate) mod timeline;
pub(crate) mod transport;

use leptos::prelude::*;

use crate::{
    browser,
    part::{
        coded::coded,
        splitter::{Grows, Size, splitter},
        tab::tab,
    },
    screen::{
        Page, Screen,
        inspect::{
            model::{Inspect, sides::Side},
            words,
        },
        library::view as library,
    },
    shell::view::status_bar::health,
};

pub(crate) fn screen(page: Page) -> AnyView {
    let model = page.inspect;
    let phase = Memo::new(move |_| {
        if model.exchange.get().is_none() {
            Phase::Nothing
        } else if model.refused.with(Option::is_some) {
            Phase::Refused
        } else if model.opened.with(Option::is_none) {
            Phase::Opening
        } else {
            Phase::Open
        }
    });
    // The bench stays while one exchange gives way to another.
    let shown = Memo::new(move |_| match phase.get() {
        Phase::Opening => Phase::Open,
        other => other,
    });
    let word = move || match phase.get() {
        Phase::Nothing => "empty",
        Phase::Refused => "error",
        Phase::Opening => "loading",
        Phase::Open => "ready",
    };
    view! {
        <div class="inspect" data-pane="inspect" data-state=word
            data-exchange=move || model.exchange.get().map(|exchange| exchange.to_string())
            data-as-of=move || model.seq.get().to_string() style=move || at_width(model)>
            {move || match shown.get() {
                Phase::Nothing => nothing(page),
                Phase::Refused => refused(page),
                Phase::Opening | Phase::Open => bench(page),
            }}
        </div>
    }
    .into_any()
}

/// Columns of times have room for the last one.
fn at_width(model: Inspect) -> String {
    let last = model
        .opened
        .with(|opened| opened.as_ref().map_or(0, |opened| opened.extent.clock as u64));
    let letters = words::offset_short(last).chars().count().max(7);
    format!("--at-width: {letters}ch")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Nothing,
    Refused,
    Opening,
    Open,
}

/// Nothing is open: the last three runs, and the way to the library.
fn nothing(page: Page) -> AnyView {
    view! {
        <div class="blank">
            <h2>"No recording is open"</h2>
            <p class="dim">"Open one of the last runs, or choose another in the Library."</p>
            <div class="blank-list">{move || library::last_three(page)}</div>
        </div>
    }
    .into_any()
}

fn refused(page: Page) -> AnyView {
    let report = page.inspect.refused.get();
    view! {
        <div class="blank">
            <h2>{report.as_ref().map(|report| coded(&report.message))}</h2>
            <p class="dim">{report.map(|report| coded(&report.hint))}</p>
            <button class="btn solid" on:click=move |_| page.shell.screen.set(Screen::Library)>
                "To the Library"
            </button>
        </div>
    }
    .into_any()
}

fn bench(page: Page) -> AnyView {
    let model = page.inspect;
    let wide = browser::window_width();
    let left = Size::remembered("rows", (wide * 0.34).clamp(380.0, 900.0), 220.0, 1_200.0);
    let right = Size::remembered("side", (wide * 0.27).clamp(300.0, 700.0), 240.0, 900.0);
    let is_drawer_open = RwSignal::new(false);
    let no_rows = RwSignal::new(false);
    let no_side = RwSignal::new(false);
    let is_eventless = Memo::new(move |_| model.is_eventless());
    let columns = move || {
        let rows = if no_rows.get() {
            "0px 0px".to_owned()
        } else {
            format!("minmax(200px, {}px) 5px", left.px.get())
        };
        let side = if no_side.get() {
            "0px 0px".to_owned()
        } else {
            format!("5px minmax(220px, {}px)", right.px.get())
        };
        format!("--columns: {rows} minmax(240px, 1fr) {side}")
    };
    view! {
        {timeline::timeline(model, page.shell)}
        {transport::transport(page, no_rows, no_side, is_drawer_open)}
        <div class="panes" style=columns class:no-rows=move || no_rows.get() class:no-side=move || no_side.get()
            class:drawer=move || is_drawer_open.get()>
            {rows::rows(model)}
            {splitter(left, Grows::Right, "Width of the rows")}
            {move || if is_eventless.get() { body::body(model) } else { detail::detail(model) }}
            {splitter(right, Grows::Left, "Width of the right pane")}
            {side(model, is_drawer_open)}
        </div>
        {problems::dock(model)}
    }
    .into_any()
}

/// State, chat, input: as of the playhead.
fn side(model: Inspect, is_drawer_open: RwSignal<bool>) -> AnyView {
    let sides = model.sides;
    let tab = move |side, name: &'static str| {
        tab(
            name,
            name.to_lowercase(),
            side,
            move || sides.tab.get(),
            move |side| sides.show(side),
        )
    };
    view! {
        <section class="pane side" aria-label="As of the playhead">
            <div class="ph">
                <span class="tabs" role="tablist">
                    {tab(Side::State, "State")}{tab(Side::Chat, "Chat")}{tab(Side::Input, "Input")}
                </span>
                <span class="sp"></span>
                <span class="as-of">{move || match sides.tab.get() {
                    Side::Input => "the request".to_owned(),
                    Side::State | Side::Chat => words::as_of(model.seq.get()),
                }}</span>
                <button class="btn drawer-close" on:click=move |_| is_drawer_open.set(false) aria-label="Close">"×"</button>
            </div>
            {move || match sides.tab.get() {
                Side::State => state::state(model),
                Side::Chat => chat::chat(model),
                Side::Input => input::input(model),
            }}
        </section>
    }
    .into_any()
}

/// The line at the bottom of the window.
pub(crate) fn status(page: Page) -> AnyView {
    let inspect = page.inspect;
    if inspect.opened.with(Option::is_none) {
        return view! { <span>"no recording open"</span> }.into_any();
    }
    let number = move || {
        let frames = inspect.tail().frames;
        format!(
            "#{} of {}",
            words::count(u64::from(inspect.seq.get())),
            words::count(u64::from(frames))
        )
    };
    let moment = move |read: fn(&scrubjay_ipc::Place) -> String| {
        move || {
            inspect
                .moment
                .with(|moment| moment.as_ref().map(read))
                .unwrap_or_default()
        }
    };
    let bytes = move || {
        inspect
            .opened
            .with(|opened| opened.as_ref().map(|opened| words::bytes(opened.bytes)))
    };
    view! {
        <b data-status="seq">{number}</b>
        <span data-status="clock">{moment(|moment| browser::clock_words(&moment.wall))}</span>
        <span data-status="time">{moment(|moment| words::offset(moment.at_us))}</span>
        <span data-status="gap">{moment(|moment| format!("Δ {}", words::duration(moment.gap_us)))}</span>
        <span data-status="bytes">{bytes}</span>
        {move || inspect.remark.with(|remark| (!remark.is_empty()).then(|| view! {
            <span class="busy" role="status">{remark.clone()}</span>
        }))}
        {move || analysed(page)}
        {move || health(page.shell)}
    }
    .into_any()
}

/// How far the analysis has come, while it has not reached the end.
fn analysed(page: Page) -> Option<AnyView> {
    let part = page
        .inspect
        .opened
        .with(|opened| opened.as_ref().map(|opened| opened.progress))?;
    (part < 0.995).then(|| view! { <span class="busy">{format!("analysed {:.0} %", part * 100.0)}</span> }.into_any())
}
