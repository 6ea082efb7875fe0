//! What is open in Inspect: the exchange, its playhead, its panes.

pub mod follow;
pub mod go_to;
pub mod trail;

pub(crate) mod exchange;
pub(crate) mod moves;
pub(crate) mod play;
pub(crate) mod problems;
pub(crate) mod rows;
pub(crate) mod sides;
pub(crate) mod thread;
pub(crate) mod tree;
pub(crate) mod value;

pub(crate) use exchange::{Inspect, extent_of};
