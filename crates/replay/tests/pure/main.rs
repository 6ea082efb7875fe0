//! Matching, adapting, schedules and faults on streams that real frameworks sent.

#![expect(clippy::unwrap_used, reason = "in a test a failure is a panic")]

mod adapting;
mod bulk;
mod faults;
mod matching;
mod rerecording;
mod samples;
mod schedules;
mod stage;
mod threads;
