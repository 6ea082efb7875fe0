//! The open exchange: its facts, its axis and window, its picture, its playhead.

use std::sync::Arc;

use scrubjay_ipc::{Axis, Ending, LanePicture, Lanes, Locate, News, Open, Opened, Place, Report, Target};
use scrubjay_timeline::{Window, layout::Folding};

use super::{
    follow::{Follow, Tail},
    problems::ProblemsModel,
    rows::RowsModel,
    sides::Sides,
    thread::Thread,
    trail::Trail,
    tree::Tree,
    value::WholeValue,
};
use crate::{
    bridge::asker::{Answered, Asker},
    browser,
    part::pace::Paced,
    screen::{Model, Page, Screen},
    shell::model::Shell,
    signal::*,
    words,
};

/// Everything about the open exchange. Copied freely; all parts are signals.
#[derive(Clone, Copy)]
pub(crate) struct Inspect {
    pub(crate) exchange: RwSignal<Option<i64>>,
    pub(crate) opened: RwSignal<Option<Opened>>,
    pub(crate) refused: RwSignal<Option<Report>>,
    /// The playhead.
    pub(crate) seq: RwSignal<u32>,
    /// Where the playhead is; for a moment after a move, where it was.
    pub(crate) moment: RwSignal<Option<Place>>,
    /// Place on the axis while it is dragged or played, before the frame is known.
    pub(crate) held_x: RwSignal<Option<f64>>,
    pub(crate) follow: RwSignal<Follow>,
    pub(crate) axis: RwSignal<Axis>,
    pub(crate) window: RwSignal<Window>,
    pub(crate) folding: RwSignal<Folding>,
    /// Width of the lanes in pixels.
    pub(crate) width_px: RwSignal<f64>,
    pub(crate) lanes: RwSignal<Option<Arc<LanePicture>>>,
    pub(crate) playing: RwSignal<bool>,
    pub(crate) speed: RwSignal<f64>,
    pub(crate) trail: RwSignal<Trail>,
    /// What a key could not do, until the next move.
    pub(crate) remark: RwSignal<String>,
    pub(crate) rows: RowsModel,
    pub(crate) tree: Tree,
    /// The value that is opened below the tree.
    pub(crate) value: WholeValue,
    pub(crate) sides: Sides,
    pub(crate) thread: Thread,
    pub(crate) problems: ProblemsModel,
    pub(super) locator: Asker<Locate>,
    pub(super) jumper: Asker<scrubjay_ipc::Jump>,
    opener: Asker<Open>,
    /// The window that showed everything when the playhead let go of the end.
    pub(super) stood: StoredValue<Option<Window>>,
    /// The next answer about the playhead brings it into view.
    pub(super) reveals: StoredValue<bool>,
    /// The frame that a step forward in time left, until the next move.
    pub(super) steps_from: StoredValue<Option<u32>>,
    /// The playhead stands at the end until it is known where the first problem is.
    seeks_problem: StoredValue<bool>,
    pace: Paced,
    /// Frames and length that the last news of the open exchange named.
    newest: StoredValue<(u32, u64)>,
    /// Where to stand once the exchange is open.
    wanted: StoredValue<Option<Wanted>>,
}

/// Where to stand in an exchange that is being opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// Where a run begins, unless the exchange grows and is followed.
    Run(u32),
    /// Nowhere else.
    Frame(u32),
}

impl Model for Inspect {
    fn hear(self, page: Page, news: &News) {
        match news {
            News::Grown {
                exchange,
                frames,
                duration_us,
                ..
            } => self.grown(*exchange, *frames, *duration_us),
            News::Began { exchange } => self.began(page.shell, *exchange),
            News::Library => self.thread.changed(),
            News::Sources | News::Health(_) | News::Compared { .. } | News::Replays => {}
        }
    }
}

