//! A canvas with a painted picture, painted again when the picture or its size changes.

use leptos::{html, prelude::*};
use scrubjay_timeline::{Picture, Theme};

use super::canvas::{self, Host};
use crate::shell::model::Shell;

/// The colours of the page, read again when they may have changed.
pub(crate) fn theme(shell: Shell) -> Memo<Theme> {
    Memo::new(move |_| {
        shell.colours.track();
        canvas::read_theme()
    })
}

/// The canvas; a sentence in its place where the browser cannot paint.
pub(crate) fn painted<P>(picture: Signal<P>, size: Signal<(f64, f64)>) -> AnyView
where
    P: Picture + Send + Sync + 'static,
{
    let node = NodeRef::<html::Canvas>::new();
    let host = StoredValue::new_local(None::<Host<P>>);
    let failed = RwSignal::new(None::<String>);
    let is_started = RwSignal::new(false);
    node.on_load(move |element| match Host::start(element) {
        Ok(started) => {
            host.set_value(Some(started));
            is_started.set(true);
        }
        Err(words) => failed.set(Some(words)),
    });
    Effect::new(move |_| {
        let picture = picture.get();
        size.track();
        if let Some(host) = host.get_value().filter(|_| is_started.get()) {
            host.show(picture);
            host.repaint();
        }
    });
    view! {
        <canvas class="lanes-canvas" node_ref=node aria-hidden="true"></canvas>
        {move || failed.get().map(|words| view! { <p class="stage-note">{words}</p> })}
    }
    .into_any()
}
