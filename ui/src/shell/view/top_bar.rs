//! Logo, screens, what is being recorded, where we are, theme, help.

use leptos::prelude::*;
use scrubjay_ipc::SourceState;

use crate::{
    bridge,
    screen::{Page, Screen},
    words,
};

pub(crate) fn top_bar(page: Page) -> AnyView {
    let tab = move |(number, screen): (usize, Screen)| {
        let on = move || page.shell.screen.get() == screen;
        view! {
            <button
                class="tab" class:on=on aria-current=move || on().then_some("page") title=format!("Ctrl {}", number + 1)
                data-screen-tab=screen.word() on:click=move |_| page.shell.screen.set(screen)
            >{screen.title()}</button>
        }
    };
    view! {
        <header class="bar top">
            <h1 class="logo"><svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                <path class="logo-a" d="M1 9a7 7 0 0 1 14 0v6H8a7 7 0 0 1-7-6z"></path>
                <path class="logo-b" d="M15 9v6H8z"></path>
                <circle class="logo-b" cx="10" cy="7" r="1.3"></circle>
            </svg>"Scrubjay"</h1>
            <nav aria-label="Screens">
                {Screen::offered().enumerate().map(tab).collect_view()}
            </nav>
            <span class="sp"></span>
            {report_chip()}
            {crate::screen::replay::view::chip(page)}
            {recording_chip(page)}
            {move || where_we_are(page)}
            <button class="btn icon" title="Settings" aria-label="Settings" data-settings=""
                on:click=move |_| page.shell.settings.set(true)>"⚙"</button>
            <button class="btn icon" title="Keys (?)" aria-label="Keys" on:click=move |_| page.shell.help.set(true)>
                <kbd>"?"</kbd>
            </button>
        </header>
    }
    .into_any()
}

/// That the page is a report, and what it holds.
fn report_chip() -> Option<AnyView> {
    let about = bridge::bridge().about()?;
    Some(view! { <span class="chip" data-report="" title=about>"report"</span> }.into_any())
}

fn recording_chip(page: Page) -> AnyView {
    let chip = move || {
        // What is read only has no source, and misses none.
        let all = page.shell.sources.get().filter(|_| !page.shell.is_read_only())?;
        let live = page.shell.recording();
        let paused = all.iter().filter(|source| source.state == SourceState::Paused).count();
        let rate = words::count(u64::from(page.shell.rate()));
        Some(match live.as_slice() {
            [] if all.is_empty() => view! { <span class="chip" data-recording="none">"no source"</span> }.into_any(),
            [] => view! {
                <span class="chip bad" data-recording="off">
                    <b>"■"</b>" not recording"{(paused > 0).then(|| format!(" · {}", words::many(paused as u64, "source") + " paused"))}
                </span>
            }
            .into_any(),
            [one] => view! {
                <span class="chip rec" data-recording="on">
                    <b class="rec-dot">"●"</b>" recording "<b class="plain">{port_of(&one.listen)}</b>" → "
                    <bdi>{short(&one.upstream)}</bdi><span class="rate">{format!(" · {rate} events/s")}</span>
                </span>
            }
            .into_any(),
            many => view! {
                <span class="chip rec" data-recording="on">
                    <b class="rec-dot">"●"</b>{format!(" recording {}", words::many(many.len() as u64, "source"))}
                    <span class="rate">{format!(" · {rate} events/s")}</span>
                </span>
            }
            .into_any(),
        })
    };
    view! { <span class="chips">{chip}</span> }.into_any()
}

/// Thread and run of the playhead, on Inspect.
fn where_we_are(page: Page) -> Option<AnyView> {
    let inspect = page.inspect;
    if page.shell.screen.get() != Screen::Inspect {
        return None;
    }
    let Some(run) = inspect.run_here() else {
        let status = inspect
            .opened
            .with(|opened| words::status_without_run(opened.as_ref()?))?;
        return Some(view! { <span class="chip where" data-status-without-run="">{status}</span> }.into_any());
    };
    let (number, total) = inspect.opened.with(|opened| {
        let runs = &opened.as_ref()?.runs;
        Some((
            runs.iter().position(|known| known.run_id == run.run_id)? + 1,
            runs.len(),
        ))
    })?;
    let of = if total > 1 {
        format!(" {} of {}", words::count(number as u64), words::count(total as u64))
    } else {
        String::new()
    };
    let whole = format!("thread {} › run {}", run.thread_id, run.run_id);
    Some(
        view! {
            <span class="chip where" title=whole.clone() aria-label=whole>
                <bdi class="cut">{words::short_id(&run.thread_id)}</bdi>" › "<bdi class="cut">{words::short_id(&run.run_id)}</bdi>{of}
            </span>
        }
        .into_any(),
    )
}

/// `127.0.0.1:5290` as `:5290`.
fn port_of(listen: &str) -> String {
    match listen.rsplit_once(':') {
        Some((host, port)) if host.starts_with("127.") || host == "localhost" || host == "[::1]" => format!(":{port}"),
        _ => listen.to_owned(),
    }
}

/// An address without its scheme.
fn short(url: &str) -> String {
    url.split_once("://")
        .map_or(url, |(_, rest)| rest)
        .trim_end_matches('/')
        .to_owned()
}
