//! Every command by name, with its keys.
//!
//! One table: the handler looks commands up in it, the `?` sheet and the hints
//! are printed from it. WASD, full stop and comma are bound by *physical
//! position* (`event.code`), everything else by what the key types.

use std::collections::BTreeMap;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the table gives each a sentence")]
pub enum Command {
    NextRow,
    PrevRow,
    NextEvent,
    PrevEvent,
    Ahead100,
    Back100,
    Ahead1s,
    Back1s,
    Start,
    End,
    PlayPause,
    Slower,
    Faster,
    NormalSpeed,
    /// Tenths of the visible range.
    Part(u8),
    PlaceBack,
    PlaceForward,
    GoTo,
    Export,
    NextProblem,
    PrevProblem,
    NextTool,
    PrevTool,
    NextState,
    PrevState,
    NextRun,
    PrevRun,
    NextTurn,
    PrevTurn,
    NextGap,
    PrevGap,
    ZoomIn,
    ZoomOut,
    PanLeft,
    PanRight,
    FitSelection,
    FitAll,
    FitRun,
    CycleAxis,
    CycleRows,
    CycleDetail,
    FoldLanes,
    ToggleRow,
    ChangedOnly,
    NextPane,
    PrevPane,
    Library,
    Inspect,
    Compare,
    Replay,
    Help,
    Close,
    Open,
    Delete,
    Undo,
    Search,
    /// Shows requests that are no runs, or hides them.
    OtherRequests,
    /// Selects a run beside others.
    Pick,
    Serve,
    Baseline,
    CompareWith,
    Dock,
    FirstDivergence,
    NextDifference,
    PrevDifference,
    SwapSides,
    CycleLevel,
    DifferencesOnly,
    Downstream,
    Ignore,
    PairByHand,
    Unpair,
    OpenA,
    OpenB,
    Report,
    StartStop,
    CopyAddress,
    SendNext,
    SkipNext,
    DuplicateNext,
    DelayNext,
    EditNext,
    GoOn,
    BreakOff,
    Hold,
}

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

/// Where a command applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says it")]
pub enum Scope {
    Anywhere,
    Inspect,
    Library,
    Compare,
    Replay,
}

/// A key as the page sees it pressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pressed<'a> {
    /// `event.key`.
    pub key: &'a str,
    /// `event.code`.
    pub code: &'a str,
    /// Shift is held.
    pub shift: bool,
    /// Control or Command is held.
    pub ctrl: bool,
    /// Alt is held.
    pub alt: bool,
}

