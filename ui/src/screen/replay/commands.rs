//! What the keys of the Replay screen do.

use leptos::prelude::*;
use scrubjay_ipc::SteerBy;

use crate::{
    browser,
    shell::{keyboard::Command, model::Shell},
};

/// Does what a command says.
pub(crate) fn run(shell: Shell, command: Command) {
    let model = shell.replay;
    match command {
        Command::SendNext => model.send(),
        Command::SkipNext => model.steer(SteerBy::Skip),
        Command::DuplicateNext => model.steer(SteerBy::Duplicate),
        Command::DelayNext => model.steer(SteerBy::Delay(model.delay_ms.get_untracked())),
        Command::EditNext => model.edit(),
        Command::GoOn => model.steer(SteerBy::Go),
        Command::BreakOff => model.steer(SteerBy::Reset),
        Command::NextRow => model.step_client(1),
        Command::PrevRow => model.step_client(-1),
        Command::CycleAxis => model.cycle_axis(),
        Command::Hold => browser::focus("[data-field=hold]"),
        Command::CopyAddress => {
            if let Some(replay) = untrack(move || model.current()) {
                browser::copy(&format!("{}{}", replay.url, untrack(move || model.path())));
                shell.said.set("The address is copied.".to_owned());
            }
        }
        Command::OpenA => {
            if let Some(client) = untrack(move || model.client_here()) {
                shell.inspect_exchange(client.exchange, Some(client.seq));
            }
        }
        Command::StartStop => match model.chosen.get_untracked() {
            Some(_) => model.stop(),
            None => model.start(),
        },
        _ => {}
    }
}
