//! Inspect over recordings in memory.

mod links;

use scrubjay_ipc::{AnyAsk, Axis, Code, ExchangeAsk, JumpTo, Mute, News, Report, RowsOf, Target};
use scrubjay_timeline::Window;

use super::{
    commands::{
        Command as C,
        Direction::{Backward, Forward},
        run,
    },
    model::{follow::Follow, sides::Side},
    words,
};
use crate::{
    bridge::{
        self,
        memory::{Memory, Shared},
    },
    browser,
    screen::Page,
    signal::*,
};

/// A page on which the first exchange of a recording is open.
fn opened(name: &str) -> (Shared, Page) {
    let memory = Memory::with(&[name]);
    let page = Page::new();
    page.inspect.width_px.set(800.0);
    page.inspect_exchange(1, None);
    memory.settle();
    (memory, page)
}

/// The same while only so many chunks of it have come.
fn live(name: &str, chunks: usize) -> (Shared, Page) {
    let memory = Memory::with(&[name]);
    memory.grow(1, chunks);
    let page = Page::new();
    page.inspect.width_px.set(800.0);
    page.inspect_exchange(1, None);
    memory.settle();
    (memory, page)
}

fn is_locate(ask: &AnyAsk) -> Option<Target> {
    match ask {
        AnyAsk::Exchange(ExchangeAsk::Locate(ask)) => Some(ask.target),
        _ => None,
    }
}

fn is_open(ask: &AnyAsk) -> Option<i64> {
    match ask {
        AnyAsk::Exchange(ExchangeAsk::Open(ask)) => Some(ask.exchange),
        _ => None,
    }
}

#[test]
fn a_finished_run_opens_at_its_end_with_every_pane() {
    let (_memory, page) = opened("tool-call-parallel");
    let inspect = page.inspect;
    let frames = inspect.tail_now().frames;
    assert!(frames > 10);
    assert_eq!(inspect.seq.get_untracked(), frames);
    assert_eq!(inspect.follow.get_untracked(), Follow::Still);
    assert_eq!(inspect.moment.get_untracked().map(|moment| moment.seq), Some(frames));
    assert!(inspect.lanes.with_untracked(Option::is_some));
    assert!(inspect.rows.list.page.value.with_untracked(Option::is_some));
    assert!(inspect.tree.list.page.value.with_untracked(Option::is_some));
    assert!(inspect.sides.detail.value.with_untracked(Option::is_some));
    assert!(inspect.problems.groups.value.with_untracked(Option::is_some));
    assert_eq!(browser::testing::title(), "Scrubjay");
}

#[test]
fn an_answer_for_the_exchange_before_is_left_out() {
    let memory = Memory::with(&["tool-call-parallel", "shared-state"]);
    let page = Page::new();
    memory.settle();
    memory.hold();
    page.inspect_exchange(1, None);
    memory.wait(1.0);
    page.inspect_exchange(2, None);
    memory.wait(1.0);
    memory.release_all();
    let facts = page.inspect.opened.get_untracked().expect("facts");
    assert_eq!(facts, memory.opened(2));
    assert_eq!(page.inspect.seq.get_untracked(), facts.frames);
}

#[test]
fn a_late_answer_does_not_take_the_playhead_back() {
    let (memory, page) = opened("tool-call-parallel");
    let before = memory.asked(is_locate).len();
    memory.hold();
    page.inspect.step_to(Target::Seq(3));
    memory.wait(1.0);
    page.inspect.step_to(Target::Seq(7));
    page.inspect.step_to(Target::Seq(5));
    memory.wait(1.0);
    let (first, _) = memory.asked(is_locate)[before];
    memory.release(first);
    assert_eq!(page.inspect.seq.get_untracked(), 5);
    memory.release_all();
    assert_eq!(page.inspect.seq.get_untracked(), 5);
    assert_eq!(page.inspect.moment.get_untracked().map(|moment| moment.seq), Some(5));
    // The target in between was never asked for.
    let targets: Vec<Target> = memory.asked(is_locate).into_iter().map(|(_, target)| target).collect();
    assert!(targets[before..].contains(&Target::Seq(5)) && !targets[before..].contains(&Target::Seq(7)));
}

#[test]
fn a_picture_of_another_axis_is_left_out() {
    let (memory, page) = opened("tool-call-parallel");
    memory.hold();
    page.inspect.zoom(0.5, None);
    memory.wait(1.0);
    page.inspect.cycle_axis();
    assert_eq!(page.inspect.axis.get_untracked(), Axis::Collapsed);
    assert!(page.inspect.lanes.with_untracked(Option::is_none));
    memory.release_all();
    let lanes = page.inspect.lanes.get_untracked().expect("a picture");
    assert_eq!(lanes.to, page.inspect.window.get_untracked().to);
}

