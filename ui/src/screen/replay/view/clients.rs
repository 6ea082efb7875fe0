//! Who gets a stream, and what goes out next.

use leptos::{ev, html, prelude::*};
use scrubjay_ipc::{ReplayClient, SteerBy};

use crate::{
    browser::OrLog as _,
    screen::replay::{
        model::{Editing, ReplayModel},
        words as how,
    },
    words,
};

pub(crate) fn clients(model: ReplayModel) -> AnyView {
    let list = Memo::new(move |_| model.current().map(|replay| replay.clients).unwrap_or_default());
    let nobody = move || match model.current() {
        Some(replay) if replay.answers > 0 => {
            "No client is connected now. Answers lists every request and what it got."
        }
        _ => "No client has connected yet. Point a frontend at the address above; this pane then shows what it gets.",
    };
    let is_empty = Memo::new(move |_| list.with(Vec::is_empty));
    let state = move || if is_empty.get() { "empty" } else { "ready" };
    let clients = move || {
        if is_empty.get() {
            return view! { <p class="dim pad">{nobody}</p> }.into_any();
        }
        view! {
            <div class="client-list" role="listbox" tabindex="0" data-focus="" aria-label="Clients">
                <For each=move || list.get() key=key_of children=move |client| client_view(model, &client)/>
            </div>
        }
        .into_any()
    };
    view! {
        <section class="pane clients" aria-label="Clients" data-pane="replay-clients" data-state=state
            data-as-of=move || model.client_here().map(|client| client.seq.to_string())>
            <div class="ph"><b>"Clients"</b><span class="sp"></span>
                <span>{move || words::count(list.with(Vec::len) as u64)}</span></div>
            {clients}
            {queue(model)}
        </section>
    }
    .into_any()
}

/// A client is drawn again when this differs.
fn key_of(client: &ReplayClient) -> (u64, u32, &'static str) {
    (client.client, client.seq, how::stage(client.stage))
}

fn client_view(model: ReplayModel, client: &ReplayClient) -> AnyView {
    let number = client.client;
    let here = Memo::new(move |_| model.client_here().map(|client| client.client) == Some(number));
    let place = format!(
        "at {} of {}",
        words::frame(client.seq),
        words::count(u64::from(client.frames))
    );
    view! {
        <div class="client" role="option" class:sel=here aria-selected=move || here.get().to_string()
            data-client=number.to_string() data-stage=how::stage(client.stage) data-seq=client.seq.to_string()
            on:click=move |_| model.client.set(Some(number))>
            <span class="head-dot" style=format!("background:var({})", how::hue(number))>{number.to_string()}</span>
            <bdi class="cut">{words::visible(&how::client_name(&client.name))}</bdi><span class="sp"></span>
            <span class="dim">{format!("request {}", words::count(client.request))}</span>
            <span>{place}</span><span class="standing">{how::stage_sign(client.stage)}" "{how::stage(client.stage)}</span>
        </div>
    }
    .into_any()
}

// ---- what goes next -----------------------------------------------------

/// The next event of the client that is meant, and what can be done with it.
fn queue(model: ReplayModel) -> AnyView {
    let client = Memo::new(move |_| model.client_here());
    let state = move || match client.get() {
        None => "empty",
        Some(client) if client.next.is_some() => "ready",
        Some(client) if how::is_open(client.stage) => "streaming",
        Some(_) => "done",
    };
    let next = move || {
        client.with(|client| {
            client
                .as_ref()
                .and_then(|client| client.next.as_ref().map(|next| next.seq))
        })
    };
    view! {
        <div class="queue" data-pane="replay-queue" data-state=state data-next=move || next().map(|seq| seq.to_string())>
            {move || match client.get() {
                None => view! { <p class="dim pad">"This pane shows the next event once a client is connected."</p> }.into_any(),
                Some(client) => queue_of(model, &client),
            }}
        </div>
    }
    .into_any()
}

