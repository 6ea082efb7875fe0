//! Two runs side by side: which two, how they are compared, and which pair is looked at.

pub(crate) mod pairs;
pub(crate) mod place;

use std::sync::Arc;

use scrubjay_ipc::{
    Axis, CancelCompare, Compare, CompareReport, CompareResult, CompareStage, CompareStarted, Comparison,
    ComparisonView, Ignore, LanePicture, Level, MapAt, MapMoment, MappedMoment, News, PairDetail, PairRow, Report,
    Ribbon, Ribbons, RowWindow, Side,
};
use scrubjay_timeline::Window;

use self::place::Look;
use crate::{
    bridge::{
        self,
        asker::{Answered, Asker},
    },
    browser,
    part::{listing::Listing, pane::Pane},
    screen::{Model, Page, compare::words as how},
    shell::model::Shell,
    signal::*,
};

/// While a comparison works, it is asked for at least so often, should its news get lost.
const ASK_AGAIN_MS: f64 = 1_000.0;

/// A run that was chosen for one side, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ComparedRuns {
    pub(crate) side: Side,
    /// Empty where only an address names it.
    pub(crate) title: String,
}

impl ComparedRuns {
    /// Its title, or what an address names.
    pub(crate) fn name(&self) -> String {
        match self.title.is_empty() {
            true => how::side(&self.side),
            false => crate::words::visible(&self.title),
        }
    }
}

/// What a pair is looked at for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PairTab {
    Words,
    Tree,
    Timing,
    StateAfter,
}

/// Both sides' lanes and what connects them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Both {
    pub(crate) a: Arc<LanePicture>,
    pub(crate) b: Arc<LanePicture>,
    pub(crate) ribbons: Arc<Vec<Ribbon>>,
}

/// Everything about the comparison that is shown.
#[derive(Clone, Copy)]
pub(crate) struct CompareModel {
    /// What was set as A, before there is a B.
    pub(crate) baseline: RwSignal<Option<ComparedRuns>>,
    pub(crate) sides: RwSignal<Option<(ComparedRuns, ComparedRuns)>>,
    pub(crate) level: RwSignal<Level>,
    pub(crate) ignore: RwSignal<Vec<Ignore>>,
    pub(crate) comparison: RwSignal<Option<u64>>,
    pub(crate) view: Pane<ComparisonView>,
    pub(crate) differences_only: RwSignal<bool>,
    pub(crate) downstream_open: RwSignal<bool>,
    pub(crate) pairs: Listing<RowWindow<PairRow>>,
    /// The pair that is looked at.
    pub(crate) chosen: RwSignal<Option<u64>>,
    pub(crate) pair: Pane<PairDetail>,
    pub(crate) tab: RwSignal<PairTab>,
    pub(crate) axis: RwSignal<Axis>,
    /// Part of the lanes that is visible; all is 0 to 1.
    pub(crate) window: RwSignal<Window>,
    pub(crate) width_px: RwSignal<f64>,
    pub(crate) both: RwSignal<Option<Both>>,
    /// Where to look once it is known what came out.
    wanted: RwSignal<Option<Look>>,
    /// The playhead, on both sides.
    pub(crate) moment: RwSignal<Option<MappedMoment>>,
    /// The pair a side of which was taken, to be paired by hand.
    pub(crate) taken: RwSignal<Option<u64>>,
    /// Why what was typed at the field of what is ignored cannot be.
    pub(crate) wrong_ignore: RwSignal<String>,
    /// What a key could not do, or what was done, until the next one.
    pub(crate) remark: RwSignal<String>,
    /// Counts up when the same comparison has to be read again.
    pub(super) turn: RwSignal<u32>,
    /// Counts the moves that a person asked for; an answer to an older one moves nothing.
    moves: StoredValue<u32>,
    /// The last of these moves was a press on the lanes.
    is_pressed: StoredValue<bool>,
    asker: Asker<Comparison>,
    mapper: Asker<MapMoment>,
}

