//! Go to: a field that takes an event, a time or a run.

use leptos::{ev, html, prelude::*};

use crate::{
    browser,
    screen::inspect::model::{Inspect, go_to},
    shell::model::Shell,
};

/// The field, when it is open.
pub(crate) fn go_to(shell: Shell) -> AnyView {
    let inspect = shell.inspect;
    let wrong = RwSignal::new(None::<String>);
    let field = move || {
        inspect.go_to_open.get().then(|| {
            wrong.set(None);
            let node = NodeRef::<html::Input>::new();
            node.on_load(|element| drop(element.focus()));
            let key = move |event: ev::KeyboardEvent| {
                let text = event_target_value(&event);
                match event.key().as_str() {
                    "Enter" => go(inspect, &text, wrong),
                    "Escape" => inspect.go_to_open.set(false),
                    _ => return,
                }
                event.prevent_default();
            };
            view! {
                <div class="veil top" on:click=move |_| inspect.go_to_open.set(false)>
                    <div class="sheet small" role="dialog" aria-label="Go to" data-sheet="go-to"
                        on:click=|event| event.stop_propagation()>
                        <input class="field wide" node_ref=node on:keydown=key aria-label="Go to"
                            placeholder="#1842, +18.2s, 12:04:31 or a run id"/>
                        {move || wrong.get().map(|words| view! { <p class="bad" role="alert">{words}</p> })}
                    </div>
                </div>
            }
        })
    };
    view! { {field} }.into_any()
}

fn go(inspect: Inspect, text: &str, wrong: RwSignal<Option<String>>) {
    let read = inspect.opened.with_untracked(|opened| {
        let opened = opened.as_ref()?;
        Some(go_to::read(
            text,
            opened.started_at_millis,
            browser::zone_offset_min(),
            &opened.runs,
        ))
    });
    match read {
        Some(Ok(target)) => {
            inspect.go_to_open.set(false);
            inspect.visit(target);
        }
        Some(Err(words)) => wrong.set(Some(words)),
        None => inspect.go_to_open.set(false),
    }
}
