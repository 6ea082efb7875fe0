//! Chords, and the tables that bind them to commands.
//!
//! WASD, full stop and comma are bound by *physical position* (`event.code`),
//! everything else by what the key types.

use std::collections::BTreeMap;

/// What is known of the keyboard, and how a person wants it used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyboard {
    /// Single characters are keys; otherwise they need Control and Alt (WCAG 2.1.4).
    pub singles: bool,
    /// What the keys type, by their place: `KeyW` → `z` on a French keyboard.
    pub layout: BTreeMap<String, String>,
}

impl Default for Keyboard {
    fn default() -> Self {
        Self {
            singles: true,
            layout: BTreeMap::new(),
        }
    }
}

impl Keyboard {
    /// Learns from a key that was pressed; gives whether that was news.
    pub fn learn(&mut self, pressed: &Pressed<'_>) -> bool {
        let is_character = pressed.key.chars().count() == 1 && pressed.key != " ";
        if !is_character || pressed.shift || pressed.ctrl || pressed.alt || pressed.code.is_empty() {
            return false;
        }
        let before = self.layout.insert(pressed.code.to_owned(), pressed.key.to_lowercase());
        before.as_deref() != Some(pressed.key)
    }
}

/// A key as the page sees it pressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pressed<'a> {
    pub key: &'a str,
    pub code: &'a str,
    pub shift: bool,
    /// Control or Command is held.
    pub ctrl: bool,
    pub alt: bool,
}

impl Pressed<'_> {
    /// Whether a text field uses this key itself, for its text or its clipboard.
    pub fn edits_text(&self) -> bool {
        let of_text = ["a", "c", "v", "x", "y", "z"];
        !self.ctrl || (!self.alt && of_text.contains(&self.key.to_lowercase().as_str()))
    }
}

