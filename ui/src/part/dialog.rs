//! A sheet over the page, which takes the focus and closes by a click beside it.

use leptos::{html, prelude::*};

use crate::browser::OrLog as _;

/// What a dialog is called, by a person and in attributes.
#[derive(Clone, Copy)]
pub(crate) struct DialogName {
    pub(crate) title: &'static str,
    /// The value of `data-sheet`.
    pub(crate) name: &'static str,
    pub(crate) class: &'static str,
}

/// The dialog, while it is open.
pub(crate) fn dialog(
    named: DialogName,
    is_open: RwSignal<bool>,
    body: impl Fn() -> AnyView + Send + 'static,
) -> AnyView {
    let sheet = move || {
        is_open.get().then(|| {
            let node = NodeRef::<html::Div>::new();
            node.on_load(|element| element.focus().or_log());
            view! {
                <div class="veil" on:click=move |_| is_open.set(false)>
                    <div
                        class=named.class role="dialog" aria-modal="true" aria-label=named.title tabindex="-1" node_ref=node
                        data-sheet=named.name on:click=|event| event.stop_propagation()
                    >
                        <div class="sheet-head"><h2>{named.title}</h2><span class="sp"></span>
                            <button class="btn" on:click=move |_| is_open.set(false)>"Close "<kbd>"Esc"</kbd></button>
                        </div>
                        {body()}
                    </div>
                </div>
            }
        })
    };
    view! { {sheet} }.into_any()
}
