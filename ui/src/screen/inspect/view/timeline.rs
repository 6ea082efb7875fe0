//! Overview and lanes: a painted picture, and over it, as elements, everything that moves.

use leptos::{ev, html, prelude::*};
use scrubjay_timeline::{
    Layout, Scene, Window, axis, hit,
    layout::{CHART_PX, OVERVIEW_PX, RULER_PX},
    title,
};
use wasm_bindgen::JsCast as _;

use crate::{
    browser,
    part::{
        painted,
        splitter::{Grows, Size, splitter},
    },
    screen::inspect::{model::Inspect, words},
    shell::model::Shell,
};

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

/// Overview, ruler and lanes.
pub(crate) fn timeline(inspect: Inspect, shell: Shell) -> AnyView {
    let layout = Memo::new(move |_| {
        let folding = inspect.folding.get();
        inspect.lanes.with(|view| {
            view.as_ref()
                .map(|view| Layout::new(&view.lanes, folding))
                .unwrap_or_default()
        })
    });
    let stage = Stage {
        inspect,
        layout,
        scroll: RwSignal::new(0.0),
        height: RwSignal::new(0.0),
        hover: RwSignal::new(None),
        drag: RwSignal::new(None),
    };
    let size = Size::remembered("lanes", browser::window_height() * 0.43, 40.0, 1_200.0);
    let lanes_height = move || {
        let wanted = f64::from(layout.with(|layout| layout.height));
        // Before the picture comes there is room for it; without an event nothing comes.
        let empty = if inspect.is_eventless() { 0.0 } else { 226.0 };
        if wanted > 0.0 { wanted.min(size.px.get()) } else { empty }
    };
    let whole = move || format!("{}px", lanes_height() + f64::from(OVERVIEW_PX + RULER_PX));
    let failed = RwSignal::new(None::<String>);
    let sized = NodeRef::<html::Div>::new();
    sized.on_load(move |element| {
        browser::watch_size(&element, move |width, height| {
            // A screen that is hidden has no size; it keeps the one it had.
            if width > 0.0 {
                stage.height.set(height);
                if (inspect.width_px.get_untracked() - width).abs() > 0.5 {
                    inspect.width_px.set(width);
                }
            }
        });
    });
    let state = move || {
        if inspect.lanes.with(Option::is_some) {
            "ready"
        } else {
            "loading"
        }
    };
    view! {
        <section class="timeline" style:height=whole data-pane="lanes" data-state=state
            data-as-of=move || inspect.seq.get().to_string() aria-label="Timeline">
            {titles(stage)}
            <div class="stage" node_ref=sized>
                {canvas_host(shell, stage, failed)}
                {move || failed.get().map(|words| view! { <p class="stage-note">{words}</p> })}
                {move || {
                    let is_waiting = inspect.lanes.with(Option::is_none) && failed.with(Option::is_none);
                    is_waiting.then(|| view! { <p class="stage-note waiting">"Reading the recording…"</p> })
                }}
                {overview(stage)}
                {lanes(stage)}
                {playhead(stage)}
                {crate::screen::inspect::view::lane_list::lane_list(inspect)}
            </div>
        </section>
        {splitter(size, Grows::Down, "Height of the lanes")}
    }
    .into_any()
}

fn titles(stage: Stage) -> AnyView {
    let place = move || format!("translateY({}px)", -stage.scroll.get());
    let lanes = move || {
        let layout = stage.layout.get();
        let lane = |name: &'static str, y: f32, height: f32| {
            view! { <div class="lane-title" style=format!("top:{y}px;height:{height}px;line-height:{height}px")>{name}</div> }
        };
        let mut all: Vec<_> = layout
            .lanes
            .iter()
            .map(|place| lane(title(place.id), place.y, place.height))
            .collect();
        if let Some((throughput, gaps)) = layout.charts {
            all.push(lane("Throughput", throughput, CHART_PX));
            all.push(lane("Gaps", gaps, CHART_PX));
        }
        all
    };
    view! {
        <div class="titles">
            <div class="lane-title" style="height:52px;line-height:52px">"Overview"</div>
            <button class="axis-title" title="Axis (x)" on:click=move |_| stage.inspect.cycle_axis()>
                {move || words::axis(stage.inspect.axis.get())}" ▾"
            </button>
            <div class="lane-titles" class:folded=move || stage.inspect.folding.get().folded>
                <div class="lane-titles-in" style:transform=place>{lanes}</div>
            </div>
        </div>
    }
    .into_any()
}

