//! The screens: a folder each, and a line of the table below.
//!
//! A folder offers its model (`new` and [`Model`]), `commands` (`Command`,
//! `KEYS`, `hints`, `run`), and in a browser `view` (`screen`, `status`).

pub mod compare;
pub mod gestures;
pub mod inspect;
pub mod library;
pub mod replay;

mod choose;

use scrubjay_ipc::News;

use crate::{
    bridge,
    shell::{
        commands as general,
        keyboard::{Entry, Keyboard, Pressed},
        model::Shell,
    },
};

/// What the page asks of every screen's model.
pub(crate) trait Model: Copy {
    fn hear(self, _page: Page, _news: &News) {}

    /// Closes what is open, one thing; gives whether there was any.
    fn close(self) -> bool {
        false
    }
}

/// Writes the screens down, in the order of their tabs and number keys.
macro_rules! screens {
    ($($screen:ident: $folder:ident, $model:ident;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Screen { $($screen),* }

        impl Screen {
            pub const ALL: &[Self] = &[$(Self::$screen),*];

            /// Its name in addresses and attributes.
            pub fn word(self) -> &'static str {
                match self { $(Self::$screen => stringify!($folder)),* }
            }

            /// What its tab shows.
            pub fn title(self) -> &'static str {
                match self { $(Self::$screen => stringify!($screen)),* }
            }

            /// Its own keys.
            pub(crate) fn own_keys(self) -> Vec<Entry<Command>> {
                match self {
                    $(Self::$screen => {
                        $folder::commands::KEYS.iter().map(|entry| entry.map(Command::$screen)).collect()
                    })*
                }
            }

            /// The most useful commands now, with a word for each.
            pub(crate) fn hints(self, page: Page) -> Vec<(Command, &'static str)> {
                match self {
                    $(Self::$screen => {
                        let hints = $folder::commands::hints(page).into_iter();
                        hints.map(|(command, word)| (Command::$screen(command), word)).collect()
                    })*
                }
            }

            #[cfg(target_arch = "wasm32")]
            pub(crate) fn view(self, page: Page) -> leptos::prelude::AnyView {
                match self { $(Self::$screen => $folder::view::screen(page)),* }
            }

            /// The line at the bottom of the window.
            #[cfg(target_arch = "wasm32")]
            pub(crate) fn status(self, page: Page) -> leptos::prelude::AnyView {
                match self { $(Self::$screen => $folder::view::status(page)),* }
            }
        }

        /// A command of a screen, or one that works on all of them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Command {
            General(general::Command),
            $($screen($folder::commands::Command)),*
        }

        impl Command {
            pub(crate) fn run(self, page: Page) {
                match self {
                    Self::General(command) => general::run(page, command),
                    $(Self::$screen(command) => $folder::commands::run(page, command)),*
                }
            }
        }

        /// All models of the page. Copied freely; all parts are signals.
        #[derive(Clone, Copy)]
        pub(crate) struct Page {
            pub(crate) shell: Shell,
            $(pub(crate) $folder: $folder::model::$model),*
        }

        impl Page {
            pub(crate) fn with(shell: Shell) -> Self {
                Self { shell, $($folder: $folder::model::$model::new(shell)),* }
            }

            /// Passes news on to every screen.
            pub(crate) fn hear_on_screens(self, news: &News) {
                $(self.$folder.hear(self, news);)*
            }

            /// Closes what is open on a screen, one thing; gives whether there was any.
            pub(crate) fn close_on_screens(self) -> bool {
                $(self.$folder.close())||*
            }
        }
    };
}

screens! {
    Library: library, LibraryModel;
    Inspect: inspect, Inspect;
    Compare: compare, CompareModel;
    Replay: replay, ReplayModel;
}

impl Screen {
    /// The screens that the page has: serving recordings wants an engine.
    pub(crate) fn offered() -> impl Iterator<Item = Self> {
        let has_engine = bridge::has_engine();
        Self::ALL
            .iter()
            .copied()
            .filter(move |screen| has_engine || *screen != Self::Replay)
    }

    /// The screen of a name.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|screen| screen.word() == word)
    }

    /// The command a key asks for here, if any.
    pub fn command(self, pressed: &Pressed<'_>, keyboard: &Keyboard) -> Option<Command> {
        let mut entries = self.own_keys().into_iter().chain(general::keys());
        entries
            .find(|entry| entry.is_asked(pressed, keyboard))
            .map(|entry| entry.command)
    }

    /// The keys of a command as the sheet prints them, first the usual one.
    pub(crate) fn caps(self, command: Command, keyboard: &Keyboard) -> Vec<String> {
        let mut entries = self.own_keys().into_iter().chain(general::keys());
        entries
            .find(|entry| entry.command == command)
            .map(|entry| entry.caps(keyboard))
            .unwrap_or_default()
    }
}

