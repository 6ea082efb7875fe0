//! Sources with their live state: add, edit, stop, pause, record, remove.

use leptos::{ev, prelude::*};
use scrubjay_ipc::{AddSource, Check, EditSource, Source, SourceState, Switch, SwitchSource};

use crate::{
    bridge, browser,
    part::snippet::{self, Snippet},
    screen::library::words,
    shell::model::Shell,
};

/// What the form below the strip is for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Closed,
    Add,
    Edit(String),
    Use(String),
}

/// The strip at the top of the library.
///
/// With the first-run card, which makes the first source, the strip has nothing to offer.
pub(crate) fn strip(shell: Shell, is_first_run: Memo<bool>) -> AnyView {
    let form = RwSignal::new(Form::Closed);
    let count = move || shell.sources.with(|sources| sources.as_ref().map(Vec::len));
    let is_any = move || count().is_some_and(|count| count > 0);
    let state = move || match count() {
        None => "loading",
        Some(0) => "empty",
        Some(_) => "ready",
    };
    let cards = move || {
        let sources = shell.sources.get().unwrap_or_default();
        sources.iter().map(|source| card(shell, source, form)).collect_view()
    };
    let close = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" && form.with_untracked(|form| *form != Form::Closed) {
            event.prevent_default();
            form.set(Form::Closed);
        }
    };
    view! {
        <section class="sources" aria-label="Sources" data-pane="sources" data-state=state on:keydown=close
            class:none=move || shell.is_read_only() || (is_first_run.get() && !is_any())>
            <div class="strip">
                {cards}
                <button class="btn outline" data-add-source="" on:click=move |_| form.set(Form::Add)>"+ Add a source"</button>
                {move || (!is_any() && !is_first_run.get()).then(|| view! {
                    <button class="btn" on:click=move |_| shell.show_guide(true)>"Show me how to record"</button>
                })}
            </div>
            {move || under(shell, form)}
        </section>
    }
    .into_any()
}

/// What is open below the strip.
fn under(shell: Shell, form: RwSignal<Form>) -> AnyView {
    match form.get() {
        Form::Closed => ().into_any(),
        Form::Add => add_form(shell, form),
        Form::Edit(name) => edit_form(shell, &name, form),
        Form::Use(name) => usage(shell, name, form),
    }
}

fn card(shell: Shell, source: &Source, form: RwSignal<Form>) -> AnyView {
    let (sign, class, word) = match &source.state {
        SourceState::Recording => ("●", "live", "recording"),
        SourceState::Paused => ("‖", "paused", "paused; traffic still passes"),
        SourceState::Stopped => ("■", "stopped", "stopped"),
        SourceState::Failed { .. } => ("✕", "failed", "failed"),
        SourceState::Elsewhere => ("◇", "elsewhere", "used by another process"),
    };
    let failure = match &source.state {
        SourceState::Failed { sentence } => Some(view! { <p class="bad" role="alert">{sentence.clone()}</p> }),
        _ => None,
    };
    let rate = (source.state == SourceState::Recording).then(|| {
        let open = if source.open > 0 {
            format!(" · {} open", words::count(u64::from(source.open)))
        } else {
            String::new()
        };
        view! { <span class="dim rate">{format!("{} ev/s{open}", words::count(u64::from(source.frames_per_sec)))}</span> }
    });
    let upstream = source.upstream.trim_start_matches("http://").to_owned();
    view! {
        <div class=format!("source {class}") data-source=source.name.clone() data-source-state=class>
            <div class="line"><span class="sign">{sign}</span><b class="cut">{source.name.clone()}</b><span class="dim">{word}</span>
                <span class="sp"></span>{rate}</div>
            <div class="line mono"><bdi>{source.url.clone()}</bdi><span class="faint">" → "</span><bdi class="cut" title=source.upstream.clone()>{upstream}</bdi></div>
            {failure}
            {actions(shell, source, form)}
        </div>
    }
    .into_any()
}

/// What can be done with a source.
///
/// Each switch has its place: what was pressed to stop must not remove a moment later.
fn actions(shell: Shell, source: &Source, form: RwSignal<Form>) -> AnyView {
    let (edited, used) = (source.name.clone(), source.name.clone());
    let switch = |to, words, is_off| switch_button(shell, source.name.clone(), to, words, is_off);
    let (is_known, is_stopped) = match &source.state {
        SourceState::Recording | SourceState::Paused => (true, false),
        SourceState::Stopped | SourceState::Failed { .. } => (true, true),
        SourceState::Elsewhere => (false, false),
    };
    let first = if source.state == SourceState::Recording {
        (Switch::Pause, "Pause")
    } else {
        (Switch::Record, "Record")
    };
    let switches = is_known.then(|| {
        [
            switch(first.0, first.1, false),
            switch(Switch::Stop, "Stop", is_stopped),
        ]
    });
    let tag = |is_shown: bool, words: &'static str, title: &'static str| {
        is_shown.then(|| view! { <span class="tag warn" title=title>{words}</span> })
    };
    view! {
        <div class="line actions">{switches}
            <button class="btn" on:click=move |_| form.set(Form::Edit(edited.clone()))>"Edit"</button>
            <button class="btn" on:click=move |_| form.set(Form::Use(used.clone()))>"How to use"</button>
            <span class="sp"></span>
            {tag(source.unverified, "TLS not verified",
                "Scrubjay does not verify the upstream's TLS certificate: anyone on the way could read and change everything")}
            {tag(source.keep_secrets, "keeps secrets", "Scrubjay stores the values of secret headers as they are")}
            {is_stopped.then(|| switch(Switch::Remove, "Remove", false))}
        </div>
    }
    .into_any()
}

