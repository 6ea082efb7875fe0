//! Replay over a bridge with made-up replays.

use scrubjay_ipc::{AnyAsk, News, ReplayAsk, ReplayList, ReplayView, Replays, SteerBy};

use super::commands::{Command as C, run};
use crate::{
    bridge::memory::{Memory, Shared, json},
    browser,
    screen::{Page, Screen},
    signal::*,
};

fn replay(number: u64, clients: &serde_json::Value) -> ReplayView {
    let view = serde_json::json!({
        "replay": number, "url": format!("http://127.0.0.1:529{number}"), "title": "a run", "exchanges": [1],
        "manner": super::model::Draft::default().options, "failure": "", "command": "scrubjay replay",
        "clients": clients, "log": [], "answers": 0, "unused": [1], "first_run": 1,
    });
    serde_json::from_value(view).expect("a replay")
}

/// A page on which these replays run.
fn running(views: Vec<ReplayView>) -> (Shared, Page) {
    let memory = Memory::with(&["shared-state"]);
    let first = views.first().cloned();
    memory.script(move |ask| match ask {
        AnyAsk::Replay(ReplayAsk::Replays(_)) => Some(Ok(json::<Replays>(&ReplayList { replays: views.clone() }))),
        AnyAsk::Replay(ReplayAsk::Steer(_)) => Some(Ok(json::<scrubjay_ipc::Steer>(first.as_ref()?))),
        _ => None,
    });
    let page = Page::new();
    page.replay.width_px.set(600.0);
    page.shell.screen.set(Screen::Replay);
    memory.settle();
    (memory, page)
}

#[test]
fn the_last_replay_is_shown_with_its_recording() {
    let none = serde_json::json!([]);
    let (_memory, page) = running(vec![replay(1, &none), replay(2, &none)]);
    assert_eq!(page.replay.chosen.get_untracked(), Some(2));
    assert_eq!(
        page.replay.opened.get_untracked().map(|opened| opened.exchange),
        Some(1)
    );
    assert!(page.replay.lanes.with_untracked(Option::is_some));
    let example = page.replay.example.get_untracked().expect("an example");
    assert_eq!((example.exchange, example.method.as_str()), (1, "POST"));
}

#[test]
fn the_address_that_is_copied_has_the_path_that_was_asked() {
    let (memory, page) = running(vec![replay(1, &serde_json::json!([]))]);
    run(page, C::CopyAddress);
    let target = memory.opened(1).target;
    let path = target
        .split('?')
        .next()
        .unwrap_or_default()
        .trim_end_matches('/')
        .to_owned();
    assert_eq!(browser::testing::clipboard(), format!("http://127.0.0.1:5291{path}"));
    assert_eq!(page.shell.said.get_untracked(), "The address is copied.");
}

#[test]
fn another_axis_drops_the_picture_until_the_next_comes() {
    let (memory, page) = running(vec![replay(1, &serde_json::json!([]))]);
    run(page, C::CycleAxis);
    assert!(page.replay.lanes.with_untracked(Option::is_none));
    memory.settle();
    let to = page.replay.lanes.get_untracked().map(|lanes| lanes.to);
    assert_eq!(to, Some(untrack(move || page.replay.extent()) * 1.01));
}

#[test]
fn news_are_asked_for_ten_times_a_second_at_most() {
    let (memory, _page) = running(vec![replay(1, &serde_json::json!([]))]);
    let asked = || {
        memory
            .asked(|ask| matches!(ask, AnyAsk::Replay(ReplayAsk::Replays(_))).then_some(()))
            .len()
    };
    let before = asked();
    for _ in 0..20 {
        memory.bring(News::Replays);
    }
    memory.settle();
    assert_eq!(asked() - before, 2);
}

#[test]
fn no_client_means_that_nothing_is_steered() {
    let (memory, page) = running(vec![replay(1, &serde_json::json!([]))]);
    run(page, C::SkipNext);
    run(page, C::SendNext);
    run(page, C::EditNext);
    memory.settle();
    let steered = memory.asked(|ask| match ask {
        AnyAsk::Replay(ReplayAsk::Steer(ask)) => Some(ask.by.clone()),
        _ => None,
    });
    assert_eq!(steered, Vec::<(usize, SteerBy)>::new());
}

#[test]
fn a_refusal_stays_until_something_else_is_shown() {
    let (memory, page) = running(vec![]);
    assert_eq!(page.replay.list.get_untracked(), Some(Vec::new()));
    run(page, C::StartStop);
    memory.settle();
    assert!(page.replay.report.with_untracked(Option::is_some));
    page.replay.choose(None);
    assert!(page.replay.report.with_untracked(Option::is_none));
}
