//! The page's frame: it mounts all screens, handles keys, theme and dropped files.

pub(crate) mod go_to;
pub(crate) mod key_sheet;
pub(crate) mod locked;
pub(crate) mod notice;
pub(crate) mod settings;
pub(crate) mod status_bar;
pub(crate) mod top_bar;

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast as _;

use crate::{
    bridge,
    browser::{self, OrLog as _},
    screen::{Command, Page, Screen},
    shell::{
        commands::Command as GeneralCommand,
        keyboard::Pressed,
        model::{Shell, ThemeChoice},
    },
};

/// Mounts the page if the server admits this tab, or else a page with the reason.
pub(crate) fn mount() {
    wasm_bindgen_futures::spawn_local(async {
        match bridge::enter().await {
            Ok(()) => mount_to_body(app),
            Err(why) => mount_to_body(move || locked::locked(why)),
        }
    });
}

fn app() -> impl IntoView {
    let page = Page::new();
    let shell = page.shell;
    watch_theme(shell);
    listen_to_keys(page);
    watch_density(shell);
    page.keep_address();
    let dropping = RwSignal::new(false);
    let screens = Screen::offered().map(|screen| {
        let shown = move || if shell.screen.get() == screen { "flex" } else { "none" };
        view! { <div class="screen-of" style:display=shown><h2 class="sr">{screen.title()}</h2>{screen.view(page)}</div> }
    });
    let screens = screens.collect_view();
    view! {
        <div
            class="app"
            data-screen=move || page.shell.screen.get().word()
            class:dropping=move || dropping.get()
            on:dragover=move |event| { event.prevent_default(); dropping.set(true); }
            on:dragleave=move |event: ev::DragEvent| dropping.set(event.related_target().is_some())
            on:drop=move |event: ev::DragEvent| { dropping.set(false); drop_file(page, &event); }
        >
            {top_bar::top_bar(page)}
            {notice::notices(page)}
            <main class="screen">
                {screens}
            </main>
            {notice::undo_bar(page)}
            {status_bar::status_bar(page)}
            {key_sheet::key_sheet(page)}
            {settings::settings(shell)}
            {go_to::go_to(page)}
            <div class="drop-veil" aria-hidden="true">"Drop to open the recording"</div>
            {move || bridge::bridge().locked().map(locked::locked)}
            <div class="sr" role="status" aria-live="polite">{move || page.shell.said.get()}</div>
        </div>
    }
    .into_any()
}

fn watch_theme(shell: Shell) {
    if let Some(choice) = browser::parameter("theme") {
        shell.theme.set(if choice == "light" {
            ThemeChoice::Light
        } else {
            ThemeChoice::Dark
        });
    }
    Effect::new(move |_| {
        let name = match shell.theme.get() {
            ThemeChoice::System => "",
            ThemeChoice::Light => "light",
            ThemeChoice::Dark => "dark",
        };
        if let Some(root) = document().document_element() {
            if name.is_empty() {
                root.remove_attribute("data-theme").or_log();
            } else {
                root.set_attribute("data-theme", name).or_log();
            }
        }
        shell.colours.update(|turn| *turn += 1);
    });
    for query in [
        "(prefers-color-scheme: dark)",
        "(forced-colors: active)",
        "(prefers-contrast: more)",
    ] {
        let Ok(Some(list)) = window().match_media(query) else {
            continue;
        };
        let changed = wasm_bindgen::closure::Closure::<dyn Fn()>::new(move || shell.colours.update(|turn| *turn += 1));
        list.add_event_listener_with_callback("change", changed.as_ref().unchecked_ref())
            .or_log();
        changed.forget();
    }
}

fn watch_density(shell: Shell) {
    Effect::new(move |_| {
        let density = shell.density.get();
        if let Some(root) = document().document_element() {
            root.set_attribute("data-density", density.word()).or_log();
        }
    });
}

/// Back and forward, which a browser does by itself and a window leaves to its page.
fn goes_through_history(event: &ev::KeyboardEvent) -> bool {
    let is_asked = event.alt_key() && !event.ctrl_key() && !event.default_prevented();
    if !is_asked || bridge::bridge().saves_downloads() {
        return false;
    }
    match event.key().as_str() {
        "ArrowLeft" => browser::go_back(),
        "ArrowRight" => browser::go_forward(),
        _ => return false,
    }
    event.prevent_default();
    true
}

fn listen_to_keys(page: Page) {
    let listener = window_event_listener(ev::keydown, move |event| {
        if goes_through_history(&event) {
            return;
        }
        let pressed = Pressed {
            key: &event.key(),
            code: &event.code(),
            shift: event.shift_key(),
            ctrl: event.ctrl_key() || event.meta_key(),
            alt: event.alt_key(),
        };
        let mut keyboard = page.shell.keyboard.get_untracked();
        if keyboard.learn(&pressed) {
            page.shell.keyboard.set(keyboard.clone());
        }
        let command = page.shell.screen.get_untracked().command(&pressed, &keyboard);
        let Some(command) = command.filter(|command| command.is_offered()) else {
            return;
        };
        // These work in a text field, too: they are the way out of it.
        let works_while_typing = matches!(
            command,
            Command::General(GeneralCommand::Close | GeneralCommand::NextPane | GeneralCommand::PrevPane)
        );
        if event.default_prevented() || (browser::is_typing() && !works_while_typing && pressed.edits_text()) {
            return;
        }
        // Enter and Space on a button press that button; with Control they are a command.
        let on_button = browser::focused()
            .is_some_and(|focused| matches!(focused.tag_name().as_str(), "BUTTON" | "A" | "SUMMARY" | "INPUT"));
        if on_button && !pressed.ctrl && matches!(pressed.key, "Enter" | " ") {
            return;
        }
        event.prevent_default();
        command.run(page);
    });
    // The page listens as long as it lives.
    std::mem::forget(listener);
}

fn drop_file(page: Page, event: &ev::DragEvent) {
    event.prevent_default();
    let files = event.data_transfer().and_then(|transfer| transfer.files());
    if let Some(file) = files.and_then(|files| files.get(0)) {
        page.open_file(&file);
    }
}