impl Model for CompareModel {
    fn hear(self, _page: Page, news: &News) {
        if let News::Compared { comparison } = news {
            self.further(*comparison);
        }
    }

    /// Lets go of the row that was taken to be paired.
    fn close(self) -> bool {
        let has_taken = self.taken.with_untracked(Option::is_some);
        if has_taken {
            self.taken.set(None);
            self.remark.set(String::new());
        }
        has_taken
    }
}

impl CompareModel {
    pub(crate) fn new(_shell: Shell) -> Self {
        let this = Self {
            baseline: RwSignal::new(None),
            sides: RwSignal::new(None),
            level: RwSignal::new(Level::Behaviour),
            ignore: RwSignal::new(recalled_ignores()),
            comparison: RwSignal::new(None),
            view: Pane::new(),
            differences_only: RwSignal::new(false),
            downstream_open: RwSignal::new(false),
            pairs: Listing::new(pairs::ROW_PX, 300.0),
            chosen: RwSignal::new(None),
            pair: Pane::new(),
            tab: RwSignal::new(PairTab::Words),
            axis: RwSignal::new(Axis::Clock),
            window: RwSignal::new(Window::new(0.0, 1.0)),
            width_px: RwSignal::new(0.0),
            both: RwSignal::new(None),
            wanted: RwSignal::new(None),
            moment: RwSignal::new(None),
            taken: RwSignal::new(None),
            wrong_ignore: RwSignal::new(String::new()),
            remark: RwSignal::new(String::new()),
            turn: RwSignal::new(0),
            moves: StoredValue::new(0),
            is_pressed: StoredValue::new(false),
            asker: Asker::unheard(),
            mapper: Asker::unheard(),
        };
        this.asker.heard_by(move |answered| this.arrived(answered));
        this.mapper.heard_by(move |answered| this.mapped(answered));
        this.watch_question();
        this.watch_lanes();
        this.watch_pairs();
        this.watch_pair();
        this
    }

    // ---- which two ------------------------------------------------------

    /// Sets A, before there is a B.
    pub(crate) fn set_baseline(self, picked: ComparedRuns) {
        self.remark.set(format!("A is {}", picked.title));
        self.baseline.set(Some(picked));
    }

    pub(crate) fn compare(self, a: ComparedRuns, b: ComparedRuns) {
        self.baseline.set(Some(a.clone()));
        self.forget();
        self.wanted.set(None);
        self.sides.set(Some((a, b)));
    }

    /// Puts each side in the other's place.
    pub(crate) fn swap(self) {
        if let Some((a, b)) = self.sides.get_untracked() {
            self.compare(b, a);
        }
    }

    /// Compares the same two again.
    pub(crate) fn again(self) {
        self.forget();
        self.sides.update(|_same| {});
    }

    fn forget(self) {
        self.comparison.set(None);
        self.view.clear();
        self.pairs.page.clear();
        self.pair.clear();
        self.chosen.set(None);
        self.moment.set(None);
        self.taken.set(None);
        self.both.set(None);
        self.remark.set(String::new());
        self.window.set(Window::new(0.0, 1.0));
    }

    // ---- how ------------------------------------------------------------

    /// Another level, of the same two.
    pub(crate) fn set_level(self, level: Level) {
        if self.level.get_untracked() != level {
            self.forget();
            self.level.set(level);
        }
    }

    /// The next level.
    pub(crate) fn cycle_level(self) {
        self.set_level(how::next_level(self.level.get_untracked()));
    }

    /// Ignores something, or no longer.
    pub(crate) fn toggle_ignore(self, ignore: Ignore) {
        self.forget();
        self.ignore
            .update(|list| match list.iter().position(|known| *known == ignore) {
                Some(at) => drop(list.remove(at)),
                None => list.push(ignore),
            });
        let text = self.ignore.with_untracked(serde_json::to_string);
        browser::remember("compare.ignore", &text.unwrap_or_default());
    }

