//! The AG-UI wire.
pub mod frame;
pub mod problem;
