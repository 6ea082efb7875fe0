//! The Library over recordings in memory.

use scrubjay_ipc::{AnyAsk, LibraryAsk, LibrarySort, News, ReplayAsk, Sample, Verdict};

use super::commands::{Command as C, run};
use crate::{
    bridge::memory::{Memory, Shared, recording},
    browser::{self, File},
    screen::{Page, Screen},
    signal::*,
};

const NAMES: [&str; 4] = ["tool-call-parallel", "shared-state", "error-mid-run", "frontend-tool"];

fn library() -> (Shared, Page) {
    let memory = Memory::with(&NAMES);
    let page = Page::new();
    memory.settle();
    (memory, page)
}

fn shown(page: Page) -> Vec<(i64, Option<u32>)> {
    page.library.list.page.value.with_untracked(|listed| {
        let rows = listed.iter().flat_map(|listed| &listed.rows);
        rows.map(|row| (row.exchange, row.run)).collect()
    })
}

fn total(page: Page) -> u64 {
    page.library
        .list
        .page
        .value
        .with_untracked(|listed| listed.as_ref().map_or(0, |listed| listed.total))
}

#[test]
fn the_newest_run_comes_first_and_keys_go_down_the_list() {
    let (memory, page) = library();
    let rows = shown(page);
    assert!(rows.len() >= 4);
    assert!(rows.is_sorted_by(|one, next| one >= next));
    run(page, C::Row(1));
    assert_eq!(page.library.chosen.get_untracked(), Some(rows[0]));
    run(page, C::Row(1));
    assert_eq!(page.library.chosen.get_untracked(), Some(rows[1]));
    run(page, C::Row(-5));
    assert_eq!(page.library.chosen.get_untracked(), Some(rows[0]));
    run(page, C::Open);
    memory.settle();
    assert_eq!(page.shell.screen.get_untracked(), Screen::Inspect);
    assert_eq!(page.inspect.exchange.get_untracked(), Some(rows[0].0));
}

#[test]
fn what_is_read_stays_in_place_when_newer_rows_come_in_above() {
    let (memory, page) = library();
    let library = page.library;
    let row_px = library.list.row_px.get_untracked();
    // At the top the newest is what is looked for.
    memory.add(&recording("reasoning"));
    memory.bring(News::Library);
    memory.settle();
    assert_eq!(library.list.scroll_to.get_untracked(), None);
    library.list.top_px.set(2.0 * row_px);
    memory.settle();
    let before = total(page);
    memory.add(&recording("unicode"));
    memory.bring(News::Library);
    memory.settle();
    let more = (total(page) - before) as f64;
    assert!(more > 0.0);
    assert_eq!(library.list.scroll_to.get_untracked(), Some((2.0 + more) * row_px));
}

#[test]
fn a_row_that_is_chosen_stays_chosen_when_rows_come_in() {
    let (memory, page) = library();
    run(page, C::Row(1));
    let chosen = page.library.chosen.get_untracked();
    memory.add(&recording("reasoning"));
    memory.bring(News::Library);
    memory.settle();
    assert_eq!(page.library.chosen.get_untracked(), chosen);
    assert_eq!(page.library.chosen_row().map(|row| (row.exchange, row.run)), chosen);
}

#[test]
fn an_import_shows_its_runs_whatever_was_filtered() {
    let (memory, page) = library();
    page.library.text.set("There is no such run here.".to_owned());
    memory.settle();
    assert_eq!(total(page), 0);
    page.open_file(&File {
        name: "reasoning.agui.jsonl".to_owned(),
        bytes: recording("reasoning"),
    });
    memory.settle();
    assert!(!untrack(move || page.library.is_filtered()));
    assert!(page.shell.opening.with_untracked(Option::is_none));
    assert_eq!(page.shell.said.get_untracked(), "The recording is open.");
    let newest = shown(page)[0].0;
    assert!(newest > 4);
}

#[test]
fn a_sample_is_opened_from_the_first_run() {
    let memory = Memory::with(&[]);
    let page = Page::new();
    memory.settle();
    page.open_sample(Sample::FailedPatch);
    memory.settle();
    assert_eq!(page.shell.screen.get_untracked(), Screen::Inspect);
    assert!(page.inspect.tail_now().problems > 0);
    assert_eq!(total(page), 1);
}

#[test]
fn a_sample_is_served_from_the_first_run() {
    let memory = Memory::with(&[]);
    let page = Page::new();
    memory.settle();
    page.serve_sample(Sample::FailedPatch);
    memory.settle();
    assert_eq!(page.shell.screen.get_untracked(), Screen::Replay);
    let asked = memory.asked(|ask| match ask {
        AnyAsk::Replay(ReplayAsk::StartReplay(ask)) => Some(ask.exchanges.clone()),
        _ => None,
    });
    assert_eq!(asked[0].1, [1]);
}

#[test]
fn filters_narrow_the_list_and_clear_at_once() {
    let (memory, page) = library();
    let all = total(page);
    page.library.toggle_verdict(Verdict::Error);
    memory.settle();
    assert_eq!(total(page), 1);
    page.library.toggle_verdict(Verdict::Error);
    memory.settle();
    assert_eq!(total(page), all);
    page.library.toggle_verdict(Verdict::Error);
    page.library.text.set("x".to_owned());
    page.library.clear_filters();
    memory.settle();
    assert_eq!(total(page), all);
}

