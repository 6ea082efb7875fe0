//! The recording's lanes, with a coloured head for every client.

use leptos::prelude::*;
use scrubjay_ipc::{Axis, ReplayClient};
use scrubjay_timeline::{
    Layout, Scene, Theme, Window,
    layout::{Folding, RULER_PX},
    text,
};

use crate::{
    browser,
    part::{lanes, painted},
    screen::replay::{model::ReplayModel, words as how},
    shell::model::Shell,
    words,
};

/// Part of the window beyond which the lanes are thin strips.
const MOST: f64 = 0.26;

pub(crate) fn lanes(model: ReplayModel, shell: Shell) -> AnyView {
    let layout = Memo::new(move |_| layout_of(model));
    let node = lanes::measured(move |width, _| lanes::take_width(model.width_px, width));
    let height = move || f64::from(layout.with(|layout| layout.height).max(56.0) + RULER_PX);
    let size = Signal::derive(move || (model.width_px.get(), height() - f64::from(RULER_PX)));
    let scene = picture(model, layout, painted::theme(shell));
    let labels = |scene: &Scene, (width, height)| text::labels(scene, width, height);
    let state = move || words::ready_if(model.lanes.with(Option::is_some));
    let titles = move || layout.with(|layout| lanes::lane_titles(layout, 0.0, layout.height));
    view! {
        <section class="replay-lanes" style:height=move || format!("{}px", height()) aria-label="Lanes of the recording"
            data-pane="replay-lanes" data-state=state data-exchange=move || model.exchange_shown().map(|exchange| exchange.to_string())
            data-as-of=move || model.client_here().map(|client| client.seq.to_string())>
            <div class="titles">
                {lanes::axis_button(model.axis, move || model.cycle_axis())}
                <div class="strip-titles" class:folded=move || layout.with(|layout| layout.folded)>{titles}</div>
            </div>
            <div class="stage" node_ref=node>
                {painted::painted(scene, size, "top:20px", labels)}
                {painted::ruler(move || text::ruler(&scene.get(), model.width_px.get()), || "top:0".to_owned())}
                {heads(model)}
            </div>
        </section>
    }
    .into_any()
}

fn picture(model: ReplayModel, layout: Memo<Layout>, theme: Memo<Theme>) -> Signal<Scene> {
    Signal::derive(move || Scene {
        view: model.lanes.get().unwrap_or_default(),
        axis: model.axis.get(),
        window: window(model),
        layout: layout.get(),
        scroll: 0.0,
        theme: theme.get(),
    })
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