impl Inspect {
    pub(crate) fn new(shell: Shell) -> Self {
        let this = Self {
            exchange: RwSignal::new(None),
            opened: RwSignal::new(None),
            refused: RwSignal::new(None),
            seq: RwSignal::new(0),
            moment: RwSignal::new(None),
            held_x: RwSignal::new(None),
            follow: RwSignal::new(Follow::Still),
            axis: RwSignal::new(Axis::Clock),
            window: RwSignal::new(Window::new(0.0, 1.0)),
            folding: RwSignal::new(recalled_folding()),
            width_px: RwSignal::new(0.0),
            lanes: RwSignal::new(None),
            playing: RwSignal::new(false),
            speed: RwSignal::new(1.0),
            trail: RwSignal::new(Trail::default()),
            remark: RwSignal::new(String::new()),
            rows: RowsModel::new(),
            tree: Tree::new(),
            value: WholeValue::new(),
            sides: Sides::new(),
            thread: Thread::new(),
            problems: ProblemsModel::new(),
            locator: Asker::light(),
            jumper: Asker::light(),
            opener: Asker::light(),
            stood: StoredValue::new(None),
            reveals: StoredValue::new(false),
            steps_from: StoredValue::new(None),
            seeks_problem: StoredValue::new(false),
            pace: Paced::every(125.0),
            newest: StoredValue::new((0, 0)),
            wanted: StoredValue::new(None),
        };
        this.opener.heard_by(move |answered| this.arrived(answered));
        this.locator.heard_by(move |answered| this.located(answered));
        this.jumper.heard_by(move |answered| this.jumped(answered));
        this.watch_lanes();
        this.rows.watch(this);
        this.tree.watch(this);
        this.value.watch(this);
        this.sides.watch(this);
        this.thread.watch(this);
        this.problems.watch(this);
        this.watch_density(shell);
        this.announce_problems(shell);
        this
    }

    /// A run began: a window that follows goes there.
    fn began(self, shell: Shell, exchange: i64) {
        let follows = self.is_following();
        let has_ended = !self.tail_now().live;
        if shell.screen.get_untracked() == Screen::Inspect && follows && has_ended {
            self.open(exchange, None);
        }
    }

    fn watch_density(self, shell: Shell) {
        Effect::new(move |_| {
            let density = shell.density.get();
            self.rows.list.row_px.set(density.row_px());
            self.tree.list.row_px.set(density.line_px());
        });
    }

    /// Says that problems arrived, at most as often as facts are asked for, and only when the playhead stays behind.
    fn announce_problems(self, shell: Shell) {
        let problems = Memo::new(move |_| (self.exchange.get(), self.tail().problems));
        Effect::new(move |before: Option<(Option<i64>, u32)>| {
            let now = problems.get();
            let is_detached = matches!(self.follow.get_untracked(), Follow::Detached { .. });
            if let Some((exchange, known)) = before
                && exchange == now.0
                && now.1 > known
                && is_detached
            {
                shell
                    .said
                    .set(format!("{} in this exchange", words::many(u64::from(now.1), "problem")));
            }
            now
        });
    }

    /// Opens an exchange; `first_seq` is where a run of it begins.
    pub(crate) fn open(self, exchange: i64, first_seq: Option<u32>) {
        if self.is_open(exchange) {
            if let Some(seq) = first_seq.filter(|seq| *seq > 0) {
                self.visit(Target::Seq(seq));
            }
            return;
        }
        self.ask_for(exchange, first_seq.filter(|seq| *seq > 1).map(Wanted::Run));
    }

    /// Opens an exchange at a frame, or else at its end; as an address says it.
    pub(crate) fn open_at(self, exchange: i64, seq: Option<u32>) {
        let is_known = self.opened.with_untracked(Option::is_some);
        if !self.is_open(exchange) || !is_known {
            self.ask_for(exchange, seq.map(Wanted::Frame));
        } else if let Some(seq) = seq.filter(|seq| *seq != self.seq.get_untracked()) {
            self.step_to(Target::Seq(seq));
        }
    }

    /// Stands on a frame of an exchange, which is opened if it is not.
    pub(super) fn stand_in(self, exchange: i64, seq: u32) {
        if self.is_open(exchange) {
            self.step_to(Target::Seq(seq));
        } else {
            self.ask_for(exchange, Some(Wanted::Frame(seq)));
        }
    }

    /// The frame to stand on that was asked for with the exchange.
    pub(crate) fn wanted_place(self) -> Option<u32> {
        match self.wanted.get_value() {
            Some(Wanted::Frame(seq)) => Some(seq),
            Some(Wanted::Run(_)) | None => None,
        }
    }

    fn ask_for(self, exchange: i64, wanted: Option<Wanted>) {
        self.wanted.set_value(wanted);
        self.playing.set(false);
        self.held_x.set(None);
        self.lanes.set(None);
        self.moment.set(None);
        self.opened.set(None);
        self.refused.set(None);
        self.rows.clear();
        self.tree.clear();
        self.value.clear();
        self.sides.clear();
        self.seq.set(0);
        self.exchange.set(Some(exchange));
        self.ask_facts();
    }

