//! The recording's lanes, with a coloured head for every client.

use leptos::{html, prelude::*};
use scrubjay_ipc::{Axis, ReplayClient};
use scrubjay_timeline::{
    Layout, Scene, Strip, Window,
    layout::{Folding, RULER_PX},
    title,
};

use crate::{
    browser,
    part::painted,
    screen::replay::{model::ReplayModel, words as how},
    shell::model::Shell,
    words,
};

/// Part of the window beyond which the lanes are thin strips.
const MOST: f64 = 0.26;

pub(crate) fn lanes(model: ReplayModel, shell: Shell) -> AnyView {
    let layout = Memo::new(move |_| layout_of(model));
    let failed = RwSignal::new(None::<String>);
    let node = NodeRef::<html::Div>::new();
    node.on_load(move |element| {
        browser::watch_size(&element, move |width, _| {
            if width > 0.0 && (model.width_px.get_untracked() - width).abs() > 0.5 {
                model.width_px.set(width);
            }
        });
    });
    let theme = painted::theme(shell);
    let picture = Signal::derive(move || {
        Strip(Scene {
            view: model.lanes.get().unwrap_or_default(),
            axis: model.axis.get(),
            window: window(model),
            extent: model.extent(),
            layout: layout.get(),
            scroll: 0.0,
            theme: theme.get(),
        })
    });
    let height = move || f64::from(layout.with(|layout| layout.height).max(56.0) + RULER_PX);
    let size = Signal::derive(move || (model.width_px.get(), height()));
    let state = move || {
        if model.lanes.with(Option::is_some) {
            "ready"
        } else {
            "loading"
        }
    };
    view! {
        <section class="replay-lanes" style:height=move || format!("{}px", height()) aria-label="Lanes of the recording"
            data-pane="replay-lanes" data-state=state data-exchange=move || model.exchange_shown().map(|exchange| exchange.to_string())
            data-as-of=move || model.client_here().map(|client| client.seq.to_string())>
            <div class="titles">
                <button class="axis-title" title="Axis (x)" on:click=move |_| model.cycle_axis()>{move || words::axis(model.axis.get())}" ▾"</button>
                <div class="strip-titles" class:folded=move || layout.with(|layout| layout.folded)>{move || titles(&layout.get())}</div>
            </div>
            <div class="stage" node_ref=node>
                {painted::painted(picture, size, failed)}
                {move || failed.get().map(|words| view! { <p class="stage-note">{words}</p> })}
                {heads(model)}
            </div>
        </section>
    }
    .into_any()
}

fn layout_of(model: ReplayModel) -> Layout {
    model.lanes.with(|view| {
        let Some(view) = view else { return Layout::default() };
        let open = Layout::new(&view.lanes, Folding::default());
        if f64::from(open.height) <= browser::window_height() * MOST {
            return open;
        }
        let folding = Folding {
            folded: true,
            charts: false,
        };
        Layout::new(&view.lanes, folding)
    })
}

fn titles(layout: &Layout) -> Vec<AnyView> {
    let one = |place: &scrubjay_timeline::Place| {
        let style = format!(
            "top:{}px;height:{}px;line-height:{}px",
            place.y, place.height, place.height
        );
        view! { <div class="lane-title" style=style>{title(place.id)}</div> }.into_any()
    };
    layout.lanes.iter().map(one).collect()
}

fn window(model: ReplayModel) -> Window {
    Window::new(0.0, model.extent() * 1.01)
}

/// One head a client of the recording that is shown, each an element that only moves.
fn heads(model: ReplayModel) -> AnyView {
    let ids = Memo::new(move |_| {
        let shown = model.exchange_shown();
        let clients = model.current().map(|replay| replay.clients).unwrap_or_default();
        let here = clients.into_iter().filter(|client| Some(client.exchange) == shown);
        here.map(|client| client.client).collect::<Vec<_>>()
    });
    view! { <For each=move || ids.get() key=|client| *client children=move |client| head(model, client)/> }.into_any()
}

fn head(model: ReplayModel, number: u64) -> AnyView {
    let client = Memo::new(move |_| {
        let clients = model.current()?.clients;
        clients.into_iter().find(|client| client.client == number)
    });
    let at = move |client: &ReplayClient| match model.axis.get() {
        Axis::Index => f64::from(client.seq),
        Axis::Clock | Axis::Collapsed => client.at_us as f64,
    };
    let place = move || {
        let x = client.with(|client| client.as_ref().map_or(0.0, at));
        let px = window(model).x_of(x, model.width_px.get());
        format!("transform:translateX({px}px);--hue:var({})", how::hue(number))
    };
    let is_over = move || client.with(|client| client.as_ref().is_none_or(|client| !how::is_open(client.stage)));
    let is_meant = move || model.client_here().map(|client| client.client) == Some(number);
    let label = move || {
        client.with(|client| {
            client.as_ref().map(|client| {
                format!(
                    "client {number}, {}, at event {} of {}",
                    how::stage(client.stage),
                    client.seq,
                    client.frames
                )
            })
        })
    };
    view! {
        <div class="client-head" class:over=is_over class:meant=is_meant style=place role="img" aria-label=label data-head=number.to_string()
            data-seq=move || client.with(|client| client.as_ref().map(|client| client.seq.to_string()))>
            <span>{number.to_string()}</span></div>
    }
    .into_any()
}
