//! Compare over a bridge with answers of one made-up comparison.

use std::{cell::Cell, rc::Rc};

use scrubjay_ipc::{
    AnyAsk, Code, Compare, CompareAsk, CompareStarted, Comparison, ComparisonView, Ignore, Level, MapAt, MapMoment,
    MappedMoment, News, PairRow, Pairs, Report, RowWindow, Side,
};

use super::{
    commands::{Command as C, run},
    model::ComparedRuns,
};
use crate::{
    bridge::memory::{Memory, Shared, json},
    browser,
    screen::{Page, Screen},
    signal::*,
};

/// Pairs of the comparison; the first that differs, and rows of it.
const PAIRS: u64 = 200;
const FIRST: u64 = 120;

fn view(stage: &serde_json::Value) -> ComparisonView {
    let side = serde_json::json!({ "title": "", "exchanges": [1], "started_at": "", "frames": 200, "duration_us": 1 });
    let view = serde_json::json!({
        "comparison": 1, "stage": stage, "a": side, "b": side, "level": "behaviour", "ignoring": [],
    });
    serde_json::from_value(view).expect("a comparison")
}

fn done() -> serde_json::Value {
    serde_json::json!({ "done": {
        "first": { "sentence": "they part", "pair": FIRST, "a": null, "b": null, "path": "", "a_value": null,
            "b_value": null, "more_paths": 0, "premise": false, "recovers": false },
        "premise": null, "threads": [], "counts": { "same": 199, "changed": 1, "only_a": 0, "only_b": 0, "reordered": 0,
            "recovered": 0, "downstream": 0 },
        "pairs": PAIRS, "nothing_shared": null, "problems": { "rows": [], "counts": [0, 0] }, "duration_delta_us": 0, "ttft_delta_us": null,
    } })
}

fn rows(ask: &Pairs) -> RowWindow<PairRow> {
    let first = match ask.around {
        Some(pair) => pair.saturating_sub(u64::from(ask.count) / 2),
        None => ask.first,
    };
    let side = |pair: u64| {
        serde_json::json!({ "exchange": 1, "span": pair, "kind": "text", "name": "", "summary": "", "first_seq": pair + 1,
            "last_seq": pair + 1 })
    };
    let row = |pair: u64| {
        serde_json::json!({ "pair": pair, "kind": if pair == FIRST { "changed" } else { "same" }, "thread": 0, "turn": 0,
            "a": side(pair), "b": side(pair), "summary": "", "folded": 0, "first": pair == FIRST, "by_hand": false })
    };
    let rows: Vec<_> = (first..PAIRS.min(first + u64::from(ask.count))).map(row).collect();
    serde_json::from_value(serde_json::json!({ "first": first, "total": PAIRS, "rows": rows })).expect("pairs")
}

fn answer(ask: &CompareAsk, stage: &serde_json::Value) -> Option<Result<Vec<u8>, Report>> {
    Some(Ok(match ask {
        CompareAsk::Compare(ask) if ask.ignore.iter().any(is_broken) => {
            return Some(Err(Report::new(Code::BadRequest, "No pattern.", "Close the bracket.")));
        }
        CompareAsk::Compare(ask) if ask.b == Side::Exchange(9) => {
            return Some(Err(Report::new(Code::NotFound, "There is no exchange 9.", "")));
        }
        CompareAsk::Compare(_) => json::<Compare>(&CompareStarted { comparison: 1 }),
        CompareAsk::Comparison(_) => json::<Comparison>(&view(stage)),
        CompareAsk::Pairs(ask) => json::<Pairs>(&rows(ask)),
        CompareAsk::MapMoment(ask) => {
            let at = match ask.at {
                MapAt::Frame(exchange, seq) => (exchange, seq),
                MapAt::X(x) => (1, (x * PAIRS as f64) as u32 + 1),
            };
            json::<MapMoment>(&MappedMoment {
                a: at,
                b: at,
                a_x: 0.0,
                b_x: 0.0,
                pair: Some(u64::from(at.1) - 1),
            })
        }
        _ => return None,
    }))
}

fn is_broken(ignore: &Ignore) -> bool {
    *ignore == Ignore::Pattern("[".to_owned())
}

fn picked(exchange: i64) -> ComparedRuns {
    ComparedRuns {
        side: Side::Exchange(exchange),
        title: format!("run {exchange}"),
    }
}

/// A bridge whose comparison is done once the cell is set.
fn scripted(is_done: bool) -> (Shared, Rc<Cell<bool>>) {
    let memory = Memory::with(&["shared-state", "shared-state"]);
    let done_yet = Rc::new(Cell::new(is_done));
    let is_done = Rc::clone(&done_yet);
    memory.script(move |ask| match ask {
        AnyAsk::Compare(ask) => answer(
            ask,
            &if is_done.get() {
                done()
            } else {
                serde_json::json!({ "working": 0.5 })
            },
        ),
        _ => None,
    });
    (memory, done_yet)
}