    /// Leaves the open exchange, for instance because it was deleted.
    pub(crate) fn leave(self) {
        self.exchange.set(None);
        self.opened.set(None);
        self.refused.set(None);
        self.lanes.set(None);
        self.playing.set(false);
    }

    /// Whether this exchange is the open one, so that an answer about it still belongs here.
    pub(super) fn is_open(self, exchange: i64) -> bool {
        self.exchange.get_untracked() == Some(exchange)
    }

    pub(crate) fn is_following(self) -> bool {
        self.follow.get_untracked() == Follow::Following
    }

    /// The open exchange and the playhead in it, once its facts are known.
    pub(super) fn place(self) -> Option<(i64, u32)> {
        let is_known = self.opened.with(Option::is_some);
        let exchange = self.exchange.get().filter(|_| is_known)?;
        Some((exchange, self.seq.get()))
    }

    fn ask_facts(self) {
        if let Some(exchange) = self.exchange.get_untracked() {
            self.opener.ask(Open { exchange });
        }
    }

    fn arrived(self, answered: Answered<Open>) {
        if !self.is_open(answered.ask.exchange) {
            return;
        }
        match answered.answer {
            Err(report) => self.refused.set(Some(report)),
            Ok(opened) if self.opened.with_untracked(Option::is_none) => self.begin(opened),
            Ok(mut opened) => {
                // The news may be ahead of an answer.
                if opened.ending == Ending::Open {
                    self.opened.with_untracked(|known| {
                        known
                            .iter()
                            .for_each(|known| lengthen(&mut opened, known.frames, known.duration_us));
                    });
                }
                self.grow(opened);
            }
        }
    }

    /// The facts came for the first time: choose window and playhead.
    fn begin(self, opened: Opened) {
        let tail = tail_of(&opened);
        self.follow.set(Follow::opened(tail));
        self.window
            .set(Window::all(extent_of(&opened, self.axis.get_untracked())));
        self.opened.set(Some(opened));
        let wanted = self.wanted.get_value();
        // A finished run is read from its first problem; without one from its end, as its client holds it now.
        let seq = match wanted {
            Some(Wanted::Run(seq)) if !tail.live => seq,
            Some(Wanted::Frame(seq)) => {
                self.follow.update(|follow| *follow = follow.let_go(tail));
                seq.min(tail.frames)
            }
            Some(Wanted::Run(_)) | None => tail.frames,
        };
        self.seeks_problem.set_value(!tail.live && wanted.is_none());
        self.set_seq(seq);
    }

    /// The first problem is known: an exchange that was just opened is read from there.
    pub(super) fn found_problem(self, first: Option<u32>) {
        let is_at_end = self.seq.get_untracked() == self.tail_now().frames;
        if self.seeks_problem.get_value() && self.opened.with_untracked(Option::is_some) {
            self.seeks_problem.set_value(false);
            if let Some(seq) = first.filter(|_| is_at_end) {
                self.step_to(Target::Seq(seq));
            }
        }
    }

    fn grow(self, opened: Opened) {
        let tail = tail_of(&opened);
        let axis = self.axis.get_untracked();
        let before = self
            .opened
            .with_untracked(|opened| opened.as_ref().map_or(0.0, |opened| extent_of(opened, axis)));
        let after = extent_of(&opened, axis);
        let window = self.window.get_untracked();
        let sees_all = window == Window::all(before);
        let is_following = self.is_following();
        self.follow.update(|follow| *follow = follow.grown(tail));
        self.opened.set(Some(opened));
        // A picture that is being looked at stands still while more arrives.
        if is_following && sees_all {
            self.window.set(Window::all(after));
        } else if is_following {
            self.window.set(window.reveal(after, after));
        } else if sees_all {
            self.stood.set_value(Some(window));
        }
        if is_following && tail.frames != self.seq.get_untracked() {
            self.set_seq(tail.frames);
        }
    }

    /// An exchange has more. Facts are asked for at most eight times a second. A playhead that follows
    /// goes to the end that the news name, since an answer may take longer than the next events.
    pub(crate) fn grown(self, exchange: i64, frames: u32, duration_us: u64) {
        if !self.is_open(exchange) {
            return;
        }
        self.newest.set_value((frames, duration_us));
        self.pace.act(move || {
            if self.is_open(exchange) {
                self.advance();
                self.ask_facts();
            }
        });
    }

