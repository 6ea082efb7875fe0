//! Play, speed, axis, and whether the playhead follows.

use leptos::prelude::*;
use scrubjay_ipc::{Opened, SourceState, Target, Verdict};

use crate::{
    browser,
    screen::{
        Page,
        inspect::{
            commands,
            model::{
                Inspect,
                follow::{self, Follow},
            },
            words,
        },
    },
};

/// The bar between lanes and panes.
pub(crate) fn transport(
    page: Page,
    no_rows: RwSignal<bool>,
    no_side: RwSignal<bool>,
    drawer: RwSignal<bool>,
) -> AnyView {
    let inspect = page.inspect;
    let fold = move |hidden: RwSignal<bool>, name: &'static str, sign: &'static str| {
        view! {
            <button class="btn icon wide-only" class:on=move || !hidden.get() aria-pressed=move || (!hidden.get()).to_string()
                title=name aria-label=name on:click=move |_| hidden.update(|hidden| *hidden = !*hidden)>{sign}</button>
        }
    };
    view! {
        <div class="bar trans" data-pane="transport" data-follow=move || inspect.follow.get().word()
            data-playing=move || inspect.playing.get().to_string() data-as-of=move || inspect.seq.get().to_string()>
            {buttons(inspect)}
            {speed(inspect)}
            <button class="chip roomy-only" data-axis="" title="Axis (x)" on:click=move |_| inspect.cycle_axis()>
                <span class="dim">"axis "</span>{move || words::axis(inspect.axis.get())}
                {move || inspect.collapses_nothing().then(|| view! { <span class="dim" data-nothing-collapsed="">" (no gap is over 2 s)"</span> })}
            </button>
            <button class="chip" title="Zoom out to everything (Shift f)" on:click=move |_| inspect.fit_all()>"fit all"</button>
            <button class="chip wide-only" aria-pressed=move || inspect.folding.get().charts.to_string()
                class:on=move || inspect.folding.get().charts title="Throughput and gaps below the lanes"
                on:click=move |_| toggle_charts(inspect)>"charts"</button>
            <span class="sp"></span>
            {move || unverified_chip(inspect)}{move || hole_chip(inspect)}
            {move || stop_chip(inspect)}
            {move || follow_pill(page)}
            {serve(page)}
            {move || export(page)}
            {fold(no_rows, "Show or hide the rows", "◧")}
            {fold(no_side, "Show or hide the right pane", "◨")}
            <button class="chip narrow-only" on:click=move |_| drawer.update(|open| *open = !*open)>"State and chat"</button>
        </div>
    }
    .into_any()
}

fn buttons(inspect: Inspect) -> AnyView {
    let button = move |name: &'static str, path: &'static str, act: fn(Inspect)| {
        view! {
            <button class="btn icon" title=name aria-label=name data-command=name on:click=move |_| act(inspect)>
                <svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true"><path d=path></path></svg>
            </button>
        }
    };
    let play = move || {
        if inspect.playing.get() {
            "M3 2h3v10H3zM8 2h3v10H8z"
        } else {
            "M3 1.5v11l9-5.5z"
        }
    };
    let name = move || {
        if inspect.playing.get() {
            "Pause (Space)"
        } else {
            "Play (Space)"
        }
    };
    view! {
        <span class="buttons" role="group" aria-label="Playback">
            {button("Start (Home)", "M2 2h2v10H2zM12 2v10L5 7z", |inspect| inspect.visit(Target::Seq(0)))}
            {button("Previous row (←)", "M10 2v10L3 7z", |inspect| inspect.rows.step(inspect, -1))}
            <button class="btn icon main" title=name aria-label=name data-command="play" on:click=move |_| inspect.play_or_pause()>
                <svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true"><path d=play></path></svg>
            </button>
            {button("Next row (→)", "M4 2v10l7-5z", |inspect| inspect.rows.step(inspect, 1))}
            {button("End, and follow (End)", "M10 2h2v10h-2zM2 2v10l7-5z", Inspect::end)}
        </span>
    }
    .into_any()
}

fn speed(inspect: Inspect) -> AnyView {
    let step = move |faster: bool| inspect.speed.update(|speed| *speed = words::next_speed(*speed, faster));
    view! {
        <span class="chip group roomy-only" role="group" aria-label="Speed">
            <button title="Slower (-)" aria-label="Slower" on:click=move |_| step(false)>"−"</button>
            <button class="speed" title="Normal speed (Backspace)" data-speed=move || inspect.speed.get().to_string()
                on:click=move |_| inspect.speed.set(1.0)>{move || words::speed(inspect.speed.get())}</button>
            <button title="Faster (=)" aria-label="Faster" on:click=move |_| step(true)>"+"</button>
        </span>
    }
    .into_any()
}

fn toggle_charts(inspect: Inspect) {
    inspect.folding.update(|folding| folding.charts = !folding.charts);
    browser::remember(
        "charts",
        if inspect.folding.get_untracked().charts {
            "on"
        } else {
            "off"
        },
    );
}