impl Command {
    /// Whether the page can do it: a report keeps and serves nothing.
    pub(crate) fn is_offered(self) -> bool {
        let wants_engine = match self {
            Self::General(general::Command::Show(screen)) => screen == Screen::Replay,
            Self::General(_) | Self::Compare(_) => false,
            Self::Library(command) => command.wants_engine(),
            Self::Inspect(command) => command == inspect::commands::Command::Serve,
            Self::Replay(_) => true,
        };
        !wants_engine || bridge::has_engine()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use scrubjay_ipc::JumpTo;

    use super::*;
    use inspect::commands::{
        Command as C,
        Direction::{Backward, Forward},
    };

    fn press(key: &'static str, code: &'static str, shift: bool, ctrl: bool) -> Pressed<'static> {
        Pressed {
            key,
            code,
            shift,
            ctrl,
            alt: false,
        }
    }

    fn inspect(pressed: Pressed<'_>) -> Option<Command> {
        Screen::Inspect.command(&pressed, &Keyboard::default())
    }

    fn caps(command: C, keyboard: &Keyboard) -> Vec<String> {
        Screen::Inspect.caps(Command::Inspect(command), keyboard)
    }

    #[test]
    fn no_key_asks_for_two_things() {
        for screen in Screen::ALL {
            let mut seen = HashSet::new();
            for entry in screen.own_keys().into_iter().chain(general::keys()) {
                for cap in entry.caps(&Keyboard::default()) {
                    assert!(seen.insert(cap.clone()), "{screen:?} twice: {cap}");
                }
            }
        }
    }

    #[test]
    fn each_screen_has_a_number_key() {
        for (screen, key) in Screen::ALL.iter().zip(["1", "2", "3", "4", "5", "6", "7", "8", "9"]) {
            let wanted = Command::General(general::Command::Show(*screen));
            assert_eq!(inspect(press(key, "", false, true)), Some(wanted));
            assert_eq!(Screen::read(screen.word()), Some(*screen));
        }
    }

    #[test]
    fn shift_goes_backwards_and_control_is_another_key() {
        let jump = |direction| Some(Command::Inspect(C::Jump(JumpTo::Gap, direction)));
        assert_eq!(inspect(press("g", "KeyG", false, false)), jump(Forward));
        assert_eq!(inspect(press("G", "KeyG", true, false)), jump(Backward));
        assert_eq!(
            inspect(press("g", "KeyG", false, true)),
            Some(Command::Inspect(C::GoTo))
        );
        assert_eq!(
            inspect(press("?", "Slash", true, false)),
            Some(Command::General(general::Command::Help))
        );
        assert_eq!(inspect(press("c", "KeyC", false, true)), None);
    }

    #[test]
    fn zoom_and_pan_are_bound_to_places() {
        // On a French keyboard the key at W types z; it still zooms.
        let pressed = press("z", "KeyW", false, false);
        let asked = Screen::Inspect
            .own_keys()
            .into_iter()
            .filter(|entry| entry.is_asked(&pressed, &Keyboard::default()));
        assert_eq!(asked.count(), 2);
        assert_eq!(
            inspect(press(":", "Period", false, false)),
            Some(Command::Inspect(C::Micros(100_000)))
        );
        assert_eq!(inspect(press("Delete", "Delete", false, false)), None);
    }

    #[test]
    fn caps_are_short() {
        let keyboard = Keyboard::default();
        assert_eq!(caps(C::Row(1), &keyboard), ["→", "↓", "j"]);
        assert_eq!(caps(C::ZoomIn, &keyboard), ["w"]);
        assert_eq!(caps(C::GoTo, &keyboard), ["Ctrl g"]);
    }

    #[test]
    fn caps_are_those_of_the_users_own_keyboard() {
        let mut keyboard = Keyboard::default();
        assert!(keyboard.learn(&press("z", "KeyW", false, false)));
        assert!(!keyboard.learn(&press("z", "KeyW", false, false)));
        assert!(!keyboard.learn(&press("Z", "KeyW", true, false)));
        assert_eq!(caps(C::ZoomIn, &keyboard), ["z"]);
        assert_eq!(caps(C::PanLeft, &keyboard), ["a"]);
    }

    #[test]
    fn single_characters_can_be_switched_off_as_a_whole() {
        let keyboard = Keyboard {
            singles: false,
            ..Keyboard::default()
        };
        let at = |pressed: Pressed<'_>| Screen::Inspect.command(&pressed, &keyboard);
        let held = |key, code, shift| Pressed {
            alt: true,
            ..press(key, code, shift, true)
        };
        let jump = |direction| Some(Command::Inspect(C::Jump(JumpTo::Problem, direction)));
        assert_eq!(at(press("e", "KeyE", false, false)), None);
        assert_eq!(at(held("e", "KeyE", false)), jump(Forward));
        assert_eq!(at(held("E", "KeyE", true)), jump(Backward));
        assert_eq!(at(press("w", "KeyW", false, false)), None);
        assert_eq!(
            at(press("ArrowRight", "ArrowRight", false, false)),
            Some(Command::Inspect(C::Row(1)))
        );
        assert_eq!(at(press("g", "KeyG", false, true)), Some(Command::Inspect(C::GoTo)));
        assert_eq!(caps(C::Jump(JumpTo::Problem, Forward), &keyboard), ["Ctrl Alt e"]);
        assert_eq!(caps(C::PlayPause, &keyboard), ["Space"]);
    }
}
