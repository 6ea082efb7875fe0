//! Inspect: one exchange, as of the playhead.

pub mod model;
#[cfg(target_arch = "wasm32")]
pub(crate) mod view;
