//! Commands that work on every screen.

use super::keyboard::{Chord, Entry, keys, sign, types};
use crate::{
    browser,
    screen::{self, Page, Screen},
    signal::*,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    NextPane,
    PrevPane,
    Show(Screen),
    Help,
    /// Closes one thing that is open.
    Close,
}

/// Heading on the sheet of keys.
const GROUP: &str = "Everywhere";

/// Control with a digit, for the screens in their order.
const DIGITS: [[Chord; 1]; 9] = [
    [types("1").ctrl()],
    [types("2").ctrl()],
    [types("3").ctrl()],
    [types("4").ctrl()],
    [types("5").ctrl()],
    [types("6").ctrl()],
    [types("7").ctrl()],
    [types("8").ctrl()],
    [types("9").ctrl()],
];

const PANES: &[Entry<Command>] = keys! {
    "Everywhere" {
        Command::NextPane, "next pane", [types("F6")];
        Command::PrevPane, "previous pane", [types("F6").shift()];
    }
};

const SHEETS: &[Entry<Command>] = keys! {
    "Everywhere" {
        Command::Help, "this sheet", [sign("?")];
        Command::Close, "close what is open", [types("Escape")];
    }
};

/// The keys that work everywhere.
pub(crate) fn keys() -> Vec<Entry<screen::Command>> {
    let screens = Screen::ALL.iter().zip(&DIGITS).map(|(screen, chords)| Entry {
        command: Command::Show(*screen),
        group: GROUP,
        title: screen.title(),
        chords,
    });
    let all = PANES.iter().copied().chain(screens).chain(SHEETS.iter().copied());
    all.map(|entry| entry.map(screen::Command::General)).collect()
}

pub(crate) fn run(page: Page, command: Command) {
    match command {
        Command::NextPane => browser::cycle_focus("[data-focus]", 1),
        Command::PrevPane => browser::cycle_focus("[data-focus]", -1),
        Command::Show(screen) => page.shell.screen.set(screen),
        Command::Help => page.shell.help.update(|open| *open = !*open),
        Command::Close => {
            if !page.shell.close() && !page.close_on_screens() {
                browser::blur();
            }
        }
    }
}
