//! What the keys of Inspect do.

use scrubjay_ipc::{JumpTo, Target};

use Command as C;
use Direction::{Backward, Forward};

use super::{model::Inspect, words};
use crate::{
    bridge::bridge,
    browser,
    screen::Page,
    shell::keyboard::{Entry, keys, place, sign, types},
    signal::*,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Backward,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Row(i64),
    /// By so many frames, inside spans too.
    Event(i32),
    /// By so many microseconds on the clock.
    Micros(i64),
    Start,
    End,
    PlayPause,
    Slower,
    Faster,
    NormalSpeed,
    /// To a tenth of the visible range.
    Part(u8),
    PlaceBack,
    PlaceForward,
    GoTo,
    /// Along the thread: to the run that answers, or back to what it answers.
    Link(Direction),
    Jump(JumpTo, Direction),
    ZoomIn,
    ZoomOut,
    PanLeft,
    PanRight,
    FitSelection,
    FitAll,
    FitRun,
    CycleAxis,
    CycleRows,
    CycleDetail,
    FoldLanes,
    ToggleRow,
    ChangedOnly,
    Export,
    Dock,
    Baseline,
    CompareWith,
    Serve,
}

pub const KEYS: &[Entry<Command>] = keys! {
    "Playhead" {
        C::Row(1), "Next row", [types("ArrowRight"), types("ArrowDown"), types("j")];
        C::Row(-1), "Previous row", [types("ArrowLeft"), types("ArrowUp"), types("k")];
        C::Event(1), "Next event, inside spans too", [types("ArrowRight").shift()];
        C::Event(-1), "Previous event, inside spans too", [types("ArrowLeft").shift()];
        C::Micros(100_000), "Forward 100 ms", [place("Period")];
        C::Micros(-100_000), "Back 100 ms", [place("Comma")];
        C::Micros(1_000_000), "Forward 1 s", [place("Period").shift()];
        C::Micros(-1_000_000), "Back 1 s", [place("Comma").shift()];
        C::Start, "Start", [types("Home")];
        C::End, "End, and follow", [types("End")];
        C::PlayPause, "Play or pause; while following: stay here", [types(" ")];
        C::Slower, "Slower", [sign("-")];
        C::Faster, "Faster", [sign("=")];
        C::NormalSpeed, "Normal speed", [types("Backspace")];
        C::Part(0), "Left edge of what is visible", [types("0")];
        C::Part(1), "10 % of what is visible (2…9: 20…90 %)", [types("1")];
        C::Part(2), "", [types("2")];
        C::Part(3), "", [types("3")];
        C::Part(4), "", [types("4")];
        C::Part(5), "", [types("5")];
        C::Part(6), "", [types("6")];
        C::Part(7), "", [types("7")];
        C::Part(8), "", [types("8")];
        C::Part(9), "", [types("9")];
        C::PlaceBack, "Back to where you were", [sign("[").ctrl()];
        C::PlaceForward, "Forward again", [sign("]").ctrl()];
        C::GoTo, "Go to an event, a time or a run", [types("g").ctrl()];
        C::Link(Forward), "To the run that answers the interrupt, or a child", [types("l")];
        C::Link(Backward), "Back to the interrupt that it answers, or its parent", [types("l").shift()];
    }
    "Jumps (Shift: backwards)" {
        C::Jump(JumpTo::Problem, Forward), "Next problem", [types("e")];
        C::Jump(JumpTo::Problem, Backward), "", [types("e").shift()];
        C::Jump(JumpTo::Tool, Forward), "Next tool call", [types("t")];
        C::Jump(JumpTo::Tool, Backward), "", [types("t").shift()];
        C::Jump(JumpTo::State, Forward), "Next state change", [types("c")];
        C::Jump(JumpTo::State, Backward), "", [types("c").shift()];
        C::Jump(JumpTo::Run, Forward), "Next start or end of a run", [types("r")];
        C::Jump(JumpTo::Run, Backward), "", [types("r").shift()];
        C::Jump(JumpTo::Turn, Forward), "Next turn", [types("b")];
        C::Jump(JumpTo::Turn, Backward), "", [types("b").shift()];
        C::Jump(JumpTo::Gap, Forward), "Next gap of half a second or more", [types("g")];
        C::Jump(JumpTo::Gap, Backward), "", [types("g").shift()];
    }
    "View" {
        C::ZoomIn, "Zoom in", [place("KeyW")];
        C::ZoomOut, "Zoom out", [place("KeyS")];
        C::PanLeft, "Pan left", [place("KeyA")];
        C::PanRight, "Pan right", [place("KeyD")];
        C::FitSelection, "Fit the row under the playhead", [types("f")];
        C::FitAll, "Fit everything", [types("f").shift()];
        C::FitRun, "Fit the run under the playhead", [types("z")];
        C::CycleAxis, "Axis: clock, idle collapsed, event number", [types("x")];
        C::CycleRows, "Rows: spans or events", [types("v")];
        C::CycleDetail, "Detail: verdict, fields, raw, hex", [types("y")];
        C::FoldLanes, "Fold or unfold the lanes", [types("u")];
        C::ToggleRow, "Open or close the row's events", [types("Enter")];
        C::ChangedOnly, "State: changed only", [sign(".").ctrl()];
        C::Export, "Save the exchange as a recording", [types("e").ctrl()];
        C::Dock, "Open or close the problems", [types("j").ctrl()];
        C::Baseline, "Take it as baseline A", [types("b").ctrl()];
        C::CompareWith, "Compare it with A", [types("b").ctrl().shift()];
        C::Serve, "Serve it as the agent", [types("q")];
    }
};

