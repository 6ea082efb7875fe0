//! The page: what the window and `scrubjay serve` show.
//!
//! It asks the engine for windows of rows, pictures of lanes and panes *as of*
//! a frame, and draws them. Nothing here grows with the number of events, and
//! nothing here folds or decides: the engine answers, the page shows.
//!
//! ```
//! use scrubjay_ui::shell::keyboard::{self, Command, Keyboard, Pressed};
//!
//! let pressed = Pressed { key: "e", code: "KeyE", shift: true, ..Pressed::default() };
//! assert_eq!(keyboard::command(&pressed, keyboard::Scope::Inspect, &Keyboard::default()), Some(Command::PrevProblem));
//! ```
//!
//! # Map
//!
//! - [`screen`]: a folder for each screen, with its model, view, commands and words.
//! - [`part`]: what any screen uses: lists, splitters, the host of the lanes.
//! - [`shell`]: what surrounds the screens: bars, notices, sheets, the keyboard.
//! - [`bridge`]: the only place that knows how questions travel.
//!
//! # Invariants
//!
//! - Captured text reaches the page as text nodes and attributes only, never as markup.
//! - Each pane has at most one question on its way; a newer target replaces the one that waits.
//! - Playhead, hover and selection are elements over the canvas; moving them paints nothing.
pub mod bridge;
pub mod part;
pub mod screen;
pub mod shell;
pub mod words;

#[cfg(target_arch = "wasm32")]
mod browser;

#[cfg(target_arch = "wasm32")]
mod start {
    use wasm_bindgen::prelude::wasm_bindgen;

    /// Mounts the page; called by the module when it has loaded.
    #[wasm_bindgen(start)]
    pub(crate) fn start() {
        crate::browser::report_panics();
        crate::browser::reserve_memory();
        crate::shell::view::mount();
    }
}
