//! What is open in Inspect: the exchange, its playhead, its panes.

pub mod follow;
pub mod go_to;
pub mod trail;

#[cfg(target_arch = "wasm32")]
pub(crate) mod exchange;
#[cfg(target_arch = "wasm32")]
pub(crate) mod moves;
#[cfg(target_arch = "wasm32")]
pub(crate) mod play;
#[cfg(target_arch = "wasm32")]
pub(crate) mod problems;
#[cfg(target_arch = "wasm32")]
pub(crate) mod rows;
#[cfg(target_arch = "wasm32")]
pub(crate) mod sides;
#[cfg(target_arch = "wasm32")]
pub(crate) mod tree;

#[cfg(target_arch = "wasm32")]
pub(crate) use exchange::{Inspect, extent_of};
