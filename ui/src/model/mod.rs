//! What is open, where the playhead is, and which windows are asked for.
//!
//! First the arithmetic (tested natively), then the signals that use it.

pub mod compare_words;
pub mod density;
pub mod feed;
pub mod follow;
pub mod goto;
pub mod latest;
pub mod locked;
pub mod pace;
pub mod replay_faults;
pub mod replay_words;
pub mod scroll;
pub mod snippets;
pub mod trail;
pub mod words;

#[cfg(target_arch = "wasm32")]
pub(crate) mod asker;
#[cfg(target_arch = "wasm32")]
pub(crate) mod compare;
#[cfg(target_arch = "wasm32")]
pub(crate) mod compare_pairs;
#[cfg(target_arch = "wasm32")]
pub(crate) mod compare_picks;
#[cfg(target_arch = "wasm32")]
pub(crate) mod inspect;
#[cfg(target_arch = "wasm32")]
pub(crate) mod library;
#[cfg(target_arch = "wasm32")]
pub(crate) mod moves;
#[cfg(target_arch = "wasm32")]
pub(crate) mod pane;
#[cfg(target_arch = "wasm32")]
pub(crate) mod play;
#[cfg(target_arch = "wasm32")]
pub(crate) mod problems;
#[cfg(target_arch = "wasm32")]
pub(crate) mod replay;
#[cfg(target_arch = "wasm32")]
pub(crate) mod rows;
#[cfg(target_arch = "wasm32")]
pub(crate) mod shell;
#[cfg(target_arch = "wasm32")]
pub(crate) mod sides;
#[cfg(target_arch = "wasm32")]
pub(crate) mod tree;
