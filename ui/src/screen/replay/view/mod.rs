//! The Replay screen: a recording served as the agent, by hand if wanted, and broken on purpose.

pub(crate) mod answers;
pub(crate) mod clients;
pub(crate) mod faults;
pub(crate) mod lanes;
pub(crate) mod misses;
pub(crate) mod options;
pub(crate) mod setup;

use leptos::prelude::*;
use scrubjay_ipc::ReplayView;

use crate::{
    browser,
    part::{
        coded::coded,
        tab::{counted, tab},
    },
    screen::replay::{
        model::{ReplayModel, Side},
        words as how,
    },
    screen::{Page, Screen},
    words,
};

pub(crate) fn screen(page: Page) -> AnyView {
    let model = page.replay;
    let is_running = Memo::new(move |_| model.current().is_some());
    let state = move || match (model.list.with(Option::is_some), is_running.get()) {
        (false, _) if model.report.with(Option::is_some) => "error",
        (false, _) => "loading",
        (true, false) => "empty",
        (true, true) => "ready",
    };
    view! {
        <div class="replay" data-pane="replay" data-state=state
            data-replay=move || model.chosen.get().map(|replay| replay.to_string())
            data-as-of=move || model.client_here().map(|client| client.seq.to_string())>
            {tabs(model)}
            {move || if is_running.get() { running(page) } else { setup::setup(page) }}
        </div>
    }
    .into_any()
}

/// The replays that there are, and the way to another; nothing while there is none.
fn tabs(model: ReplayModel) -> AnyView {
    let known = Memo::new(move |_| {
        let one = |replay: &ReplayView| {
            let port = port_of(&replay.url);
            let label = match replay.source.as_str() {
                "" => port,
                source => format!("{port} {}", words::visible(source)),
            };
            (replay.replay, label, replay.title.clone())
        };
        model
            .list
            .with(|list| list.iter().flatten().map(one).collect::<Vec<_>>())
    });
    let tab = move |(replay, label, title): (u64, String, String)| {
        let on = move || model.chosen.get() == Some(replay);
        view! {
            <button class="tab2" role="tab" class:on=on aria-selected=move || on().to_string() data-replay-tab=replay.to_string()
                title=title on:click=move |_| model.choose(Some(replay))>{label}</button>
        }
    };
    let is_new = move || model.chosen.get().is_none();
    let bar = move || {
        let known = known.get();
        (!known.is_empty()).then(|| {
            view! {
                <div class="bar replay-tabs" role="tablist" aria-label="Replays">
                    {known.into_iter().map(tab).collect_view()}
                    <button class="tab2" role="tab" class:on=is_new aria-selected=move || is_new().to_string() data-new-replay=""
                        on:click=move |_| model.choose(None)>"+ Another"</button>
                </div>
            }
        })
    };
    view! { {bar} }.into_any()
}

/// `http://127.0.0.1:5291` as `:5291`.
fn port_of(url: &str) -> String {
    match url.rsplit_once(':') {
        Some((_, port)) if !port.is_empty() => format!(":{port}"),
        _ => "not listening".to_owned(),
    }
}

fn running(page: Page) -> AnyView {
    let model = page.replay;
    view! {
        {banner(model)}
        {options::bar(model)}
        {refusal(model)}
        {lanes::lanes(model, page.shell)}
        <div class="replay-panes">
            {clients::clients(model)}
            {answers::answers(page)}
            {side(page)}
        </div>
    }
    .into_any()
}

/// Why the last thing asked for was refused.
pub(crate) fn refusal(model: ReplayModel) -> AnyView {
    let refusal = move || {
        model.report.get().map(|report| {
            view! {
                <div class="notice bad" role="alert" data-notice="replay"><span class="sign">"✕"</span>
                    <span><b>{coded(&report.message)}</b>" "{coded(&report.hint)}</span><span class="sp"></span>
                    <button class="btn" on:click=move |_| model.report.set(None)>"Close"</button></div>
            }
        })
    };
    view! { {refusal} }.into_any()
}

// ---- that it is a mock --------------------------------------------------

