//! A's lanes, B's lanes, ribbons between them, and one playhead on both.

use leptos::{ev, prelude::*};
use scrubjay_ipc::{Axis, LanePicture, MapAt, Ribbon};
use scrubjay_timeline::{
    Bands, Layout, Pairing, Scene, Theme, Window, Words,
    layout::{Folding, RULER_PX},
    pairing::{Edges, GAP_PX, ribbon_at},
    text,
};

use crate::{
    browser,
    part::{
        lanes, painted,
        splitter::{Grows, Size, splitter},
    },
    screen::compare::{model::CompareModel, words as how},
    shell::model::Shell,
    words,
};

/// The signals of this pane.
#[derive(Clone, Copy)]
struct Stage {
    model: CompareModel,
    layouts: Memo<(Layout, Layout)>,
    bands: Memo<Bands>,
    is_dragged: RwSignal<bool>,
    hover: RwSignal<Option<(f64, f64)>>,
}

/// The pane with its bar.
pub(crate) fn lanes(model: CompareModel, shell: Shell) -> AnyView {
    let size = Size::remembered("compare-lanes", browser::window_height() * 0.34, 110.0, 900.0);
    let height = Memo::new(move |_| (size.px.get() as f32).max(least_height(model)));
    let layouts = Memo::new(move |_| layouts_of(model, height.get()));
    let bands = Memo::new(move |_| layouts.with(|(a, b)| Bands::new(height.get(), a.height, b.height)));
    let stage = Stage {
        model,
        layouts,
        bands,
        is_dragged: RwSignal::new(false),
        hover: RwSignal::new(None),
    };
    let node = lanes::measured(move |width, _| lanes::take_width(model.width_px, width));
    let theme = painted::theme(shell);
    let picture = Signal::derive(move || picture_of(stage, theme.get()));
    let height = move || f64::from(bands.get().height());
    let canvas_size = Signal::derive(move || (model.width_px.get(), height()));
    let state = move || words::ready_if(model.both.with(Option::is_some));
    let moment = move || {
        model
            .moment
            .get()
            .map(|moment| format!("{} {}", moment.a.1, moment.b.1))
    };
    view! {
        <section class="compare-lanes" style:height=move || format!("{}px", height()) aria-label="Lanes of both sides"
            data-pane="compare-lanes" data-state=state data-as-of=moment>
            {titles(stage)}
            <div class="stage" node_ref=node>
                {painted::painted(picture, canvas_size, "", words_on)}
                {side_ruler(stage, picture, false)}{side_ruler(stage, picture, true)}
                {chosen_ribbon(stage)}
                {surface(stage)}
                {head(stage, false)}{head(stage, true)}
                {bubble(stage)}
            </div>
        </section>
        {splitter(size, Grows::Down, "Height of the lanes")}
    }
    .into_any()
}

/// The layouts of both sides, and the height that shows them whole.
fn folded_or_open(model: CompareModel, folded: bool) -> ((Layout, Layout), f32) {
    let folding = Folding { folded, charts: false };
    let (a, b) = model.both.with(|both| {
        let of = |lanes| Layout::new(lanes, folding);
        both.as_ref()
            .map_or_else(Default::default, |both| (of(&both.a.lanes), of(&both.b.lanes)))
    });
    let height = a.height + b.height + GAP_PX + 2.0 * RULER_PX;
    ((a, b), height)
}

/// Thin strips are never cut.
fn least_height(model: CompareModel) -> f32 {
    folded_or_open(model, true).1
}

/// Open lanes where there is room for them, else thin strips.
fn layouts_of(model: CompareModel, height: f32) -> (Layout, Layout) {
    let (open, wants) = folded_or_open(model, false);
    if wants <= height {
        return open;
    }
    folded_or_open(model, true).0
}

fn window_of(view: &LanePicture) -> Window {
    Window::new(view.from, view.to)
}

/// The windows that the picture shows.
fn windows(model: CompareModel) -> Option<(Window, Window)> {
    model
        .both
        .with(|both| both.as_ref().map(|both| (window_of(&both.a), window_of(&both.b))))
}

fn picture_of(stage: Stage, theme: Theme) -> Pairing {
    let both = stage.model.both.get().unwrap_or_default();
    let axis = stage.model.axis.get();
    let (a, b) = stage.layouts.get();
    let scene = |view: std::sync::Arc<LanePicture>, layout: Layout| Scene {
        axis,
        window: window_of(&view),
        layout,
        scroll: 0.0,
        theme,
        view,
    };
    Pairing {
        a: scene(both.a, a),
        b: scene(both.b, b),
        ribbons: both.ribbons,
        bands: stage.bands.get(),
    }
}

