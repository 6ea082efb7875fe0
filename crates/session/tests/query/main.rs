//! Deriving and querying whole exchanges, through the public API.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

mod holes;
mod lanes;
mod lost;
mod odd;
mod properties;
mod questions;
mod resuming;
mod stream;
mod writes;
