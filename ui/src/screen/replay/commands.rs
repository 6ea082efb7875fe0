//! What the keys of Replay do.

use scrubjay_ipc::SteerBy;

use Command as C;

use crate::{
    browser,
    screen::Page,
    shell::keyboard::{Entry, keys, sign, types},
    signal::*,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    SendNext,
    SkipNext,
    DuplicateNext,
    DelayNext,
    EditNext,
    GoOn,
    BreakOff,
    /// Chooses the client so many further on.
    Client(i64),
    Hold,
    CycleAxis,
    CopyAddress,
    OpenInInspect,
    StartStop,
}

pub const KEYS: &[Entry<Command>] = keys! {
    "Replay" {
        C::SendNext, "Send the next event", [types("Enter").ctrl()];
        C::SkipNext, "Skip it", [types("s")];
        C::DuplicateNext, "Send it twice", [types("d")];
        C::DelayNext, "Send it late", [types("l")];
        C::EditNext, "Edit it", [types("e")];
        C::GoOn, "Go on at the pace", [types("g")];
        C::BreakOff, "Break the connection off", [types("x").shift()];
        C::Client(1), "Next client", [types("ArrowDown"), types("j")];
        C::Client(-1), "Previous client", [types("ArrowUp"), types("k")];
        C::Hold, "Hold at a filter", [sign("/")];
        C::CycleAxis, "Axis: clock, event number", [types("x")];
        C::CopyAddress, "Copy the address", [types("c")];
        C::OpenInInspect, "Open what the client has in Inspect", [types("o")];
        C::StartStop, "Start or stop serving", [types("r").shift()];
    }
};

pub(crate) fn hints(_page: Page) -> Vec<(Command, &'static str)> {
    vec![
        (C::SendNext, "send next"),
        (C::EditNext, "edit"),
        (C::CopyAddress, "copy address"),
    ]
}

pub(crate) fn run(page: Page, command: Command) {
    let model = page.replay;
    match command {
        C::SendNext => model.send(),
        C::SkipNext => model.steer(SteerBy::Skip),
        C::DuplicateNext => model.steer(SteerBy::Duplicate),
        C::DelayNext => model.steer(SteerBy::Delay(model.delay_ms.get_untracked())),
        C::EditNext => model.edit(),
        C::GoOn => model.steer(SteerBy::Go),
        C::BreakOff => model.steer(SteerBy::Reset),
        C::Client(by) => model.step_client(by),
        C::Hold => browser::focus("[data-field=hold]"),
        C::CycleAxis => model.cycle_axis(),
        C::CopyAddress => {
            if let Some(replay) = untrack(move || model.current()) {
                browser::copy(&format!("{}{}", replay.url, untrack(move || model.path())));
                page.shell.said.set("The address is copied.".to_owned());
            }
        }
        C::OpenInInspect => {
            if let Some(client) = untrack(move || model.client_here()) {
                page.inspect_exchange(client.exchange, Some(client.seq));
            }
        }
        C::StartStop => match model.chosen.get_untracked() {
            Some(_) => model.stop(),
            None => model.start(),
        },
    }
}