fn canvas_host(shell: Shell, stage: Stage, failed: RwSignal<Option<String>>) -> AnyView {
    let inspect = stage.inspect;
    let theme = painted::theme(shell);
    let scene = Signal::derive(move || Scene {
        view: inspect.lanes.get().unwrap_or_default(),
        axis: inspect.axis.get(),
        window: inspect.window.get(),
        extent: inspect.extent(),
        layout: stage.layout.get(),
        scroll: stage.scroll.get() as f32,
        theme: theme.get(),
    });
    let size = Signal::derive(move || (inspect.width_px.get(), stage.height.get()));
    painted::painted(scene, size, failed)
}

// ---- overview -----------------------------------------------------------

#[derive(Clone, Copy, Debug, PartialEq)]
enum Grip {
    Left,
    Right,
    Move,
}

/// The window over the whole recording: drag moves it, its ends resize it, double-click shows all.
fn overview(stage: Stage) -> AnyView {
    let inspect = stage.inspect;
    let grip = RwSignal::new(None::<(Grip, f64, Window)>);
    let all = move || Window::all(inspect.extent());
    let edges = move || {
        let (all, window, width) = (all(), inspect.window.get(), inspect.width_px.get());
        (
            all.x_of(window.from, width).max(0.0),
            all.x_of(window.to, width).min(width),
        )
    };
    let shape = move || {
        let (left, right) = edges();
        format!("transform:translateX({left}px);width:{}px", (right - left).max(4.0))
    };
    let down = move |event: ev::PointerEvent| {
        if event.button() != 0 {
            return;
        }
        capture(&event);
        let x = f64::from(event.offset_x());
        let (left, right) = untrack(edges);
        let window = inspect.window.get_untracked();
        let chosen = if (x - left).abs() < 6.0 {
            Grip::Left
        } else if (x - right).abs() < 6.0 {
            Grip::Right
        } else {
            Grip::Move
        };
        // A press outside the window brings it here first.
        if !(left - 6.0..=right + 6.0).contains(&x) {
            let middle = untrack(all).value_at(x, inspect.width_px.get_untracked());
            let half = window.span() / 2.0;
            inspect
                .window
                .set(Window::new(middle - half, middle + half).within(inspect.extent_now()));
        }
        grip.set(Some((chosen, x, inspect.window.get_untracked())));
    };
    let moved = move |event: ev::PointerEvent| {
        let Some((grip, from_x, window)) = grip.get_untracked() else {
            return;
        };
        let (width, extent) = (inspect.width_px.get_untracked(), inspect.extent_now());
        let all = untrack(all);
        let by = (f64::from(event.offset_x()) - from_x) / width.max(1.0) * all.span();
        let least = axis::least_span(inspect.axis.get_untracked());
        inspect.window.set(match grip {
            Grip::Move => Window::new(window.from + by, window.to + by).within(extent),
            Grip::Left => Window::new((window.from + by).clamp(0.0, window.to - least), window.to),
            Grip::Right => Window::new(window.from, (window.to + by).clamp(window.from + least, all.to)),
        });
    };
    let head = move || {
        format!(
            "transform:translateX({}px)",
            all().x_of(inspect.playhead_x(), inspect.width_px.get())
        )
    };
    view! {
        <div class="overview" data-pane="overview" data-state=move || if inspect.lanes.with(Option::is_some) { "ready" } else { "loading" }
            data-as-of=move || inspect.seq.get().to_string()
            on:pointerdown=down on:pointermove=moved on:pointerup=move |_| grip.set(None)
            on:pointercancel=move |_| grip.set(None) on:dblclick=move |_| inspect.fit_all()
            on:wheel=move |event| wheel(stage, &event)>
            <div class="overview-window" style=shape><i></i><i></i></div>
            <div class="overview-head" style=head></div>
        </div>
    }
    .into_any()
}

fn capture(event: &ev::PointerEvent) {
    if let Some(element) = event
        .current_target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
    {
        drop(element.set_pointer_capture(event.pointer_id()));
    }
}

// ---- lanes --------------------------------------------------------------

