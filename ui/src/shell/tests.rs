//! What surrounds the screens, over recordings in memory.

use scrubjay_ipc::{Code, News, Report, Source, SourceState};

use super::{
    commands::{Command, run},
    density::Density,
    model::ThemeChoice,
};
use crate::{
    bridge::memory::Memory,
    browser,
    screen::{Page, Screen},
    signal::*,
};

fn report() -> Report {
    Report::new(Code::Store, "The disk is full.", "")
}

#[test]
fn escape_closes_one_thing_at_a_time() {
    let memory = Memory::with(&["shared-state"]);
    let page = Page::new();
    memory.settle();
    let shell = page.shell;
    shell.settings.set(true);
    shell.help.set(true);
    shell.go_to.set(true);
    shell.notify(report());
    page.compare.taken.set(Some(3));
    browser::focus(".lib-grid");
    let open = move || {
        [
            shell.settings.get_untracked(),
            shell.help.get_untracked(),
            shell.go_to.get_untracked(),
            shell.notice.with_untracked(Option::is_some),
            page.compare.taken.with_untracked(Option::is_some),
            browser::is_focused(".lib-grid"),
        ]
        .into_iter()
        .filter(|open| *open)
        .count()
    };
    for left in (0..6).rev() {
        run(page, Command::Close);
        assert_eq!(open(), left);
    }
}

#[test]
fn a_failure_is_gone_where_it_did_not_happen() {
    let memory = Memory::with(&["shared-state"]);
    let page = Page::new();
    memory.settle();
    page.shell.notify(report());
    memory.settle();
    assert_eq!(page.shell.said.get_untracked(), "The disk is full.");
    assert!(page.shell.notice.with_untracked(Option::is_some));
    run(page, Command::Show(Screen::Compare));
    memory.settle();
    assert!(page.shell.notice.with_untracked(Option::is_none));
}

#[test]
fn choices_are_remembered() {
    let memory = Memory::with(&[]);
    let page = Page::new();
    page.shell.set_theme(ThemeChoice::Light);
    page.shell.set_density(Density::Compact);
    page.shell.set_singles(false);
    memory.settle();
    assert_eq!(page.library.list.row_px.get_untracked(), Density::Compact.library_px());
    assert_eq!(page.inspect.rows.list.row_px.get_untracked(), Density::Compact.row_px());
    let next = Page::new().shell;
    assert_eq!(next.theme.get_untracked(), ThemeChoice::Light);
    assert_eq!(next.density.get_untracked(), Density::Compact);
    assert!(!next.keyboard.get_untracked().singles);
}

#[test]
fn the_title_shows_what_is_wrong_in_the_open_exchange() {
    let memory = Memory::with(&["state-with-failed-patch"]);
    let page = Page::new();
    page.inspect_exchange(1, None);
    memory.settle();
    let problems = page.inspect.tail_now().problems;
    assert!(problems > 0);
    assert!(browser::testing::title().starts_with(&format!("{problems} problem")));
}

#[test]
fn the_first_run_card_stays_closed_for_its_store_alone() {
    let memory = Memory::with(&[]);
    let page = Page::new();
    memory.settle();
    let may_guide = move || untrack(move || page.shell.may_guide());
    assert!(may_guide());
    page.shell.show_guide(false);
    assert!(!may_guide());
    page.shell.health.update(|health| {
        if let Some(health) = health {
            health.store = "another".to_owned();
        }
    });
    assert!(may_guide());
    memory.is_read_only.set(true);
    page.shell.health.update(|health| {
        if let Some(health) = health {
            health.read_only = true;
        }
    });
    assert!(!may_guide());
}

/// A source whose checklist ends like this.
fn source(first_event: &str) -> Source {
    let waits = serde_json::json!({ "is": "waiting" });
    let source = serde_json::json!({
        "name": "local", "listen": "127.0.0.1:5290", "url": "http://127.0.0.1:5290", "upstream": "http://localhost:8000",
        "state": { "is": "recording" }, "keep_secrets": false, "keep_host": false, "drain": false, "frames_per_sec": 12, "open": 1,
        "checklist": { "listening": waits, "upstream_answers": waits, "first_request": waits,
            "first_bytes": waits, "first_event": { "is": first_event } },
    });
    serde_json::from_value(source).expect("a source")
}

#[test]
fn the_first_run_card_goes_when_its_source_has_recorded() {
    let memory = Memory::with(&[]);
    let page = Page::new();
    memory.settle();
    let shell = page.shell;
    let guides = move |is_empty| untrack(move || shell.guides(is_empty));
    assert!(guides(true));
    assert!(!guides(false), "a library with runs needs no first run");
    shell.show_guide(true);
    assert!(guides(false), "unless it is asked for");
    shell.first_source.set(Some("local".to_owned()));
    for (first_event, is_shown) in [("waiting", true), ("done", false)] {
        *memory.sources.borrow_mut() = vec![source(first_event)];
        memory.bring(News::Sources);
        memory.settle();
        assert_eq!(guides(false), is_shown, "{first_event}");
    }
}

#[test]
fn news_of_sources_are_asked_for() {
    let memory = Memory::with(&[]);
    let page = Page::new();
    memory.settle();
    assert_eq!(page.shell.sources.get_untracked(), Some(Vec::new()));
    memory.sources.borrow_mut().push(source("waiting"));
    memory.bring(News::Sources);
    memory.settle();
    let recording = untrack(move || page.shell.recording());
    assert_eq!(recording[0].state, SourceState::Recording);
    assert_eq!(untrack(move || page.shell.rate()), 12);
    assert!(browser::testing::title().starts_with("● 12 ev/s"));
}