/// A page that compares two runs; the comparison is done once the cell is set.
fn compared(is_done: bool) -> (Shared, Page, Rc<Cell<bool>>) {
    let (memory, done_yet) = scripted(is_done);
    let page = Page::new();
    page.shell.screen.set(Screen::Compare);
    page.compare.compare(picked(1), picked(2));
    memory.settle();
    (memory, page, done_yet)
}

/// A page at an address.
fn page_at(memory: &Shared, search: &str) -> Page {
    browser::replace_search(search);
    let page = Page::new();
    page.keep_address();
    memory.settle();
    page
}

fn asked_last(memory: &Shared) -> Option<Compare> {
    let asked = memory.asked(|ask| match ask {
        AnyAsk::Compare(CompareAsk::Compare(ask)) => Some(ask.clone()),
        _ => None,
    });
    asked.into_iter().map(|(_, ask)| ask).last()
}

fn frame(page: Page) -> Option<u32> {
    page.compare.moment.get_untracked().map(|moment| moment.a.1)
}

#[test]
fn a_comparison_that_is_done_goes_to_the_first_divergence() {
    let (_memory, page, _) = compared(true);
    assert_eq!(page.compare.chosen.get_untracked(), Some(FIRST));
    assert_eq!(frame(page), Some(FIRST as u32 + 1));
    assert!(page.compare.pairs.scroll_to.with_untracked(Option::is_some));
}

#[test]
fn the_address_holds_a_comparison_and_brings_it_back() {
    let (memory, _) = scripted(true);
    let page = page_at(&memory, "?theme=dark");
    page.compare.compare(picked(1), picked(2));
    page.shell.screen.set(Screen::Compare);
    memory.settle();
    assert_eq!(
        browser::search(),
        "?screen=compare&a=1&b=2&pair=120&at=1.121&theme=dark"
    );
    page.compare.set_level(Level::State);
    page.compare.toggle_ignore(Ignore::Pointer("/args/max".to_owned()));
    memory.settle();
    page.compare.visit_pair(121);
    memory.settle();
    let search = "?screen=compare&a=1&b=2&level=state&ignore=/args/max&pair=121&at=1.122&theme=dark";
    assert_eq!(browser::search(), search);
    assert_eq!(
        browser::testing::history_len(),
        2,
        "how it is compared is no place of its own"
    );

    // What is ignored usually is not what the link ignores.
    browser::remember("compare.ignore", "[]");
    let again = page_at(&memory, search);
    assert_eq!(again.shell.screen.get_untracked(), Screen::Compare);
    let asked = asked_last(&memory).expect("the comparison is asked for");
    assert_eq!((asked.a, asked.b), (Side::Exchange(1), Side::Exchange(2)));
    assert_eq!(
        (asked.level, asked.ignore),
        (Level::State, vec![Ignore::Pointer("/args/max".to_owned())])
    );
    assert_eq!(again.compare.chosen.get_untracked(), Some(121));
    assert_eq!(frame(again), Some(122));
    assert_eq!(browser::search(), search);
}

#[test]
fn back_leads_to_the_comparison_before() {
    let (memory, _) = scripted(true);
    let page = page_at(&memory, "?screen=compare");
    page.compare.compare(picked(1), picked(2));
    memory.settle();
    page.compare.visit_pair(122);
    memory.settle();
    page.compare.swap();
    memory.settle();
    assert_eq!(asked_last(&memory).map(|ask| ask.a), Some(Side::Exchange(2)));
    assert_eq!(browser::testing::history_len(), 3);

    browser::testing::go_back();
    memory.settle();
    assert_eq!(asked_last(&memory).map(|ask| ask.a), Some(Side::Exchange(1)));
    let sides = page.compare.sides.get_untracked().expect("two runs are compared");
    assert_eq!((sides.0.title.as_str(), sides.1.title.as_str()), ("run 1", "run 2"));
    assert_eq!(page.compare.chosen.get_untracked(), Some(122));
    browser::testing::go_back();
    memory.settle();
    assert_eq!(page.compare.sides.get_untracked(), None);
    assert_eq!(browser::testing::history_len(), 1);
}

#[test]
fn a_link_to_a_run_that_is_gone_says_so() {
    let (memory, _) = scripted(true);
    let page = page_at(&memory, "?screen=compare&a=1&b=9&pair=3");
    let report = page.compare.view.report.get_untracked().expect("it is refused");
    assert_eq!(report.message, "There is no exchange 9.");
    assert_eq!(browser::search(), "?screen=compare&a=1&b=9&pair=3");
}

#[test]
fn a_comparison_whose_news_got_lost_is_asked_for_again() {
    let (memory, page, is_done) = compared(false);
    assert!(untrack(move || page.compare.result()).is_none());
    is_done.set(true);
    memory.wait(1_500.0);
    assert!(untrack(move || page.compare.result()).is_some());
    assert_eq!(page.compare.chosen.get_untracked(), Some(FIRST));
}

