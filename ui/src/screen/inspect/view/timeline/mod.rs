//! Overview and lanes: a painted picture, and over it, as elements, everything that moves.

mod hover;
mod overview;
mod playhead;
mod surface;

use leptos::prelude::*;
use scrubjay_timeline::{
    Layout, Overview, Scene, Window, Words,
    layout::{CHART_PX, OVERVIEW_PX, RULER_PX},
    text,
};

use super::lane_list::lane_list;
use crate::{
    browser,
    part::{
        lanes, painted,
        splitter::{Grows, Size, splitter},
    },
    screen::inspect::{model::Inspect, words},
    shell::model::Shell,
};

/// Room for the lanes before their picture comes.
const UNKNOWN_PX: f64 = 226.0;

/// What the pointer does on the lanes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Drag {
    Scrub,
    /// Moves the window; from where, and the window then.
    Pan(f64, Window),
}

/// The signals of this pane.
#[derive(Clone, Copy)]
struct Stage {
    inspect: Inspect,
    layout: Memo<Layout>,
    scroll: RwSignal<f64>,
    height: RwSignal<f64>,
    hover: RwSignal<Option<(f64, f64)>>,
    drag: RwSignal<Option<Drag>>,
}

impl Stage {
    fn new(inspect: Inspect) -> Self {
        let layout = Memo::new(move |_| {
            let folding = inspect.folding.get();
            inspect
                .lanes
                .with(|view| view.as_ref().map(|view| Layout::new(&view.lanes, folding)))
                .unwrap_or_default()
        });
        Self {
            inspect,
            layout,
            scroll: RwSignal::new(0.0),
            height: RwSignal::new(0.0),
            hover: RwSignal::new(None),
            drag: RwSignal::new(None),
        }
    }

    /// Height of the lanes: as much as they need, and no more than a person gave them.
    fn lanes_px(self, given: Size) -> f64 {
        let needed = f64::from(self.layout.with(|layout| layout.height));
        if needed > 0.0 {
            needed.min(given.px.get())
        } else if self.inspect.is_eventless() {
            0.0
        } else {
            UNKNOWN_PX
        }
    }

    /// Height among the lanes of a place of the pane below the overview.
    fn lane_y(self, y: f64) -> f32 {
        (y - f64::from(RULER_PX) + self.scroll.get()) as f32
    }

    fn state(self) -> &'static str {
        words::ready_if(self.inspect.lanes.with(Option::is_some))
    }
}

/// Overview, ruler and lanes.
pub(crate) fn timeline(inspect: Inspect, shell: Shell) -> AnyView {
    let stage = Stage::new(inspect);
    let size = Size::remembered("lanes", browser::window_height() * 0.43, 40.0, 1_200.0);
    let whole = move || format!("{}px", stage.lanes_px(size) + f64::from(OVERVIEW_PX + RULER_PX));
    let sized = lanes::measured(move |width, height| {
        stage.height.set(height);
        lanes::take_width(inspect.width_px, width);
    });
    let waiting = move || {
        let is_waiting = inspect.lanes.with(Option::is_none);
        is_waiting.then(|| view! { <p class="stage-note waiting">"Reading the recording…"</p> })
    };
    view! {
        <section class="timeline" style:height=whole data-pane="lanes" data-state=move || stage.state()
            data-as-of=move || inspect.seq.get().to_string() aria-label="Timeline">
            {titles(stage)}
            <div class="stage" node_ref=sized>
                {canvas(shell, stage)}
                {waiting}
                {overview::overview(stage)}
                {surface::surface(stage)}
                {hover::hover(stage)}
                {playhead::playhead(stage)}
                {lane_list(inspect)}
            </div>
        </section>
        {splitter(size, Grows::Down, "Height of the lanes")}
    }
    .into_any()
}

fn titles(stage: Stage) -> AnyView {
    let inspect = stage.inspect;
    let place = move || format!("translateY({}px)", -stage.scroll.get());
    let names = move || {
        stage.layout.with(|layout| {
            let charts = layout.charts.map(|(throughput, gaps)| {
                let chart = |name, y| lanes::lane_title(name, y, CHART_PX);
                [
                    chart(text::throughput_title(inspect.axis.get()), throughput),
                    chart("Gaps", gaps),
                ]
            });
            let lanes = lanes::lane_titles(layout, 0.0, f32::INFINITY);
            lanes.into_iter().chain(charts.into_iter().flatten()).collect_view()
        })
    };
    view! {
        <div class="titles">
            <div class="lane-title" style="height:52px;line-height:52px">"Overview"</div>
            {lanes::axis_button(inspect.axis, move || inspect.cycle_axis())}
            <div class="lane-titles" class:folded=move || inspect.folding.get().folded>
                <div class="lane-titles-in" style:transform=place>{names}</div>
            </div>
        </div>
    }
    .into_any()
}

/// Overview, ruler and lanes: two pictures, and the text on them.
fn canvas(shell: Shell, stage: Stage) -> AnyView {
    let inspect = stage.inspect;
    let theme = painted::theme(shell);
    let whole = Signal::derive(move || Overview {
        view: inspect.lanes.get().unwrap_or_default(),
        extent: inspect.extent(),
        theme: theme.get(),
    });
    let scene = Signal::derive(move || Scene {
        view: inspect.lanes.get().unwrap_or_default(),
        axis: inspect.axis.get(),
        window: inspect.window.get(),
        layout: stage.layout.get(),
        scroll: stage.scroll.get() as f32,
        theme: theme.get(),
    });
    let width = move || inspect.width_px.get();
    let below = move || (stage.height.get() - f64::from(OVERVIEW_PX + RULER_PX)).max(0.0);
    let whole_size = Signal::derive(move || (width(), f64::from(OVERVIEW_PX)));
    let scene_size = Signal::derive(move || (width(), below()));
    let idle = |whole: &Overview, (width, height)| text::idle_words(whole, width, height);
    view! {
        {painted::painted(whole, whole_size, "bottom:auto;height:52px", idle)}
        {painted::painted(scene, scene_size, "top:72px", words_on)}
        {painted::ruler(move || text::ruler(&scene.get(), width()), || "top:52px".to_owned())}
    }
    .into_any()
}

/// Labels of the lanes, and what the charts reach up to.
fn words_on(scene: &Scene, (width, height): (f64, f64)) -> Vec<Words> {
    let labels = text::labels(scene, width, height).into_iter();
    labels.chain(text::chart_words(scene)).collect()
}
