//! Parts that any screen uses: lists, splitters, canvases, and their arithmetic.

pub mod pace;
pub mod scroll;
pub mod snippet;

#[cfg(target_arch = "wasm32")]
pub(crate) mod canvas;
#[cfg(target_arch = "wasm32")]
pub(crate) mod coded;
#[cfg(target_arch = "wasm32")]
pub(crate) mod counts;
#[cfg(target_arch = "wasm32")]
pub(crate) mod dialog;
#[cfg(target_arch = "wasm32")]
pub(crate) mod lanes;
#[cfg(target_arch = "wasm32")]
pub(crate) mod list;
pub(crate) mod listing;
#[cfg(target_arch = "wasm32")]
pub(crate) mod note;
#[cfg(target_arch = "wasm32")]
pub(crate) mod painted;
pub(crate) mod pane;
#[cfg(target_arch = "wasm32")]
pub(crate) mod renderer;
#[cfg(target_arch = "wasm32")]
pub(crate) mod splitter;
#[cfg(target_arch = "wasm32")]
pub(crate) mod tab;