/// Whether an element of this tag and type takes what is typed as its own.
///
/// A checkbox that was clicked keeps the focus, and keys go on to be commands.
pub fn takes_text(tag: &str, kind: &str) -> bool {
    let is_pressed = ["checkbox", "radio", "button", "submit", "file", "range"].contains(&kind);
    matches!(tag, "TEXTAREA" | "SELECT") || (tag == "INPUT" && !is_pressed)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// A named key, `ArrowRight`, or a letter in either case.
    Types(&'static str),
    /// A character that may itself need Shift.
    Sign(&'static str),
    /// A place on the keyboard.
    Place(&'static str),
}

/// A key with what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chord {
    key: Key,
    shift: bool,
    ctrl: bool,
}

pub(crate) const fn types(key: &'static str) -> Chord {
    Chord {
        key: Key::Types(key),
        shift: false,
        ctrl: false,
    }
}
pub(crate) const fn sign(key: &'static str) -> Chord {
    Chord {
        key: Key::Sign(key),
        shift: false,
        ctrl: false,
    }
}
pub(crate) const fn place(code: &'static str) -> Chord {
    Chord {
        key: Key::Place(code),
        shift: false,
        ctrl: false,
    }
}
impl Chord {
    pub(crate) const fn shift(mut self) -> Self {
        self.shift = true;
        self
    }
    pub(crate) const fn ctrl(mut self) -> Self {
        self.ctrl = true;
        self
    }
    /// A letter, digit or sign alone, Shift aside.
    fn is_single(&self) -> bool {
        let is_one = match self.key {
            Key::Types(key) | Key::Sign(key) => key.chars().count() == 1 && key != " ",
            Key::Place(_) => true,
        };
        is_one && !self.ctrl
    }
}

/// A command with its keys and its line on the sheet of keys.
#[derive(Clone, Copy, Debug)]
pub struct Entry<C> {
    pub command: C,
    /// Heading on the sheet.
    pub group: &'static str,
    /// What it does; a command without a title stands on no line of its own.
    pub title: &'static str,
    pub(crate) chords: &'static [Chord],
}

impl<C> Entry<C> {
    /// The same line for a command in another enum.
    pub(crate) fn map<D>(self, wrap: impl FnOnce(C) -> D) -> Entry<D> {
        Entry {
            command: wrap(self.command),
            group: self.group,
            title: self.title,
            chords: self.chords,
        }
    }

    /// Whether a pressed key asks for it.
    pub(crate) fn is_asked(&self, pressed: &Pressed<'_>, keyboard: &Keyboard) -> bool {
        self.chords.iter().any(|chord| asks(chord, pressed, keyboard))
    }

    /// Its keys as the sheet prints them, with what the user's own keyboard types; first the usual one.
    pub fn caps(&self, keyboard: &Keyboard) -> Vec<String> {
        self.chords.iter().map(|chord| cap(chord, keyboard)).collect()
    }
}

/// Writes a table of keys down: groups of commands, each with its title and chords.
macro_rules! keys {
    ($($group:literal { $($command:expr, $title:literal, [$($chord:expr),*];)* })*) => {
        &[$($($crate::shell::keyboard::Entry {
            command: $command, group: $group, title: $title, chords: &[$($chord),*],
        },)*)*]
    };
}
pub(crate) use keys;

/// Whether a key asks for a chord's command, with what has to be held where
/// single characters are switched off.
fn asks(chord: &Chord, pressed: &Pressed<'_>, keyboard: &Keyboard) -> bool {
    if keyboard.singles || !chord.is_single() {
        return !pressed.alt && matches(chord, pressed);
    }
    let bare = Pressed {
        ctrl: false,
        alt: false,
        ..*pressed
    };
    pressed.ctrl && pressed.alt && matches(chord, &bare)
}

fn matches(chord: &Chord, pressed: &Pressed<'_>) -> bool {
    if chord.ctrl != pressed.ctrl {
        return false;
    }
    match chord.key {
        Key::Types(key) => key.eq_ignore_ascii_case(pressed.key) && chord.shift == pressed.shift,
        Key::Sign(key) => key == pressed.key,
        Key::Place(code) => code == pressed.code && chord.shift == pressed.shift,
    }
}

fn cap(chord: &Chord, keyboard: &Keyboard) -> String {
    let mut out = String::new();
    if !keyboard.singles && chord.is_single() {
        out.push_str("Ctrl Alt ");
    }
    if chord.ctrl {
        out.push_str("Ctrl ");
    }
    if chord.shift {
        out.push('⇧');
    }
    let (Key::Types(key) | Key::Sign(key) | Key::Place(key)) = chord.key;
    if let Some(typed) = keyboard.layout.get(key).filter(|_| matches!(chord.key, Key::Place(_))) {
        out.push_str(typed);
        return out;
    }
    out.push_str(match key {
        "ArrowRight" => "→",
        "ArrowLeft" => "←",
        "ArrowUp" => "↑",
        "ArrowDown" => "↓",
        " " => "Space",
        "Escape" => "Esc",
        "Backspace" => "⌫",
        "Enter" => "⏎",
        "Period" => ".",
        "Comma" => ",",
        other => other.strip_prefix("Key").unwrap_or(other),
    });
    if matches!(chord.key, Key::Place(code) if code.starts_with("Key")) {
        out = out.to_lowercase();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkbox_that_has_the_focus_leaves_the_keys_to_the_screen() {
        for (tag, kind, takes) in [
            ("INPUT", "", true),
            ("INPUT", "search", true),
            ("INPUT", "number", true),
            ("INPUT", "checkbox", false),
            ("INPUT", "file", false),
            ("TEXTAREA", "", true),
            ("SELECT", "", true),
            ("BUTTON", "", false),
        ] {
            assert_eq!(takes_text(tag, kind), takes, "{tag} {kind}");
        }
    }

    #[test]
    fn a_field_keeps_the_keys_that_edit_its_text() {
        let held = |key| Pressed {
            key,
            ctrl: true,
            ..Pressed::default()
        };
        let plain = |key| Pressed {
            ctrl: false,
            ..held(key)
        };
        assert!(plain("e").edits_text());
        assert!(held("z").edits_text() && held("Z").edits_text() && held("v").edits_text());
        assert!(!held("g").edits_text());
        let with_alt = Pressed { alt: true, ..held("z") };
        assert!(!with_alt.edits_text());
    }
}
