//! The state tree: which branches are open, which lines are asked for.

use std::collections::BTreeSet;

use scrubjay_ipc::{State, StateLine, StateTree};

use super::{Inspect, sides::Side};
use crate::{browser, part::listing::Listing, signal::*};

/// Most branches that are remembered.
const MOST_OPEN: usize = 500;

#[derive(Clone, Copy)]
pub(crate) struct Tree {
    pub(crate) list: Listing<StateTree>,
    /// Open branches by JSON Pointer; kept over moves, exchanges and restarts.
    pub(crate) expanded: RwSignal<BTreeSet<String>>,
    pub(crate) changed_only: RwSignal<bool>,
    /// The line with the keyboard focus.
    pub(crate) focus: RwSignal<Option<String>>,
}

impl Tree {
    pub(super) fn new() -> Self {
        let stored = browser::recall("state.expanded").and_then(|text| serde_json::from_str(&text).ok());
        let expanded: RwSignal<BTreeSet<String>> = RwSignal::new(stored.unwrap_or_default());
        Self {
            list: Listing::new(22.0, 400.0),
            expanded,
            changed_only: RwSignal::new(false),
            focus: RwSignal::new(None),
        }
    }

    pub(super) fn clear(self) {
        self.list.page.clear();
    }

    pub(super) fn watch(self, inspect: Inspect) {
        let is_ours = move |ask: &State| inspect.is_open(ask.exchange);
        let asker = self.list.page.asker(is_ours);
        Effect::new(move |_| {
            let (Some(exchange), at) = (inspect.exchange.get(), inspect.seq.get()) else {
                return;
            };
            let (expanded, changed_only) = (self.expanded.get(), self.changed_only.get());
            let is_known = inspect.opened.with(Option::is_some);
            let (first, count) = self.list.window(60);
            if is_known && inspect.sides.tab.get() == Side::State {
                let expanded = expanded.into_iter().collect();
                asker.ask(State {
                    exchange,
                    at,
                    expanded,
                    changed_only,
                    first,
                    count,
                });
            }
        });
    }

    /// Opens or closes a branch, and remembers it.
    pub(crate) fn toggle(self, pointer: &str) {
        self.expanded.update(|expanded| {
            if !expanded.remove(pointer) {
                expanded.insert(pointer.to_owned());
            }
            while expanded.len() > MOST_OPEN {
                expanded.pop_first();
            }
        });
        let text = self.expanded.with_untracked(serde_json::to_string);
        browser::remember("state.expanded", &text.unwrap_or_default());
    }

    /// Opens branches below a pointer, all that a value has.
    pub(crate) fn open_below(self, pointer: &str, value: &serde_json::Value) {
        let mut found = Vec::new();
        branches(pointer, value, &mut found);
        self.expanded.update(|expanded| expanded.extend(found));
    }

    /// Moves through the tree as through a file tree. Gives whether the key was used.
    pub(crate) fn key(self, key: &str) -> bool {
        let (first, lines) = self.list.rows_now();
        let here = self.focus.get_untracked();
        let at = lines.iter().position(|line| Some(&line.pointer) == here.as_ref());
        let to = |number: usize| {
            if let Some(line) = lines.get(number) {
                self.focus.set(Some(line.pointer.clone()));
                self.list.reveal(first + number as u64);
            }
        };
        match (key, at) {
            ("ArrowDown", at) => to(at.map_or(0, |at| at + 1)),
            ("ArrowUp", at) => to(at.map_or(0, |at| at.saturating_sub(1))),
            ("ArrowRight", Some(at)) if lines[at].children > 0 && !lines[at].expanded => {
                self.toggle(&lines[at].pointer);
            }
            ("ArrowRight", Some(at)) if lines[at].expanded => to(at + 1),
            ("ArrowLeft", Some(at)) if lines[at].expanded => self.toggle(&lines[at].pointer),
            ("ArrowLeft", Some(at)) => {
                let parent = lines[..at].iter().rposition(|line| line.depth < lines[at].depth);
                to(parent.unwrap_or(at));
            }
            (" ", Some(at)) if lines[at].children > 0 => self.toggle(&lines[at].pointer),
            _ => return false,
        }
        true
    }

    /// The line with the focus.
    pub(crate) fn focused(self) -> Option<StateLine> {
        let here = self.focus.get_untracked()?;
        self.list.rows_now().1.into_iter().find(|line| line.pointer == here)
    }
}

/// Pointers of a value and of the branches in it, as many as are remembered.
fn branches(pointer: &str, value: &serde_json::Value, found: &mut Vec<String>) {
    if found.len() >= MOST_OPEN {
        return;
    }
    let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match value {
        serde_json::Value::Object(members) => {
            found.push(pointer.to_owned());
            for (name, member) in members {
                branches(&format!("{pointer}/{}", escaped(name)), member, found);
            }
        }
        serde_json::Value::Array(items) => {
            found.push(pointer.to_owned());
            for (place, item) in items.iter().enumerate() {
                branches(&format!("{pointer}/{place}"), item, found);
            }
        }
        _ => {}
    }
}