    /// Ignores something that was typed, once the engine can read it; what it
    /// cannot read stays at the field with the reason.
    pub(crate) fn type_ignore(self, ignore: Ignore) {
        self.wrong_ignore.set(String::new());
        let mut list = self.ignore.get_untracked();
        if list.contains(&ignore) {
            return;
        }
        let Some((a, b)) = self.sides.get_untracked() else {
            return self.toggle_ignore(ignore);
        };
        list.push(ignore.clone());
        let ask = Compare {
            a: a.side,
            b: b.side,
            level: self.level.get_untracked(),
            ignore: list,
        };
        spawn_local(async move {
            match bridge::ask(ask).await {
                Ok(_) => self.toggle_ignore(ignore),
                Err(report) => self.wrong_ignore.set(format!("{} {}", report.message, report.hint)),
            }
        });
    }

    /// A question for every choice of sides, level and what is ignored.
    fn watch_question(self) {
        let asker = Asker::new(move |answered: Answered<Compare>| {
            if answered.is_overtaken {
                return;
            }
            match answered.answer {
                Ok(started) => self.began(started),
                Err(report) => self.view.report.set(Some(report)),
            }
        });
        Effect::new(move |_| {
            let (level, ignore) = (self.level.get(), self.ignore.get());
            if let Some((a, b)) = self.sides.get() {
                asker.ask(Compare {
                    a: a.side,
                    b: b.side,
                    level,
                    ignore,
                });
            }
        });
    }

    pub(super) fn began(self, started: CompareStarted) {
        self.comparison.set(Some(started.comparison));
        self.turn.update(|turn| *turn += 1);
        self.ask();
    }

    // ---- how far it is --------------------------------------------------

    fn ask(self) {
        if let Some(comparison) = self.comparison.get_untracked() {
            self.asker.ask(Comparison { comparison });
        }
    }

    /// A comparison is further.
    pub(crate) fn further(self, comparison: u64) {
        if self.comparison.get_untracked() == Some(comparison) {
            self.ask();
        }
    }

    fn arrived(self, answered: Answered<Comparison>) {
        if self.comparison.get_untracked() != Some(answered.ask.comparison) {
            return;
        }
        let was_done = untrack(move || self.result()).is_some();
        let is_working = matches!(&answered.answer, Ok(view) if matches!(view.stage, CompareStage::Working(_)));
        self.view.take(answered.answer);
        if is_working {
            browser::later(ASK_AGAIN_MS, move || {
                let is_working = self.view.value.with_untracked(
                    |view| matches!(view, Some(view) if matches!(view.stage, CompareStage::Working(_))),
                );
                if is_working {
                    self.further(answered.ask.comparison);
                }
            });
        }
        let Some(result) = untrack(move || self.result()).filter(|_| !was_done) else {
            return;
        };
        match (self.wanted.get_untracked(), result.first) {
            (Some(look), _) => {
                self.look(look);
                self.wanted.set(None);
            }
            (None, Some(first)) => self.visit_pair(first.pair),
            (None, None) => {}
        }
    }

    /// What came out, once it is done.
    pub(crate) fn result(self) -> Option<CompareResult> {
        self.view.value.with(|view| match &view.as_ref()?.stage {
            CompareStage::Done(result) => Some((**result).clone()),
            CompareStage::Working(_) | CompareStage::Cancelled | CompareStage::Failed(_) => None,
        })
    }

    /// Gives the comparison up.
    pub(crate) fn cancel(self) {
        let Some(comparison) = self.comparison.get_untracked() else {
            return;
        };
        spawn_local(async move {
            self.view.take(bridge::ask(CancelCompare { comparison }).await);
        });
    }

    // ---- the playhead ---------------------------------------------------

    /// A new move, which any answer to an older one must leave alone.
    fn begin_move(self) -> u32 {
        self.moves.update_value(|moves| *moves = moves.wrapping_add(1));
        self.moves.get_value()
    }

