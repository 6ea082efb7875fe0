//! What the keys of the Library do.

use scrubjay_ipc::LibraryRow;

use Command as C;

use crate::{
    browser,
    screen::Page,
    shell::keyboard::{Entry, keys, sign, types},
    signal::*,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Chooses the row so many further on.
    Row(i64),
    Open,
    Delete,
    Undo,
    Search,
    /// Shows requests that are no runs, or hides them.
    OtherRequests,
    Start,
    End,
    /// Selects a run beside others.
    SelectedRun,
    Baseline,
    CompareWith,
    Serve,
}

impl Command {
    /// Whether it changes what is kept, or serves it.
    pub(crate) fn wants_engine(self) -> bool {
        matches!(self, C::Delete | C::Undo | C::Serve)
    }
}

pub const KEYS: &[Entry<Command>] = keys! {
    "Library" {
        C::Row(1), "Next run", [types("ArrowDown"), types("j")];
        C::Row(-1), "Previous run", [types("ArrowUp"), types("k")];
        C::Open, "Open the run", [types("Enter")];
        C::Delete, "Delete its exchange", [types("Delete")];
        C::Undo, "Undo the deletion", [types("z").ctrl()];
        C::Search, "Search", [sign("/")];
        C::OtherRequests, "Show or hide requests that are no runs", [types("o")];
        C::Start, "First run", [types("Home")];
        C::End, "Last run", [types("End")];
        C::SelectedRun, "Select it beside others", [types(" ")];
        C::Baseline, "Take it as baseline A", [types("b").ctrl()];
        C::CompareWith, "Compare it with A, or the two selected", [types("b").ctrl().shift()];
        C::Serve, "Serve it, or what is selected, as the agent", [types("q")];
    }
};

pub(crate) fn hints(page: Page) -> Vec<(Command, &'static str)> {
    let mut hints = vec![(C::Row(1), "next"), (C::Open, "open")];
    // What a file refuses is not offered.
    if !page.shell.is_read_only() {
        hints.push((C::Delete, "delete"));
    }
    hints
}

pub(crate) fn run(page: Page, command: Command) {
    let library = page.library;
    match command {
        C::Row(by) => step(page, by),
        C::Open => {
            if let Some(row) = library.chosen_row() {
                page.inspect_exchange(row.exchange, Some(row.first_seq));
            }
        }
        C::Delete => {
            if let Some(row) = library.chosen_row() {
                delete(page, &row);
            }
        }
        C::Undo => library.bring_back(move |report| page.shell.notify(report)),
        C::Search => browser::focus("#library-search"),
        C::OtherRequests => library.toggle_others(),
        C::Start => library.ends(false),
        C::End => library.ends(true),
        C::SelectedRun => {
            if let Some(row) = library.chosen_row() {
                library.selection.toggle(&row);
            }
        }
        C::Baseline => page.set_baseline(),
        C::CompareWith => page.compare_with(),
        C::Serve => page.serve(),
    }
}

/// A heading that was clicked keeps the focus, and would take the Enter that is
/// meant for the row.
fn step(page: Page, by: i64) {
    if browser::is_focused(".heading") {
        browser::focus(".lib-grid");
    }
    page.library.step(by);
}

/// Deletes a row's exchange; a bar offers to undo it.
pub(crate) fn delete(page: Page, row: &LibraryRow) {
    if untrack(move || page.shell.is_read_only()) {
        return;
    }
    if page.inspect.exchange.get_untracked() == Some(row.exchange) {
        page.inspect.leave();
    }
    page.library.delete(row, move |report| page.shell.notify(report));
    // The button that was pressed goes away with its row.
    browser::focus(".lib-grid");
}
