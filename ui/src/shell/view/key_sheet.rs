//! The sheet of keys, made from the tables of commands and of gestures: the
//! screen that is open, and under a fold the others.

use leptos::prelude::*;

use crate::{
    part::dialog::{DialogName, dialog},
    screen::{
        Command, Page, Screen,
        gestures::{EVERYWHERE, Gestures},
    },
    shell::{commands, keyboard::Entry},
};

pub(crate) fn key_sheet(page: Page) -> AnyView {
    let named = DialogName {
        title: "Keys and mouse",
        name: "keys",
        class: "sheet keys",
    };
    dialog(named, page.shell.help, move || {
        let here = page.shell.screen.get_untracked();
        let others = Screen::offered().filter(|screen| *screen != here);
        let others = others.map(|screen| {
            view! {
                <details class="fold" data-keys-of=screen.word()><summary><b>{screen.title()}</b></summary>
                    <div class="sheet-groups">{of_screen(page, screen)}</div></details>
            }
        });
        view! {
            <div class="sheet-groups">{of_screen(page, here)}{groups(page, &commands::keys())}{gestures(&EVERYWHERE)}</div>
            {others.collect_view()}
        }
        .into_any()
    })
}

fn of_screen(page: Page, screen: Screen) -> AnyView {
    let gestures = screen.gestures().iter().map(gestures).collect_view();
    view! { {groups(page, &screen.own_keys())}{gestures} }.into_any()
}

fn groups(page: Page, entries: &[Entry<Command>]) -> AnyView {
    let group = |entries: &[Entry<Command>]| {
        let offered = entries.iter().filter(|entry| entry.command.is_offered());
        let titled = offered.filter(|entry| !entry.title.is_empty());
        let lines = titled.map(|entry| line(&entry.caps(&page.shell.keyboard.get()), entry.title));
        let lines: Vec<AnyView> = lines.collect();
        (!lines.is_empty()).then(|| section(entries[0].group, lines))
    };
    let groups = entries.chunk_by(|one, next| one.group == next.group);
    groups.filter_map(group).collect_view().into_any()
}

fn gestures(of: &Gestures) -> AnyView {
    let lines = of.lines.iter().map(|(caps, title)| line(caps, title));
    section(of.group, lines.collect())
}

fn section(title: &'static str, lines: Vec<AnyView>) -> AnyView {
    view! { <section><h3>{title}</h3><table><tbody>{lines}</tbody></table></section> }.into_any()
}

fn line(caps: &[impl ToString], title: &'static str) -> AnyView {
    let caps = caps.iter().map(|cap| view! { <kbd>{cap.to_string()}</kbd>" " });
    view! { <tr><td>{caps.collect_view()}</td><td>{title}</td></tr> }.into_any()
}
