//! The address: it says where the page is, so that a reload, a bookmark and a
//! link lead there, and Back leads to the screen and exchange before.

use scrubjay_ipc::{Axis, RowsOf};

use crate::{
    bridge::bridge,
    browser,
    part::pace::Paced,
    screen::{
        Page, Screen,
        compare::model::place::{self, Compared},
        inspect::model::{follow::Follow, sides::Side},
    },
    signal::*,
};

/// Between two notes of the playhead. Browsers refuse more than about three a second.
const NOTED_EVERY_MS: f64 = 500.0;

/// The parameters that are the page's; others of an address stay as they are.
const NAMES: [&str; 8] = ["screen", "exchange", "seq", "axis", "rows", "side", "serve", "replay"];

/// Where the page is, and how it is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) screen: Screen,
    pub(crate) exchange: Option<i64>,
    /// The playhead; absent while it follows the end.
    pub(crate) seq: Option<u32>,
    pub(crate) axis: Axis,
    pub(crate) rows: RowsOf,
    pub(crate) side: Option<Side>,
    /// The comparison that Compare shows.
    pub(crate) compared: Option<Compared>,
    /// The replay that Replay shows.
    pub(crate) replay: Option<u64>,
    /// What Replay offers to serve; nothing stands for everything.
    pub(crate) served: Vec<i64>,
}

/// What Back goes between: screen, exchange, and the two sides of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Position {
    screen: Screen,
    exchange: Option<i64>,
    sides: Option<(scrubjay_ipc::Side, scrubjay_ipc::Side)>,
}

impl Address {
    /// Reads the query of an address. What cannot be read is as if it were absent.
    pub(crate) fn read(search: &str) -> Self {
        let pairs = search.trim_start_matches('?').split('&');
        let pairs = pairs.filter_map(|pair| pair.split_once('='));
        let value = |wanted: &str| {
            let mut values = pairs.clone();
            values.find(|(name, _)| *name == wanted).map(|(_, value)| value)
        };
        let exchange = value("exchange").and_then(|text| text.parse().ok());
        let usual = usual_screen(exchange);
        let screen = value("screen").and_then(Screen::read).unwrap_or(usual);
        let served = value("serve").filter(|_| screen == Screen::Replay);
        let served = served.unwrap_or_default().split('-');
        Self {
            screen,
            compared: Compared::read(&pairs).filter(|_| screen == Screen::Compare),
            replay: value("replay")
                .and_then(|text| text.parse().ok())
                .filter(|_| screen == Screen::Replay),
            served: served.filter_map(|number| number.parse().ok()).collect(),
            exchange,
            seq: value("seq").and_then(|text| text.parse().ok()),
            axis: match value("axis") {
                Some("collapsed") => Axis::Collapsed,
                Some("index") => Axis::Index,
                _ => Axis::Clock,
            },
            rows: match value("rows") {
                Some("events") => RowsOf::Events,
                _ => RowsOf::Spans,
            },
            side: value("side").and_then(Side::read),
        }
    }

    /// The query that says so; parameters of `search` that are not the page's stay in it.
    pub(crate) fn written(&self, search: &str) -> String {
        let is_other = |pair: &&str| {
            let name = pair.split('=').next().unwrap_or_default();
            !pair.is_empty() && !NAMES.contains(&name) && !place::NAMES.contains(&name)
        };
        let mut pairs: Vec<String> = Vec::new();
        if self.screen != usual_screen(self.exchange) {
            pairs.push(format!("screen={}", self.screen.word()));
        }
        if let Some(exchange) = self.exchange {
            pairs.push(format!("exchange={exchange}"));
            pairs.extend(self.seq.map(|seq| format!("seq={seq}")));
            match self.axis {
                Axis::Clock => {}
                Axis::Collapsed => pairs.push("axis=collapsed".to_owned()),
                Axis::Index => pairs.push("axis=index".to_owned()),
            }
            if self.rows == RowsOf::Events {
                pairs.push("rows=events".to_owned());
            }
            let side = self.side.filter(|side| *side != Side::State);
            pairs.extend(side.map(|side| format!("side={}", side.word())));
        }
        pairs.extend(self.compared.iter().flat_map(Compared::written));
        pairs.extend(self.replay.map(|replay| format!("replay={replay}")));
        if !self.served.is_empty() {
            let numbers: Vec<String> = self.served.iter().map(i64::to_string).collect();
            pairs.push(format!("serve={}", numbers.join("-")));
        }
        let others = search.trim_start_matches('?').split('&').filter(is_other);
        pairs.extend(others.map(str::to_owned));
        match pairs.is_empty() {
            true => String::new(),
            false => format!("?{}", pairs.join("&")),
        }
    }

