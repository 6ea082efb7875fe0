//! The sheet of keys, made from the table of commands.

use leptos::{html, prelude::*};

use crate::{
    screen::{Command, Page, Screen},
    shell::{commands, keyboard::Entry},
};

/// The sheet, when it is open.
pub(crate) fn key_sheet(page: Page) -> AnyView {
    let sheet = move || {
        page.shell.help.get().then(|| {
            let node = NodeRef::<html::Div>::new();
            node.on_load(|element| drop(element.focus()));
            view! {
                <div class="veil" on:click=move |_| page.shell.help.set(false)>
                    <div
                        class="sheet" role="dialog" aria-modal="true" aria-label="Keys" tabindex="-1" node_ref=node
                        data-sheet="keys" on:click=|event| event.stop_propagation()
                    >
                        <header><b>"Keys"</b><span class="sp"></span>
                            <button class="btn" on:click=move |_| page.shell.help.set(false)>"Close "<kbd>"Esc"</kbd></button>
                        </header>
                        <div class="sheet-groups">{groups(page)}</div>
                    </div>
                </div>
            }
        })
    };
    view! { {sheet} }.into_any()
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