#[test]
fn typing_asks_for_the_last_word_alone() {
    let (memory, page) = library();
    let texts = || {
        memory.asked(|ask| match ask {
            AnyAsk::Library(LibraryAsk::Library(ask)) => Some(ask.text.clone()),
            _ => None,
        })
    };
    let before = texts().len();
    memory.hold();
    for text in ["r", "ru", "run", "run-"] {
        page.library.text.set(text.to_owned());
        memory.wait(1.0);
    }
    memory.release_all();
    let asked: Vec<String> = texts().into_iter().skip(before).map(|(_, text)| text).collect();
    assert_eq!(asked, ["r", "run-"]);
}

#[test]
fn a_heading_orders_the_list_and_once_more_turns_it_round() {
    let (memory, page) = library();
    page.library.list.top_px.set(44.0);
    page.library.sort_by(1);
    assert_eq!(page.library.sort.get_untracked(), LibrarySort::OldestFirst);
    assert_eq!(page.library.list.scroll_to.get_untracked(), Some(0.0));
    memory.settle();
    assert!(shown(page).is_sorted());
    page.library.sort_by(1);
    memory.settle();
    assert!(!shown(page).is_sorted());
    // The heading that was clicked gives the focus back to the list, so that Enter opens the row.
    browser::focus(".heading");
    run(page, C::Row(1));
    assert_eq!(browser::testing::focused(), ".lib-grid");
}

#[test]
fn a_deletion_chooses_the_row_beside_closes_inspect_and_can_be_undone() {
    let (memory, page) = library();
    run(page, C::Row(1));
    let rows = shown(page);
    run(page, C::Open);
    memory.settle();
    page.shell.screen.set(Screen::Library);
    run(page, C::Delete);
    memory.settle();
    let beside = rows.iter().find(|row| row.0 != rows[0].0).copied();
    assert_eq!(page.library.chosen.get_untracked(), beside);
    assert_eq!(page.inspect.exchange.get_untracked(), None);
    assert!(shown(page).iter().all(|row| row.0 != rows[0].0));
    run(page, C::Undo);
    memory.settle();
    assert_eq!(shown(page), rows);
    assert_eq!(page.library.chosen.get_untracked(), Some(rows[0]));
}

#[test]
fn a_deletion_that_is_not_undone_erases_after_ten_seconds() {
    let (memory, page) = library();
    let erased = || {
        memory
            .asked(|ask| match ask {
                AnyAsk::Library(LibraryAsk::Erase(ask)) => Some(ask.exchanges.clone()),
                _ => None,
            })
            .len()
    };
    run(page, C::Row(1));
    run(page, C::Delete);
    memory.wait(9_000.0);
    assert_eq!(erased(), 0);
    assert!(page.library.undo.with_untracked(Option::is_some));
    memory.wait(1_500.0);
    assert_eq!(erased(), 1);
    assert!(page.library.undo.with_untracked(Option::is_none));
}

#[test]
fn nothing_is_deleted_where_nothing_is_written() {
    let memory = Memory::with(&NAMES);
    memory.is_read_only.set(true);
    let page = Page::new();
    memory.settle();
    run(page, C::Row(1));
    run(page, C::Delete);
    memory.settle();
    assert!(page.library.undo.with_untracked(Option::is_none));
    let hints = Screen::Library.hints(page);
    assert!(hints.iter().all(|(_, word)| *word != "delete"));
}

#[test]
fn two_selected_runs_are_compared_and_several_are_served() {
    let (memory, page) = library();
    let rows = shown(page);
    for by in [0, 1] {
        run(page, C::Row(by));
        run(page, C::SelectedRun);
    }
    assert!(page.library.selection.has(rows[0].0, rows[0].1) && page.library.selection.has(rows[1].0, rows[1].1));
    run(page, C::CompareWith);
    memory.settle();
    assert_eq!(page.shell.screen.get_untracked(), Screen::Compare);
    assert!(page.compare.sides.with_untracked(Option::is_some));
    assert!(page.library.selection.0.with_untracked(Vec::is_empty));

    page.shell.screen.set(Screen::Library);
    run(page, C::Serve);
    let served = page.replay.draft.with_untracked(|draft| draft.served.len());
    assert_eq!((page.shell.screen.get_untracked(), served), (Screen::Replay, 1));
}

#[test]
fn other_requests_stay_shown_after_a_restart() {
    let (_memory, page) = library();
    assert!(!page.library.others.get_untracked());
    run(page, C::OtherRequests);
    assert!(Page::new().library.others.get_untracked());
    run(page, C::OtherRequests);
    assert!(!Page::new().library.others.get_untracked());
}

#[test]
fn home_and_end_choose_the_first_and_the_last_row() {
    let memory = Memory::with(&["tool-call-parallel", "shared-state", "reasoning"]);
    let page = Page::new();
    memory.settle();
    let chosen = || page.library.chosen.get_untracked().map(|(exchange, _)| exchange);
    page.library.ends(true);
    memory.settle();
    assert_eq!(chosen(), Some(1));
    page.library.ends(false);
    memory.settle();
    assert_eq!(chosen(), Some(3));
    // A row that is not here is asked for.
    page.library
        .list
        .page
        .value
        .update(|page| page.as_mut().expect("a page").rows.truncate(1));
    page.library.ends(true);
    memory.settle();
    assert_eq!(chosen(), Some(1));
}
