//! The rows: spans or events, a window of them at a time.

use scrubjay_ipc::{Row, RowOf, RowWindow, Rows, RowsOf, Target};

use super::Inspect;
use crate::{
    bridge::asker::{Answered, Asker},
    part::listing::Listing,
    signal::*,
};

#[derive(Clone, Copy)]
pub(crate) struct RowsModel {
    pub(crate) of: RwSignal<RowsOf>,
    pub(crate) expanded: RwSignal<Vec<u32>>,
    pub(crate) list: Listing<RowWindow<Row>>,
    /// The row of the playhead.
    pub(crate) current: RwSignal<Option<u64>>,
    /// The frame for which `current` was chosen by a person.
    pinned: StoredValue<Option<u32>>,
    /// The playhead's row is not in the list yet; it is shown once it is.
    awaited: StoredValue<bool>,
    /// What the page that is here lists, which may be another view's still.
    listed: StoredValue<Option<(RowsOf, Vec<u32>)>>,
    asker: Asker<Rows>,
    placer: Asker<RowOf>,
    stepper: Asker<Rows>,
}

impl RowsModel {
    pub(super) fn new() -> Self {
        Self {
            of: RwSignal::new(RowsOf::Spans),
            expanded: RwSignal::new(Vec::new()),
            list: Listing::new(26.0, 400.0),
            current: RwSignal::new(None),
            pinned: StoredValue::new(None),
            awaited: StoredValue::new(false),
            listed: StoredValue::new(None),
            asker: Asker::unheard(),
            placer: Asker::light(),
            stepper: Asker::light(),
        }
    }

    pub(super) fn clear(self) {
        self.list.page.clear();
        self.listed.set_value(None);
        self.expanded.set(Vec::new());
        self.current.set(None);
        self.pinned.set_value(None);
        self.list.to_top();
    }

    /// The playhead's row stays in sight when the list gets less room.
    fn watch_room(self) {
        Effect::new(move |before: Option<f64>| {
            let room_px = self.list.view_px.get();
            let row = self.current.get_untracked();
            if let Some(row) = row.filter(|_| before.is_some_and(|before| room_px < before)) {
                self.list.reveal(row);
            }
            room_px
        });
    }

    pub(super) fn watch(self, inspect: Inspect) {
        self.watch_room();
        self.asker.heard_by(move |answered: Answered<Rows>| {
            let is_current = answered.ask.view == self.of.get_untracked()
                && self
                    .expanded
                    .with_untracked(|expanded| *expanded == answered.ask.expanded);
            if inspect.is_open(answered.ask.exchange) && is_current {
                if answered.answer.is_ok() {
                    self.listed.set_value(Some((answered.ask.view, answered.ask.expanded)));
                }
                self.list.page.take(answered.answer);
                if let Some(row) = self.current.get_untracked().filter(|_| self.awaited.get_value()) {
                    self.stand(row);
                }
            }
        });
        self.placer.heard_by(move |answered: Answered<RowOf>| {
            if let Ok(place) = answered.answer
                && inspect.is_open(answered.ask.exchange)
                && (answered.ask.seq == inspect.seq.get_untracked() || inspect.is_following())
            {
                self.stand(place.row);
            }
        });
        self.stepper.heard_by(move |answered: Answered<Rows>| {
            if let Ok(page) = answered.answer
                && inspect.is_open(answered.ask.exchange)
                && let Some(row) = page.rows.first()
            {
                self.choose(inspect, page.first, row);
            }
        });
        self.watch_window(inspect);
        self.watch_playhead(inspect);
    }

    fn watch_window(self, inspect: Inspect) {
        Effect::new(move |_| {
            let Some(exchange) = inspect.exchange.get() else { return };
            let (view, expanded) = (self.of.get(), self.expanded.get());
            // Asked again when the exchange has grown.
            let frames = inspect
                .opened
                .with(|opened| opened.as_ref().map(|opened| opened.frames));
            let (first, count) = self.list.window(40);
            if frames.is_some() {
                self.asker.ask(Rows {
                    exchange,
                    view,
                    expanded,
                    first,
                    count,
                });
            }
        });
    }