/// That the upstream's certificate was not verified, if so.
fn unverified_chip(inspect: Inspect) -> Option<AnyView> {
    let is_unverified = inspect
        .opened
        .with(|opened| opened.as_ref().is_some_and(|opened| opened.unverified));
    let title = "Recorded with --insecure: anyone on the way could have read and changed everything";
    is_unverified
        .then(|| view! { <span class="chip bad" title=title data-unverified="">"TLS not verified"</span> }.into_any())
}

/// What of the body was not recorded, if anything.
fn hole_chip(inspect: Inspect) -> Option<AnyView> {
    let holes = inspect
        .opened
        .with(|opened| opened.as_ref().map(|opened| opened.holes.clone()))?;
    let (first, _) = holes.first()?;
    let known: u64 = holes.iter().filter_map(|(_, len)| *len).sum();
    let what = match known {
        0 => format!("not recorded from byte {} on", words::count(*first)),
        known => format!("{} not recorded", words::bytes(known)),
    };
    let title = "Recording was paused or the disk was full; the wire lane shows where";
    Some(
        view! { <span class="chip bad" title=title data-holes=holes.len().to_string()><b>"▨"</b>" "{what}</span> }
            .into_any(),
    )
}

/// Where the official client gives up, if it does.
fn stop_chip(inspect: Inspect) -> Option<AnyView> {
    let stop = inspect
        .opened
        .with(|opened| opened.as_ref().and_then(|opened| opened.stop.clone()))?;
    let seq = stop.seq;
    Some(view! {
        <button class="chip bad" title=stop.message data-stop=seq.to_string() on:click=move |_| inspect.visit(Target::Seq(seq))>
            <b>"✕"</b>{format!(" client stops at #{}", words::count(u64::from(seq)))}
        </button>
    }
    .into_any())
}

/// Three states, three words, three signs.
fn follow_pill(page: Page) -> AnyView {
    let inspect = page.inspect;
    let (follow, tail) = (inspect.follow.get(), inspect.tail());
    let is_cut_off = source_here(page).is_some_and(|source| {
        matches!(
            source.state,
            SourceState::Paused | SourceState::Stopped | SourceState::Failed { .. }
        )
    });
    if tail.live && is_cut_off {
        return view! {
            <span class="pill bad" data-live="not-recording"><b>"■"</b>" NOT RECORDING "<span class="dim">"traffic still passes"</span></span>
        }
        .into_any();
    }
    match follow {
        Follow::Following if tail.live => {
            view! { <span class="pill follow" data-live="follow"><b class="rec-dot">"●"</b>" FOLLOW"</span> }.into_any()
        }
        Follow::Detached { .. } => {
            let (frames, problems) = follow.news(tail).unwrap_or_default();
            let news = follow::news_words(frames, problems);
            view! {
                <button class="pill detached" data-live="detached" on:click=move |_| inspect.end()>
                    <b>"◌"</b>" DETACHED "<span class="dim">{format!("{news} — ")}</span><kbd>"End"</kbd><span class="dim">" to follow"</span>
                </button>
            }
            .into_any()
        }
        _ => {
            let (words, is_bad) = inspect
                .opened
                .with(|opened| opened.as_ref().map(ended_words))
                .unwrap_or_default();
            let waits = follow == Follow::Following && !page.shell.recording().is_empty();
            let next = waits.then(|| view! { <span class="dim">" · the next run will be shown"</span> });
            view! { <span class="pill" class:bad=is_bad data-live="recorded">{words}{next}</span> }.into_any()
        }
    }
}

/// How it ended, and whether that needs a second look; the status where it stands in the place of a run.
fn ended_words(opened: &Opened) -> (String, bool) {
    let status = words::status_without_run(opened).filter(|_| !words::is_bad_ending(opened.ending));
    match status {
        Some(status) => (status, opened.without_run == Some(Verdict::Refused)),
        None => {
            let ending = words::ending(opened.ending);
            (format!("ended: {ending}"), words::is_bad_ending(opened.ending))
        }
    }
}

/// The source of the open exchange, if it is known.
fn source_here(page: Page) -> Option<scrubjay_ipc::Source> {
    let opened = page.inspect.opened;
    let name = opened.with(|opened| opened.as_ref().map(|opened| opened.source.clone()))?;
    page.shell.source(&name)
}

/// Serves the exchange as the agent, where something can.
fn serve(page: Page) -> Option<AnyView> {
    crate::bridge::has_engine().then(|| {
        view! { <button class="btn wide-only" data-serve="" title="Serve it as the agent (q)" on:click=move |_| page.serve()>"Serve"</button> }
            .into_any()
    })
}

/// The recording as a file: a download in a browser, a dialog in the window.
fn export(page: Page) -> Option<AnyView> {
    page.inspect.exchange.get()?;
    let bridge = crate::bridge::bridge();
    let (words, title) = match (bridge.has_engine(), bridge.saves_downloads()) {
        (false, _) => ("Save the recording", "Save the recording of this report (Ctrl e)"),
        (true, true) => ("Export", "Save this exchange as a recording (Ctrl e)"),
        (true, false) => ("Export…", "Save this exchange as a recording (Ctrl e)"),
    };
    Some(
        view! { <button class="btn wide-only" data-export="" title=title on:click=move |_| commands::save(page)>{words}</button> }
            .into_any(),
    )
}
