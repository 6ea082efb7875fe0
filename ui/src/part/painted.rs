//! A canvas with a painted picture, painted again when the picture or its size changes, and the text over it.

use egui::Color32;
use leptos::{html, prelude::*};
use scrubjay_timeline::{Picture, Theme, Words};

use super::canvas::{self, Host};
use crate::shell::model::Shell;

/// The colours of the page, read again when they may have changed.
pub(crate) fn theme(shell: Shell) -> Memo<Theme> {
    Memo::new(move |_| {
        shell.colours.track();
        canvas::read_theme()
    })
}

/// The canvas, at a place of the element around it, and the text over it in the order of reading; a sentence
/// where the browser cannot paint.
///
/// `text` is asked for what stands on a picture of a size when that was painted. While the picture is stretched
/// the text moves with it.
pub(crate) fn painted<P>(
    picture: Signal<P>,
    size: Signal<(f64, f64)>,
    place: &'static str,
    text: fn(&P, (f64, f64)) -> Vec<Words>,
) -> AnyView
where
    P: Picture + Send + Sync + 'static,
{
    let (node, layer) = (NodeRef::<html::Canvas>::new(), NodeRef::<html::Div>::new());
    let host = StoredValue::new_local(None::<Host<P>>);
    let failed = RwSignal::new(None::<String>);
    let is_started = RwSignal::new(false);
    let words = RwSignal::new(Vec::new());
    let heard = move |picture: &P, size| {
        let now = text(picture, size);
        if words.with_untracked(|known| *known != now) {
            words.set(now);
        }
    };
    Effect::new(move |_| {
        let (Some(canvas), Some(layer)) = (node.get(), layer.get()) else {
            return;
        };
        match Host::start(canvas, layer.into(), Box::new(heard)) {
            Ok(started) => {
                host.set_value(Some(started));
                is_started.set(true);
            }
            Err(words) => failed.set(Some(words)),
        }
    });
    Effect::new(move |before: Option<(f64, f64)>| {
        let (picture, size) = (picture.get(), size.get());
        if let Some(host) = host.get_value().filter(|_| is_started.get()) {
            host.show(picture);
            if before != Some(size) {
                host.repaint();
            }
        }
        size
    });
    view! {
        <div class="painted" style=place>
            <div class="painted-in" node_ref=layer>
                <canvas class="lanes-canvas" node_ref=node aria-hidden="true"></canvas>
                {move || words.with(|words| words.iter().map(word).collect_view())}
            </div>
        </div>
        {move || failed.get().map(|words| view! { <p class="stage-note">{words}</p> })}
    }
    .into_any()
}

fn word(words: &Words) -> AnyView {
    let Words {
        x,
        y,
        width,
        height,
        text,
        ink,
        ground,
    } = words;
    let ground = ground
        .map(|ground| format!("background:{}", css(ground)))
        .unwrap_or_default();
    let ink = css(*ink);
    let style = format!(
        "transform:translate({x:.1}px,{y:.1}px);max-width:{width:.0}px;height:{height:.0}px;line-height:{height:.0}px;color:{ink};{ground}"
    );
    view! { <bdi class="lane-word" style=style>{text.clone()}</bdi> }.into_any()
}

fn css(color: Color32) -> String {
    let [red, green, blue, _] = color.to_srgba_unmultiplied();
    format!("rgb({red} {green} {blue})")
}

/// A ruler of ticks with their times or numbers.
pub(crate) fn ruler(
    ticks: impl Fn() -> Vec<(f64, String)> + Send + Sync + 'static,
    place: impl Fn() -> String + Send + Sync + 'static,
) -> AnyView {
    let tick =
        |(x, label): (f64, String)| view! { <span style=format!("transform:translateX({x:.1}px)")>{label}</span> };
    view! { <div class="ruler" style=place aria-hidden="true">{move || ticks().into_iter().map(tick).collect_view()}</div> }
        .into_any()
}