/// Which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// A named key, `ArrowRight`, or a letter whatever its case.
    Types(&'static str),
    /// A character that may itself need Shift.
    Sign(&'static str),
    /// A place on the keyboard.
    Place(&'static str),
}

/// A key with what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Chord {
    key: Key,
    shift: bool,
    ctrl: bool,
}

const fn types(key: &'static str) -> Chord {
    Chord {
        key: Key::Types(key),
        shift: false,
        ctrl: false,
    }
}
const fn sign(key: &'static str) -> Chord {
    Chord {
        key: Key::Sign(key),
        shift: false,
        ctrl: false,
    }
}
const fn place(code: &'static str) -> Chord {
    Chord {
        key: Key::Place(code),
        shift: false,
        ctrl: false,
    }
}
impl Chord {
    const fn shift(mut self) -> Self {
        self.shift = true;
        self
    }
    const fn ctrl(mut self) -> Self {
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

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What it asks for.
    pub command: Command,
    /// Heading on the sheet.
    pub group: &'static str,
    /// What it does, for the sheet.
    pub title: &'static str,
    /// Where it applies.
    pub scope: Scope,
    chords: &'static [Chord],
}

macro_rules! table {
    ($($group:literal $scope:ident { $($command:expr, $title:literal, [$($chord:expr),*];)* })*) => {
        /// All commands, in the order of the sheet.
        pub const TABLE: &[Entry] = &[$($(Entry {
            command: $command, group: $group, title: $title, scope: Scope::$scope, chords: &[$($chord),*],
        },)*)*];
    };
}

use Command as C;

table! {
    "Playhead" Inspect {
        C::NextRow, "next row", [types("ArrowRight"), types("ArrowDown"), types("j")];
        C::PrevRow, "previous row", [types("ArrowLeft"), types("ArrowUp"), types("k")];
        C::NextEvent, "next event, inside spans too", [types("ArrowRight").shift()];
        C::PrevEvent, "previous event, inside spans too", [types("ArrowLeft").shift()];
        C::Ahead100, "forward 100 ms", [place("Period")];
        C::Back100, "back 100 ms", [place("Comma")];
        C::Ahead1s, "forward 1 s", [place("Period").shift()];
        C::Back1s, "back 1 s", [place("Comma").shift()];
        C::Start, "start", [types("Home")];
        C::End, "end, and follow", [types("End")];
        C::PlayPause, "play or pause; while following: stay here", [types(" ")];
        C::Slower, "slower", [sign("-")];
        C::Faster, "faster", [sign("=")];
        C::NormalSpeed, "normal speed", [types("Backspace")];
        C::Part(0), "left edge of what is visible", [types("0")];
        C::Part(1), "10 % of what is visible (2…9: 20…90 %)", [types("1")];
        C::Part(2), "", [types("2")];
        C::Part(3), "", [types("3")];
        C::Part(4), "", [types("4")];
        C::Part(5), "", [types("5")];
        C::Part(6), "", [types("6")];
        C::Part(7), "", [types("7")];
        C::Part(8), "", [types("8")];
        C::Part(9), "", [types("9")];
        C::PlaceBack, "back to where you were", [sign("[").ctrl()];
        C::PlaceForward, "forward again", [sign("]").ctrl()];
        C::GoTo, "go to an event, a time or a run", [types("g").ctrl()];
    }
    "Jumps (Shift: backwards)" Inspect {
        C::NextProblem, "next problem", [types("e")];
        C::PrevProblem, "", [types("e").shift()];
        C::NextTool, "next tool call", [types("t")];
        C::PrevTool, "", [types("t").shift()];
        C::NextState, "next state change", [types("c")];
        C::PrevState, "", [types("c").shift()];
        C::NextRun, "next start or end of a run", [types("r")];
        C::PrevRun, "", [types("r").shift()];
        C::NextTurn, "next turn", [types("b")];
        C::PrevTurn, "", [types("b").shift()];
        C::NextGap, "next gap of half a second or more", [types("g")];
        C::PrevGap, "", [types("g").shift()];
    }
    "View" Inspect {
        C::ZoomIn, "zoom in", [place("KeyW")];
        C::ZoomOut, "zoom out", [place("KeyS")];
        C::PanLeft, "pan left", [place("KeyA")];
        C::PanRight, "pan right", [place("KeyD")];
        C::FitSelection, "fit the row under the playhead", [types("f")];
        C::FitAll, "fit everything", [types("f").shift()];
        C::FitRun, "fit the run under the playhead", [types("z")];
        C::CycleAxis, "axis: clock, idle collapsed, event number", [types("x")];
        C::CycleRows, "rows: spans or events", [types("v")];
        C::CycleDetail, "detail: verdict, fields, raw, hex", [types("y")];
        C::FoldLanes, "fold or unfold the lanes", [types("u")];
        C::ToggleRow, "open or close the row's events", [types("Enter")];
        C::ChangedOnly, "state: changed only", [sign(".").ctrl()];
        C::Export, "save the exchange as a recording", [types("e").ctrl()];
        C::Dock, "open or close the problems", [types("j").ctrl()];
        C::Baseline, "take it as baseline A", [types("b").ctrl()];
        C::CompareWith, "compare it with A", [types("b").ctrl().shift()];
        C::Serve, "serve it as the agent", [types("q")];
    }
    "Library" Library {
        C::NextRow, "next run", [types("ArrowDown"), types("j")];
        C::PrevRow, "previous run", [types("ArrowUp"), types("k")];
        C::Open, "open the run", [types("Enter")];
        C::Delete, "delete its exchange", [types("Delete")];
        C::Undo, "undo the deletion", [types("z").ctrl()];
        C::Search, "search", [sign("/")];
        C::OtherRequests, "show or hide requests that are no runs", [types("o")];
        C::Start, "first run", [types("Home")];
        C::End, "last run", [types("End")];
        C::Pick, "select it beside others", [types(" ")];
        C::Baseline, "take it as baseline A", [types("b").ctrl()];
        C::CompareWith, "compare it with A, or the two selected", [types("b").ctrl().shift()];
        C::Serve, "serve it, or what is selected, as the agent", [types("q")];
    }
    "Compare" Compare {
        C::FirstDivergence, "first divergence", [types("Enter")];
        C::NextDifference, "next difference", [place("Period")];
        C::PrevDifference, "previous difference", [place("Comma")];
        C::NextRow, "next pair", [types("ArrowDown"), types("j")];
        C::PrevRow, "previous pair", [types("ArrowUp"), types("k")];
        C::Start, "first pair", [types("Home")];
        C::End, "last pair", [types("End")];
        C::SwapSides, "swap the sides", [sign("\\")];
        C::CycleLevel, "level: behaviour, state, text, wire", [types("v")];
        C::DifferencesOnly, "only differences", [types("h")];
        C::Downstream, "open or fold what lies downstream", [types("u")];
        C::CycleDetail, "pair: words, tree, timing, state after", [types("y")];
        C::Ignore, "ignore a pointer or a pattern", [types("i")];
        C::PairByHand, "take the row; on another row: pair the two", [types("p")];
        C::Unpair, "take a pair made by hand apart", [types("p").shift()];
        C::OpenA, "open A's side in Inspect", [types("o")];
        C::OpenB, "open B's side in Inspect", [types("o").shift()];
        C::CycleAxis, "axis: clock, idle collapsed, event number", [types("x")];
        C::ZoomIn, "zoom in", [place("KeyW")];
        C::ZoomOut, "zoom out", [place("KeyS")];
        C::PanLeft, "pan left", [place("KeyA")];
        C::PanRight, "pan right", [place("KeyD")];
        C::FitAll, "fit everything", [types("f").shift()];
        C::Report, "copy the report as Markdown", [types("e").ctrl()];
    }
    "Replay" Replay {
        C::SendNext, "send the next event", [types("Enter").ctrl()];
        C::SkipNext, "skip it", [types("s")];
        C::DuplicateNext, "send it twice", [types("d")];
        C::DelayNext, "send it late", [types("l")];
        C::EditNext, "edit it", [types("e")];
        C::GoOn, "go on at the pace", [types("g")];
        C::BreakOff, "break the connection off", [types("x").shift()];
        C::NextRow, "next client", [types("ArrowDown"), types("j")];
        C::PrevRow, "previous client", [types("ArrowUp"), types("k")];
        C::Hold, "hold at a filter", [sign("/")];
        C::CycleAxis, "axis: clock, event number", [types("x")];
        C::CopyAddress, "copy the address", [types("c")];
        C::OpenA, "open what the client has in Inspect", [types("o")];
        C::StartStop, "start or stop serving", [types("r").shift()];
    }
    "Everywhere" Anywhere {
        C::NextPane, "next pane", [types("F6")];
        C::PrevPane, "previous pane", [types("F6").shift()];
        C::Library, "Library", [types("1").ctrl()];
        C::Inspect, "Inspect", [types("2").ctrl()];
        C::Compare, "Compare", [types("3").ctrl()];
        C::Replay, "Replay", [types("4").ctrl()];
        C::Help, "this sheet", [sign("?")];
        C::Close, "close what is open", [types("Escape")];
    }
}

/// The command a key asks for, if any.
pub fn command(pressed: &Pressed<'_>, scope: Scope, keyboard: &Keyboard) -> Option<Command> {
    let entry = |entry: &&Entry| {
        (entry.scope == scope || entry.scope == Scope::Anywhere)
            && entry.chords.iter().any(|chord| asks(chord, pressed, keyboard))
    };
    TABLE.iter().find(entry).map(|entry| entry.command)
}

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

/// The keys of a command as the sheet prints them, first the usual one.
pub fn caps(command: Command, scope: Scope, keyboard: &Keyboard) -> Vec<String> {
    let find = |entry: &&Entry| entry.command == command && (entry.scope == scope || entry.scope == Scope::Anywhere);
    TABLE
        .iter()
        .find(find)
        .map(|entry| entry.caps(keyboard))
        .unwrap_or_default()
}

impl Entry {
    /// Its keys as the sheet prints them, with what the user's own keyboard types.
    pub fn caps(&self, keyboard: &Keyboard) -> Vec<String> {
        self.chords.iter().map(|chord| cap(chord, keyboard)).collect()
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
    use std::collections::HashSet;

    use super::*;

    fn press(key: &'static str, code: &'static str, shift: bool, ctrl: bool) -> Pressed<'static> {
        Pressed {
            key,
            code,
            shift,
            ctrl,
            alt: false,
        }
    }

    #[test]
    fn no_key_asks_for_two_things() {
        for scope in [Scope::Inspect, Scope::Library, Scope::Compare, Scope::Replay] {
            let mut seen = HashSet::new();
            for entry in TABLE
                .iter()
                .filter(|entry| entry.scope == scope || entry.scope == Scope::Anywhere)
            {
                for chord in entry.chords {
                    let cap = cap(chord, &Keyboard::default());
                    assert!(seen.insert(cap.clone()), "{scope:?} twice: {cap}");
                }
            }
        }
    }

    #[test]
    fn shift_goes_backwards_and_control_is_another_key() {
        let at = |pressed| command(&pressed, Scope::Inspect, &Keyboard::default());
        assert_eq!(at(press("g", "KeyG", false, false)), Some(Command::NextGap));
        assert_eq!(at(press("G", "KeyG", true, false)), Some(Command::PrevGap));
        assert_eq!(at(press("g", "KeyG", false, true)), Some(Command::GoTo));
        assert_eq!(at(press("?", "Slash", true, false)), Some(Command::Help));
        assert_eq!(at(press("c", "KeyC", false, true)), None);
    }

    #[test]
    fn zoom_and_pan_are_bound_to_places() {
        // On a French keyboard the key at W types z; it still zooms.
        let pressed = press("z", "KeyW", false, false);
        assert_eq!(
            TABLE
                .iter()
                .filter(|entry| entry.scope == Scope::Inspect)
                .filter(|entry| entry.chords.iter().any(|chord| matches(chord, &pressed)))
                .count(),
            2
        );
        assert_eq!(
            command(
                &press(":", "Period", false, false),
                Scope::Inspect,
                &Keyboard::default()
            ),
            Some(Command::Ahead100)
        );
        assert_eq!(
            command(
                &press("Delete", "Delete", false, false),
                Scope::Inspect,
                &Keyboard::default()
            ),
            None
        );
    }

    #[test]
    fn caps_are_short() {
        let keyboard = Keyboard::default();
        assert_eq!(caps(Command::NextRow, Scope::Inspect, &keyboard), ["→", "↓", "j"]);
        assert_eq!(caps(Command::ZoomIn, Scope::Inspect, &keyboard), ["w"]);
        assert_eq!(caps(Command::GoTo, Scope::Inspect, &keyboard), ["Ctrl g"]);
    }

    #[test]
    fn caps_are_those_of_the_users_own_keyboard() {
        let mut keyboard = Keyboard::default();
        assert!(keyboard.learn(&press("z", "KeyW", false, false)));
        assert!(!keyboard.learn(&press("z", "KeyW", false, false)));
        assert!(!keyboard.learn(&press("Z", "KeyW", true, false)));
        assert_eq!(caps(Command::ZoomIn, Scope::Inspect, &keyboard), ["z"]);
        assert_eq!(caps(Command::PanLeft, Scope::Inspect, &keyboard), ["a"]);
    }

    #[test]
    fn single_characters_can_be_switched_off_as_a_whole() {
        let keyboard = Keyboard {
            singles: false,
            ..Keyboard::default()
        };
        let at = |pressed: Pressed<'_>| command(&pressed, Scope::Inspect, &keyboard);
        let held = |key, code, shift| Pressed {
            alt: true,
            ..press(key, code, shift, true)
        };
        assert_eq!(at(press("e", "KeyE", false, false)), None);
        assert_eq!(at(held("e", "KeyE", false)), Some(Command::NextProblem));
        assert_eq!(at(held("E", "KeyE", true)), Some(Command::PrevProblem));
        assert_eq!(at(press("w", "KeyW", false, false)), None);
        assert_eq!(
            at(press("ArrowRight", "ArrowRight", false, false)),
            Some(Command::NextRow)
        );
        assert_eq!(at(press("g", "KeyG", false, true)), Some(Command::GoTo));
        assert_eq!(caps(Command::NextProblem, Scope::Inspect, &keyboard), ["Ctrl Alt e"]);
        assert_eq!(caps(Command::PlayPause, Scope::Inspect, &keyboard), ["Space"]);
    }
}
