//! What surrounds the screens: bars, notices, sheets, navigation, the keyboard.

pub mod density;
pub mod keyboard;

pub mod commands;
pub(crate) mod model;
#[cfg(target_arch = "wasm32")]
pub(crate) mod view;

#[cfg(test)]
mod tests;
