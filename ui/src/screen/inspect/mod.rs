//! Inspect: one exchange, as of the playhead.

pub mod commands;
pub mod model;
#[cfg(target_arch = "wasm32")]
pub(crate) mod view;
pub mod words;

#[cfg(test)]
mod tests;
