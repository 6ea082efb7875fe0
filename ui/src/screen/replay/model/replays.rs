//! Replays: what is served, how, to whom; and the draft of the next one.

use std::sync::Arc;

use scrubjay_ipc::{
    AnswerMiss, Axis, EditReplay, Input, LanePicture, Lanes, News, Open, Opened, ReplayAnswer, ReplayClient,
    ReplayOptions, ReplayView, Replays, Report, StartReplay, Steer, SteerBy, StopReplay,
};

use crate::{
    bridge::{
        self,
        asker::{Answered, Asker},
    },
    part::{pace::Paced, snippet::path_of},
    screen::{Model, Page, inspect::model::extent_of, replay::words as how},
    shell::model::Shell,
    signal::*,
};

/// An exchange that is to be served, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) exchange: i64,
    pub(crate) title: String,
}

/// What is to be served next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Draft {
    /// Nothing means everything.
    pub(crate) served: Vec<Served>,
    pub(crate) listen: String,
    pub(crate) options: ReplayOptions,
}

/// What the last pane shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Side {
    /// How to use what is served.
    #[default]
    Use,
    /// What nothing recorded answered.
    Misses,
    /// What goes wrong on purpose.
    Faults,
    /// What was not asked for yet.
    Recordings,
}

/// A recorded run that an example can ask again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Example {
    pub(crate) exchange: i64,
    pub(crate) method: String,
    pub(crate) target: String,
    /// Its body as it was sent; absent when it is too long to show.
    pub(crate) body: Option<String>,
}

/// The next event while a person writes another in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Editing {
    pub(crate) client: u64,
    pub(crate) seq: u32,
    pub(crate) text: String,
}

#[derive(Clone, Copy)]
pub(crate) struct ReplayModel {
    pub(crate) list: RwSignal<Option<Vec<ReplayView>>>,
    /// Why the last thing asked for was refused.
    pub(crate) report: RwSignal<Option<Report>>,
    /// The replay shown; nothing while one is being set up.
    pub(crate) chosen: RwSignal<Option<u64>>,
    pub(crate) draft: RwSignal<Draft>,
    /// The client chosen by a person.
    pub(crate) client: RwSignal<Option<u64>>,
    /// The request whose answer is shown, if not the newest.
    pub(crate) answer: RwSignal<Option<u64>>,
    pub(crate) editing: RwSignal<Option<Editing>>,
    pub(crate) side: RwSignal<Side>,
    /// The first run that is served, for examples.
    pub(crate) example: RwSignal<Option<Example>>,
    pub(crate) delay_ms: RwSignal<u32>,
    /// Facts and picture of the recording that is shown.
    pub(crate) opened: RwSignal<Option<Opened>>,
    pub(crate) lanes: RwSignal<Option<Arc<LanePicture>>>,
    pub(crate) axis: RwSignal<Axis>,
    pub(crate) width_px: RwSignal<f64>,
    asker: Asker<Replays>,
    pace: Paced,
}

impl Model for ReplayModel {
    fn hear(self, _page: Page, news: &News) {
        if matches!(news, News::Replays) {
            self.changed();
        }
    }

    /// Gives up writing another event.
    fn close(self) -> bool {
        let is_editing = self.editing.with_untracked(Option::is_some);
        if is_editing {
            self.editing.set(None);
        }
        is_editing
    }
}

impl ReplayModel {
    pub(crate) fn new(_shell: Shell) -> Self {
        let this = Self {
            list: RwSignal::new(None),
            report: RwSignal::new(None),
            chosen: RwSignal::new(None),
            draft: RwSignal::new(Draft::default()),
            client: RwSignal::new(None),
            answer: RwSignal::new(None),
            editing: RwSignal::new(None),
            side: RwSignal::new(Side::default()),
            example: RwSignal::new(None),
            delay_ms: RwSignal::new(1_000),
            opened: RwSignal::new(None),
            lanes: RwSignal::new(None),
            axis: RwSignal::new(Axis::Clock),
            width_px: RwSignal::new(0.0),
            asker: Asker::unheard(),
            pace: Paced::every(100.0),
        };
        this.asker.heard_by(move |answered| match answered.answer {
            Ok(list) => this.take(list.replays),
            Err(report) => this.report.set(Some(report)),
        });
        this.ask();
        this.watch_recording();
        this.watch_example();
        this
    }

    fn ask(self) {
        self.asker.ask(Replays {});
    }

    /// A replay moved on. Asked for at most ten times a second.
    pub(crate) fn changed(self) {
        self.pace.act(move || self.ask());
    }

    fn take(self, list: Vec<ReplayView>) {
        let is_first = self.list.with_untracked(Option::is_none);
        let chosen = self.chosen.get_untracked();
        if chosen.is_some_and(|chosen| list.iter().all(|replay| replay.replay != chosen)) {
            self.choose(list.last().map(|replay| replay.replay));
        } else if is_first && let Some(last) = list.last() {
            // What an address offers to serve is what was being set up.
            let is_setting_up = self.draft.with_untracked(|draft| !draft.served.is_empty());
            self.choose(Some(last.replay).filter(|_| !is_setting_up));
        }
        self.list.set(Some(list));
    }

