//! The recording file from outside: what it looks like, what comes back, what damage does.

mod file;
mod properties;
mod sample;
