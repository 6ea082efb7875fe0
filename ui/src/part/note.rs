//! What a pane says in the place of its content.

use leptos::prelude::*;
use scrubjay_ipc::Report;

use super::coded::coded;

/// A sentence where there is nothing to show.
pub(crate) fn note(sentence: impl Into<String>) -> AnyView {
    view! { <div class="pane-note"><p>{sentence.into()}</p></div> }.into_any()
}

/// Why the answer did not come, and what to do.
pub(crate) fn failure(report: &Report) -> AnyView {
    view! { <div class="pane-note bad"><b>{coded(&report.message)}</b><p>{coded(&report.hint)}</p></div> }.into_any()
}

/// The same, while there is a report.
pub(crate) fn failure_of(report: RwSignal<Option<Report>>) -> AnyView {
    view! { {move || report.with(|report| report.as_ref().map(failure))} }.into_any()
}
