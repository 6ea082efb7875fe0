//! The recording file from outside: what it looks like, what comes back, what damage does.

#![expect(clippy::unwrap_used, reason = "tests")]

mod file;
mod foreign;
mod limits;
mod mangled;
mod outward;
mod properties;
mod sample;
mod strangers;
