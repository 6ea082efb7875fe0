//! Go to: a field that takes an event, a time or a run.

use leptos::{ev, html, prelude::*};

use crate::{
    browser::{self, OrLog as _},
    screen::{
        Page,
        inspect::model::{Inspect, go_to},
    },
};

/// The field, when it is open.
pub(crate) fn go_to(page: Page) -> AnyView {
    let (inspect, is_open) = (page.inspect, page.shell.go_to);
    let wrong = RwSignal::new(None::<String>);
    let field = move || {
        is_open.get().then(|| {
            wrong.set(None);
            let node = NodeRef::<html::Input>::new();
            node.on_load(|element| element.focus().or_log());
            let key = move |event: ev::KeyboardEvent| {
                let text = event_target_value(&event);
                match event.key().as_str() {
                    "Enter" => go(inspect, is_open, &text, wrong),
                    "Escape" => is_open.set(false),
                    _ => return,
                }
                event.prevent_default();
            };
            view! {
                <div class="veil top" on:click=move |_| is_open.set(false)>
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

fn go(inspect: Inspect, is_open: RwSignal<bool>, text: &str, wrong: RwSignal<Option<String>>) {
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
            is_open.set(false);
            inspect.visit(target);
        }
        Some(Err(words)) => wrong.set(Some(words)),
        None => is_open.set(false),
    }
}
