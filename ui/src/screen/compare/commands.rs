//! What the keys of the Compare screen do.

use leptos::prelude::*;

use crate::{
    browser,
    shell::{keyboard::Command, model::Shell},
};

/// Does what a command says.
pub(crate) fn run(shell: Shell, command: Command) {
    let model = shell.compare;
    match command {
        Command::FirstDivergence => model.first_divergence(),
        Command::NextDifference => model.difference(false),
        Command::PrevDifference => model.difference(true),
        Command::NextRow => model.step(1),
        Command::PrevRow => model.step(-1),
        Command::Start => model.ends(false),
        Command::End => model.ends(true),
        Command::SwapSides => model.swap(),
        Command::CycleLevel => model.cycle_level(),
        Command::DifferencesOnly => model.toggle_differences(),
        Command::Downstream => model.toggle_downstream(),
        Command::CycleDetail => model.cycle_tab(),
        Command::Ignore => browser::focus("[data-field=ignore]"),
        Command::PairByHand => model.take_or_pair(),
        Command::Unpair => model.unpair(),
        Command::OpenA => open(shell, false),
        Command::OpenB => open(shell, true),
        Command::CycleAxis => model.cycle_axis(),
        Command::ZoomIn => model.zoom(0.7, 0.5),
        Command::ZoomOut => model.zoom(1.0 / 0.7, 0.5),
        Command::PanLeft => model.pan(-0.15),
        Command::PanRight => model.pan(0.15),
        Command::FitAll => model.fit_all(),
        Command::Report => crate::screen::compare::view::head::copy_report(shell, false),
        _ => {}
    }
}

/// Opens a side's exchange in Inspect, at the playhead.
pub(crate) fn open(shell: Shell, of_b: bool) {
    if let Some(moment) = shell.compare.moment.get_untracked() {
        let (exchange, seq) = if of_b { moment.b } else { moment.a };
        shell.inspect_exchange(exchange, Some(seq));
    }
}