pub(crate) fn hints(_page: Page) -> Vec<(Command, &'static str)> {
    vec![
        (C::Row(1), "next row"),
        (C::Jump(JumpTo::Problem, Forward), "next problem"),
        (C::PlayPause, "play"),
    ]
}

pub(crate) fn run(page: Page, command: Command) {
    let inspect = page.inspect;
    match command {
        C::Dock => inspect.problems.toggle(),
        C::Baseline => page.set_baseline(),
        C::CompareWith => page.compare_with(),
        C::Serve => page.serve(),
        _ if inspect.opened.with_untracked(Option::is_none) => {}
        C::Row(by) => inspect.rows.step(inspect, by),
        C::Event(by) => inspect.step_frames(by),
        C::Micros(by) => inspect.step_micros(by),
        C::Start => inspect.visit(Target::Seq(0)),
        C::End => inspect.end(),
        C::PlayPause => inspect.play_or_pause(),
        C::Slower => inspect.speed.update(|speed| *speed = words::next_speed(*speed, false)),
        C::Faster => inspect.speed.update(|speed| *speed = words::next_speed(*speed, true)),
        C::NormalSpeed => inspect.speed.set(1.0),
        C::Part(tenths) => inspect.step_to_part(tenths),
        C::PlaceBack => inspect.retrace(false),
        C::PlaceForward => inspect.retrace(true),
        C::GoTo => page.shell.go_to.set(true),
        C::Link(direction) => inspect.follow_link(direction == Backward),
        C::Jump(JumpTo::Problem, direction) => inspect.problems.jump(inspect, direction == Backward),
        C::Jump(to, direction) => inspect.jump(to, direction == Backward),
        C::ZoomIn => inspect.zoom(0.7, None),
        C::ZoomOut => inspect.zoom(1.0 / 0.7, None),
        C::PanLeft => inspect.pan(-0.15),
        C::PanRight => inspect.pan(0.15),
        C::FitSelection => fit_selection(inspect),
        C::FitAll => inspect.fit_all(),
        C::FitRun => fit_run(inspect),
        C::CycleAxis => inspect.cycle_axis(),
        C::CycleRows => inspect.rows.cycle(),
        C::CycleDetail => inspect.sides.cycle_detail(),
        C::FoldLanes => inspect.folding.update(|folding| folding.folded = !folding.folded),
        C::ToggleRow => inspect.rows.toggle_current(),
        C::ChangedOnly => inspect.tree.changed_only.update(|only| *only = !*only),
        C::Export => browser::press("[data-export]"),
    }
}

fn fit_selection(inspect: Inspect) {
    let current = inspect.rows.current.get_untracked();
    if let Some(row) = current.and_then(|number| inspect.rows.list.row(number)) {
        inspect.fit_frames(row.first_seq, row.last_seq);
    }
}

fn fit_run(inspect: Inspect) {
    if let Some(run) = untrack(move || inspect.run_here()) {
        inspect.fit_frames(run.first_seq, run.last_seq);
    }
}

/// Saves the open exchange: a dialog in the window, a download in a browser.
pub(crate) fn save(page: Page) {
    let Some(exchange) = page.inspect.exchange.get_untracked() else {
        return;
    };
    spawn_local(async move {
        match bridge().export(exchange).await {
            Ok(Some(path)) => {
                page.shell.said.set(format!("Saved as {path}"));
                page.inspect.remark.set(format!("saved as {path}"));
            }
            Ok(None) => {}
            Err(report) => page.shell.notify(report),
        }
    });
}