    /// Takes one replay's news into the list.
    fn take_one(self, view: ReplayView) {
        self.list.update(|list| {
            let list = list.get_or_insert_default();
            match list.iter_mut().find(|known| known.replay == view.replay) {
                Some(known) => *known = view,
                None => list.push(view),
            }
        });
    }

    /// The exchanges that are to be served, while a replay is being set up; nothing stands for everything.
    pub(crate) fn offered(self) -> Vec<i64> {
        if self.chosen.get().is_some() {
            return Vec::new();
        }
        self.draft
            .with(|draft| draft.served.iter().map(|served| served.exchange).collect())
    }

    /// Shows a replay, or offers exchanges, as an address says it.
    pub(crate) fn bring(self, replay: Option<u64>, served: &[i64]) {
        if self.chosen.get_untracked() != replay {
            self.choose(replay);
        }
        let offered = untrack(move || self.offered());
        if replay.is_none() && offered != served {
            let served = served.iter().map(|exchange| Served {
                exchange: *exchange,
                title: format!("exchange {exchange}"),
            });
            self.draft.update(|draft| draft.served = served.collect());
        }
    }

    /// Shows a replay, or the draft.
    pub(crate) fn choose(self, replay: Option<u64>) {
        self.report.set(None);
        self.client.set(None);
        self.answer.set(None);
        self.editing.set(None);
        self.chosen.set(replay);
    }

    /// The replay shown.
    pub(crate) fn current(self) -> Option<ReplayView> {
        let chosen = self.chosen.get()?;
        self.list
            .with(|list| list.as_ref()?.iter().find(|replay| replay.replay == chosen).cloned())
    }

    /// The client that keys mean.
    pub(crate) fn client_here(self) -> Option<ReplayClient> {
        let replay = self.current()?;
        let wanted = self
            .client
            .get()
            .filter(|wanted| replay.clients.iter().any(|client| client.client == *wanted))
            .or_else(|| how::usual_client(&replay.clients))?;
        replay.clients.into_iter().find(|client| client.client == wanted)
    }

    /// The answer shown: the chosen one, else the newest.
    pub(crate) fn answer_here(self) -> Option<ReplayAnswer> {
        let mut log = self.current()?.log.into_iter();
        match self.answer.get() {
            Some(request) => log.find(|answer| answer.request == request),
            None => log.next(),
        }
    }

    /// How the replay shown, or the draft, serves.
    pub(crate) fn options(self) -> ReplayOptions {
        match self.current() {
            Some(replay) => replay.options,
            None => self.draft.with(|draft| draft.options.clone()),
        }
    }

    /// Offers exchanges for serving; a person starts it.
    pub(crate) fn offer(self, served: Vec<Served>) {
        self.choose(None);
        self.draft.update(|draft| draft.served = served);
    }

    /// Starts the draft.
    pub(crate) fn start(self) {
        let draft = self.draft.get_untracked();
        let ask = StartReplay {
            exchanges: draft.served.iter().map(|served| served.exchange).collect(),
            source: String::new(),
            listen: draft.listen,
            options: draft.options,
        };
        spawn_local(async move {
            match bridge::ask(ask).await {
                Ok(view) => {
                    let replay = view.replay;
                    self.take_one(view);
                    self.choose(Some(replay));
                }
                Err(report) => self.report.set(Some(report)),
            }
        });
    }

    pub(crate) fn stop(self) {
        let Some(replay) = self.chosen.get_untracked() else {
            return;
        };
        spawn_local(async move {
            match bridge::ask(StopReplay { replay }).await {
                Ok(list) => self.take(list.replays),
                Err(report) => self.report.set(Some(report)),
            }
        });
    }

    /// Changes how the replay shown, or the draft, serves.
    pub(crate) fn change(self, change: impl FnOnce(&mut ReplayOptions)) {
        let mut options = untrack(move || self.options());
        change(&mut options);
        let Some(replay) = self.chosen.get_untracked() else {
            self.draft.update(|draft| draft.options = options);
            return;
        };
        spawn_local(async move {
            match bridge::ask(EditReplay { replay, options }).await {
                Ok(view) => {
                    self.report.set(None);
                    self.take_one(view);
                }
                Err(report) => self.report.set(Some(report)),
            }
        });
    }

    /// Steers the client that is meant.
    pub(crate) fn steer(self, by: SteerBy) {
        let (replay, client) = untrack(move || (self.chosen.get(), self.client_here()));
        let (Some(replay), Some(client)) = (replay, client.filter(|client| how::is_open(client.stage))) else {
            return;
        };
        self.editing.set(None);
        let client = client.client;
        spawn_local(async move {
            match bridge::ask(Steer { replay, client, by }).await {
                Ok(view) => {
                    self.report.set(None);
                    self.take_one(view);
                }
                Err(report) => self.report.set(Some(report)),
            }
        });
    }

