//! The bar at the bottom: the screen's own line, and its most useful keys.

use leptos::prelude::*;

use crate::{bridge, screen::Page, shell::model::Shell, words};

pub(crate) fn status_bar(page: Page) -> AnyView {
    view! {
        <footer class="bar foot" data-pane="status" data-as-of=move || page.inspect.seq.get().to_string()>
            {move || page.shell.screen.get().status(page)}
            <span class="sp"></span>
            {move || hints(page)}
        </footer>
    }
    .into_any()
}

/// Room and state of the store.
pub(crate) fn health(shell: Shell) -> Option<AnyView> {
    let health = shell.health.get()?;
    let backlog = (health.backlog_bytes > 4_000_000).then(
        || view! { <span class="busy">{format!("{} waiting to be stored", words::bytes(health.backlog_bytes))}</span> },
    );
    let what = if health.free_bytes.is_some() { "store" } else { "file" };
    let path = match health.passing_bytes {
        0 => health.store.clone(),
        passing => format!("{}\nand {} on their way into it", health.store, words::bytes(passing)),
    };
    Some(
        view! {
            <span title=path>{format!("{what} {}", words::bytes(health.store_bytes))}</span>
            {health.free_bytes.map(|free| view! {
                <span class:bad=health.low_disk>{format!("disk {} free", words::bytes(free))}</span>
            })}
            {(health.read_only && bridge::has_engine()).then(|| view! { <span>"read only"</span> })}
            {backlog}
        }
        .into_any(),
    )
}

fn hints(page: Page) -> AnyView {
    let screen = page.shell.screen.get();
    let hint = |(command, word): (_, &'static str)| {
        let cap = screen
            .caps(command, &page.shell.keyboard.get())
            .into_iter()
            .next()
            .unwrap_or_default();
        view! { <span class="hint"><kbd>{cap}</kbd>" "{word}</span> }
    };
    let hints = screen.hints(page).into_iter();
    hints
        .filter(|(command, _)| command.is_offered())
        .map(hint)
        .collect_view()
        .into_any()
}
