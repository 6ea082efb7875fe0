//! Failures, files being opened, deletions that can be undone: bars, not toasts.

use leptos::prelude::*;

use crate::{part::coded::coded, screen::Page};

pub(crate) fn notices(page: Page) -> AnyView {
    view! {
        <div class="notices">
            {move || page.shell.notice.get().map(|report| view! {
                <div class="notice bad" role="alert" data-notice="report">
                    <span class="sign">"✕"</span>
                    <span><b>{coded(&report.message)}</b>" "{coded(&report.hint)}</span>
                    <span class="sp"></span>
                    <button class="btn" on:click=move |_| page.shell.notice.set(None)>"Close"</button>
                </div>
            })}
            {move || page.shell.opening.get().map(|opening| {
                let import = opening.import;
                let percent = format!("{:.0} %", opening.part * 100.0);
                view! {
                    <div class="notice" data-notice="opening">
                        <span>"Opening "<b>{opening.name}</b></span>
                        <progress max="1" value=opening.part.to_string()></progress>
                        <span class="dim">{percent}</span>
                        <span class="sp"></span>
                        {import.map(|import| view! {
                            <button class="btn" on:click=move |_| import.with_value(|cancel| cancel())>"Cancel"</button>
                        })}
                    </div>
                }
            })}
            {move || low_disk(page)}
            {move || outage(page)}
            {move || trouble(page)}
        </div>
    }
    .into_any()
}

fn low_disk(page: Page) -> Option<AnyView> {
    let health = page.shell.health.get().filter(|health| health.low_disk)?;
    let free = crate::words::bytes(health.free_bytes?);
    Some(
        view! {
            <div class="notice warn" role="alert" data-notice="disk">
                <span class="sign">"▲"</span>
                <span><b>{format!("Only {free} are free on the disk of the store.")}</b>
                    " Traffic goes on when it is full, but is no longer recorded. Delete runs you do not need."</span>
            </div>
        }
        .into_any(),
    )
}

/// Why what passes is not recorded now.
fn outage(page: Page) -> Option<AnyView> {
    let why = page.shell.health.get()?.outage?;
    Some(
        view! {
            <div class="notice warn" role="alert" data-notice="outage">
                <span class="sign">"▲"</span>
                <span><b>{format!("Recording has stopped: {why}.")}</b>
                    " Traffic goes on, and recording does as soon as there is room."</span>
            </div>
        }
        .into_any(),
    )
}

/// Why what is recorded does not get from the spool into the store.
fn trouble(page: Page) -> Option<AnyView> {
    let health = page.shell.health.get()?;
    let why = health.trouble?;
    let waiting = crate::words::bytes(health.backlog_bytes);
    Some(
        view! {
            <div class="notice warn" role="alert" data-notice="trouble">
                <span class="sign">"▲"</span>
                <span><b>{format!("What is recorded waits beside the store: {why}.")}</b>
                    {format!(" {waiting} are waiting and not lost; it is tried again.")}</span>
            </div>
        }
        .into_any(),
    )
}

/// The last deletion, until it can no longer be undone. It stands at the end of
/// the window, so that the rows above stay under the pointer.
pub(crate) fn undo_bar(page: Page) -> AnyView {
    let library = page.library;
    view! {
        {move || library.undo.get().map(|undo| view! {
            <div class="notice at-end" role="status" data-notice="undo">
                <span>"Deleted "<b><bdi>{undo.title}</bdi></b></span>
                <span class="undo-time"></span>
                <span class="sp"></span>
                <button class="btn" on:click=move |_| library.bring_back(move |report| page.shell.notify(report))>
                    "Undo "<kbd>"Ctrl z"</kbd>
                </button>
                <button class="btn" on:click=move |_| library.lapse(move |report| page.shell.notify(report))>
                    "Erase now"
                </button>
            </div>
        })}
    }
    .into_any()
}
