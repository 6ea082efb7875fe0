//! What an engine does, seen from outside: an agent behind it, a frontend
//! before it, and the questions of a page.

#![expect(clippy::unwrap_used, reason = "in a test a failure is a panic")]

mod checking;
mod comparing;
mod files;
mod pausing;
mod recording;
mod sources;
mod stage;
