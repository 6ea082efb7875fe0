//! What is found in streams, and that nothing else is.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

mod clients;
mod corpus;
mod docs;
mod framing;
mod hostile;
mod legal;
mod scenarios;
mod stage;
mod threads;
mod transport;
