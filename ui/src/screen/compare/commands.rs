//! What the keys of Compare do.

use Command as C;

use crate::{
    browser,
    screen::Page,
    shell::keyboard::{Entry, keys, place, sign, types},
    signal::*,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    FirstDivergence,
    NextDifference,
    PrevDifference,
    /// Chooses the pair so many further on.
    Pair(i64),
    Start,
    End,
    SwapSides,
    CycleLevel,
    DifferencesOnly,
    Downstream,
    CycleDetail,
    Ignore,
    PairByHand,
    Unpair,
    OpenA,
    OpenB,
    CycleAxis,
    ZoomIn,
    ZoomOut,
    PanLeft,
    PanRight,
    FitAll,
    Report,
}

pub const KEYS: &[Entry<Command>] = keys! {
    "Compare" {
        C::FirstDivergence, "First divergence", [types("Enter")];
        C::NextDifference, "Next difference", [place("Period")];
        C::PrevDifference, "Previous difference", [place("Comma")];
        C::Pair(1), "Next pair", [types("ArrowDown"), types("j")];
        C::Pair(-1), "Previous pair", [types("ArrowUp"), types("k")];
        C::Start, "First pair", [types("Home")];
        C::End, "Last pair", [types("End")];
        C::SwapSides, "Swap the sides", [sign("\\")];
        C::CycleLevel, "Level: behaviour, state, text, wire", [types("v")];
        C::DifferencesOnly, "Only differences", [types("h")];
        C::Downstream, "Open or fold what lies downstream", [types("u")];
        C::CycleDetail, "Pair: words, tree, timing, state after", [types("y")];
        C::Ignore, "Ignore a pointer or a pattern", [types("i")];
        C::PairByHand, "Take the row; on another row: pair the two", [types("p")];
        C::Unpair, "Take a pair made by hand apart", [types("p").shift()];
        C::OpenA, "Open A's side in Inspect", [types("o")];
        C::OpenB, "Open B's side in Inspect", [types("o").shift()];
        C::CycleAxis, "Axis: clock, idle collapsed, event number", [types("x")];
        C::ZoomIn, "Zoom in", [place("KeyW")];
        C::ZoomOut, "Zoom out", [place("KeyS")];
        C::PanLeft, "Pan left", [place("KeyA")];
        C::PanRight, "Pan right", [place("KeyD")];
        C::FitAll, "Fit everything", [types("f").shift()];
        C::Report, "Copy the report as Markdown", [types("e").ctrl()];
    }
};

pub(crate) fn hints(_page: Page) -> Vec<(Command, &'static str)> {
    vec![
        (C::FirstDivergence, "first divergence"),
        (C::NextDifference, "next difference"),
        (C::SwapSides, "swap sides"),
    ]
}

pub(crate) fn run(page: Page, command: Command) {
    let model = page.compare;
    match command {
        C::FirstDivergence => model.first_divergence(),
        C::NextDifference => model.difference(false),
        C::PrevDifference => model.difference(true),
        C::Pair(by) => model.step(by),
        C::Start => model.ends(false),
        C::End => model.ends(true),
        C::SwapSides => model.swap(),
        C::CycleLevel => model.cycle_level(),
        C::DifferencesOnly => model.toggle_differences(),
        C::Downstream => model.toggle_downstream(),
        C::CycleDetail => model.cycle_tab(),
        C::Ignore => browser::focus("[data-field=ignore]"),
        C::PairByHand => model.take_or_pair(),
        C::Unpair => model.unpair(),
        C::OpenA => open(page, false),
        C::OpenB => open(page, true),
        C::CycleAxis => model.cycle_axis(),
        C::ZoomIn => model.zoom(0.7, 0.5),
        C::ZoomOut => model.zoom(1.0 / 0.7, 0.5),
        C::PanLeft => model.pan(-0.15),
        C::PanRight => model.pan(0.15),
        C::FitAll => model.fit_all(),
        C::Report => copy_report(page, false),
    }
}

/// Opens a side's exchange in Inspect, at the playhead.
pub(crate) fn open(page: Page, of_b: bool) {
    if let Some(moment) = page.compare.moment.get_untracked() {
        let (exchange, seq) = if of_b { moment.b } else { moment.a };
        page.inspect_exchange(exchange, Some(seq));
    }
}

/// Puts the report on the clipboard.
pub(crate) fn copy_report(page: Page, json: bool) {
    page.compare.report(json, move |report| match report {
        Ok(text) => {
            browser::copy(&text);
            page.compare.remark.set("the report is copied".to_owned());
        }
        Err(report) => page.shell.notify(report),
    });
}
