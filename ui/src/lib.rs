//! The page: what the window and `scrubjay serve` show.
//!
//! It asks the engine for windows of rows, pictures of lanes and panes *as of*
//! a frame, and draws them. Nothing here grows with the number of events, and
//! nothing here folds or decides: the engine answers, the page shows.
//!
//! ```
//! use scrubjay_ipc::JumpTo;
//! use scrubjay_ui::{
//!     screen::{Command, Screen, inspect::commands::{Command as Inspect, Direction}},
//!     shell::keyboard::{Keyboard, Pressed},
//! };
//!
//! let pressed = Pressed { key: "e", code: "KeyE", shift: true, ..Pressed::default() };
//! let command = Screen::Inspect.command(&pressed, &Keyboard::default());
//! assert_eq!(command, Some(Command::Inspect(Inspect::Jump(JumpTo::Problem, Direction::Backward))));
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
#![cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "the views use the rest, and they exist only in a browser")
)]

pub mod bridge;
pub mod part;
pub mod screen;
pub mod shell;
pub mod words;

mod address;
mod browser;
mod page;
mod signal;

#[cfg(target_arch = "wasm32")]
mod start {
    use wasm_bindgen::prelude::wasm_bindgen;

    /// Mounts the page; called by the module when it has loaded.
    #[wasm_bindgen(start)]
    pub(crate) fn start() {
        crate::browser::report_panics();
        crate::browser::reserve_memory();
        crate::shell::view::mount();
        crate::part::renderer::make_soon();
    }
}