    fn position(&self) -> Position {
        Position {
            screen: self.screen,
            exchange: self.exchange,
            sides: self
                .compared
                .as_ref()
                .map(|compared| (compared.a.clone(), compared.b.clone())),
        }
    }

    /// Whether it is no other place than that. One whose exchange was deleted stays the same.
    fn is_at(&self, position: &Position) -> bool {
        let here = self.position();
        self.screen == position.screen
            && (self.exchange.is_none() || self.exchange == position.exchange)
            && here.sides == position.sides
    }
}

/// The screen of an address that names none.
fn usual_screen(exchange: Option<i64>) -> Screen {
    match exchange {
        Some(_) => Screen::Inspect,
        None => Screen::Library,
    }
}

impl Page {
    /// Goes where the address says, and from then on keeps it where the page is.
    pub(crate) fn keep_address(self) {
        let position = StoredValue::new(self.go(Address::read(&here())));
        browser::when_popped(move || {
            position.set_value(self.go(Address::read(&here())));
        });
        let pace = Paced::every(NOTED_EVERY_MS);
        Effect::new(move |before: Option<Address>| {
            let now = self.address();
            if position.with_value(|position| now.is_at(position)) {
                pace.act(move || note(&untrack(move || self.address())));
            } else {
                // What was not noted yet belongs to the place that is left.
                if let Some(before) = before.filter(|before| before.position() == position.get_value()) {
                    note(&before);
                }
                position.set_value(now.position());
                browser::push_search(&now.written(&browser::search()));
            }
            now
        });
    }

    /// Goes to a place, and gives what Back goes between.
    fn go(self, to: Address) -> Position {
        let mut position = to.position();
        if let Some(exchange) = to.exchange {
            self.inspect.set_axis(to.axis);
            self.inspect.rows.set_view(to.rows);
            if let Some(side) = to.side {
                self.inspect.sides.tab.set(side);
            }
            self.inspect.open_at(exchange, to.seq);
        }
        match (to.screen, to.compared) {
            (Screen::Compare, Some(compared)) => self.compare.bring(compared),
            (Screen::Compare, None) => self.compare.leave(),
            (Screen::Library | Screen::Inspect | Screen::Replay, _) => {}
        }
        if to.screen == Screen::Replay {
            self.replay.bring(to.replay, &to.served);
        }
        self.shell.screen.set(to.screen);
        position.exchange = self.inspect.exchange.get_untracked();
        position
    }

    /// Where the page is now.
    fn address(self) -> Address {
        let inspect = self.inspect;
        let is_known = inspect.opened.with(Option::is_some);
        let follows = inspect.follow.get() == Follow::Following && inspect.tail().live;
        let seq = inspect.seq.get();
        let screen = self.shell.screen.get();
        let (is_compare, is_replay) = (screen == Screen::Compare, screen == Screen::Replay);
        Address {
            screen,
            compared: is_compare.then(|| self.compare.compared()).flatten(),
            replay: self.replay.chosen.get().filter(|_| is_replay),
            served: if is_replay { self.replay.offered() } else { Vec::new() },
            exchange: inspect.exchange.get(),
            seq: if is_known {
                Some(seq).filter(|_| !follows)
            } else {
                inspect.wanted_place()
            },
            axis: inspect.axis.get(),
            rows: inspect.rows.of.get(),
            side: Some(inspect.sides.tab.get()),
        }
    }
}

/// The query of the address; a report says where to begin when it has none of the page's.
fn here() -> String {
    let search = browser::search();
    match is_said(&search) {
        true => search,
        false => bridge().beginning().unwrap_or(search),
    }
}

/// Whether the query of an address says anything of where the page is.
fn is_said(search: &str) -> bool {
    let is_ours = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default();
        NAMES.contains(&name) || place::NAMES.contains(&name)
    };
    search.trim_start_matches('?').split('&').any(is_ours)
}

