//! Where the playhead is, and the three most useful keys.

use leptos::prelude::*;

use crate::{
    browser,
    shell::{
        keyboard::{self, Command, Scope},
        model::{Screen, Shell},
    },
    words,
};

/// The bar at the bottom.
pub(crate) fn status_bar(shell: Shell) -> AnyView {
    view! {
        <footer class="bar foot" data-pane="status" data-as-of=move || shell.inspect.seq.get().to_string()>
            {move || match shell.screen.get() {
                Screen::Inspect => place(shell),
                Screen::Library => shelf(shell),
                Screen::Compare => crate::screen::compare::view::status(shell),
                Screen::Replay => crate::screen::replay::view::status(shell),
            }}
            <span class="sp"></span>
            {move || hints(shell)}
        </footer>
    }
    .into_any()
}

fn place(shell: Shell) -> AnyView {
    let inspect = shell.inspect;
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
    let moment = move |read: fn(&scrubjay_ipc::Moment) -> String| {
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
        {move || analysed(shell)}
        {move || health(shell)}
    }
    .into_any()
}

/// How far the analysis has come, while it has not reached the end.
fn analysed(shell: Shell) -> Option<AnyView> {
    let part = shell
        .inspect
        .opened
        .with(|opened| opened.as_ref().map(|opened| opened.progress))?;
    (part < 0.995).then(|| view! { <span class="busy">{format!("analysed {:.0} %", part * 100.0)}</span> }.into_any())
}

fn shelf(shell: Shell) -> AnyView {
    let counts = move || {
        shell.library.page.value.with(|page| {
            page.as_ref()
                .map(|page| words::library_count(page, shell.library.others.get()))
        })
    };
    view! {
        <b data-status="rows">{counts}</b>
        {move || health(shell)}
    }
    .into_any()
}

fn health(shell: Shell) -> Option<AnyView> {
    let health = shell.health.get()?;
    let backlog = (health.backlog_bytes > 4_000_000).then(
        || view! { <span class="busy">{format!("{} waiting to be stored", words::bytes(health.backlog_bytes))}</span> },
    );
    let what = if health.free_bytes.is_some() { "store" } else { "file" };
    let path = match health.passing_bytes {
        0 => health.store.clone(),
        passing => format!("{}\nand {} on their way into it", health.store, words::bytes(passing)),
    };
    Some(
        view! {
            <span title=path>{format!("{what} {}", words::bytes(health.store_bytes))}</span>
            {health.free_bytes.map(|free| view! {
                <span class:bad=health.low_disk>{format!("disk {} free", words::bytes(free))}</span>
            })}
            {health.read_only.then(|| view! { <span>"read only"</span> })}
            {backlog}
        }
        .into_any(),
    )
}

fn hints(shell: Shell) -> AnyView {
    let (scope, list): (_, [(Command, &str); 3]) = match shell.screen.get() {
        Screen::Library => (
            Scope::Library,
            [
                (Command::NextRow, "next"),
                (Command::Open, "open"),
                (Command::Delete, "delete"),
            ],
        ),
        Screen::Inspect => (
            Scope::Inspect,
            [
                (Command::NextRow, "next row"),
                (Command::NextProblem, "next problem"),
                (Command::PlayPause, "play"),
            ],
        ),
        Screen::Compare => (
            Scope::Compare,
            [
                (Command::FirstDivergence, "first divergence"),
                (Command::NextDifference, "next difference"),
                (Command::SwapSides, "swap sides"),
            ],
        ),
        Screen::Replay => (
            Scope::Replay,
            [
                (Command::SendNext, "send next"),
                (Command::EditNext, "edit"),
                (Command::CopyAddress, "copy address"),
            ],
        ),
    };
    // What a file refuses is not offered.
    let is_offered = |(command, _): &(Command, &str)| *command != Command::Delete || !shell.is_read_only();
    let hint = |(command, words): (Command, &'static str)| {
        let cap = keyboard::caps(command, scope, &shell.keyboard.get())
            .into_iter()
            .next()
            .unwrap_or_default();
        view! { <span class="hint"><kbd>{cap}</kbd>" "{words}</span> }
    };
    list.into_iter().filter(is_offered).map(hint).collect_view().into_any()
}