/// Labels of both sides.
fn words_on(picture: &Pairing, (width, _): (f64, f64)) -> Vec<Words> {
    let side = |scene, (top, height): (f32, f32)| {
        let below = move |words: Words| Words {
            y: words.y + f64::from(top),
            ..words
        };
        text::labels(scene, width, f64::from(height)).into_iter().map(below)
    };
    let bands = picture.bands;
    side(&picture.a, bands.a).chain(side(&picture.b, bands.b)).collect()
}

/// Ruler of one side.
fn side_ruler(stage: Stage, picture: Signal<Pairing>, of_b: bool) -> AnyView {
    let ticks = move || {
        let Pairing { a, b, .. } = picture.get();
        text::ruler(if of_b { &b } else { &a }, stage.model.width_px.get())
    };
    let top = move || if of_b { stage.bands.get().b_ruler } else { 0.0 };
    painted::ruler(ticks, move || format!("top:{}px", top()))
}

fn titles(stage: Stage) -> AnyView {
    let model = stage.model;
    let lanes = move || {
        let (bands, (a, b)) = (stage.bands.get(), stage.layouts.get());
        let middle = bands.gap.0 + bands.gap.1 / 2.0;
        view! {
            {lanes::lane_titles(&a, bands.a.0, bands.a.1)}
            <div class="gap-title" style=format!("top:{}px", middle - 22.0)><span class="side-tag a">"A"</span><span class="side-tag b">"B"</span></div>
            {lanes::lane_titles(&b, bands.b.0, bands.b.1)}
        }
    };
    let is_folded = move || stage.layouts.with(|(a, _)| a.folded);
    view! {
        <div class="titles">
            {lanes::axis_button(model.axis, move || model.cycle_axis())}
            <div class="pair-titles" class:folded=is_folded>{lanes}</div>
        </div>
    }
    .into_any()
}

// ---- pointer ------------------------------------------------------------

/// What lies over the picture and takes the pointer.
fn surface(stage: Stage) -> AnyView {
    let model = stage.model;
    let down = move |event: ev::PointerEvent| {
        if event.button() == 0 {
            event.prevent_default();
            stage.is_dragged.set(true);
            press(stage, &event);
        }
    };
    let moved = move |event: ev::PointerEvent| {
        stage.hover.set(Some(lanes::place_of(&event)));
        if stage.is_dragged.get_untracked() {
            scrub(stage, &event);
        }
    };
    let wheel = move |event: ev::WheelEvent| {
        event.prevent_default();
        let (dx, dy) = lanes::wheel_px(&event);
        let width = model.width_px.get_untracked().max(1.0);
        if event.ctrl_key() || event.meta_key() {
            let part = f64::from(event.offset_x()) / width;
            model.zoom(lanes::zoom_factor(dy), part.clamp(0.0, 1.0));
        } else {
            model.pan((if dx == 0.0 { dy } else { dx }) / width);
        }
    };
    view! {
        <div class="pair-surface" on:pointerdown=down on:pointermove=moved on:wheel=wheel
            on:pointerup=move |_| stage.is_dragged.set(false) on:pointercancel=move |_| stage.is_dragged.set(false)
            on:pointerleave=move |_| { stage.hover.set(None); stage.is_dragged.set(false); }
            on:dblclick=move |_| model.fit_all()></div>
    }
    .into_any()
}

/// A press on a ribbon looks at its pair; on lanes it puts the playhead there.
fn press(stage: Stage, event: &ev::PointerEvent) {
    let (x, y) = lanes::place_of(event);
    match untrack(move || ribbon_under(stage, x, y)) {
        Some(ribbon) => stage.model.visit_pair(ribbon.pair),
        None => scrub(stage, event),
    }
}

fn scrub(stage: Stage, event: &ev::PointerEvent) {
    let model = stage.model;
    let (x, y) = lanes::place_of(event);
    let Some(of_b) = stage.bands.get_untracked().is_b(y as f32) else {
        return;
    };
    if let Some((a, b)) = untrack(move || windows(model)) {
        let window = if of_b { b } else { a };
        model.go(
            of_b,
            MapAt::X(window.value_at(x, model.width_px.get_untracked()).max(0.0)),
        );
    }
}

