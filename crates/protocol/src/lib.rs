//! The AG-UI wire.
pub mod event;
pub mod frame;
pub mod json;
pub mod problem;
pub mod record;
pub mod sse;
