//! Detail, chat and input: the other panes that follow the playhead.

use scrubjay_ipc::{
    Body, BodyView, Cause, Chat, ChatWindow, Detail, FrameDetail, Input, InputView, Kind, SpanEventWindow, SpanEvents,
    Target,
};

use super::Inspect;
use crate::{bridge, browser, part::pane::Pane, signal::*};

/// Messages asked for at a time.
const MESSAGES: u32 = 40;
/// Events of a span shown around the playhead.
const SPAN_EVENTS: u32 = 15;

/// Tabs of the right pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    State,
    Chat,
    Input,
}

impl Side {
    /// The tab of a name.
    pub(crate) fn read(word: &str) -> Option<Self> {
        [Self::State, Self::Chat, Self::Input]
            .into_iter()
            .find(|side| side.word() == word)
    }

    /// Its name in addresses and in what is remembered.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Chat => "chat",
            Self::Input => "input",
        }
    }
}

/// Views of the detail pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DetailTab {
    Verdict,
    Fields,
    Raw,
    Hex,
}

/// Detail, chat and input.
#[derive(Clone, Copy)]
pub(crate) struct Sides {
    pub(crate) tab: RwSignal<Side>,
    pub(crate) detail: Pane<FrameDetail>,
    pub(crate) detail_tab: RwSignal<DetailTab>,
    /// Events of the span that the frame belongs to.
    pub(crate) span: Pane<SpanEventWindow>,
    pub(crate) chat: Pane<ChatWindow>,
    /// First message shown, if not the last ones.
    pub(crate) chat_first: RwSignal<Option<u32>>,
    pub(crate) input: Pane<InputView>,
    /// The response's body, where it is no stream.
    pub(crate) body: Pane<BodyView>,
}

impl Sides {
    pub(super) fn new() -> Self {
        let tab = browser::recall("side").and_then(|word| Side::read(&word));
        Self {
            tab: RwSignal::new(tab.unwrap_or(Side::State)),
            detail: Pane::new(),
            detail_tab: RwSignal::new(DetailTab::Verdict),
            span: Pane::new(),
            chat: Pane::new(),
            chat_first: RwSignal::new(None),
            input: Pane::new(),
            body: Pane::new(),
        }
    }

    pub(super) fn clear(self) {
        self.detail.clear();
        self.chat.clear();
        self.chat_first.set(None);
        self.input.clear();
        self.span.clear();
        self.body.clear();
    }

    /// The events around the playhead, once it stands.
    fn watch_span(self, inspect: Inspect) {
        let asker = self.span.asker(move |ask: &SpanEvents| inspect.is_open(ask.exchange));
        let wanted = Memo::new(move |_| {
            let is_shown = self.detail_tab.get() == DetailTab::Verdict && inspect.held_x.with(Option::is_none);
            let exchange = inspect.exchange.get().filter(|_| is_shown)?;
            self.detail.value.with(|view| {
                let view = view.as_ref()?;
                let span = view.span.as_ref().filter(|span| span.frames > 1)?;
                Some((exchange, span.ordinal, view.seq, span.frames))
            })
        });
        Effect::new(move |_| {
            if let Some((exchange, span, around, _)) = wanted.get() {
                let count = SPAN_EVENTS;
                asker.ask(SpanEvents {
                    exchange,
                    span,
                    around,
                    count,
                });
            }
        });
    }

    /// The body of an exchange that has ended without an event.
    fn watch_body(self, inspect: Inspect) {
        let asker = self.body.asker(move |ask: &Body| inspect.is_open(ask.exchange));
        Effect::new(move |_| {
            if let Some(exchange) = inspect.exchange.get().filter(|_| inspect.is_eventless()) {
                asker.ask(Body { exchange });
            }
        });
    }

    pub(super) fn watch(self, inspect: Inspect) {
        self.watch_detail(inspect);
        self.watch_span(inspect);
        self.watch_body(inspect);
        self.watch_chat(inspect);
        self.watch_input(inspect);
    }

    fn watch_detail(self, inspect: Inspect) {
        let asker = self.detail.asker(move |ask: &Detail| inspect.is_open(ask.exchange));
        Effect::new(move |_| match inspect.place() {
            Some((exchange, seq)) if seq > 0 => asker.ask(Detail { exchange, seq }),
            _ => self.detail.clear(),
        });
    }

    fn watch_chat(self, inspect: Inspect) {
        let asker = self.chat.asker(move |ask: &Chat| inspect.is_open(ask.exchange));
        Effect::new(move |_| {
            let first = self.chat_first.get();
            if let Some((exchange, at)) = inspect.place().filter(|_| self.tab.get() == Side::Chat) {
                asker.ask(Chat {
                    exchange,
                    at,
                    first,
                    count: MESSAGES,
                });
            }
        });
    }

    /// The request, which stays as it is and so is asked for once.
    fn watch_input(self, inspect: Inspect) {
        let asker = self.input.asker(move |ask: &Input| inspect.is_open(ask.exchange));
        let is_run = |view: &FrameDetail| view.span.as_ref().is_some_and(|span| span.kind == Kind::Run);
        let is_shown = Memo::new(move |_| self.tab.get() == Side::Input || self.detail.read(is_run).unwrap_or(false));
        Effect::new(move |_| {
            let exchange = inspect.exchange.get();
            let is_known = inspect.opened.with(Option::is_some);
            if let Some(exchange) = exchange.filter(|_| is_known && is_shown.get())
                && self.input.value.with_untracked(Option::is_none)
            {
                asker.ask(Input { exchange });
            }
        });
    }

    /// Another tab, remembered.
    pub(crate) fn show(self, side: Side) {
        self.tab.set(side);
        browser::remember("side", side.word());
    }

    /// The next view of the detail pane.
    pub(crate) fn cycle_detail(self) {
        self.detail_tab.update(|tab| {
            *tab = match tab {
                DetailTab::Verdict => DetailTab::Fields,
                DetailTab::Fields => DetailTab::Raw,
                DetailTab::Raw => DetailTab::Hex,
                DetailTab::Hex => DetailTab::Verdict,
            }
        });
    }

    /// Earlier messages.
    pub(crate) fn earlier(self) {
        let first = self.chat.read_now(|view| view.first).unwrap_or(0);
        self.chat_first.set(Some(first.saturating_sub(MESSAGES)));
    }

    /// Puts the playhead on the frame that delivered a character.
    pub(crate) fn find_cause(self, inspect: Inspect, message: u32, tool: Option<u32>, utf16_offset: u64) {
        let Some(exchange) = inspect.exchange.get_untracked() else {
            return;
        };
        let at = inspect.seq.get_untracked();
        spawn_local(async move {
            let cause = Cause {
                exchange,
                at,
                message,
                tool,
                utf16_offset,
            };
            if let Ok(cause) = bridge::ask(cause).await {
                inspect.visit(Target::Seq(cause.seq));
            }
        });
    }
}
