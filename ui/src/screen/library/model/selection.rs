//! Runs selected beside each other in the library: two to compare, some to serve.

use scrubjay_ipc::{LibraryRow, Side};

use crate::{
    screen::{compare::model::ComparedRuns, library::words, replay::model::Served},
    signal::*,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SelectedRun {
    pub(crate) exchange: i64,
    pub(crate) run: Option<u32>,
    pub(crate) title: String,
}

impl SelectedRun {
    /// A row of the library.
    pub(crate) fn of(row: &LibraryRow) -> Self {
        Self {
            exchange: row.exchange,
            run: row.run,
            title: words::title(row),
        }
    }

    /// As one side of a comparison.
    pub(crate) fn compared(self) -> ComparedRuns {
        let side = match self.run {
            Some(run) => Side::Run(self.exchange, run),
            None => Side::Exchange(self.exchange),
        };
        ComparedRuns {
            side,
            title: self.title,
        }
    }

    /// Several as one side, as their threads.
    pub(crate) fn compared_together(selection: &[Self]) -> Option<ComparedRuns> {
        match selection {
            [] => None,
            [pick] => Some(pick.clone().compared()),
            several => {
                let mut exchanges: Vec<i64> = several.iter().map(|pick| pick.exchange).collect();
                exchanges.sort_unstable();
                exchanges.dedup();
                Some(ComparedRuns {
                    title: words::many(exchanges.len() as u64, "exchange"),
                    side: Side::Exchanges(exchanges),
                })
            }
        }
    }

    pub(crate) fn served(self) -> Served {
        Served {
            exchange: self.exchange,
            title: self.title,
        }
    }
}

/// The selected runs, in the order in which they were selected.
#[derive(Clone, Copy)]
pub(crate) struct Selection(pub(crate) RwSignal<Vec<SelectedRun>>);

impl Selection {
    pub(crate) fn new() -> Self {
        Self(RwSignal::new(Vec::new()))
    }

    /// Selects a row, or no longer.
    pub(crate) fn toggle(self, row: &LibraryRow) {
        let pick = SelectedRun::of(row);
        self.0.update(|selection| {
            let at = selection
                .iter()
                .position(|known| (known.exchange, known.run) == (pick.exchange, pick.run));
            match at {
                Some(at) => drop(selection.remove(at)),
                None => selection.push(pick),
            }
        });
    }

    pub(crate) fn has(self, exchange: i64, run: Option<u32>) -> bool {
        self.0.with(|selection| {
            selection
                .iter()
                .any(|pick| (pick.exchange, pick.run) == (exchange, run))
        })
    }

    pub(crate) fn clear(self) {
        self.0.set(Vec::new());
    }
}