fn ribbon_under(stage: Stage, x: f64, y: f64) -> Option<Ribbon> {
    let bands = stage.bands.get();
    let part = (y - f64::from(bands.gap.0)) / f64::from(bands.gap.1.max(1.0));
    if !(0.0..=1.0).contains(&part) {
        return None;
    }
    let width = stage.model.width_px.get();
    let (a, b) = windows(stage.model)?;
    stage
        .model
        .both
        .with(|both| ribbon_at(&both.as_ref()?.ribbons, a, b, width, x, part).copied())
}

/// When it is under the pointer, and on which ribbon.
fn bubble(stage: Stage) -> AnyView {
    let model = stage.model;
    let bubble = move || {
        let (x, y) = stage.hover.get().filter(|_| !stage.is_dragged.get())?;
        let words = match stage.bands.get().is_b(y as f32) {
            None => {
                let ribbon = ribbon_under(stage, x, y)?;
                format!("{} {}", how::sign(ribbon.kind), how::kind(ribbon.kind))
            }
            Some(of_b) => {
                let (a, b) = windows(model)?;
                let at = if of_b { b } else { a }.value_at(x, model.width_px.get()).max(0.0);
                match model.axis.get() {
                    Axis::Index => format!("#{}", words::count(at as u64)),
                    Axis::Clock => words::offset(at as u64),
                    Axis::Collapsed => return None,
                }
            }
        };
        let side = lanes::beside(x, model.width_px.get(), 160.0);
        Some(view! { <div class="bubble" style=format!("{side};top:{}px", y + 14.0)>{words}</div> })
    };
    view! { {bubble} }.into_any()
}

// ---- what moves over the picture ----------------------------------------

/// The outline of the ribbon whose pair is looked at.
fn chosen_ribbon(stage: Stage) -> AnyView {
    let model = stage.model;
    let points = Memo::new(move |_| {
        let chosen = model.chosen.get()?;
        let (a, b) = windows(model)?;
        let (top, height) = stage.bands.get().gap;
        let ribbon = model.both.with(|both| {
            both.as_ref()?
                .ribbons
                .iter()
                .find(|ribbon| ribbon.pair == chosen)
                .copied()
        })?;
        let edges = Edges::of(&ribbon, a, b, model.width_px.get());
        let (from, to) = match (edges.a, edges.b) {
            (Some(_), Some(_)) => (0.0, 1.0),
            (Some(_), None) => (0.0, 0.3),
            _ => (0.7, 1.0),
        };
        let (upper, lower) = (edges.at(from)?, edges.at(to)?);
        let y = |part: f64| f64::from(top) + part * f64::from(height);
        Some(format!(
            "{},{} {},{} {},{} {},{}",
            upper.0,
            y(from),
            upper.1,
            y(from),
            lower.1,
            y(to),
            lower.0,
            y(to)
        ))
    });
    view! { <svg class="chosen-ribbon" aria-hidden="true"><polygon points=move || points.get().unwrap_or_default()></polygon></svg> }
        .into_any()
}

/// The playhead of one side.
fn head(stage: Stage, of_b: bool) -> AnyView {
    let model = stage.model;
    let at = move || {
        model.moment.get().map(|moment| {
            if of_b {
                (moment.b, moment.b_x)
            } else {
                (moment.a, moment.a_x)
            }
        })
    };
    let x = move || {
        let (a, b) = windows(model)?;
        let window = if of_b { b } else { a };
        Some(window.x_of(at()?.1, model.width_px.get()))
    };
    let is_visible = move || x().is_some_and(|x| (-1.0..=model.width_px.get() + 1.0).contains(&x));
    let place = move || {
        let bands = stage.bands.get();
        let (top, height) = if of_b {
            (bands.b.0, bands.b.1 + RULER_PX)
        } else {
            (0.0, bands.a.1 + RULER_PX)
        };
        let x = x().unwrap_or(0.0).clamp(-20.0, model.width_px.get() + 20.0);
        format!("transform:translateX({x}px);top:{top}px;height:{height}px")
    };
    let is_right = move || x().is_some_and(|x| x > model.width_px.get() - 90.0);
    let seq = move || at().map(|((_, seq), _)| seq);
    let label = move || seq().map(words::frame);
    let name = if of_b { "Playhead of B" } else { "Playhead of A" };
    view! {
        <div class="playhead pair-head" class:b=of_b class:off=move || !is_visible() class:flip=is_right style=place
            role="img" aria-label=move || format!("{name}: event {}", words::count(u64::from(seq().unwrap_or(0))))
            data-head=if of_b { "b" } else { "a" } data-seq=move || seq().map(|seq| seq.to_string())>
            <span class="playhead-label">{label}</span></div>
    }
    .into_any()
}
