//! Deriving and querying whole exchanges, through the public API.

mod lanes;
mod properties;
mod questions;
mod stream;
