//! What is wrong in the open exchange: the groups, and the findings of one of them.

use scrubjay_ipc::{
    Jump, JumpTo, Mute, ProblemGroup, ProblemRow, ProblemRows, Problems, ProblemsView, RowWindow, Severity, Target,
};

use super::Inspect;
use crate::{
    bridge::{
        self,
        asker::{Answered, Asker},
    },
    browser,
    part::{listing::Listing, pane::Pane},
    screen::inspect::words,
    signal::*,
};

/// Height of a finding's row.
pub(crate) const ROW_PX: f64 = 24.0;

#[derive(Clone, Copy)]
pub(crate) struct ProblemsModel {
    pub(crate) is_open: RwSignal<bool>,
    pub(crate) groups: Pane<ProblemsView>,
    /// The rule whose findings are shown.
    pub(crate) rule: RwSignal<Option<String>>,
    pub(crate) rows: Listing<RowWindow<ProblemRow>>,
    /// Why muting failed.
    pub(crate) refused: RwSignal<String>,
    /// Counts up when mutes changed.
    turn: RwSignal<u32>,
    /// What the groups were asked for: exchange and frames.
    asked: RwSignal<Option<(i64, u32)>>,
}

impl ProblemsModel {
    pub(super) fn new() -> Self {
        Self {
            is_open: RwSignal::new(browser::recall("dock").as_deref() == Some("open")),
            groups: Pane::new(),
            rule: RwSignal::new(None),
            rows: Listing::new(ROW_PX, 160.0),
            refused: RwSignal::new(String::new()),
            turn: RwSignal::new(0),
            asked: RwSignal::new(None),
        }
    }

    pub(super) fn watch(self, inspect: Inspect) {
        self.watch_groups(inspect);
        self.watch_rows(inspect);
    }

    /// Groups are asked for when the exchange has grown, and rows with them.
    fn watch_groups(self, inspect: Inspect) {
        let asker = Asker::new(move |answered: Answered<Problems>| {
            if inspect.is_open(answered.ask.exchange) {
                self.groups.take(answered.answer);
                self.choose_something();
                inspect.found_problem(self.first_problem());
            }
        });
        let exchange = Memo::new(move |_| inspect.exchange.get());
        Effect::new(move |_| {
            exchange.track();
            self.groups.clear();
            self.rows.page.clear();
            self.rule.set(None);
        });
        Effect::new(move |_| {
            self.turn.track();
            let frames = inspect
                .opened
                .with(|opened| opened.as_ref().map(|opened| opened.frames));
            if let Some((exchange, frames)) = exchange.get().zip(frames) {
                self.asked.set(Some((exchange, frames)));
                asker.ask(Problems { exchange });
            }
        });
    }

    fn watch_rows(self, inspect: Inspect) {
        let asker = self
            .rows
            .page
            .asker(move |ask: &ProblemRows| inspect.is_open(ask.exchange) && self.rule.get_untracked() == ask.rule);
        let total = Memo::new(move |_| self.group_here().map_or(0, |group| u64::from(group.found.count)));
        Effect::new(move |_| {
            self.turn.track();
            let (Some((exchange, _)), Some(rule)) = (self.asked.get(), self.rule.get()) else {
                return;
            };
            total.track();
            let (first, count) = self.rows.window(30);
            if self.is_open.get() {
                asker.ask(ProblemRows {
                    exchange,
                    rule: Some(rule),
                    first,
                    count,
                });
            }
        });
    }

    /// The first frame with an error or a warning that is not muted.
    fn first_problem(self) -> Option<u32> {
        let is_problem = |group: &&ProblemGroup| {
            group.found.severity != Severity::Note && group.muted.is_none() && group.found.first_seq > 0
        };
        let first = |view: &ProblemsView| {
            view.groups
                .iter()
                .filter(is_problem)
                .map(|group| group.found.first_seq)
                .min()
        };
        self.groups.read_now(first).flatten()
    }

    /// The first group, when the one that was chosen is not there (any more).
    fn choose_something(self) {
        let rule = self.rule.get_untracked();
        let first = self.groups.value.with_untracked(|view| {
            let groups = &view.as_ref()?.groups;
            let is_here = groups.iter().any(|group| Some(&group.found.rule) == rule.as_ref());
            (!is_here).then(|| groups.first().map(|group| group.found.rule.clone()))
        });
        if let Some(first) = first {
            self.choose(first);
        }
    }

    /// Shows a rule's findings.
    pub(crate) fn choose(self, rule: Option<String>) {
        if self.rule.get_untracked() != rule {
            self.rows.page.clear();
            self.rows.to_top();
            self.rule.set(rule);
        }
    }

    /// The group that is shown.
    pub(crate) fn group_here(self) -> Option<ProblemGroup> {
        let rule = self.rule.get()?;
        self.groups.value.with(|view| {
            view.as_ref()?
                .groups
                .iter()
                .find(|group| group.found.rule == rule)
                .cloned()
        })
    }