    fn watch_playhead(self, inspect: Inspect) {
        Effect::new(move |_| {
            let (Some(exchange), seq) = (inspect.exchange.get(), inspect.seq.get()) else {
                return;
            };
            let (view, expanded) = (self.of.get(), self.expanded.get());
            let is_known = inspect.opened.with(Option::is_some);
            if self.pinned.get_value() == Some(seq) {
                return;
            }
            if is_known {
                self.placer.ask(RowOf {
                    exchange,
                    view,
                    expanded,
                    seq,
                });
            }
        });
    }

    /// The playhead's row; scrolls no further than needed.
    fn stand(self, row: u64) {
        self.current.set(Some(row));
        // A long list's rows stand closer on the scrollbar, so another view's page gives a wrong place.
        let is_here = row < self.list.total_now() && self.is_listed();
        self.awaited.set_value(!is_here);
        if is_here {
            self.list.reveal(row);
        }
    }

    /// Whether the page that is here is of what is asked for now.
    fn is_listed(self) -> bool {
        let listed = self.listed.get_value();
        listed.is_some_and(|(view, expanded)| {
            view == self.of.get_untracked() && self.expanded.with_untracked(|now| *now == expanded)
        })
    }

    /// A row chosen by a person: it stays chosen although its frame may stand in another row too.
    pub(crate) fn choose(self, inspect: Inspect, number: u64, row: &Row) {
        self.pinned.set_value(Some(row.first_seq));
        self.stand(number);
        inspect.step_to(Target::Seq(row.first_seq));
    }

    /// The next or previous row.
    pub(crate) fn step(self, inspect: Inspect, by: i64) {
        let Some(exchange) = inspect.exchange.get_untracked() else {
            return;
        };
        let total = self.list.total_now();
        let current = self.current.get_untracked();
        // Inside a row, back leads to its own beginning first, as in a player; before the first row, forward leads to it.
        let here = current.and_then(|number| Some((number, self.list.row(number)?)));
        let seq = inspect.seq.get_untracked();
        let is_apart = |row: &Row| (by < 0 && row.first_seq < seq) || (by > 0 && row.first_seq > seq);
        if let Some((number, row)) = here.filter(|(_, row)| is_apart(row)) {
            self.choose(inspect, number, &row);
            return;
        }
        let wanted = current
            .map_or(0, |row| row.saturating_add_signed(by))
            .min(total.saturating_sub(1));
        if total == 0 || Some(wanted) == current {
            return;
        }
        if let Some(row) = self.list.row(wanted) {
            self.choose(inspect, wanted, &row);
        } else {
            let (view, expanded) = (self.of.get_untracked(), self.expanded.get_untracked());
            self.stepper.ask(Rows {
                exchange,
                view,
                expanded,
                first: wanted,
                count: 1,
            });
        }
    }

    /// Opens or closes a span's events.
    pub(crate) fn toggle(self, span: u32) {
        self.pinned.set_value(None);
        self.expanded
            .update(|expanded| match expanded.iter().position(|open| *open == span) {
                Some(at) => drop(expanded.remove(at)),
                None => expanded.push(span),
            });
    }

    /// Opens or closes the current row.
    pub(crate) fn toggle_current(self) {
        let row = self.current.get_untracked().and_then(|number| self.list.row(number));
        if let Some(span) = row.and_then(|row| row.span) {
            self.toggle(span);
        }
    }

    /// Spans or events.
    pub(crate) fn cycle(self) {
        self.set_view(match self.of.get_untracked() {
            RowsOf::Spans => RowsOf::Events,
            RowsOf::Events => RowsOf::Spans,
        });
    }

    pub(crate) fn set_view(self, view: RowsOf) {
        self.pinned.set_value(None);
        self.current.set(None);
        self.of.set(view);
    }
}
