//! Which runs are taken as baseline, compared or served: those selected in the
//! Library, or the run that is open in Inspect.

use scrubjay_ipc::{Opened, RunView};

use super::{
    Page, Screen, compare::model::ComparedRuns, library::model::selection::SelectedRun, replay::model::Served,
};
use crate::signal::*;

impl Page {
    /// The run that keys mean on the screen that is open.
    fn pick_here(self) -> Option<SelectedRun> {
        if self.shell.screen.get_untracked() == Screen::Library {
            return self.library.chosen_row().as_ref().map(SelectedRun::of);
        }
        let run = untrack(move || self.inspect.run_here());
        self.inspect
            .opened
            .with_untracked(|opened| opened.as_ref().map(|opened| pick_of_run(opened, run.as_ref())))
    }

    /// The selected runs on the library, as one side.
    fn picked_here(self) -> Option<ComparedRuns> {
        let is_here = self.shell.screen.get_untracked() == Screen::Library;
        let selection = self.library.selection.0.get_untracked();
        SelectedRun::compared_together(&selection).filter(|_| is_here)
    }

    /// Takes the runs that are selected, else the run that is meant, as A.
    pub(crate) fn set_baseline(self) {
        let together = self.picked_here();
        let Some(picked) = together.clone().or_else(|| self.pick_here().map(SelectedRun::compared)) else {
            return;
        };
        if together.is_some() {
            self.library.selection.clear();
        }
        self.shell.said.set(format!("{} is the baseline, A.", picked.title));
        self.compare.set_baseline(picked);
    }

    /// Compares the baseline with what is selected, else with the run that is
    /// meant; without a baseline the two that are selected.
    pub(crate) fn compare_with(self) {
        let selection = self.library.selection.0.get_untracked();
        let on_library = self.shell.screen.get_untracked() == Screen::Library;
        let baseline = self.compare.baseline.get_untracked();
        let together = self.picked_here();
        if let ([a, b], true) = (selection.as_slice(), on_library) {
            self.compare.compare(a.clone().compared(), b.clone().compared());
            self.library.selection.clear();
        } else if let (Some(a), Some(b)) = (
            baseline,
            together.or_else(|| self.pick_here().map(SelectedRun::compared)),
        ) {
            self.compare.compare(a, b);
            self.library.selection.clear();
        }
        // With no A yet, the screen says how to choose one.
        self.shell.screen.set(Screen::Compare);
    }

    /// Compares the baseline with all that is selected.
    pub(crate) fn compare_together(self) {
        if let (Some(a), Some(b)) = (self.compare.baseline.get_untracked(), self.picked_here()) {
            self.compare.compare(a, b);
            self.library.selection.clear();
            self.shell.screen.set(Screen::Compare);
        }
    }

    /// Offers what is selected, else the run that is meant, for serving.
    pub(crate) fn serve(self) {
        let on_library = self.shell.screen.get_untracked() == Screen::Library;
        let mut served: Vec<Served> = Vec::new();
        let selection = if on_library {
            self.library.selection.0.get_untracked()
        } else {
            Vec::new()
        };
        for pick in selection {
            // Two runs of one exchange are one recording to serve.
            if served.iter().all(|known| known.exchange != pick.exchange) {
                served.push(pick.served());
            }
        }
        if served.is_empty() {
            served.extend(self.pick_here().map(SelectedRun::served));
        }
        if !served.is_empty() {
            self.library.selection.clear();
            self.replay.offer(served);
        }
        self.shell.screen.set(Screen::Replay);
    }
}

/// The run under the playhead, or the exchange.
fn pick_of_run(opened: &Opened, run: Option<&RunView>) -> SelectedRun {
    let number = run.and_then(|run| opened.runs.iter().position(|known| known == run));
    let title = match run {
        Some(run) if !run.run_id.is_empty() => run.run_id.clone(),
        _ => opened.name.clone(),
    };
    SelectedRun {
        exchange: opened.exchange,
        run: number.map(|number| number as u32),
        title,
    }
}
