//! A windowed list: the scrollbar is exact, only what is visible is in the DOM.
//!
//! Where a fast hand scrolls to rows that have not come yet, their numbers
//! stand there at once.

use std::ops::Range;

use leptos::{attr::Attribute, html, prelude::*};

use super::listing::{ListPage, Listing};
use crate::{browser, words};

/// The scrolling box around `rows`, which are placed where they belong.
///
/// `attributes` give it its role and name and let it take the focus, so that what has the focus is what keys scroll.
pub(crate) fn list<T: ListPage>(
    listed: Listing<T>,
    attributes: impl Attribute,
    rows: impl IntoView + 'static,
) -> AnyView {
    numbered(listed, attributes, |row| words::count(row + 1), rows)
}

/// The same with other names for rows that are not here yet.
pub(crate) fn numbered<T: ListPage>(
    listed: Listing<T>,
    attributes: impl Attribute,
    name: impl Fn(u64) -> String + Copy + Send + Sync + 'static,
    rows: impl IntoView + 'static,
) -> AnyView {
    let node = NodeRef::<html::Div>::new();
    node.on_load(move |element| {
        browser::watch_size(&element, move |_, height| {
            if height > 0.0 && (height - listed.view_px.get_untracked()).abs() > 0.5 {
                listed.view_px.set(height);
            }
        });
    });
    let tall = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        let scroll = listed.scroll();
        let (Some(element), Some(tall)) = (node.get(), tall.get()) else {
            return;
        };
        // Before the scrolling: a browser scrolls no further than the element is tall.
        let height = format!("{}px", scroll.height_px());
        tall.style(("height", height));
        if let (Some(top), true) = (listed.scroll_to.get(), scroll.total > 0) {
            element.set_scroll_top(top.round() as i32);
            listed.scroll_to.set(None);
        }
    });
    let scrolled = move |_| {
        if let Some(element) = node.get_untracked() {
            listed.top_px.set(f64::from(element.scroll_top()));
        }
    };
    let place = move || {
        let top = listed.scroll().row_top_px(listed.first(), listed.top_px.get());
        format!("translateY({top}px)")
    };
    view! {
        <div class="list" {..attributes} node_ref=node on:scroll=scrolled>
            <div class="list-height" role="presentation" node_ref=tall></div>
            {move || listed.missing().into_iter().map(|missing| skeleton(listed, missing, name)).collect_view()}
            <div class="list-window" role="presentation" style:transform=place>{rows}</div>
        </div>
    }
    .into_any()
}

/// Rows that are not here yet: one element, a line of text for each.
fn skeleton<T: ListPage>(listed: Listing<T>, missing: Range<u64>, name: impl Fn(u64) -> String) -> AnyView {
    let scroll = listed.scroll();
    let (top, row) = (scroll.row_top_px(missing.start, listed.top_px.get()), scroll.row_px);
    let style = format!("transform:translateY({top}px);line-height:{row}px;--row-px:{row}px");
    let lines = missing.map(name).collect::<Vec<_>>().join("\n");
    view! { <div class="list-skeleton" aria-hidden="true" style=style>{lines}</div> }.into_any()
}
