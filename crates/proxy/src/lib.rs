//! The capture path.
pub mod recorder;
