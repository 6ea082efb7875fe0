//! Choosing what to serve; how to use what is served; what was not asked for.

use leptos::{ev, prelude::*};
use scrubjay_ipc::LibraryRow;

use super::{faults, options};
use crate::{
    browser,
    part::snippet::{Snippet, replay_snippets},
    screen::{Page, Screen},
    screen::{
        library::model::selection::SelectedRun,
        replay::{
            model::{ReplayModel, Served},
            view as replay,
        },
    },
    words,
};

/// The draft of a replay.
pub(crate) fn setup(page: Page) -> AnyView {
    let model = page.replay;
    let listen = move |event: ev::Event| {
        let text = event_target_value(&event);
        model.draft.update(|draft| draft.listen = text);
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        model.start();
    };
    view! {
        <div class="replay-setup" data-pane="replay-setup" data-state="ready">
            <div class="card">
                <h2>"Serve a recording as the agent"</h2>
                <p class="dim">"Scrubjay answers requests from the recording, at its pace or event by event, with faults if you add some. No model is called, and the recording is not changed."</p>
                <form on:submit=submit>
                    <h3>"What"</h3>
                    {move || chosen(page)}
                    <h3>"Where"</h3>
                    <div class="line"><input class="field listen" data-field="listen" aria-label="Listen address" placeholder="next free port from 5291"
                        prop:value=move || model.draft.with(|draft| draft.listen.clone()) on:input=listen/>
                        <span class="dim">"on this machine only, unless you name another address"</span></div>
                    <h3>"How"</h3>
                    {options::bar(model)}
                    <details class="faults-fold"><summary>"Faults"<span class="badge">{move || {
                        let n = model.options().faults.len();
                        if n == 0 { " none".to_owned() } else { format!(" {n}") }
                    }}</span></summary>{faults::faults(model)}</details>
                    {replay::refusal(model)}
                    <div class="line go"><button class="btn solid" type="submit" data-start-replay="">"Start serving"</button>
                        <span class="dim"><kbd>"⇧r"</kbd>" does the same"</span></div>
                </form>
            </div>
        </div>
    }
    .into_any()
}

/// What the draft serves: chips, or everything.
fn chosen(page: Page) -> AnyView {
    let model = page.replay;
    let served = model.draft.with(|draft| draft.served.clone());
    if served.is_empty() {
        return view! {
            <p data-serves="all">"Every recording of the Library. "<span class="dim">"Scrubjay finds the recorded run for a request by path, place in the thread and input."</span></p>
            {offers(page)}
        }
        .into_any();
    }
    let chip = |one: Served| {
        let exchange = one.exchange;
        view! {
            <span class="chip" data-serves=exchange.to_string()><bdi class="cut">{words::visible(&one.title)}</bdi>
                <button type="button" class="remove" aria-label="Leave it out"
                    on:click=move |_| model.draft.update(|draft| draft.served.retain(|known| known.exchange != exchange))>"×"</button></span>
        }
    };
    view! {
        <div class="line wrap">{served.into_iter().map(chip).collect_view()}
            <button type="button" class="btn" on:click=move |_| model.draft.update(|draft| draft.served.clear())>"Serve everything"</button>
            <button type="button" class="btn" on:click=move |_| page.shell.screen.set(Screen::Library)>"Choose in the Library"</button></div>
    }
    .into_any()
}

/// The last runs, one press away.
fn offers(page: Page) -> AnyView {
    let model = page.replay;
    let last = page
        .library
        .list
        .page
        .read(|page| page.rows.iter().take(3).cloned().collect());
    let rows: Vec<LibraryRow> = last.unwrap_or_default();
    let offer = |row: LibraryRow| {
        let pick = SelectedRun::of(&row);
        let title = pick.title.clone();
        view! {
            <button type="button" class="btn outline" data-offer=row.exchange.to_string() on:click=move |_| model.draft.update(|draft| {
                draft.served = vec![Served { exchange: pick.exchange, title: pick.title.clone() }];
            })>"only "<bdi class="cut">{words::visible(&title)}</bdi></button>
        }
    };
    view! {
        <div class="line wrap">{rows.into_iter().map(offer).collect_view()}
            <button type="button" class="btn" on:click=move |_| page.shell.screen.set(Screen::Library)>"Choose in the Library"</button></div>
    }
    .into_any()
}

/// How to point a frontend or a test at it.
pub(crate) fn usage(model: ReplayModel) -> AnyView {
    let address = Memo::new(move |_| {
        let replay = model.current()?;
        (!replay.url.is_empty()).then_some((replay.url, replay.command))
    });
    let list = move || {
        let (url, command) = address.get()?;
        let mut list = match model.example.get() {
            Some(example) => replay_snippets(&url, &example.method, &example.target, example.body.as_deref()),
            None => Vec::new(),
        };
        list.insert(
            0,
            Snippet {
                title: "In a test, without a window",
                text: command,
            },
        );
        Some(list.into_iter().map(snippet_view).collect_view())
    };
    view! {
        <div class="use" data-pane="replay-use" data-state="ready">
            <p class="dim">"Answers carry a header that says they are a replay, and which recording they are of."</p>
            {list}
        </div>
    }
    .into_any()
}

fn snippet_view(snippet: Snippet) -> AnyView {
    let text = snippet.text.clone();
    view! {
        <div class="use-one"><div class="line"><h3 class="minor">{snippet.title}</h3><span class="sp"></span>
            <button class="btn outline" on:click=move |_| browser::copy(&text)>"Copy"</button></div>
            <pre tabindex="0" data-snippet=snippet.title>{snippet.text}</pre></div>
    }
    .into_any()
}

/// What is served and was not asked for yet.
pub(crate) fn recordings(page: Page) -> AnyView {
    let model = page.replay;
    let counts = Memo::new(move |_| model.current().map(|replay| (replay.exchanges.len(), replay.unused)));
    let list = move || {
        let (served, unused) = counts.get()?;
        let all = words::many(served as u64, "recording");
        let lead = match unused.len() {
            0 if served == 1 => "The recording has been asked for.".to_owned(),
            0 => format!("Clients have asked for each of {all}."),
            n => format!("{n} of {all} not asked for yet."),
        };
        let one = |exchange: i64| {
            let title = title_of(page, exchange);
            view! {
                <button class="facet" data-unused=exchange.to_string() on:click=move |_| page.inspect_exchange(exchange, None)>
                    <bdi class="cut">{words::visible(&title)}</bdi></button>
            }
        };
        // A long list is cut; the count gives its length.
        let more = unused.len().saturating_sub(MOST_UNUSED);
        let shown: Vec<_> = unused.into_iter().take(MOST_UNUSED).map(one).collect();
        let more = (more > 0).then(|| view! { <p class="dim">{format!("and {more} more")}</p> });
        Some(view! { <p>{lead}</p>{shown}{more} })
    };
    view! { <div data-pane="replay-unused" data-state="ready">{list}</div> }.into_any()
}

const MOST_UNUSED: usize = 100;

/// What the library calls an exchange, if its row is here.
fn title_of(page: Page, exchange: i64) -> String {
    let (_, rows) = page.library.list.rows_now();
    let row = rows.iter().find(|row| row.exchange == exchange);
    row.map_or_else(|| format!("exchange {exchange}"), |row| SelectedRun::of(row).title)
}
