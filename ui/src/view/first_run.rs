//! The first run: one card from an upstream's address to the first event.

use leptos::{ev, prelude::*};
use scrubjay_ipc::AddSource;

use super::{library, sources};
use crate::{ipc, model::shell::Shell};

/// The card.
pub(crate) fn card(shell: Shell) -> AnyView {
    let made = shell.first_source;
    let upstream = RwSignal::new(String::new());
    let wrong = RwSignal::new(None::<scrubjay_ipc::Report>);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let ask = AddSource {
            name: String::new(),
            listen: String::new(),
            upstream: upstream.get_untracked(),
            keep_secrets: false,
        };
        leptos::task::spawn_local(async move {
            match ipc::ask(ask).await {
                Ok(source) => {
                    wrong.set(None);
                    made.set(Some(source.name));
                }
                Err(report) => wrong.set(Some(report)),
            }
            shell.ask_sources();
        });
    };
    let source = move || {
        let name = made.get();
        shell.sources.with(|sources| {
            let all = sources.as_ref()?;
            all.iter()
                .find(|source| Some(&source.name) == name.as_ref())
                .or(all.first())
                .cloned()
        })
    };
    view! {
        <section class="first-run" aria-label="First run" data-pane="first-run" data-state="ready">
            <div class="card">
                <div class="line"><h2>"Record your first run"</h2><span class="sp"></span>
                    {move || made.get().map(|_| view! { <button class="btn" on:click=move |_| made.set(None)>"Close"</button> })}
                </div>
                <ol class="steps">
                    <li><h3>"Where is your agent?"</h3>
                        <form class="line" on:submit=submit>
                            <input class="field wide" data-field="first-upstream" aria-label="Upstream"
                                placeholder="http://localhost:8000/agui, or paste a curl command"
                                prop:value=move || upstream.get() on:input=move |event| upstream.set(event_target_value(&event))/>
                            <button class="btn solid" type="submit">"Start recording"</button>
                        </form>
                        {move || wrong.get().map(|report| view! { <p class="bad" role="alert">{report.message}" "{report.hint}</p> })}
                    </li>
                    <li class:later=move || source().is_none()><h3>"Point your frontend here instead"</h3>
                        {move || match source() {
                            Some(source) => sources::snippets(&source),
                            None => view! { <p class="dim">"Scrubjay listens on this machine and passes everything on, byte for byte."</p> }.into_any(),
                        }}
                    </li>
                    <li class:later=move || source().is_none()><h3>"Use it once"</h3>
                        {move || match source() {
                            Some(source) => sources::checklist(&source),
                            None => view! { <p class="dim">"Each step lights up when it has been seen to work, or says why not."</p> }.into_any(),
                        }}
                    </li>
                </ol>
            </div>
            <div class="card samples">
                <h2>"Or look at a recording"</h2>
                <p class="dim">"Samples are in the recordings folder that comes with Scrubjay: a failed patch, an interrupt, sub-agents, a run cut short."</p>
                {move || samples(shell)}
                {library::open_button(shell)}
                <p class="faint">"Or drop a file onto this window: .agui.jsonl, .agui.jsonl.gz"</p>
            </div>
        </section>
    }
    .into_any()
}

/// Runs that are here already, as the samples of a first start are.
fn samples(shell: Shell) -> AnyView {
    let is_any = shell
        .library
        .page
        .value
        .with(|page| page.as_ref().is_some_and(|page| page.total > 0));
    if is_any {
        library::last_three(shell)
    } else {
        ().into_any()
    }
}
