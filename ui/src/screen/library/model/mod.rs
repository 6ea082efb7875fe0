//! The library: which rows, which filters, what was just deleted.

pub(crate) mod selection;

use self::selection::Selection;
use scrubjay_ipc::{Delete, Erase, Library, LibraryPage, LibraryRow, LibrarySort, News, Report, Undelete, Verdict};

use crate::{
    bridge::{
        self,
        asker::{Answered, Asker},
    },
    browser,
    part::{listing::Listing, pace::Paced},
    screen::{Model, Page, library::words},
    shell::model::Shell,
    signal::*,
};

/// Runs that an empty screen offers.
const RECENT: u32 = 3;
/// Where it is remembered whether other requests are shown.
const OTHERS: &str = "library.others";
/// How long a deletion can be undone.
const UNDO_MS: f64 = 10_000.0;

/// What was deleted and can be brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undo {
    pub(crate) exchanges: Vec<i64>,
    pub(crate) title: String,
    /// The row that was chosen for it.
    row: (i64, Option<u32>),
    turn: u32,
}

#[derive(Clone, Copy)]
pub(crate) struct LibraryModel {
    pub(crate) text: RwSignal<String>,
    pub(crate) source: RwSignal<Option<String>>,
    pub(crate) verdicts: RwSignal<Vec<Verdict>>,
    pub(crate) sort: RwSignal<LibrarySort>,
    /// Requests that are no runs, too.
    pub(crate) others: RwSignal<bool>,
    pub(crate) list: Listing<LibraryPage>,
    /// The newest runs, without any filter.
    pub(crate) recent: RwSignal<Vec<LibraryRow>>,
    /// The row with the keyboard focus: exchange and run.
    pub(crate) chosen: RwSignal<Option<(i64, Option<u32>)>>,
    pub(crate) undo: RwSignal<Option<Undo>>,
    pub(crate) selection: Selection,
    asker: Asker<Library>,
    tick: RwSignal<u32>,
    pace: Paced,
    turns: StoredValue<u32>,
}

impl Model for LibraryModel {
    fn hear(self, _page: Page, news: &News) {
        if matches!(news, News::Library | News::Began { .. }) {
            self.changed();
        }
    }
}

impl LibraryModel {
    pub(crate) fn new(shell: Shell) -> Self {
        let this = Self {
            text: RwSignal::new(String::new()),
            source: RwSignal::new(None),
            verdicts: RwSignal::new(Vec::new()),
            sort: RwSignal::new(LibrarySort::NewestFirst),
            others: RwSignal::new(browser::recall(OTHERS).as_deref() == Some("shown")),
            list: Listing::new(44.0, 600.0),
            recent: RwSignal::new(Vec::new()),
            chosen: RwSignal::new(None),
            undo: RwSignal::new(None),
            selection: Selection::new(),
            asker: Asker::unheard(),
            tick: RwSignal::new(0),
            pace: Paced::every(250.0),
            turns: StoredValue::new(0),
        };
        this.asker.heard_by(move |answered| this.arrived(answered));
        this.watch_rows();
        this.watch_recent();
        Effect::new(move |_| this.list.row_px.set(shell.density.get().library_px()));
        this
    }

    fn watch_rows(self) {
        Effect::new(move |_| {
            self.tick.track();
            let (first, count) = self.list.window(30);
            self.asker.ask(self.ask(first, count));
        });
    }

    fn watch_recent(self) {
        let asker = Asker::new(move |answered: Answered<Library>| {
            if let Ok(page) = answered.answer {
                self.recent.set(page.rows);
            }
        });
        Effect::new(move |_| {
            self.tick.track();
            asker.ask(Library {
                text: String::new(),
                source: None,
                verdicts: Vec::new(),
                others: false,
                sort: LibrarySort::NewestFirst,
                first: 0,
                count: RECENT,
            });
        });
    }

    fn arrived(self, answered: Answered<Library>) {
        let before = self.list.page.read_now(|page| page.total);
        let is_newest_first = answered.ask.sort == LibrarySort::NewestFirst;
        self.list.page.take(answered.answer);
        let after = self.list.page.read_now(|page| page.total);
        // What is read stays where it is when newer rows come in above it.
        let (top, row_px) = (self.list.top_px.get_untracked(), self.list.row_px.get_untracked());
        if let (Some(before), Some(after), true, true) = (before, after, is_newest_first, top > row_px / 2.0)
            && after > before
            && self.text.with_untracked(String::is_empty)
        {
            self.list.scroll_to.set(Some(top + (after - before) as f64 * row_px));
        }
    }

    /// Orders the list by a column; the same column again turns it round.
    pub(crate) fn sort_by(self, column: usize) {
        self.sort.update(|sort| *sort = words::next_sort(column, *sort));
        self.list.scroll_to.set(Some(0.0));
    }

    /// The keyboard comes from the search into the list.
    pub(crate) fn enter(self) {
        if self.chosen_row().is_none() {
            self.chosen.set(None);
            self.step(0);
        }
    }

    /// Chooses a row beside those of an exchange that goes away.
    fn step_past(self, exchange: i64) {
        let (_, rows) = self.list.rows_now();
        let chosen = self.chosen.get_untracked();
        let Some(at) = rows.iter().position(|row| Some((row.exchange, row.run)) == chosen) else {
            return;
        };
        let stays = |row: &&LibraryRow| row.exchange != exchange;
        let beside = rows[at..]
            .iter()
            .find(stays)
            .or_else(|| rows[..at].iter().rev().find(stays));
        self.chosen.set(beside.map(|row| (row.exchange, row.run)));
    }

