//! Matching, adapting, schedules and faults on streams that real frameworks sent.

mod adapting;
mod faults;
mod matching;
mod schedules;
mod stage;
