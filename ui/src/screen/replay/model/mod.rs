//! What is served, how, and to whom.

pub mod faults;

mod replays;

pub(crate) use replays::*;
