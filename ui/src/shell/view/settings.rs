//! The settings: a sheet, not a screen.

use leptos::prelude::*;

use crate::{
    part::dialog::{DialogName, dialog},
    shell::{
        density::Density,
        model::{Shell, ThemeChoice},
    },
};

pub(crate) fn settings(shell: Shell) -> AnyView {
    let named = DialogName {
        title: "Settings",
        name: "settings",
        class: "sheet small settings",
    };
    dialog(named, shell.settings, move || {
        view! { {theme(shell)}{density(shell)}{single_keys(shell)} }.into_any()
    })
}

/// One of a group's choices.
fn choice(
    name: &'static str,
    is_on: impl Fn() -> bool + Copy + Send + 'static,
    choose: impl Fn() + 'static,
) -> AnyView {
    view! {
        <button class="choice" role="radio" class:on=is_on aria-checked=move || is_on().to_string()
            data-choice=name.to_lowercase() on:click=move |_| choose()>{name}</button>
    }
    .into_any()
}

fn theme(shell: Shell) -> AnyView {
    let one = move |theme: ThemeChoice, name| {
        choice(name, move || shell.theme.get() == theme, move || shell.set_theme(theme))
    };
    view! {
        <h3>"Theme"</h3>
        <div class="choices" role="radiogroup" aria-label="Theme">
            {one(ThemeChoice::System, "As the system")}{one(ThemeChoice::Light, "Light")}{one(ThemeChoice::Dark, "Dark")}
        </div>
    }
    .into_any()
}

fn density(shell: Shell) -> AnyView {
    let one = move |density: Density, name| {
        choice(
            name,
            move || shell.density.get() == density,
            move || shell.set_density(density),
        )
    };
    view! {
        <h3>"Rows"</h3>
        <div class="choices" role="radiogroup" aria-label="Density of rows">
            {one(Density::Comfortable, "Comfortable")}{one(Density::Compact, "Compact")}
        </div>
    }
    .into_any()
}

fn single_keys(shell: Shell) -> AnyView {
    let is_on = move || shell.keyboard.with(|keyboard| keyboard.singles);
    view! {
        <h3>"Keys"</h3>
        <label class="check"><input type="checkbox" data-setting="single-keys" prop:checked=is_on
            on:change=move |event| shell.set_singles(event_target_checked(&event))/>" Single letters, digits and signs are keys"</label>
        <p class="dim">"Without, they need "<kbd>"Ctrl"</kbd>" "<kbd>"Alt"</kbd>". Arrows, "<kbd>"Space"</kbd>" and keys with "<kbd>"Ctrl"</kbd>" stay as they are."</p>
    }
    .into_any()
}
