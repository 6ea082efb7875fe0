//! A sentence in which names stand between backticks.

use leptos::prelude::*;

use crate::words;

/// The sentence as text, its names as code.
pub(crate) fn coded(text: &str) -> AnyView {
    let piece = |(is_code, piece): (bool, &str)| {
        let piece = words::visible(piece);
        if is_code {
            view! { <code>{piece}</code> }.into_any()
        } else {
            piece.into_any()
        }
    };
    words::pieces(text).into_iter().map(piece).collect_view().into_any()
}
