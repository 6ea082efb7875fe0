//! What surrounds the screens: bars, notices, sheets, navigation, the keyboard.

pub mod density;
pub mod keyboard;

#[cfg(target_arch = "wasm32")]
pub(crate) mod commands;
#[cfg(target_arch = "wasm32")]
pub(crate) mod model;
#[cfg(target_arch = "wasm32")]
pub(crate) mod view;
