//! The first run: one card from an upstream's address to the first event.

use leptos::{ev, prelude::*};
use scrubjay_ipc::{AddSource, EditSource, Report, Sample, Source};

use super::sources;
use crate::{
    bridge,
    part::coded::coded,
    screen::{
        Page,
        library::{view as library, words},
    },
};

pub(crate) fn card(page: Page) -> AnyView {
    let source = Memo::new(move |_| source_of(page));
    let later = move || source.with(Option::is_none);
    let step = move |shown: fn(&Source) -> AnyView, before: &'static str| {
        move || match source.get() {
            Some(source) => shown(&source),
            None => view! { <p class="dim">{before}</p> }.into_any(),
        }
    };
    view! {
        <section class="first-run" aria-label="First run" data-pane="first-run" data-state="ready">
            <div class="card">
                <div class="line"><h2>"Record your first run"</h2><span class="sp"></span>
                    <button class="btn" data-close="first-run" on:click=move |_| page.shell.show_guide(false)>"Close"</button>
                </div>
                <ol class="steps">
                    <li><h3>"Where is your agent?"</h3>{upstream_form(page, source)}</li>
                    <li class:later=later><h3>"Point your frontend here instead"</h3>
                        {step(sources::snippets, "Scrubjay listens on this machine and passes everything on, byte for byte.")}</li>
                    <li class:later=later><h3>"Use it once"</h3>
                        {step(sources::checklist, "Each step gets a ✓ when Scrubjay has seen it work, or the reason why it failed.")}</li>
                </ol>
            </div>
            {samples(page)}
        </section>
    }
    .into_any()
}

/// The source that the card made, or the first that there is.
fn source_of(page: Page) -> Option<Source> {
    let made = page.shell.first_source.get();
    let made = made.and_then(|name| page.shell.source(&name));
    made.or_else(|| page.shell.sources.with(|sources| sources.as_ref()?.first().cloned()))
}

/// The agent's address. The card makes one source; what is corrected in it corrects that one.
fn upstream_form(page: Page, source: Memo<Option<Source>>) -> AnyView {
    let upstream = RwSignal::new(String::new());
    let wrong = RwSignal::new(None::<Report>);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let (known, upstream) = (source.get_untracked(), upstream.get_untracked());
        leptos::task::spawn_local(async move {
            match start(known, upstream).await {
                Ok(source) => {
                    wrong.set(None);
                    page.shell.first_source.set(Some(source.name));
                }
                Err(report) => wrong.set(Some(report)),
            }
            page.shell.ask_sources();
        });
    };
    let verb = move || source.with(|source| if source.is_some() { "Change" } else { "Start recording" });
    view! {
        <form class="line" on:submit=submit>
            <input class="field wide" data-field="first-upstream" aria-label="Upstream"
                placeholder="http://localhost:8000/agui, or paste a curl command"
                prop:value=move || upstream.get() on:input=move |event| upstream.set(event_target_value(&event))/>
            <button class="btn solid" type="submit">{verb}</button>
        </form>
        {move || wrong.get().map(|report| view! { <p class="bad" role="alert">{coded(&report.message)}" "{coded(&report.hint)}</p> })}
    }
    .into_any()
}

fn samples(page: Page) -> AnyView {
    view! {
        <div class="card samples">
            <h2>"Or look at a sample"</h2>
            <ul class="sample-list">{Sample::ALL.map(|sample| sample_view(page, sample))}</ul>
            <h2>"Or open a recording"</h2>
            {library::open_button(page)}
            <p class="faint">"Or drop a file onto this window: a recording, a HAR, an event stream, JSON events"</p>
        </div>
    }
    .into_any()
}

fn sample_view(page: Page, sample: Sample) -> AnyView {
    let (name, shows) = words::sample(sample);
    let word = words::sample_word(sample);
    view! {
        <li><b>{name}</b><p class="dim">{shows}</p>
            <div class="line">
                <button class="btn outline" data-open-sample=word aria-label=format!("Open: {name}")
                    on:click=move |_| page.open_sample(sample)>"Open"</button>
                <button class="btn outline" data-serve-sample=word aria-label=format!("Serve as agent: {name}")
                    on:click=move |_| page.serve_sample(sample)>"Serve as agent"</button>
            </div></li>
    }
    .into_any()
}

/// Starts a source, or sends the one that there is to another upstream.
async fn start(known: Option<Source>, upstream: String) -> Result<Source, Report> {
    match known {
        Some(known) => {
            let edit = EditSource {
                name: known.name.clone(),
                new_name: String::new(),
                listen: known.listen,
                upstream,
                keep_secrets: known.keep_secrets,
            };
            bridge::ask(edit).await
        }
        None => {
            let add = AddSource {
                name: String::new(),
                listen: String::new(),
                upstream,
                keep_secrets: false,
            };
            bridge::ask(add).await
        }
    }
}
