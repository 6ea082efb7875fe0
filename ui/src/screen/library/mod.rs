//! Library: what was captured.

pub mod commands;
pub(crate) mod model;
#[cfg(target_arch = "wasm32")]
pub(crate) mod view;
pub mod words;

#[cfg(test)]
mod tests;