#[test]
fn a_question_that_another_pane_made_pointless_is_asked_again() {
    let memory = Memory::with(&["shared-state"]);
    let refused = std::cell::Cell::new(0);
    memory.script(move |ask| {
        is_open(ask)?;
        refused.set(refused.get() + 1);
        (refused.get() <= 2).then(|| Err(Report::new(Code::Superseded, "", "")))
    });
    let page = Page::new();
    page.inspect_exchange(1, None);
    memory.settle();
    assert_eq!(memory.asked(is_open).len(), 3);
    assert!(page.inspect.opened.with_untracked(Option::is_some));
    assert!(page.inspect.refused.with_untracked(Option::is_none));
}

#[test]
fn the_playhead_follows_until_it_is_moved_and_again_from_the_end() {
    let (memory, page) = live("tool-call-parallel", 4);
    let inspect = page.inspect;
    assert_eq!(inspect.follow.get_untracked(), Follow::Following);
    let early = inspect.tail_now().frames;
    memory.bring_growth(1, 8);
    memory.settle();
    let later = inspect.tail_now().frames;
    assert!(later > early);
    assert_eq!(inspect.seq.get_untracked(), later);
    // Everything was in view, and still is.
    assert_eq!(inspect.window.get_untracked(), Window::all(inspect.extent_now()));

    run(page, C::Event(-1));
    memory.settle();
    let window = inspect.window.get_untracked();
    memory.bring_growth(1, 12);
    memory.settle();
    assert!(matches!(inspect.follow.get_untracked(), Follow::Detached { .. }));
    assert_eq!(inspect.seq.get_untracked(), later - 1);
    assert_eq!(
        inspect.window.get_untracked(),
        window,
        "a picture that is looked at stands still"
    );

    run(page, C::End);
    memory.settle();
    assert_eq!(inspect.follow.get_untracked(), Follow::Following);
    assert_eq!(inspect.seq.get_untracked(), inspect.tail_now().frames);
    assert_eq!(inspect.window.get_untracked(), Window::all(inspect.extent_now()));
    memory.bring_growth(1, usize::MAX);
    memory.settle();
    assert_eq!(inspect.seq.get_untracked(), inspect.tail_now().frames);
    assert!(!inspect.tail_now().live);
}

#[test]
fn a_run_that_begins_is_followed_only_by_a_playhead_that_follows() {
    let (memory, page) = live("tool-call-parallel", 4);
    let next = memory.add(&bridge::memory::recording("shared-state"))[0];
    memory.bring(News::Began { exchange: next });
    memory.settle();
    assert_eq!(
        page.inspect.exchange.get_untracked(),
        Some(1),
        "the one that is followed still lives"
    );
    memory.bring_growth(1, usize::MAX);
    memory.settle();
    memory.bring(News::Began { exchange: next });
    memory.settle();
    assert_eq!(page.inspect.exchange.get_untracked(), Some(next));

    let (memory, page) = opened("tool-call-parallel");
    let next = memory.add(&bridge::memory::recording("shared-state"))[0];
    memory.bring(News::Began { exchange: next });
    memory.settle();
    assert_eq!(page.inspect.exchange.get_untracked(), Some(1));
    // The key that follows does so at the end of a run that has ended, too.
    run(page, C::End);
    memory.settle();
    memory.bring(News::Began { exchange: next });
    memory.settle();
    assert_eq!(page.inspect.exchange.get_untracked(), Some(next));
}

#[test]
fn a_view_of_everything_is_one_again_after_letting_go_and_following() {
    for moves in [
        &[C::PlayPause][..],
        &[C::PlayPause, C::Event(-1)],
        &[C::PlayPause, C::Start],
    ] {
        for grows_between in [0, 1, 3] {
            let (memory, page) = live("tool-call-parallel", 4);
            let inspect = page.inspect;
            for command in moves {
                run(page, *command);
            }
            memory.settle();
            for grown in 0..grows_between {
                memory.bring_growth(1, 6 + 2 * grown);
                memory.settle();
            }
            run(page, C::End);
            memory.settle();
            memory.bring_growth(1, 20);
            memory.settle();
            let all = Window::all(inspect.extent_now());
            assert_eq!(inspect.window.get_untracked(), all, "{moves:?}, {grows_between}");
        }
    }
}