    /// The next or previous group.
    pub(crate) fn step_group(self, by: i64) {
        let rule = self.rule.get_untracked();
        let next = self.groups.value.with_untracked(|view| {
            let groups = &view.as_ref()?.groups;
            let at = groups.iter().position(|group| Some(&group.found.rule) == rule.as_ref());
            let next = at.map_or(0, |at| at.saturating_add_signed(by as isize));
            groups.get(next).map(|group| group.found.rule.clone())
        });
        if next.is_some() {
            self.choose(next);
        }
    }

    /// Puts the playhead on the rule's next finding behind it (or before it),
    /// and around the end to the first.
    pub(crate) fn walk(self, inspect: Inspect, backwards: bool) {
        let Some(group) = untrack(move || self.group_here()) else {
            return;
        };
        let here = inspect.seq.get_untracked();
        let ask = ProblemRows {
            exchange: match inspect.exchange.get_untracked() {
                Some(exchange) => exchange,
                None => return,
            },
            rule: Some(group.found.rule.clone()),
            first: 0,
            count: 1,
        };
        spawn_local(async move {
            if let Some(row) = nearest(ask, u64::from(group.found.count), here, backwards).await {
                self.visit(inspect, row.0, row.1.finding.seq);
            }
        });
    }

    /// Puts the playhead on the next finding of any rule that is not muted, or
    /// shows that there is none. Where nothing is muted, a plain jump does it.
    pub(crate) fn jump(self, inspect: Inspect, backwards: bool) {
        let heard = self.groups.value.with_untracked(|view| {
            let groups = &view.as_ref()?.groups;
            let (heard, muted): (Vec<_>, Vec<_>) = groups.iter().partition(|group| group.muted.is_none());
            (!muted.is_empty()).then(|| heard.into_iter().cloned().collect::<Vec<_>>())
        });
        let Some((heard, exchange)) = heard.zip(inspect.exchange.get_untracked()) else {
            return inspect.jump(JumpTo::Problem, backwards);
        };
        let here = inspect.seq.get_untracked();
        spawn_local(async move {
            let found = nearest_of(heard, exchange, here, backwards).await;
            if inspect.exchange.get_untracked() != Some(exchange) {
                return;
            }
            match found {
                Some(seq) => inspect.visit(Target::Seq(seq)),
                None => inspect.remark.set(words::nothing_further(&Jump {
                    exchange,
                    axis: inspect.axis.get_untracked(),
                    from: here,
                    to: JumpTo::Problem,
                    backwards,
                })),
            }
        });
    }

    /// Puts the playhead on a finding and shows its row.
    pub(crate) fn visit(self, inspect: Inspect, number: u64, seq: u32) {
        inspect.visit(Target::Seq(seq));
        self.rows.reveal(number);
    }

    /// Mutes a rule here or everywhere, or takes that back.
    pub(crate) fn mute(self, rule: String, exchange: Option<i64>, muted: bool) {
        spawn_local(async move {
            match bridge::ask(Mute { rule, exchange, muted }).await {
                Ok(_) => self.refused.set(String::new()),
                Err(report) => self.refused.set(format!("{} {}", report.message, report.hint)),
            }
            self.turn.update(|turn| *turn += 1);
        });
    }

    /// Opens or closes the dock, and remembers it.
    pub(crate) fn toggle(self) {
        self.is_open.update(|open| *open = !*open);
        browser::remember("dock", if self.is_open.get_untracked() { "open" } else { "closed" });
    }
}

/// The frame next to another that breaks one of these rules, without going around the end.
async fn nearest_of(groups: Vec<ProblemGroup>, exchange: i64, here: u32, backwards: bool) -> Option<u32> {
    let mut found: Option<u32> = None;
    for group in groups {
        let ask = ProblemRows {
            exchange,
            rule: Some(group.found.rule),
            first: 0,
            count: 1,
        };
        let Some((_, row)) = nearest(ask, u64::from(group.found.count), here, backwards).await else {
            continue;
        };
        let seq = row.finding.seq;
        let is_further = if backwards { seq < here } else { seq > here };
        if is_further {
            let known = found.unwrap_or(seq);
            found = Some(if backwards { known.max(seq) } else { known.min(seq) });
        }
    }
    found
}

/// The finding next to a frame, found by halving the findings' order: a dozen
/// questions for a million of them.
async fn nearest(ask: ProblemRows, total: u64, here: u32, backwards: bool) -> Option<(u64, ProblemRow)> {
    let row = async |first: u64| {
        let ask = ProblemRows { first, ..ask.clone() };
        bridge::ask(ask).await.ok()?.rows.into_iter().next()
    };
    // The number of findings at or before the playhead, or strictly before it.
    let (mut low, mut high) = (0, total);
    while low < high {
        let middle = u64::midpoint(low, high);
        let seq = row(middle).await?.finding.seq;
        if if backwards { seq < here } else { seq <= here } {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let number = match (backwards, low) {
        (true, 0) => total.checked_sub(1)?,
        (true, low) => low - 1,
        (false, low) if low >= total => 0,
        (false, low) => low,
    };
    Some((number, row(number).await?))
}