/// Writes where the page is into the place that Back knows already.
fn note(address: &Address) {
    let search = browser::search();
    let written = address.written(&search);
    if written != search {
        browser::replace_search(&written);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::memory::{Memory, Shared};

    #[test]
    fn an_address_reads_as_it_was_written() {
        for search in [
            "",
            "?screen=replay",
            "?exchange=7",
            "?exchange=7&seq=0",
            "?screen=library&exchange=7&seq=183&axis=index&rows=events&side=chat",
        ] {
            let address = Address::read(search);
            assert_eq!(address.written(search), search);
            assert_eq!(Address::read(&address.written("")), address);
        }
        let address = Address::read("?theme=dark&exchange=7&seq=4");
        assert_eq!(
            address.written("?theme=dark&exchange=7"),
            "?exchange=7&seq=4&theme=dark"
        );
        assert_eq!(
            Address::read("?exchange=x&seq=-1&screen=moon&axis=3"),
            Address::read("")
        );
    }

    /// A page at an address, with two exchanges to open.
    fn page_at(search: &str) -> (Shared, Page) {
        let memory = Memory::with(&["tool-call-parallel", "shared-state"]);
        browser::replace_search(search);
        let page = Page::new();
        page.inspect.width_px.set(800.0);
        page.keep_address();
        memory.settle();
        (memory, page)
    }

    #[test]
    fn the_address_follows_screen_exchange_and_playhead() {
        let (memory, page) = page_at("?theme=dark");
        assert_eq!(browser::search(), "?theme=dark");
        page.inspect_exchange(1, None);
        memory.settle();
        let end = page.inspect.tail_now().frames;
        assert_eq!(browser::search(), format!("?exchange=1&seq={end}&theme=dark"));
        page.inspect.step_to(scrubjay_ipc::Target::Seq(5));
        page.inspect.sides.show(Side::Chat);
        memory.settle();
        assert_eq!(browser::search(), "?exchange=1&seq=5&side=chat&theme=dark");
        page.shell.screen.set(Screen::Compare);
        memory.settle();
        assert_eq!(
            browser::search(),
            "?screen=compare&exchange=1&seq=5&side=chat&theme=dark"
        );
        assert_eq!(
            browser::testing::history_len(),
            3,
            "a move of the playhead is no place of its own"
        );
    }

    #[test]
    fn a_page_that_is_loaded_again_stands_where_it_stood() {
        for (search, seq) in [
            ("?exchange=1&seq=7", 7),
            ("?exchange=1&seq=1", 1),
            ("?exchange=1&seq=0", 0),
        ] {
            let (_memory, page) = page_at(search);
            assert_eq!(page.inspect.seq.get_untracked(), seq);
            assert_eq!(page.shell.screen.get_untracked(), Screen::Inspect);
            assert_eq!(browser::search(), search);
            assert_eq!(browser::testing::history_len(), 1);
        }
        let (_memory, page) = page_at("?screen=replay&exchange=2&axis=index&rows=events");
        assert_eq!(page.shell.screen.get_untracked(), Screen::Replay);
        assert_eq!(page.inspect.exchange.get_untracked(), Some(2));
        assert_eq!(page.inspect.axis.get_untracked(), Axis::Index);
        assert_eq!(page.inspect.rows.of.get_untracked(), RowsOf::Events);
    }

    #[test]
    fn back_leads_to_the_screen_and_the_exchange_before() {
        let (memory, page) = page_at("");
        page.inspect_exchange(1, None);
        memory.settle();
        page.inspect.step_to(scrubjay_ipc::Target::Seq(5));
        // Before the playhead is noted.
        memory.wait(1.0);
        page.inspect_exchange(2, None);
        memory.settle();

        browser::testing::go_back();
        memory.settle();
        assert_eq!(page.inspect.exchange.get_untracked(), Some(1));
        assert_eq!(page.inspect.seq.get_untracked(), 5);
        assert_eq!(page.shell.screen.get_untracked(), Screen::Inspect);
        browser::testing::go_back();
        memory.settle();
        assert_eq!(page.shell.screen.get_untracked(), Screen::Library);
        assert_eq!(browser::testing::history_len(), 1, "going back makes no place");
    }

    #[test]
    fn an_exchange_that_is_deleted_leaves_the_address_and_makes_no_place() {
        let (memory, page) = page_at("?screen=library&exchange=1&seq=5");
        page.inspect.leave();
        memory.settle();
        assert_eq!(browser::search(), "");
        assert_eq!(browser::testing::history_len(), 1);
    }

    #[test]
    fn an_exchange_that_grows_is_followed_again_or_stood_in() {
        for (search, stands) in [("?exchange=1", false), ("?exchange=1&seq=3", true)] {
            let memory = Memory::with(&["tool-call-parallel"]);
            memory.grow(1, 6);
            browser::replace_search(search);
            let page = Page::new();
            page.inspect.width_px.set(800.0);
            page.keep_address();
            memory.settle();
            let frames = page.inspect.tail_now().frames;
            assert!(frames > 3);
            assert_eq!(page.inspect.seq.get_untracked(), if stands { 3 } else { frames });
            assert_eq!(page.inspect.is_following(), !stands);
            assert_eq!(browser::search(), search);
        }
    }
}