#[test]
fn the_opened_value_is_that_of_the_playhead_and_nothing_is_written_in_its_future() {
    let (memory, page) = opened("shared-state");
    let inspect = page.inspect;
    let end = inspect.seq.get_untracked();
    let lines = inspect.tree.list.rows_now().1;
    let line = lines.first().expect("the state has a member");
    inspect.value.open(line.pointer.clone());
    memory.settle();
    let shown_at = || {
        inspect
            .value
            .value
            .with_untracked(|read| read.as_ref().map(|read| read.at))
    };
    assert_eq!(shown_at(), Some(end));
    let writes = untrack(move || inspect.value.writes()).expect("who wrote it");
    let last = writes.writes[0].seq;
    assert!(last > 1);

    inspect.step_to(Target::Seq(last - 1));
    memory.settle();
    assert_eq!(shown_at(), Some(last - 1));
    let writes = untrack(move || inspect.value.writes()).expect("who wrote it");
    assert!(writes.writes.iter().all(|write| write.seq < last));
    assert_eq!(writes.next, Some(last));

    // Before anything was written there is nothing at the path, and it says so.
    inspect.step_to(Target::Seq(0));
    memory.settle();
    assert_eq!(shown_at(), Some(0));
    page.inspect_exchange(1, None);
    inspect.value.clear();
    memory.settle();
    assert_eq!(shown_at(), None);
}

#[test]
fn growth_is_asked_for_eight_times_a_second_and_the_last_one_always() {
    let (memory, page) = live("tool-call-parallel", 2);
    let before = memory.asked(is_open).len();
    for chunks in 3..9 {
        memory.bring_growth(1, chunks);
    }
    memory.settle();
    assert!(memory.asked(is_open).len() - before <= 2);
    assert_eq!(page.inspect.tail_now().frames, memory.opened(1).frames);
}

#[test]
fn another_view_of_the_rows_shows_the_row_of_the_playhead() {
    let (memory, page) = opened("tool-call-parallel");
    let rows = page.inspect.rows;
    rows.list.view_px.set(104.0);
    run(page, C::CycleRows);
    memory.settle();
    rows.list.scroll_to.set(None);
    page.inspect.step_to(Target::Seq(page.inspect.tail_now().frames));
    memory.settle();
    for of in [RowsOf::Spans, RowsOf::Events] {
        rows.set_view(of);
        memory.settle();
        // What the list does with it.
        if let Some(top) = rows.list.scroll_to.get_untracked() {
            rows.list.top_px.set(top);
            rows.list.scroll_to.set(None);
        }
        memory.settle();
        let current = rows.current.get_untracked().expect("a row");
        let scroll = untrack(move || rows.list.scroll());
        let top = rows.list.top_px.get_untracked();
        let row_top = current as f64 * scroll.row_px;
        assert!(
            row_top >= top && row_top + scroll.row_px <= top + scroll.view_px + 0.5,
            "{of:?}: row {current} of {} at {row_top}, seen from {top}",
            scroll.total
        );
    }
}

#[test]
fn a_row_that_was_chosen_stays_chosen_when_rows_arrive() {
    let (memory, page) = live("tool-call-parallel", 10);
    let rows = page.inspect.rows;
    let first = rows.list.row(0).expect("a row");
    rows.choose(page.inspect, 0, &first);
    memory.settle();
    assert_eq!(rows.current.get_untracked(), Some(0));
    memory.bring_growth(1, usize::MAX);
    memory.settle();
    assert_eq!(rows.current.get_untracked(), Some(0));
    assert_eq!(page.inspect.seq.get_untracked(), first.first_seq);
}

#[test]
fn steps_stop_at_both_ends() {
    let (memory, page) = opened("shared-state");
    let inspect = page.inspect;
    for _ in 0..3 {
        run(page, C::Event(1));
        memory.settle();
    }
    assert_eq!(inspect.seq.get_untracked(), inspect.tail_now().frames);
    run(page, C::Start);
    memory.settle();
    run(page, C::Event(-1));
    memory.settle();
    assert_eq!(inspect.seq.get_untracked(), 0);
    run(page, C::PlaceBack);
    memory.settle();
    assert_eq!(inspect.seq.get_untracked(), inspect.tail_now().frames);
}