#[test]
fn news_of_another_comparison_are_not_asked_for() {
    let (memory, _page, _) = compared(true);
    let asked = || {
        memory
            .asked(|ask| matches!(ask, AnyAsk::Compare(CompareAsk::Comparison(_))).then_some(()))
            .len()
    };
    let before = asked();
    memory.bring(News::Compared { comparison: 9 });
    memory.settle();
    assert_eq!(asked(), before);
    memory.bring(News::Compared { comparison: 1 });
    memory.settle();
    assert_eq!(asked(), before + 1);
}

#[test]
fn a_jump_places_the_playhead_although_an_older_answer_comes_in_between() {
    let (memory, page, _) = compared(true);
    run(page, C::Start);
    memory.settle();
    assert_eq!(frame(page), Some(1));
    // A press on the lanes is on its way when the key is pressed.
    page.compare.go(false, MapAt::X(0.25));
    memory.hold();
    run(page, C::FirstDivergence);
    memory.wait(1.0);
    memory.release_all();
    assert_eq!(frame(page), Some(FIRST as u32 + 1));
}

/// The pair that is looked at is the one under the playhead.
fn assert_together(page: Page, pair: u64) {
    assert_eq!(page.compare.chosen.get_untracked(), Some(pair));
    assert_eq!(frame(page), Some(pair as u32 + 1));
}

#[test]
fn a_press_and_a_key_at_once_leave_pair_and_playhead_together() {
    // Which of the answers comes first is up to the network.
    for is_last_first in [false, true] {
        for press_is_known in [false, true] {
            for key_is_later in [false, true] {
                let (memory, page, _) = compared(true);
                run(page, C::Start);
                memory.settle();
                let before = memory.asked(|_| Some(())).len();
                memory.hold();
                let press = || page.compare.go(false, MapAt::X(0.25));
                let key = || run(page, C::FirstDivergence);
                if key_is_later {
                    press();
                    memory.wait(1.0);
                    if press_is_known {
                        // The rows around the pressed pair are asked for, and wait.
                        memory.release(before);
                    }
                    key();
                } else {
                    key();
                    memory.wait(1.0);
                    press();
                }
                memory.wait(1.0);
                if is_last_first {
                    let asked = memory.asked(|_| Some(())).len();
                    memory.release(asked - 1);
                }
                memory.release_all();
                assert_together(page, if key_is_later { FIRST } else { 50 });
            }
        }
    }
}

#[test]
fn a_press_on_the_lanes_chooses_the_pair_under_it_and_leaves_the_playhead() {
    let (memory, page, _) = compared(true);
    page.compare.go(false, MapAt::X(0.25));
    memory.settle();
    assert_eq!(page.compare.chosen.get_untracked(), Some(50));
    assert_eq!(frame(page), Some(51));
}

#[test]
fn steps_reach_rows_that_are_not_here() {
    let (memory, page, _) = compared(true);
    run(page, C::End);
    memory.settle();
    assert_eq!(page.compare.chosen.get_untracked(), Some(PAIRS - 1));
    let top = page
        .compare
        .pairs
        .scroll_to
        .get_untracked()
        .expect("the last row is shown");
    page.compare.pairs.top_px.set(top);
    memory.settle();
    run(page, C::Pair(1));
    memory.settle();
    assert_eq!(page.compare.chosen.get_untracked(), Some(PAIRS - 1));
    run(page, C::Pair(-1));
    memory.settle();
    assert_eq!(page.compare.chosen.get_untracked(), Some(PAIRS - 2));
}

#[test]
fn what_is_looked_at_stays_when_the_list_is_another() {
    let (memory, page, _) = compared(true);
    run(page, C::DifferencesOnly);
    memory.settle();
    assert_eq!(page.compare.chosen.get_untracked(), Some(FIRST));
    assert!(page.compare.pairs.page.value.with_untracked(Option::is_some));
}

#[test]
fn a_pattern_that_cannot_be_read_stays_at_the_field() {
    let (memory, page, _) = compared(true);
    page.compare.type_ignore(Ignore::Pattern("[".to_owned()));
    memory.settle();
    assert_eq!(
        page.compare.wrong_ignore.get_untracked(),
        "No pattern. Close the bracket."
    );
    assert!(page.compare.ignore.with_untracked(Vec::is_empty));
    page.compare.type_ignore(Ignore::Pointer("/id".to_owned()));
    memory.settle();
    assert_eq!(page.compare.wrong_ignore.get_untracked(), "");
    let next = Page::new();
    assert_eq!(next.compare.ignore.get_untracked(), [Ignore::Pointer("/id".to_owned())]);
}

#[test]
fn swapped_sides_and_another_level_are_compared_anew() {
    let (memory, page, _) = compared(true);
    run(page, C::SwapSides);
    assert!(page.compare.chosen.with_untracked(Option::is_none));
    memory.settle();
    run(page, C::CycleLevel);
    memory.settle();
    let asked = memory.asked(|ask| match ask {
        AnyAsk::Compare(CompareAsk::Compare(ask)) => Some((ask.a.clone(), ask.level)),
        _ => None,
    });
    let (_, (first, level)) = &asked[0];
    assert_eq!(*first, Side::Exchange(1));
    assert_eq!(asked[1].1, (Side::Exchange(2), *level));
    assert_ne!(asked[2].1.1, *level);
}