fn queue_of(model: ReplayModel, client: &ReplayClient) -> AnyView {
    let Some(next) = client.next.clone() else {
        let words = match how::is_open(client.stage) {
            true => "Events go out at the pace. With the pace by hand, or at a hold, the next one waits here.",
            false => "Nothing is left to send to this client.",
        };
        let breaks = how::is_open(client.stage).then(|| steer(model, SteerBy::Reset, "break off", "⇧x"));
        return view! { <p class="dim pad">{words}</p><div class="line steer">{breaks}</div> }.into_any();
    };
    let (number, seq) = (client.client, next.seq);
    let is_edited = Memo::new(move |_| {
        model.editing.with(|editing| {
            editing
                .as_ref()
                .is_some_and(|editing| editing.client == number && editing.seq == seq)
        })
    });
    let text = next.text.clone();
    let cut = next
        .cut
        .then(|| view! { <p class="dim pad">"Only its beginning is shown, so it cannot be edited here."</p> });
    view! {
        <div class="ph"><span class="dim">"next"</span><b>{words::frame(seq)}</b>
            <b class="cut">{next.type_name}</b></div>
        {move || if is_edited.get() {
            editor(model)
        } else {
            view! { <pre class="next" dir="auto" tabindex="0" data-next-text="">{words::visible(&text)}</pre> }.into_any()
        }}
        {cut}{controls(model, next.cut)}
    }
    .into_any()
}

/// The field in which another event is written in the place of the next.
fn editor(model: ReplayModel) -> AnyView {
    let node = NodeRef::<html::Textarea>::new();
    node.on_load(|element| element.focus().or_log());
    let write = move |event: ev::Event| {
        let text = event_target_value(&event);
        model.editing.update(|editing| {
            if let Some(Editing { text: known, .. }) = editing {
                *known = text;
            }
        });
    };
    let text = model
        .editing
        .with_untracked(|editing| editing.as_ref().map(|editing| editing.text.clone()).unwrap_or_default());
    view! { <textarea class="field next" node_ref=node spellcheck="false" aria-label="Event to send" data-field="edit" prop:value=text on:input=write></textarea> }
        .into_any()
}

fn controls(model: ReplayModel, is_cut: bool) -> AnyView {
    let is_edited = move || model.editing.with(Option::is_some);
    let delayed = move |event: ev::Event| {
        if let Ok(ms) = event_target_value(&event).trim().parse::<u32>() {
            model.delay_ms.set(ms);
        }
    };
    view! {
        <div class="line steer" role="group" aria-label="What to do with the next event">
            <button class="btn solid" data-steer="send" on:click=move |_| model.send()>
                {move || if is_edited() { "Send as edited" } else { "Send" }}" "<kbd>"Ctrl ⏎"</kbd></button>
            {steer(model, SteerBy::Skip, "skip", "s")}
            {steer(model, SteerBy::Duplicate, "send twice", "d")}
            <button class="btn outline" data-steer="edit" disabled=is_cut aria-pressed=move || is_edited().to_string() on:click=move |_| {
                if is_edited() { model.editing.set(None) } else { model.edit() }
            }>{move || if is_edited() { "as recorded" } else { "edit" }}" "<kbd>"e"</kbd></button>
            <span class="in-line"><button class="btn outline" data-steer="delay"
                on:click=move |_| model.steer(SteerBy::Delay(model.delay_ms.get_untracked()))>"send after "<kbd>"l"</kbd></button>
                <input class="field number" aria-label="Delay in milliseconds" inputmode="numeric" data-field="delay"
                    prop:value=move || model.delay_ms.get().to_string() on:change=delayed/><span>"ms"</span></span>
            <span class="sp"></span>
            {steer(model, SteerBy::Go, "go on", "g")}
            {steer(model, SteerBy::Reset, "break off", "⇧x")}
        </div>
    }
    .into_any()
}

fn steer(model: ReplayModel, by: SteerBy, words: &'static str, cap: &'static str) -> AnyView {
    view! {
        <button class="btn outline" data-steer=words on:click=move |_| model.steer(by.clone())>{words}" "<kbd>{cap}</kbd></button>
    }
    .into_any()
}