#[test]
fn the_problem_key_skips_what_is_muted_and_says_when_there_is_nothing() {
    let (memory, page) = opened("state-with-failed-patch");
    let inspect = page.inspect;
    page.inspect.visit(Target::Seq(0));
    memory.settle();
    run(page, C::Jump(JumpTo::Problem, Forward));
    memory.settle();
    let first = inspect.seq.get_untracked();
    assert!(first > 0, "there is a problem");
    let rules: Vec<String> = inspect.problems.groups.value.with_untracked(|view| {
        let groups = &view.as_ref().expect("groups").groups;
        groups.iter().map(|group| group.found.rule.clone()).collect()
    });
    for rule in &rules {
        inspect.problems.mute(rule.clone(), None, true);
    }
    memory.settle();
    page.inspect.visit(Target::Seq(0));
    memory.settle();
    run(page, C::Jump(JumpTo::Problem, Forward));
    memory.settle();
    assert_eq!(inspect.seq.get_untracked(), 0);
    assert_eq!(inspect.remark.get_untracked(), "No problem after #0");
    let muted = memory.asked(|ask| match ask {
        AnyAsk::Library(scrubjay_ipc::LibraryAsk::Mute(Mute { rule, .. })) => Some(rule.clone()),
        _ => None,
    });
    assert_eq!(muted.len(), rules.len());
    // The next move takes the remark away.
    run(page, C::Event(1));
    assert_eq!(inspect.remark.get_untracked(), "");
}

#[test]
fn playing_reaches_the_end_and_stops() {
    let (memory, page) = opened("shared-state");
    let inspect = page.inspect;
    run(page, C::PlayPause);
    assert!(inspect.playing.get_untracked());
    for _ in 0..5 {
        run(page, C::Faster);
    }
    memory.settle();
    let halfway = inspect.seq.get_untracked();
    memory.wait(60_000.0);
    assert!(!inspect.playing.get_untracked());
    assert!(inspect.held_x.with_untracked(Option::is_none));
    assert_eq!(inspect.seq.get_untracked(), inspect.tail_now().frames);
    assert!(halfway <= inspect.tail_now().frames);
}

#[test]
fn branches_stay_open_over_exchanges_and_restarts() {
    let (memory, page) = opened("shared-state");
    let tree = page.inspect.tree;
    let branch = tree.list.page.value.with_untracked(|view| {
        let lines = &view.as_ref().expect("a state").lines;
        let line = lines.iter().find(|line| line.children > 0 && !line.expanded);
        line.map(|line| line.pointer.clone())
    });
    let branch = branch.expect("a branch");
    let lines = tree
        .list
        .page
        .value
        .with_untracked(|view| view.as_ref().map(|view| view.total));
    tree.toggle(&branch);
    memory.settle();
    let more = tree
        .list
        .page
        .value
        .with_untracked(|view| view.as_ref().map(|view| view.total));
    assert!(more > lines);
    let restarted = Page::new();
    assert!(
        restarted
            .inspect
            .tree
            .expanded
            .with_untracked(|open| open.contains(&branch))
    );
}

#[test]
fn only_the_pane_that_is_open_asks() {
    let (memory, page) = opened("tool-call-parallel");
    let chats = || {
        memory
            .asked(|ask| matches!(ask, AnyAsk::Exchange(ExchangeAsk::Chat(_))).then_some(()))
            .len()
    };
    assert_eq!(chats(), 0);
    page.inspect.sides.show(Side::Chat);
    memory.settle();
    assert_eq!(chats(), 1);
    let messages = page
        .inspect
        .sides
        .chat
        .value
        .with_untracked(|view| view.as_ref().map(|view| view.total));
    assert!(messages > Some(1));
    page.inspect.step_to(Target::Seq(1));
    memory.settle();
    assert_eq!(chats(), 2);
}

fn seq(page: Page) -> u32 {
    page.inspect.seq.get_untracked()
}

fn remark(page: Page) -> String {
    page.inspect.remark.get_untracked()
}

#[test]
fn a_run_with_problems_opens_at_the_first_and_e_goes_around() {
    let (memory, page) = opened("state-with-failed-patch");
    let first = seq(page);
    let detail = page
        .inspect
        .sides
        .detail
        .read_now(|view| (view.seq, view.findings.len()));
    let (shown, findings) = detail.expect("a detail");
    assert_eq!(shown, first);
    assert!(findings > 0 && first < page.inspect.tail_now().frames);
    let forward = || {
        run(page, C::Jump(JumpTo::Problem, Forward));
        memory.settle();
        (seq(page), remark(page))
    };
    run(page, C::End);
    memory.settle();
    let end = page.inspect.tail_now().frames;
    let wanted = format!("No problem after {}; this is the first", words::frame(end));
    assert_eq!(forward(), (first, wanted));
    run(page, C::Start);
    memory.settle();
    run(page, C::Jump(JumpTo::Problem, Backward));
    memory.settle();
    assert!(seq(page) >= first);
    assert_eq!(remark(page), "No problem before #0; this is the last");
}

