//! The mock agent, driven through real sockets.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod browsers;
mod faithful;
mod fallback;
mod faults;
mod http2;
mod misses;
mod stage;
mod steering;
