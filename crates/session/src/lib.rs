//! One exchange as a value: what was sent, what it means, and what a client
//! held at any moment of it.
//!
//! ```
//! use scrubjay_session::{exchange::*, memory::MemoryShelf, query::Reader};
//!
//! let body = b"data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n\
//!              data: {\"type\":\"STATE_SNAPSHOT\",\"snapshot\":{\"n\":1}}\n\n".to_vec();
//! let chunks = vec![Chunk { offset: 0, len: body.len() as u64, at_us: 1_000 }];
//! let exchange = Exchange { ending: Ending::Complete, ..Exchange::default() };
//! let mut reader = Reader::open(MemoryShelf::new(exchange, Vec::new(), chunks, body)).unwrap();
//! assert_eq!(reader.state_at(1).unwrap().state, "{}");
//! assert_eq!(reader.state_at(2).unwrap().state, r#"{"n":1}"#);
//! ```
//!
//! # Map, in reading order
//!
//! A module uses those before it and none after it (`tests/architecture.rs`).
//!
//! - `steps`: counts work, for tests.
//! - [`exchange`]: the facts of an exchange; `codec`: how numbers and texts are written in pages.
//! - [`fold`]: the official client as a value: messages, state, stops, findings.
//! - [`changes`]: what changed between two values, and the patch that says so.
//! - [`shelf`]: where an exchange's bytes and derived pages lie.
//! - [`recognise`]: what a request asks for, and how a body is read.
//! - [`judge`]: what else is wrong, and the registry of all rules.
//! - [`mod@derive`]: from bytes to pages, as they come.
//! - [`threads`]: what only several exchanges of a thread show; [`links`]: which of its runs belong together.
//! - [`memory`]: a shelf in memory, for recording files and tests.
//! - [`verdict`]: which exchanges are runs, and how each came out.
//! - [`listing`]: what a list shows of an exchange.
//! - [`faults`]: what a replay breaks on purpose, as a table.
//! - [`measures`] and [`words`]: numbers, times and endings as a person reads them. [`visible`]: captured text made safe to show.
//! - [`query`]: every question about an exchange, answered from a shelf.
//! - [`diff`]: where two runs part.
//!
//! # Invariants
//!
//! - No IO, no clock, no threads, no global state; it builds for wasm.
//! - Bad input never fails: it gives frames and findings. Only a shelf can fail.
//! - Pages follow from the bytes alone, whatever pieces they came in.
//!
//! # What is not here
//!
//! SQL and files (`store`), the recording format (`recording`), what answers
//! look like on the way to a window (`ipc`), questions over many exchanges
//! (`engine`).

pub mod changes;
mod codec;
pub mod derive;
pub mod diff;
pub mod exchange;
pub mod faults;
pub mod fold;
pub mod judge;
pub mod links;
pub mod listing;
pub mod measures;
pub mod memory;
pub mod query;
pub mod recognise;
pub mod shelf;
#[doc(hidden)]
pub mod steps;
pub mod threads;
pub mod verdict;
pub mod visible;
pub mod words;