#[test]
fn a_person_who_moved_is_not_taken_to_the_first_problem() {
    let memory = Memory::with(&["state-with-failed-patch"]);
    let page = Page::new();
    page.inspect_exchange(1, None);
    memory.hold();
    memory.wait(1.0);
    memory.release(memory.asked(is_open)[0].0);
    page.inspect.step_to(Target::Seq(2));
    memory.release_all();
    assert_eq!(seq(page), 2);
}

#[test]
fn a_step_in_time_leaves_a_gap_that_is_longer_than_the_step() {
    let (memory, page) = opened("interrupt-and-resume");
    run(page, C::Start);
    memory.settle();
    let end = page.inspect.tail_now().frames;
    let mut before = seq(page);
    while before < end {
        run(page, C::Micros(1_000));
        memory.settle();
        assert!(seq(page) > before, "stuck at #{before}");
        before = seq(page);
    }
}

#[test]
fn forward_from_the_request_leads_to_the_first_event() {
    let (memory, page) = opened("tool-call-parallel");
    run(page, C::Start);
    memory.settle();
    assert_eq!(seq(page), 0);
    run(page, C::Row(1));
    memory.settle();
    assert_eq!(seq(page), 1);
}

#[test]
fn what_follows_moves_although_events_come_faster_than_answers() {
    let (memory, page) = live("tool-call-parallel", 4);
    let shown = || page.inspect.moment.get_untracked().map(|moment| moment.seq);
    let is_row_of = |ask: &AnyAsk| match ask {
        AnyAsk::Exchange(ExchangeAsk::RowOf(ask)) => Some(ask.seq),
        _ => None,
    };
    memory.bring_growth(1, 6);
    memory.wait(200.0);
    let first = shown().expect("a place");
    let row_before = page.inspect.rows.current.get_untracked();
    // From now on, an answer comes only when the next event is here already.
    memory.hold();
    let release_last = |asked: Vec<usize>| memory.release(*asked.last().expect("a question"));
    let numbers = |asked: Vec<(usize, u32)>| asked.into_iter().map(|(number, _)| number).collect::<Vec<_>>();
    for (turn, chunks) in [8, 10, 12, 14].into_iter().enumerate() {
        memory.bring_growth(1, chunks);
        memory.wait(200.0);
        release_last(memory.asked(is_open).into_iter().map(|(number, _)| number).collect());
        if turn > 0 {
            release_last(memory.asked(is_locate).into_iter().map(|(number, _)| number).collect());
            release_last(numbers(memory.asked(is_row_of)));
        }
        memory.wait(40.0);
    }
    let last = shown().expect("a place");
    assert!(first < last && last < seq(page), "{first} {last}");
    assert!(page.inspect.rows.current.get_untracked() > row_before);
    assert!(page.inspect.is_following());
    memory.release_all();
    assert_eq!(shown(), Some(seq(page)));
}

#[test]
fn an_axis_without_long_gaps_says_that_it_collapses_nothing() {
    let (_memory, page) = opened("tool-call-parallel");
    let says = || untrack(move || page.inspect.collapses_nothing());
    assert!(!says(), "on the clock there is nothing to say");
    page.inspect.cycle_axis();
    assert_eq!(page.inspect.axis.get_untracked(), Axis::Collapsed);
    assert!(says());
}

#[test]
fn what_follows_goes_to_the_end_that_the_news_name_before_an_answer_comes() {
    let (memory, page) = live("tool-call-parallel", 4);
    memory.hold();
    memory.bring_growth(1, 12);
    memory.wait(200.0);
    let end = memory.opened(1);
    assert_eq!(seq(page), end.frames);
    assert_eq!(page.inspect.tail_now().frames, end.frames);
    assert_eq!(untrack(move || page.inspect.playhead_x()), end.extent.clock);
    assert!(untrack(move || page.inspect.is_ahead()));
    memory.release_all();
    assert_eq!(seq(page), end.frames);
    assert!(!untrack(move || page.inspect.is_ahead()));

    // One that was let go stays.
    run(page, C::Event(-1));
    memory.settle();
    memory.bring_growth(1, 16);
    memory.settle();
    assert_eq!(seq(page), end.frames - 1);
}
