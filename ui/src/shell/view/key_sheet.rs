//! The sheet of keys, made from the table of commands.

use leptos::{html, prelude::*};

use crate::shell::{
    keyboard::{Scope, TABLE},
    model::{Screen, Shell},
};

/// The sheet, when it is open.
pub(crate) fn key_sheet(shell: Shell) -> AnyView {
    let sheet = move || {
        shell.help.get().then(|| {
            let node = NodeRef::<html::Div>::new();
            node.on_load(|element| drop(element.focus()));
            view! {
                <div class="veil" on:click=move |_| shell.help.set(false)>
                    <div
                        class="sheet" role="dialog" aria-modal="true" aria-label="Keys" tabindex="-1" node_ref=node
                        data-sheet="keys" on:click=|event| event.stop_propagation()
                    >
                        <header><b>"Keys"</b><span class="sp"></span>
                            <button class="btn" on:click=move |_| shell.help.set(false)>"Close "<kbd>"Esc"</kbd></button>
                        </header>
                        <div class="sheet-groups">{groups(shell)}</div>
                    </div>
                </div>
            }
        })
    };
    view! { {sheet} }.into_any()
}

fn groups(shell: Shell) -> AnyView {
    let here = match shell.screen.get_untracked() {
        Screen::Library => Scope::Library,
        Screen::Inspect => Scope::Inspect,
        Screen::Compare => Scope::Compare,
        Screen::Replay => Scope::Replay,
    };
    let mut names: Vec<(&str, Scope)> = Vec::new();
    for entry in TABLE {
        if !names.iter().any(|(name, _)| *name == entry.group) {
            names.push((entry.group, entry.scope));
        }
    }
    // The screen that is open comes first.
    names.sort_by_key(|(_, scope)| if *scope == here { 0 } else { 1 });
    let group = |(name, _): (&'static str, Scope)| {
        let lines = TABLE
            .iter()
            .filter(|entry| entry.group == name && !entry.title.is_empty());
        let lines: Vec<_> = lines
            .map(|entry| {
                let caps: Vec<_> = entry
                    .caps(&shell.keyboard.get())
                    .into_iter()
                    .map(|cap| view! { <kbd>{cap}</kbd>" " })
                    .collect();
                view! { <tr><td>{caps}</td><td>{entry.title}</td></tr> }
            })
            .collect();
        view! { <section><h3>{name}</h3><table><tbody>{lines}</tbody></table></section> }
    };
    names.into_iter().map(group).collect_view().into_any()
}
