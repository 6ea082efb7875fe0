//! What is served, how, and to whom.

pub mod faults;

#[cfg(target_arch = "wasm32")]
mod replays;

#[cfg(target_arch = "wasm32")]
pub(crate) use replays::*;
