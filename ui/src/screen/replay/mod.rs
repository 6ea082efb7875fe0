//! Replay: recordings served as the agent.

pub mod model;
pub mod words;

pub mod commands;
#[cfg(target_arch = "wasm32")]
pub(crate) mod view;

#[cfg(test)]
mod tests;
