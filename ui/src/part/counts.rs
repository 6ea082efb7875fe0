//! How many findings there are of each severity.

use leptos::prelude::*;
use scrubjay_ipc::Severity;

use crate::words;

/// Errors, warnings and notes; a severity without any is left out.
pub(crate) fn counts(errors: u32, warnings: u32, notes: u32) -> AnyView {
    let one = |severity, n: u32| {
        (n > 0).then(|| {
            let (n, name) = (u64::from(n), words::severity(severity));
            view! { <span class=format!("sev-{name}") title=words::many(n, name)>{words::severity_sign(severity)}" "{words::count(n)}</span> }
        })
    };
    view! {
        <span class="counts">{one(Severity::Error, errors)}{one(Severity::Warning, warnings)}{one(Severity::Note, notes)}</span>
    }
    .into_any()
}
