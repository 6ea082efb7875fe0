//! The runs of the thread that the open run belongs to.

use scrubjay_ipc::{InterruptAnswer, Library, LibraryRow, LibrarySort, Links, RunLinks, RunPlace};

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
    /// How the open exchange hangs together with the others; absent until it is known.
    pub(crate) links: RwSignal<Option<RunLinks>>,
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
}

impl Thread {
    pub(super) fn new() -> Self {
        Self {
            runs: RwSignal::new(Vec::new()),
            links: RwSignal::new(None),
            turn: RwSignal::new(0),
            pace: Paced::every(ASKED_EVERY_MS),
        }
    }

    /// The library changed.
    pub(super) fn changed(self) {
        self.pace.act(move || self.turn.update(|turn| *turn += 1));
    }

    pub(super) fn watch(self, inspect: Inspect) {
        self.watch_runs(inspect);
        self.watch_links(inspect);
    }

    fn watch_links(self, inspect: Inspect) {
        let asker = Asker::new(move |answered: Answered<Links>| {
            let is_ours = inspect.is_open(answered.ask.exchange);
            // An equal answer leaves what is under the pointer as it is.
            if let Some(links) = answered.answer.ok().filter(|_| is_ours)
                && self.links.with_untracked(|known| known.as_ref() != Some(&links))
            {
                self.links.set(Some(links));
            }
        });
        let wanted = Memo::new(move |_| {
            let runs = inspect.opened.with(|opened| Some(opened.as_ref()?.runs.len()))?;
            Some((inspect.exchange.get()?, runs, inspect.tail().live))
        });
        Effect::new(move |before: Option<Option<i64>>| {
            self.turn.track();
            let exchange = inspect.exchange.get();
            if before.flatten() != exchange {
                self.links.set(None);
            }
            if let Some((exchange, ..)) = wanted.get() {
                asker.ask(Links { exchange });
            }
            exchange
        });
    }

    /// The answers that later requests give to an interrupt of the open exchange; absent until they are known.
    pub(crate) fn answers_to(self, interrupt: &str) -> Option<Vec<InterruptAnswer>> {
        let of_it = |links: &RunLinks| {
            let answers = links.answers.iter().filter(|answer| answer.id == interrupt);
            answers.cloned().collect()
        };
        self.links.with(|links| links.as_ref().map(of_it))
    }

    fn watch_runs(self, inspect: Inspect) {
        let thread = Memo::new(move |_| {
            let thread = inspect.run_here().map(|run| run.thread_id);
            thread.filter(|thread| !thread.is_empty())
        });
        let asker = Asker::new(move |answered: Answered<Library>| {
            let is_wanted = thread.get_untracked().as_ref() == Some(&answered.ask.text);
            if let Some(page) = answered.answer.ok().filter(|_| is_wanted) {
                let of_thread = |row: &LibraryRow| row.thread_id == answered.ask.text && row.run.is_some();
                let runs: Vec<LibraryRow> = page.rows.into_iter().filter(of_thread).collect();
                if self.runs.with_untracked(|known| *known != runs) {
                    self.runs.set(runs);
                }
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
    pub(crate) fn around(self, exchange: i64, first_seq: u32) -> Option<Around> {
        self.runs.with(|runs| around(runs, exchange, first_seq))
    }
}

/// Where an exchange leads: to the run that answers its interrupt, else to one that names a run of it as parent.
pub(super) fn onward(links: &RunLinks) -> Option<RunPlace> {
    let answer = links.answers.first().map(|answer| &answer.run);
    answer.or(links.children.first().map(|child| &child.run)).cloned()
}

/// Where it comes from: from the interrupt that its request answers, else from the parent that a run of it names.
pub(super) fn origin(links: &RunLinks) -> Option<RunPlace> {
    let raised = links.answered.iter().find_map(|answered| answered.raised.clone());
    raised.or_else(|| links.parents.iter().find_map(|parent| parent.run.clone()))
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

fn around(runs: &[LibraryRow], exchange: i64, first_seq: u32) -> Option<Around> {
    let at = runs
        .iter()
        .position(|row| row.exchange == exchange && row.first_seq == first_seq)?;
    Some(Around {
        number: at as u64 + 1,
        total: runs.len() as u64,
        before: at.checked_sub(1).map(|before| runs[before].clone()),
        after: runs.get(at + 1).cloned(),
    })
}
