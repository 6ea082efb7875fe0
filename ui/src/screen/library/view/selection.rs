//! Selecting runs in the library: on the rows, and the bar that says what can be done with them.

use leptos::{ev, prelude::*};
use scrubjay_ipc::LibraryRow;

use crate::{
    bridge,
    screen::{
        Page,
        library::{model::selection::SelectedRun, words},
    },
};

/// A click chooses a row; with Control or Shift it selects it beside others.
pub(crate) fn clicked(page: Page, event: &ev::MouseEvent, key: (i64, Option<u32>)) {
    page.library.chosen.set(Some(key));
    if (event.ctrl_key() || event.meta_key() || event.shift_key())
        && let Some(row) = page.library.chosen_row()
    {
        event.prevent_default();
        page.library.selection.toggle(&row);
    }
}

/// What a row offers under the pointer.
pub(crate) fn buttons(page: Page, row: &LibraryRow) -> AnyView {
    let (exchange, run) = (row.exchange, row.run);
    let is_picked = move || page.library.selection.has(exchange, run);
    let (picked, served) = (row.clone(), row.clone());
    let serve = move |event: ev::MouseEvent| {
        event.stop_propagation();
        page.library.chosen.set(Some((exchange, run)));
        if !page.library.selection.has(exchange, run) {
            page.library.selection.clear();
            page.library.selection.toggle(&served);
        }
        page.serve();
    };
    let serve = bridge::has_engine().then(|| {
        view! {
            <button class="btn outline" tabindex="-1" data-serve="" title="Serve it as the agent (q)" on:click=serve>"Serve as agent"</button>
        }
    });
    view! {
        <span class="row-tools" role="gridcell">
            <button class="btn outline" tabindex="-1" data-pick="" aria-pressed=move || is_picked().to_string()
                title="Select it beside others (Space, Ctrl click)"
                on:click=move |event| { event.stop_propagation(); page.library.selection.toggle(&picked); }>
                {move || if is_picked() { "✓ selected" } else { "Select" }}</button>
            {serve}
        </span>
    }
    .into_any()
}

/// What can be done with the selected runs; nothing while none is.
pub(crate) fn bar(page: Page) -> AnyView {
    let bar = move || {
        let selection = page.library.selection.0.get();
        let baseline = page.compare.baseline.get();
        if selection.is_empty() {
            return baseline.map(|baseline| {
                view! {
                    <div class="pick-bar" data-picks="0">
                        <span class="side-tag a">"A"</span><bdi class="cut">{words::visible(&baseline.title)}</bdi>
                        <span class="dim">"is the baseline. On another run, "<kbd>"Ctrl ⇧b"</kbd>" compares the two."</span>
                        <span class="sp"></span>
                        <button class="btn" on:click=move |_| page.compare.baseline.set(None)>"Clear"</button>
                    </div>
                }
                .into_any()
            });
        }
        Some(selected(page, &selection))
    };
    view! { {bar} }.into_any()
}

fn selected(page: Page, selection: &[SelectedRun]) -> AnyView {
    let is_two = selection.len() == 2;
    let baseline = page.compare.baseline.get();
    let hint = match (selection.len(), &baseline) {
        (1, None) => "select another to compare the two",
        (_, Some(_)) | (2, None) => "",
        (_, None) => "take them as A, then select what to compare them with",
    };
    let with_a = baseline.map(|baseline| {
        view! {
            <button class="btn solid" data-compare-with-a="" title="Compare A with what is selected"
                on:click=move |_| page.compare_together()>"Compare with A"</button>
            <span class="side-tag a">"A"</span><bdi class="cut dim">{words::visible(&baseline.title)}</bdi>
        }
    });
    let serve = bridge::has_engine().then(|| {
        view! {
            <button class="btn outline" data-serve-picks="" title="Serve them as the agent (q)" on:click=move |_| page.serve()>"Serve as agent"</button>
        }
    });
    view! {
        <div class="pick-bar" data-picks=selection.len().to_string()>
            <b>{words::many(selection.len() as u64, "run")}" selected"</b><span class="dim">{hint}</span>
            <span class="sp"></span>{with_a}
            <button class="btn outline" data-take-as-a="" title="Take what is selected as A (Ctrl b)" on:click=move |_| page.set_baseline()>"Take as A"</button>
            <button class="btn solid" data-compare="" disabled=!is_two title="Compare the two (Ctrl ⇧b)"
                on:click=move |_| page.compare_with()>"Compare"</button>
            {serve}
            <button class="btn" on:click=move |_| page.library.selection.clear()>"Clear"</button>
        </div>
    }
    .into_any()
}