    fn advance(self) {
        let (frames, duration_us) = self.newest.get_value();
        let is_behind = |opened: &Opened| opened.ending == Ending::Open && opened.frames < frames;
        let opened = self.opened.get_untracked().filter(is_behind);
        if let Some(mut opened) = opened.filter(|_| self.is_following()) {
            lengthen(&mut opened, frames, duration_us);
            self.grow(opened);
        }
    }

    /// Whether the playhead is at the end that the news named, and it is not known yet what is there.
    pub(crate) fn is_ahead(self) -> bool {
        let seq = self.seq.get();
        self.follow.get() == Follow::Following
            && self
                .moment
                .with(|moment| moment.as_ref().is_none_or(|moment| moment.seq < seq))
    }

    /// End of the axis shown.
    pub(crate) fn extent(self) -> f64 {
        let axis = self.axis.get();
        self.opened
            .with(|opened| opened.as_ref().map_or(1.0, |opened| extent_of(opened, axis)))
    }

    /// The same, without following it.
    pub(crate) fn extent_now(self) -> f64 {
        let axis = self.axis.get_untracked();
        self.opened
            .with_untracked(|opened| opened.as_ref().map_or(1.0, |opened| extent_of(opened, axis)))
    }

    /// Whether idle time is to be collapsed and there is none, so that the axis is the clock's.
    pub(crate) fn collapses_nothing(self) -> bool {
        let is_same = |opened: &Opened| opened.extent.collapsed >= opened.extent.clock;
        self.axis.get() == Axis::Collapsed && self.opened.with(|opened| opened.as_ref().is_some_and(is_same))
    }

    /// What the exchange has now.
    pub(crate) fn tail(self) -> Tail {
        self.opened
            .with(|opened| opened.as_ref().map(tail_of).unwrap_or_default())
    }

    /// The same, without following it.
    pub(crate) fn tail_now(self) -> Tail {
        self.opened
            .with_untracked(|opened| opened.as_ref().map(tail_of).unwrap_or_default())
    }

    /// The exchange has ended and carries no events: an answer like any other on the web.
    pub(crate) fn is_eventless(self) -> bool {
        let tail = self.tail();
        self.opened.with(Option::is_some) && !tail.live && tail.frames == 0
    }

    fn watch_lanes(self) {
        let painter = Asker::new(move |answered: Answered<Lanes>| {
            let is_ours = self.is_open(answered.ask.exchange) && answered.ask.axis == self.axis.get_untracked();
            if let Some(picture) = answered.answer.ok().filter(|_| is_ours) {
                self.lanes.set(Some(Arc::new(picture)));
            }
        });
        Effect::new(move |_| {
            let (Some(exchange), window, width) = (self.exchange.get(), self.window.get(), self.width_px.get()) else {
                return;
            };
            let axis = self.axis.get();
            let is_known = self.opened.with(Option::is_some);
            if is_known && width >= 8.0 {
                painter.ask(Lanes {
                    exchange,
                    axis,
                    from: window.from,
                    to: window.to,
                    width_px: width as u32,
                });
            }
        });
    }
}

fn recalled_folding() -> Folding {
    Folding {
        folded: false,
        // In a low window the panes need the room more.
        charts: browser::recall("charts").map_or(browser::window_height() >= 800.0, |text| text == "on"),
    }
}

/// As long as the news say, where they say more.
fn lengthen(opened: &mut Opened, frames: u32, duration_us: u64) {
    opened.frames = opened.frames.max(frames);
    opened.duration_us = opened.duration_us.max(duration_us);
    opened.extent.clock = opened.extent.clock.max(duration_us as f64);
    opened.extent.index = opened.extent.index.max(f64::from(frames));
}

/// What an exchange has.
fn tail_of(opened: &Opened) -> Tail {
    Tail {
        live: opened.ending == Ending::Open,
        frames: opened.frames,
        problems: opened.findings[0] + opened.findings[1],
    }
}

/// End of an axis.
pub(crate) fn extent_of(opened: &Opened, axis: Axis) -> f64 {
    match axis {
        Axis::Clock => opened.extent.clock,
        Axis::Collapsed => opened.extent.collapsed,
        Axis::Index => opened.extent.index,
    }
}
