//! The AG-UI wire.
pub mod encoding;
pub mod event;
pub mod frame;
pub mod input;
pub mod json;
pub mod media;
pub mod pointer;
pub mod problem;
pub mod record;
pub mod schema;
pub mod sse;