    /// Rows changed. Asked for at most four times a second.
    pub(crate) fn changed(self) {
        self.pace.act(move || self.tick.update(|tick| *tick += 1));
    }

    /// The chosen row, if it is here.
    pub(crate) fn chosen_row(self) -> Option<LibraryRow> {
        let chosen = self.chosen.get_untracked()?;
        self.list
            .rows_now()
            .1
            .into_iter()
            .find(|row| (row.exchange, row.run) == chosen)
    }

    /// Chooses the row so many further on.
    pub(crate) fn step(self, by: i64) {
        let (first, rows) = self.list.rows_now();
        let chosen = self.chosen.get_untracked();
        let at = rows.iter().position(|row| Some((row.exchange, row.run)) == chosen);
        let next = match at {
            Some(at) => at.saturating_add_signed(by as isize).min(rows.len().saturating_sub(1)),
            None => 0,
        };
        if let Some(row) = rows.get(next) {
            self.chosen.set(Some((row.exchange, row.run)));
            self.list.reveal(first + next as u64);
        }
    }

    /// To the first or the last row.
    pub(crate) fn ends(self, last: bool) {
        let number = if last {
            self.list.total_now().saturating_sub(1)
        } else {
            0
        };
        self.list.reveal(number);
        if let Some(row) = self.list.row(number) {
            self.chosen.set(Some((row.exchange, row.run)));
            return;
        }
        let ask = untrack(move || self.ask(number, 1));
        spawn_local(async move {
            let row = bridge::ask(ask)
                .await
                .ok()
                .and_then(|page| page.rows.into_iter().next());
            if let Some(row) = row {
                self.chosen.set(Some((row.exchange, row.run)));
            }
        });
    }

    /// A question about rows, filtered and ordered as they are shown.
    fn ask(self, first: u64, count: u32) -> Library {
        Library {
            text: self.text.get(),
            source: self.source.get(),
            verdicts: self.verdicts.get(),
            others: self.others.get(),
            sort: self.sort.get(),
            first,
            count,
        }
    }

    /// Deletes the chosen row's exchange; it can be undone for ten seconds.
    pub(crate) fn delete(self, row: &LibraryRow, failed: impl Fn(Report) + Clone + 'static) {
        self.lapse(failed.clone());
        if self
            .chosen
            .get_untracked()
            .is_some_and(|(exchange, _)| exchange == row.exchange)
        {
            self.step_past(row.exchange);
        }
        let exchanges = vec![row.exchange];
        let turn = self.turns.get_value().wrapping_add(1);
        self.turns.set_value(turn);
        self.undo.set(Some(Undo {
            exchanges: exchanges.clone(),
            title: row.title.clone(),
            row: (row.exchange, row.run),
            turn,
        }));
        spawn_local(async move {
            match bridge::ask(Delete { exchanges }).await {
                Ok(_) => browser::later(UNDO_MS, move || {
                    if self
                        .undo
                        .with_untracked(|undo| undo.as_ref().is_some_and(|undo| undo.turn == turn))
                    {
                        self.lapse(failed);
                    }
                }),
                Err(report) => {
                    self.undo.set(None);
                    failed(report);
                }
            }
            self.changed();
        });
    }

    /// The time to undo is over: what was hidden is erased.
    pub(crate) fn lapse(self, failed: impl Fn(Report) + 'static) {
        let Some(undo) = self.undo.get_untracked() else { return };
        self.undo.set(None);
        spawn_local(async move {
            let exchanges = undo.exchanges;
            if let Err(report) = bridge::ask(Erase { exchanges }).await {
                failed(report);
            }
        });
    }

    /// Brings back what was deleted.
    pub(crate) fn bring_back(self, failed: impl Fn(Report) + 'static) {
        let Some(undo) = self.undo.get_untracked() else { return };
        self.undo.set(None);
        self.chosen.set(Some(undo.row));
        spawn_local(async move {
            if let Err(report) = bridge::ask(Undelete {
                exchanges: undo.exchanges,
            })
            .await
            {
                failed(report);
            }
            self.changed();
        });
    }

    /// Adds a verdict to the filter, or takes it out.
    pub(crate) fn toggle_verdict(self, verdict: Verdict) {
        self.verdicts
            .update(|verdicts| match verdicts.iter().position(|known| *known == verdict) {
                Some(at) => drop(verdicts.remove(at)),
                None => verdicts.push(verdict),
            });
    }

    /// Shows requests that are no runs, or hides them; remembered.
    pub(crate) fn toggle_others(self) {
        self.others.update(|shown| *shown = !*shown);
        if !self.others.get_untracked() {
            self.verdicts
                .update(|verdicts| verdicts.retain(|verdict| *verdict != Verdict::NoRun));
        }
        self.list.scroll_to.set(Some(0.0));
        let word = if self.others.get_untracked() { "shown" } else { "hidden" };
        browser::remember(OTHERS, word);
    }

    /// Requests that are no runs, whether shown or not.
    pub(crate) fn other_count(self) -> u64 {
        self.list.page.read(|page| page.others).unwrap_or(0)
    }

    /// No filter at all.
    pub(crate) fn clear_filters(self) {
        self.text.set(String::new());
        self.source.set(None);
        self.verdicts.set(Vec::new());
    }

    pub(crate) fn is_filtered(self) -> bool {
        !self.text.with(String::is_empty) || self.source.with(Option::is_some) || !self.verdicts.with(Vec::is_empty)
    }
}
