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
        C::SendNext, "send the next event", [types("Enter").ctrl()];
        C::SkipNext, "skip it", [types("s")];
        C::DuplicateNext, "send it twice", [types("d")];
        C::DelayNext, "send it late", [types("l")];
        C::EditNext, "edit it", [types("e")];
        C::GoOn, "go on at the pace", [types("g")];
        C::BreakOff, "break the connection off", [types("x").shift()];
        C::Client(1), "next client", [types("ArrowDown"), types("j")];
        C::Client(-1), "previous client", [types("ArrowUp"), types("k")];
        C::Hold, "hold at a filter", [sign("/")];
        C::CycleAxis, "axis: clock, event number", [types("x")];
        C::CopyAddress, "copy the address", [types("c")];
        C::OpenInInspect, "open what the client has in Inspect", [types("o")];
        C::StartStop, "start or stop serving", [types("r").shift()];
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
