//! Runs selected beside each other in the library: two to compare, some to serve.

use scrubjay_ipc::{LibraryRow, Side};

use crate::{
    screen::{compare::model::Picked, replay::model::Served},
    signal::*,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pick {
    pub(crate) exchange: i64,
    pub(crate) run: Option<u32>,
    pub(crate) title: String,
}

impl Pick {
    /// A row of the library.
    pub(crate) fn of(row: &LibraryRow) -> Self {
        let title = if row.title.is_empty() {
            format!("{} {}", row.method, row.target)
        } else {
            row.title.clone()
        };
        Self {
            exchange: row.exchange,
            run: row.run,
            title,
        }
    }

    /// As one side of a comparison.
    pub(crate) fn picked(self) -> Picked {
        let side = match self.run {
            Some(run) => Side::Run(self.exchange, run),
            None => Side::Exchange(self.exchange),
        };
        Picked {
            side,
            title: self.title,
        }
    }

    /// Several as one side, as their threads.
    pub(crate) fn picked_together(picks: &[Self]) -> Option<Picked> {
        match picks {
            [] => None,
            [pick] => Some(pick.clone().picked()),
            several => {
                let mut exchanges: Vec<i64> = several.iter().map(|pick| pick.exchange).collect();
                exchanges.sort_unstable();
                exchanges.dedup();
                Some(Picked {
                    title: format!("{} exchanges", exchanges.len()),
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
pub(crate) struct Picks(pub(crate) RwSignal<Vec<Pick>>);

impl Picks {
    pub(crate) fn new() -> Self {
        Self(RwSignal::new(Vec::new()))
    }

    /// Selects a row, or no longer.
    pub(crate) fn toggle(self, row: &LibraryRow) {
        let pick = Pick::of(row);
        self.0.update(|picks| {
            let at = picks
                .iter()
                .position(|known| (known.exchange, known.run) == (pick.exchange, pick.run));
            match at {
                Some(at) => drop(picks.remove(at)),
                None => picks.push(pick),
            }
        });
    }

    pub(crate) fn has(self, exchange: i64, run: Option<u32>) -> bool {
        self.0
            .with(|picks| picks.iter().any(|pick| (pick.exchange, pick.run) == (exchange, run)))
    }

    pub(crate) fn clear(self) {
        self.0.set(Vec::new());
    }
}