/// Ruler and lanes: drag scrubs, middle or Shift drag pans, the wheel scrolls, pans and zooms.
fn lanes(stage: Stage) -> AnyView {
    let inspect = stage.inspect;
    let at = move |x: i32| {
        inspect
            .window
            .get_untracked()
            .value_at(f64::from(x), inspect.width_px.get_untracked())
    };
    let down = move |event: ev::PointerEvent| {
        event.prevent_default();
        capture(&event);
        inspect.pause();
        if event.button() == 1 || event.shift_key() {
            stage.drag.set(Some(Drag::Pan(
                f64::from(event.offset_x()),
                inspect.window.get_untracked(),
            )));
        } else if event.button() == 0 {
            stage.drag.set(Some(Drag::Scrub));
            press(stage, &event);
        }
    };
    let moved = move |event: ev::PointerEvent| {
        stage
            .hover
            .set(Some((f64::from(event.offset_x()), f64::from(event.offset_y()))));
        match stage.drag.get_untracked() {
            Some(Drag::Scrub) => inspect.drag_to(at(event.offset_x())),
            Some(Drag::Pan(from, window)) => {
                let by =
                    (from - f64::from(event.offset_x())) / inspect.width_px.get_untracked().max(1.0) * window.span();
                inspect
                    .window
                    .set(Window::new(window.from + by, window.to + by).within(inspect.extent_now()));
            }
            None => {}
        }
    };
    let up = move |_| {
        if stage.drag.get_untracked() == Some(Drag::Scrub) {
            inspect.drop_here();
        }
        stage.drag.set(None);
    };
    view! {
        <div class="lanes-area" on:pointerdown=down on:pointermove=moved on:pointerup=up
            on:pointercancel=up on:pointerleave=move |_| stage.hover.set(None)
            on:dblclick=move |_| inspect.zoom(0.4, None) on:wheel=move |event| wheel(stage, &event)></div>
        {hover(stage)}
    }
    .into_any()
}

/// A press lands on the exact frame of a mark, else on the place.
fn press(stage: Stage, event: &ev::PointerEvent) {
    let inspect = stage.inspect;
    let (x, y) = (f64::from(event.offset_x()), f64::from(event.offset_y()));
    let value = inspect
        .window
        .get_untracked()
        .value_at(x, inspect.width_px.get_untracked());
    let mark = inspect.lanes.with_untracked(|view| {
        let view = view.as_ref()?;
        let layout = stage.layout.get_untracked();
        let y = (y - f64::from(RULER_PX) + stage.scroll.get_untracked()) as f32;
        let hit = hit(
            view,
            &layout,
            inspect.window.get_untracked(),
            inspect.width_px.get_untracked(),
            x,
            y,
        )?;
        scrubjay_timeline::layout::is_mark(hit.shape.form).then_some(hit.shape.from)
    });
    inspect.drag_to(mark.unwrap_or(value));
}

fn wheel(stage: Stage, event: &ev::WheelEvent) {
    event.prevent_default();
    let inspect = stage.inspect;
    let unit = if event.delta_mode() == 1 { 16.0 } else { 1.0 };
    let (dx, dy) = (event.delta_x() * unit, event.delta_y() * unit);
    let width = inspect.width_px.get_untracked().max(1.0);
    if event.ctrl_key() || event.meta_key() {
        let at = inspect
            .window
            .get_untracked()
            .value_at(f64::from(event.offset_x()), width);
        inspect.zoom((dy * 0.004).clamp(-0.7, 0.7).exp(), Some(at));
    } else if event.shift_key() || dx.abs() > dy.abs() {
        inspect.pan((if dx == 0.0 { dy } else { dx }) / width);
    } else {
        let room = stage.height.get_untracked() - f64::from(OVERVIEW_PX + RULER_PX);
        let most = (f64::from(stage.layout.with_untracked(|layout| layout.height)) - room).max(0.0);
        stage.scroll.update(|scroll| *scroll = (*scroll + dy).clamp(0.0, most));
    }
}

