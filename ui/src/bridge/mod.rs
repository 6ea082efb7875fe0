//! How questions travel.

pub mod latest;
pub mod locked;
pub mod news_lines;

#[cfg(target_arch = "wasm32")]
pub(crate) mod asker;
#[cfg(target_arch = "wasm32")]
mod http;
#[cfg(target_arch = "wasm32")]
mod tauri;

#[cfg(target_arch = "wasm32")]
pub(crate) use tauri::*;
