//! One exchange as a value.
pub mod exchange;
pub mod shelf;
