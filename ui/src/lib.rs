//! The page: what the window and `scrubjay serve` show.
//!
//! It asks the engine for windows of rows, pictures of lanes and panes *as of*
//! a frame, and draws them. Nothing here grows with the number of events, and
//! nothing here folds or decides: the engine answers, the page shows.
//!
//! ```
//! use scrubjay_ui::keys::{self, Command, Keyboard, Pressed};
//!
//! let pressed = Pressed { key: "e", code: "KeyE", shift: true, ..Pressed::default() };
//! assert_eq!(keys::command(&pressed, keys::Scope::Inspect, &Keyboard::default()), Some(Command::PrevProblem));
//! ```
//!
//! # Map
//!
//! - [`keys`]: every command by name, with its keys; the `?` sheet is made from it.
//! - [`model`]: what is open, where the playhead is, which windows are asked
//!   for. Arithmetic has native tests; signals exist only in a browser.
//! - `ipc`: the only place that knows how questions travel.
//! - `app`: the shell; `view`: one pane a file; `canvas`: the host of the lanes.
//!
//! # Invariants
//!
//! - Captured text reaches the page as text nodes and attributes only, never as markup.
//! - Each pane has at most one question on its way; a newer target replaces the one that waits.
//! - Playhead, hover and selection are elements over the canvas; moving them paints nothing.
//!
//! # What is not here
//!
//! Natively only [`keys`] and [`model`]'s arithmetic are built, for their tests.

pub mod keys;
pub mod model;

#[cfg(target_arch = "wasm32")]
mod app;
#[cfg(target_arch = "wasm32")]
mod canvas;
#[cfg(target_arch = "wasm32")]
mod ipc;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod view;

#[cfg(target_arch = "wasm32")]
mod start {
    use wasm_bindgen::prelude::wasm_bindgen;

    /// Mounts the page; called by the module when it has loaded.
    #[wasm_bindgen(start)]
    pub(crate) fn start() {
        crate::page::report_panics();
        crate::page::reserve_memory();
        crate::app::mount();
    }
}
