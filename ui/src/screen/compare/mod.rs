//! Compare: two runs side by side.

pub mod words;

pub mod commands;
pub(crate) mod model;
#[cfg(target_arch = "wasm32")]
pub(crate) mod view;

#[cfg(test)]
mod tests;
