//! Runs selected beside each other in the library: two to compare, some to serve.

use leptos::prelude::*;
use scrubjay_ipc::{LibraryRow, Opened, Side};

use crate::{
    screen::{compare::model::Picked, replay::model::Served},
    shell::model::Shell,
};

/// A selected run.
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
    fn picked(self) -> Picked {
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
    fn picked_together(picks: &[Self]) -> Option<Picked> {
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

    fn served(self) -> Served {
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

impl Shell {
    /// The run that keys mean on the screen that is open.
    fn pick_here(self) -> Option<Pick> {
        use crate::shell::model::Screen;
        match self.screen.get_untracked() {
            Screen::Library => self.library.chosen_row().as_ref().map(Pick::of),
            Screen::Inspect | Screen::Compare | Screen::Replay => {
                let run = untrack(move || self.inspect.run_here());
                self.inspect
                    .opened
                    .with_untracked(|opened| opened.as_ref().map(|opened| pick_of_run(opened, run.as_ref())))
            }
        }
    }

    /// The selected runs on the library, as one side.
    fn picked_here(self) -> Option<Picked> {
        use crate::shell::model::Screen;
        let is_here = self.screen.get_untracked() == Screen::Library;
        let picks = self.picks.0.get_untracked();
        Pick::picked_together(&picks).filter(|_| is_here)
    }

    /// Takes the runs that are selected, else the run that is meant, as A.
    pub(crate) fn set_baseline(self) {
        let together = self.picked_here();
        let Some(picked) = together.clone().or_else(|| self.pick_here().map(Pick::picked)) else {
            return;
        };
        if together.is_some() {
            self.picks.clear();
        }
        self.said.set(format!("{} is the baseline, A.", picked.title));
        self.compare.set_baseline(picked);
    }

    /// Compares the baseline with what is selected, else with the run that is
    /// meant; without a baseline the two that are selected.
    pub(crate) fn compare_with(self) {
        use crate::shell::model::Screen;
        let picks = self.picks.0.get_untracked();
        let on_library = self.screen.get_untracked() == Screen::Library;
        let baseline = self.compare.baseline.get_untracked();
        let together = self.picked_here();
        if let ([a, b], true) = (picks.as_slice(), on_library) {
            self.compare.compare(a.clone().picked(), b.clone().picked());
            self.picks.clear();
        } else if let (Some(a), Some(b)) = (baseline, together.or_else(|| self.pick_here().map(Pick::picked))) {
            self.compare.compare(a, b);
            self.picks.clear();
        }
        // With no A yet, the screen says how to choose one.
        self.screen.set(Screen::Compare);
    }

    /// Compares the baseline with all that is selected.
    pub(crate) fn compare_together(self) {
        use crate::shell::model::Screen;
        if let (Some(a), Some(b)) = (self.compare.baseline.get_untracked(), self.picked_here()) {
            self.compare.compare(a, b);
            self.picks.clear();
            self.screen.set(Screen::Compare);
        }
    }

    /// Offers what is selected, else the run that is meant, for serving.
    pub(crate) fn serve(self) {
        use crate::shell::model::Screen;
        let on_library = self.screen.get_untracked() == Screen::Library;
        let mut served: Vec<Served> = Vec::new();
        let picks = if on_library {
            self.picks.0.get_untracked()
        } else {
            Vec::new()
        };
        for pick in picks {
            // Two runs of one exchange are one recording to serve.
            if served.iter().all(|known| known.exchange != pick.exchange) {
                served.push(pick.served());
            }
        }
        if served.is_empty() {
            served.extend(self.pick_here().map(Pick::served));
        }
        if !served.is_empty() {
            self.picks.clear();
            self.replay.offer(served);
        }
        self.screen.set(Screen::Replay);
    }
}

/// The run under the playhead, or the exchange.
fn pick_of_run(opened: &Opened, run: Option<&scrubjay_ipc::RunView>) -> Pick {
    let number = run.and_then(|run| opened.runs.iter().position(|known| known == run));
    let title = match run {
        Some(run) if !run.run_id.is_empty() => run.run_id.clone(),
        _ => opened.name.clone(),
    };
    Pick {
        exchange: opened.exchange,
        run: number.map(|number| number as u32),
        title,
    }
}
