//! The sheet of keys, made from the table of commands.

use leptos::prelude::*;

use crate::{
    part::dialog::{DialogName, dialog},
    screen::{Command, Page, Screen},
    shell::{commands, keyboard::Entry},
};

pub(crate) fn key_sheet(page: Page) -> AnyView {
    let named = DialogName {
        title: "Keys",
        name: "keys",
        class: "sheet",
    };
    dialog(named, page.shell.help, move || {
        view! { <div class="sheet-groups">{groups(page)}</div> }.into_any()
    })
}

fn groups(page: Page) -> AnyView {
    // The screen that is open comes first.
    let here = page.shell.screen.get_untracked();
    let others = Screen::ALL.iter().copied().filter(|screen| *screen != here);
    let own = std::iter::once(here).chain(others).flat_map(Screen::own_keys);
    let entries: Vec<_> = own.chain(commands::keys()).collect();
    let group = |entries: &[Entry<Command>]| {
        let line = |entry: &Entry<Command>| {
            let caps = entry.caps(&page.shell.keyboard.get()).into_iter();
            let caps = caps.map(|cap| view! { <kbd>{cap}</kbd>" " }).collect_view();
            view! { <tr><td>{caps}</td><td>{entry.title}</td></tr> }
        };
        let titled = entries.iter().filter(|entry| !entry.title.is_empty());
        let lines = titled.map(line).collect_view();
        view! { <section><h3>{entries[0].group}</h3><table><tbody>{lines}</tbody></table></section> }
    };
    let groups = entries.chunk_by(|one, next| one.group == next.group);
    groups.map(group).collect_view().into_any()
}
