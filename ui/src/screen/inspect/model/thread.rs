//! The runs of the thread that the open run belongs to.

use scrubjay_ipc::{Library, LibraryRow, LibrarySort};

use super::Inspect;
use crate::{
    bridge::asker::{Answered, Asker},
    part::pace::Paced,
    signal::*,
};

/// Runs of a thread that are asked for.
const RUNS: u32 = 500;
/// Between two questions for them while runs arrive.
const ASKED_EVERY_MS: f64 = 1_000.0;

#[derive(Clone, Copy)]
pub(crate) struct Thread {
    /// In the order in which they began.
    runs: RwSignal<Vec<LibraryRow>>,
    /// Counts up when the library changed.
    turn: RwSignal<u32>,
    pace: Paced,
}

/// The runs of a thread around one of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Around {
    /// Its number in the thread, from 1.
    pub(crate) number: u64,
    pub(crate) total: u64,
    pub(crate) before: Option<LibraryRow>,
    pub(crate) after: Option<LibraryRow>,
    /// The run that it names as its parent, if that is in the thread.
    pub(crate) parent: Option<LibraryRow>,
}

impl Thread {
    pub(super) fn new() -> Self {
        Self {
            runs: RwSignal::new(Vec::new()),
            turn: RwSignal::new(0),
            pace: Paced::every(ASKED_EVERY_MS),
        }
    }

    /// The library changed.
    pub(super) fn changed(self) {
        self.pace.act(move || self.turn.update(|turn| *turn += 1));
    }

    pub(super) fn watch(self, inspect: Inspect) {
        let thread = Memo::new(move |_| {
            let thread = inspect.run_here().map(|run| run.thread_id);
            thread.filter(|thread| !thread.is_empty())
        });
        let asker = Asker::new(move |answered: Answered<Library>| {
            let is_wanted = thread.get_untracked().as_ref() == Some(&answered.ask.text);
            if let Some(page) = answered.answer.ok().filter(|_| is_wanted) {
                let of_thread = |row: &LibraryRow| row.thread_id == answered.ask.text && row.run.is_some();
                self.runs.set(page.rows.into_iter().filter(of_thread).collect());
            }
        });
        Effect::new(move |_| {
            self.turn.track();
            match thread.get() {
                Some(thread) => asker.ask(of_thread(thread)),
                None => self.runs.set(Vec::new()),
            }
        });
    }

    /// The runs around the one that begins at this frame of an exchange.
    pub(crate) fn around(self, exchange: i64, first_seq: u32, parent: Option<&str>) -> Option<Around> {
        self.runs.with(|runs| around(runs, exchange, first_seq, parent))
    }
}

fn of_thread(thread: String) -> Library {
    Library {
        text: thread,
        source: None,
        verdicts: Vec::new(),
        others: false,
        sort: LibrarySort::OldestFirst,
        first: 0,
        count: RUNS,
    }
}

fn around(runs: &[LibraryRow], exchange: i64, first_seq: u32, parent: Option<&str>) -> Option<Around> {
    let at = runs
        .iter()
        .position(|row| row.exchange == exchange && row.first_seq == first_seq)?;
    // An id that was used twice means the latest run before this one.
    let parent = runs[..at].iter().rev().find(|row| Some(row.run_id.as_str()) == parent);
    Some(Around {
        number: at as u64 + 1,
        total: runs.len() as u64,
        before: at.checked_sub(1).map(|before| runs[before].clone()),
        after: runs.get(at + 1).cloned(),
        parent: parent.cloned(),
    })
}