    /// Puts the playhead on a moment of one side: a frame, or a place that was pressed on the lanes.
    pub(crate) fn go(self, of_b: bool, at: MapAt) {
        self.begin_move();
        self.is_pressed.set_value(matches!(at, MapAt::X(_)));
        if let Some(comparison) = self.comparison.get_untracked() {
            self.mapper.ask(MapMoment {
                comparison,
                of_b,
                axis: self.axis.get_untracked(),
                at,
            });
        }
    }

    fn mapped(self, answered: Answered<MapMoment>) {
        let is_press = matches!(answered.ask.at, MapAt::X(_));
        let is_ours = self.comparison.get_untracked() == Some(answered.ask.comparison)
            && self.axis.get_untracked() == answered.ask.axis
            && self.is_pressed.get_value() == is_press;
        match answered.answer {
            Ok(moment) if is_ours => {
                self.moment.set(Some(moment));
                // A press on the lanes chooses the pair under it; a chosen pair stays.
                if let Some(pair) = moment.pair.filter(|_| is_press) {
                    let is_here = move || self.moment.with_untracked(|now| now.and_then(|now| now.pair)) == Some(pair);
                    self.show_pair(pair, move || self.is_pressed.get_value() && is_here());
                }
            }
            Ok(_) => {}
            Err(report) => self.remark.set(report.message),
        }
    }

    /// Clock, idle collapsed, event number.
    pub(crate) fn cycle_axis(self) {
        self.axis.update(|axis| *axis = crate::words::next_axis(*axis));
        self.both.set(None);
        if let Some(moment) = self.moment.get_untracked() {
            self.go(false, MapAt::Frame(moment.a.0, moment.a.1));
        }
    }

    // ---- the lanes ------------------------------------------------------

    fn watch_lanes(self) {
        let painter = Asker::new(move |answered: Answered<Ribbons>| {
            let is_ours = self.comparison.get_untracked() == Some(answered.ask.comparison)
                && self.axis.get_untracked() == answered.ask.axis;
            if let Some(view) = answered.answer.ok().filter(|_| is_ours) {
                self.both.set(Some(Both {
                    a: Arc::new(view.a),
                    b: Arc::new(view.b),
                    ribbons: Arc::new(view.ribbons),
                }));
            }
        });
        let is_done = Memo::new(move |_| self.result().is_some());
        Effect::new(move |_| {
            self.turn.track();
            let (window, axis, width) = (self.window.get(), self.axis.get(), self.width_px.get());
            if let Some(comparison) = self.comparison.get().filter(|_| is_done.get() && width >= 8.0) {
                painter.ask(Ribbons {
                    comparison,
                    axis,
                    from: window.from.max(0.0),
                    to: window.to.min(1.0),
                    width_px: width as u32,
                });
            }
        });
    }

    /// Closer (below 1) or further, around a part of what is visible.
    pub(crate) fn zoom(self, factor: f64, part: f64) {
        self.window.update(|window| {
            let fixed = window.from + window.span() * part;
            let span = (window.span() * factor).clamp(1e-4, 1.0);
            *window = placed(fixed - span * part, span);
        });
    }

    /// By a share of what is visible.
    pub(crate) fn pan(self, share: f64) {
        self.window
            .update(|window| *window = placed(window.from + window.span() * share, window.span()));
    }

    pub(crate) fn fit_all(self) {
        self.window.set(Window::new(0.0, 1.0));
    }

    // ---- out of it ------------------------------------------------------

    /// The report as text.
    pub(crate) fn report(self, json: bool, done: impl FnOnce(Result<String, Report>) + 'static) {
        let Some(comparison) = self.comparison.get_untracked() else {
            return;
        };
        spawn_local(async move {
            let report = bridge::ask(CompareReport { comparison, json }).await;
            done(report.map(|report| report.text));
        });
    }
}

/// A window of the whole, moved back into it.
fn placed(from: f64, span: f64) -> Window {
    let from = from.clamp(0.0, 1.0 - span);
    Window::new(from, from + span)
}

fn recalled_ignores() -> Vec<Ignore> {
    browser::recall("compare.ignore")
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}
