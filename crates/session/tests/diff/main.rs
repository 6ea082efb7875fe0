//! Where runs part: scenarios, what holds always, and replays.

#![expect(clippy::unwrap_used, reason = "in a test a failure is a panic")]

mod corpus;
mod problems;
mod properties;
mod replay;
mod scenarios;
mod side;
mod threads;