/// Always in sight while something is served: this is not the agent.
fn banner(model: ReplayModel) -> AnyView {
    let head = Memo::new(move |_| {
        model
            .current()
            .map(|replay| (replay.url, model.path(), replay.title, replay.failure, replay.answers))
    });
    let banner = move || {
        let (url, path, title, failure, answers) = head.get()?;
        let address = if failure.is_empty() {
            let (copied, known) = (format!("{url}{path}"), url.clone());
            view! {
                <code class="address"><span data-replay-url=known>{url}</span>{path}</code>
                <button class="btn solid" data-copy-address="" title="Copy the address (c)" on:click=move |_| browser::copy(&copied)>"Copy address"</button>
            }
            .into_any()
        } else {
            view! { <b class="bad" role="alert">{failure}</b> }.into_any()
        };
        Some(view! {
            <div class="bar mock-banner" role="status" data-banner="mock">
                <b class="mock">"MOCK"</b>
                <span class="cut">"serving "<b><bdi>{words::visible(&title)}</bdi></b></span>
                <span class="sp"></span>
                {misses::notice(model)}
                {address}
                <span class="dim" data-answers=answers.to_string()>{words::many(answers, "answer")}</span>
                <button class="btn outline" data-stop-replay="" title="Stop serving (⇧r)" on:click=move |_| model.stop()>"Stop"</button>
            </div>
        })
    };
    view! { {banner} }.into_any()
}

/// In the bar at the top of every screen: a mock is running.
pub(crate) fn chip(page: Page) -> AnyView {
    let ports = Memo::new(move |_| {
        page.replay.list.with(|list| {
            let ports: Vec<_> = list.iter().flatten().map(|replay| port_of(&replay.url)).collect();
            ports.join(" ")
        })
    });
    let chip = move || {
        let ports = ports.get();
        (!ports.is_empty()).then(|| {
            view! {
                <button class="chip mock-chip" data-mock="on" title="Recordings are served as the agent here"
                    on:click=move |_| page.shell.screen.set(Screen::Replay)><b class="mock">"MOCK"</b>{ports}</button>
            }
        })
    };
    view! { {chip} }.into_any()
}

/// The line at the bottom of the window.
pub(crate) fn status(page: Page) -> AnyView {
    let model = page.replay;
    let words = move || match model.current() {
        None => "nothing is served here".to_owned(),
        Some(replay) => {
            let open = replay
                .clients
                .iter()
                .filter(|client| how::is_open(client.stage))
                .count();
            format!(
                "{} · {}",
                words::many(replay.answers, "answer"),
                words::many(open as u64, "client")
            )
        }
    };
    view! { <b data-status="replay">{words}</b> }.into_any()
}

// ---- faults, use, recordings --------------------------------------------

fn side(page: Page) -> AnyView {
    let model = page.replay;
    let counted = move |side, name, id, count: Signal<usize>| {
        let badge = move || Some(format!(" {}", words::count(count.get() as u64))).filter(|_| count.get() > 0);
        counted(
            name,
            id,
            side,
            move || model.side.get(),
            move |side| model.side.set(side),
            badge,
        )
    };
    let use_tab = tab(
        "Use it",
        "use",
        Side::Use,
        move || model.side.get(),
        move |side| model.side.set(side),
    );
    let misses = Signal::derive(move || misses::open_misses(model));
    let faults = Signal::derive(move || model.options().faults.len());
    let unused = Signal::derive(move || model.current().map_or(0, |replay| replay.unused.len()));
    view! {
        <section class="pane" aria-label="Use, misses, faults and recordings">
            <div class="ph"><span class="tabs" role="tablist">
                {use_tab}{counted(Side::Misses, "Misses", "misses", misses)}
                {counted(Side::Faults, "Faults", "faults", faults)}{counted(Side::Recordings, "Unused", "recordings", unused)}</span></div>
            <div class="body" tabindex="0" data-focus="">
                {move || match model.side.get() {
                    Side::Faults => faults::faults(model),
                    Side::Use => setup::usage(model),
                    Side::Misses => misses::misses(model),
                    Side::Recordings => setup::recordings(page),
                }}
            </div>
        </section>
    }
    .into_any()
}
