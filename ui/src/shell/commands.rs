//! What each named command does.

use leptos::prelude::*;
use scrubjay_ipc::{JumpTo, Target};
use wasm_bindgen::JsCast as _;

use super::{
    keyboard::Command,
    model::{Screen, Shell},
};
use crate::{browser, screen::inspect::model::Inspect, words};

/// Does what a command says.
pub(crate) fn run(shell: Shell, command: Command) {
    match command {
        Command::Library => shell.screen.set(Screen::Library),
        Command::Inspect => shell.screen.set(Screen::Inspect),
        Command::Compare => shell.screen.set(Screen::Compare),
        Command::Replay => shell.screen.set(Screen::Replay),
        Command::Baseline => shell.set_baseline(),
        Command::CompareWith => shell.compare_with(),
        Command::Serve => shell.serve(),
        Command::Help => shell.help.update(|open| *open = !*open),
        Command::Close => close(shell),
        Command::NextPane => cycle_pane(1),
        Command::PrevPane => cycle_pane(-1),
        _ => match shell.screen.get_untracked() {
            Screen::Library => in_library(shell, command),
            Screen::Compare => crate::screen::compare::commands::run(shell, command),
            Screen::Replay => crate::screen::replay::commands::run(shell, command),
            Screen::Inspect if command == Command::Dock => shell.problems.toggle(),
            Screen::Inspect if shell.inspect.opened.with_untracked(Option::is_some) => {
                in_inspect(shell, command);
            }
            Screen::Inspect => {}
        },
    }
}

/// Closes one thing at a time.
fn close(shell: Shell) {
    if shell.settings.get_untracked() {
        shell.settings.set(false);
    } else if shell.help.get_untracked() {
        shell.help.set(false);
    } else if shell.inspect.go_to_open.get_untracked() {
        shell.inspect.go_to_open.set(false);
    } else if shell.notice.with_untracked(Option::is_some) {
        shell.notice.set(None);
    } else if shell.compare.taken.with_untracked(Option::is_some) {
        shell.compare.taken.set(None);
        shell.compare.remark.set(String::new());
    } else if shell.replay.editing.with_untracked(Option::is_some) {
        shell.replay.editing.set(None);
    } else if let Some(focused) = browser::focused() {
        drop(focused.blur());
    }
}

fn in_library(shell: Shell, command: Command) {
    let library = shell.library;
    match command {
        Command::NextRow => step_in_library(shell, 1),
        Command::PrevRow => step_in_library(shell, -1),
        Command::Start => library.ends(false),
        Command::End => library.ends(true),
        Command::Open => {
            if let Some(row) = library.chosen_row() {
                shell.inspect_exchange(row.exchange, Some(row.first_seq));
            }
        }
        Command::Delete => {
            if let Some(row) = library.chosen_row() {
                crate::screen::library::view::rows::delete(shell, &row);
            }
        }
        Command::Pick => {
            if let Some(row) = library.chosen_row() {
                shell.picks.toggle(&row);
            }
        }
        Command::Undo => library.bring_back(move |report| shell.tell(report)),
        Command::Search => browser::focus("#library-search"),
        Command::OtherRequests => library.toggle_others(),
        _ => {}
    }
}

/// A heading that was clicked keeps the focus, and would take the Enter that is
/// meant for the row.
fn step_in_library(shell: Shell, by: i64) {
    if browser::focused().is_some_and(|focused| focused.class_list().contains("heading")) {
        browser::focus(".lib-grid");
    }
    shell.library.step(by);
}

fn in_inspect(shell: Shell, command: Command) {
    let inspect = shell.inspect;
    if moves(inspect, command) || jumps(inspect, command) || views(inspect, command) {
        return;
    }
    match command {
        Command::NextProblem => shell.problems.jump(inspect, false),
        Command::PrevProblem => shell.problems.jump(inspect, true),
        Command::PlayPause => inspect.play_or_pause(),
        Command::Slower => inspect.speed.update(|speed| *speed = words::next_speed(*speed, false)),
        Command::Faster => inspect.speed.update(|speed| *speed = words::next_speed(*speed, true)),
        Command::NormalSpeed => inspect.speed.set(1.0),
        Command::PlaceBack => inspect.retrace(false),
        Command::PlaceForward => inspect.retrace(true),
        Command::GoTo => inspect.go_to_open.set(true),
        Command::Export => browser::press("[data-export]"),
        _ => {}
    }
}

