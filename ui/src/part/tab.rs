//! A button of a row of tabs.

use leptos::prelude::*;

/// The tab; `id` is its `data-tab`.
pub(crate) fn tab<V: Copy + PartialEq + Send + Sync + 'static>(
    name: &'static str,
    id: impl Into<String>,
    value: V,
    chosen: impl Fn() -> V + Copy + Send + 'static,
    choose: impl Fn(V) + 'static,
) -> AnyView {
    counted(name, id, value, chosen, choose, || None)
}

/// The tab, and after its name how much it holds.
pub(crate) fn counted<V: Copy + PartialEq + Send + Sync + 'static>(
    name: &'static str,
    id: impl Into<String>,
    value: V,
    chosen: impl Fn() -> V + Copy + Send + 'static,
    choose: impl Fn(V) + 'static,
    count: impl Fn() -> Option<String> + Send + 'static,
) -> AnyView {
    let is_on = move || chosen() == value;
    let badge = move || count().map(|count| view! { <span class="badge">{count}</span> });
    // A tab that is clicked takes no focus, so that the keys go on to be those of the screen.
    view! {
        <button class="tab2" role="tab" class:on=is_on aria-selected=move || is_on().to_string() data-tab=id.into()
            on:mousedown=|event| event.prevent_default() on:click=move |_| choose(value)>{name}{badge}</button>
    }
    .into_any()
}
