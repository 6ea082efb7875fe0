//! What does a range of an exchange look like, and what is under the pointer?
//!
//! The engine answers [`Lanes`](scrubjay_ipc::Lanes) with at most two shapes a
//! pixel column and lane. This crate turns that answer into a picture: where
//! each lane stands, which shape lies under a point, which ticks the ruler
//! gets, and the painting itself. Arithmetic is kept apart from painting, so
//! that it is tested as plain numbers.
//!
//! ```
//! use scrubjay_timeline::Window;
//!
//! let window = Window::new(0.0, 1_000.0);
//! assert_eq!(window.x_of(250.0, 800.0), 200.0);
//! assert_eq!(window.value_at(200.0, 800.0), 250.0);
//! // Zooming in keeps the value under the pointer where it is.
//! let closer = window.zoom(0.5, 250.0, 1_000.0, 10.0);
//! assert_eq!(closer.x_of(250.0, 800.0), 200.0);
//! ```
//!
//! # Map
//!
//! - [`axis`]: the visible window of an axis; zoom, pan, ticks.
//! - [`layout`]: where each lane stands, and what is under a point.
//! - [`theme`]: the colours, given by the page.
//! - [`pairing`]: two sides one above the other, and ribbons between them.
//! - [`scene`]: everything a picture depends on, in one value.
//! - [`text`]: labels and ticks, which the page writes over the picture.
//! - [`overview_ui`], [`lanes_ui`], [`chart_ui`], [`pairing_ui`]: painting.
//!
//! # Invariants
//!
//! The picture is a function of the [`Scene`]. Text, playhead, hover and selection
//! are not in it: the page lays them over the canvas, so moving them repaints
//! nothing.
//!
//! # What is not here
//!
//! Page, window and input: the page handles pointers and keys, because a canvas
//! has no accessibility tree.

pub mod axis;
pub mod chart_ui;
pub mod lanes_ui;
pub mod layout;
pub mod overview_ui;
pub mod pairing;
pub mod pairing_ui;
pub mod scene;
pub mod text;
pub mod theme;

pub use axis::{Stretch, Tick, Window, ticks};
pub use layout::{Hit, Layout, Place, hit, title};
pub use pairing::Bands;
pub use pairing_ui::Pairing;
pub use scene::{Overview, Picture, Scene};
pub use text::Words;
pub use theme::Theme;