fn moves(inspect: Inspect, command: Command) -> bool {
    match command {
        Command::NextRow => inspect.rows.step(inspect, 1),
        Command::PrevRow => inspect.rows.step(inspect, -1),
        Command::NextEvent => inspect.step_frames(1),
        Command::PrevEvent => inspect.step_frames(-1),
        Command::Ahead100 => inspect.step_micros(100_000),
        Command::Back100 => inspect.step_micros(-100_000),
        Command::Ahead1s => inspect.step_micros(1_000_000),
        Command::Back1s => inspect.step_micros(-1_000_000),
        Command::Start => inspect.visit(Target::Seq(0)),
        Command::End => inspect.end(),
        Command::Part(tenths) => inspect.step_to_part(tenths),
        _ => return false,
    }
    true
}

fn jumps(inspect: Inspect, command: Command) -> bool {
    let (to, backwards) = match command {
        Command::NextTool => (JumpTo::Tool, false),
        Command::PrevTool => (JumpTo::Tool, true),
        Command::NextState => (JumpTo::State, false),
        Command::PrevState => (JumpTo::State, true),
        Command::NextRun => (JumpTo::Run, false),
        Command::PrevRun => (JumpTo::Run, true),
        Command::NextTurn => (JumpTo::Turn, false),
        Command::PrevTurn => (JumpTo::Turn, true),
        Command::NextGap => (JumpTo::Gap, false),
        Command::PrevGap => (JumpTo::Gap, true),
        _ => return false,
    };
    inspect.jump(to, backwards);
    true
}

fn views(inspect: Inspect, command: Command) -> bool {
    match command {
        Command::ZoomIn => inspect.zoom(0.7, None),
        Command::ZoomOut => inspect.zoom(1.0 / 0.7, None),
        Command::PanLeft => inspect.pan(-0.15),
        Command::PanRight => inspect.pan(0.15),
        Command::FitAll => inspect.fit_all(),
        Command::FitSelection => {
            let row = inspect
                .rows
                .current
                .get_untracked()
                .and_then(|number| inspect.rows.row(number));
            if let Some(row) = row {
                inspect.fit_frames(row.first_seq, row.last_seq);
            }
        }
        Command::FitRun => {
            if let Some(run) = untrack(move || inspect.run_here()) {
                inspect.fit_frames(run.first_seq, run.last_seq);
            }
        }
        Command::CycleAxis => inspect.cycle_axis(),
        Command::CycleRows => inspect.rows.cycle(),
        Command::CycleDetail => inspect.sides.cycle_detail(),
        Command::FoldLanes => inspect.folding.update(|folding| folding.folded = !folding.folded),
        Command::ToggleRow => inspect.rows.toggle_current(),
        Command::ChangedOnly => inspect.tree.changed_only.update(|only| *only = !*only),
        _ => return false,
    }
    true
}

/// Moves the focus to the next pane that is on the screen.
fn cycle_pane(by: i32) {
    let Ok(list) = document().query_selector_all("[data-focus]") else {
        return;
    };
    let panes: Vec<web_sys::HtmlElement> = (0..list.length())
        .filter_map(|n| list.item(n)?.dyn_into::<web_sys::HtmlElement>().ok())
        .filter(|pane| pane.offset_width() > 0)
        .collect();
    if panes.is_empty() {
        return;
    }
    let here = browser::focused();
    let at = panes
        .iter()
        .position(|pane| here.as_ref().is_some_and(|here| pane.contains(Some(here))));
    let len = panes.len() as i32;
    let next = at.map_or(0, |at| (at as i32 + by).rem_euclid(len)) as usize;
    drop(panes[next].focus());
}