    /// Answers a request that was missed with this exchange; with nothing, a
    /// client that waits has the miss.
    pub(crate) fn answer_miss(self, request: u64, exchange: Option<i64>) {
        let Some(replay) = self.chosen.get_untracked() else {
            return;
        };
        spawn_local(async move {
            let ask = AnswerMiss {
                replay,
                request,
                exchange,
            };
            match bridge::ask(ask).await {
                Ok(view) => {
                    self.report.set(None);
                    self.take_one(view);
                }
                Err(report) => self.report.set(Some(report)),
            }
        });
    }

    /// Sends the next event: as it was written, if one is being written.
    pub(crate) fn send(self) {
        match self.editing.get_untracked() {
            Some(editing) => self.steer(SteerBy::Edit(editing.text)),
            None => self.steer(SteerBy::Send),
        }
    }

    /// Begins to write another event in the place of the next.
    pub(crate) fn edit(self) {
        let client = untrack(move || self.client_here());
        if let Some(client) = client
            && let Some(next) = client.next.filter(|next| !next.cut)
        {
            self.editing.set(Some(Editing {
                client: client.client,
                seq: next.seq,
                text: next.text,
            }));
        }
    }

    /// The next or previous client of the list.
    pub(crate) fn step_client(self, by: i64) {
        let here = untrack(move || self.client_here()).map(|client| client.client);
        let clients = untrack(move || self.current()).map(|replay| replay.clients);
        let Some(clients) = clients.filter(|clients| !clients.is_empty()) else {
            return;
        };
        let at = clients
            .iter()
            .position(|client| Some(client.client) == here)
            .unwrap_or(0);
        let next = at.saturating_add_signed(by as isize).min(clients.len() - 1);
        self.client.set(Some(clients[next].client));
    }

    /// Clock or event numbers: a client's head has its place on both.
    pub(crate) fn cycle_axis(self) {
        self.axis.update(|axis| {
            *axis = match axis {
                Axis::Clock | Axis::Collapsed => Axis::Index,
                Axis::Index => Axis::Clock,
            }
        });
        self.lanes.set(None);
    }

    /// End of the axis shown.
    pub(crate) fn extent(self) -> f64 {
        let axis = self.axis.get();
        self.opened
            .with(|opened| opened.as_ref().map_or(1.0, |opened| extent_of(opened, axis)))
    }

    /// The recording whose lanes are shown: that of the client meant, else the first that is served.
    pub(crate) fn exchange_shown(self) -> Option<i64> {
        let client = self.client_here().map(|client| client.exchange);
        client
            .or_else(|| self.current()?.exchanges.first().copied())
            .or_else(|| self.draft.with(|draft| Some(draft.served.first()?.exchange)))
    }

    /// Where a frontend asks: below the origin, the path of the one recording
    /// that is served; several may have been asked at several.
    pub(crate) fn path(self) -> String {
        let serves_one = self.current().is_some_and(|replay| replay.exchanges.len() == 1);
        self.opened.with(|opened| {
            let opened = opened.as_ref().filter(|_| serves_one);
            opened.map_or_else(String::new, |opened| path_of(&opened.target).to_owned())
        })
    }

    /// Looks up the request of the first run that is served.
    fn watch_example(self) {
        let wanted = Memo::new(move |_| self.current().and_then(|replay| replay.first_run));
        Effect::new(move |_| {
            self.example.set(None);
            let Some(exchange) = wanted.get() else { return };
            spawn_local(async move {
                let (opened, input) = (
                    bridge::ask(Open { exchange }).await,
                    bridge::ask(Input { exchange }).await,
                );
                if let (Ok(opened), Ok(input)) = (opened, input)
                    && wanted.get_untracked() == Some(exchange)
                {
                    self.example.set(Some(Example {
                        exchange,
                        method: opened.method,
                        target: opened.target,
                        body: (!input.cut).then_some(input.body),
                    }));
                }
            });
        });
    }

    fn watch_recording(self) {
        let shown = Memo::new(move |_| self.exchange_shown());
        let opener = Asker::new(move |answered: Answered<Open>| {
            if shown.get_untracked() == Some(answered.ask.exchange) {
                self.opened.set(answered.answer.ok());
            }
        });
        let painter = Asker::new(move |answered: Answered<Lanes>| {
            let is_ours =
                shown.get_untracked() == Some(answered.ask.exchange) && answered.ask.axis == self.axis.get_untracked();
            if let Some(view) = answered.answer.ok().filter(|_| is_ours) {
                self.lanes.set(Some(Arc::new(view)));
            }
        });
        Effect::new(move |_| {
            self.opened.set(None);
            self.lanes.set(None);
            if let Some(exchange) = shown.get() {
                opener.ask(Open { exchange });
            }
        });
        Effect::new(move |_| {
            let (width, axis, to) = (self.width_px.get(), self.axis.get(), self.extent());
            let known = self.opened.with(|opened| opened.as_ref().map(|opened| opened.exchange));
            if let Some(exchange) = known.filter(|_| width >= 8.0) {
                painter.ask(Lanes {
                    exchange,
                    axis,
                    from: 0.0,
                    to: to * 1.01,
                    width_px: width as u32,
                });
            }
        });
    }
}