/// What is under the pointer, and when.
fn hover(stage: Stage) -> AnyView {
    let inspect = stage.inspect;
    let line = move || stage.hover.get().map(|(x, _)| format!("transform:translateX({x}px)"));
    let found = move || {
        let (x, y) = stage.hover.get()?;
        let (window, width) = (inspect.window.get(), inspect.width_px.get());
        let when = window.value_at(x, width);
        let when = inspect.lanes.with(|view| match inspect.axis.get() {
            scrubjay_ipc::Axis::Clock => words::offset(when.max(0.0) as u64),
            scrubjay_ipc::Axis::Collapsed => {
                let gaps = view.as_ref().map(|view| view.gaps.clone()).unwrap_or_default();
                words::offset(axis::true_micros(when, &gaps).max(0.0) as u64)
            }
            scrubjay_ipc::Axis::Index => format!("#{}", words::count(when.max(0.0) as u64)),
        });
        let under = inspect.lanes.with(|view| {
            let view = view.as_ref()?;
            let y = (y - f64::from(RULER_PX) + stage.scroll.get()) as f32;
            stage
                .layout
                .with(|layout| hit(view, layout, window, width, x, y).map(|hit| (title(hit.lane), hit.shape.clone())))
        });
        Some((x, y, when, under))
    };
    let bubble = move || {
        if stage.drag.get().is_some() {
            return None;
        }
        let (x, y, when, under) = found()?;
        let flip = x > inspect.width_px.get() - 260.0;
        let left = if flip {
            format!("right:{}px", inspect.width_px.get() - x + 12.0)
        } else {
            format!("left:{}px", x + 12.0)
        };
        let top = y + f64::from(OVERVIEW_PX) + 14.0;
        let words = under.map(|(lane, shape)| {
            let seqs = match (shape.first_seq, shape.last_seq) {
                (0, 0) => String::new(),
                (first, last) if first == last => format!("#{first}"),
                (first, last) => format!("#{first} – #{last}"),
            };
            let severity = shape.severity.map(|severity| view! {
                <span class=format!("sev-{}", words::severity(severity))>{words::severity_sign(severity)}</span>
            });
            view! { <span class="bubble-line">{severity}<b>{lane}</b><bdi class="cut">{shape.label}</bdi><span class="dim">{seqs}</span></span> }
        });
        Some(
            view! { <div class="bubble" style=format!("{left};top:{top}px")>{words}<span class="dim">{when}</span></div> },
        )
    };
    view! {
        <div class="hover-line" class:off=move || stage.hover.get().is_none() style=line></div>
        {bubble}
    }
    .into_any()
}

// ---- playhead -----------------------------------------------------------

/// The playhead: an element, moved by a transform alone.
fn playhead(stage: Stage) -> AnyView {
    let inspect = stage.inspect;
    let x = move || inspect.window.get().x_of(inspect.playhead_x(), inspect.width_px.get());
    let is_visible = move || (-1.0..=inspect.width_px.get() + 1.0).contains(&x());
    let place = move || {
        format!(
            "transform:translateX({}px)",
            x().clamp(-20.0, inspect.width_px.get() + 20.0)
        )
    };
    let is_right = move || x() > inspect.width_px.get() - 190.0;
    let label = move || {
        inspect.moment.with(|moment| {
            moment.as_ref().map(|moment| {
                format!(
                    "#{}  {}",
                    words::count(u64::from(moment.seq)),
                    words::offset(moment.at_us)
                )
            })
        })
    };
    let spoken = move || {
        let frames = inspect.tail().frames;
        inspect.moment.with(|moment| {
            moment.as_ref().map_or_else(String::new, |moment| {
                let secs = moment.at_us as f64 / 1e6;
                let verdict = moment
                    .severity
                    .map(|severity| format!(", {}", words::severity(severity)))
                    .unwrap_or_default();
                let kind = moment.type_name.replace('_', " ").to_lowercase();
                format!(
                    "event {} of {frames}, plus {secs:.1} seconds, {kind}{verdict}",
                    moment.seq
                )
            })
        })
    };
    let hint = move || {
        let dragging = stage.drag.get() == Some(Drag::Scrub);
        let hint = inspect
            .moment
            .with(|moment| moment.as_ref().map(|moment| moment.hint.clone()))?;
        (dragging && !hint.is_empty()).then(|| view! { <bdi class="playhead-hint">{words::visible(&hint)}</bdi> })
    };
    view! {
        <div
            class="playhead" class:off=move || !is_visible() class:flip=is_right style=place data-focus="" data-playhead=""
            role="slider" tabindex="0" aria-label="Playhead" aria-orientation="horizontal" aria-valuemin="0"
            aria-valuemax=move || inspect.tail().frames.to_string() aria-valuenow=move || inspect.seq.get().to_string()
            aria-valuetext=spoken
        >
            <svg class="playhead-cap" width="13" height="9" viewBox="0 0 13 9" aria-hidden="true"><path d="M0 0h13L6.5 9z"></path></svg>
            <span class="playhead-label">{label}{hint}</span>
        </div>
    }
    .into_any()
}