fn switch_button(shell: Shell, name: String, to: Switch, words: &'static str, is_off: bool) -> AnyView {
    view! {
        <button class="btn" data-switch=words.to_lowercase() disabled=is_off on:click=move |_| switch_to(shell, name.clone(), to)>{words}</button>
    }
    .into_any()
}

fn switch_to(shell: Shell, name: String, to: Switch) {
    leptos::task::spawn_local(async move {
        if let Err(report) = bridge::ask(SwitchSource { name, to }).await {
            shell.notify(report);
        }
        shell.ask_sources();
    });
}

#[derive(Clone, Copy, Default)]
struct Fields {
    name: RwSignal<String>,
    listen: RwSignal<String>,
    upstream: RwSignal<String>,
    keep_secrets: RwSignal<bool>,
}

fn field(label: &'static str, value: RwSignal<String>, hint: &'static str, id: &'static str) -> AnyView {
    view! {
        <label class="labelled"><span>{label}</span>
            <input class="field" data-field=id placeholder=hint prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))/></label>
    }
    .into_any()
}

fn add_form(shell: Shell, form: RwSignal<Form>) -> AnyView {
    let fields = Fields::default();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let ask = AddSource {
            name: fields.name.get_untracked(),
            listen: fields.listen.get_untracked(),
            upstream: fields.upstream.get_untracked(),
            keep_secrets: fields.keep_secrets.get_untracked(),
        };
        leptos::task::spawn_local(async move {
            match bridge::ask(ask).await {
                Ok(source) => form.set(Form::Use(source.name)),
                Err(report) => shell.notify(report),
            }
            shell.ask_sources();
        });
    };
    source_form("Add", fields, form, submit)
}

fn edit_form(shell: Shell, name: &str, form: RwSignal<Form>) -> AnyView {
    let Some(known) = untrack(move || shell.source(name)) else {
        return ().into_any();
    };
    let fields = Fields {
        name: RwSignal::new(known.name.clone()),
        listen: RwSignal::new(known.listen.clone()),
        upstream: RwSignal::new(known.upstream.clone()),
        keep_secrets: RwSignal::new(known.keep_secrets),
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let ask = EditSource {
            name: known.name.clone(),
            new_name: fields.name.get_untracked(),
            listen: fields.listen.get_untracked(),
            upstream: fields.upstream.get_untracked(),
            keep_secrets: fields.keep_secrets.get_untracked(),
        };
        leptos::task::spawn_local(async move {
            match bridge::ask(ask).await {
                Ok(_) => form.set(Form::Closed),
                Err(report) => shell.notify(report),
            }
            shell.ask_sources();
        });
    };
    source_form("Save", fields, form, submit)
}

fn source_form(
    verb: &'static str,
    fields: Fields,
    form: RwSignal<Form>,
    submit: impl Fn(ev::SubmitEvent) + 'static,
) -> AnyView {
    view! {
        <form class="source-form" data-form="source" on:submit=submit>
            {field("Upstream", fields.upstream, "http://localhost:8000/agui, or paste a curl command", "upstream")}
            {field("Listen", fields.listen, "next free port from 5290", "listen")}
            {field("Name", fields.name, "from the host", "name")}
            <label class="check" title="Off: Scrubjay stores a fingerprint in place of the values of authorization, cookie, token and similar headers">
                <input type="checkbox" prop:checked=move || fields.keep_secrets.get()
                    on:change=move |event| fields.keep_secrets.set(event_target_checked(&event))/>" Keep secrets"</label>
            <button class="btn solid" type="submit">{verb}</button>
            <button class="btn" type="button" on:click=move |_| form.set(Form::Closed)>"Cancel"</button>
        </form>
    }
    .into_any()
}

fn usage(shell: Shell, name: String, form: RwSignal<Form>) -> AnyView {
    view! {
        <div class="usage">
            {move || shell.source(&name).map(|source| view! {
                {snippets(&source)}
                {checklist(&source)}
            })}
            <button class="btn" on:click=move |_| form.set(Form::Closed)>"Close"</button>
        </div>
    }
    .into_any()
}

/// Text to copy into a frontend.
pub(crate) fn snippets(source: &Source) -> AnyView {
    let line = |snippet: Snippet| {
        let text = snippet.text.clone();
        view! {
            <div class="snippet"><span class="dim">{snippet.title}</span><code class="cut">{snippet.text}</code>
                <button class="btn outline" on:click=move |_| browser::copy(&text)>"Copy"</button></div>
        }
    };
    let mapping = snippet::mapping(&source.upstream);
    let mapping = mapping.map(|sentence| view! { <p class="dim">{words::visible(&sentence)}</p> });
    view! { <div class="snippets">{mapping}{snippet::snippets(&source.url).into_iter().map(line).collect_view()}</div> }
        .into_any()
}

/// The checklist that lights up.
pub(crate) fn checklist(source: &Source) -> AnyView {
    let list = &source.checklist;
    let line = |check: &Check, words: &'static str| {
        let (sign, class, sentence) = match check {
            Check::Waiting => ("○", "waiting", None),
            Check::Done => ("✓", "done", None),
            Check::Failed { sentence } => ("✕", "failed", Some(sentence.clone())),
        };
        view! {
            <li class=class data-check=class><span class="sign">{sign}</span><span>{words}</span>
                {sentence.map(|sentence| view! { <p>{words::visible(&sentence)}</p> })}</li>
        }
    };
    view! {
        <ol class="checklist" aria-label="What Scrubjay has seen working">
            {line(&list.listening, "Listening")}
            {line(&list.upstream_answers, "Upstream answers")}
            {line(&list.first_request, "First request")}
            {line(&list.first_bytes, "First bytes")}
            {line(&list.first_event, "First AG-UI event")}
        </ol>
    }
    .into_any()
}
